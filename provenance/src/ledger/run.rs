//! Runs and the verdicts about them: facts by those who are bound to the log they stand in.

use super::apply::{Judged, LedgerError, Place};
use super::identity::is_bound;
use super::key;
use super::rows::{InputRow, RootRow, RunRow, VerdictRow, write};
use super::view::Table;
use crate::identity::Did;
use crate::statement::{RunReceipt, RunVerdict};

/// A receipt counts when its signer signed it and is bound to this log.
pub(super) fn judge_receipt(
    place: &Place<'_>,
    receipt: &RunReceipt,
) -> Result<Judged, LedgerError> {
    if let Some(judged) = check_signer(place, &receipt.signer)? {
        return Ok(judged);
    }
    let run = *place.statement.id();
    let row = RunRow {
        at: place.at(),
        iss: place.statement.iss().clone(),
        iat: place.statement.iat(),
        payload: receipt.clone(),
    };
    let output = RootRow::Output { run };
    let root_key = key::numbered(receipt.output.root.as_bytes(), place.origin, place.index);
    let mut changes = vec![
        write(Table::Run, key::subject(run.as_bytes(), place.origin), &row)?,
        write(Table::Root, root_key, &output)?,
    ];
    for input in &receipt.inputs {
        let key = key::numbered(input.root.as_bytes(), place.origin, place.index);
        let change = write(Table::Input, key, &InputRow { run })?;
        // One dataset may be two inputs of a run.
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    Ok(Judged::folded(changes))
}

/// A verdict counts when its signer signed it and is bound to this log. The run it is about may
/// stand in any log, known here or not: joining them is a query.
pub(super) fn judge_verdict(
    place: &Place<'_>,
    verdict: &RunVerdict,
) -> Result<Judged, LedgerError> {
    if let Some(judged) = check_signer(place, &verdict.signer)? {
        return Ok(judged);
    }
    let row = VerdictRow {
        at: place.at(),
        iss: place.statement.iss().clone(),
        iat: place.statement.iat(),
        payload: verdict.clone(),
    };
    let key = key::numbered(verdict.receipt.id.as_bytes(), place.origin, place.index);
    Ok(Judged::folded(vec![write(Table::Verdict, key, &row)?]))
}

fn check_signer(place: &Place<'_>, signer: &Did) -> Result<Option<Judged>, LedgerError> {
    let issuer = place.statement.iss();
    if signer != issuer {
        return Ok(Some(Judged::refused(format!("it names {signer} as signer, {issuer} signed"))));
    }
    if !is_bound(place, issuer)? {
        let reason = format!("no identity statement before it binds {issuer} to this log");
        return Ok(Some(place.missing(reason)));
    }
    Ok(None)
}
