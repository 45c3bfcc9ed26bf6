//! The ledger as a state: one digest for one content, whatever the way to it.

use veritrail_provenance::ledger::rows::Standing;
use veritrail_provenance::ledger::{
    Change, Entry, LedgerDigest, MemoryState, Overlay, Table, View, apply, log_of, queries,
};
use veritrail_provenance::statement::Role;

use crate::trails::{Data, Log, did, folded, receipt, verdict};

/// Two labs and a reviewer whose statements name each other's.
fn logs() -> [Log; 3] {
    let mut a = Log::new("a", 1);
    let mut b = Log::new("ab", 2);
    let mut c = Log::new("../../x", 3);
    let (data, output) = (Data::new(b"data"), Data::new(b"output"));
    a.identity(9, Role::Member);
    a.genesis(4, &[1, 9]);
    let first = a.version(9, 4, data.version(1, None));
    a.version(1, 4, Data::new(b"new").version(2, Some(&first)));
    let run = b.receipt(2, receipt(2, &data, Some(first), &output));
    b.entries.push(b"opaque".to_vec());
    b.genesis(5, &[2]);
    let mut made = output.version(1, None);
    made.run = Some(run.clone());
    b.version(2, 5, made);
    c.verdict(3, verdict(3, &run));
    [a, b, c]
}

#[test]
fn the_order_in_which_logs_are_learnt_changes_nothing() {
    let [a, b, c] = logs();
    let digest = folded(&[&a, &b, &c]).digest();
    assert_eq!(folded(&[&c, &b, &a]).digest(), digest);
    assert_eq!(folded(&[&b, &a, &c]).digest(), digest);
    let mut interleaved = MemoryState::new();
    for index in 0..a.size().max(b.size()) {
        for log in [&c, &a, &b] {
            if let Some(bytes) = log.entries.get(index as usize) {
                let changes = apply(&interleaved, &log.origin, index, &Entry::read(bytes)).unwrap();
                interleaved.store(changes);
            }
        }
    }
    assert_eq!(interleaved.digest(), digest);
    assert_eq!(LedgerDigest::of(&interleaved).unwrap(), digest);
}

#[test]
fn a_log_is_folded_again_when_an_earlier_entry_arrives() {
    let [a, b, c] = logs();
    let whole = folded(&[&a, &b, &c]);
    let mut state = folded(&[&b, &c]);
    let late = a.numbered().filter(|(index, _)| *index != 2);
    state.fold(&a.origin, late).unwrap();
    assert!(matches!(
        queries::entry(&state, &a.origin, 3).unwrap().unwrap().standing,
        Standing::Waiting { .. }
    ));
    assert!(state.fold(&a.origin, [(2, &a.entries[2][..])]).is_err());
    state.clear(&a.origin);
    assert_eq!(state.digest(), folded(&[&b, &c]).digest());
    state.fold(&a.origin, a.numbered()).unwrap();
    assert_eq!(state.digest(), whole.digest());
    assert_eq!(state, whole);
}

#[test]
fn every_row_names_the_log_that_it_belongs_to() {
    let [a, b, c] = logs();
    let state = folded(&[&a, &b, &c]);
    let origins = [&a.origin, &b.origin, &c.origin];
    let mut rows = 0;
    for table in Table::ALL {
        for (key, _) in state.scan(table, &[]).unwrap() {
            let origin = log_of(table, &key).unwrap();
            assert!(origins.contains(&&origin), "{origin}");
            rows += 1;
        }
    }
    assert!(rows > 30, "only {rows} rows");
    assert_eq!(log_of(Table::Log, &[]), None);
    assert_eq!(log_of(Table::Log, &[200, b'a']), None);
    assert_eq!(log_of(Table::Run, &[1; 31]), None);
    assert_eq!(log_of(Table::Entry, &[2, 0xff, 0xff]), None);
}

#[test]
fn logs_whose_names_begin_alike_are_kept_apart() {
    let [a, b, _] = logs();
    let state = folded(&[&a, &b]);
    assert_eq!(queries::entries(&state, &a.origin).unwrap().len() as u64, a.size());
    assert_eq!(queries::entries(&state, &b.origin).unwrap().len() as u64, b.size());
    assert_eq!(queries::versions(&state, &b.origin, &did(4)).unwrap().len(), 0);
}

#[test]
fn equal_facts_have_equal_digests_and_any_change_another() {
    let [a, b, c] = logs();
    let state = folded(&[&a, &b, &c]);
    let mut digests = std::collections::BTreeSet::new();
    for table in Table::ALL {
        for (key, value) in state.scan(table, &[]).unwrap() {
            let mut changed = state.clone();
            let longer = [&value[..], b" "].concat();
            changed.store(vec![Change { table, key: key.clone(), value: Some(longer) }]);
            assert!(digests.insert(changed.digest().to_string()));
            let mut removed = state.clone();
            removed.store(vec![Change { table, key, value: None }]);
            assert!(digests.insert(removed.digest().to_string()));
        }
    }
    assert!(!digests.contains(&state.digest().to_string()));
    assert_eq!(Table::ALL.map(Table::number), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
}

#[test]
fn an_overlay_reads_as_if_its_changes_were_stored() {
    let [a, b, _] = logs();
    let below = folded(&[&a]);
    let mut overlay = Overlay::new(&below);
    let mut stored = below.clone();
    for (index, bytes) in b.numbered() {
        let changes = apply(&overlay, &b.origin, index, &Entry::read(bytes)).unwrap();
        stored.store(changes.clone());
        overlay.push(changes);
    }
    let key = below.scan(Table::Entry, &[]).unwrap()[0].0.clone();
    let remove = vec![Change { table: Table::Entry, key: key.clone(), value: None }];
    stored.store(remove.clone());
    overlay.push(remove);
    assert_eq!(overlay.get(Table::Entry, &key).unwrap(), None);
    for table in Table::ALL {
        assert_eq!(overlay.scan(table, &[]).unwrap(), stored.scan(table, &[]).unwrap());
    }
    assert_eq!(LedgerDigest::of(&overlay).unwrap(), stored.digest());
    let mut again = below.clone();
    again.store(overlay.into_changes());
    assert_eq!(again.digest(), stored.digest());
}

#[test]
fn a_damaged_row_is_an_error_and_no_panic() {
    let [a, _, _] = logs();
    let state = folded(&[&a]);
    for table in [Table::Log, Table::Dataset, Table::Version, Table::Identity] {
        for (key, _) in state.scan(table, &[]).unwrap() {
            let mut damaged = state.clone();
            damaged.store(vec![Change { table, key, value: Some(b"{".to_vec()) }]);
            let answers = [
                queries::log(&damaged, &a.origin).is_err(),
                queries::datasets(&damaged, &did(4)).is_err(),
                queries::versions(&damaged, &a.origin, &did(4)).is_err(),
                queries::identities(&damaged, &did(1)).is_err(),
                queries::identities(&damaged, &did(9)).is_err(),
            ];
            assert!(answers.contains(&true), "{table:?}");
        }
    }
}
