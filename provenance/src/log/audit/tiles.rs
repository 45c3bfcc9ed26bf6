//! The walk over the tree: from the checkpoint down to the entries, left to right.

use super::{Auditor, LogFiles};
use crate::hash::LogHash;
use crate::log::checkpoint::Checkpoint;
use crate::log::entries::{BUNDLE_SIZE_MAX, unframe};
use crate::log::tile::{EntriesPath, HASH_SIZE, LogPath, TILE_WIDTH, TilePath, perfect_root};
use crate::log::tree::{frontier, join_frontier, leaf_hash};

/// Faults beyond those listed after which nothing further is looked for.
const FAULTS_MAX: u64 = 20_000;

/// What is known of a tile's hashes before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// The hash over them, from a tile above that is right.
    Root(LogHash),
    /// They lie on the right edge, which hashes to the checkpoint's root.
    Edge,
    /// Nothing.
    Unknown,
}

impl<F: LogFiles> Auditor<'_, F> {
    pub(super) fn check_tree(&mut self, checkpoint: &Checkpoint) {
        let Checkpoint { size, root, .. } = *checkpoint;
        let edge = edge(size);
        let mut right = Vec::new();
        for tile in &edge {
            right.push(self.read_tile(*tile));
        }
        let tiles_root = edge_root(size, &edge, &right);
        let expected = if tiles_root == Some(root) { Expected::Edge } else { Expected::Unknown };
        let mut beneath = Vec::new();
        for (tile, hashes) in edge.iter().zip(right) {
            beneath.push(self.descend(*tile, hashes, expected));
        }
        if expected == Expected::Edge || size == 0 {
            return;
        }
        let entries_root = edge_root(size, &edge, &beneath);
        let show = |root: Option<LogHash>| root.map_or("nothing".to_owned(), |r| r.to_string());
        let (tiles, entries) = (show(tiles_root), show(entries_root));
        if entries_root == Some(root) {
            // The entries are right, so each tile that differs from them was named on the way.
            return;
        }
        let reason = format!(
            "its root {root} is neither that of the tiles ({tiles}) nor that of the entries \
             ({entries})"
        );
        let reason = if entries_root == tiles_root && entries_root.is_some() {
            format!("its root is {root}, tiles and entries both give {entries}")
        } else {
            reason
        };
        self.fault(LogPath::Checkpoint, None, reason);
    }

    /// Checks a tile, and all that lies beneath it. Returns the hashes that the tile should have:
    /// its own where it is known to be right, otherwise those of what lies beneath.
    fn descend(
        &mut self,
        tile: TilePath,
        hashes: Option<Vec<LogHash>>,
        expected: Expected,
    ) -> Option<Vec<LogHash>> {
        self.audit.tiles += 1;
        let path = LogPath::Tile(tile);
        let right = match (&hashes, expected) {
            (Some(hashes), Expected::Root(root)) => {
                let right = perfect_root(hashes) == root;
                if !right {
                    self.fault(path, None, "its hashes are not those that the tile above names");
                }
                right
            }
            (Some(_), Expected::Edge) => true,
            (Some(_), Expected::Unknown) | (None, _) => false,
        };
        let known = hashes.as_ref().filter(|_| right);
        let beneath = if tile.level == 0 {
            self.check_bundle(EntriesPath { index: tile.index, width: tile.width }, known)
        } else {
            self.check_children(tile, known)
        };
        if right {
            return hashes;
        }
        match (&hashes, &beneath, expected) {
            (_, Some(beneath), Expected::Root(root)) if perfect_root(beneath) != root => {
                self.fault(path, None, "what lies beneath it is not what the tile above names");
            }
            (Some(hashes), Some(beneath), Expected::Unknown) if hashes != beneath => {
                let differs = hashes.iter().zip(beneath).position(|(a, b)| a != b);
                let at = differs.unwrap_or_default();
                self.fault(path, None, format!("its hash {at} is not that of what lies beneath"));
            }
            _ => {}
        }
        beneath
    }

    fn check_children(
        &mut self,
        tile: TilePath,
        known: Option<&Vec<LogHash>>,
    ) -> Option<Vec<LogHash>> {
        let mut derived = Vec::new();
        let mut complete = true;
        for position in 0..tile.width {
            // A checkpoint may claim more entries than any disk holds files.
            if self.audit.faults_unlisted >= FAULTS_MAX {
                return None;
            }
            let index = tile.index * u64::from(TILE_WIDTH) + u64::from(position);
            let child = TilePath { level: tile.level - 1, index, width: TILE_WIDTH };
            let hash = known.and_then(|known| known.get(usize::from(position)));
            let expected = hash.map_or(Expected::Unknown, |hash| Expected::Root(*hash));
            let hashes = self.read_tile(child);
            match self.descend(child, hashes, expected) {
                Some(hashes) => derived.push(perfect_root(&hashes)),
                None => complete = false,
            }
        }
        complete.then_some(derived)
    }

    /// Checks the entries of a bundle against the hashes of their tile where these are known, and
    /// each for what it says. Returns their hashes.
    fn check_bundle(
        &mut self,
        bundle: EntriesPath,
        known: Option<&Vec<LogHash>>,
    ) -> Option<Vec<LogHash>> {
        let (path, bytes) = self.read_bundle(bundle)?;
        let entries = match unframe(&bytes, path.width) {
            Ok(entries) => entries,
            Err(error) => {
                self.fault(LogPath::Entries(path), None, error.to_string());
                return None;
            }
        };
        let mut hashes = Vec::new();
        for (position, entry) in entries.iter().take(usize::from(bundle.width)).enumerate() {
            let index = bundle.first() + position as u64;
            let hash = leaf_hash(entry);
            self.audit.entries += 1;
            if known.and_then(|known| known.get(position)).is_some_and(|known| *known != hash) {
                let reason = "it was altered: its hash is not the one in the log";
                self.fault(LogPath::Entries(path), Some(index), reason);
            }
            self.check_entry(path, index, entry);
            hashes.push(hash);
        }
        Some(hashes)
    }

    /// The hashes of a tile; a partial one may have given way to the full one.
    pub(super) fn read_tile(&mut self, tile: TilePath) -> Option<Vec<LogHash>> {
        for stored in [tile, tile.full()] {
            let path = LogPath::Tile(stored);
            let Some(bytes) = self.read(path, TilePath::byte_len(&tile.full()))? else {
                continue;
            };
            let expected = stored.byte_len();
            if bytes.len() != expected {
                let found = bytes.len();
                self.fault(path, None, format!("it has {found} bytes, {expected} are due"));
                return None;
            }
            return tile.hashes(&bytes).ok();
        }
        self.fault(LogPath::Tile(tile), None, "it is missing");
        None
    }

    /// The bytes of a bundle with the path that they were found under.
    pub(super) fn read_bundle(&mut self, bundle: EntriesPath) -> Option<(EntriesPath, Vec<u8>)> {
        for stored in [bundle, bundle.full()] {
            if let Some(bytes) = self.read(LogPath::Entries(stored), BUNDLE_SIZE_MAX)? {
                return Some((stored, bytes));
            }
        }
        self.fault(LogPath::Entries(bundle), None, "it is missing");
        None
    }
}

/// The partial tiles of a log, largest level first, which is left to right: all other tiles lie
/// beneath them.
fn edge(size: u64) -> Vec<TilePath> {
    let mut edge: Vec<TilePath> = Vec::new();
    for (level, index) in frontier(size) {
        if let Ok(tile) = TilePath::holding(level, index, size)
            && edge.last() != Some(&tile)
        {
            edge.push(tile);
        }
    }
    edge
}

/// The root of a log from the hashes of its edge.
fn edge_root(size: u64, edge: &[TilePath], hashes: &[Option<Vec<LogHash>>]) -> Option<LogHash> {
    let mut nodes = Vec::new();
    for (level, index) in frontier(size) {
        let tile = TilePath::holding(level, index, size).ok()?;
        let at = edge.iter().position(|edge| *edge == tile)?;
        let hashes = hashes.get(at)?.as_ref()?;
        let mut bytes = Vec::with_capacity(hashes.len() * HASH_SIZE);
        hashes.iter().for_each(|hash| bytes.extend_from_slice(hash.as_bytes()));
        nodes.push(tile.hash(&bytes, level, index).ok()?);
    }
    Some(join_frontier(&nodes))
}
