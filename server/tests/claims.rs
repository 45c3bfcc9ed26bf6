//! Claims: from a text to a statement, from a statement's integers to rows, and the proof file.

mod engine;
mod fixture;
mod fuzz;
mod hospital;
mod language;
mod left_out;
mod matches;
mod noisy;
mod proofs;
mod told;
mod written;
