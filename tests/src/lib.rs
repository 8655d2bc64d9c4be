//! Tests that need several crates: see `tests/it`.

/// The README's Rust code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
