//! The SDK against recorded exchanges of real servers, and `files` against small servers of its own on loopback.

mod accounts;
mod boards;
mod bulk;
mod coverage;
mod diagnosis;
mod errors;
mod executors;
mod files;
mod filter;
mod hold;
mod identity;
mod licensed;
mod mutation;
mod pages;
mod properties;
mod raw;
mod recorded;
mod refusals;
mod requests;
mod resources;
mod scopes;
mod services;
mod sharing;
mod webhook;
mod webhook_flows;
mod ws;
