//! Evidence from other logs: joined, kept apart, or kept as proof against them.

use std::sync::Arc;

use veritrail_provenance::{
    evidence::{LogEvidence, PairError},
    log::{checkpoint::Checkpoint, proof::verify_inclusion, tree::leaf_hash},
};
use veritrail_storage::{
    disk::{Access, Crash, Disk, DiskPath, MemoryDisk, put_durable},
    home::Parts,
    log::Expect,
    trails::{Imported, TrailError, Trails},
};

use super::fixtures::{evidence, home, identity, keys, member, origin, vkey};

/// A log with `size` entries, and what it shows at each size.
fn grow(n: u8, size: u8) -> Vec<veritrail_storage::log::Snapshot> {
    let (_, parts) = home(n);
    let mut snapshots = vec![parts.log.reader().snapshot().unwrap()];
    for m in 1..size {
        parts.log.append(vec![member(n, m + 10)], Expect::AnySize).unwrap();
        snapshots.push(parts.log.reader().snapshot().unwrap());
    }
    snapshots
}

fn trails() -> (MemoryDisk, Trails) {
    let disk = MemoryDisk::new();
    let folder = DiskPath::new("trails").unwrap();
    disk.create_dir(&folder, Access::Shared).unwrap();
    disk.fsync_dir(&DiskPath::ROOT).unwrap();
    (disk.clone(), Trails::open(Arc::new(disk), folder))
}

fn indices(trails: &Trails, n: u8) -> Vec<u64> {
    trails.entries(&origin(n)).unwrap().into_iter().map(|(index, _)| index).collect()
}

/// Every entry that is kept has a proof against the one head that is kept.
fn check_proofs(log: &LogEvidence) {
    let (head, _) = Checkpoint::open(&log.checkpoint, &[vkey(1)]).unwrap();
    assert!(!log.entries.is_empty());
    for entry in &log.entries {
        let leaf = leaf_hash(&entry.bytes);
        verify_inclusion(entry.index, head.size, &leaf, &entry.proof, &head.root).unwrap();
    }
}

#[test]
fn entries_gather_and_move_to_the_newest_head() {
    let heads = grow(1, 30);
    let at = |size: usize| &heads[size - 1];
    let (disk, trails) = trails();
    let import = |shown: &LogEvidence| trails.import(shown, &[vkey(1)]).unwrap();
    assert_eq!(import(&evidence(at(5), &[0, 3], &[])), Imported::FirstContact);
    assert_eq!(import(&evidence(at(5), &[0, 3, 4], &[])), Imported::Same { added: 1 });
    let extended = import(&evidence(at(13), &[0, 9], &[5]));
    assert_eq!(extended, Imported::Extended { added: 1, from: 5 });
    assert_eq!(import(&evidence(at(5), &[0, 2], &[])), Imported::Older { added: 1 });
    let extended = import(&evidence(at(30), &[0, 29], &[13]));
    assert_eq!(extended, Imported::Extended { added: 1, from: 13 });
    assert_eq!(import(&evidence(at(13), &[0, 12], &[])), Imported::Older { added: 1 });
    assert_eq!(indices(&trails, 1), [0, 2, 3, 4, 9, 12, 29]);
    let log = trails.log(&origin(1)).unwrap().unwrap();
    check_proofs(&log);
    assert_eq!(trails.known().unwrap()[0].checkpoint.size, 30);
    assert_eq!(trails.origins().unwrap(), [origin(1)]);
    let after =
        Trails::open(Arc::new(disk.crash(Crash::LoseAll)), DiskPath::new("trails").unwrap());
    assert_eq!(after.log(&origin(1)).unwrap(), Some(log), "and it is durable");
}

