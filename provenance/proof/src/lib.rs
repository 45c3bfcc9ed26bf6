//! Zero-knowledge statements: hiding commitments to the columns of a private table, and proofs that
//! a published statistic is the true one over exactly the committed rows.
//!
//! The holder commits once ([`commit`], [`body`]) and proves once that what was committed is well
//! formed ([`ingest`]); both are logged. Later each [`statement`] is proven over the same
//! commitments and checked by anybody, who learns the claimed integers and nothing else of the rows.
//! Byte layouts and the transcript are in docs/formats/proof.md, assumptions and what was not
//! reviewed in docs/security.md. **Experimental until externally reviewed.**
//!
//! Absent by design: I/O, clocks, a source of randomness (it is an argument), Arrow, floats inside
//! a proof. Nothing here is constant time: durations of proving must not be shown to anybody.

pub mod argument;
pub mod body;
pub mod chain;
pub mod columns;
pub mod commit;
pub mod curve;
pub mod decimal;
pub mod derived;
pub mod generators;
pub mod ingest;
pub mod msm;
pub mod noise;
pub mod policy;
pub mod relation;
pub mod schema;
pub mod statement;
pub mod transcript;
pub mod wire;
