//! What people and machines get to see.

mod result;
mod server;
mod terminal;
mod webhooks;

pub use result::{
    BlockPart, Distribution, Outcome, PhasePart, PlanPart, RoutePart, RunResult, SCHEMA,
    ScenarioPart, ServerPart,
};
pub use terminal::render;
pub use webhooks::{EventPart, WebhooksPart};
