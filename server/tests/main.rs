//! All tests of veritrail-server, one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod bundle;
mod claims;
mod get;
#[path = "../../fuzz/harness.rs"]
mod harness;
mod hostile_logs;
mod intake;
mod labs;
mod left_overs;
mod private;
mod publishing;
mod rotation;
mod runs;
