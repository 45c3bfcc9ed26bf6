//! All tests of veritrail-storage, one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod blobs;
mod crash;
mod cuts;
mod disks;
mod fixtures;
mod foreign_trails;
mod fuzz;
mod goldens;
mod homes;
mod independent;
mod key_files;
mod log_writer;
mod object_faces;
mod own_settings;
#[cfg(feature = "peer")]
mod peer;
mod private;
mod rekey;
mod states;
