//! Getting what a ticket names: evidence first, verified and pinned; then bytes, each verified as
//! it arrives; then, if asked, files beneath a folder.

pub mod folder;
pub(super) mod session;
mod unpack;

use std::{path::PathBuf, sync::Arc};

use serde::Serialize;
use veritrail_provenance::{
    hash::{ChunkId, DatasetRoot},
    identity::Did,
    layout::Layout,
    lineage::{BlobKind, Subject},
    statement::Origin,
};
use veritrail_storage::{
    blob::Blobs,
    disk::Disk as _,
    peer::{fetch::Fetched, ticket::PortableReference, ticket::Ticket},
};

use self::session::Session;
use super::{
    Node,
    counted::counted,
    import::Accepted,
    peering::Relay,
    resolve::{Bytes, Resolved},
    ticket,
};
use crate::{
    error::{NodeError, OrKind as _, Result},
    progress::Progress,
};

/// What to get, and where to.
#[derive(Debug, Clone, Default)]
pub struct GetRequest {
    /// A ticket, or a reference to something that is held here already.
    pub reference: String,
    /// Write the files beneath this folder.
    pub out: Option<PathBuf>,
    /// Refuse beyond this many bytes.
    pub max_bytes: Option<u64>,
    /// Help in reaching the other node.
    pub relay: Relay,
}

/// What was got.
#[derive(Debug, Clone, Serialize)]
pub struct Got {
    /// What it is, in portable form.
    pub subject: String,
    /// The dataset, if it is a version of one.
    pub dataset: Option<Did>,
    /// Its title.
    pub title: Option<String>,
    /// The root over its bytes.
    pub root: DatasetRoot,
    /// Where its statement stands, `ORIGIN#N`.
    pub log: String,
    /// Logs that were met for the first time, `ORIGIN FINGERPRINT`; nothing confirms them yet.
    pub first_contacts: Vec<FirstContact>,
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that arrived.
    pub fetched_blobs: u64,
    /// Bytes of content that arrived.
    pub fetched_bytes: u64,
    /// Bytes of all packets that arrived for it.
    pub received_bytes: u64,
    /// The folder that files were written beneath.
    pub out: Option<PathBuf>,
    /// Files that were written there.
    pub written: u64,
    /// Files that were there already, with the same bytes.
    pub kept: u64,
}

/// A log that was met for the first time.
#[derive(Debug, Clone, Serialize)]
pub struct FirstContact {
    /// The log.
    pub origin: Origin,
    /// To be compared with its owner.
    pub fingerprint: String,
}

/// Logs that were met for the first time, and what came from the other node.
type Arrived = (Vec<FirstContact>, Fetched);

impl Node {
    /// Gets what a ticket or reference names. What was cut short goes on where it was.
    ///
    /// # Errors
    /// Nobody serves it; something is not what it must be; it is larger than allowed.
    pub async fn get(&self, request: GetRequest, progress: &dyn Progress) -> Result<Got> {
        if !ticket::is_ticket(&request.reference) {
            let resolved = self.resolve(&request.reference)?;
            let (bytes, layout) = self.held_dataset(&resolved).await?;
            let arrived = (Vec::new(), Fetched::default());
            return self.finish_get(&request, &resolved, &bytes, &layout, arrived, progress).await;
        }
        let ticket = ticket::read(&request.reference)?;
        let stop = progress.stop();
        let writing = self.writing(&stop).await?;
        let fetching = self.fetch_from(&ticket, &request, writing.blobs(), progress);
        let fetched = stop.or(fetching).await;
        let (resolved, bytes, layout, arrived) = writing.end(fetched).await?;
        self.finish_get(&request, &resolved, &bytes, &layout, arrived, progress).await
    }

    /// One conversation: evidence, lists, chunks.
    async fn fetch_from(
        &self,
        ticket: &Ticket,
        request: &GetRequest,
        blobs: Arc<dyn Blobs>,
        progress: &dyn Progress,
    ) -> Result<(Resolved, Bytes, Layout, Arrived)> {
        let mut session = Session::open(self, ticket.node(), request.relay, blobs).await?;
        let fetched = self.fetch_all(&mut session, ticket, request, progress).await;
        let total = session.total;
        session.close().await;
        let (resolved, bytes, layout, accepted) = fetched?;
        self.remember(ticket.node())?;
        let contact = |(origin, fingerprint)| FirstContact { origin, fingerprint };
        let contacts = accepted.first_contacts.into_iter().map(contact).collect();
        Ok((resolved, bytes, layout, (contacts, total)))
    }

