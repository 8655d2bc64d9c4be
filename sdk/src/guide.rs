//! How it is done, one page for each question.
//!
//! | You ask | Page |
//! |---|---|
//! | how do I log in, and stay logged in? | [`authentication`] |
//! | how do I change a task without losing the rest of it? | [`safe_edits`] |
//! | how do I get all of a list? | [`paging`] |
//! | what do I do when a call fails? | [`errors_and_retries`] |
//! | how do I hear what happens? | [`webhooks`] |
//! | how do I test my program? | [`testing`] |
//! | which release of the server can what? | [`generations`] |

#[doc = include_str!("guide/authentication.md")]
pub mod authentication {}
#[doc = include_str!("guide/errors_and_retries.md")]
pub mod errors_and_retries {}
#[doc = include_str!("guide/generations.md")]
pub mod generations {}
#[doc = include_str!("guide/paging.md")]
pub mod paging {}
#[doc = include_str!("guide/safe_edits.md")]
pub mod safe_edits {}
#[doc = include_str!("guide/testing.md")]
pub mod testing {}
#[doc = include_str!("guide/webhooks.md")]
pub mod webhooks {}
