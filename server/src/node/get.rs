//! Getting what a ticket names: evidence first, verified and pinned; then bytes, each verified as
//! it arrives; then, if asked, files beneath a folder.

mod asking;
pub mod folder;
pub(super) mod session;
mod unpack;

use std::path::PathBuf;

use serde::Serialize;
use veritrail_provenance::{
    hash::DatasetRoot, identity::Did, layout::Layout, lineage::Subject, statement::Origin,
};
use veritrail_storage::{
    disk::Disk as _,
    peer::{fetch::Fetched, ticket::PortableReference},
};

use super::{
    Node,
    counted::counted,
    peering::Relay,
    private::{self, Committed},
    resolve::{Bytes, FoundVersion, Resolved},
    shelf::Shelf,
    sources::Sought,
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
    /// Of a private version: what was got instead of its bytes, all of it checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub committed: Option<Committed>,
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

/// What is held here whole.
struct Whole {
    resolved: Resolved,
    bytes: Bytes,
    content: Content,
    arrived: Arrived,
}

/// What can be had.
enum Content {
    /// All bytes, in files.
    Files(Layout),
    /// Of a private version: commitments whose proofs were checked.
    Commitments(Committed),
}

impl Node {
    /// Gets what a ticket or reference names. What was cut short goes on where it was. Of something
    /// known, what is missing is asked of the nodes that it is known from.
    ///
    /// # Errors
    /// Nobody serves it; something is not what it must be; it is larger than allowed.
    pub async fn get(&self, request: GetRequest, progress: &dyn Progress) -> Result<Got> {
        let whole = if ticket::is_ticket(&request.reference) {
            let ticket = ticket::read(&request.reference)?;
            self.get_from(&Sought::from(&ticket), ticket.node(), &request, progress).await?
        } else {
            let resolved = self.resolve(&request.reference)?;
            let bytes = bytes_of(&resolved)?;
            match self.held_content(&resolved, &bytes).await? {
                Some(content) => Whole { resolved, bytes, content, arrived: Arrived::default() },
                None => self.get_known(resolved, &request, progress).await?,
            }
        };
        self.finish_get(&request, whole, progress).await
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

    /// Something that is held here whole; None where a part of it is not.
    async fn held_content(&self, resolved: &Resolved, bytes: &Bytes) -> Result<Option<Content>> {
        let Some(manifest) = self.manifest(&bytes.manifest).await? else { return Ok(None) };
        if let Resolved::Version(found) = resolved
            && let Some(private) = self.private_of(found).await?
        {
            let held = Shelf(self.blobs()).commitments(&private.commitments).await?;
            let checked = held.map(|held| checked(found, &held)).transpose()?;
            return Ok(checked.map(Content::Commitments));
        }
        private::refuse(&manifest, "its bytes are given to nobody", resolved.portable())?;
        let Some(layout) = self.layout(&manifest).await? else { return Ok(None) };
        let whole = self.held_bytes(&layout).await? >= layout.bytes();
        Ok(whole.then_some(Content::Files(layout)))
    }

    async fn finish_get(
        &self,
        request: &GetRequest,
        whole: Whole,
        progress: &dyn Progress,
    ) -> Result<Got> {
        let Whole { resolved, bytes, content, arrived: (first_contacts, fetched) } = whole;
        let layout = match content {
            Content::Files(layout) => layout,
            Content::Commitments(committed) => {
                let place = resolved.portable();
                if request.out.is_some() {
                    let what = "its bytes are given to nobody, so there are no files to write; its \
                                commitments are here now";
                    return Err(private::refused(what, place));
                }
                progress
                    .say("private: no bytes were fetched, the commitments and their proofs were");
                return Ok(got_private(&resolved, &bytes, committed, (first_contacts, fetched)));
            }
        };
        let folder = match &request.out {
            Some(out) => Some(unpack::check_room(&layout, out, request.max_bytes, progress)?),
            None => None,
        };
        let unpacked = unpack::unpack(&layout, &self.blobs(), folder.as_ref(), progress).await?;
        let (dataset, title) = match &resolved {
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
            committed: None,
        })
    }
}

/// What is told of a private version.
fn got_private(
    resolved: &Resolved,
    bytes: &Bytes,
    committed: Committed,
    (first_contacts, fetched): Arrived,
) -> Got {
    let version = match resolved {
        Resolved::Version(version) => Some(version),
        Resolved::Run(_) | Resolved::Output(_) | Resolved::Entry { .. } => None,
    };
    Got {
        subject: resolved.portable(),
        dataset: version.map(|version| version.did.clone()),
        title: version.map(|version| version.row.payload.title.clone()),
        root: bytes.root,
        log: resolved.entry(),
        first_contacts,
        files: 0,
        bytes: 0,
        fetched_blobs: fetched.blobs,
        fetched_bytes: fetched.content_bytes,
        received_bytes: fetched.received_bytes,
        out: None,
        written: 0,
        kept: 0,
        committed: Some(committed),
    }
}

/// Commitments of a version, every ingest proof checked.
fn checked(found: &FoundVersion, commitments: &[u8]) -> Result<Committed> {
    let number = found.row.payload.number;
    let checked = tokio::task::block_in_place(|| {
        private::check(commitments, &found.did, number).map_err(|e| e.at(found.portable()))
    })?;
    Ok(Committed::of(checked.body(), commitments.len() as u64))
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
