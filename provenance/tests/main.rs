//! All tests of veritrail-provenance, one binary: a file per topic, over the public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]
// Tests read vectors and golden files; the package itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod audits;
mod cbor;
mod did_key;
mod evidences;
mod fixtures;
mod golden;
mod golden_logs;
mod hash;
mod identity_proofs;
mod ijson;
mod layout_pages;
mod layout_private;
mod layout_proofs;
mod layouts;
mod ledger_rules;
mod ledger_state;
mod lineages;
mod log_files;
mod log_known;
mod log_notes;
mod log_proofs;
mod malleable;
mod merkle_vectors;
mod paths;
mod payloads;
mod references;
mod releases;
mod signatures;
mod statements;
mod trails;
mod trees;
mod trust_roots;
mod verifications;
