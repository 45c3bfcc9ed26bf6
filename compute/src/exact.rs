//! Exact arithmetic: partial sums that no order, partition or retry can change.
//!
//! A state is a count and a few integers, so merging is associative and commutative by
//! construction, and the only rounding is the last step, from an exact rational to `f64`. The
//! parts, from the bottom: [`natural`] multiplies and divides whole numbers of any length,
//! [`round`] turns a rational or its square root into the nearest `f64`, [`wide`] is the
//! integer that a column is added into, [`sum`], [`moments`] and [`products`] are the states
//! over one and two columns, [`state`] is their one byte encoding, and [`reduce`] is where whole
//! columns become states.

pub mod moments;
pub mod natural;
pub mod number;
pub mod products;
pub mod reduce;
pub mod round;
pub mod state;
pub mod sum;
pub mod wide;

pub use moments::{Moments, Variance};
pub use number::Number;
pub use products::Products;
pub use reduce::{Cpu, DeviceLost, Reducer};
pub use state::StateError;
pub use sum::{Sum, Unit};
