//! Released proofs: what their statements may say, and the one chain of a version.

use serde_json::{Value, json};
use veritrail_provenance::evidence::{Conclusion, Evidence, verify};
use veritrail_provenance::hash::{ChunkId, QuestionHash, StatementId};
use veritrail_provenance::ledger::rows::{Chain, Standing};
use veritrail_provenance::ledger::{MemoryState, queries};
use veritrail_provenance::lineage::*;
use veritrail_provenance::statement::*;
use veritrail_provenance::trust::{TrustRoots, TrustSource};

use crate::fixtures;
use crate::trails::{Data, Log, did, folded, needed};

/// A lab with dataset 4 in one version, controlled by the operator.
fn lab() -> (Log, StatementRef) {
    let mut log = Log::new("example.org/lab", 1);
    log.genesis(4, &[1, 2]);
    let data = Data::new(b"day,mm\n1,3\n");
    let version = log.version(1, 4, data.version(1, None));
    (log, version)
}

fn release(version: &StatementRef, number: u64, previous: Option<StatementId>) -> ProofRelease {
    ProofRelease {
        number,
        previous,
        version: version.clone(),
        version_number: 1,
        proof: ChunkId::of(&number.to_be_bytes()),
        bytes: 1_000 + number,
        noise: None,
        answers: None,
    }
}

fn asks(question: u8) -> Option<CommittedNoise> {
    let question = QuestionHash::from_bytes([question; 32]);
    Some(CommittedNoise { question, epsilon_thousandths: 1_000, delta_exponent: 6 })
}

fn append(log: &mut Log, iss: u8, release: ProofRelease) -> StatementRef {
    let statement = log.sign(iss, did(4).as_str(), Payload::ProofRelease(release));
    log.append(&statement)
}

fn standing(state: &MemoryState, log: &Log, index: u64) -> Standing {
    queries::entry(state, &log.origin, index).unwrap().unwrap().standing
}

fn is_refused(standing: &Standing, why: &str) -> bool {
    matches!(standing, Standing::Refused { reason } if reason.contains(why))
}

#[test]
fn releases_are_one_chain_by_controllers() {
    let (mut log, version) = lab();
    let first = append(&mut log, 1, release(&version, 1, None));
    let second = append(&mut log, 2, release(&version, 2, Some(first.id)));
    let state = folded(&[&log]);
    let rows = queries::releases(&state, &log.origin, &did(4), 1).unwrap();
    assert_eq!(rows.iter().map(|row| row.payload.number).collect::<Vec<_>>(), [1, 2]);
    assert!(rows.iter().all(|row| row.chain == Chain::Linked));
    assert_eq!((&rows[0].iss, &rows[1].iss), (&did(1), &did(2)));
    let last = queries::last_release(&state, &log.origin, &did(4), 1).unwrap().unwrap();
    assert_eq!((last.number, last.at.id), (2, second.id));
    assert_eq!(queries::last_release(&state, &log.origin, &did(4), 2).unwrap(), None);
    assert_eq!(queries::last_release(&state, &log.origin, &did(1), 1).unwrap(), None);
}

#[test]
fn a_question_is_asked_once_and_answered_once() {
    let (mut log, version) = lab();
    let mut last: Option<StatementRef> = None;
    let mut number = 0;
    let mut next = |log: &mut Log, noise, answers, counts: bool| {
        let previous = last.as_ref().map(|last| last.id);
        let made = ProofRelease { noise, answers, ..release(&version, number + 1, previous) };
        let at = append(log, 1, made);
        if counts {
            (last, number) = (Some(at.clone()), number + 1);
        }
        at
    };
    let plain = next(&mut log, None, None, true);
    let first = next(&mut log, asks(1), None, true);
    let again = next(&mut log, asks(1), None, false);
    let other = next(&mut log, asks(2), None, true);
    let unasked = next(&mut log, None, Some(plain.id), false);
    let unknown = next(&mut log, None, Some(StatementId::from_bytes([9; 32])), false);
    let not_counted = next(&mut log, None, Some(again.id), false);
    let answer = next(&mut log, None, Some(first.id), true);
    let second = next(&mut log, None, Some(first.id), false);
    let answer_of_other = next(&mut log, None, Some(other.id), true);
    let state = folded(&[&log]);
    for counted in [&plain, &first, &other, &answer, &answer_of_other] {
        assert_eq!(standing(&state, &log, counted.index), Standing::Folded);
    }
    let refused = [
        (&again, "asks the same question"),
        (&unasked, "commits to no noise"),
        (&unknown, "does not stand before it"),
        (&not_counted, "does not stand before it"),
        (&second, "answers the same question"),
    ];
    for (at, why) in refused {
        let standing = standing(&state, &log, at.index);
        assert!(is_refused(&standing, why), "{standing:?}");
    }
}

