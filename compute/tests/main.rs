//! All tests of veritrail-compute, one module per topic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod exact;
mod hostile;
mod kernels;
mod matrix;
mod nist;
mod rationals;
mod run;
mod sql;
mod tpch;
