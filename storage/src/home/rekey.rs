//! Keys of a home that are lost and made anew: the person's from her words, the node's and the
//! log's as new ones, which an `identity` of hers binds in the same log.
//!
//! New keys wait beside their names (`log.key.next`) until the log says that they count. What a
//! crash left of it is carried through or taken back by whoever opens the home next.

use std::sync::Arc;

use veritrail_provenance::{
    identity::{Did, Signer},
    ledger::{
        MemoryState, queries,
        rows::{IdentityRow, LogRow},
    },
    log::note::VKey,
    statement::Origin,
};

use super::{HomeError, parts::make_missing};
use crate::{
    disk::{Disk, DiskPath},
    keys::{KeyFiles, KeyName, KeySet, Seed},
    log::{LogError, LogPlace, Unkeyed},
};

/// The keys that every home has, in the order in which they are put in place.
const ALL: [KeyName; 3] = [KeyName::Person, KeyName::Node, KeyName::Log];

/// A home that is held for its lost keys to be made anew; its log is sound and signed by a key that
/// its operator bound.
#[derive(Debug)]
pub struct Rekey {
    disk: Arc<dyn Disk>,
    folder: DiskPath,
    log: Unkeyed,
    /// None where a copy of the home came without them.
    keys: Option<KeyFiles>,
    bound: Bound,
    lost: Vec<KeyName>,
}

impl Rekey {
    /// Holds the log of a home with its keys in `folder`, and sees which are lost. Blocks.
    pub(super) fn begin(disk: Arc<dyn Disk>, folder: DiskPath) -> Result<Self, HomeError> {
        let keys = match disk.metadata(&folder)? {
            Some(_) => Some(KeyFiles::open(disk.clone(), folder.clone())?),
            None => None,
        };
        if let Some(keys) = &keys {
            settle_interrupted(&disk, keys)?;
        }
        let log = Unkeyed::hold(disk.clone(), LogPlace::default())?;
        let bound = Bound::under_head(&log)?;
        let mut lost = Vec::new();
        for name in ALL {
            let there = keys.as_ref().map(|keys| keys.has(&name)).transpose()?;
            if there != Some(true) {
                lost.push(name);
            }
        }
        Ok(Self { disk, folder, log, keys, bound, lost })
    }

    /// The log's name, which stays.
    pub fn origin(&self) -> &Origin {
        self.log.origin()
    }

    /// Whose words bring the home back.
    pub fn operator(&self) -> &Did {
        &self.bound.log.operator
    }

    /// What binds the operator now.
    pub fn identity(&self) -> &IdentityRow {
        &self.bound.identity
    }

    /// The keys that are lost.
    pub fn lost(&self) -> &[KeyName] {
        &self.lost
    }

    /// The keys that the home is to have: those that are there, the person's, and new ones.
    pub fn new_keys(&self, person: Seed) -> Result<KeySet, HomeError> {
        let node = self.kept_or_new(&KeyName::Node)?;
        Ok(KeySet { person, node, log: self.kept_or_new(&KeyName::Log)? })
    }

    /// Puts the keys in the place of those that are lost. `binding` is the operator's `identity` of
    /// node and log, where one of these is new. All of it is durable on return; if it fails, the
    /// home is as it was, or is brought to its end when it is opened next. Blocks.
    pub fn finish(self, keys: &KeySet, binding: Option<Vec<u8>>) -> Result<(), HomeError> {
        let of = |name: &KeyName| match name {
            KeyName::Node => &keys.node,
            KeyName::Log => &keys.log,
            KeyName::Person | KeyName::Member(_) => &keys.person,
        };
        let Self { disk, folder, log, keys: files, lost, .. } = self;
        make_missing(&disk)?;
        let files = match files {
            Some(files) => files,
            None => {
                let files = KeyFiles::create(disk.clone(), folder)?;
                disk.fsync_dir(&DiskPath::ROOT)?;
                files
            }
        };
        let Some(binding) = binding else {
            return Ok(lost.iter().try_for_each(|name| files.write(name, of(name)))?);
        };
        let bound = Bound::with_pending(&log, std::slice::from_ref(&binding))?;
        for name in ALL {
            if !bound.binds(log.origin(), &name, of(&name))? {
                return Err(HomeError::NotBound { key: name });
            }
        }
        for name in &lost {
            files.write_next(name, of(name))?;
        }
        // Their names too, before the log asks for them.
        files.sync()?;
        let bound = log.take_over(&keys.log.signer(), vec![binding]).map(drop);
        drop(log);
        // What was decided before it failed is decided, and is carried through or waits for the next
        // who opens the home. The first error is the one that matters.
        let settled = settle_interrupted(&disk, &files);
        bound.map_err(HomeError::from).and(settled)
    }

