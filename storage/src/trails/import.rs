//! Taking evidence in: every proof is checked again, then joined with what is known of the log.

use veritrail_provenance::{
    evidence::{ConsistencyEvidence, InconsistentPair, LogEvidence, MergeError},
    log::{checkpoint::Checkpoint, note::VKey},
};

use super::{TrailError, Trails};

/// How evidence relates to what was known of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// Nothing was known of the log.
    FirstContact,
    /// The head was known; so many entries are new.
    Same {
        /// Entries that were not known.
        added: usize,
    },
    /// The head extends the known one.
    Extended {
        /// Entries that were not known.
        added: usize,
        /// Size of the head that was known.
        from: u64,
    },
    /// The head is older than the known one, and known to be extended by it.
    Older {
        /// Entries that were not known.
        added: usize,
    },
    /// Neither head is shown to extend the other: the evidence is kept apart and not folded.
    Apart,
}

impl Trails {
    /// Takes in what is shown of one log, durably. Its head must be signed by one of `keys`, which
    /// the caller knows to speak for the log. Fails as [`TrailError::Inconsistent`] where the log
    /// convicts itself; the pair is then kept. After anything but [`Imported::Apart`] the log is
    /// to be folded again. Blocks.
    pub fn import(&self, shown: &LogEvidence, keys: &[VKey]) -> Result<Imported, TrailError> {
        let head = check(shown, keys)?;
        let _lock = self.lock()?;
        let Some(known) = self.log(&shown.origin)? else {
            self.write(shown)?;
            return Ok(Imported::FirstContact);
        };
        let known_head = read_head(&known)?;
        if let Some(pair) = conviction(&known, &known_head, shown, &head) {
            let kept = self.keep_pair(&pair)?;
            return Err(TrailError::Inconsistent { origin: pair.origin, kept });
        }
        let Some(joined) = merge(&known, shown)? else {
            self.keep_apart(shown)?;
            return Ok(Imported::Apart);
        };
        let added = joined.entries.len().saturating_sub(known.entries.len());
        self.write_with_apart(joined)?;
        Ok(match head.size.cmp(&known_head.size) {
            std::cmp::Ordering::Equal => Imported::Same { added },
            std::cmp::Ordering::Greater => Imported::Extended { added, from: known_head.size },
            std::cmp::Ordering::Less => Imported::Older { added },
        })
    }

    /// Writes what is known, joined with what was apart and is now shown consistent with it.
    fn write_with_apart(&self, mut joined: LogEvidence) -> Result<(), TrailError> {
        let mut placed = Vec::new();
        for apart in self.apart(&joined.origin)? {
            if let Ok(more) = joined.merge(&apart) {
                joined = more;
                placed.push(apart);
            }
        }
        self.write(&joined)?;
        placed.iter().try_for_each(|apart| self.remove_apart(apart))
    }
}

/// Checks the head's signature, and every proof against it.
fn check(log: &LogEvidence, keys: &[VKey]) -> Result<Checkpoint, TrailError> {
    let origin = log.origin.clone();
    let (head, _) = Checkpoint::open(&log.checkpoint, keys)
        .map_err(|source| TrailError::Checkpoint { origin: origin.clone(), source })?;
    if head.origin != origin {
        return Err(TrailError::OtherLog { origin, found: head.origin });
    }
    // Joining checks every proof of both sides.
    match log.merge(log) {
        Ok(_) => Ok(head),
        Err(source) => Err(TrailError::Merge { origin, source }),
    }
}

/// None if neither head is shown to extend the other.
fn merge(known: &LogEvidence, shown: &LogEvidence) -> Result<Option<LogEvidence>, TrailError> {
    match known.merge(shown) {
        Ok(joined) => Ok(Some(joined)),
        Err(MergeError::NotShown { .. }) => Ok(None),
        Err(source) => Err(TrailError::Merge { origin: known.origin.clone(), source }),
    }
}

/// Two heads that cannot both be true: other roots at one size, or a newer head that is shown to
/// extend another head than the older one. Both are signed, so the log has convicted itself.
fn conviction(
    known: &LogEvidence,
    known_head: &Checkpoint,
    shown: &LogEvidence,
    shown_head: &Checkpoint,
) -> Option<InconsistentPair> {
    let pair = |first: &LogEvidence, second: &LogEvidence, link| InconsistentPair {
        origin: known.origin.clone(),
        first: first.checkpoint.clone(),
        second: second.checkpoint.clone(),
        link,
    };
    if known_head.size == shown_head.size {
        return (known_head.root != shown_head.root).then(|| pair(known, shown, None));
    }
    let (older, older_head, newer) = match known_head.size < shown_head.size {
        true => (known, known_head, shown),
        false => (shown, shown_head, known),
    };
    let contradicts =
        |c: &&ConsistencyEvidence| c.old_size == older_head.size && c.old_root != older_head.root;
    let link = newer.consistency.iter().find(contradicts)?;
    Some(pair(older, newer, Some(link.clone())))
}

fn read_head(log: &LogEvidence) -> Result<Checkpoint, TrailError> {
    match Checkpoint::read(&log.checkpoint) {
        Ok((head, _)) => Ok(head),
        Err(source) => Err(TrailError::Checkpoint { origin: log.origin.clone(), source }),
    }
}
