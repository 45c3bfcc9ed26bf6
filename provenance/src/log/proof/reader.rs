//! Where the hashes of a tree come from: anything that knows them, or the log's own tiles.

use std::collections::BTreeMap;

use crate::hash::LogHash;
use crate::log::tile::{TileError, TilePath};

/// Tiles that [`TileHashes`] keeps: a proof touches at most two a level.
const TILES_KEPT: usize = 64;

/// A source of the tree's hashes by (level, index); level 0 holds the leaves.
///
/// Whoever reads from a place that others can write to must check what comes of it: a proof made
/// from wrong hashes does not verify, and that is the only place where it shows.
pub trait HashReader {
    /// Why a hash could not be had.
    type Error;

    /// The hash over entries `index << level .. (index + 1) << level`.
    ///
    /// # Errors
    /// When it cannot be read.
    fn hash(&mut self, level: u8, index: u64) -> Result<LogHash, Self::Error>;
}

impl<E, F: FnMut(u8, u64) -> Result<LogHash, E>> HashReader for F {
    type Error = E;

    fn hash(&mut self, level: u8, index: u64) -> Result<LogHash, E> {
        self(level, index)
    }
}

/// Why a hash could not be had from tiles.
#[derive(Debug, thiserror::Error)]
pub enum TileReadError<E> {
    /// The tile's file could not be read.
    #[error("tile {path} could not be read")]
    Read {
        /// Path of the tile.
        path: String,
        /// Why.
        #[source]
        source: E,
    },
    /// The file is no such tile.
    #[error(transparent)]
    Tile(#[from] TileError),
}

/// Reads hashes from the tiles of a log of a given size; `fetch` gives a tile's bytes and may give
/// the full tile where a partial one is asked for.
pub struct TileHashes<F> {
    size: u64,
    fetch: F,
    kept: BTreeMap<TilePath, Vec<u8>>,
}

impl<F> TileHashes<F> {
    /// A reader over the tiles that a log of `size` entries has published.
    pub fn new(size: u64, fetch: F) -> Self {
        Self { size, fetch, kept: BTreeMap::new() }
    }
}

impl<E, F: FnMut(TilePath) -> Result<Vec<u8>, E>> HashReader for TileHashes<F> {
    type Error = TileReadError<E>;

    fn hash(&mut self, level: u8, index: u64) -> Result<LogHash, Self::Error> {
        let tile = TilePath::holding(level, index, self.size)?;
        if let Some(bytes) = self.kept.get(&tile) {
            return Ok(tile.hash(bytes, level, index)?);
        }
        let read = |source| TileReadError::Read { path: tile.path(), source };
        let bytes = (self.fetch)(tile).map_err(read)?;
        let hash = tile.hash(&bytes, level, index)?;
        if self.kept.len() >= TILES_KEPT {
            self.kept.pop_first();
        }
        self.kept.insert(tile, bytes);
        Ok(hash)
    }
}
