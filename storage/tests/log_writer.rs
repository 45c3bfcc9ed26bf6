//! The log's writer and reader: growth across tiles, several writers, damage, rollback.

use std::{collections::BTreeSet, sync::Arc, thread};

use veritrail_provenance::{
    log::{
        proof::{verify_consistency, verify_inclusion},
        tree::leaf_hash,
    },
    statement::Origin,
};
use veritrail_storage::{
    disk::{Disk, DiskError, DiskPath, MemoryDisk, OsDisk},
    keys::Seed,
    log::{Expect, LogError, LogPlace, Reader, Writer},
};
use zeroize::Zeroizing;

fn origin() -> Origin {
    "lab.example/log".parse().unwrap()
}

fn signer() -> Arc<dyn veritrail_provenance::identity::Signer> {
    Seed::from_bytes(Zeroizing::new([9; 32])).shared_signer()
}

fn create(disk: &MemoryDisk) -> Writer {
    Writer::create(Arc::new(disk.clone()), LogPlace::default(), origin(), signer(), vec![]).unwrap()
}

fn open(disk: &MemoryDisk) -> Result<Writer, LogError> {
    Writer::open(Arc::new(disk.clone()), LogPlace::default(), origin(), signer())
}

fn entry(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

fn path(text: &str) -> DiskPath {
    DiskPath::new(text).unwrap()
}

fn append(writer: &Writer, range: std::ops::Range<u64>) {
    let entries = range.clone().map(entry).collect();
    let appended = writer.append(entries, Expect::Size(range.start)).unwrap();
    assert_eq!(appended.indices, range.collect::<Vec<_>>());
}

/// Reads back everything that a log of `size` entries promises.
fn check_all(reader: &Reader, size: u64) {
    let snapshot = reader.snapshot().unwrap();
    assert_eq!(snapshot.size(), size);
    let root = snapshot.checkpoint().root;
    let all = snapshot.entries(0..size).unwrap();
    assert_eq!(all, (0..size).map(entry).collect::<Vec<_>>());
    for index in (0..size).step_by(37).chain(size.saturating_sub(1)..size) {
        let (bytes, proof) = snapshot.entry_and_proof(index).unwrap();
        assert_eq!(bytes, entry(index));
        verify_inclusion(index, size, &leaf_hash(&bytes), &proof, &root).unwrap();
    }
    for old in (1..size).step_by(41) {
        let old_root = snapshot.root_at(old).unwrap();
        let proof = snapshot.consistency(old).unwrap();
        verify_consistency(old, size, &old_root, &root, &proof).unwrap();
    }
}

#[test]
fn a_log_grows_across_tiles() {
    let disk = MemoryDisk::new();
    let writer = create(&disk);
    check_all(&writer.reader(), 0);
    let mut size = 0;
    for step in [1, 1, 3, 250, 1, 1, 300, 512, 1, 66_000 - 1070, 200] {
        append(&writer, size..size + step);
        size += step;
        check_all(&writer.reader(), size);
    }
    assert_eq!(size, 66_200);
    let tiles = path("log/tile/2");
    assert_eq!(disk.list(&tiles).unwrap(), ["000.p"], "a third level has begun");
    check_all(&open(&disk).unwrap().reader(), size);
}

#[test]
fn partial_files_stand_for_every_published_size_until_the_full_one_does() {
    let disk = MemoryDisk::new();
    let writer = create(&disk);
    for n in 0..255 {
        append(&writer, n..n + 1);
    }
    for folder in ["log/tile/0/000.p", "log/tile/entries/000.p"] {
        let widths: BTreeSet<u32> =
            disk.list(&path(folder)).unwrap().iter().map(|name| name.parse().unwrap()).collect();
        assert_eq!(widths, (1..256).collect(), "{folder}");
    }
    let old = writer.reader().snapshot().unwrap();
    append(&writer, 255..257);
    assert!(disk.list(&path("log/tile/0/000.p")).unwrap().is_empty());
    assert!(disk.list(&path("log/tile/entries/000.p")).unwrap().is_empty());
    assert_eq!(old.entry(77).unwrap(), entry(77), "an older snapshot reads the full files");
    let (root, proof) = (old.root_at(100).unwrap(), old.consistency(100).unwrap());
    verify_consistency(100, 255, &root, &old.checkpoint().root, &proof).unwrap();
    check_all(&writer.reader(), 257);
}

#[test]
fn writers_in_threads_and_processes_share_one_log() {
    let folder = tempfile::tempdir().unwrap();
    let disk = OsDisk::open(folder.path()).unwrap();
    let place = LogPlace::default;
    let first =
        Writer::create(Arc::new(disk.clone()), place(), origin(), signer(), vec![]).unwrap();
    // A second writer has state and a lock of its own, as another process would.
    let second = Writer::open(Arc::new(disk), place(), origin(), signer()).unwrap();
    let indices = std::sync::Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for t in 0..8_u8 {
            let (writer, indices) = (if t % 2 == 0 { &first } else { &second }, &indices);
            scope.spawn(move || {
                for n in 0..10_u8 {
                    let entries = vec![vec![t, n, 0], vec![t, n, 1]];
                    let appended = writer.append(entries, Expect::AnySize).unwrap();
                    let [a, b] = appended.indices[..] else { panic!("two indices") };
                    assert_eq!(b, a + 1, "a batch stays together");
                    assert!(appended.checkpoint.size > b, "the head covers it");
                    assert!(indices.lock().unwrap().insert((a, t, n)));
                }
            });
        }
    });
    let snapshot = second.reader().snapshot().unwrap();
    let entries = snapshot.entries(0..160).unwrap();
    assert_eq!(snapshot.size(), 160);
    let indices = indices.into_inner().unwrap();
    assert_eq!(indices.len(), 80);
    for (index, t, n) in indices {
        assert_eq!(entries[index as usize], [t, n, 0]);
        assert_eq!(entries[index as usize + 1], [t, n, 1]);
    }
}

