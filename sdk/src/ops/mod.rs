//! Flows of several requests, over any [`crate::Execute`].

mod edit;
mod identify;
mod log_in;

pub use edit::edit;
pub use identify::{Identified, identify};
pub use log_in::{log_in, renew};
