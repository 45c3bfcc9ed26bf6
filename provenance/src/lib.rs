//! Facts of the trail, pure and synchronous: hashes, identities, statements, layouts, logs, evidence.
//!
//! Absent by design: I/O, clocks, randomness, async, Arrow. Times and seeds are arguments.

pub mod cbor;
pub mod evidence;
pub mod hash;
pub mod identity;
pub mod layout;
pub mod ledger;
pub mod lineage;
pub mod log;
mod merkle;
pub mod reference;
pub mod statement;
pub mod trust;

pub use statement::Origin;
