//! The SDK against recorded exchanges of real servers. Nothing is sent.

mod identity;
mod recorded;
mod requests;
