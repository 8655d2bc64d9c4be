//! Measurements by hand: is the load tester right, and what does it cost? Nothing here runs in `cargo test` with a clock.
//!
//! A [`truth`] server, which delays its [`pages`] by known [`delays`] and logs its own residence times, is called by real
//! [`generators`]; [`figures`] compares what both sides say. The programs are in `src/bin`; the README says how to run
//! them and what they said.

pub mod delays;
pub mod figures;
pub mod generators;
pub mod nginx;
pub mod pages;
pub mod peers;
pub mod stall;
pub mod truth;
pub mod valgrind;

/// What went wrong, in one sentence that names the thing.
pub type Outcome<T> = Result<T, String>;
