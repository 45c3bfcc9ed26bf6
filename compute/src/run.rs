//! What a run is: its spec, its canonical result, and how two results compare.

pub mod canonical;
pub mod parameter;
pub mod resolved;
pub mod spec;
