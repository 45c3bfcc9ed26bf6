//! Datasets: one genesis, then versions by its controllers, the first in the log winning.

use super::apply::{Judged, LedgerError, Place};
use super::rows::{
    At, Chain, ConflictRow, DatasetRow, FORKS_MAX, Newest, RootRow, Standing, VersionRow, read,
    write,
};
use super::view::Table;
use super::{key, queries};
use crate::identity::Did;
use crate::statement::{DatasetGenesis, DatasetVersion};

/// A genesis counts when it is the first of its dataset in this log; a second one is a fork.
pub(super) fn judge_genesis(
    place: &Place<'_>,
    genesis: &DatasetGenesis,
) -> Result<Judged, LedgerError> {
    let dataset = place.statement.iss();
    if place.statement.sub() != dataset.as_str() {
        return Ok(Judged::refused("a genesis is signed by the dataset's own key"));
    }
    let key = key::subject(&key::did(dataset), place.origin);
    let Some(mut first) = read::<DatasetRow>(place.view, Table::Dataset, &key)? else {
        let row = DatasetRow {
            genesis: place.at(),
            controllers: genesis.controllers.clone(),
            newest: None,
            forks: Vec::new(),
        };
        return Ok(Judged::folded(vec![write(Table::Dataset, key, &row)?]));
    };
    let standing = Standing::Fork { genesis: first.genesis.index };
    let mut changes = Vec::new();
    if first.forks.len() < FORKS_MAX {
        first.forks.push(place.at());
        changes.push(write(Table::Dataset, key, &first)?);
    }
    Ok(Judged { standing, changes, keys: None })
}

/// A version counts when a controller signed it and it takes the next number after its
/// predecessor; the loser of two that claim the same place is a conflict.
pub(super) fn judge_version(
    place: &Place<'_>,
    version: &DatasetVersion,
) -> Result<Judged, LedgerError> {
    let Ok(did) = place.statement.sub().parse::<Did>() else {
        return Ok(Judged::refused("its subject is no DID"));
    };
    let Some(mut dataset) = queries::dataset(place.view, place.origin, &did)? else {
        return Ok(place.missing(format!("no genesis of {did} stands before it in this log")));
    };
    let signer = place.statement.iss();
    if !dataset.controllers.contains(signer) {
        return Ok(Judged::refused(format!("{signer} is not a controller of {did}")));
    }
    let chain = match judge_chain(place, &dataset, version) {
        Ok(Link::Chained(chain)) => chain,
        Ok(Link::Taken) => return conflict(place, &did, &dataset, version),
        Err(judged) => return Ok(judged),
    };
    let row = VersionRow {
        at: place.at(),
        iss: signer.clone(),
        iat: place.statement.iat(),
        chain,
        payload: version.clone(),
    };
    dataset.newest = Some(Newest { number: version.number, at: place.at() });
    let about = key::did(&did);
    let root = RootRow::Version { dataset: did.clone(), number: version.number };
    let root_key = key::numbered(version.root.as_bytes(), place.origin, place.index);
    Ok(Judged::folded(vec![
        write(Table::Version, key::numbered(&about, place.origin, version.number), &row)?,
        write(Table::Dataset, key::subject(&about, place.origin), &dataset)?,
        write(Table::Root, root_key, &root)?,
    ]))
}

enum Link {
    /// The place is free, and this is how it is linked to its predecessor.
    Chained(Chain),
    /// An earlier version has the number, or another follows the same predecessor.
    Taken,
}

fn judge_chain(
    place: &Place<'_>,
    dataset: &DatasetRow,
    version: &DatasetVersion,
) -> Result<Link, Judged> {
    let known = dataset.newest.map_or(0, |newest| newest.number);
    // Decoding has made sure that numbers start from 1 and all but the first name a predecessor.
    match (version.number, &version.previous) {
        (number, _) if number <= known => Ok(Link::Taken),
        (number, previous) if number == known + 1 => {
            let expected = dataset.newest.map(|newest| newest.at.id);
            if *previous == expected { Ok(Link::Chained(Chain::Linked)) } else { Ok(Link::Taken) }
        }
        (number, _) if place.log.gapless == place.index => {
            Err(Judged::refused(format!("version {} does not stand before it", number - 1)))
        }
        _ => Ok(Link::Chained(Chain::Gap)),
    }
}

fn conflict(
    place: &Place<'_>,
    did: &Did,
    dataset: &DatasetRow,
    version: &DatasetVersion,
) -> Result<Judged, LedgerError> {
    let holder = queries::version(place.view, place.origin, did, version.number)?;
    let newest = dataset.newest.map(|newest| newest.at);
    let with: At = holder.map(|holder| holder.at).or(newest).unwrap_or(dataset.genesis);
    let row = ConflictRow { at: place.at(), number: version.number, with };
    let key = key::numbered(&key::did(did), place.origin, place.index);
    let changes = vec![write(Table::Conflict, key, &row)?];
    Ok(Judged { standing: Standing::Conflict { with: with.index }, changes, keys: None })
}
