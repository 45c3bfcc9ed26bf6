//! The commitments of private versions in a bundle: put together from their parts, of the version
//! whose statement names them, and with proofs that hold.

use veritrail_datasets::manifest::Manifest;
use veritrail_proof::body::manifest::manifest_hash;
use veritrail_provenance::{evidence::Report, ledger::queries, lineage::Node as Fact};

use super::opened::Opened;
use crate::node::{
    private::{self, same_access},
    report::Verification,
};

/// Checks the commitments of every version of the lineage; what is wrong is told in `done`. Those
/// that are not inside were told before.
pub(super) fn check(opened: &Opened, report: &Report, done: &mut Verification) {
    for fact in report.lineage.iter().flat_map(|lineage| &lineage.nodes) {
        let Fact::Version { origin, dataset, number, .. } = fact else { continue };
        let Ok(Some(row)) = queries::version(&report.state, origin, dataset, *number) else {
            continue;
        };
        let Some((_, head)) = opened.blobs.get(&row.payload.manifest) else { continue };
        let Ok(manifest) = Manifest::decode(head) else { continue };
        let place = format!("{dataset}@{number}");
        if let Err(e) = same_access(&row.payload.access, manifest.private().is_some()) {
            done.add_finding(format!("{place}: {e}"));
            continue;
        }
        let Some(private) = manifest.private() else { continue };
        let parts = private.commitments.parts.iter().map(|part| opened.blobs.get(part));
        let Some(parts) = parts.collect::<Option<Vec<_>>>() else { continue };
        let bytes: Vec<u8> = parts.into_iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        if manifest_hash(&bytes) != private.commitments.hash {
            done.add_finding(format!("{place}: its commitments are not those of its manifest"));
            continue;
        }
        if let Err(e) = private::check(&bytes, dataset, *number) {
            done.add_finding(format!("{place}: {e}"));
        }
    }
}
