//! The verb: exact arithmetic, SQL that keeps it exact, runs and their comparison.
//!
//! Knows no blobs, paths or peers: tables are handed in as [`sql::TableSource`], results leave as
//! batches and bytes. From the bottom: [`exact`] adds numbers without rounding, [`columns`] is the
//! closed list of types, [`sql`] plans and executes one query over exact aggregates, and [`run`]
//! is what a receipt names: the spec, the canonical result and its hash, the comparison.

pub mod columns;
pub mod exact;
pub mod gpu;
pub mod kernels;
pub mod run;
pub mod sql;
