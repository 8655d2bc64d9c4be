#![doc = include_str!("../README.md")]

pub mod auth;
#[cfg(feature = "client")]
pub mod client;
mod endpoint;
mod error;
mod execute;
pub mod info;
pub mod model;
pub mod namespaces;
pub mod object;
pub mod ops;
pub mod page;
pub mod projects;
mod redact;
mod reply;
pub mod retry;
mod route;
mod session;
pub mod tasks;
pub mod users;

#[cfg(feature = "client")]
pub use client::{Client, Error};
pub use endpoint::{Body, Endpoint, Output, Path, Query};
pub use error::{ApiError, BuildError, Code, DecodeError, FieldError, RateLimit, ReplyError};
pub use execute::{Execute, Failure};
pub use object::{Changes, Object};
pub use page::{Keyed, Page, Pages};
pub use reply::{AndRaw, Answer, Changed, Empty, Json, Paged, Patched, Reply, WithRaw};
pub use route::{Api, At, Auth, Op, Release, Resolved, Route};
pub use session::{ApiChoice, Pending, Server, Session};
