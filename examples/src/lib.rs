//! Jobs done with the SDK: see `examples/`. What is more than a page is here, so that it can be tested.

pub mod backup;
pub mod importer;
pub mod notifier;
pub mod quick_add;
