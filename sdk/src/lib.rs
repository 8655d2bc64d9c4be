#![doc = include_str!("../README.md")]

pub mod account;
pub mod admin;
pub mod api_tokens;
pub mod assignees;
pub mod attachments;
pub mod auth;
pub mod avatars;
pub mod backgrounds;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod bots;
pub mod buckets;
pub mod caldav_tokens;
#[cfg(feature = "client")]
pub mod client;
mod code;
pub mod comments;
mod content;
mod endpoint;
mod error;
mod execute;
pub mod exports;
pub mod filter;
mod form;
pub mod guide;
pub mod info;
pub mod labels;
pub mod login_sessions;
pub mod migrations;
pub mod model;
pub mod namespaces;
pub mod notifications;
pub mod oauth;
pub mod object;
pub mod openid;
pub mod ops;
pub mod page;
pub mod projects;
pub mod raw;
pub mod reactions;
mod redact;
pub mod relations;
#[cfg(feature = "tokio")]
pub mod renewing;
mod reply;
pub mod retry;
#[cfg(feature = "tokio")]
pub mod retrying;
mod route;
pub mod routes;
pub mod saved_filters;
pub mod scope;
mod secret;
pub mod service;
mod session;
pub mod settings;
pub mod shares;
pub mod sharing;
pub mod subscriptions;
pub mod tasks;
pub mod teams;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time_entries;
pub mod token;
pub mod totp;
pub mod users;
pub mod views;
#[cfg(feature = "webhook")]
pub mod webhook;
pub mod webhooks;
#[cfg(feature = "ws")]
pub mod ws;

#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder, Error};
pub use code::Code;
pub use content::{Content, ContentHead, ContentRange};
pub use endpoint::{Body, Endpoint, Output, Path, Query};
pub use error::{
    ApiError, BuildError, DecodeError, FieldError, FilesRefused, RateLimit, RefusedFile, ReplyError,
};
pub use execute::{Execute, Failure};
pub use form::{Form, NewFile};
pub use object::{Changes, Object};
pub use page::{Keyed, Page, Pages};
pub use raw::Raw;
pub use reply::{All, AndRaw, Answer, Changed, Empty, Json, Paged, Patched, Reply, Text, WithRaw};
pub use route::{Api, At, Auth, Op, Release, Resolved, Route};
pub use session::{ApiChoice, Pending, Server, Session};
