//! Tests of the sandbox as its users see it: over HTTP.

mod accounts;
mod boards;
mod durability;
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