#[test]
fn a_head_that_is_not_shown_consistent_waits_apart() {
    let heads = grow(1, 9);
    let (_, trails) = trails();
    let import = |shown: &LogEvidence| trails.import(shown, &[vkey(1)]).unwrap();
    import(&evidence(&heads[3], &[0, 1], &[]));
    assert_eq!(import(&evidence(&heads[6], &[0, 5], &[])), Imported::Apart);
    assert_eq!(import(&evidence(&heads[6], &[0, 5], &[2])), Imported::Apart, "another size");
    assert_eq!(indices(&trails, 1), [0, 1], "nothing of it is folded");
    assert_eq!(trails.apart(&origin(1)).unwrap().len(), 2);
    let extended = import(&evidence(&heads[8], &[0], &[4, 7]));
    assert_eq!(extended, Imported::Extended { added: 0, from: 4 });
    assert_eq!(indices(&trails, 1), [0, 1, 5], "it has found its place");
    assert!(trails.apart(&origin(1)).unwrap().is_empty());
    check_proofs(&trails.log(&origin(1)).unwrap().unwrap());
}

/// The same keys sign two different logs.
fn fork() -> (Parts, Parts) {
    let make = || Parts::init(Arc::new(MemoryDisk::new()), &keys(1), &origin(1), vec![identity(1)]);
    let (one, other) = (make().unwrap(), make().unwrap());
    for n in 20..25 {
        one.log.append(vec![member(1, n)], Expect::AnySize).unwrap();
        other.log.append(vec![member(1, n + 50)], Expect::AnySize).unwrap();
    }
    (one, other)
}

#[test]
fn a_log_that_shows_two_pasts_is_convicted() {
    let (one, other) = fork();
    let snapshot = |parts: &Parts| parts.log.reader().snapshot().unwrap();
    let (of_one, of_other) = (snapshot(&one), snapshot(&other));
    other.log.append(vec![member(1, 99)], Expect::AnySize).unwrap();
    let longer = snapshot(&other);
    let cases = [
        (evidence(&of_one, &[0], &[]), evidence(&of_other, &[0], &[])),
        (evidence(&of_one, &[0], &[]), evidence(&longer, &[0], &[6])),
        (evidence(&longer, &[0], &[6]), evidence(&of_one, &[0], &[])),
    ];
    for (first, second) in cases {
        let (disk, trails) = trails();
        trails.import(&first, &[vkey(1)]).unwrap();
        let refused = trails.import(&second, &[vkey(1)]).unwrap_err();
        assert!(matches!(refused, TrailError::Inconsistent { .. }), "{refused}");
        let kept = trails.log(&origin(1)).unwrap().unwrap();
        assert_eq!(kept, first, "what was known stays");
        let after = disk.crash(Crash::LoseAll);
        let trails = Trails::open(Arc::new(after), DiskPath::new("trails").unwrap());
        let [pair] = &trails.pairs(&origin(1)).unwrap()[..] else { panic!("one pair") };
        pair.check(&[vkey(1)]).unwrap();
        let innocent = pair.check(&[vkey(2)]);
        assert!(matches!(innocent, Err(PairError::Checkpoint(_))), "only by the log's own key");
    }
}

#[test]
fn what_does_not_hold_is_refused_and_leaves_nothing() {
    let heads = grow(1, 9);
    let (disk, trails) = trails();
    let good = evidence(&heads[8], &[0, 4], &[3]);
    let refused = |shown: &LogEvidence| {
        let error = trails.import(shown, &[vkey(1)]).unwrap_err();
        assert!(trails.origins().unwrap().is_empty());
        assert!(disk.list(&DiskPath::new("trails").unwrap()).unwrap().len() <= 1);
        error
    };
    let other_key = trails.import(&good, &[vkey(2)]).unwrap_err();
    assert!(matches!(other_key, TrailError::Checkpoint { .. }), "{other_key}");
    let no_key = trails.import(&good, &[]).unwrap_err();
    assert!(matches!(no_key, TrailError::Checkpoint { .. }), "{no_key}");

    let mut bad = good.clone();
    bad.entries[1].bytes[10] ^= 1;
    assert!(matches!(refused(&bad), TrailError::Merge { .. }));
    let mut bad = good.clone();
    bad.entries[1].index = 5;
    assert!(matches!(refused(&bad), TrailError::Merge { .. }));
    let mut bad = good.clone();
    bad.entries[0].proof.pop();
    assert!(matches!(refused(&bad), TrailError::Merge { .. }));
    let mut bad = good.clone();
    bad.consistency[0].old_size = 2;
    assert!(matches!(refused(&bad), TrailError::Merge { .. }));
    let mut bad = good.clone();
    bad.origin = origin(2);
    assert!(matches!(refused(&bad), TrailError::OtherLog { .. } | TrailError::Checkpoint { .. }));
    let mut bad = good.clone();
    let last = bad.checkpoint.len() - 3;
    bad.checkpoint[last] ^= 1;
    assert!(matches!(refused(&bad), TrailError::Checkpoint { .. }));
    let mut bad = good;
    bad.entries.remove(0);
    assert!(matches!(refused(&bad), TrailError::Evidence(_)), "entry 0 is needed");
}

