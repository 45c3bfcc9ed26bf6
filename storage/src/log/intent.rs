//! The intent: the last batch as it was decided, durable before anything of it is published.
//!
//! It is never removed, only replaced, so that at any time it names the newest head that this home
//! has signed or may have signed. A log's folder that is older than its intent is noticed.

use sha2::{Digest, Sha256};
use veritrail_provenance::{
    hash::LogHash,
    log::{
        entries::ENTRY_SIZE_MAX,
        tree::{CompactRange, leaf_hash},
    },
};

use super::LogError;

const MAGIC: &[u8] = b"veritrail-intent/1\n";

/// Entries of one batch.
pub(super) const ENTRIES_MAX: usize = 65_536;

/// Bytes of all entries of one batch.
pub(super) const BYTES_MAX: usize = 64 << 20;

/// Bytes of the file.
pub(super) const FILE_LEN_MAX: u64 = (BYTES_MAX + 2 * ENTRIES_MAX + 1024) as u64;

/// A decided batch: from one head to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Intent {
    pub(super) old: Head,
    pub(super) new: Head,
    pub(super) entries: Vec<Vec<u8>>,
}

/// Size and root of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: u64,
    pub(super) root: LogHash,
}

impl Head {
    pub(super) fn of(range: &CompactRange) -> Self {
        Self { size: range.size(), root: range.root() }
    }
}

impl Intent {
    /// The decision to leave the log as it is.
    pub(super) fn rest(at: Head) -> Self {
        Self { old: at, new: at, entries: Vec::new() }
    }

    /// The decision to append `entries` to `range`.
    pub(super) fn append(range: &CompactRange, entries: Vec<Vec<u8>>) -> Result<Self, LogError> {
        let mut grown = range.clone();
        for entry in &entries {
            grown.append(leaf_hash(entry))?;
        }
        Ok(Self { old: Head::of(range), new: Head::of(&grown), entries })
    }

    /// Magic, both heads, count, entries each behind two bytes of length, and the SHA-256 of it
    /// all; integers big-endian. An entry longer than [`ENTRY_SIZE_MAX`] is refused.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, LogError> {
        let mut bytes = MAGIC.to_vec();
        for head in [&self.old, &self.new] {
            bytes.extend_from_slice(&head.size.to_be_bytes());
            bytes.extend_from_slice(head.root.as_bytes());
        }
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&count.to_be_bytes());
        for entry in &self.entries {
            veritrail_provenance::log::entries::push(&mut bytes, entry)?;
        }
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        Ok(bytes)
    }

    /// Reads what [`Intent::to_bytes`] wrote; anything else is [`LogError::IntentDamaged`].
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, LogError> {
        Self::parse(bytes).ok_or(LogError::IntentDamaged)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (body, digest) = bytes.split_last_chunk::<32>()?;
        if Sha256::digest(body).as_slice() != digest {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let (old, new) = (take_head(&mut rest)?, take_head(&mut rest)?);
        let count = usize::try_from(u32::from_be_bytes(take(&mut rest)?)).ok()?;
        if count > ENTRIES_MAX {
            return None;
        }
        let mut entries = Vec::new();
        for _ in 0..count {
            let len = usize::from(u16::from_be_bytes(take(&mut rest)?));
            let (entry, after) = rest.split_at_checked(len)?;
            entries.push(entry.to_vec());
            rest = after;
        }
        let grown = old.size.checked_add(count as u64)?;
        (rest.is_empty() && grown == new.size).then_some(Self { old, new, entries })
    }
}

/// Refuses what no append may hold, before anything is written.
pub(super) fn check_batch(entries: &[Vec<u8>]) -> Result<(), LogError> {
    if entries.is_empty() {
        return Err(LogError::Empty);
    }
    for (position, entry) in entries.iter().enumerate() {
        let size = entry.len();
        if size > ENTRY_SIZE_MAX {
            let error =
                veritrail_provenance::log::entries::EntriesError::TooLong { position, size };
            return Err(error.into());
        }
    }
    let bytes = bytes_of(entries);
    match entries.len() > ENTRIES_MAX || bytes > BYTES_MAX {
        true => Err(LogError::TooLarge { entries: entries.len(), bytes }),
        false => Ok(()),
    }
}

/// Bytes of all entries together.
pub(super) fn bytes_of(entries: &[Vec<u8>]) -> usize {
    entries.iter().map(Vec::len).sum()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}

fn take_head(rest: &mut &[u8]) -> Option<Head> {
    let size = u64::from_be_bytes(take(rest)?);
    Some(Head { size, root: LogHash::from_bytes(take(rest)?) })
}
