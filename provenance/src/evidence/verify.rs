//! Verification: from bytes that anybody may have made to an answer that rests on named parties.

use super::consistency::{KnownHead, check_link, compare};
use super::report::{Failure, LogReport, Open, Place, Report};
use super::{Consistency, Evidence, LogEvidence, blobs, judge};
use crate::ledger::rows::Standing;
use crate::ledger::{LedgerError, ViewError, queries};
use crate::lineage::{Lineage, LineageError, Node, Subject, Why, walk};
use crate::log::checkpoint::Checkpoint;
use crate::log::note::{Note, VKey};
use crate::log::proof::verify_inclusion;
use crate::log::tree::leaf_hash;
use crate::trust::TrustRoots;

/// Verifies evidence about one subject: everything that [`check`] does, then that the evidence
/// holds the subject's whole lineage, that nothing in it contradicts anything else, and who signed
/// it.
///
/// Never fails as a call: whatever is wrong stands in the report, with its place. Pure; costs one
/// signature check per statement and a hash per byte.
pub fn verify(
    evidence: &Evidence,
    trust: &TrustRoots,
    known: &[KnownHead],
    subject: &Subject,
) -> Report {
    let mut report = examine(evidence, trust, known);
    match walk(&report.state, subject) {
        Ok(lineage) => {
            let judged = judge_subject(&mut report, evidence, trust, &lineage);
            report.lineage = Some(lineage);
            keep_view_error(&mut report, judged);
        }
        Err(error) => no_lineage(&mut report, error),
    }
    report
}

/// Checks evidence as a whole, without a subject: shape, proofs, checkpoints, statements, blobs'
/// hashes, and who signed anything at all. What an import has to pass.
pub fn check(evidence: &Evidence, trust: &TrustRoots, known: &[KnownHead]) -> Report {
    let mut report = examine(evidence, trust, known);
    let judged = judge::judge_all(&mut report, trust);
    keep_view_error(&mut report, judged);
    report.logs.iter_mut().for_each(|log| log.needed = true);
    report
}

fn examine(evidence: &Evidence, trust: &TrustRoots, known: &[KnownHead]) -> Report {
    let mut report = Report { any: trust.any, ..Report::default() };
    if let Err(error) = evidence.check_shape() {
        let place = Place { origin: None, index: None, part: "evidence".to_owned() };
        report.failures.push(Failure { place, reason: error.to_string() });
        return report;
    }
    for log in &evidence.logs {
        let examined = examine_log(&mut report, log, trust, known);
        keep_view_error(&mut report, examined);
    }
    blobs::check_ids(&mut report, evidence);
    report
}

fn examine_log(
    report: &mut Report,
    log: &LogEvidence,
    trust: &TrustRoots,
    known: &[KnownHead],
) -> Result<(), ViewError> {
    let origin = &log.origin;
    let fail = |part: &str, reason: String| Failure { place: Place::log(origin, part), reason };
    let (checkpoint, note) = match Checkpoint::read(&log.checkpoint) {
        Ok((checkpoint, note)) if checkpoint.origin == *origin => (checkpoint, note),
        Ok((other, _)) => {
            let reason = format!("it is the checkpoint of log {}", other.origin);
            report.failures.push(fail("checkpoint", reason));
            return Ok(());
        }
        Err(error) => {
            report.failures.push(fail("checkpoint", error.to_string()));
            return Ok(());
        }
    };
    check_entries(report, log, &checkpoint);
    fold(report, log);
    let row = queries::log(&report.state, origin)?;
    let mut keys: Vec<VKey> =
        row.iter().flat_map(|row| &row.keys).map(|k| k.vkey.clone()).collect();
    keys.extend(trust.log_keys(origin).map(|(vkey, _)| vkey.clone()));
    let signed_by = signed_by(report, log, &checkpoint, &note, &keys);
    let mut consistency = Consistency::FirstContact;
    for head in known.iter().filter(|head| head.checkpoint.origin == *origin) {
        consistency = consistency.worse(judge_head(report, log, &checkpoint, head));
    }
    for link in &log.consistency {
        if let Err(error) = check_link(link, &checkpoint) {
            let reason = format!("the proof from size {}: {error}", link.old_size);
            report.failures.push(fail("consistency", reason));
        }
    }
    report.logs.push(LogReport {
        origin: origin.clone(),
        size: checkpoint.size,
        root: checkpoint.root,
        entries: log.entries.len(),
        operator: row.as_ref().map(|row| row.operator.clone()),
        known: judge::log_known(&report.state, trust, origin, &signed_by)?,
        signed_by,
        consistency,
        needed: false,
    });
    Ok(())
}

fn check_entries(report: &mut Report, log: &LogEvidence, checkpoint: &Checkpoint) {
    let Checkpoint { size, root, .. } = checkpoint;
    for entry in &log.entries {
        let leaf = leaf_hash(&entry.bytes);
        if let Err(error) = verify_inclusion(entry.index, *size, &leaf, &entry.proof, root) {
            let place = Place::entry(&log.origin, entry.index, "proof");
            let reason = format!("the entry is not in the log by this proof: {error}");
            report.failures.push(Failure { place, reason });
        }
    }
}

