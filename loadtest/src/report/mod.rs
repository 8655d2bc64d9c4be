//! What people and machines get to see.

mod result;
mod terminal;

pub use result::{
    BlockPart, Outcome, PhasePart, RoutePart, RunResult, SCHEMA, ScenarioPart, ServerPart,
};
pub use terminal::render;
