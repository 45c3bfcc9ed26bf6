//! Names and shapes of a log's files (c2sp.org/tlog-tiles), so that reader, writer and audit agree.
//!
//! A tile holds up to 256 hashes of one tile level: hash `i` of tile (L, N) is the tree's hash at
//! level `8 * L`, index `256 * N + i`. A full tile never changes; a partial one is named by its
//! width, and only the widths that a published size has are ever written.

use crate::hash::LogHash;
use crate::log::tree::{ENTRIES_MAX, node_hash};

pub use self::path::LogPath;

use self::path::index_path;

mod path;

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Bytes of one hash within a tile.
pub const HASH_SIZE: usize = 32;

/// Levels of the tree that one tile level spans.
pub const TILE_HEIGHT: u8 = 8;

/// Tile levels that a log of at most 2^62 entries has: 0 to 7. (The format itself allows 63.)
pub const TILE_LEVELS: u8 = 8;

/// Path of the checkpoint beneath the log's prefix.
pub const CHECKPOINT_PATH: &str = "checkpoint";

/// Why a path names no file of a log, or bytes are no tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The path is not in the form of c2sp.org/tlog-tiles.
    #[error("{path:?} is not the path of a tile or entry bundle: {reason}")]
    Path {
        /// The path as given, shortened to 128 characters.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Level, index or width lie outside what a log can have.
    #[error("no log has a tile at level {level}, index {index}, width {width}")]
    Coordinates {
        /// Tile level.
        level: u8,
        /// Index of the tile within its level.
        index: u64,
        /// Hashes or entries it would hold.
        width: u16,
    },
    /// The file has been cut, or has bytes behind its end.
    #[error("{path} must be {expected} bytes, found {found}")]
    Length {
        /// Path of the tile.
        path: String,
        /// Bytes that its width asks for.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// The tree has no such hash yet.
    #[error("a log of {size} entries has no hash at level {level}, index {index}")]
    Beyond {
        /// Level in the tree, not of a tile.
        level: u8,
        /// Index within that level.
        index: u64,
        /// Entries of the log.
        size: u64,
    },
}

/// A tile of hashes, by its coordinates; [`EntriesPath`] is its neighbour that holds entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    /// Tile level: hashes of this tile stand at level `8 * level` of the tree.
    pub level: u8,
    /// Index of the tile within its level.
    pub index: u64,
    /// Hashes it holds, 1 to 256; 256 is a full tile.
    pub width: u16,
}

impl TilePath {
    /// A tile by its coordinates.
    ///
    /// # Errors
    /// When no log of at most 2^62 entries has such a tile.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, TileError> {
        let past = index.checked_mul(256).and_then(|start| start.checked_add(u64::from(width)));
        let shift = u32::from(level) * u32::from(TILE_HEIGHT);
        let fits = |past: u64| level < TILE_LEVELS && past <= ENTRIES_MAX >> shift;
        if (1..=TILE_WIDTH).contains(&width) && past.is_some_and(fits) {
            Ok(Self { level, index, width })
        } else {
            Err(TileError::Coordinates { level, index, width })
        }
    }

    /// The tile that holds hash (`level`, `index`) of a tree of `size` entries, at the width that
    /// a log of that size publishes.
    ///
    /// The hash itself need not stand in it: see [`TilePath::hash`].
    ///
    /// # Errors
    /// When the tree has no such hash, or is larger than any log.
    pub fn holding(level: u8, index: u64, size: u64) -> Result<Self, TileError> {
        let beyond = TileError::Beyond { level, index, size };
        if size > ENTRIES_MAX || level > 62 || index >= size >> level {
            return Err(beyond);
        }
        let tile_level = level / TILE_HEIGHT;
        let first = index << (level % TILE_HEIGHT);
        let tile = first / 256;
        let published = size >> (u32::from(tile_level) * u32::from(TILE_HEIGHT));
        let width = (published - tile * 256).min(256) as u16;
        Self::new(tile_level, tile, width)
    }

    /// The same tile once it is full: what may stand in for a partial tile that was removed.
    #[must_use]
    pub fn full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }

    /// Bytes of the tile: 32 per hash.
    pub fn byte_len(&self) -> usize {
        usize::from(self.width) * HASH_SIZE
    }

    /// Path beneath the log's prefix: `tile/0/x001/x234/067` or, partial, `tile/0/x001/067.p/5`.
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, index_path(self.index, self.width))
    }

    /// Hash (`level`, `index`) of the tree, computed from the bytes of this tile: at most 255
    /// hash computations. `bytes` may be those of the full tile where this one is partial.
    ///
    /// # Errors
    /// When the bytes are not of this tile's length, or the hash is not covered by this tile.
    pub fn hash(&self, bytes: &[u8], level: u8, index: u64) -> Result<LogHash, TileError> {
        self.check_length(bytes)?;
        let size = self.index.saturating_mul(256).saturating_add(u64::from(self.width));
        let beyond = TileError::Beyond { level, index, size };
        let height = level % TILE_HEIGHT;
        let first = index.checked_mul(1 << height).ok_or(beyond.clone())?;
        let count = 1usize << height;
        let start = (first % 256) as usize;
        let covered = level / TILE_HEIGHT == self.level
            && first / 256 == self.index
            && start + count <= usize::from(self.width);
        let hashes = bytes.get(start * HASH_SIZE..(start + count) * HASH_SIZE);
        match hashes {
            Some(hashes) if covered => Ok(perfect_root(&split_hashes(hashes))),
            _ => Err(beyond),
        }
    }

    /// The tile's hashes in order, the first [`width`](Self::width) of them.
    ///
    /// # Errors
    /// When the bytes are neither of this tile's length nor of the full tile's.
    pub fn hashes(&self, bytes: &[u8]) -> Result<Vec<LogHash>, TileError> {
        self.check_length(bytes)?;
        Ok(split_hashes(bytes.get(..self.byte_len()).unwrap_or_default()))
    }

    fn check_length(&self, bytes: &[u8]) -> Result<(), TileError> {
        if bytes.len() == self.byte_len() || bytes.len() == self.full().byte_len() {
            return Ok(());
        }
        let expected = self.byte_len();
        Err(TileError::Length { path: self.path(), expected, found: bytes.len() })
    }
}

