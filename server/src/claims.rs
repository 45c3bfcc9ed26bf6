//! Claims: statistics of a private version, from a text to a proof file and back to words.
//!
//! A claim is written in a subset of SQL (docs/formats/claim.md). [`Claim::compile`] turns it into
//! a statement of veritrail-proof over a schema, or says why no proof can be made for it and what
//! comes nearest. [`prove`] makes a proof file of it, [`check`] compiles the claim again and says
//! whether the file shows it, and a [`ProofReport`] is what a reader is told. Where groups are too small
//! to be told, [`withhold`] finds the claim that leaves them out. The numbers
//! ([`answers`]) are computed from the proven integers alone, exactly, and rounded once; so whoever
//! has the integers gets the same digits.
//!
//! No I/O: rows, seeds, manifests and places in a log are handed in.

pub mod answers;
mod check;
mod columns;
mod compile;
mod condition;
mod expression;
mod function;
mod groups;
mod integers;
mod items;
mod left_out;
mod measures;
pub mod noise;
mod proof_file;
mod prove;
mod refused;
pub mod report;
mod select;
mod text;
mod threshold;
mod withheld;
mod withhold;
mod words;
mod written;

pub use check::{CheckError, Proven, check};
pub use compile::{CLAIM_BYTES_MAX, Claim};
pub use groups::{Key, Level};
pub use left_out::{Withheld, left_out};
pub use measures::{Asked, Function, Item, Measured};
pub use noise::NoiseFile;
pub use proof_file::{AnsweredNoise, PROOF_FILE_BYTES_MAX, ProofFile, ProofFileError};
pub use prove::{LogPlace, ProveError, compare, open, prove};
pub use refused::Refused;
pub use report::ProofReport;
pub use withhold::withhold;
pub use words::words;
pub use written::{WrittenClaim, WrittenClaimError};
