//! Who holds connections: each user one, each request one, or all users a few.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::target::Sender;

/// Who holds connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connections {
    /// Each user has one and keeps it.
    #[default]
    User,
    /// Each request makes one, as `ab` does without `-k`.
    Request,
    /// All users share so many, as behind a proxy. Waiting for one is in the response time.
    Pool(u32),
}

impl FromStr for Connections {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "user" => Ok(Self::User),
            "request" => Ok(Self::Request),
            _ => text
                .strip_prefix("pool:")
                .and_then(|size| size.parse().ok())
                .filter(|size| *size > 0)
                .map(Self::Pool)
                .ok_or_else(|| {
                    format!("{text:?} is none of user, request, pool:N (such as pool:20)")
                }),
        }
    }
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User => f.write_str("user"),
            Self::Request => f.write_str("request"),
            Self::Pool(size) => write!(f, "pool:{size}"),
        }
    }
}

/// What a line does with its connection between two requests.
#[derive(Clone, Debug, Default)]
pub enum Keep {
    /// Keeps it.
    #[default]
    Own,
    /// Closes it.
    Nothing,
    /// Gives it to whoever comes next.
    Shared(Arc<Pool>),
}

impl Connections {
    /// For lines that hold their connections so.
    pub fn keep(self) -> Keep {
        match self {
            Self::User => Keep::Own,
            Self::Request => Keep::Nothing,
            Self::Pool(size) => Keep::Shared(Arc::new(Pool {
                turns: Arc::new(Semaphore::new(size as usize)),
                idle: Mutex::default(),
            })),
        }
    }
}

/// Connections that lines share.
#[derive(Debug)]
pub struct Pool {
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Sender>>,
}

impl Pool {
    /// Waits for a turn; with it comes an idle connection, if there is one.
    pub(super) async fn take(&self) -> (Option<OwnedSemaphorePermit>, Option<Sender>) {
        // Nobody closes it, so there is always a permit.
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok();
        (turn, self.lock().pop())
    }

    pub(super) fn give_back(&self, sender: Sender) {
        self.lock().push(sender);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Sender>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_read_and_shown() {
        for text in ["user", "request", "pool:20"] {
            assert_eq!(text.parse::<Connections>().unwrap().to_string(), text);
        }
        for text in ["", "pool", "pool:0", "pool:-1", "users"] {
            assert!(text.parse::<Connections>().unwrap_err().contains("pool:20"));
        }
    }
}
