//! What a receipt says about its spec, held against the spec itself: a signature makes a receipt
//! somebody's word, not a true one.

use std::collections::BTreeMap;

use serde::Deserialize;
use veritrail_compute::run::resolved::{RESOLVED_VERSION, ResolvedSpec};
use veritrail_provenance::{
    evidence::{Evidence, Report},
    hash::DatasetRoot,
    ledger::queries,
    lineage::Node as Fact,
    statement::RunReceipt,
};

use super::report::Verification;

/// The version alone, so that a later spec is told from a broken one.
#[derive(Deserialize)]
struct Versioned {
    v: u64,
}

/// Checks every receipt of the lineage against the spec that it names and the evidence holds; what
/// is wrong is told in `done`. A spec that is not there is told by the evidence's own verification.
pub(super) fn check(evidence: &Evidence, report: &Report, done: &mut Verification) {
    for fact in report.lineage.iter().flat_map(|lineage| &lineage.nodes) {
        let Fact::Run { at, .. } = fact else { continue };
        let Ok(Some(run)) = queries::run(&report.state, &at.id) else { continue };
        let receipt = &run.row.payload;
        let Some(bytes) = evidence.blob(&receipt.spec_blob) else { continue };
        let place = format!("spec {} of run:{}", receipt.spec_blob, at.id);
        let version = serde_json::from_slice::<Versioned>(bytes).map(|spec| spec.v);
        if let Ok(v) = version
            && v > RESOLVED_VERSION
        {
            done.add_open(format!("{place}: version {v} of specs is not known to this program"));
            continue;
        }
        match ResolvedSpec::from_bytes(bytes) {
            Ok(spec) => {
                if let Err(what) = spec_agrees(&spec, receipt) {
                    done.add_finding(format!("{place}: the receipt's {what} is not the spec's"));
                }
            }
            Err(e) => done.add_finding(format!("{place}: {e}")),
        }
    }
}

/// Whether a receipt names the query and the inputs of its spec.
///
/// # Errors
/// The part of the receipt that is another.
pub(super) fn spec_agrees(spec: &ResolvedSpec, receipt: &RunReceipt) -> Result<(), &'static str> {
    if spec.text_hash() != receipt.spec {
        return Err("hash of the spec");
    }
    if spec.sql_hash() != receipt.sql {
        return Err("hash of the query");
    }
    let stated: BTreeMap<&str, (DatasetRoot, Option<&str>)> = receipt
        .inputs
        .iter()
        .map(|input| (input.name.as_str(), (input.root, input.select.as_deref())))
        .collect();
    let asked: BTreeMap<&str, (DatasetRoot, Option<&str>)> = spec
        .inputs
        .iter()
        .map(|(name, input)| (name.as_str(), (input.root, input.select.as_deref())))
        .collect();
    if stated == asked { Ok(()) } else { Err("list of inputs") }
}
