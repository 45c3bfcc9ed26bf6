//! All tests of veritrail-datasets, one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]
// A table of every type is one list.
#![allow(clippy::too_many_lines)]

mod csv_bad_input;
mod csv_headers;
mod csv_inference;
mod csv_notes;
mod csv_property;
mod csv_samples;
mod csv_scan;
mod csv_tokens;
mod describe;
mod formats;
mod fuzz;
mod layouts;
mod licence;
mod manifest;
mod parquet_attack;
mod parquet_batches;
mod parquet_files;
mod parquet_flips;
mod parquet_foreign;
mod parquet_odd;
mod parquet_read;
mod parquet_values;
mod private;
mod schema;
mod table;
mod walk;
