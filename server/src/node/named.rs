//! Which blobs statements name: manifests, specs and details by themselves, pages and chunks by
//! way of the manifests that are here.

use std::collections::BTreeSet;

use veritrail_provenance::hash::ChunkId;

use super::{Node, resolve::Resolved};
use crate::error::Result;

impl Node {
    /// Every blob that any known statement names.
    ///
    /// # Errors
    /// A manifest or a list of files is here and cannot be read: what it names is not known.
    pub(super) async fn named_blobs(&self) -> Result<BTreeSet<ChunkId>> {
        let mut named = BTreeSet::new();
        for resolved in self.all_with_bytes()? {
            let (ids, whole) = self.blobs_named_by(&resolved).await;
            whole?;
            named.extend(ids);
        }
        Ok(named)
    }

    /// The blobs that a version or an output names, as far as its lists can be read, and why they
    /// could not where they could not. What is not here is no error: it names nothing here.
    pub(super) async fn blobs_named_by(&self, resolved: &Resolved) -> (Vec<ChunkId>, Result<()>) {
        let Some(bytes) = resolved.bytes() else { return (Vec::new(), Ok(())) };
        let mut ids = vec![bytes.manifest];
        if let Resolved::Output(run) | Resolved::Run(run) = resolved {
            ids.extend([run.row.payload.spec_blob, run.row.payload.details]);
            ids.extend(run.row.payload.inputs.iter().map(|input| input.manifest));
        }
        let own = matches!(resolved, Resolved::Version(v) if v.origin == *self.origin());
        let listed = self.listed_by(&bytes.manifest, own, &mut ids).await;
        (ids, listed)
    }

    async fn listed_by(&self, manifest: &ChunkId, own: bool, ids: &mut Vec<ChunkId>) -> Result<()> {
        let Some(manifest) = self.manifest(manifest).await? else { return Ok(()) };
        if let Some(private) = manifest.private() {
            ids.extend(&private.commitments.parts);
            if !own {
                // Its lists and its bytes are given to nobody.
                return Ok(());
            }
        }
        let head = manifest.layout();
        ids.extend(head.file_pages.iter().chain(&head.chunk_pages).map(|page| page.blob));
        let Some(layout) = self.layout(&manifest).await? else { return Ok(()) };
        ids.extend(layout.chunks().iter().map(|chunk| chunk.id));
        Ok(())
    }
}