#[test]
fn an_append_that_expects_another_size_is_refused() {
    let disk = MemoryDisk::new();
    let writer = create(&disk);
    append(&writer, 0..2);
    let refused = writer.append(vec![entry(9)], Expect::Size(1));
    assert!(matches!(refused, Err(LogError::Moved { expected: 1, found: 2 })));
    check_all(&writer.reader(), 2);
}

#[test]
fn what_no_append_may_hold_is_refused() {
    let writer = create(&MemoryDisk::new());
    let try_to = |entries| writer.append(entries, Expect::AnySize).unwrap_err();
    assert!(matches!(try_to(vec![]), LogError::Empty));
    assert!(matches!(try_to(vec![entry(0), vec![0; 65_536]]), LogError::Entries(_)));
    assert!(matches!(try_to(vec![vec![]; 65_537]), LogError::TooLarge { .. }));
    assert!(matches!(try_to(vec![vec![0; 65_535]; 1_025]), LogError::TooLarge { .. }));
    assert_eq!(writer.reader().snapshot().unwrap().size(), 0);
    writer.append(vec![vec![0; 65_535], vec![]], Expect::AnySize).unwrap();
    let all = writer.reader().snapshot().unwrap().entries(0..2).unwrap();
    assert_eq!((all[0].len(), all[1].len()), (65_535, 0));
}

#[test]
fn a_log_is_made_once() {
    let disk = MemoryDisk::new();
    assert!(matches!(open(&disk), Err(LogError::NotFound)));
    append(&create(&disk), 0..1);
    let (on, place) = (Arc::new(disk.clone()), LogPlace::default());
    let again = Writer::create(on, place, origin(), signer(), vec![]);
    assert!(matches!(again, Err(LogError::Exists)));
    check_all(&open(&disk).unwrap().reader(), 1);
}

#[test]
fn another_key_or_name_does_not_open_the_log() {
    let disk = MemoryDisk::new();
    append(&create(&disk), 0..3);
    let with = |origin: &str, seed| {
        let signer = Seed::from_bytes(Zeroizing::new([seed; 32])).shared_signer();
        let (disk, place) = (Arc::new(disk.clone()), LogPlace::default());
        Writer::open(disk, place, origin.parse().unwrap(), signer).unwrap_err()
    };
    assert!(matches!(with("lab.example/log", 8), LogError::OtherKey { .. }));
    let other = with("lab.example/other", 9).to_string();
    assert!(other.contains("signed by: lab.example/log"), "{other}");
}

