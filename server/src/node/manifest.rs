//! From a manifest's hash to what it says, as far as this home holds it.

use std::collections::BTreeMap;

use veritrail_datasets::manifest::Manifest;
use veritrail_provenance::{
    hash::ChunkId,
    layout::{Layout, PageRef},
};

use super::Node;
use crate::error::{NodeError, OrKind as _, Result};

impl Node {
    /// The manifest with this head, None if the head is not held here.
    ///
    /// # Errors
    /// A held head that is no manifest: the statement that names it is wrong.
    pub async fn manifest(&self, head: &ChunkId) -> Result<Option<Manifest>> {
        match self.held(head).await? {
            Some(bytes) => Manifest::decode(&bytes)
                .map(Some)
                .map_err(|e| NodeError::refused(e.to_string()).at(format!("manifest {head}"))),
            None => Ok(None),
        }
    }

    /// The whole layout of a manifest, None if a page of it is not held here. Every page is
    /// checked against the head. Cost: memory for every file and chunk.
    pub async fn layout(&self, manifest: &Manifest) -> Result<Option<Layout>> {
        let head = manifest.layout();
        let mut pages = BTreeMap::new();
        for page in head.file_pages.iter().chain(&head.chunk_pages) {
            match self.held(&page.blob).await? {
                Some(bytes) => pages.insert(page.blob, bytes),
                None => return Ok(None),
            };
        }
        let fetch = |page: &PageRef| {
            pages.get(&page.blob).cloned().ok_or_else(|| NodeError::failed("a page is not held"))
        };
        Layout::assemble(head, fetch).map(Some).or_refused()
    }

    /// A whole blob, checked against its hash, None if it is not held here.
    pub async fn held(&self, id: &ChunkId) -> Result<Option<Vec<u8>>> {
        match self.blobs().has(id).await.or_failed()? {
            true => Ok(Some(self.blobs().read_all(id).await.or_refused()?.to_vec())),
            false => Ok(None),
        }
    }

    /// How many bytes of a layout this home holds. Costs a look-up a chunk; no byte is read.
    pub async fn held_bytes(&self, layout: &Layout) -> Result<u64> {
        let mut held = 0;
        for chunk in layout.chunks() {
            if self.blobs().has(&chunk.id).await.or_failed()? {
                held += u64::from(chunk.length);
            }
        }
        Ok(held)
    }
}
