//! Carrying out an intent: entries, tiles, and last the signed checkpoint.
//!
//! It can be done again at any time with the same result, so a crash anywhere within it is
//! repaired by doing it again.

use std::collections::{BTreeMap, BTreeSet};

use veritrail_provenance::{
    hash::LogHash,
    identity::Signer,
    log::{
        checkpoint::Checkpoint,
        entries,
        tile::{EntriesPath, TILE_HEIGHT, TILE_WIDTH, TilePath, entries_between, tiles_between},
        tree::leaf_hash,
    },
    statement::Origin,
};

use super::{
    LogError,
    files::Files,
    intent::{Head, Intent},
};
use crate::disk::{
    Access, Created, Disk, DiskError, DiskPath, Kind, OpenFor, put_durable, replace_unsynced,
};

/// What may already have been done of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing: it was decided just now.
    Nothing,
    /// Any part, by a process that may have died before it synced.
    Anything,
}

/// Does all that an intent asks for, durably. Refuses if the log's tiles do not have the root that
/// the intent starts from, or would not get the root that it decided on.
pub(super) fn settle(
    files: &Files,
    origin: &Origin,
    signer: &dyn Signer,
    intent: &Intent,
    before: Before,
) -> Result<Vec<u8>, LogError> {
    let mut range = files.range(intent.old.size, intent.old.size)?;
    if Head::of(&range) != intent.old {
        return Err(LogError::Damaged { place: "tile".into(), size: intent.old.size });
    }
    let mut new_hashes = BTreeMap::new();
    for entry in &intent.entries {
        range.append_with(leaf_hash(entry), |level, index, hash| {
            if level % TILE_HEIGHT == 0 {
                new_hashes.insert((level / TILE_HEIGHT, index), *hash);
            }
        })?;
    }
    if Head::of(&range) != intent.new {
        return Err(LogError::IntentDamaged);
    }
    let mut writing = Writing { files, before, unsynced: BTreeSet::new() };
    for path in entries_between(intent.old.size, intent.new.size) {
        writing.file(&path.path(), &bundle(files, &path, intent)?)?;
    }
    for tile in tiles_between(intent.old.size, intent.new.size) {
        writing.file(&tile.path(), &tile_bytes(files, &tile, intent.old.size, &new_hashes)?)?;
    }
    writing.sync()?;
    let Head { size, root } = intent.new;
    let checkpoint = Checkpoint { origin: origin.clone(), size, root };
    let note = match published(files, &checkpoint, before)? {
        // Kept as it is: others may have cosigned it. Its name may lack a sync.
        Some(note) => {
            files.disk.fsync_dir(&files.folder)?;
            note
        }
        None => {
            let note = checkpoint.sign(signer)?.to_bytes();
            put_durable(&*files.disk, &files.checkpoint_path()?, &note, Access::Shared)?;
            note
        }
    };
    // The head is out: what follows is tidying, which the next settling does again.
    drop(remove_superseded(files, intent));
    Ok(note)
}

/// The note that stands, if it is this head's already.
fn published(
    files: &Files,
    checkpoint: &Checkpoint,
    before: Before,
) -> Result<Option<Vec<u8>>, LogError> {
    if before == Before::Nothing {
        return Ok(None);
    }
    let note = files.checkpoint()?;
    let (found, _) = Checkpoint::read(&note)?;
    Ok((found == *checkpoint).then_some(note))
}

/// The bundle's entries: those of the old log, then the intent's.
fn bundle(files: &Files, path: &EntriesPath, intent: &Intent) -> Result<Vec<u8>, LogError> {
    let first = path.first();
    let old = intent.old.size.saturating_sub(first).min(u64::from(path.width));
    let mut entries = match u16::try_from(old).unwrap_or(0) {
        0 => Vec::new(),
        width => files.bundle(&EntriesPath::new(path.index, width)?)?,
    };
    let skip = (first + old).saturating_sub(intent.old.size);
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let wanted = usize::from(path.width).saturating_sub(entries.len());
    entries.extend(intent.entries.iter().skip(skip).take(wanted).cloned());
    Ok(entries::frame(&entries)?)
}

