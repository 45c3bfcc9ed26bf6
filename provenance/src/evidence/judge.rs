//! Who is known to the reader: the rules of trust, applied to what the evidence folds to.

use std::collections::BTreeMap;

use super::report::{
    LogKnown, Open, Place, Report, SignerKnown, SignerReport, UnloggedInput, VerdictReport,
};
use crate::hash::StatementId;
use crate::identity::Did;
use crate::ledger::rows::{Claims, Standing};
use crate::ledger::{View, ViewError, queries};
use crate::lineage::{Edge, Lineage, Node, Relation, Why};
use crate::log::note::VKey;
use crate::statement::Origin;
use crate::trust::{TrustRoots, TrustSource};

/// Fills in who signed the facts of a lineage, and the verdicts about its runs.
pub(super) fn judge_lineage(
    report: &mut Report,
    lineage: &Lineage,
    trust: &TrustRoots,
) -> Result<(), ViewError> {
    let mut facts = Vec::new();
    for ((origin, index), (_, why)) in &lineage.statements {
        if why.contains(&Why::Fact) || why.contains(&Why::Earlier) {
            facts.extend(claims_at(&report.state, origin, *index)?);
        }
    }
    judge_signers(report, &facts, trust)?;
    report.verdicts = verdicts(&report.state, lineage, trust)?;
    report.unlogged = unlogged(lineage);
    Ok(())
}

/// Fills in who signed all that was folded, for evidence without a subject.
pub(super) fn judge_all(report: &mut Report, trust: &TrustRoots) -> Result<(), ViewError> {
    let mut facts = Vec::new();
    for log in queries::logs(&report.state)? {
        for (index, entry) in queries::entries(&report.state, &log.origin)? {
            let place = Place::entry(&log.origin, index, "statement");
            match entry.standing {
                // Nobody is known to have signed these.
                Standing::Refused { .. } | Standing::Opaque { .. } => {}
                Standing::Waiting { .. } | Standing::Newer { .. } => {
                    let reason = entry.standing.to_string();
                    report.open.push(Open { place: Some(place), reason });
                }
                _ => facts.extend(claims_at(&report.state, &log.origin, index)?),
            }
        }
    }
    judge_signers(report, &facts, trust)
}

/// How the reader knows a log whose checkpoint `signed_by` signed: by one of those keys itself, or
/// by a named DID whose identity in this log names one of them.
pub(super) fn log_known(
    view: &dyn View,
    trust: &TrustRoots,
    origin: &Origin,
    signed_by: &[VKey],
) -> Result<LogKnown, ViewError> {
    if let Some((vkey, source)) = trust.log_keys(origin).find(|(key, _)| signed_by.contains(key)) {
        return Ok(LogKnown::Key { vkey: vkey.clone(), source });
    }
    for signer in &trust.signers {
        let Some(identity) = queries::identity(view, origin, &signer.did)? else { continue };
        if !identity.vkeys.iter().any(|vkey| signed_by.contains(vkey)) {
            continue;
        }
        if let SignerKnown::Named { source } = signer_known(view, trust, &signer.did)? {
            return Ok(LogKnown::Signer { did: signer.did.clone(), source });
        }
    }
    Ok(if trust.any { LogKnown::Any } else { LogKnown::Unnamed })
}

/// How the reader knows a DID.
pub(super) fn signer_known(
    view: &dyn View,
    trust: &TrustRoots,
    did: &Did,
) -> Result<SignerKnown, ViewError> {
    let mut other_genesis = false;
    for signer in trust.signers(did) {
        match &signer.genesis {
            Some(genesis) if !began_with(view, did, genesis)? => other_genesis = true,
            _ => return Ok(SignerKnown::Named { source: signer.source }),
        }
    }
    Ok(match (other_genesis, trust.any) {
        (true, _) => SignerKnown::OtherGenesis,
        (false, true) => SignerKnown::Any,
        (false, false) => SignerKnown::Unnamed,
    })
}

