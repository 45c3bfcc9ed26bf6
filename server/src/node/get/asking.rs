//! The conversations of a get: with the node of a ticket, or with those that something is known
//! from, one after the other.

use std::sync::Arc;

use veritrail_provenance::{hash::ChunkId, lineage::BlobKind};
use veritrail_storage::{blob::Blobs, peer::endpoint::NodeAddress};

use super::{
    Content, FirstContact, GetRequest, Whole, bytes_of, checked, session::Session, subject,
};
use crate::{
    error::{Kind, NodeError, Result},
    node::{
        Node,
        counted::counted,
        import::Accepted,
        private::same_access,
        resolve::{Bytes, Resolved},
        sources::{Asked, Sought, nobody_gave},
        ticket,
    },
    progress::Progress,
};

impl Node {
    /// Asks the nodes that `resolved` is known from, one after the other; what one gave stays.
    pub(super) async fn get_known(
        &self,
        resolved: Resolved,
        request: &GetRequest,
        progress: &dyn Progress,
    ) -> Result<Whole> {
        let sought = self.sought(&resolved)?;
        let mut asked = Vec::new();
        for at in self.sources_of(&resolved)? {
            progress.say(&format!("asking {at}, which showed it before"));
            match self.get_from(&sought, &at, request, progress).await {
                Ok(whole) => return Ok(Whole { resolved, ..whole }),
                // Not for want of a better node.
                Err(e) if matches!(e.kind, Kind::Interrupted | Kind::Usage) => return Err(e),
                Err(e) => asked.push(Asked::failed(&at, &e)?),
            }
        }
        let mut error = nobody_gave("not all of its bytes are held here", &asked);
        if asked.is_empty() {
            error.kind = Kind::NotFound;
        }
        Err(error.at(resolved.portable()).hint(
            "fetch it from whoever serves it (veritrail serve), by a fresh ticket: \
             veritrail get TICKET",
        ))
    }

    pub(super) async fn get_from(
        &self,
        sought: &Sought,
        at: &NodeAddress,
        request: &GetRequest,
        progress: &dyn Progress,
    ) -> Result<Whole> {
        let stop = progress.stop();
        let writing = self.writing(&stop).await?;
        let fetching = self.talk(sought, at, request, writing.blobs(), progress);
        let fetched = stop.or(fetching).await;
        writing.end(fetched).await
    }

    /// One conversation: evidence, lists, chunks.
    async fn talk(
        &self,
        sought: &Sought,
        at: &NodeAddress,
        request: &GetRequest,
        blobs: Arc<dyn Blobs>,
        progress: &dyn Progress,
    ) -> Result<Whole> {
        let mut session = Session::open(self, at, request.relay, blobs).await?;
        let fetched = self.fetch_all(&mut session, sought, request, progress).await;
        let total = session.total;
        session.close().await;
        let (resolved, bytes, content, accepted) = fetched?;
        let contact = |(origin, fingerprint)| FirstContact { origin, fingerprint };
        let contacts = accepted.first_contacts.into_iter().map(contact).collect();
        Ok(Whole { resolved, bytes, content, arrived: (contacts, total) })
    }

    async fn fetch_all(
        &self,
        session: &mut Session,
        sought: &Sought,
        request: &GetRequest,
        progress: &dyn Progress,
    ) -> Result<(Resolved, Bytes, Content, Accepted)> {
        let accepted = self.meet(session, sought, progress).await?;
        let resolved = self.resolve_portable(&sought.reference)?;
        let bytes = bytes_of(&resolved)?;
        // Before anything is fetched that grows with the dataset: its list of files does.
        let manifest = session.head(&bytes.manifest, progress).await?;
        if let Resolved::Version(found) = &resolved {
            let access = &found.row.payload.access;
            same_access(access, manifest.private().is_some())
                .map_err(|e| e.at(found.portable()))?;
            if let Some(private) = manifest.private() {
                check_most(private.commitments.bytes, request)?;
                let commitments = session.commitments(&private.commitments, progress).await?;
                let content = Content::Commitments(checked(found, &commitments)?);
                return Ok((resolved, bytes, content, accepted));
            }
        }
        let stated = manifest.layout().bytes;
        check_most(stated, request)?;
        let (_, layout) = session.dataset(&bytes.manifest, progress).await?;
        self.check_size(&layout, progress).await?;
        session.chunks(&layout, progress).await?;
        self.fetch_lists(session, &accepted, progress).await?;
        Ok((resolved, bytes, Content::Files(layout), accepted))
    }

    /// Evidence about what is sought, verified and taken in, with every manifest, spec and details
    /// that it speaks of. Who showed it is remembered.
    pub(in crate::node) async fn meet(
        &self,
        session: &mut Session,
        sought: &Sought,
        progress: &dyn Progress,
    ) -> Result<Accepted> {
        let reference = &sought.reference;
        let evidence = session.evidence(ticket::written(reference), self.known_sizes()?).await?;
        let subject = subject(reference);
        let named = (&sought.origin, &sought.vkeys[..]);
        let accepted = self.accept(&evidence, &subject, named, progress).await?;
        self.remember_source(session.at(), &evidence)?;
        session.named(blobs_of(&accepted), progress).await?;
        Ok(accepted)
    }

    /// The lists of files of everything else in the lineage: small, and what a bundle needs. A node
    /// that does not have them is no reason to fail.
    async fn fetch_lists(
        &self,
        session: &mut Session,
        accepted: &Accepted,
        progress: &dyn Progress,
    ) -> Result<()> {
        for manifest in manifests_of(accepted) {
            if let Err(e) = session.dataset(&manifest, progress).await
                // A private one gives its list to nobody.
                && e.kind != Kind::NotAuthorised
            {
                progress.say(&format!("a list of files was not to be had: {e}"));
            }
        }
        Ok(())
    }
}

fn check_most(bytes: u64, request: &GetRequest) -> Result<()> {
    match request.max_bytes.filter(|max| bytes > *max) {
        None => Ok(()),
        Some(max) => {
            Err(NodeError::usage(format!("{} exceed --max-size {max}", counted(bytes, "byte")))
                .at("--max-size")
                .hint("allow more with --max-size"))
        }
    }
}

/// Every blob that the lineage names.
fn blobs_of(accepted: &Accepted) -> Vec<ChunkId> {
    let lineage = accepted.report.lineage.iter();
    lineage.flat_map(|lineage| lineage.blobs.keys().copied()).collect()
}

fn manifests_of(accepted: &Accepted) -> Vec<ChunkId> {
    let lineage = accepted.report.lineage.iter();
    let is_manifest = |kind: &BlobKind| matches!(kind, BlobKind::Manifest { .. });
    lineage
        .flat_map(|lineage| &lineage.blobs)
        .filter(|(_, uses)| uses.iter().any(|used| is_manifest(&used.kind)))
        .map(|(id, _)| *id)
        .collect()
}
