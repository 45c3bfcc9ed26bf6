//! Files that the checkpoint does not call for: partial tiles of earlier sizes must still agree
//! with the log, and whatever belongs to no log is named.

use super::{Auditor, LogFiles};
use crate::log::entries::{BUNDLE_SIZE_MAX, unframe};
use crate::log::tile::{EntriesPath, LogPath, TILE_WIDTH, TilePath};

impl<F: LogFiles> Auditor<'_, F> {
    pub(super) fn check_extras(&mut self, size: u64) {
        let mut paths = match self.files.list() {
            Ok(paths) => paths,
            Err(error) => {
                self.remark(String::new(), None, format!("files cannot be listed: {error}"));
                return;
            }
        };
        paths.sort();
        for path in paths {
            match path.parse::<LogPath>() {
                Err(_) => self.remark(path, None, "it is no file of a log"),
                Ok(file) if self.seen.contains(&file) => {}
                Ok(LogPath::Checkpoint) => {}
                Ok(LogPath::Tile(tile)) => self.check_extra_tile(tile, size),
                Ok(LogPath::Entries(bundle)) => self.check_extra_bundle(bundle, size),
            }
        }
    }

    fn check_extra_tile(&mut self, tile: TilePath, size: u64) {
        let path = LogPath::Tile(tile);
        let Some(whole) = published(tile.level, tile.index, tile.width, size) else {
            self.remark(path.to_string(), None, "it lies beyond the checkpoint");
            return;
        };
        let Some(Some(bytes)) = self.read(path, TilePath::byte_len(&tile.full())) else { return };
        let Some(hashes) = self.read_tile(whole) else { return };
        let matches = bytes.len() == tile.byte_len()
            && tile.hashes(&bytes).is_ok_and(|extra| hashes.starts_with(&extra));
        if !matches {
            self.fault(path, None, format!("it does not agree with {}", whole.path()));
        }
    }

    fn check_extra_bundle(&mut self, bundle: EntriesPath, size: u64) {
        let path = LogPath::Entries(bundle);
        let Some(whole) = published(0, bundle.index, bundle.width, size) else {
            self.remark(path.to_string(), None, "it lies beyond the checkpoint");
            return;
        };
        let Some(Some(bytes)) = self.read(path, BUNDLE_SIZE_MAX) else { return };
        let whole = EntriesPath { index: whole.index, width: whole.width };
        let Some((_, published)) = self.read_bundle(whole) else { return };
        if let Err(error) = unframe(&bytes, bundle.width) {
            self.fault(path, None, error.to_string());
        } else if !published.starts_with(&bytes) {
            self.fault(path, None, format!("it does not agree with {}", whole.path()));
        }
    }
}

/// The tile that a log of `size` entries publishes at this place, if it is as wide.
fn published(level: u8, index: u64, width: u16, size: u64) -> Option<TilePath> {
    let published = size >> (u32::from(level) * 8);
    let left = published.checked_sub(index.checked_mul(u64::from(TILE_WIDTH))?)?;
    let tile = TilePath::new(level, index, left.min(u64::from(TILE_WIDTH)) as u16).ok()?;
    (tile.width >= width).then_some(tile)
}
