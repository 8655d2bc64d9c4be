//! Flows of several requests, over any [`crate::Execute`].

mod diagnose;
mod edit;
mod edit_bucket;
mod edit_many;
mod edit_settings;
mod ensure_webhook;
mod identify;
mod log_in;
mod named;
mod permissions;
mod rotate_secret;

pub use diagnose::{Unauthorized, why_unauthorized};
pub use edit::edit;
pub use edit_bucket::edit_bucket;
pub use edit_many::{Stopped, edit_many};
pub use edit_settings::edit_settings;
pub use ensure_webhook::{Ensured, WebhookChange, WebhookWarning, ensure_webhook};
pub use identify::{Identified, identify};
#[cfg(feature = "tokio")]
pub(crate) use log_in::renewed;
pub use log_in::{log_in, renew};
pub use named::{Named, label_named, project_named, user_named};
pub use permissions::permissions;
pub use rotate_secret::{NotRotated, rotate_secret};
