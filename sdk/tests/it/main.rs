//! The SDK against recorded exchanges of real servers. Nothing is sent.

mod executors;
mod filter;
mod hold;
mod identity;
mod pages;
mod recorded;
mod requests;
mod resources;
