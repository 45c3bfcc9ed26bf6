//! All tests of veritrail-provenance, one binary: a file per topic, over the public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]