/// Folds the log's entries. What breaks a rule is a failure: nobody needs it as evidence.
fn fold(report: &mut Report, log: &LogEvidence) {
    let origin = &log.origin;
    let entries = log.entries.iter().map(|entry| (entry.index, &entry.bytes[..]));
    match report.state.fold(origin, entries) {
        Ok(()) => {}
        Err(LedgerError::NewerLog { reason, .. }) => {
            let place = Some(Place::entry(origin, 0, "statement"));
            report.open.push(Open { place, reason: format!("newer statement: {reason}") });
        }
        Err(error) => {
            let place = Place::entry(origin, 0, "statement");
            report.failures.push(Failure { place, reason: error.to_string() });
        }
    }
    let folded = queries::entries(&report.state, origin).unwrap_or_default();
    for (index, entry) in folded {
        if matches!(entry.standing, Standing::Refused { .. } | Standing::Opaque { .. }) {
            let place = Place::entry(origin, index, "statement");
            report.failures.push(Failure { place, reason: entry.standing.to_string() });
        }
    }
}

/// The keys among those of the log that signed its checkpoint.
fn signed_by(
    report: &mut Report,
    log: &LogEvidence,
    checkpoint: &Checkpoint,
    note: &Note,
    keys: &[VKey],
) -> Vec<VKey> {
    match checkpoint.signed_by(note, keys) {
        Ok(mut signed) => {
            signed.sort();
            signed.dedup();
            signed
        }
        Err(error) => {
            let place = Place::log(&log.origin, "checkpoint");
            // Without entry 0 the log's keys are not known, and that is reported already.
            if queries::log(&report.state, &log.origin).is_ok_and(|row| row.is_some()) {
                report.failures.push(Failure { place, reason: error.to_string() });
            }
            Vec::new()
        }
    }
}

fn judge_head(
    report: &mut Report,
    log: &LogEvidence,
    shown: &Checkpoint,
    known: &KnownHead,
) -> Consistency {
    let (consistency, pair) = compare(log, shown, known);
    if let Some(pair) = pair {
        let old = known.checkpoint.size;
        let reason = format!(
            "it contradicts the checkpoint of {old} entries that was seen before: the log has \
             shown different heads, and both are kept as proof"
        );
        let place = Place::log(&log.origin, "checkpoint");
        report.failures.push(Failure { place, reason });
        report.inconsistent.push(pair);
    }
    consistency
}

fn judge_subject(
    report: &mut Report,
    evidence: &Evidence,
    trust: &TrustRoots,
    lineage: &Lineage,
) -> Result<(), ViewError> {
    for contradiction in &lineage.contradictions {
        let place = Place::entry(&contradiction.origin, contradiction.index, "statement");
        report.failures.push(Failure { place, reason: contradiction.reason.clone() });
    }
    for (origin, index) in &lineage.forks {
        let place = Place::entry(origin, *index, "statement");
        let reason = "it is another genesis of a dataset in the lineage: a fork".to_owned();
        report.failures.push(Failure { place, reason });
    }
    for missing in &lineage.missing {
        let place = Place::entry(&missing.origin, missing.index, "statement");
        let reason = format!("statement {} is named and not here", missing.id);
        report.open.push(Open { place: Some(place), reason });
    }
    for ((origin, index), reason) in &lineage.unsettled {
        let place = Some(Place::entry(origin, *index, "statement"));
        report.open.push(Open { place, reason: reason.clone() });
    }
    for (origin, index) in &lineage.newer {
        let place = Some(Place::entry(origin, *index, "statement"));
        let reason = "newer statement: this version does not understand it, and what it is about \
                      could depend on it";
        report.open.push(Open { place, reason: reason.to_owned() });
    }
    check_pins(report, trust, lineage)?;
    blobs::check_lineage(report, evidence, lineage);
    judge::judge_lineage(report, lineage, trust)?;
    for log in &mut report.logs {
        let fact = |why: &Why| matches!(why, Why::Fact | Why::Earlier);
        let mut needed = lineage.statements.iter();
        log.needed = needed.any(|((o, _), (_, why))| *o == log.origin && why.iter().any(fact));
    }
    Ok(())
}

/// A dataset whose genesis the reader pinned must have begun with that one.
fn check_pins(report: &mut Report, trust: &TrustRoots, lineage: &Lineage) -> Result<(), ViewError> {
    for node in &lineage.nodes {
        let Node::Version { origin, dataset, .. } = node else { continue };
        let Some(row) = queries::dataset(&report.state, origin, dataset)? else { continue };
        if judge::pin_broken(trust, dataset, &row.genesis.id).is_some() {
            let place = Place::entry(origin, row.genesis.index, "statement");
            let reason = format!("another genesis of {dataset} is pinned: this one is a fork");
            report.failures.push(Failure { place, reason });
        }
    }
    Ok(())
}

fn no_lineage(report: &mut Report, error: LineageError) {
    match error {
        LineageError::NotFolded { origin, index, standing } => {
            let place = Place::entry(&origin, index, "statement");
            let reason = standing.to_string();
            if matches!(standing, Standing::Waiting { .. } | Standing::Newer { .. }) {
                report.open.push(Open { place: Some(place), reason });
            } else {
                report.failures.push(Failure { place, reason });
            }
        }
        LineageError::Forked { ref dataset, ref logs } => {
            let origin = logs.last().cloned();
            let place = Place { origin, index: None, part: format!("genesis of {dataset}") };
            report.failures.push(Failure { place, reason: error.to_string() });
        }
        LineageError::NotFound(_) => {
            let reason = format!("{error}: the evidence does not hold it");
            report.open.push(Open { place: None, reason });
        }
        other => report.open.push(Open { place: None, reason: other.to_string() }),
    }
}

/// The state is in memory and its rows are our own, so this does not happen; if it does, nothing
/// was verified.
fn keep_view_error(report: &mut Report, result: Result<(), ViewError>) {
    if let Err(error) = result {
        report.open.push(Open { place: None, reason: error.to_string() });
    }
}
