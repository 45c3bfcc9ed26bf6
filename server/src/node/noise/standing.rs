//! What a log says of noise: whether it was committed to before it was answered, and what all of a
//! version comes to.

use veritrail_provenance::{
    Origin, hash::StatementId, ledger::rows::ReleaseRow, statement::StatementRef,
};

use crate::claims::{
    CheckError,
    noise::CheckedNoise,
    report::{NoiseAccount, thousandths},
};

/// Where noise was logged, if one of these releases did so.
///
/// # Errors
/// When that release says something else than the file.
pub(in crate::node) fn committed_as(
    noise: &CheckedNoise,
    release: &StatementId,
    origin: &Origin,
    rows: &[ReleaseRow],
) -> Result<Option<StatementRef>, CheckError> {
    let Some(row) = rows.iter().find(|row| row.at.id == *release) else {
        // A question is asked once: what another release of this log asks, this one never will.
        let asked =
            |row: &&ReleaseRow| row.payload.noise.is_some_and(|it| noise.asks(&it.question));
        return match rows.iter().find(asked) {
            Some(_) => Err(CheckError::OtherRelease("question")),
            None => Ok(None),
        };
    };
    noise.check_release(&row.payload)?;
    Ok(Some(StatementRef { origin: origin.clone(), index: row.at.index, id: row.at.id }))
}

/// The sum of ε, in thousandths, of all noise that was committed to: whether it was answered or not,
/// as it may yet be.
pub(in crate::node) fn loss_so_far(rows: &[ReleaseRow]) -> u64 {
    let noise = rows.iter().filter_map(|row| row.payload.noise);
    noise.fold(0, |sum, noise| sum.saturating_add(noise.epsilon_thousandths))
}

/// What all noise of a version comes to.
pub(in crate::node) fn account(rows: &[ReleaseRow]) -> NoiseAccount {
    let committed: Vec<&ReleaseRow> =
        rows.iter().filter(|row| row.payload.noise.is_some()).collect();
    let answered = |one: &&&ReleaseRow| {
        rows.iter().any(|row| row.payload.answers.as_ref() == Some(&one.at.id))
    };
    let exponents = committed.iter().filter_map(|row| row.payload.noise);
    let delta: f64 = exponents
        .map(|noise| 10f64.powi(-i32::try_from(noise.delta_exponent).unwrap_or(i32::MAX)))
        .sum();
    NoiseAccount {
        committed: committed.len() as u64,
        unanswered: (committed.len() - committed.iter().filter(answered).count()) as u64,
        epsilon: thousandths(loss_so_far(rows)),
        delta: format!("{delta:.0e}"),
    }
}
