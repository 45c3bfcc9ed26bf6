//! Blobs in evidence: each is what its id says, is named by the lineage, and contains what the
//! statements say of it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::Evidence;
use super::report::{Failure, MissingBlob, Place, Report};
use crate::hash::{ChunkId, TextHash};
use crate::layout::LayoutHead;
use crate::lineage::{BlobKind, Lineage};

/// The one member of a manifest's head that is a fact for this package.
#[derive(Deserialize)]
struct ManifestHead {
    layout: LayoutHead,
}

/// Checks that every blob is the one that its id names.
pub(super) fn check_ids(report: &mut Report, evidence: &Evidence) {
    for blob in &evidence.blobs {
        let found = ChunkId::of(&blob.bytes);
        if found != blob.id {
            let reason = format!("its bytes were altered: their hash is {found}");
            report.failures.push(Failure { place: Place::blob(&blob.id), reason });
        }
    }
}

/// Checks the blobs that a lineage names, lists those that are missing, and refuses any other.
pub(super) fn check_lineage(report: &mut Report, evidence: &Evidence, lineage: &Lineage) {
    let mut named: BTreeSet<ChunkId> = lineage.blobs.keys().copied().collect();
    for (id, uses) in &lineage.blobs {
        let bytes = evidence.blob(id).filter(|bytes| ChunkId::of(bytes) == *id);
        for used in uses {
            let (origin, index) = &used.named_by;
            let named_by = Place::entry(origin, *index, "statement");
            let Some(bytes) = bytes else {
                report.missing_blobs.push(MissingBlob {
                    id: *id,
                    what: what(&used.kind),
                    named_by,
                });
                continue;
            };
            match check_content(bytes, &used.kind) {
                Ok(pages) => named.extend(pages),
                Err(reason) => {
                    let reason = format!("{reason} (named by {origin}#{index})");
                    report.failures.push(Failure { place: Place::blob(id), reason });
                }
            }
        }
    }
    for blob in evidence.blobs.iter().filter(|blob| !named.contains(&blob.id)) {
        let reason = "no statement of the lineage names it".to_owned();
        report.failures.push(Failure { place: Place::blob(&blob.id), reason });
    }
}

/// Checks a blob against what the statement says of it; returns the blobs that it names in turn.
fn check_content(bytes: &[u8], kind: &BlobKind) -> Result<Vec<ChunkId>, String> {
    match kind {
        BlobKind::Details => Ok(Vec::new()),
        BlobKind::Spec { text } => {
            let found = TextHash::of(bytes);
            if found == *text {
                Ok(Vec::new())
            } else {
                Err(format!("the receipt gives its spec the SHA-256 {text}, it is {found}"))
            }
        }
        BlobKind::Manifest { root, claim } => {
            let head: ManifestHead = serde_json::from_slice(bytes)
                .map_err(|error| format!("it is no head of a manifest: {error}"))?;
            let layout = head.layout;
            layout.check_root().map_err(|error| format!("its layout is refused: {error}"))?;
            if layout.root != *root {
                return Err(format!("its root is {}, the statement says {root}", layout.root));
            }
            if let Some(claim) = claim
                && (claim.content, claim.files, claim.bytes)
                    != (layout.content, layout.files, layout.bytes)
            {
                return Err("its files and bytes are not those that the version states".to_owned());
            }
            let pages = layout.file_pages.iter().chain(&layout.chunk_pages);
            Ok(pages.map(|page| page.blob).collect())
        }
    }
}

fn what(kind: &BlobKind) -> &'static str {
    match kind {
        BlobKind::Manifest { .. } => "manifest",
        BlobKind::Spec { .. } => "spec",
        BlobKind::Details => "details",
    }
}
