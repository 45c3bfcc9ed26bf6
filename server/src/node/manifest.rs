//! From a manifest's hash to what it says, as far as this home holds it.

use veritrail_datasets::manifest::Manifest;
use veritrail_provenance::{hash::ChunkId, layout::Layout};

use super::{Node, shelf::Shelf};
use crate::error::{OrKind as _, Result};

impl Node {
    /// The manifest with this head, None if the head is not held here.
    ///
    /// # Errors
    /// A held head that is no manifest: the statement that names it is wrong.
    pub async fn manifest(&self, head: &ChunkId) -> Result<Option<Manifest>> {
        Shelf(self.blobs()).manifest(head).await
    }

    /// The whole layout of a manifest, None if a page of it is not held here. Every page is
    /// checked against the head. Cost: memory for every file and chunk.
    pub async fn layout(&self, manifest: &Manifest) -> Result<Option<Layout>> {
        Shelf(self.blobs()).layout(manifest).await
    }

    /// A whole blob, checked against its hash, None if it is not held here.
    pub async fn held(&self, id: &ChunkId) -> Result<Option<Vec<u8>>> {
        Shelf(self.blobs()).held(id).await
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
