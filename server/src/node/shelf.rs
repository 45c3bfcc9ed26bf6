//! What a store of blobs holds of a dataset: its manifest, its list of files. The home's own store
//! and the fresh one of a reproduction are read alike.

use std::{collections::BTreeMap, sync::Arc};

use veritrail_datasets::manifest::Manifest;
use veritrail_provenance::{
    hash::ChunkId,
    layout::{Layout, PageRef},
};
use veritrail_storage::blob::Blobs;

use super::{private, tables::Opened};
use crate::error::{NodeError, OrKind as _, Result};

/// A store that datasets are read from.
#[derive(Debug, Clone)]
pub(super) struct Shelf(pub(super) Arc<dyn Blobs>);

impl Shelf {
    /// A whole blob, checked against its hash, None if it is not held.
    pub(super) async fn held(&self, id: &ChunkId) -> Result<Option<Vec<u8>>> {
        match self.0.has(id).await.or_failed()? {
            true => Ok(Some(self.0.read_all(id).await.or_refused()?.to_vec())),
            false => Ok(None),
        }
    }

    /// The manifest with this head, None if the head is not held.
    pub(super) async fn manifest(&self, head: &ChunkId) -> Result<Option<Manifest>> {
        match self.held(head).await? {
            Some(bytes) => Manifest::decode(&bytes)
                .map(Some)
                .map_err(|e| NodeError::refused(e.to_string()).at(format!("manifest {head}"))),
            None => Ok(None),
        }
    }

    /// The whole layout of a manifest, None if a page of it is not held.
    pub(super) async fn layout(&self, manifest: &Manifest) -> Result<Option<Layout>> {
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

    /// A dataset with its list of files, None if head or a page is not held.
    pub(super) async fn open(&self, head: &ChunkId) -> Result<Option<Opened>> {
        let Some(manifest) = self.manifest(head).await? else { return Ok(None) };
        private::refuse(&manifest, "no run reads its rows", format!("manifest {head}"))?;
        let Some(layout) = self.layout(&manifest).await? else { return Ok(None) };
        Ok(Some(Opened {
            blobs: Arc::clone(&self.0),
            manifest: Arc::new(manifest),
            layout: Arc::new(layout),
        }))
    }
}