    fn kept_or_new(&self, name: &KeyName) -> Result<Seed, HomeError> {
        Ok(match &self.keys {
            Some(keys) if !self.lost.contains(name) => keys.read(name)?,
            _ => Seed::generate()?,
        })
    }
}

/// Brings to its end what was interrupted, if anything was: the new keys come into their place if
/// the log binds them, and go if it does not. Blocks while another process is at it.
pub(super) fn settle_interrupted(disk: &Arc<dyn Disk>, keys: &KeyFiles) -> Result<(), HomeError> {
    if keys.waiting(&ALL)?.is_empty() && !keys.has_half_written()? {
        return Ok(());
    }
    // Nobody is at it any more.
    let log = Unkeyed::hold(disk.clone(), LogPlace::default())?;
    keys.remove_half_written()?;
    settle_next(&log, keys)
}

fn settle_next(log: &Unkeyed, keys: &KeyFiles) -> Result<(), HomeError> {
    let waiting = keys.waiting(&ALL)?;
    if waiting.iter().all(|name| *name == KeyName::Person) {
        // It waits for those of node and log, and gets its name before them: nothing was decided.
        return Ok(keys.remove_next(&waiting)?);
    }
    let bound = Bound::with_pending(log, &[])?;
    for name in &waiting {
        if !bound.binds(log.origin(), name, &keys.read_next(name)?)? {
            return Ok(keys.remove_next(&waiting)?);
        }
    }
    let log_key = match waiting.contains(&KeyName::Log) {
        true => keys.read_next(&KeyName::Log)?,
        false => keys.read(&KeyName::Log)?,
    };
    log.take_over(&log_key.signer(), Vec::new())?;
    Ok(keys.promote(&waiting)?)
}

/// What a log says of its operator.
#[derive(Debug)]
struct Bound {
    log: LogRow,
    identity: IdentityRow,
}

impl Bound {
    /// As of the head, which a key that the operator binds there must have signed.
    fn under_head(log: &Unkeyed) -> Result<Self, HomeError> {
        let bound = Self::of(log.origin(), &log.entries()?)?;
        let keys: Vec<VKey> = bound.log.keys.iter().map(|key| key.vkey.clone()).collect();
        log.is_signed_by(&keys)?;
        Ok(bound)
    }

    /// As of what was decided last, and of `more` behind that.
    fn with_pending(log: &Unkeyed, more: &[Vec<u8>]) -> Result<Self, HomeError> {
        let mut entries = log.entries()?;
        entries.extend_from_slice(log.pending());
        entries.extend_from_slice(more);
        Self::of(log.origin(), &entries)
    }

    /// Whether this key is what the operator binds as `name`.
    fn binds(&self, origin: &Origin, name: &KeyName, seed: &Seed) -> Result<bool, HomeError> {
        let signer = seed.signer();
        let did = Did::of_key(signer.public_key());
        Ok(match name {
            KeyName::Node => self.identity.node == did,
            KeyName::Person | KeyName::Member(_) => self.log.operator == did,
            KeyName::Log => {
                let vkey = VKey::ed25519(origin.as_str(), signer.public_key());
                self.identity.vkeys.contains(&vkey.map_err(LogError::from)?)
            }
        })
    }

    fn of(origin: &Origin, entries: &[Vec<u8>]) -> Result<Self, HomeError> {
        let mut state = MemoryState::new();
        state.fold(origin, (0..).zip(entries.iter().map(|entry| &entry[..])))?;
        let log = queries::log(&state, origin)?.ok_or(LogError::NotFound)?;
        let identity = queries::identity(&state, origin, &log.operator)?;
        Ok(Self { identity: identity.ok_or(LogError::NotFound)?, log })
    }
}