    async fn fetch_all(
        &self,
        session: &mut Session,
        ticket: &Ticket,
        request: &GetRequest,
        progress: &dyn Progress,
    ) -> Result<(Resolved, Bytes, Layout, Accepted)> {
        let accepted = self.meet(session, ticket, progress).await?;
        let resolved = self.resolve_portable(ticket.reference())?;
        let bytes = bytes_of(&resolved)?;
        // Before anything is fetched that grows with the dataset: its list of files does.
        let stated = session.head(&bytes.manifest, progress).await?.layout().bytes;
        check_most(stated, request)?;
        let (_, layout) = session.dataset(&bytes.manifest, progress).await?;
        self.check_size(&layout, progress).await?;
        session.chunks(&layout, progress).await?;
        self.fetch_lists(session, &accepted, progress).await?;
        Ok((resolved, bytes, layout, accepted))
    }

    /// Evidence about what a ticket names, verified and taken in, with every manifest, spec and
    /// details that it speaks of.
    pub(super) async fn meet(
        &self,
        session: &mut Session,
        ticket: &Ticket,
        progress: &dyn Progress,
    ) -> Result<Accepted> {
        let reference = ticket.reference();
        let evidence = session.evidence(ticket::written(reference), self.known_sizes()?).await?;
        let subject = subject(reference);
        let named = (ticket.origin(), ticket.vkeys());
        let accepted = self.accept(&evidence, &subject, named, progress).await?;
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
            if let Err(e) = session.dataset(&manifest, progress).await {
                progress.say(&format!("a list of files was not to be had: {e}"));
            }
        }
        Ok(())
    }

    /// States the size; refuses beyond what the home's disk has room for.
    async fn check_size(&self, layout: &Layout, progress: &dyn Progress) -> Result<()> {
        let missing = layout.bytes() - self.held_bytes(layout).await?.min(layout.bytes());
        let files = counted(layout.files().len() as u64, "file");
        let bytes = counted(layout.bytes(), "byte");
        progress.say(&format!("{files}, {bytes}, of which {missing} to fetch"));
        let free = self.home().disk().free_space().or_failed()?;
        if missing > free {
            return Err(NodeError::failed(format!("needed bytes: {missing}; free: {free}"))
                .at(self.home().path().display())
                .hint("free some space, or use a home on another disk: --home DIR"));
        }
        Ok(())
    }

    /// The list of files of something that is held here whole.
    async fn held_dataset(&self, resolved: &Resolved) -> Result<(Bytes, Layout)> {
        let bytes = bytes_of(resolved)?;
        let missing = || {
            NodeError::not_found("not all of its bytes are held here")
                .at(resolved.portable())
                .hint("fetch it from whoever has it: veritrail get TICKET")
        };
        let manifest = self.manifest(&bytes.manifest).await?.ok_or_else(missing)?;
        let layout = self.layout(&manifest).await?.ok_or_else(missing)?;
        match self.held_bytes(&layout).await? < layout.bytes() {
            true => Err(missing()),
            false => Ok((bytes, layout)),
        }
    }

    async fn finish_get(
        &self,
        request: &GetRequest,
        resolved: &Resolved,
        bytes: &Bytes,
        layout: &Layout,
        (first_contacts, fetched): Arrived,
        progress: &dyn Progress,
    ) -> Result<Got> {
        let folder = match &request.out {
            Some(out) => Some(unpack::check_room(layout, out, request.max_bytes, progress)?),
            None => None,
        };
        let unpacked = unpack::unpack(layout, &self.blobs(), folder.as_ref(), progress).await?;
        let (dataset, title) = match resolved {
            Resolved::Version(version) => {
                (Some(version.did.clone()), Some(version.row.payload.title.clone()))
            }
            Resolved::Run(_) | Resolved::Output(_) | Resolved::Entry { .. } => (None, None),
        };
        Ok(Got {
            subject: resolved.portable(),
            dataset,
            title,
            root: bytes.root,
            log: resolved.entry(),
            first_contacts,
            files: layout.files().len() as u64,
            bytes: layout.bytes(),
            fetched_blobs: fetched.blobs,
            fetched_bytes: fetched.content_bytes,
            received_bytes: fetched.received_bytes,
            out: request.out.clone(),
            written: unpacked.written,
            kept: unpacked.kept,
        })
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

/// A run's bytes are its output's.
fn bytes_of(resolved: &Resolved) -> Result<Bytes> {
    if let Resolved::Run(run) = resolved {
        let output = &run.row.payload.output;
        return Ok(Bytes { root: output.root, manifest: output.manifest, version: None });
    }
    resolved.bytes().ok_or_else(|| {
        NodeError::usage("this names no dataset, run or output").at(resolved.portable())
    })
}

/// What a ticket's reference is a subject of.
pub(super) fn subject(reference: &PortableReference) -> Subject {
    match reference {
        PortableReference::Version { dataset, root } => Subject::Dataset {
            dataset: dataset.clone(),
            version: veritrail_provenance::lineage::Pick::Root(*root),
            genesis: None,
        },
        PortableReference::Statement { id, .. } => Subject::Run(*id),
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
