//! All tests of veritrail-proof, one binary: a file per topic, over the public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]
// Tests read golden files; the package itself does no I/O.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod adaptive;
mod arguments;
mod attack_list;
mod attacks;
mod bindings;
mod bodies;
mod chains;
mod commitments;
mod decimals;
mod derived;
mod earlier;
mod encodings;
mod fixtures;
mod forgeries;
mod fuzz;
mod generators;
mod golden;
mod ingests;
mod noise;
mod policies;
mod reopenings;
mod schemas;
mod statements;
mod sums;
mod thresholds;
mod withheld;
mod zero_knowledge;
