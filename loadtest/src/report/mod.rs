//! What people and machines get to see.

mod result;
mod server;
mod terminal;

pub use result::{
    BlockPart, Outcome, PhasePart, PlanPart, RoutePart, RunResult, SCHEMA, ScenarioPart, ServerPart,
};
pub use terminal::render;
