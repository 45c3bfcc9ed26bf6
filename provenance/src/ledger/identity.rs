//! Identity statements: who is bound to a log, and by which keys the log is signed.

use super::apply::{Judged, LedgerError, Place, record};
use super::entry::Entry;
use super::key;
use super::rows::{At, IdentityRow, LogKey, LogRow, Standing, read, write};
use super::view::{Change, Table};
use crate::identity::{Did, DidError};
use crate::log::note::VKey;
use crate::statement::{Identity, Origin, Payload, Role, Statement, VerifyError};

/// Checks a statement's signature by its issuer's own key.
///
/// The key of any other method than did:key has to come from an earlier identity statement of the
/// same log. Nothing folds the first such statement yet (it would vouch for itself), so those
/// statements wait.
pub(super) fn check_signature(statement: &Statement) -> Result<(), Standing> {
    statement.verify_did_key().map_err(|error| match error {
        VerifyError::Key(DidError::Method(_)) => {
            Standing::Waiting { reason: format!("no key is bound here for {}", statement.iss()) }
        }
        other => Standing::Refused { reason: other.to_string() },
    })
}

/// Entry 0: the operator's identity, or the log is refused.
pub(super) fn first(origin: &Origin, entry: &Entry) -> Result<Vec<Change>, LedgerError> {
    let refuse = |reason: String| LedgerError::RefusedLog { origin: origin.clone(), reason };
    let statement = match entry {
        Entry::Opaque { reason } => return Err(refuse(reason.clone())),
        Entry::Statement(statement) => statement,
    };
    if statement.aud() != origin {
        return Err(refuse(format!("it is meant for log {}", statement.aud())));
    }
    if let Err(Standing::Refused { reason } | Standing::Waiting { reason }) =
        check_signature(statement)
    {
        return Err(refuse(reason));
    }
    let identity = match statement.payload() {
        Payload::Identity(identity) => identity,
        Payload::Unknown => {
            let reason = format!("kind {}", statement.kind());
            return Err(LedgerError::NewerLog { origin: origin.clone(), reason });
        }
        _ => return Err(refuse(format!("it is a {} statement", statement.kind()))),
    };
    if identity.role != Role::Operator {
        return Err(refuse("it binds a member, not the operator".to_owned()));
    }
    let vkeys = check(identity, statement).map_err(refuse)?;
    let at = At { index: 0, id: *statement.id() };
    let keys = log_keys(&identity.did, &vkeys, 0);
    let row = identity_row(identity, at, 0, vkeys);
    let changes = vec![write(Table::Identity, identity_key(&identity.did, origin), &row)?];
    let log = LogRow { operator: identity.did.clone(), first: at.id, next: 0, gapless: 0, keys };
    record(origin, 0, entry, log, Judged::folded(changes))
}

/// Any later identity: a further member, or a new binding of a DID that is bound already.
pub(super) fn judge(place: &Place<'_>, identity: &Identity) -> Result<Judged, LedgerError> {
    if identity.role == Role::Operator && identity.did != place.log.operator {
        let operator = &place.log.operator;
        return Ok(Judged::refused(format!("the operator of this log is {operator}")));
    }
    let vkeys = match check(identity, place.statement) {
        Ok(vkeys) => vkeys,
        Err(reason) => return Ok(Judged::refused(reason)),
    };
    let key = identity_key(&identity.did, place.origin);
    let earlier = read::<IdentityRow>(place.view, Table::Identity, &key)?;
    let since = earlier.map_or(place.index, |earlier| earlier.since);
    // Only who operates the log says by which keys it is signed; what a member names vouches for
    // such a key and adds none, so the log's row does not grow with its members.
    let keys = (identity.did == place.log.operator && !vkeys.is_empty())
        .then(|| log_keys(&identity.did, &vkeys, place.index));
    let row = identity_row(identity, place.at(), since, vkeys);
    let changes = vec![write(Table::Identity, key, &row)?];
    Ok(Judged { standing: Standing::Folded, changes, keys })
}

/// Whether `did` is bound to the log by an identity statement before this entry.
pub(super) fn is_bound(place: &Place<'_>, did: &Did) -> Result<bool, LedgerError> {
    Ok(place.view.get(Table::Identity, &identity_key(did, place.origin))?.is_some())
}

/// The claims, and the proof of possession of every key named. Returns the checkpoint keys.
fn check(identity: &Identity, statement: &Statement) -> Result<Vec<VKey>, String> {
    let signer = identity.did.public_key().map_err(|error| error.to_string())?;
    Identity::check(statement, &signer).map_err(|error| error.to_string())?;
    let mut vkeys = Vec::new();
    for line in &identity.vkeys {
        let vkey = line.parse::<VKey>().map_err(|error| format!("vkey {line:?}: {error}"))?;
        if vkey.name() != statement.aud().as_str() {
            return Err(format!("vkey {line:?} does not bear the name of the log"));
        }
        vkeys.push(vkey);
    }
    Ok(vkeys)
}

fn identity_row(identity: &Identity, at: At, since: u64, vkeys: Vec<VKey>) -> IdentityRow {
    IdentityRow {
        at,
        since,
        role: identity.role,
        name: identity.name.clone(),
        node: identity.node.clone(),
        vkeys,
    }
}

/// Checkpoint keys as the operator's newest identity names them.
fn log_keys(by: &Did, vkeys: &[VKey], index: u64) -> Vec<LogKey> {
    vkeys.iter().map(|vkey| LogKey { vkey: vkey.clone(), by: by.clone(), index }).collect()
}

fn identity_key(did: &Did, origin: &Origin) -> Vec<u8> {
    key::subject(&key::did(did), origin)
}
