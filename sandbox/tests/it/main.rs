//! Tests of the sandbox as its users see it: over HTTP.

mod accounts;
mod boards;
mod copies;
mod durability;
mod exports;
mod faults;
mod http;
mod life;
mod lists;
mod live;
mod mutations;
mod people;
mod replay;
mod task_extras;
mod webhooks;
