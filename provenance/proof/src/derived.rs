//! What readers want to know, computed from verified integers: exactly, and rounded once.
//!
//! A proof shows n, Σu and Σu·v of shifted integers; everything here is rational arithmetic on them
//! (x = (lo + u)/10^places), with a square root where a standard error needs one. Nothing here is
//! proven or needs to be: whoever has the integers gets the same digits.

mod answers;
mod exact;
mod histogram;
mod moments;
mod regression;
mod tests_of;

pub use answers::{Answer, Gram, Scale};
pub use exact::Exact;
pub use histogram::{Bounds, bounds};
pub use moments::{correlation, covariance, mean, mean_error, standard_deviation, variance};
pub use regression::{Regression, regress};
pub use tests_of::{ChiSquared, Welch, chi_squared, welch};
