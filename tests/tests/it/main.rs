//! One coherent story and random filters, told to the stand-in and, where one is named, to a real server.

mod accounts;
mod boards;
mod client;
mod concurrency;
mod edits;
mod events;
mod files;
mod filters;
mod mails;
mod openid;
mod registry;
mod servers;
mod services;
mod sessions;
mod sharing;
mod story;
mod tokens;
mod walks;
mod webhooks;
