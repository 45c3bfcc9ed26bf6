//! How files are read: what each format is, which of them are tables, and how to scan them.
//!
//! Every format has the same two halves: finding out (once, at publication, over the whole file)
//! and reading (any number of times, by the schema that the manifest holds).

pub mod bytes;
pub mod csv;
