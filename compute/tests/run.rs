//! Specs, canonical results, their files and their comparison.

mod compare;
mod end_to_end;
mod formats;
mod large;
mod output;
mod published;
mod spec;
mod table_hash;
