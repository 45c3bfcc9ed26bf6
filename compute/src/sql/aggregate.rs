//! The aggregates that a query may use: ours alone, exact, independent of order and partition.
//!
//! DataFusion's own are not registered. Each of ours is a `kernel::Kernel` (what one group's
//! state is, how a row is added, how states merge, what they finish as); `groups` drives a
//! kernel for many groups or one, `function` presents it to the planner.

mod count;
mod distinct;
mod extreme;
mod function;
mod groups;
mod kernel;
mod moments;
mod numbers;
mod total;

pub use function::{Aggregate, exact_aggregates};
