//! Jobs done with the SDK: see `examples/`. What is more than a page is here, so that it can be tested.

pub mod notifier;
