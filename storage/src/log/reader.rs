//! Reading a log as of one checkpoint, every entry checked against the signed root.

use std::{ops::Range, sync::Arc};

use veritrail_provenance::{
    hash::LogHash,
    log::{
        checkpoint::Checkpoint,
        note::VKey,
        proof::{self, ProveError, verify_inclusion},
        tile::{EntriesPath, TILE_WIDTH, TilePath},
        tree::{CompactRange, leaf_hash},
    },
    statement::Origin,
};

use super::{
    LogError,
    files::{Files, unreadable},
};
use crate::disk::{Disk, DiskError, DiskPath};

/// Reads a log's folder, while others may append to it. Every call blocks.
#[derive(Clone, Debug)]
pub struct Reader {
    files: Files,
    origin: Origin,
    keys: Vec<VKey>,
}

impl Reader {
    /// For the log `origin` in `folder`, whose checkpoints are signed by one of `keys`.
    pub fn new(disk: Arc<dyn Disk>, folder: DiskPath, origin: Origin, keys: Vec<VKey>) -> Self {
        Self { files: Files { disk, folder }, origin, keys }
    }

    /// The log as of its newest checkpoint, whose signature is checked.
    pub fn snapshot(&self) -> Result<Snapshot, LogError> {
        let note = self.files.checkpoint()?;
        let (checkpoint, _) = Checkpoint::open(&note, &self.keys)?;
        if checkpoint.origin != self.origin {
            let place = format!("the checkpoint (of log `{}`)", checkpoint.origin);
            return Err(LogError::Damaged { place, size: checkpoint.size });
        }
        Ok(Snapshot { files: self.files.clone(), checkpoint, note })
    }

    /// Name of the log.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A tile's bytes as they stand, for whoever checks them himself; the full tile may come
    /// where a partial one is asked for.
    pub fn tile(&self, tile: &TilePath) -> Result<Vec<u8>, LogError> {
        Ok(self.files.tile(tile)?)
    }
}

/// A log as of one checkpoint: it does not change when others append.
#[derive(Clone, Debug)]
pub struct Snapshot {
    files: Files,
    checkpoint: Checkpoint,
    note: Vec<u8>,
}

impl Snapshot {
    /// A head whose signature is somebody else's affair.
    pub(super) fn unchecked(files: Files, checkpoint: Checkpoint, note: Vec<u8>) -> Self {
        Self { files, checkpoint, note }
    }

    /// Origin, size and root.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signed note, as it stands.
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// Entries of the log.
    pub fn size(&self) -> u64 {
        self.checkpoint.size
    }

    /// One entry, checked by its inclusion proof. Reads one bundle and a few tiles.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, LogError> {
        Ok(self.entry_and_proof(index)?.0)
    }

    /// One entry and its inclusion proof for this checkpoint, checked.
    pub fn entry_and_proof(&self, index: u64) -> Result<(Vec<u8>, Vec<LogHash>), LogError> {
        let size = self.size();
        if index >= size {
            return Err(LogError::NoEntry { index, size });
        }
        let path = EntriesPath::holding(index, size)?;
        let position = usize::try_from(index - path.first()).unwrap_or(usize::MAX);
        let bundle = self.bundle(&path)?;
        let entry = bundle.into_iter().nth(position).ok_or(LogError::NoEntry { index, size })?;
        let proof = self.inclusion(index)?;
        let root = &self.checkpoint.root;
        match verify_inclusion(index, size, &leaf_hash(&entry), &proof, root) {
            Ok(()) => Ok((entry, proof)),
            Err(_) => Err(self.damaged(format!("entry {index} ({})", path.path()))),
        }
    }

    /// Entries in order, checked. All of them cost one hash each, as the whole log is hashed; a
    /// part costs a proof each.
    pub fn entries(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, LogError> {
        if range != (0..self.size()) {
            return range.map(|index| self.entry(index)).collect();
        }
        let mut tree = CompactRange::new();
        let mut entries = Vec::new();
        for path in self.bundles() {
            for entry in self.bundle(&path?)? {
                tree.append(leaf_hash(&entry))?;
                entries.push(entry);
            }
        }
        match tree.root() == self.checkpoint.root {
            true => Ok(entries),
            false => Err(self.damaged("tile/entries".into())),
        }
    }

    /// The inclusion proof of an entry. Made from tiles as they stand: it verifies or it does not.
    pub fn inclusion(&self, index: u64) -> Result<Vec<LogHash>, LogError> {
        proof::inclusion(&mut self.files.hashes(self.size()), index, self.size()).map_err(|e| {
            match e {
                ProveError::Read(e) => unreadable(e, self.size()),
                _ => LogError::NoEntry { index, size: self.size() },
            }
        })
    }

    /// The proof that this log begins with the log of `old` entries.
    pub fn consistency(&self, old: u64) -> Result<Vec<LogHash>, LogError> {
        self.consistency_between(old, self.size())
    }

    /// The proof that this log at `new` entries began with the log of `old` entries.
    pub fn consistency_between(&self, old: u64, new: u64) -> Result<Vec<LogHash>, LogError> {
        let size = self.size();
        if new > size {
            return Err(LogError::NoEntry { index: new, size });
        }
        proof::consistency(&mut self.files.hashes(size), old, new).map_err(|e| match e {
            ProveError::Read(e) => unreadable(e, size),
            _ => LogError::NoEntry { index: old, size },
        })
    }

    /// The root this log had at `size` entries, from its tiles.
    pub fn root_at(&self, size: u64) -> Result<LogHash, LogError> {
        if size > self.size() {
            return Err(LogError::NoEntry { index: size, size: self.size() });
        }
        Ok(self.files.range(size, self.size())?.root())
    }

    fn bundles(&self) -> impl Iterator<Item = Result<EntriesPath, LogError>> {
        let size = self.size();
        let firsts = (0..size).step_by(usize::from(TILE_WIDTH));
        firsts.map(move |first| Ok(EntriesPath::holding(first, size)?))
    }

    fn bundle(&self, path: &EntriesPath) -> Result<Vec<Vec<u8>>, LogError> {
        match self.files.bundle(path) {
            Err(LogError::Disk(DiskError::NotFound { .. }) | LogError::Entries(_)) => {
                Err(self.damaged(path.path()))
            }
            bundle => bundle,
        }
    }

    fn damaged(&self, place: String) -> LogError {
        LogError::Damaged { place, size: self.size() }
    }
}
