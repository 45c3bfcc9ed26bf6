//! Exact arithmetic: partial sums that no order, partition or retry can change.
//!
//! A state is a count and a few integers, so merging is associative and commutative by
//! construction, and the only rounding is the last step, from an exact rational to `f64`. The
//! parts, from the bottom: [`natural`] multiplies and divides whole numbers of any length,
//! [`round`] turns a rational or its square root into the nearest `f64`, [`wide`] is the
//! integer that a column is added into, [`sum`], [`moments`], [`powers`] and [`products`] are the
//! states over one and two columns, [`regression`] is what is made of the latter, [`state`] is their one
//! byte encoding, [`bins`] adds whole columns, [`cell`] keeps
//! a group small, and [`reduce`] is where that is done.

pub mod bins;
pub mod cell;
mod codec;
mod integer;
pub mod moments;
pub mod natural;
pub mod number;
pub mod powers;
pub mod products;
mod rational;
pub mod reduce;
pub mod regression;
pub mod round;
pub mod state;
pub mod sum;
pub mod wide;

pub use bins::dot;
pub use moments::{Moments, Variance};
pub use number::Number;
pub use powers::Powers;
pub use products::Products;
pub use reduce::{Cpu, DeviceLost, Reducer};
pub use regression::Statistic;
pub use state::StateError;
pub use sum::{Sum, Unit};
