//! What the facts of a lineage need besides themselves: bindings, geneses, verdicts, blobs.

use super::{Found, Walk};
use crate::hash::{ChunkId, StatementId};
use crate::identity::Did;
use crate::ledger::queries;
use crate::ledger::rows::At;
use crate::lineage::{BlobKind, BlobUse, Edge, LineageError, Node, Relation, STATEMENTS_MAX, Why};
use crate::statement::Origin;

impl Walk<'_> {
    pub(super) fn need_dataset(&mut self, origin: &Origin, dataset: &Did) -> Found<()> {
        let Some(row) = queries::dataset(self.view, origin, dataset)? else { return Ok(()) };
        self.need(origin, row.genesis, Why::Genesis)?;
        for fork in &row.forks {
            self.need(origin, *fork, Why::Fork)?;
            self.lineage.forks.insert((origin.clone(), fork.index));
        }
        for other in queries::datasets(self.view, dataset)? {
            if other.origin != *origin {
                self.need(&other.origin, other.row.genesis, Why::Fork)?;
                self.need_log(&other.origin)?;
                self.lineage.forks.insert((other.origin, other.row.genesis.index));
            }
        }
        self.need_newer(origin, dataset.as_str())
    }

    pub(super) fn need_verdicts(&mut self, run: usize, id: &StatementId) -> Found<()> {
        for verdict in queries::verdicts(self.view, id)? {
            // A verdict is an opinion: what is open about its signer keeps nothing else open.
            self.need(&verdict.origin, verdict.row.at, Why::Verdict)?;
            self.need_log(&verdict.origin)?;
            self.need_identity(&verdict.origin, &verdict.row.iss)?;
            let from = self.lineage.nodes.len();
            self.lineage.nodes.push(Node::Verdict {
                origin: verdict.origin,
                at: verdict.row.at,
                outcome: verdict.row.payload.outcome,
                signer: verdict.row.iss,
            });
            self.lineage.edges.push(Edge { from, to: run, relation: Relation::Judges });
        }
        Ok(())
    }

    /// What binds a signer to a log: its first and its newest identity there, and entry 0.
    pub(super) fn need_binding(&mut self, origin: &Origin, signer: &Did) -> Found<()> {
        self.need_log(origin)?;
        self.need_newer(origin, signer.as_str())?;
        // What a signer says of itself elsewhere counts too; what strangers say of it does not.
        for newer in queries::newer_anywhere(self.view, signer.as_str())? {
            if newer.row.iss == *signer && newer.origin != *origin {
                self.need(&newer.origin, newer.row.at, Why::Newer)?;
                self.need_log(&newer.origin)?;
                self.lineage.newer.insert((newer.origin, newer.row.at.index));
            }
        }
        self.need_identity(origin, signer)
    }

    fn need_log(&mut self, origin: &Origin) -> Found<()> {
        let Some(log) = queries::log(self.view, origin)? else { return Ok(()) };
        self.need(origin, At { index: 0, id: log.first }, Why::Binding)?;
        self.need_identity(origin, &log.operator)
    }

    pub(super) fn need_identity(&mut self, origin: &Origin, did: &Did) -> Found<()> {
        let Some(row) = queries::identity(self.view, origin, did)? else { return Ok(()) };
        self.need(origin, row.at, Why::Binding)?;
        if let Some(claims) = self.entry(origin, row.since)?.claims {
            self.need(origin, At { index: row.since, id: claims.id }, Why::Binding)?;
        }
        Ok(())
    }

    pub(super) fn need_newer(&mut self, origin: &Origin, subject: &str) -> Found<()> {
        for newer in queries::newer(self.view, origin, subject)? {
            self.need(origin, newer.at, Why::Newer)?;
            self.lineage.newer.insert((origin.clone(), newer.at.index));
        }
        Ok(())
    }

    pub(super) fn need(&mut self, origin: &Origin, at: At, why: Why) -> Found<()> {
        let place = (origin.clone(), at.index);
        let needed = self.lineage.statements.entry(place).or_insert((at.id, Default::default()));
        needed.1.insert(why);
        if self.lineage.statements.len() > STATEMENTS_MAX {
            return Err(LineageError::TooLarge);
        }
        Ok(())
    }

    pub(super) fn need_blob(&mut self, id: ChunkId, kind: BlobKind, named_by: &(Origin, u64)) {
        let named = BlobUse { kind, named_by: named_by.clone() };
        self.lineage.blobs.entry(id).or_default().insert(named);
    }
}
