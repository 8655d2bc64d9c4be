//! The program as a user runs it: outputs, exit codes, bad input.

mod accept;
mod accounts;
mod bad_input;
mod comparison;
mod connections;
mod doctor;
mod drills;
mod help;
mod lag;
mod monitor;
mod plans;
mod program;
mod real_stores;
mod reports;
mod runs;
mod scenarios;
mod sessions;
mod smoke;
mod snapshot;
mod stores;
