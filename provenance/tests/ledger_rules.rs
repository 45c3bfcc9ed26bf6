//! The rules of the fold: what counts, what is a conflict, what is refused and what waits.

use veritrail_provenance::hash::DatasetRoot;
use veritrail_provenance::ledger::rows::{Chain, FORKS_MAX, Standing};
use veritrail_provenance::ledger::{Entry, LedgerError, MemoryState, Table, View, apply, queries};
use veritrail_provenance::statement::*;

use crate::fixtures::Envelope;
use crate::trails::{Data, Log, did, folded, receipt, verdict};

const LAB: &str = "example.org/lab";

fn standing(state: &MemoryState, log: &Log, index: u64) -> Standing {
    queries::entry(state, &log.origin, index).unwrap().unwrap().standing
}

fn is_refused(standing: &Standing, why: &str) -> bool {
    matches!(standing, Standing::Refused { reason } if reason.contains(why))
}

/// A lab with dataset 4, controlled by the operator.
fn lab() -> (Log, Data, StatementRef) {
    let mut log = Log::new(LAB, 1);
    let data = Data::new(b"day,mm\n1,3\n");
    log.genesis(4, &[1]);
    let first = log.version(1, 4, data.version(1, None));
    (log, data, first)
}

#[test]
fn a_dataset_and_its_versions_are_found_by_all_their_names() {
    let (mut log, data, first) = lab();
    let more = Data::new(b"day,mm\n1,3\n2,0\n");
    let second = log.version(1, 4, more.version(2, Some(&first)));
    let state = folded(&[&log]);
    let datasets = queries::datasets(&state, &did(4)).unwrap();
    assert_eq!(datasets.len(), 1);
    let row = &datasets[0].row;
    assert_eq!((row.genesis.index, row.newest.unwrap().number), (1, 2));
    assert_eq!(row.newest.unwrap().at.id, second.id);
    let versions = queries::versions(&state, &log.origin, &did(4)).unwrap();
    assert_eq!(versions.iter().map(|v| v.payload.number).collect::<Vec<_>>(), [1, 2]);
    assert!(versions.iter().all(|v| v.chain == Chain::Linked && v.iss == did(1)));
    assert_eq!(queries::find_root(&state, &data.root()).unwrap().len(), 1);
    let hex = more.root().to_hex();
    for digits in [8, 9, 63, 64] {
        let found = queries::find_root_by_prefix(&state, &hex[..digits]).unwrap();
        assert_eq!(found.len(), 1, "{digits} digits");
        assert_eq!(found[0].0, more.root());
    }
    for wrong in ["", "xyz", "ABCDEF00", &format!("{hex}0")] {
        assert!(queries::find_root_by_prefix(&state, wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(
        queries::statement(&state, &second.id).unwrap(),
        Some((log.origin.clone(), second.index))
    );
    assert_eq!(queries::all_versions(&state).unwrap().len(), 2);
    assert_eq!(queries::logs(&state).unwrap()[0].row.next, 4);
}

#[test]
fn entry_0_is_the_operators_identity_or_the_log_is_refused() {
    let good = Log::new(LAB, 1);
    let other_log = Log::new("example.org/other", 1);
    let mut member = Log::new(LAB, 1);
    member.entries.clear();
    member.identity(1, Role::Member);
    let mut dataset = Log::new(LAB, 1);
    dataset.entries.clear();
    dataset.genesis(4, &[1]);
    let mut signature = good.entries[0].clone();
    *signature.last_mut().unwrap() ^= 1;
    let refused = [
        b"not a statement".to_vec(),
        Vec::new(),
        other_log.entries[0].clone(),
        member.entries[0].clone(),
        dataset.entries[0].clone(),
        signature,
    ];
    for entry in refused {
        let mut state = MemoryState::new();
        let error = state.fold(&good.origin, [(0, &entry[..])]).unwrap_err();
        assert!(matches!(error, LedgerError::RefusedLog { .. }), "{error}");
        assert_eq!(state, MemoryState::new(), "nothing is kept of a refused log");
    }
    let newer = Envelope::of("identity", r#"{"v":2}"#).sign();
    let error = MemoryState::new().fold(&good.origin, [(0, &newer[..])]).unwrap_err();
    assert!(matches!(error, LedgerError::NewerLog { .. }), "{error}");
    let error = MemoryState::new().fold(&good.origin, [(1, &good.entries[0][..])]).unwrap_err();
    assert!(matches!(error, LedgerError::NoFirstEntry { index: 1, .. }), "{error}");
}

#[test]
fn a_second_genesis_is_a_fork_and_the_first_counts() {
    let (mut log, _, _) = lab();
    let fork = log.genesis(4, &[2]);
    let stolen = Data::new(b"stolen");
    log.version(2, 4, stolen.version(1, None));
    let state = folded(&[&log]);
    assert_eq!(standing(&state, &log, 3), Standing::Fork { genesis: 1 });
    assert!(is_refused(&standing(&state, &log, 4), "not a controller"));
    let row = &queries::datasets(&state, &did(4)).unwrap()[0].row;
    assert_eq!((row.genesis.index, row.forks[0].id), (1, fork.id));
    assert_eq!(row.controllers, [did(1)]);
}

#[test]
fn rows_do_not_grow_with_what_is_appended() {
    let (mut log, _, _) = lab();
    let sizes = |log: &Log| {
        let state = folded(&[log]);
        let row = |table| state.scan(table, &[]).unwrap()[0].1.len();
        (row(Table::Log), row(Table::Dataset))
    };
    (0..FORKS_MAX as u8).for_each(|n| drop(log.genesis(4, &[n + 1])));
    let before = sizes(&log);
    for n in 0..40 {
        log.genesis(4, &[n + 101]);
        log.identity(n + 10, Role::Member);
    }
    let after = sizes(&log);
    // The numbers of the log's row may take a digit more.
    assert!(after.0 <= before.0 + 4 && after.1 == before.1, "{before:?} {after:?}");
    let row = &queries::datasets(&folded(&[&log]), &did(4)).unwrap()[0].row;
    assert_eq!(row.forks.len(), FORKS_MAX);
}

#[test]
fn a_genesis_in_two_logs_gives_two_answers() {
    let (log, _, _) = lab();
    let mut other = Log::new("example.org/other", 2);
    other.genesis(4, &[2]);
    let state = folded(&[&log, &other]);
    assert_eq!(queries::datasets(&state, &did(4)).unwrap().len(), 2);
}

#[test]
fn a_statement_copied_from_another_log_says_nothing() {
    let (log, _, _) = lab();
    let mut thief = Log::new("example.org/thief", 2);
    for entry in &log.entries {
        thief.entries.push(entry.clone());
    }
    let state = folded(&[&thief]);
    for index in 1..=3 {
        assert!(is_refused(&standing(&state, &thief, index), "meant for log example.org/lab"));
    }
    assert!(queries::datasets(&state, &did(4)).unwrap().is_empty());
    assert_eq!(queries::identities(&state, &did(1)).unwrap().len(), 0);
}

#[test]
fn a_repeated_statement_counts_once_and_garbage_cannot_take_its_place() {
    let (mut log, data, first) = lab();
    let more = Data::new(b"more");
    let second =
        log.sign(1, did(4).as_str(), Payload::DatasetVersion(more.version(2, Some(&first))));
    let mut garbage = second.envelope().to_vec();
    *garbage.last_mut().unwrap() ^= 1;
    assert_eq!(Statement::decode(&garbage).unwrap().id(), second.id(), "the id is the same");
    log.entries.push(garbage);
    let genuine = log.append(&second);
    log.append(&second);
    let state = folded(&[&log]);
    assert!(is_refused(&standing(&state, &log, 3), "signature"));
    assert_eq!(standing(&state, &log, 4), Standing::Folded);
    assert_eq!(standing(&state, &log, 5), Standing::Duplicate { of: 4 });
    let found = queries::statement(&state, second.id()).unwrap();
    assert_eq!(found, Some((log.origin.clone(), genuine.index)));
    assert_eq!(queries::versions(&state, &log.origin, &did(4)).unwrap().len(), 2);
    assert_eq!(queries::find_root(&state, &data.root()).unwrap().len(), 1);
}

#[test]
fn of_two_versions_for_one_place_the_first_in_the_log_wins() {
    let (mut log, _, first) = lab();
    let (a, b, c) = (Data::new(b"a"), Data::new(b"b"), Data::new(b"c"));
    let won = log.version(1, 4, a.version(2, Some(&first)));
    let lost = log.version(1, 4, b.version(2, Some(&first)));
    let on_loser = log.version(1, 4, c.version(3, Some(&lost)));
    let on_first = log.version(1, 4, c.version(3, Some(&first)));
    let third = log.version(1, 4, c.version(3, Some(&won)));
    let state = folded(&[&log]);
    assert_eq!(standing(&state, &log, lost.index), Standing::Conflict { with: won.index });
    assert_eq!(standing(&state, &log, on_loser.index), Standing::Conflict { with: won.index });
    assert_eq!(standing(&state, &log, on_first.index), Standing::Conflict { with: won.index });
    assert_eq!(standing(&state, &log, third.index), Standing::Folded);
    assert_eq!(queries::conflicts(&state, &log.origin, &did(4)).unwrap().len(), 3);
    assert_eq!(queries::versions(&state, &log.origin, &did(4)).unwrap().len(), 3);
    assert!(queries::find_root(&state, &b.root()).unwrap().is_empty(), "a loser has no root");
}

#[test]
fn only_controllers_make_versions_and_only_after_the_genesis() {
    let mut log = Log::new(LAB, 1);
    log.identity(2, Role::Member);
    let data = Data::new(b"x");
    log.version(1, 4, data.version(1, None));
    log.genesis(4, &[1]);
    log.version(2, 4, data.version(1, None));
    log.version(1, 4, data.version(3, Some(&log_ref(&log))));
    let state = folded(&[&log]);
    assert!(is_refused(&standing(&state, &log, 2), "no genesis"));
    assert!(is_refused(&standing(&state, &log, 4), "not a controller"));
    assert!(is_refused(&standing(&state, &log, 5), "does not stand before it"));
    assert!(queries::versions(&state, &log.origin, &did(4)).unwrap().is_empty());
}

fn log_ref(log: &Log) -> StatementRef {
    let statement = Statement::decode(log.entries.last().unwrap()).unwrap();
    StatementRef { origin: log.origin.clone(), index: log.size() - 1, id: *statement.id() }
}

#[test]
fn runs_and_verdicts_are_made_by_those_who_are_bound() {
    let (mut log, data, version) = lab();
    let output = Data::new(b"mean\n1.5\n");
    let early = log.receipt(2, receipt(2, &data, Some(version.clone()), &output));
    log.identity(2, Role::Member);
    let run = log.receipt(2, receipt(2, &data, Some(version), &output));
    let said = log.verdict(1, verdict(1, &run));
    let stranger = log.verdict(3, verdict(3, &run));
    let mut other = Log::new("example.org/other", 7);
    other.verdict(7, verdict(7, &run));
    let state = folded(&[&log, &other]);
    assert!(is_refused(&standing(&state, &log, early.index), "binds"));
    assert_eq!(standing(&state, &log, run.index), Standing::Folded);
    assert_eq!(standing(&state, &log, said.index), Standing::Folded);
    assert!(is_refused(&standing(&state, &log, stranger.index), "binds"));
    let row = queries::run(&state, &run.id).unwrap().unwrap();
    assert_eq!((row.origin, row.row.iss), (log.origin.clone(), did(2)));
    assert_eq!(queries::verdicts(&state, &run.id).unwrap().len(), 2, "joined across logs");
    assert_eq!(queries::uses(&state, &data.root()).unwrap().len(), 1);
    assert_eq!(queries::runs_by_prefix(&state, &run.id.to_hex()[..9]).unwrap().len(), 1);
    assert_eq!(queries::find_root(&state, &output.root()).unwrap().len(), 1);
    assert_eq!(queries::run(&state, &early.id).unwrap(), None);
}

#[test]
fn what_is_not_understood_is_carried_and_remembered_by_its_subject() {
    let mut log = Log::new(LAB, 1);
    log.genesis(4, &[1]);
    let dataset = did(4);
    let about =
        |kind: &str, payload: &str| Envelope::of(kind, payload).claim(2, dataset.as_str()).sign();
    log.entries.push(about("dataset.withdrawal", r#"{"v":1}"#));
    log.entries.push(about("dataset.version", r#"{"v":2}"#));
    log.entries.push(about("dataset.version", r#"{"v":1,"must":["embargo"],"embargo":1}"#));
    let mut forged = about("dataset.withdrawal", r#"{"v":1,"x":1}"#);
    *forged.last_mut().unwrap() ^= 1;
    log.entries.push(forged);
    let state = folded(&[&log]);
    for index in 2..=4 {
        assert!(matches!(standing(&state, &log, index), Standing::Newer { .. }), "{index}");
    }
    assert!(is_refused(&standing(&state, &log, 5), "signature"));
    let newer = queries::newer(&state, &log.origin, dataset.as_str()).unwrap();
    assert_eq!(newer.iter().map(|row| row.at.index).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(newer[0].kind, "dataset.withdrawal");
    assert!(queries::newer(&state, &log.origin, did(1).as_str()).unwrap().is_empty());
}

#[test]
fn foreign_entries_are_opaque() {
    let mut log = Log::new(LAB, 1);
    log.entries.push(b"anything".to_vec());
    log.entries.push(Vec::new());
    let state = folded(&[&log]);
    for index in 1..=2 {
        assert!(matches!(standing(&state, &log, index), Standing::Opaque { .. }));
    }
}

#[test]
fn a_new_identity_replaces_the_old_binding() {
    let mut log = Log::new(LAB, 1);
    log.identity(2, Role::Member);
    log.key = 77;
    let rotated = log.identity(1, Role::Member);
    let impostor = log.identity(2, Role::Operator);
    let state = folded(&[&log]);
    assert_eq!(standing(&state, &log, rotated.index), Standing::Folded);
    assert!(is_refused(&standing(&state, &log, impostor.index), "the operator of this log is"));
    let row = queries::log(&state, &log.origin).unwrap().unwrap();
    let keys: Vec<_> = row.keys.iter().map(|key| (key.by.clone(), key.vkey.clone())).collect();
    assert_eq!(keys, [(did(1), log.vkey())], "only the operator names the log's keys");
    let binding = queries::identity(&state, &log.origin, &did(1)).unwrap().unwrap();
    assert_eq!((binding.at.index, binding.since), (2, 0));
    assert_eq!(row.operator, did(1));
}

#[test]
fn an_identity_without_proof_of_possession_is_refused() {
    let mut log = Log::new(LAB, 1);
    let mut payload = log.identity_payload(2, Role::Member);
    payload.proofs.pop();
    let statement = log.sign(2, did(2).as_str(), Payload::Identity(payload));
    log.append(&statement);
    let state = folded(&[&log]);
    assert!(is_refused(&standing(&state, &log, 1), "possession"));
    assert_eq!(queries::identity(&state, &log.origin, &did(2)).unwrap(), None);
}

#[test]
fn a_did_whose_key_is_not_in_its_text_waits() {
    let mut log = Log::new(LAB, 1);
    let envelope = Envelope {
        kid: b"did:web:example.org".to_vec(),
        ..Envelope::of("dataset.withdrawal", r#"{"v":1}"#)
    };
    log.entries.push(envelope.claim(1, "did:web:example.org").sign());
    let state = folded(&[&log]);
    assert!(matches!(standing(&state, &log, 1), Standing::Waiting { .. }));
    assert!(queries::newer(&state, &log.origin, did(1).as_str()).unwrap().is_empty());
}

#[test]
fn with_gaps_nothing_is_refused_for_what_a_gap_may_hold() {
    let (mut log, _, first) = lab();
    let second = log.version(1, 4, Data::new(b"2").version(2, Some(&first)));
    let third = log.version(1, 4, Data::new(b"3").version(3, Some(&second)));
    let fold = |indexes: &[u64]| {
        let mut state = MemoryState::new();
        let entries = log.numbered().filter(|(index, _)| indexes.contains(index));
        state.fold(&log.origin, entries).unwrap();
        state
    };
    let without_genesis = fold(&[0, 2]);
    assert!(matches!(standing(&without_genesis, &log, 2), Standing::Waiting { .. }));
    let without_second = fold(&[0, 1, 2, 4]);
    assert_eq!(standing(&without_second, &log, third.index), Standing::Folded);
    let rows = queries::versions(&without_second, &log.origin, &did(4)).unwrap();
    assert_eq!(rows.iter().map(|row| row.chain).collect::<Vec<_>>(), [Chain::Linked, Chain::Gap]);
}

#[test]
fn entries_come_in_order() {
    let (log, _, _) = lab();
    let mut state = folded(&[&log]);
    let before = state.digest();
    let error = state.fold(&log.origin, [(1, &log.entries[1][..])]).unwrap_err();
    assert!(matches!(error, LedgerError::OutOfOrder { index: 1, folded: 2, .. }), "{error}");
    let entry = Entry::read(&log.entries[2]);
    assert!(apply(&state, &log.origin, 2, &entry).is_err(), "no entry is folded twice");
    assert_eq!(state.digest(), before);
    assert_eq!(queries::find_root(&state, &DatasetRoot::from_bytes([0; 32])).unwrap(), Vec::new());
}