/// A bundle of entries, by its coordinates; framing is [`crate::log::entries`]'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntriesPath {
    /// Index of the bundle: it starts with entry `256 * index`.
    pub index: u64,
    /// Entries it holds, 1 to 256; 256 is a full bundle.
    pub width: u16,
}

impl EntriesPath {
    /// A bundle by its coordinates.
    ///
    /// # Errors
    /// When no log of at most 2^62 entries has such a bundle.
    pub fn new(index: u64, width: u16) -> Result<Self, TileError> {
        TilePath::new(0, index, width).map(|tile| Self { index: tile.index, width: tile.width })
    }

    /// The bundle that holds entry `index` of a log of `size` entries, at the width published.
    ///
    /// # Errors
    /// When the log has no such entry, or is larger than any log.
    pub fn holding(index: u64, size: u64) -> Result<Self, TileError> {
        TilePath::holding(0, index, size).map(|tile| Self { index: tile.index, width: tile.width })
    }

    /// The same bundle once it is full.
    #[must_use]
    pub fn full(self) -> Self {
        Self { width: TILE_WIDTH, ..self }
    }

    /// Index of the bundle's first entry in the log.
    pub fn first(&self) -> u64 {
        self.index.saturating_mul(256)
    }

    /// Path beneath the log's prefix: `tile/entries/x001/067` or `tile/entries/x001/067.p/5`.
    pub fn path(&self) -> String {
        format!("tile/entries/{}", index_path(self.index, self.width))
    }
}

/// All tiles of a log of `size` entries as published at that size, level by level: full tiles
/// and at most one partial tile a level.
pub fn tiles_of(size: u64) -> impl Iterator<Item = TilePath> {
    tiles_between(0, size)
}

/// The tiles that a log has to write when it grows from `old` to `new` entries: every tile that
/// holds a hash the old size did not have.
pub fn tiles_between(old: u64, new: u64) -> impl Iterator<Item = TilePath> {
    (0..TILE_LEVELS).flat_map(move |level| {
        let shift = u32::from(level) * u32::from(TILE_HEIGHT);
        let (old, new) = (old >> shift, new.min(ENTRIES_MAX) >> shift);
        let tiles = if new > old { old / 256..new.div_ceil(256) } else { 0..0 };
        tiles.map(move |index| TilePath {
            level,
            index,
            width: (new - index * 256).min(256) as u16,
        })
    })
}

/// The entry bundles that a log has to write when it grows from `old` to `new` entries.
pub fn entries_between(old: u64, new: u64) -> impl Iterator<Item = EntriesPath> {
    tiles_between(old, new)
        .take_while(|tile| tile.level == 0)
        .map(|tile| EntriesPath { index: tile.index, width: tile.width })
}

/// The root of a perfect tree over `hashes`, whose count is a power of two.
pub fn perfect_root(hashes: &[LogHash]) -> LogHash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => node_hash(left, right),
                odd => odd.first().copied().unwrap_or_else(crate::log::tree::empty_root),
            })
            .collect();
    }
    row.first().copied().unwrap_or_else(crate::log::tree::empty_root)
}

fn split_hashes(bytes: &[u8]) -> Vec<LogHash> {
    let (hashes, _) = bytes.as_chunks::<HASH_SIZE>();
    hashes.iter().map(|hash| LogHash::from_bytes(*hash)).collect()
}
