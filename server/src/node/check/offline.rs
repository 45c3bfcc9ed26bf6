//! Checking a proof with nothing but a bundle: no home, no network.

use std::path::Path;

use super::{CheckRequest, CheckedProof, file::Given, shown};
use crate::{
    error::{NodeError, Result},
    node::{
        Node,
        bundle::verify::{BundleCheck, judge},
        report::Conclusion,
    },
    progress::Progress,
};

/// Checks a proof file against the version that a bundle holds: its statement with inclusion proof
/// and checkpoint, manifest and commitments. A home is only needed for what it trusts and
/// remembers. Blocks.
///
/// # Errors
/// As [`Node::check`]; the file is no bundle, or none of this version.
pub fn check_offline(
    home: Option<&Node>,
    request: &CheckRequest,
    bundle: &Path,
    progress: &dyn Progress,
) -> Result<CheckedProof> {
    let given = Given::read(request)?;
    let check =
        BundleCheck { bundle: bundle.to_owned(), trust: request.trust.clone(), data: Vec::new() };
    let judged = judge(home, &check, progress)?;
    let version = judged.verification;
    if version.conclusion == Conclusion::Failed {
        return Ok(CheckedProof { shown: None, version });
    }
    let (dataset, number) = (&given.file.dataset, given.file.version);
    let mut inside = judged.committed.iter();
    let inside = inside.find(|one| one.dataset == *dataset && one.number == number);
    let Some(inside) = inside else {
        return Err(NodeError::could_not_check("the bundle holds no commitments of its version")
            .at(bundle.display())
            .hint(format!(
                "ask its holder for a bundle of it: veritrail bundle {dataset}@{number}"
            )));
    };
    progress.stop().check()?;
    progress.begin("check the proof", None);
    let shown = shown(&given, &inside.checked, &inside.place, &judged.report.state);
    progress.end();
    Ok(CheckedProof { shown: Some(shown?), version })
}
