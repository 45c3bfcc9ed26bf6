//! All tests of veritrail-storage, one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod blobs;
mod crash;
mod disks;
mod independent;
mod key_files;
mod log_writer;
#[cfg(feature = "peer")]
mod peer;
