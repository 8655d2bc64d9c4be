//! Standard output belongs to the result. goose prints to it by itself, so it is moved aside before anything runs: what
//! others print goes nowhere, what we print goes to the descriptor that we kept.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::OwnedFd,
    sync::Mutex,
};

use rustix::{io::dup, stdio};

/// The real standard output.
#[derive(Debug)]
pub struct Stdout(Mutex<File>);

impl Stdout {
    /// Takes standard output away from everybody else in this process.
    pub fn take() -> io::Result<Self> {
        let kept: OwnedFd = dup(stdio::stdout())?;
        stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
        Ok(Self(Mutex::new(File::from(kept))))
    }

    /// Prints, and stays quiet where nobody reads any more (`… | head`).
    pub fn print(&self, text: &str) {
        let mut file = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = file.write_all(text.as_bytes()).and_then(|()| file.flush());
    }

    /// Whether a person sees it.
    pub fn is_terminal(&self) -> bool {
        self.0.lock().is_ok_and(|file| file.is_terminal())
    }
}
