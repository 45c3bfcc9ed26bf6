//! The commitments of private versions in a bundle: put together from their parts, of the version
//! whose statement names them, and with proofs that hold.

use veritrail_datasets::manifest::{Manifest, Private};
use veritrail_proof::{body::manifest::manifest_hash, ingest::Checked};
use veritrail_provenance::{
    evidence::{Evidence, Report},
    identity::Did,
    ledger::queries,
    lineage::Node as Fact,
    log::tree::leaf_hash,
    statement::Origin,
};

use super::opened::Opened;
use crate::{
    claims::LogPlace,
    node::{
        private::{self, same_access},
        report::Verification,
    },
};

/// Commitments of one version that were checked, and where its statement stands.
pub(in crate::node) struct Inside {
    pub(in crate::node) dataset: Did,
    pub(in crate::node) number: u64,
    pub(in crate::node) place: LogPlace,
    pub(in crate::node) checked: Checked,
}

/// Checks the commitments of every version of the lineage; what is wrong is told in `done`. Those
/// that are not inside were told before.
pub(super) fn check(
    opened: &Opened,
    evidence: &Evidence,
    report: &Report,
    done: &mut Verification,
) -> Vec<Inside> {
    let (mut inside, mut told) = (Vec::new(), Vec::new());
    for fact in report.lineage.iter().flat_map(|lineage| &lineage.nodes) {
        let Fact::Version { origin, at, dataset, number, .. } = fact else { continue };
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
        let checked = match checked(opened, private, dataset, *number) {
            Ok(Some(checked)) => checked,
            Ok(None) => continue,
            Err(wrong) => {
                done.add_finding(format!("{place}: {wrong}"));
                continue;
            }
        };
        told.push((place.clone(), private::well_formed(checked.body().rows)));
        let Some(place) = place_of(evidence, origin, at.index) else { continue };
        inside.push(Inside { dataset: dataset.clone(), number: *number, place, checked });
    }
    if let Some(words) = in_words(told) {
        done.add_data(0, 0, words);
    }
    inside
}

/// Each private version is named where there are several.
fn in_words(told: Vec<(String, String)>) -> Option<String> {
    let several = told.len() > 1;
    let sentence = |(place, words): (String, String)| match several {
        true => format!("{place}: {words}"),
        false => words,
    };
    let words: Vec<String> = told.into_iter().map(sentence).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// None where a part is not inside.
fn checked(
    opened: &Opened,
    private: &Private,
    dataset: &Did,
    number: u64,
) -> Result<Option<Checked>, String> {
    let parts = private.commitments.parts.iter().map(|part| opened.blobs.get(part));
    let Some(parts) = parts.collect::<Option<Vec<_>>>() else { return Ok(None) };
    let bytes: Vec<u8> = parts.into_iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    if manifest_hash(&bytes) != private.commitments.hash {
        return Err("its commitments are not those of its manifest".to_owned());
    }
    private::check(&bytes, dataset, number).map(Some).map_err(|e| e.to_string())
}

fn place_of(evidence: &Evidence, origin: &Origin, index: u64) -> Option<LogPlace> {
    let entry = evidence.log(origin)?.entries.iter().find(|entry| entry.index == index)?;
    Some(LogPlace { origin: origin.clone(), index, leaf: leaf_hash(&entry.bytes) })
}
