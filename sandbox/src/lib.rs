#![doc = include_str!("../README.md")]

mod answer;
mod auth;
mod body;
mod call;
mod catalogue;
pub mod cli;
mod config;
mod failure;
mod faults;
mod filter;
mod info;
mod json;
mod limiter;
mod operations;
mod paging;
mod patch;
mod projects;
mod release;
mod repeat;
mod reply;
mod server;
mod shares;
mod stamp;
mod store;
mod tasks;
mod timer;
mod tokens;
mod users;
mod world;

pub use config::Config;
pub use faults::{ConfigError, Failing, Faults, Share, Stall};
pub use release::{Api, Release};
pub use server::{Error, Sandbox};
pub use world::Request;
