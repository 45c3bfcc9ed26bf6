//! The lists of files of the datasets in a bundle, from the pages that it holds, and of private
//! ones the commitments.

use std::collections::{BTreeMap, BTreeSet};

use veritrail_datasets::manifest::{Manifest, ManifestError};
use veritrail_provenance::{
    hash::{ChunkId, DatasetRoot},
    layout::{AssembleError, Layout, PageRef},
};

use super::opened::Opened;
use crate::node::{bundle::container::EntryKind, report::Verification};

/// The datasets by root.
pub(super) struct Layouts {
    /// None where the bundle does not hold all pages.
    pub(super) by_root: BTreeMap<DatasetRoot, Option<Layout>>,
}

impl Layouts {
    /// Decodes every manifest and puts its layout together; what is wrong is told in `done`.
    pub(super) fn of(opened: &Opened, done: &mut Verification) -> Self {
        let mut by_root = BTreeMap::new();
        let (mut used, mut committed) = (BTreeSet::<ChunkId>::new(), BTreeSet::<ChunkId>::new());
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
            if let Some(private) = manifest.private() {
                committed.extend(&private.commitments.parts);
                if !private.commitments.parts.iter().all(|part| opened.blobs.contains_key(part)) {
                    let absent =
                        format!("the commitments of r:{} are not in the bundle", head.root);
                    done.missing.push(absent);
                }
                by_root.insert(head.root, None);
                continue;
            }
            used.extend(head.file_pages.iter().chain(&head.chunk_pages).map(|page| page.blob));
            let layout = match assemble(opened, &manifest) {
                Ok(Some(layout)) => Some(layout),
                Ok(None) => {
                    let root = head.root;
                    let absent = format!("the list of files of r:{root} is not in the bundle");
                    done.missing.push(absent);
                    None
                }
                Err(e) => {
                    done.add_finding(format!("manifest {id}: {e}"));
                    None
                }
            };
            by_root.insert(head.root, layout);
        }
        for (id, (kind, _)) in &opened.blobs {
            let named = match kind {
                EntryKind::Commitments => committed.contains(id),
                _ => used.contains(id),
            };
            match (kind, named) {
                (EntryKind::Commitments, false) => done.add_finding(format!(
                    "entry blobs/{id}: no manifest in the bundle names these commitments"
                )),
                (EntryKind::Page, false) => done.add_finding(format!(
                    "entry blobs/{id}: no manifest in the bundle names this page"
                )),
                (EntryKind::Page | EntryKind::Commitments, true) | (_, false) => {}
                (other, true) => done.add_finding(format!(
                    "entry blobs/{id}: it is listed as {other} and is a page of a manifest"
                )),
            }
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
