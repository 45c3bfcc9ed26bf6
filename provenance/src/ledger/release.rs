//! Releases of proven statistics: one chain a version, the first in the log winning.

use super::apply::{Judged, LedgerError, Place};
use super::rows::{At, Chain, Newest, ReleaseRow, Standing, read, write};
use super::view::Table;
use super::{key, queries};
use crate::identity::Did;
use crate::statement::ProofRelease;

/// Of a version each question is asked once: whoever knows its nonce could choose the noise of a second
/// answer. And each is answered once, after it was asked.
fn noise(
    place: &Place<'_>,
    did: &Did,
    release: &ProofRelease,
) -> Result<Option<Judged>, LedgerError> {
    if release.noise.is_none() && release.answers.is_none() {
        return Ok(None);
    }
    let earlier = queries::releases(place.view, place.origin, did, release.version_number)?;
    let earlier = earlier.iter().filter(|row| row.payload.number < release.number);
    if let Some(noise) = &release.noise {
        let asked = |row: &&ReleaseRow| {
            row.payload.noise.is_some_and(|other| other.question == noise.question)
        };
        let again = earlier.clone().find(asked);
        return Ok(again.map(|row| {
            Judged::refused(format!("release {} asks the same question", row.payload.number))
        }));
    }
    let Some(id) = release.answers else { return Ok(None) };
    if let Some(row) = earlier.clone().find(|row| row.payload.answers == Some(id)) {
        let number = row.payload.number;
        return Ok(Some(Judged::refused(format!("release {number} answers the same question"))));
    }
    Ok(match earlier.clone().find(|row| row.at.id == id) {
        Some(row) if row.payload.noise.is_some() => None,
        Some(_) => Some(Judged::refused("what it answers commits to no noise")),
        None => {
            Some(place.missing(format!("release {id}, which it answers, does not stand before it")))
        }
    })
}

/// A release counts when a controller signed it, the version it names stands before it, and it takes
/// the next number after its predecessor: of two that follow the same one, the first does.
pub(super) fn judge(place: &Place<'_>, release: &ProofRelease) -> Result<Judged, LedgerError> {
    let Ok(did) = place.statement.sub().parse::<Did>() else {
        return Ok(Judged::refused("its subject is no DID"));
    };
    let Some(dataset) = queries::dataset(place.view, place.origin, &did)? else {
        return Ok(place.missing(format!("no genesis of {did} stands before it in this log")));
    };
    let signer = place.statement.iss();
    if !dataset.controllers.contains(signer) {
        return Ok(Judged::refused(format!("{signer} is not a controller of {did}")));
    }
    let number = release.version_number;
    let Some(version) = queries::version(place.view, place.origin, &did, number)? else {
        return Ok(place.missing(format!("version {number} does not stand before it")));
    };
    let named = At { index: release.version.index, id: release.version.id };
    if version.at != named {
        return Ok(Judged::refused(format!("it names another statement as version {number}")));
    }
    let about = key::version(&did, number);
    let last_key = key::subject(&about, place.origin);
    let last: Option<Newest> = read(place.view, Table::LastRelease, &last_key)?;
    let chain = match chain(place, last, release) {
        Ok(chain) => chain,
        Err(judged) => return Ok(judged),
    };
    if let Some(judged) = noise(place, &did, release)? {
        return Ok(judged);
    }
    let row = ReleaseRow {
        at: place.at(),
        iss: signer.clone(),
        iat: place.statement.iat(),
        chain,
        payload: release.clone(),
    };
    let row_key = key::numbered(&about, place.origin, release.number);
    let newest = Newest { number: release.number, at: place.at() };
    Ok(Judged::folded(vec![
        write(Table::Release, row_key, &row)?,
        write(Table::LastRelease, last_key, &newest)?,
    ]))
}

/// How it is linked to the release before, or what it is instead.
fn chain(place: &Place<'_>, last: Option<Newest>, release: &ProofRelease) -> Result<Chain, Judged> {
    let conflict = |with: At| Err(Judged::without_change(Standing::Conflict { with: with.index }));
    match (last, release.number) {
        // Decoding has made sure that the first names no predecessor and all others do.
        (None, 1) => Ok(Chain::Linked),
        (Some(last), number) if number <= last.number => conflict(last.at),
        (Some(last), number) if number == last.number + 1 => {
            if release.previous == Some(last.at.id) { Ok(Chain::Linked) } else { conflict(last.at) }
        }
        (_, number) if place.log.gapless == place.index => {
            Err(Judged::refused(format!("release {} does not stand before it", number - 1)))
        }
        _ => Ok(Chain::Gap),
    }
}
