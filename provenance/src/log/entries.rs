//! Framing of entry bundles (c2sp.org/tlog-tiles): entries stand one after the other, each behind
//! its length as a big-endian u16.

use crate::log::tile::TILE_WIDTH;

/// Bytes an entry may have: its length is a u16.
pub const ENTRY_SIZE_MAX: usize = 65_535;

/// Bytes a whole bundle may have: 256 entries, each behind two bytes of length.
pub const BUNDLE_SIZE_MAX: usize = 256 * (2 + ENTRY_SIZE_MAX);

/// Why entries cannot be framed, or bytes are no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntriesError {
    /// An entry does not fit the length field.
    #[error("entry {position} of the bundle has {size} bytes, at most {ENTRY_SIZE_MAX} fit")]
    TooLong {
        /// Position within the bundle.
        position: usize,
        /// Its bytes.
        size: usize,
    },
    /// More entries than a bundle holds.
    #[error("a bundle holds at most 256 entries, not {0}")]
    TooMany(usize),
    /// The bytes end within an entry: the file was cut, or a length was altered.
    #[error("the bundle ends within entry {position}, at byte {offset}")]
    Cut {
        /// Position of the entry within the bundle.
        position: usize,
        /// Offset at which the entry's length stands.
        offset: usize,
    },
    /// Bytes stand behind the last entry.
    #[error("{surplus} bytes stand behind entry {position}, the bundle's last")]
    Surplus {
        /// Position of the last entry.
        position: usize,
        /// Bytes behind it.
        surplus: usize,
    },
}

/// Appends one framed entry to `bundle`.
///
/// # Errors
/// When the entry has more than [`ENTRY_SIZE_MAX`] bytes; `bundle` is unchanged then.
pub fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), EntriesError> {
    let size = entry.len();
    let length = u16::try_from(size).map_err(|_| EntriesError::TooLong { position: 0, size })?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// Frames entries as one bundle.
///
/// # Errors
/// When there are more than 256, or one has more than [`ENTRY_SIZE_MAX`] bytes.
pub fn frame<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, EntriesError> {
    if entries.len() > usize::from(TILE_WIDTH) {
        return Err(EntriesError::TooMany(entries.len()));
    }
    let mut bundle = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        let size = entry.as_ref().len();
        push(&mut bundle, entry.as_ref()).map_err(|_| EntriesError::TooLong { position, size })?;
    }
    Ok(bundle)
}

/// Splits a bundle into exactly `count` entries, borrowed from it.
///
/// # Errors
/// When the bundle ends early, or has bytes behind its last entry.
pub fn unframe(bundle: &[u8], count: u16) -> Result<Vec<&[u8]>, EntriesError> {
    let (entries, rest) = unframe_first(bundle, count)?;
    if rest.is_empty() {
        Ok(entries)
    } else {
        let position = usize::from(count).saturating_sub(1);
        Err(EntriesError::Surplus { position, surplus: rest.len() })
    }
}

/// Splits the first `count` entries off a bundle that may hold more (a full one that stands in for
/// a partial one), and returns the bytes behind them.
///
/// # Errors
/// When the bundle ends early.
pub fn unframe_first(bundle: &[u8], count: u16) -> Result<(Vec<&[u8]>, &[u8]), EntriesError> {
    let mut rest = bundle;
    let mut entries = Vec::with_capacity(usize::from(count.min(TILE_WIDTH)));
    for position in 0..usize::from(count) {
        let offset = bundle.len() - rest.len();
        let cut = EntriesError::Cut { position, offset };
        let (length, behind) = rest.split_first_chunk::<2>().ok_or(cut)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, behind) = behind.split_at_checked(length).ok_or(cut)?;
        entries.push(entry);
        rest = behind;
    }
    Ok((entries, rest))
}
