//! Jobs done with the SDK: see `examples/`.
