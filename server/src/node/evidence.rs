//! Collecting evidence: every statement that something rests on, from the own log and from the
//! trails of others, each proven against the newest checkpoint known of its log.

use std::collections::BTreeMap;

use veritrail_provenance::{
    evidence::{
        BLOB_SIZE_MAX, Blob, ConsistencyEvidence, EVIDENCE_SIZE_MAX, EntryEvidence, Evidence,
        KnownHead, LogEvidence,
    },
    hash::StatementId,
    lineage::Lineage,
    log::checkpoint::Checkpoint,
    statement::{Origin, Statement},
};

use veritrail_storage::log::Snapshot;

use super::{Node, log::refused, resolve::Resolved};
use crate::error::{NodeError, OrKind as _, Result};

/// Earlier heads that an answer links to beyond those that were asked for: some 30 KB.
const LINKS_ADDED: u64 = 64;

/// Which of the blobs that statements name are put into evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobsInside {
    /// All that are held here and fit: manifests' heads, specs, details.
    All,
    /// None: they travel beside it.
    None,
}

/// Evidence about something, and what it is evidence of.
#[derive(Debug, Clone)]
pub struct Collected {
    /// Statements, proofs, checkpoints.
    pub evidence: Evidence,
    /// What the subject came from, as this home knows it.
    pub lineage: Lineage,
}

impl Node {
    /// Everything that shows what `resolved` rests on. `known` are heads that a reader remembers:
    /// where this home can, it proves that its checkpoint extends them.
    ///
    /// # Errors
    /// A statement that the state names is not held here; a log is damaged.
    pub async fn collect(
        &self,
        resolved: &Resolved,
        known: &[(Origin, u64)],
        blobs: BlobsInside,
    ) -> Result<Collected> {
        let lineage = self.walk(resolved)?;
        let mut wanted: BTreeMap<Origin, Vec<(u64, StatementId)>> = BTreeMap::new();
        for ((origin, index), (id, _)) in &lineage.statements {
            wanted.entry(origin.clone()).or_default().push((*index, *id));
        }
        let mut logs = Vec::new();
        for (origin, entries) in wanted {
            let sizes: Vec<u64> =
                known.iter().filter(|(o, _)| *o == origin).map(|(_, size)| *size).collect();
            let log = match origin == *self.origin() {
                true => self.own_evidence(&entries, &sizes)?,
                false => self.kept_evidence(&origin, &entries)?,
            };
            check_ids(&log, &entries)?;
            logs.push(log);
        }
        let mut evidence = Evidence { logs, blobs: Vec::new() };
        if blobs == BlobsInside::All {
            self.add_blobs(&mut evidence, &lineage).await?;
        }
        Ok(Collected { evidence, lineage })
    }

    /// Entries of the own log, as of its newest checkpoint.
    fn own_evidence(&self, wanted: &[(u64, StatementId)], known: &[u64]) -> Result<LogEvidence> {
        let log = self.snapshot()?;
        let mut entries = Vec::with_capacity(wanted.len());
        for (index, _) in wanted {
            let (bytes, proof) = log.entry_and_proof(*index).map_err(|e| refused(&e))?;
            entries.push(EntryEvidence { index: *index, bytes, proof });
        }
        let older = known.iter().copied().filter(|size| *size > 0 && *size < log.size());
        let consistency = links(&log, older)?;
        let origin = self.origin().clone();
        Ok(LogEvidence { origin, checkpoint: log.note().to_vec(), entries, consistency })
    }

    /// Adds proofs that the own log's head extends its most recent earlier ones. Whoever keeps them
    /// can place what a third party shows, who met this log at another time than he did.
    pub(super) fn add_links(&self, evidence: &mut Evidence) -> Result<()> {
        let own = self.origin();
        let Some(log) = evidence.logs.iter_mut().find(|log| log.origin == *own) else {
            return Ok(());
        };
        let (head, _) = Checkpoint::read(&log.checkpoint).or_refused()?;
        let first = head.size.saturating_sub(LINKS_ADDED).max(1);
        let sizes: Vec<u64> = (first..head.size)
            .filter(|size| log.consistency.iter().all(|link| link.old_size != *size))
            .collect();
        let snapshot = self.snapshot()?;
        if snapshot.size() != head.size {
            // Somebody appended meanwhile: the proofs would be to another head.
            return Ok(());
        }
        log.consistency.extend(links(&snapshot, sizes)?);
        log.consistency.sort_by_key(|link| link.old_size);
        Ok(())
    }

