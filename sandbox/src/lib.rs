#![doc = include_str!("../README.md")]
//!
//! ## A whole test
//!
//! ```
//! use std::time::Duration;
//! use vikunja_sandbox::{Faults, Sandbox};
//!
//! let sandbox = Sandbox::with("2.5,retry-wait=1ms")?;
//! let alice = sandbox.sign_up("alice")?;
//! // `send` stands for the client that is tested: point it at `sandbox.url()`, with `alice.token`.
//! # use std::io::{Read, Write};
//! # let send = |method: &str, path: &str, body: &str| -> std::io::Result<u16> {
//! #     let mut line = std::net::TcpStream::connect(sandbox.address())?;
//! #     write!(
//! #         line,
//! #         "{method} {path} HTTP/1.1\r\nhost: sandbox\r\nauthorization: Bearer {}\r\nconnection: close\r\n\
//! #          content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
//! #         alice.token,
//! #         body.len()
//! #     )?;
//! #     let mut answer = String::new();
//! #     line.read_to_string(&mut answer)?;
//! #     Ok(answer[9..12].parse().unwrap_or_default())
//! # };
//! let hook = r#"{"target_url": "http://127.0.0.1:9/hook", "events": ["task.created"]}"#;
//! assert_eq!(send("PUT", "/api/v1/projects/1/webhooks", hook)?, 201);
//! assert_eq!(send("PUT", "/api/v1/projects/1/tasks", r#"{"title": "Knead"}"#)?, 201);
//!
//! // What it received.
//! let request = sandbox.requests().pop().expect("the last request");
//! assert_eq!(request.operation, Some("tasks.create"));
//! assert_eq!(request.json()["title"], "Knead");
//!
//! // What it told webhooks, also those that nobody answers, as here.
//! sandbox.wait_for_deliveries();
//! let deliveries = sandbox.deliveries();
//! assert_eq!(deliveries.len(), 6);
//! assert_eq!(deliveries[0].json()["event_name"], "task.created");
//! assert!(deliveries[0].error.is_some());
//!
//! // Half of all writes fail from now on, and store nothing.
//! sandbox.set_faults("fail-writes=50%".parse()?);
//! let answers: Result<Vec<u16>, _> = (0..20)
//!     .map(|_| send("PUT", "/api/v1/projects/1/tasks", r#"{"title": "Bake"}"#))
//!     .collect();
//! assert!(answers?.contains(&500));
//! sandbox.set_faults(Faults::default());
//!
//! // Tokens of 2.x live for ten minutes.
//! assert_eq!(send("GET", "/api/v1/user", "")?, 200);
//! sandbox.advance(Duration::from_secs(601));
//! assert_eq!(send("GET", "/api/v1/user", "")?, 401);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod accounts;
mod answer;
mod api_tokens;
mod archive;
mod assignees;
mod attachments;
mod auth;
mod avatars;
mod backgrounds;
mod board;
mod body;
mod bots;
mod buckets;
mod bulk;
mod caldav_tokens;
mod call;
mod caller;
mod catalogue;
pub mod cli;
mod clock;
mod comments;
mod config;
mod deliveries;
mod due;
mod duplicate;
mod duplicates;
mod events;
mod expand;
mod exports;
mod failure;
mod faults;
mod feed;
mod filter;
mod images;
mod imports;
mod info;
mod json;
mod labels;
mod licensed;
mod limiter;
mod line;
mod link_shares;
mod list_buckets;
mod live;
mod log;
mod mail;
mod markdown;
mod multipart;
mod namespaces;
mod notifications;
mod notify;
mod oauth;
mod operations;
mod paging;
mod patch;
mod picture;
mod positions;
mod projects;
mod ranges;
mod reactions;
mod relations;
mod release;
mod repeat;
mod reply;
mod saved_filters;
mod scopes;
mod search;
mod server;
mod sessions;
mod shares;
mod sniff;
mod spelling;
mod stamp;
mod store;
mod subscriptions;
mod task_labels;
mod tasks;
mod teams;
mod timer;
mod tokens;
mod totp;
mod users;
mod views;
mod webhooks;
mod work;
mod world;

pub use account::Account;
pub use config::Config;
pub use deliveries::Delivery;
pub use faults::{ConfigError, Failing, Faults, Share, Skew, Stall};
pub use log::Request;
pub use mail::Mail;
pub use release::{Api, Release};
pub use server::{Error, Sandbox};
