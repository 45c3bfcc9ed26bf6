//! The noun: what a dataset is, how its files are read, and how it is described.
//!
//! A dataset's bytes are the person's bytes; nothing here rewrites them. This crate walks the
//! files of a person ([`walk`]), finds out which of them are tables and of which types
//! ([`ingest`]), takes what the person declared about them ([`describe`]), and writes that down
//! beside the layout ([`manifest`]). From then on the schema in the manifest rules: readers scan
//! with it and never guess again.
//!
//! Absent, on purpose: HTTP, SQL, peers, and any trust in a number that a file states about
//! itself (a Parquet footer's statistics are never read).

pub mod describe;
pub mod ingest;
pub mod licence;
pub mod manifest;
pub mod private;
pub mod schema;
pub mod table;
pub mod walk;
