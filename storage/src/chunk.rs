//! Cutting a dataset's byte sequence into content-addressed chunks, and hashing its files, in one
//! pass over the bytes.

mod cutter;
mod error;
mod files;
mod params;
mod pass;
mod points;

pub use cutter::Cutter;
pub use error::PassError;
pub use params::ChunkParams;
pub use pass::{Pass, Passed};
pub use points::{CutPoints, PIECE_LEN_MIN};
