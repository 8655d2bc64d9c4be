//! One coherent story and random filters, told to the stand-in and, where one is named, to a real server.

mod client;
mod concurrency;
mod files;
mod filters;
mod edits;
mod servers;
mod sessions;
mod story;
mod tokens;
mod walks;
