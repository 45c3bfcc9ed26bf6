//! The file a bundle is: a ZIP that any tool opens, of which there is exactly one per content.
//!
//! Entries are stored, sorted, without times, so that every byte of the file follows from its
//! entries; the reader accepts a file only if it is what the writer would have made of them. Both
//! are ours because the bytes are the format: a general ZIP writer may change how it fills a field,
//! and a general reader forgives what a signature's neighbourhood must not contain.
//! The format is written down in docs/formats/bundle.md.

mod error;
mod listing;
mod read;
mod records;
mod write;

pub use error::ContainerError;
pub use listing::{EntryKind, Listed, Listing};
pub use read::{Entry, Reader};
pub use write::Writer;

/// The name of the first entry, which lists all others.
pub const LISTING_NAME: &str = "veritrail.json";

/// Entries a bundle may hold: 65,535 in a ZIP's end record means "see the ZIP64 record", which a
/// bundle never has.
pub const MAX_ENTRIES: usize = 65_534;

/// Bytes of all entries together that are not of kind `data`.
pub const MAX_BYTES_WITHOUT_DATA: u64 = 64 << 20;

/// Bytes of the whole file: offsets are 32 bits wide.
pub const MAX_FILE_BYTES: u64 = u32::MAX as u64 - 1;

/// Bytes of the listing.
pub const MAX_LISTING_BYTES: u64 = 16 << 20;

/// Bytes of an entry's name.
pub const MAX_NAME_BYTES: usize = 4_200;
