//! The aggregates that a query may use: ours alone, exact, independent of order and partition.
//!
//! DataFusion's own are not registered. Each of ours has a `definition::Definition` (names, types,
//! what computes it), in one file per family, and usually a `kernel::Kernel` (what one group's
//! state is, how rows are added and taken out, how states merge, what they finish as); `driver`
//! drives a kernel for many groups, one, or a window, `offload` puts a device in front of the latter,
//! and `function` presents it to the planner. What is made of one numeric column, or of two, has
//! drivers of its own in `numeric` and `pairs`, and several of them over the same columns share a
//! state (`shared`). `distinct` stands before any driver whose call says DISTINCT.

mod bits;
mod cells;
mod chosen;
mod column;
mod count;
mod definition;
mod distinct;
mod driver;
mod extreme;
mod function;
mod kept;
mod kernel;
mod keyed;
mod moving;
mod numbers;
mod numeric;
mod offload;
mod packed;
mod pairs;
mod place;
mod quantile;
mod shared;
mod text;
mod uses;

pub use definition::Aggregate;
pub use function::exact_aggregates;
pub(super) use function::exact_aggregates_on;
pub use offload::DEVICE_ROWS_MIN;
pub(super) use shared::ShareStates;
pub use uses::AggregateUse;
pub(super) use uses::AllUses;