#[test]
fn each_version_has_a_chain_of_its_own() {
    let (mut log, version) = lab();
    let first = append(&mut log, 1, release(&version, 1, None));
    let more = Data::new(b"day,mm\n1,3\n2,0\n");
    let newer = log.version(1, 4, more.version(2, Some(&version)));
    let of_newer =
        |number, previous| ProofRelease { version_number: 2, ..release(&newer, number, previous) };
    let other = append(&mut log, 1, of_newer(1, None));
    let crossed = append(&mut log, 1, of_newer(2, Some(first.id)));
    let second = append(&mut log, 1, release(&version, 2, Some(first.id)));
    let state = folded(&[&log]);
    assert_eq!(standing(&state, &log, other.index), Standing::Folded);
    assert_eq!(standing(&state, &log, second.index), Standing::Folded);
    let lost = Standing::Conflict { with: other.index };
    assert_eq!(standing(&state, &log, crossed.index), lost);
    let last = |number| {
        queries::last_release(&state, &log.origin, &did(4), number).unwrap().unwrap().at.id
    };
    assert_eq!((last(1), last(2)), (second.id, other.id));
}

#[test]
fn of_two_with_one_predecessor_the_first_counts() {
    let (mut log, version) = lab();
    let first = append(&mut log, 1, release(&version, 1, None));
    let second = append(&mut log, 1, release(&version, 2, Some(first.id)));
    let mut other = release(&version, 2, Some(first.id));
    other.bytes += 1;
    let twin = append(&mut log, 1, other);
    let mut again = release(&version, 1, None);
    again.bytes += 1;
    let restart = append(&mut log, 2, again);
    let skipped = append(&mut log, 1, release(&version, 3, Some(first.id)));
    let after_twin = append(&mut log, 1, release(&version, 3, Some(twin.id)));
    let far = append(&mut log, 1, release(&version, 5, Some(second.id)));
    let state = folded(&[&log]);
    for loser in [&twin, &restart, &skipped, &after_twin] {
        let lost = Standing::Conflict { with: second.index };
        assert_eq!(standing(&state, &log, loser.index), lost);
    }
    assert!(is_refused(&standing(&state, &log, far.index), "release 4 does not stand before"));
    assert_eq!(queries::releases(&state, &log.origin, &did(4), 1).unwrap().len(), 2);
    let third = append(&mut log, 1, release(&version, 3, Some(second.id)));
    let state = folded(&[&log]);
    assert_eq!(standing(&state, &log, third.index), Standing::Folded);
    // A conflict of releases is none of versions.
    assert_eq!(queries::conflicts(&state, &log.origin, &did(4)).unwrap(), []);
}

#[test]
fn a_release_names_a_version_that_stands_before_it() {
    let (mut log, version) = lab();
    let stranger = append(&mut log, 3, release(&version, 1, None));
    let mut wrong = release(&version, 1, None);
    wrong.version_number = 2;
    let no_version = append(&mut log, 1, wrong);
    let mut wrong = release(&version, 1, None);
    wrong.version.id = StatementId::from_bytes([7; 32]);
    let other_id = append(&mut log, 1, wrong);
    let mut wrong = release(&version, 1, None);
    wrong.version.index += 1;
    let other_index = append(&mut log, 1, wrong);
    let unknown = log.sign(1, did(5).as_str(), Payload::ProofRelease(release(&version, 1, None)));
    let unknown = log.append(&unknown);
    let state = folded(&[&log]);
    let refused = |at: &StatementRef, why| is_refused(&standing(&state, &log, at.index), why);
    assert!(refused(&stranger, "not a controller"));
    assert!(refused(&no_version, "version 2 does not stand"));
    assert!(refused(&other_id, "another statement as version 1"));
    assert!(refused(&other_index, "another statement as version 1"));
    assert!(refused(&unknown, "no genesis"));
    assert_eq!(queries::releases(&state, &log.origin, &did(4), 1).unwrap(), []);
}

#[test]
fn with_gaps_what_is_not_known_waits_or_is_marked() {
    let (mut log, version) = lab();
    let first = append(&mut log, 1, release(&version, 1, None));
    let second = append(&mut log, 1, release(&version, 2, Some(first.id)));
    let entry = |index: u64| (index, &log.entries[index as usize][..]);
    let mut state = MemoryState::new();
    state.fold(&log.origin, [entry(0), entry(1), entry(second.index)]).unwrap();
    assert!(matches!(standing(&state, &log, second.index), Standing::Waiting { .. }));
    let mut state = MemoryState::new();
    state.fold(&log.origin, [entry(0), entry(1), entry(2), entry(second.index)]).unwrap();
    let rows = queries::releases(&state, &log.origin, &did(4), 1).unwrap();
    assert_eq!((rows.len(), rows[0].chain), (1, Chain::Gap));
}

/// A lineage of the version, as a peer hands it out or a bundle holds it.
fn evidence(log: &Log, data: &Data, lineage: &Lineage) -> Evidence {
    needed(lineage, &[log], std::slice::from_ref(&data.manifest))
}

