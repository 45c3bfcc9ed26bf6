//! Joining what was kept of a log with what arrives of it: one head, every entry proven against it.

use std::collections::BTreeMap;

use super::{ConsistencyEvidence, EntryEvidence, LogEvidence};
use crate::hash::LogHash;
use crate::log::checkpoint::{Checkpoint, CheckpointError};
use crate::log::known::KnownRanges;
use crate::log::proof::{ProofError, verify_consistency, verify_inclusion};
use crate::log::tree::leaf_hash;
use crate::statement::Origin;

/// Why two pieces of evidence about a log cannot be joined. None of these convicts the log: see
/// [`super::InconsistentPair`] for that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A checkpoint that is none.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// They are of different logs.
    #[error("evidence of log {0} cannot be joined with evidence of log {1}")]
    OtherLog(Origin, Origin),
    /// A proof does not verify.
    #[error("{place}: {source}")]
    Proof {
        /// Which.
        place: String,
        /// What is wrong with it.
        source: ProofError,
    },
    /// Nothing shows that the newer head extends the older one.
    #[error("nothing shows that the head of {new} entries extends that of {old}")]
    NotShown {
        /// Entries of the older head.
        old: u64,
        /// Entries of the newer head.
        new: u64,
    },
    /// Two heads or entries of which at most one is the log's.
    #[error("{0} is not the same in both")]
    Contradiction(String),
}

impl LogEvidence {
    /// All that `self` and `other` show of a log, against the larger of their heads. Neither has
    /// to be checked before: every proof is verified here, signatures and statements are not.
    ///
    /// # Errors
    /// A proof does not verify, or no proof in either leads from the smaller head to the larger.
    pub fn merge(&self, other: &Self) -> Result<Self, MergeError> {
        if self.origin != other.origin {
            return Err(MergeError::OtherLog(self.origin.clone(), other.origin.clone()));
        }
        let (mine, _) = Checkpoint::read(&self.checkpoint)?;
        let (theirs, _) = Checkpoint::read(&other.checkpoint)?;
        let (old, new, head) = match mine.size <= theirs.size {
            true => (&mine, &theirs, other),
            false => (&theirs, &mine, self),
        };
        if old.size == new.size && old.root != new.root {
            return Err(MergeError::Contradiction(format!("the head of {} entries", old.size)));
        }
        let mut known = KnownRanges::new();
        let mut entries = BTreeMap::new();
        let mut earlier = BTreeMap::new();
        for (evidence, at) in [(self, &mine), (other, &theirs)] {
            learn(&mut known, &mut entries, &mut earlier, evidence, at)?;
        }
        let joined = old.size == 0
            || old.size == new.size
            || head.consistency.iter().any(|c| c.old_size == old.size && c.old_root == old.root);
        if !joined {
            return Err(MergeError::NotShown { old: old.size, new: new.size });
        }
        if old.size > 0 && old.size < new.size {
            earlier.insert(old.size, old.root);
        }
        Ok(Self {
            origin: self.origin.clone(),
            checkpoint: head.checkpoint.clone(),
            entries: proven(&known, entries, new)?,
            consistency: linked(&known, earlier, new),
        })
    }
}

/// Takes over what one piece of evidence proves.
fn learn(
    known: &mut KnownRanges,
    entries: &mut BTreeMap<u64, Vec<u8>>,
    earlier: &mut BTreeMap<u64, LogHash>,
    evidence: &LogEvidence,
    at: &Checkpoint,
) -> Result<(), MergeError> {
    let wrong = |place: String| move |source| MergeError::Proof { place, source };
    let Checkpoint { size, root, .. } = at;
    for entry in &evidence.entries {
        let place = format!("{}#{}, proof", evidence.origin, entry.index);
        let leaf = leaf_hash(&entry.bytes);
        known
            .learn_inclusion(entry.index, *size, &leaf, &entry.proof, root)
            .map_err(wrong(place))?;
        let before = entries.insert(entry.index, entry.bytes.clone());
        if before.is_some_and(|before| before != entry.bytes) {
            let place = format!("{}#{}", evidence.origin, entry.index);
            return Err(MergeError::Contradiction(place));
        }
    }
    for link in &evidence.consistency {
        let place = format!("{}, consistency from size {}", evidence.origin, link.old_size);
        known
            .learn_consistency(link.old_size, *size, &link.old_root, root, &link.proof)
            .map_err(wrong(place))?;
        let before = earlier.insert(link.old_size, link.old_root);
        if before.is_some_and(|before| before != link.old_root) {
            let place = format!("the head of {} entries", link.old_size);
            return Err(MergeError::Contradiction(place));
        }
    }
    Ok(())
}

/// Every entry with its proof at the newer head. What follows from verified proofs verifies; it
/// is checked all the same, since a mistake here would be kept.
fn proven(
    known: &KnownRanges,
    entries: BTreeMap<u64, Vec<u8>>,
    head: &Checkpoint,
) -> Result<Vec<EntryEvidence>, MergeError> {
    let mut proven = Vec::with_capacity(entries.len());
    for (index, bytes) in entries {
        let not_shown = MergeError::NotShown { old: index + 1, new: head.size };
        let proof = known.inclusion(index, head.size).ok_or(not_shown)?;
        verify_inclusion(index, head.size, &leaf_hash(&bytes), &proof, &head.root)
            .map_err(|source| MergeError::Proof { place: format!("entry {index}"), source })?;
        proven.push(EntryEvidence { index, bytes, proof });
    }
    Ok(proven)
}

/// The earlier heads that the newer one is known to extend, the newest [`super::CONSISTENCY_MAX`].
fn linked(
    known: &KnownRanges,
    earlier: BTreeMap<u64, LogHash>,
    head: &Checkpoint,
) -> Vec<ConsistencyEvidence> {
    let link = |(old_size, old_root): (u64, LogHash)| {
        let proof = known.consistency(old_size, head.size)?;
        verify_consistency(old_size, head.size, &old_root, &head.root, &proof).ok()?;
        Some(ConsistencyEvidence { old_size, old_root, proof })
    };
    let before = earlier.into_iter().filter(|(size, _)| *size > 0 && *size < head.size);
    let mut links: Vec<_> = before.rev().filter_map(link).take(super::CONSISTENCY_MAX).collect();
    links.reverse();
    links
}
