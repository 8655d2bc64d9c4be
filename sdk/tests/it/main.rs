//! The SDK against recorded exchanges of real servers. Nothing is sent.

mod diagnosis;
mod executors;
mod filter;
mod hold;
mod identity;
mod pages;
mod raw;
mod recorded;
mod refusals;
mod requests;
mod resources;
mod scopes;
