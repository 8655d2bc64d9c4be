//! What webhooks send, received: checked, typed, each once (feature `webhook`; works without the HTTP client).
//!
//! ```
//! use vikunja_sdk::webhook::{Event, Verifier};
//! # let body = vikunja_sdk::testing::webhook::Sample::new("task.created".into()).body();
//! # let signature = vikunja_sdk::testing::webhook::signature("something long and random", &body);
//! # let signature = Some(signature.as_bytes());
//!
//! let verifier = Verifier::new(["something long and random".into()])?;
//! // `body` is what came, byte for byte; `signature` is the header X-Vikunja-Signature.
//! let delivery = verifier.receive(body, signature)?;
//! match &delivery.event {
//!     Event::TaskCreated(it) => println!("{:?} made {}", it.doer, it.task.title),
//!     other => println!("{} of {:?}", other.name(), other.project_id()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With axum (feature `axum`) a [`Delivery`] is an extractor; for everything else that speaks HTTP there is
//! [`ReceiveLayer`] (feature `tower`). Both refuse what [`Verifier`] refuses, with a status and nothing else, and tell why
//! in a `tracing` event.
//!
//! # What to expect of deliveries
//! - **They come more than once.** Up to 1.x a webhook that fails lets the server send again to those before it, with a
//!   new time, body and signature; from 2.0 any status from 400 on is answered by up to five more attempts within
//!   seconds. [`Delivery::digest`] and [`Seen`] tell what came already.
//! - **They get lost**: when the server restarts, after the sixth attempt, and on ≤ 1.x with a status from 400 on, which
//!   counts as delivered there. For what must not be missed, read the lists now and then.
//! - They come in no promised order, and carry the state at delivery: a [`Event::TaskCreated`] can have the title of a
//!   later update.
//! - Answer at once and work later: up to 0.24 the whole server waits for a slow receiver.
//! - One action can be several events: assigning a user is [`Event::TaskAssigneeCreated`] and [`Event::TaskUpdated`].
//! - No release tells of labels, reactions, buckets, views, link shares and new projects.

mod delivery;
mod event;
#[cfg(any(feature = "axum", feature = "tower"))]
mod http;
mod seen;
mod verifier;

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "tower")]
mod tower;

#[cfg(feature = "tower")]
pub use self::tower::{Receive, ReceiveLayer};
pub use self::{
    delivery::{Delivery, Digest},
    event::{
        Event, OnAssignee, OnAttachment, OnComment, OnOverdue, OnOverdues, OnProject, OnRelation,
        OnReminder, OnSharedTeam, OnSharedUser, OnTask,
    },
    seen::{Recent, Seen},
    verifier::{Rejected, SIGNATURE, Verifier},
};