/// Names that would lead elsewhere if they were ever a path.
#[test]
fn a_hostile_origin_stays_in_its_folder() {
    for name in ["../../x", "/etc/passwd", "..", ".", "a/b/c", "CON", "x\\y", &"o".repeat(128)] {
        let origin: veritrail_provenance::statement::Origin = name.parse().unwrap();
        let disk = MemoryDisk::new();
        let parts =
            Parts::init(Arc::new(disk), &keys(1), &origin, vec![b"entry".to_vec()]).unwrap();
        let shown = evidence(&parts.log.reader().snapshot().unwrap(), &[0], &[]);
        let (disk, trails) = trails();
        trails.import(&shown, std::slice::from_ref(parts.log.key())).unwrap();
        assert_eq!(disk.list(&DiskPath::ROOT).unwrap(), ["trails"]);
        let folder = DiskPath::new("trails").unwrap();
        assert_eq!(disk.list(&folder).unwrap(), [&origin.trail_folder(), "lock"]);
        assert_eq!(trails.origins().unwrap(), [origin]);
    }
}

#[test]
fn a_damaged_or_misplaced_trail_is_told_apart() {
    let heads = grow(1, 4);
    let (disk, trails) = trails();
    trails.import(&evidence(&heads[3], &[0, 2], &[]), &[vkey(1)]).unwrap();
    let folder = DiskPath::new("trails").unwrap();
    let file = folder.join(&origin(1).trail_folder()).unwrap().join("trail").unwrap();
    let bytes = disk.read(&file, 1 << 20).unwrap();
    let elsewhere = folder.join(&origin(2).trail_folder()).unwrap();
    disk.create_dir(&elsewhere, Access::Shared).unwrap();
    put_durable(&disk, &elsewhere.join("trail").unwrap(), &bytes, Access::Shared).unwrap();
    assert!(matches!(trails.log(&origin(2)), Err(TrailError::Damaged { .. })));
    assert!(trails.origins().is_err());
    for len in [0, 1, bytes.len() - 1] {
        put_durable(&disk, &file, &bytes[..len], Access::Shared).unwrap();
        assert!(matches!(trails.log(&origin(1)), Err(TrailError::Damaged { .. })), "{len}");
    }
    let checked = trails.check().unwrap();
    assert_eq!(checked.iter().filter(|c| c.is_err()).count(), 2);
}

/// A power loss at any step of an import leaves what was known before or what is known after.
#[test]
fn imports_survive_power_losses() {
    let heads = grow(1, 9);
    let (first, second) = (evidence(&heads[3], &[0, 1], &[]), evidence(&heads[8], &[0, 7], &[4]));
    let mut crashes = 0;
    for operations in 0.. {
        let (disk, trails) = trails();
        trails.import(&first, &[vkey(1)]).unwrap();
        disk.power_off_after(operations);
        let done = trails.import(&second, &[vkey(1)]).is_ok();
        for n in 0..40 {
            let after = disk.crash(Crash::nth(n));
            let trails = Trails::open(Arc::new(after), DiskPath::new("trails").unwrap());
            let found = indices(&trails, 1);
            let whole = found == [0, 1, 7] || (!done && found == [0, 1]);
            assert!(whole, "power off after {operations}, crash {n}: {found:?}");
            crashes += 1;
        }
        if done {
            break;
        }
    }
    assert!(crashes > 200);
}
