//! What a run is: its spec, its execution, its canonical result, and how two results compare.
//!
//! A node resolves a [`Spec`]'s references to roots, hands the tables to [`execute()`] with the
//! [`ResolvedSpec`], and gets what a receipt names: the outputs' files, their TableHash, counts.
//! Reproducing is the same call followed by [`compare`](compare::compare).

pub mod canonical;
pub mod compare;
pub mod engine;
pub mod estimate;
mod execute;
pub mod kernel;
pub mod output;
pub mod parameter;
pub mod plan;
pub mod resolved;
pub mod spec;
mod spec_file;
pub mod steps;

pub use engine::Engine;
pub use execute::{Finished, Made, RunError, StepDone, execute};
pub use parameter::Parameter;
pub use resolved::{ResolvedInput, ResolvedSpec};
pub use spec::{Query, Spec, SpecError, Tolerance, Work};
pub use steps::{Output, Step, Steps};
