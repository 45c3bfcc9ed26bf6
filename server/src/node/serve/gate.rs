//! The gate: a peer may read exactly the blobs that a public version lists, or a run over public
//! inputs alone; of a private version the manifest's head and its commitments. Everything else in
//! the store does not exist for it.
//!
//! What own private versions list, lists and ciphertext, is never open, whoever else lists it:
//! anybody could log a public version that names it, and the hashes would be right.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::sync::RwLock;
use veritrail_provenance::{
    hash::{ChunkId, DatasetRoot, StatementId},
    layout::LayoutHead,
    ledger::{
        View, queries,
        rows::{RootRow, RunRow},
    },
    statement::{Access, Origin},
};
use veritrail_storage::peer::{EndpointId, view::Gate};

use crate::{
    error::{OrKind as _, Result},
    node::Node,
};

/// How many runs may stand between an output and the published data that it was made from.
const RUNS_DEEP_MAX: usize = 1_024;

/// What is open to everybody, computed from the state and kept up with it: another process may
/// publish at any time.
#[derive(Debug)]
pub(crate) struct PublicGate {
    node: Arc<Node>,
    open: RwLock<Open>,
}

#[derive(Debug, Default)]
struct Open {
    /// The logs and how far each was folded when this was computed.
    folded: Vec<(Origin, u64)>,
    ids: HashSet<ChunkId>,
    /// Manifests that are public and whose pages were not all here yet.
    partial: BTreeSet<ChunkId>,
    /// Manifests that were read in full.
    whole: HashSet<ChunkId>,
    /// Heads of public manifests.
    public: BTreeSet<ChunkId>,
    /// What own private versions list.
    never: HashSet<ChunkId>,
}

impl Open {
    fn is_open(&self, id: &ChunkId) -> bool {
        self.ids.contains(id) && !self.never.contains(id)
    }
}

impl PublicGate {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        Self { node, open: RwLock::default() }
    }

    /// Brings what is open up to date and counts it.
    pub(crate) async fn refresh(&self) -> Result<u64> {
        self.node.catch_up()?;
        let folded = self.folded()?;
        let mut open = self.open.write().await;
        if open.folded != folded {
            let found = Public::of(self.node.view())?;
            // Before anything new is open.
            open.never.extend(self.private_lists().await?);
            open.ids.extend(found.blobs);
            let Public { manifests, private, .. } = found;
            let new: Vec<ChunkId> =
                manifests.union(&private).filter(|id| !open.whole.contains(*id)).copied().collect();
            open.ids.extend(&new);
            open.partial.extend(new);
            open.public = manifests;
            open.folded = folded;
        }
        for id in std::mem::take(&mut open.partial) {
            let whole = open.public.contains(&id);
            match self.listed(&id, whole).await {
                Some(listed) => {
                    open.ids.extend(listed);
                    // What is called private may be public in a log that comes later.
                    if whole {
                        open.whole.insert(id);
                    }
                }
                None => {
                    open.partial.insert(id);
                }
            }
        }
        Ok(open.ids.iter().filter(|id| open.is_open(id)).count() as u64)
    }

    /// The lists of this home's own private versions, and what they name. Another's statement must
    /// not close what is public here, and its ciphertext is not here.
    async fn private_lists(&self) -> Result<Vec<ChunkId>> {
        let mut listed = Vec::new();
        for version in queries::all_versions(self.node.view()).or_failed()? {
            let payload = &version.row.payload;
            if version.origin != *self.node.origin() || payload.access != Access::Private {
                continue;
            }
            let Some(manifest) = self.node.manifest(&payload.manifest).await? else { continue };
            // Plain bytes that are called private are nobody's secret where they are public too.
            if manifest.private().is_none() {
                continue;
            }
            listed.extend(page_ids(manifest.layout()));
            if let Some(layout) = self.node.layout(&manifest).await? {
                listed.extend(layout.chunks().iter().map(|chunk| chunk.id));
            }
        }
        Ok(listed)
    }

    fn folded(&self) -> Result<Vec<(Origin, u64)>> {
        let logs = queries::logs(self.node.view()).or_failed()?;
        Ok(logs.into_iter().map(|log| (log.origin, log.row.next)).collect())
    }

    /// Every blob that a manifest lists, or None while it or a page of it is not here. The layout
    /// is checked: a manifest that does not lead to its own root lists nothing. Of private bytes it
    /// is the commitments; where statements say private of plain bytes (not `whole`), nothing.
    async fn listed(&self, id: &ChunkId, whole: bool) -> Option<Vec<ChunkId>> {
        let manifest = self.node.manifest(id).await.ok()??;
        if let Some(private) = manifest.private() {
            return Some(private.commitments.parts.clone());
        }
        if !whole {
            return Some(Vec::new());
        }
        let layout = self.node.layout(&manifest).await.ok()??;
        let mut listed = page_ids(manifest.layout());
        listed.extend(layout.chunks().iter().map(|chunk| chunk.id));
        Some(listed)
    }
}

