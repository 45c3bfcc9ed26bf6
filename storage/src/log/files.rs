//! Reading a log's files, with the full one standing in for a partial one that is gone.

use std::sync::Arc;

use veritrail_provenance::{
    hash::LogHash,
    log::{
        entries::{self, BUNDLE_SIZE_MAX},
        proof::{HashReader, TileHashes, TileReadError},
        tile::{CHECKPOINT_PATH, EntriesPath, TilePath},
        tree::{CompactRange, frontier},
    },
};

use super::LogError;
use crate::disk::{Disk, DiskError, DiskPath};

/// Bytes of a checkpoint with all its cosignatures.
const CHECKPOINT_LEN_MAX: u64 = 65_536;

/// A log's folder. What is read here is not yet checked.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: DiskPath,
}

impl Files {
    pub(super) fn checkpoint_path(&self) -> Result<DiskPath, DiskError> {
        self.folder.join(CHECKPOINT_PATH)
    }

    /// Holds tiles and entry bundles. Made with the log, so that its name is as durable as the
    /// first checkpoint's.
    pub(super) fn tile_folder(&self) -> Result<DiskPath, DiskError> {
        self.folder.join("tile")
    }

    pub(super) fn checkpoint(&self) -> Result<Vec<u8>, LogError> {
        let note = self.disk.read_if_there(&self.checkpoint_path()?, CHECKPOINT_LEN_MAX)?;
        note.ok_or(LogError::NotFound)
    }

    /// A tile's bytes, or those of the full tile.
    pub(super) fn tile(&self, tile: &TilePath) -> Result<Vec<u8>, DiskError> {
        let limit = tile.full().byte_len() as u64;
        self.partial_or_full(&tile.path(), &tile.full().path(), limit)
    }

    /// The first entries of a bundle, as many as `path` is wide.
    pub(super) fn bundle(&self, path: &EntriesPath) -> Result<Vec<Vec<u8>>, LogError> {
        let limit = BUNDLE_SIZE_MAX as u64;
        let bytes = self.partial_or_full(&path.path(), &path.full().path(), limit)?;
        let (entries, _) = entries::unframe_first(&bytes, path.width)?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// The tree's hashes at `size`, from its tiles.
    pub(super) fn hashes(
        &self,
        size: u64,
    ) -> impl HashReader<Error = TileReadError<DiskError>> + use<'_> {
        TileHashes::new(size, |tile: TilePath| self.tile(&tile))
    }

    /// What it takes to append to the log at `size`, from the tiles that the log published at a
    /// size as large or larger. Unchecked: compare its root.
    pub(super) fn range(&self, size: u64, published: u64) -> Result<CompactRange, LogError> {
        let mut hashes = self.hashes(published);
        let nodes: Result<Vec<LogHash>, _> =
            frontier(size).into_iter().map(|(level, index)| hashes.hash(level, index)).collect();
        Ok(CompactRange::from_parts(size, nodes.map_err(|e| unreadable(e, size))?)?)
    }

    fn partial_or_full(&self, partial: &str, full: &str, limit: u64) -> Result<Vec<u8>, DiskError> {
        match self.disk.read(&self.folder.join(partial)?, limit) {
            Err(DiskError::NotFound { .. }) if partial != full => {
                self.disk.read(&self.folder.join(full)?, limit)
            }
            read => read,
        }
    }
}

/// A missing or misshapen tile is damage; a failing disk is told as it is.
pub(super) fn unreadable(error: TileReadError<DiskError>, size: u64) -> LogError {
    match error {
        TileReadError::Read { path, source: DiskError::NotFound { .. } } => {
            LogError::Damaged { place: path, size }
        }
        TileReadError::Read { source, .. } => source.into(),
        TileReadError::Tile(e) => e.into(),
    }
}
