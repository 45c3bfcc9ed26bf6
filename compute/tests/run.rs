//! Specs, canonical results, their files and their comparison.

mod compare;
pub mod end_to_end;
mod formats;
mod kernels;
mod large;
mod output;
mod published;
mod ranges;
mod spec;
mod steps;
mod table_hash;