#[async_trait]
impl Gate for PublicGate {
    async fn may_read(&self, _peer: &EndpointId, id: &ChunkId) -> bool {
        if self.open.read().await.is_open(id) {
            return true;
        }
        // Perhaps it was published since; on doubt, no.
        self.refresh().await.is_ok() && self.open.read().await.is_open(id)
    }
}

fn page_ids(head: &LayoutHead) -> Vec<ChunkId> {
    head.file_pages.iter().chain(&head.chunk_pages).map(|page| page.blob).collect()
}

/// What the ledger says is public.
#[derive(Debug, Default)]
pub(crate) struct Public {
    /// Heads of manifests; what they list is public too.
    pub(crate) manifests: BTreeSet<ChunkId>,
    /// Heads of private manifests; of what they list the commitments are public alone.
    pub(crate) private: BTreeSet<ChunkId>,
    /// Specs and details of runs.
    pub(crate) blobs: BTreeSet<ChunkId>,
}

impl Public {
    /// Reads every version and run of every known log.
    pub(crate) fn of(view: &dyn View) -> Result<Self> {
        let mut public = Self::default();
        for version in queries::all_versions(view).or_failed()? {
            let manifest = version.row.payload.manifest;
            match version.row.payload.access {
                Access::Public => public.manifests.insert(manifest),
                Access::Private => public.private.insert(manifest),
                Access::Other(_) => continue,
            };
        }
        for run in queries::all_runs(view).or_failed()? {
            if is_public(view, &run.row)? {
                let receipt = &run.row.payload;
                public.manifests.insert(receipt.output.manifest);
                public.blobs.extend([receipt.spec_blob, receipt.details]);
            }
        }
        Ok(public)
    }
}

/// Whether a run's receipt is public and rests on public inputs alone, however far down.
pub(crate) fn is_public(view: &dyn View, run: &RunRow) -> Result<bool> {
    let mut seen: HashSet<StatementId> = HashSet::from([run.at.id]);
    let mut queue = vec![run.clone()];
    while let Some(run) = queue.pop() {
        if run.payload.access != Access::Public || seen.len() > RUNS_DEEP_MAX {
            return Ok(false);
        }
        for input in &run.payload.inputs {
            match source(view, &input.root)? {
                Source::Published => {}
                Source::Output(made_by) => {
                    if seen.insert(made_by.at.id) {
                        queue.push(*made_by);
                    }
                }
                Source::Unknown => return Ok(false),
            }
        }
    }
    Ok(true)
}

enum Source {
    Published,
    Output(Box<RunRow>),
    Unknown,
}

/// Where the bytes of a root come from: one public version of them is enough.
fn source(view: &dyn View, root: &DatasetRoot) -> Result<Source> {
    let mut output = Source::Unknown;
    for found in queries::find_root(view, root).or_failed()? {
        match found.row {
            RootRow::Version { dataset, number } => {
                let version =
                    queries::version(view, &found.origin, &dataset, number).or_failed()?;
                if version.is_some_and(|v| v.payload.access == Access::Public) {
                    return Ok(Source::Published);
                }
            }
            RootRow::Output { run } => {
                if let Some(run) = queries::run(view, &run).or_failed()? {
                    output = Source::Output(Box::new(run.row));
                }
            }
        }
    }
    Ok(output)
}