/// The tile's hashes: those of the old log, then the new ones.
fn tile_bytes(
    files: &Files,
    tile: &TilePath,
    old_size: u64,
    new_hashes: &BTreeMap<(u8, u64), LogHash>,
) -> Result<Vec<u8>, LogError> {
    let first = tile.index * u64::from(TILE_WIDTH);
    let old = old_size >> (u32::from(tile.level) * u32::from(TILE_HEIGHT));
    let old = old.saturating_sub(first).min(u64::from(tile.width));
    let mut hashes = match u16::try_from(old).unwrap_or(0) {
        0 => Vec::new(),
        width => {
            let old_tile = TilePath::new(tile.level, tile.index, width)?;
            old_tile.hashes(&files.tile(&old_tile)?)?
        }
    };
    for index in first + old..first + u64::from(tile.width) {
        hashes.extend(new_hashes.get(&(tile.level, index)));
    }
    if hashes.len() != usize::from(tile.width) {
        return Err(LogError::Damaged { place: tile.path(), size: old_size });
    }
    Ok(hashes.iter().flat_map(|hash| *hash.as_bytes()).collect())
}

/// Files on their way to the disk.
struct Writing<'a> {
    files: &'a Files,
    before: Before,
    /// Folders in which names changed, or may have been changed by a process that died.
    unsynced: BTreeSet<DiskPath>,
}

impl Writing<'_> {
    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), LogError> {
        let disk = &*self.files.disk;
        let path = self.files.folder.join(name)?;
        self.folders(name)?;
        if self.before == Before::Anything && holds(disk, &path, bytes)? {
            // Its name is there, but it may have come there without a sync of the folder.
            self.unsynced.insert(path.parent());
            return Ok(());
        }
        replace_unsynced(disk, &path, bytes, Access::Shared)?;
        self.unsynced.insert(path.parent());
        Ok(())
    }

    /// Makes the folders on the way to `name`, below `tile`, which was made with the log.
    fn folders(&mut self, name: &str) -> Result<(), LogError> {
        let tile = self.files.tile_folder()?;
        let mut path = self.files.folder.clone();
        let mut parts = name.split('/').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                break;
            }
            let parent = path.clone();
            path = path.join(part)?;
            if path == tile {
                continue;
            }
            let made = self.files.disk.create_dir(&path, Access::Shared)?;
            if made == Created::New || self.before == Before::Anything {
                self.unsynced.insert(parent);
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), LogError> {
        for folder in &self.unsynced {
            self.files.disk.fsync_dir(folder)?;
        }
        self.unsynced.clear();
        Ok(())
    }
}

/// True if the file is there with these bytes. A name is only ever given to synced bytes.
fn holds(disk: &dyn Disk, path: &DiskPath, bytes: &[u8]) -> Result<bool, DiskError> {
    match disk.metadata(path)? {
        Some(m) if m.kind == Kind::File && m.len == bytes.len() as u64 => {}
        _ => return Ok(false),
    }
    let mut old = vec![0; bytes.len()];
    disk.open(path, OpenFor::Reading)?.read_at(0, &mut old)?;
    Ok(old == bytes)
}

/// Partial files may go once the full one is published; otherwise every append would leave a copy
/// of its bundle for good. Nothing depends on it, so nothing is synced.
fn remove_superseded(files: &Files, intent: &Intent) -> Result<(), LogError> {
    let (old, new) = (intent.old.size, intent.new.size);
    let tiles = tiles_between(old, new).filter(|t| t.width == TILE_WIDTH).map(|t| t.path());
    let bundles = entries_between(old, new).filter(|b| b.width == TILE_WIDTH).map(|b| b.path());
    for full in tiles.chain(bundles) {
        let folder = files.folder.join(&format!("{full}.p"))?;
        match files.disk.list(&folder) {
            Err(DiskError::NotFound { .. }) => {}
            Err(e) => return Err(e.into()),
            Ok(names) => {
                for name in names {
                    files.disk.unlink(&folder.join(&name)?)?;
                }
            }
        }
    }
    Ok(())
}
