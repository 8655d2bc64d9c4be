//! One coherent story, told to the stand-in and, where one is named, to a real server.

mod client;
mod concurrency;
mod servers;
mod sessions;
mod story;
mod walks;