/// Every byte of every file of the log: flipped, the writer refuses to sign on or the reader
/// refuses to read, and nothing false is ever returned.
#[test]
fn damage_anywhere_is_noticed() {
    let disk = MemoryDisk::new();
    let writer = create(&disk);
    append(&writer, 0..3);
    append(&writer, 3..5);
    let files = [
        "log/checkpoint",
        "log.intent",
        "log/tile/0/000.p/5",
        "log/tile/entries/000.p/5",
        "log/tile/entries/000.p/3",
    ];
    for file in files {
        let len = disk.metadata(&path(file)).unwrap().unwrap().len;
        for bit in 0..len * 8 {
            let damaged = disk.kill();
            damaged.flip_bit(&path(file), bit).unwrap();
            // A fresh process either repairs it from the intent, or refuses.
            let Ok(writer) = open(&damaged) else { continue };
            let snapshot = writer.reader().snapshot().unwrap();
            for index in 0..5 {
                if let Ok(bytes) = snapshot.entry(index) {
                    assert_eq!(bytes, entry(index), "{file} bit {bit}");
                }
            }
            assert_eq!(snapshot.size(), 5);
            if let Ok(appended) = writer.append(vec![entry(5)], Expect::AnySize) {
                let old = disk_root(&disk);
                let snapshot = writer.reader().snapshot().unwrap();
                let proof = snapshot.consistency(5).unwrap();
                verify_consistency(5, 6, &old, &appended.checkpoint.root, &proof).unwrap();
            }
        }
    }
}

fn disk_root(disk: &MemoryDisk) -> veritrail_provenance::hash::LogHash {
    open(disk).unwrap().reader().snapshot().unwrap().checkpoint().root
}

/// Copies the file `from` of one disk over that of another.
fn restore(from: &MemoryDisk, to: &MemoryDisk, file: &str) {
    let bytes = from.read(&path(file), 1 << 20).unwrap();
    veritrail_storage::disk::put_durable(
        to,
        &path(file),
        &bytes,
        veritrail_storage::disk::Access::Private,
    )
    .unwrap();
}

#[test]
fn a_part_put_back_from_an_old_copy_forks_nothing() {
    let disk = MemoryDisk::new();
    let writer = create(&disk);
    append(&writer, 0..2);
    let old = disk.kill();
    append(&writer, 2..3);
    append(&writer, 3..4);
    for file in ["log/checkpoint", "log.intent"] {
        let mixed = disk.kill();
        restore(&old, &mixed, file);
        let refused = open(&mixed).unwrap_err();
        assert!(matches!(refused, LogError::OutOfStep { .. }), "{file}: {refused}");
        // Also a process that has the log open notices.
        let writer = open(&disk.kill()).unwrap();
        drop(writer);
    }
    let missing = disk.kill();
    missing.unlink(&path("log.intent")).unwrap();
    assert!(matches!(open(&missing), Err(LogError::IntentDamaged)));
}

#[test]
fn an_open_writer_notices_a_rollback_too() {
    let disk = MemoryDisk::new();
    let writer = create(&disk);
    append(&writer, 0..2);
    let old = disk.kill();
    append(&writer, 2..3);
    append(&writer, 3..4);
    restore(&old, &disk, "log/checkpoint");
    let refused = writer.append(vec![entry(9)], Expect::AnySize).unwrap_err();
    assert!(matches!(refused, LogError::OutOfStep { head: 2, signed: 4 }), "{refused}");
}

#[test]
fn a_full_disk_appends_nothing_and_says_so() {
    for room in (0..6_000).step_by(61) {
        let disk = MemoryDisk::new();
        let writer = create(&disk);
        append(&writer, 0..200);
        let used = (1_u64 << 40) - disk.free_space().unwrap();
        disk.set_capacity(used + room);
        let failed = writer.append((200..210).map(entry).collect(), Expect::AnySize).err();
        disk.set_capacity(1 << 40);
        let size = match failed {
            None | Some(LogError::Unsettled(_)) => 210,
            Some(LogError::Disk(DiskError::Full { .. })) => 200,
            Some(e) => panic!("room {room}: {e}"),
        };
        append(&writer, size..size + 1);
        check_all(&writer.reader(), size + 1);
        check_all(&open(&disk).unwrap().reader(), size + 1);
    }
}
