//! All tests of veritrail-provenance, one binary: a file per topic, over the public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod cbor;
mod did_key;
mod fixtures;
mod hash;
mod identity_proofs;
mod ijson;
mod layout_pages;
mod layout_proofs;
mod layouts;
mod malleable;
mod paths;
mod payloads;
mod references;
mod signatures;
mod statements;