fn roots(persons: &[u8]) -> TrustRoots {
    let named = |roots: TrustRoots, person: &u8| {
        roots.with_signer(did(*person), None, TrustSource::CommandLine)
    };
    persons.iter().fold(TrustRoots::none(), named)
}

#[test]
fn whoever_gets_a_version_learns_what_was_released_of_it() {
    let (mut log, version) = lab();
    let data = Data::new(b"day,mm\n1,3\n");
    let first = append(&mut log, 1, release(&version, 1, None));
    let second = append(&mut log, 2, release(&version, 2, Some(first.id)));
    let mut lost = release(&version, 2, Some(first.id));
    lost.bytes += 1;
    let lost = append(&mut log, 1, lost);
    let subject = Subject::Dataset { dataset: did(4), version: Pick::Newest, genesis: None };
    let lineage = walk(&folded(&[&log]), &subject).unwrap();
    let numbers = |lineage: &Lineage| -> Vec<u64> {
        let number = |node: &Node| match node {
            Node::Release { number, .. } => Some(*number),
            _ => None,
        };
        lineage.nodes.iter().filter_map(number).collect()
    };
    assert_eq!(numbers(&lineage), [1, 2]);
    assert!(lineage.edges.iter().all(|edge| edge.to == 0 && edge.relation == Relation::Releases));
    for at in [&first, &second] {
        let (id, why) = &lineage.statements[&(log.origin.clone(), at.index)];
        assert_eq!((*id, why.contains(&Why::Release)), (at.id, true));
    }
    assert!(!lineage.statements.contains_key(&(log.origin.clone(), lost.index)));

    // A reader of that evidence knows both, and the answer does not rest on who released.
    let shown = evidence(&log, &data, &lineage);
    let report = verify(&shown, &roots(&[1]), &[], &subject);
    assert_eq!(report.conclusion(), Conclusion::Verified, "{report:#?}");
    let rows = queries::releases(&report.state, &log.origin, &did(4), 1).unwrap();
    assert_eq!(rows.iter().map(|row| row.at.id).collect::<Vec<_>>(), [first.id, second.id]);
    // What is left out is not known to be missing: no evidence shows that there is no more.
    let mut fewer = lineage.clone();
    fewer.statements.remove(&(log.origin.clone(), first.index));
    let report = verify(&evidence(&log, &data, &fewer), &roots(&[1]), &[], &subject);
    assert_eq!(report.conclusion(), Conclusion::Verified, "{report:#?}");
    assert_eq!(numbers(report.lineage.as_ref().unwrap()), [2]);
}

#[test]
fn a_release_rests_on_its_version() {
    let (mut log, version) = lab();
    let data = Data::new(b"day,mm\n1,3\n");
    let first = append(&mut log, 2, release(&version, 1, None));
    let subject = Subject::Entry { origin: log.origin.clone(), index: first.index };
    let lineage = walk(&folded(&[&log]), &subject).unwrap();
    assert!(matches!(&lineage.nodes[0], Node::Release { at, .. } if at.id == first.id));
    assert!(matches!(&lineage.nodes[1], Node::Version { at, .. } if at.id == version.id));
    assert_eq!((lineage.nodes.len(), lineage.edges.len()), (2, 1));
    let shown = evidence(&log, &data, &lineage);
    let named = |persons: &[u8]| verify(&shown, &roots(persons), &[], &subject).conclusion();
    assert_eq!(named(&[1, 2]), Conclusion::Verified);
    assert!(matches!(named(&[1]), Conclusion::ConsistentButUnnamed { .. }));
}

#[test]
fn payloads_that_contradict_themselves_are_refused() {
    let whole = serde_json::to_value(fixtures::release()).unwrap();
    let decode = |payload: &Value| {
        let mut framed = payload.clone();
        framed["v"] = json!(1);
        let envelope = fixtures::Envelope::of("proof.release", &framed.to_string());
        Statement::decode(&envelope.claim(2, fixtures::did(4).as_str()).sign())
    };
    let read = decode(&whole).unwrap();
    assert_eq!(read.payload(), &Payload::ProofRelease(fixtures::release()));
    for (name, value) in [
        ("number", json!(0)),
        ("number", json!(1)),
        ("previous", json!(null)),
        ("version_number", json!(0)),
        ("bytes", json!(0)),
        ("bytes", json!(1u64 << 53)),
        ("proof", json!("0E".repeat(32))),
        ("version", json!(["example.org/lab", 2, "02".repeat(32)])),
    ] {
        let mut odd = whole.clone();
        odd[name] = value;
        assert!(decode(&odd).is_err(), "{name}: {odd}");
    }
    // A version in another log is none of this dataset's.
    let mut other = whole.clone();
    other["version"]["origin"] = json!("example.org/other");
    assert!(matches!(decode(&other), Err(Refused::Claims { .. })));
    let envelope = fixtures::Envelope::of("proof.release", &{
        let mut framed = whole.clone();
        framed["v"] = json!(1);
        framed.to_string()
    });
    assert!(Statement::decode(&envelope.claim(2, "urn:veritrail:run:00").sign()).is_err());
}
