//! The verb: exact arithmetic, SQL that keeps it exact, runs and their comparison.

pub mod exact;
