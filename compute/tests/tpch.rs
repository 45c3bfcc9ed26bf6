//! TPC-H over floats with huge pairs that cancel: values against integers of the test's own, one
//! TableHash however the rows are cut, and proof that a plain engine's sums do not survive it.

pub mod data;
mod exact;
pub mod generate;
mod invariance;
pub mod queries;
mod values;
