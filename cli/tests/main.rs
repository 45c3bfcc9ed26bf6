//! All tests of veritrail-cli, one binary: they run the real `veritrail` on real homes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod audit;
mod bad_input;
mod clinical;
mod demo;
mod device;
mod errors;
mod foreign_log;
mod full_disk;
mod help;
mod house;
mod id;
mod init;
mod intake;
mod interrupt;
mod kill;
mod log;
mod noise;
mod pipes;
mod private;
mod prove;
mod publish;
mod several;
mod trail;
mod tutorials;
mod units;
mod verify;
