//! What is known in the middle of a run, for whom the end does not come: `FILE.partial` beside the result.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::{Ended, Frame, outputs::json};
use crate::{
    measure::{Keeper, Measured},
    sink,
};

/// The file.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    /// Whether the result itself is written: nothing follows.
    is_over: Mutex<bool>,
}

/// Where the checkpoints of a result are.
pub(super) fn beside(result: &Path) -> PathBuf {
    let mut name = result.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

impl Checkpoint {
    /// Beside a result file.
    pub(super) fn of(result: &Path) -> Self {
        Self {
            path: beside(result),
            is_over: Mutex::new(false),
        }
    }

    /// Writes each time what is known so far, in place of what was known before.
    pub fn keeper(self: Arc<Self>, frame: &Arc<Frame>) -> Keeper {
        let frame = Arc::clone(frame);
        Arc::new(move |so_far| self.write(&frame, so_far))
    }

    fn write(&self, frame: &Frame, so_far: Measured) {
        let result = frame.result(so_far, Ended::NotYet);
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_over && let Ok(text) = json(&result) {
            // The next one may succeed, and the run goes on without.
            let _ = sink::replace(&self.path, &text);
        }
    }

    /// The run came to its end.
    pub fn remove(&self) {
        *self.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        // There is none where the run was short.
        let _ = std::fs::remove_file(&self.path);
    }
}
