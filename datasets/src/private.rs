//! Private datasets, on the holder's side: how files are packed before they are encrypted, and how
//! their rows become the numbers that are committed to.
//!
//! Everything here sees plaintext. Errors that name a row or a value are for the holder's terminal
//! and go nowhere else.

mod cells;
mod commit;
mod pack;
mod suggest;

pub use commit::{CommitError, Committing, positions};
pub use pack::{FileBytes, PackError, PackHeader, PackedFile, PackedTable, Unpacking};
pub use suggest::Suggesting;
