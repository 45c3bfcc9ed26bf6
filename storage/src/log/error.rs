//! Why a log could not be read or appended to.

use std::sync::Arc;

use veritrail_provenance::log::{
    checkpoint::CheckpointError, entries::EntriesError, note::NoteError, tile::TileError,
    tree::TreeError,
};

use crate::disk::DiskError;

/// Why a log could not be read or appended to.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is a log here already.
    #[error("there is a log in this folder already")]
    Exists,
    /// There is no log here, or its first write was never finished.
    #[error("there is no log in this folder")]
    NotFound,
    /// The head is malformed, or not signed by a key that speaks for this log.
    #[error("the log's checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The log is sound, and the home's log key is not the one that speaks for it: it was replaced
    /// by an older copy, or another process has made a new one.
    #[error(
        "the log's head is signed by another key than keys/log.key (it is signed by: {signed_by})"
    )]
    OtherKey {
        /// The names of the keys that signed it.
        signed_by: String,
    },
    /// The head could not be signed.
    #[error("the log's checkpoint could not be signed: {0}")]
    Note(#[from] NoteError),
    /// A tile is not what its name says.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// An entry bundle is not what its name says, or an entry does not fit one.
    #[error(transparent)]
    Entries(#[from] EntriesError),
    /// The log cannot grow further.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// What the log's files hold does not lead to its signed head.
    #[error("{place} does not lead to the log's signed head of {size} entries; run `store fsck`")]
    Damaged {
        /// The file or entry that is wrong.
        place: String,
        /// The head's size.
        size: u64,
    },
    /// The intent is missing or torn, though a log is here.
    #[error("log.intent is missing or damaged; restore it, or restore the whole home, from a copy")]
    IntentDamaged,
    /// The log's folder and the intent tell of different pasts: one of them was put back from a
    /// copy. Signing on would fork the log.
    #[error(
        "the log's head has {head} entries, but this home has signed up to {signed}: \
         a part of the home is older than the rest; restore all of it from one copy"
    )]
    OutOfStep {
        /// Entries in the head found.
        head: u64,
        /// Entries in the newest head that was decided.
        signed: u64,
    },
    /// Somebody else appended first.
    #[error("the log has {found} entries by now, not {expected}: read it again and retry")]
    Moved {
        /// What the caller had seen.
        expected: u64,
        /// What stands.
        found: u64,
    },
    /// A batch must hold something.
    #[error("nothing to append")]
    Empty,
    /// A batch of more entries or bytes than one append may have.
    #[error("{entries} entries of {bytes} bytes are too many for one append")]
    TooLarge {
        /// How many entries.
        entries: usize,
        /// Bytes they have together.
        bytes: usize,
    },
    /// The log has no such entry.
    #[error("no entry at index {index}: the log's size is {size}")]
    NoEntry {
        /// What was asked for.
        index: u64,
        /// What there is.
        size: u64,
    },
    /// The batch is decided and will be published as soon as the cause is gone, but it is not
    /// yet: do not append it again.
    #[error("appended, but not yet published (it will be on the next append or start): {0}")]
    Unsettled(#[source] Box<LogError>),
    /// The whole group of appends that this one was part of failed.
    #[error(transparent)]
    Group(#[from] Arc<LogError>),
}
