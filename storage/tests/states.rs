//! The state: one conformance suite, SQLite's own failures, and rebuilding from the logs.

use veritrail_provenance::ledger::MemoryState;
use veritrail_storage::{
    fsck::rebuild,
    log::Expect,
    state::{MemoryStateStore, SqliteState, StateError, StateStore, conformance, follow, refold},
};

use super::fixtures::{evidence, home, identity, member, origin, vkey};

fn log(n: u8) -> Vec<(u64, Vec<u8>)> {
    let entries = [identity(n), member(n, n + 20), member(n, n + 30), b"opaque".to_vec()];
    (0..).zip(entries).collect()
}

fn conforms(store: &dyn StateStore) {
    let (a, b) = (log(1), log(2));
    conformance::check(store, [(&origin(1), &a), (&origin(2), &b)]).unwrap();
}

#[test]
fn memory_state_conforms() {
    conforms(&MemoryStateStore::new());
}

#[test]
fn sqlite_state_conforms() {
    conforms(&SqliteState::in_memory().unwrap());
    let folder = tempfile::tempdir().unwrap();
    conforms(&SqliteState::open(&folder.path().join("state.db")).unwrap());
}

#[test]
fn two_processes_share_a_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let (one, two) = (SqliteState::open(&path).unwrap(), SqliteState::open(&path).unwrap());
    let (_, parts) = home(1);
    for n in 10..20 {
        parts.log.append(vec![member(1, n)], Expect::AnySize).unwrap();
        let snapshot = parts.log.reader().snapshot().unwrap();
        std::thread::scope(|scope| {
            for store in [&one, &two] {
                let snapshot = &snapshot;
                scope.spawn(move || assert_eq!(follow(store, snapshot).unwrap(), snapshot.size()));
            }
        });
        assert_eq!(one.digest().unwrap(), two.digest().unwrap());
    }
    let mut expected = MemoryState::new();
    let entries = parts.log.reader().snapshot().unwrap().entries(0..11).unwrap();
    expected.fold(&origin(1), (0..).zip(entries.iter().map(Vec::as_slice))).unwrap();
    assert_eq!(one.digest().unwrap(), expected.digest());
}

#[test]
fn a_file_that_is_no_state_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    std::fs::write(&path, [7; 4096]).unwrap();
    assert!(matches!(SqliteState::open(&path), Err(StateError::Damaged(_))));
    std::fs::remove_file(&path).unwrap();
    drop(SqliteState::open(&path).unwrap());
    let other = rusqlite::Connection::open(&path).unwrap();
    other.pragma_update(None, "user_version", 99).unwrap();
    drop(other);
    assert!(matches!(SqliteState::open(&path), Err(StateError::Damaged(_))));
    let missing = SqliteState::open(&folder.path().join("no/such/folder"));
    assert!(matches!(missing, Err(StateError::Database(_))));
}

/// The state is a fold: deleted, and made again from log and trails, it has the same digest.
#[test]
fn a_rebuilt_state_is_the_same() {
    let (_, ours) = home(1);
    let (_, theirs) = home(2);
    for n in 10..15 {
        ours.log.append(vec![member(1, n)], Expect::AnySize).unwrap();
        theirs.log.append(vec![member(2, n)], Expect::AnySize).unwrap();
    }
    let shown = evidence(&theirs.log.reader().snapshot().unwrap(), &[0, 2, 5], &[]);
    ours.trails.import(&shown, &[vkey(2)]).unwrap();
    let store = SqliteState::in_memory().unwrap();
    follow(&store, &ours.log.reader().snapshot().unwrap()).unwrap();
    refold(&store, &origin(2), &ours.trails.entries(&origin(2)).unwrap()).unwrap();
    let before = store.digest().unwrap();
    let other = MemoryStateStore::new();
    let rebuilt = rebuild(&ours, &other).unwrap();
    assert_eq!((rebuilt.digest, rebuilt.entries), (before, 6 + 3));
    assert!(rebuilt.refused.is_empty());
    assert_eq!(rebuild(&ours, &store).unwrap().digest, before, "over an old state, too");
}

#[test]
fn a_log_that_the_fold_refuses_does_not_stop_a_rebuild() {
    let (_, ours) = home(1);
    ours.log.append(vec![b"opaque".to_vec()], Expect::AnySize).unwrap();
    // A log whose entry 0 is no identity of its operator.
    let (_, theirs) = home(2);
    let disk = veritrail_storage::disk::MemoryDisk::new();
    let bad = veritrail_storage::home::Parts::init(
        std::sync::Arc::new(disk),
        &super::fixtures::keys(3),
        &origin(3),
        vec![b"no identity".to_vec()],
    )
    .unwrap();
    for (n, parts) in [(2, &theirs), (3, &bad)] {
        let shown = evidence(&parts.log.reader().snapshot().unwrap(), &[0], &[]);
        ours.trails.import(&shown, &[vkey(n)]).unwrap();
    }
    let rebuilt = rebuild(&ours, &MemoryStateStore::new()).unwrap();
    assert_eq!(rebuilt.entries, 2 + 1);
    let [(refused, _)] = &rebuilt.refused[..] else { panic!("one is refused") };
    assert_eq!(*refused, origin(3));
}