/// Whether the statement with this id is one that `did` made about itself.
fn began_with(view: &dyn View, did: &Did, genesis: &StatementId) -> Result<bool, ViewError> {
    let Some((origin, index)) = queries::statement(view, genesis)? else { return Ok(false) };
    let claims = queries::entry(view, &origin, index)?.and_then(|entry| entry.claims);
    Ok(claims.is_some_and(|claims| claims.iss == *did && claims.sub == did.as_str()))
}

/// A statement's claims, where they stand.
struct Fact {
    place: Place,
    origin: Origin,
    claims: Claims,
}

fn claims_at(view: &dyn View, origin: &Origin, index: u64) -> Result<Option<Fact>, ViewError> {
    let claims = queries::entry(view, origin, index)?.and_then(|entry| entry.claims);
    let place = Place::entry(origin, index, "statement");
    Ok(claims.map(|claims| Fact { place, origin: origin.clone(), claims }))
}

fn judge_signers(report: &mut Report, facts: &[Fact], trust: &TrustRoots) -> Result<(), ViewError> {
    let mut signers: BTreeMap<&Did, SignerReport> = BTreeMap::new();
    for fact in facts {
        let did = &fact.claims.iss;
        if let Some(known) = signers.get_mut(did) {
            known.signed.push(fact.place.clone());
            continue;
        }
        let name = queries::identity(&report.state, &fact.origin, did)?.and_then(|row| row.name);
        let known = match signer_known(&report.state, trust, did)? {
            SignerKnown::Unnamed if fact.claims.kind == "dataset.genesis" => {
                dataset_known(&report.state, trust, &fact.origin, did)?
            }
            known => known,
        };
        let signed = vec![fact.place.clone()];
        signers.insert(did, SignerReport { did: did.clone(), name, signed, known });
    }
    report.signers = signers.into_values().collect();
    Ok(())
}

/// The key of a dataset signs once and is destroyed; who signs a version vouches for the dataset.
fn dataset_known(
    view: &dyn View,
    trust: &TrustRoots,
    origin: &Origin,
    dataset: &Did,
) -> Result<SignerKnown, ViewError> {
    for version in queries::versions(view, origin, dataset)? {
        if let SignerKnown::Named { .. } = signer_known(view, trust, &version.iss)? {
            return Ok(SignerKnown::Dataset { signer: version.iss });
        }
    }
    Ok(SignerKnown::Unnamed)
}

fn unlogged(lineage: &Lineage) -> Vec<UnloggedInput> {
    let input = |edge: &Edge| {
        let (Node::Run { origin, at, .. }, Node::Unlogged { root }, Relation::Used(name)) =
            (lineage.nodes.get(edge.from)?, lineage.nodes.get(edge.to)?, &edge.relation)
        else {
            return None;
        };
        let run = Place::entry(origin, at.index, "statement");
        Some(UnloggedInput { run, name: name.clone(), root: *root })
    };
    lineage.edges.iter().filter_map(input).collect()
}

fn verdicts(
    view: &dyn View,
    lineage: &Lineage,
    trust: &TrustRoots,
) -> Result<Vec<VerdictReport>, ViewError> {
    let mut verdicts = Vec::new();
    for edge in lineage.edges.iter().filter(|edge| edge.relation == Relation::Judges) {
        let (Some(Node::Verdict { origin, at, outcome, signer }), Some(run)) =
            (lineage.nodes.get(edge.from), lineage.nodes.get(edge.to))
        else {
            continue;
        };
        let independent = matches!(run, Node::Run { signer: by, .. } if by != signer);
        verdicts.push(VerdictReport {
            place: Place::entry(origin, at.index, "statement"),
            outcome: *outcome,
            signer: signer.clone(),
            known: signer_known(view, trust, signer)?,
            independent,
        });
    }
    Ok(verdicts)
}

/// Why a genesis is not the one that the reader pinned, if it is not.
pub(super) fn pin_broken(
    trust: &TrustRoots,
    dataset: &Did,
    genesis: &StatementId,
) -> Option<TrustSource> {
    let mut pins =
        trust.signers(dataset).filter_map(|signer| Some((signer.genesis?, signer.source)));
    pins.find(|(pinned, _)| pinned != genesis).map(|(_, source)| source)
}
