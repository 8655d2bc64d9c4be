//! The SDK against recorded exchanges of real servers. Nothing is sent.

mod hold;
mod identity;
mod recorded;
mod requests;
mod resources;
