//! The program as a user runs it: outputs, exit codes, bad input.

mod bad_input;
mod program;
mod runs;
