//! Standard output belongs to the result. goose prints to it by itself, so it is moved aside before anything runs: what
//! others print goes nowhere, what we print goes to the descriptor that we kept.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::OwnedFd,
    sync::Mutex,
};

use rustix::{io::fcntl_dupfd_cloexec, stdio};

use crate::exit::Problem;

/// The real standard output.
#[derive(Debug)]
pub struct Stdout(Mutex<File>);

impl Stdout {
    /// Takes standard output away from everybody else in this process.
    pub fn take() -> io::Result<Self> {
        // Closed in children: a server that outlives us must not keep the caller's pipe open.
        let kept: OwnedFd = fcntl_dupfd_cloexec(stdio::stdout(), 3)?;
        stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
        Ok(Self(Mutex::new(File::from(kept))))
    }

    /// Whether a person looks at it who has not asked for plain text.
    pub fn takes_colours(&self) -> bool {
        let file = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
    }

    /// Prints. That nobody reads any more (`… | head`) is no error; that nothing can be written is one.
    pub fn print(&self, text: &str) -> Result<(), Problem> {
        let mut file = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match file.write_all(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done.map_err(|error| {
                Problem::new(format!("standard output cannot be written: {error}"))
            }),
        }
    }
}
