//! Jobs done with the SDK: see `examples/`. What is more than a page is here, so that it can be tested.

pub mod backup;
pub mod importer;
pub mod notifier;
pub mod quick_add;

use std::{error::Error, process::ExitCode};

/// The end of a program: an error is told as a sentence.
pub fn end(result: Result<(), Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