    /// Entries of another log, as of the newest checkpoint that was imported.
    fn kept_evidence(&self, origin: &Origin, wanted: &[(u64, StatementId)]) -> Result<LogEvidence> {
        let kept = self.home().parts().trails.log(origin).or_refused()?;
        let Some(mut log) = kept else {
            return Err(NodeError::could_not_check("its evidence is not held here any more")
                .at(origin)
                .hint("make the state anew: veritrail store fsck --rebuild"));
        };
        log.entries.retain(|entry| wanted.iter().any(|(index, _)| *index == entry.index));
        if let Some((index, _)) =
            wanted.iter().find(|(index, _)| log.entries.iter().all(|e| e.index != *index))
        {
            return Err(NodeError::could_not_check("the entry is not held here any more")
                .at(format!("{origin}#{index}"))
                .hint("make the state anew: veritrail store fsck --rebuild"));
        }
        Ok(log)
    }

    /// The head that this home remembers of a log.
    pub(super) fn known_head(&self, origin: &Origin) -> Result<Option<KnownHead>> {
        let note = match origin == self.origin() {
            true => Some(self.snapshot()?.note().to_vec()),
            false => {
                let kept = self.home().parts().trails.log(origin).or_refused()?;
                kept.map(|log| log.checkpoint)
            }
        };
        note.map(KnownHead::read).transpose().or_refused()
    }

    /// Puts in the blobs that are held here, the small ones first, as long as the evidence stays
    /// within its limit; whoever reads it fetches the rest by hash.
    async fn add_blobs(&self, evidence: &mut Evidence, lineage: &Lineage) -> Result<()> {
        let mut found = Vec::new();
        for id in lineage.blobs.keys() {
            let len = self.blobs().len(id).await.or_failed()?;
            if let Some(len) = len.filter(|len| *len <= BLOB_SIZE_MAX as u64) {
                found.push((len, *id));
            }
        }
        found.sort_unstable();
        let statements: usize = evidence
            .logs
            .iter()
            .flat_map(|log| &log.entries)
            .map(|entry| entry.bytes.len() + 34 * entry.proof.len() + 32)
            .sum();
        // A blob takes its bytes, its id, and a few bytes of framing.
        let mut room = (EVIDENCE_SIZE_MAX / 2).saturating_sub(statements) as u64;
        for (len, id) in found {
            let Some(left) = room.checked_sub(len + 64) else { break };
            room = left;
            if let Some(bytes) = self.held(&id).await? {
                evidence.blobs.push(Blob { id, bytes });
            }
        }
        evidence.blobs.sort_by_key(|blob| blob.id);
        Ok(())
    }
}

/// Proofs that a log extends what it was at `sizes`.
fn links(log: &Snapshot, sizes: impl IntoIterator<Item = u64>) -> Result<Vec<ConsistencyEvidence>> {
    let link = |old_size| {
        Ok(ConsistencyEvidence {
            old_size,
            old_root: log.root_at(old_size).map_err(|e| refused(&e))?,
            proof: log.consistency(old_size).map_err(|e| refused(&e))?,
        })
    };
    sizes.into_iter().map(link).collect()
}

/// What is handed out is what the state speaks of.
fn check_ids(log: &LogEvidence, wanted: &[(u64, StatementId)]) -> Result<()> {
    for (entry, (index, id)) in log.entries.iter().zip(wanted) {
        let found = Statement::decode(&entry.bytes).ok().map(|statement| *statement.id());
        if entry.index != *index || found != Some(*id) {
            return Err(NodeError::refused("another statement stands where the state knows one")
                .at(format!("{}#{index}", log.origin))
                .hint("make the state anew: veritrail store fsck --rebuild"));
        }
    }
    Ok(())
}
