//! The lists of files of the datasets in a bundle, from the pages that it holds.

use std::collections::{BTreeMap, BTreeSet};

use veritrail_datasets::manifest::{Manifest, ManifestError};
use veritrail_provenance::{
    hash::{ChunkId, DatasetRoot},
    layout::{AssembleError, Layout, PageRef},
};

use super::opened::Opened;
use crate::node::{bundle::container::EntryKind, report::Verification};

/// One dataset.
pub(super) struct Dataset {
    pub(super) manifest: Manifest,
    /// None where the bundle does not hold all pages.
    pub(super) layout: Option<Layout>,
}

/// The datasets by root.
pub(super) struct Layouts {
    pub(super) by_root: BTreeMap<DatasetRoot, Dataset>,
}

impl Layouts {
    /// Decodes every manifest and puts its layout together; what is wrong is told in `done`.
    pub(super) fn of(opened: &Opened, done: &mut Verification) -> Self {
        let mut by_root = BTreeMap::new();
        let mut used: BTreeSet<ChunkId> = BTreeSet::new();
        let heads = opened.blobs.iter().filter(|(_, (kind, _))| *kind == EntryKind::Manifest);
        for (id, (_, bytes)) in heads {
            let manifest = match Manifest::decode(bytes) {
                Ok(manifest) => manifest,
                Err(ManifestError::Version(v)) => {
                    done.missing.push(format!("manifest {id} is of version {v}, not known here"));
                    continue;
                }
                Err(e) => {
                    done.add_finding(format!("manifest {id}: {e}"));
                    continue;
                }
            };
            let head = manifest.layout();
            used.extend(head.file_pages.iter().chain(&head.chunk_pages).map(|page| page.blob));
            let layout = assemble(opened, &manifest).unwrap_or_else(|e| {
                done.add_finding(format!("manifest {id}: {e}"));
                None
            });
            by_root.insert(head.root, Dataset { manifest, layout });
        }
        let pages = opened.blobs.iter().filter(|(_, (kind, _))| *kind == EntryKind::Page);
        for (id, _) in pages.filter(|(id, _)| !used.contains(id)) {
            done.add_finding(format!(
                "entry blobs/{id}: no manifest in the bundle names this page"
            ));
        }
        Self { by_root }
    }
}

/// The whole layout, None if a page is not in the bundle.
fn assemble(opened: &Opened, manifest: &Manifest) -> Result<Option<Layout>, String> {
    let fetch = |page: &PageRef| match opened.blobs.get(&page.blob) {
        Some((_, bytes)) => Ok(bytes.clone()),
        None => Err(()),
    };
    match Layout::assemble(manifest.layout(), fetch) {
        Ok(layout) => Ok(Some(layout)),
        Err(AssembleError::Fetch(())) => Ok(None),
        Err(AssembleError::Layout(e)) => Err(e.to_string()),
    }
}
