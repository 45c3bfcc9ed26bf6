//! What a run is: its spec, its execution, its canonical result, and how two results compare.
//!
//! A node resolves a [`Spec`]'s references to roots, hands the tables to [`execute()`] with the
//! [`ResolvedSpec`], and gets what a receipt names: the output's file, its TableHash, counts.
//! Reproducing is the same call followed by [`compare`](compare::compare).

pub mod canonical;
pub mod compare;
pub mod engine;
mod execute;
pub mod output;
pub mod parameter;
pub mod resolved;
pub mod spec;

pub use engine::Engine;
pub use execute::{Finished, RunError, execute};
pub use parameter::Parameter;
pub use resolved::{ResolvedInput, ResolvedSpec};
pub use spec::{Spec, SpecError, Tolerance};
