//! What an account can see, in a folder: lines of JSON and attachments. And back into an empty account, and compared.
//!
//! In it are labels, projects, and tasks with their labels, relations, comments and attachments. Not in it: who is assigned,
//! shares, teams, views and boards, filters, reactions, subscriptions, backgrounds, and the moments that the server sets
//! itself. It is what one account can take away; whoever runs the server backs up its database as well.

mod book;
mod record;
mod restore;
mod save;

pub use book::{Book, Content};
pub use record::{Attachment, Record, Saved};
pub use restore::{Restored, compare, restore};
pub use save::save;

use std::{io, path::PathBuf};

/// Why a backup, or a way back, has failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server or the way to it.
    #[error(transparent)]
    Server(#[from] vikunja_sdk::Error),
    /// A file of the backup.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// What is in the folder, or in the account, is not what is needed.
    #[error("{0}")]
    Unfit(String),
}

impl Error {
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
