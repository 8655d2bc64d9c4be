//! Did it get slower? Two servers in one run ([`crate::ab`]), or two stored results.

mod comparison;
mod history;
pub mod judge;
mod reports;
pub mod statistics;
mod stored;
mod test;

pub use comparison::{BlockPart, Comparison, DuelPart, Mode, Outcome, SCHEMA, SidePart};
pub(crate) use reports::{HEADS, cells};
pub use stored::stored;
pub use test::same_test;
