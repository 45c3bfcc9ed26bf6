//! Audits: a clean log is clean, and whatever is altered in it is named by its path.

use std::collections::BTreeMap;

use veritrail_provenance::identity::Signer;
use veritrail_provenance::log::audit::*;
use veritrail_provenance::log::checkpoint::Checkpoint;
use veritrail_provenance::log::entries::frame;
use veritrail_provenance::log::note::VKey;
use veritrail_provenance::log::tile::{entries_between, tiles_of};
use veritrail_provenance::log::tree::{CompactRange, leaf_hash};
use veritrail_provenance::statement::Role;

use crate::trails::{Data, Log, signer};

#[derive(Clone, Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl LogFiles for Files {
    type Error = String;

    fn read(&mut self, path: &str, size_max: usize) -> Result<Option<Vec<u8>>, String> {
        if path == "tile/0/007" {
            return Err("the disk is broken".to_owned());
        }
        Ok(self.0.get(path).map(|bytes| bytes[..bytes.len().min(size_max + 1)].to_vec()))
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        Ok(self.0.keys().cloned().collect())
    }
}

/// A log of these entries laid out as files, as its specification says.
fn laid_out(origin: &str, entries: &[Vec<u8>], key: u8) -> Files {
    let mut range = CompactRange::new();
    let mut hashes: BTreeMap<(u8, u64), Vec<u8>> = BTreeMap::new();
    for entry in entries {
        range
            .append_with(leaf_hash(entry), |level, index, hash| {
                if level % 8 == 0 {
                    let tile = hashes.entry((level / 8, index / 256)).or_default();
                    tile.extend_from_slice(hash.as_bytes());
                }
            })
            .unwrap();
    }
    let size = entries.len() as u64;
    let mut files = Files::default();
    for tile in tiles_of(size) {
        let bytes = &hashes[&(tile.level, tile.index)][..tile.byte_len()];
        files.0.insert(tile.path(), bytes.to_vec());
    }
    for bundle in entries_between(0, size) {
        let first = bundle.first() as usize;
        let bytes = frame(&entries[first..first + usize::from(bundle.width)]).unwrap();
        files.0.insert(bundle.path(), bytes);
    }
    let origin = origin.parse().unwrap();
    let checkpoint = Checkpoint { origin, size, root: range.root() };
    let note = checkpoint.sign(&signer(key)).unwrap();
    files.0.insert("checkpoint".to_owned(), note.to_bytes());
    files
}

fn foreign(size: u64) -> (Files, VKey) {
    let entries: Vec<Vec<u8>> = (0..size).map(|n| format!("foreign {n}").into_bytes()).collect();
    let vkey = VKey::ed25519("log.example", signer(5).public_key()).unwrap();
    (laid_out("log.example", &entries, 5), vkey)
}

fn ours() -> (Log, Files) {
    let mut log = Log::new("example.org/lab", 1);
    log.genesis(4, &[1]);
    let first = log.version(1, 4, Data::new(b"1").version(1, None));
    log.version(1, 4, Data::new(b"2").version(2, Some(&first)));
    log.entries.push(b"opaque".to_vec());
    let files = laid_out(log.origin.as_str(), &log.entries, log.key);
    (log, files)
}

#[track_caller]
fn is_fault(audit: &Audit, path: &str, reason: &str) {
    let found = |f: &&Finding| f.path == path && f.reason.contains(reason);
    assert!(audit.faults.iter().any(|f| found(&f)), "{path}: {reason}: {:#?}", audit.faults);
}

#[test]
fn a_clean_log_of_another_application_is_clean_at_every_size() {
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 600, 65_536, 65_793] {
        let (mut files, vkey) = foreign(size);
        // Tile 7 stands for a broken disk in these tests.
        if size > 2_048 {
            let moved = files.0.clone();
            let mut whole = Whole(moved);
            let audit = audit(&mut whole, &[vkey]);
            assert!(audit.is_clean(), "{size}: {:#?}", audit.faults);
            assert_eq!((audit.entries, audit.opaque), (size, size));
            continue;
        }
        let audit = audit(&mut files, std::slice::from_ref(&vkey));
        assert!(audit.is_clean(), "{size}: {:#?}", audit.faults);
        assert_eq!((audit.entries, audit.opaque, audit.statements), (size, size, 0));
        assert_eq!(audit.signed, CheckpointSigned::ByGivenKeys(vec![vkey]));
        assert_eq!(audit.tiles as usize, tiles_of(size).count());
        assert!(audit.remarks.is_empty());
    }
}

struct Whole(BTreeMap<String, Vec<u8>>);

impl LogFiles for Whole {
    type Error = String;

    fn read(&mut self, path: &str, _: usize) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(path).cloned())
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        Ok(self.0.keys().cloned().collect())
    }
}

#[test]
fn a_log_of_ours_names_its_own_keys() {
    let (log, mut files) = ours();
    let clean = audit(&mut files, &[]);
    assert!(clean.is_clean(), "{:#?}", clean.faults);
    assert_eq!((clean.entries, clean.statements, clean.opaque), (5, 4, 1));
    assert_eq!(clean.signed, CheckpointSigned::ByOwnKeys(vec![log.vkey()]));
    assert_eq!(clean.checkpoint.unwrap(), log.checkpoint(5));
    let stranger = VKey::ed25519("example.org/lab", signer(9).public_key()).unwrap();
    let refused = audit(&mut files, &[stranger]);
    assert_eq!(refused.signed, CheckpointSigned::Refused);
    is_fault(&refused, "checkpoint", "no signature is by a known key");
    let (mut files, _) = foreign(3);
    assert_eq!(audit(&mut files, &[]).signed, CheckpointSigned::NotChecked);
}

#[test]
fn every_altered_file_is_named_and_no_other() {
    let (files, vkey) = foreign(600);
    let mut named = 0;
    for (path, bytes) in &files.0 {
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut altered = files.clone();
            altered.0.get_mut(path).unwrap()[at] ^= 1;
            let audit = audit(&mut altered, std::slice::from_ref(&vkey));
            if path == "checkpoint" && at == 0 {
                // The checkpoint of a log of another name, for which no key is known.
                assert_eq!(audit.signed, CheckpointSigned::NotChecked);
                continue;
            }
            assert!(!audit.is_clean(), "{path} byte {at}");
            let edge = path.ends_with(".p/2") || path.ends_with(".p/88");
            if path != "checkpoint" && (!edge || path.contains("entries")) {
                assert!(
                    audit.faults.iter().all(|f| f.path == *path),
                    "{path}: {:#?}",
                    audit.faults
                );
            }
            assert!(audit.faults.iter().any(|f| f.path == *path), "{path}: {:#?}", audit.faults);
            named += 1;
        }
    }
    assert_eq!(named, 3 * files.0.len() - 1);
    assert_eq!(files.0.len(), 8);
}

#[test]
fn an_altered_entry_is_named_by_its_index() {
    let (mut files, vkey) = foreign(300);
    let bundle = files.0.get_mut("tile/entries/001.p/44").unwrap();
    let at = bundle.windows(11).position(|window| window == b"foreign 270").unwrap();
    bundle[at] ^= 1;
    let audit = audit(&mut files, &[vkey]);
    assert_eq!(audit.faults.len(), 1);
    assert_eq!(
        (audit.faults[0].path.as_str(), audit.faults[0].entry),
        ("tile/entries/001.p/44", Some(270))
    );
}

#[test]
fn missing_cut_and_surplus_files_are_named() {
    let (files, vkey) = foreign(600);
    for path in files.0.keys() {
        let mut without = files.clone();
        without.0.remove(path);
        let found = audit(&mut without, std::slice::from_ref(&vkey));
        is_fault(&found, path, "missing");
        let mut cut = files.clone();
        cut.0.get_mut(path).unwrap().pop();
        let found = audit(&mut cut, std::slice::from_ref(&vkey));
        assert!(found.faults.iter().any(|f| f.path == *path), "{path}: {:#?}", found.faults);
        let mut longer = files.clone();
        longer.0.get_mut(path).unwrap().push(0);
        let found = audit(&mut longer, std::slice::from_ref(&vkey));
        assert!(found.faults.iter().any(|f| f.path == *path), "{path}: {:#?}", found.faults);
    }
}

#[test]
fn partial_files_may_have_given_way_to_full_ones() {
    let (old, vkey) = foreign(200);
    let (new, _) = foreign(256);
    let mut files = new.clone();
    files.0.insert("checkpoint".to_owned(), old.0["checkpoint"].clone());
    let audit = audit(&mut files, &[vkey]);
    assert!(audit.is_clean(), "{:#?}", audit.faults);
    assert_eq!(audit.entries, 200);
    assert!(audit.remarks.iter().any(|remark| remark.path == "tile/1/000.p/1"));
}

#[test]
fn files_that_the_checkpoint_does_not_call_for_are_looked_at() {
    let (old, _) = foreign(200);
    let (new, vkey) = foreign(600);
    let mut files = new.clone();
    files.0.extend(old.0.into_iter().filter(|(path, _)| path != "checkpoint"));
    files.0.insert("README".to_owned(), b"hello".to_vec());
    assert!(audit(&mut files, std::slice::from_ref(&vkey)).is_clean());
    let remarks = audit(&mut files, std::slice::from_ref(&vkey)).remarks;
    assert_eq!(remarks.iter().map(|r| r.path.as_str()).collect::<Vec<_>>(), ["README"]);
    for path in ["tile/0/000.p/200", "tile/entries/000.p/200"] {
        let mut altered = files.clone();
        altered.0.get_mut(path).unwrap()[70] ^= 1;
        let found = audit(&mut altered, std::slice::from_ref(&vkey));
        assert!(found.faults.iter().any(|f| f.path == path), "{path}: {:#?}", found.faults);
    }
}

#[test]
fn a_rewritten_log_does_not_fit_its_checkpoint() {
    let (files, vkey) = foreign(600);
    let mut entries: Vec<Vec<u8>> = (0..600).map(|n| format!("foreign {n}").into_bytes()).collect();
    entries[300] = b"rewritten".to_vec();
    let mut rewritten = laid_out("log.example", &entries, 5);
    rewritten.0.insert("checkpoint".to_owned(), files.0["checkpoint"].clone());
    let audit = audit(&mut rewritten, &[vkey]);
    is_fault(&audit, "checkpoint", "tiles and entries both give");
}

#[test]
fn statements_of_ours_are_checked_even_where_the_log_keeps_them_right() {
    let (log, _) = ours();
    let mut entries = log.entries.clone();
    *entries[2].last_mut().unwrap() ^= 1;
    let mut copied = Log::new("example.org/other", 1);
    copied.identity(7, Role::Member);
    entries.push(copied.entries[1].clone());
    let mut cut = log.entries[1].clone();
    cut.pop();
    entries.push(cut);
    let mut files = laid_out(log.origin.as_str(), &entries, log.key);
    let found = audit(&mut files, &[]);
    let indexes: Vec<_> = found.faults.iter().map(|f| f.entry).collect();
    // Entry 3 follows a version that is none.
    assert_eq!(indexes, [Some(2), Some(3), Some(5), Some(6)], "{:#?}", found.faults);
    is_fault(&found, "tile/entries/000.p/7", "meant for log example.org/other");
    is_fault(&found, "tile/entries/000.p/7", "refused as a statement");
}

#[test]
fn conflicts_and_forks_are_remarks() {
    let (mut log, _) = ours();
    log.genesis(4, &[9]);
    log.version(1, 4, Data::new(b"3").version(1, None));
    let mut files = laid_out(log.origin.as_str(), &log.entries, log.key);
    let found = audit(&mut files, &[]);
    assert!(found.is_clean(), "{:#?}", found.faults);
    let remarks: Vec<_> = found.remarks.iter().map(|remark| remark.entry).collect();
    assert_eq!(remarks, [Some(5), Some(6)]);
}

#[test]
fn a_log_that_begins_wrongly_is_still_audited() {
    let (log, _) = ours();
    let mut entries = log.entries.clone();
    entries.remove(0);
    let mut files = laid_out(log.origin.as_str(), &entries, log.key);
    let found = audit(&mut files, &[]);
    assert_eq!(found.faults.len(), 1, "{:#?}", found.faults);
    is_fault(&found, "tile/entries/000.p/4", "does not bind an operator");
    assert_eq!((found.statements, found.opaque), (2, 1));
    assert_eq!(found.signed, CheckpointSigned::NotChecked);
}

#[test]
fn a_hopeless_checkpoint_and_a_broken_disk_are_faults_and_no_panic() {
    let mut nothing = Files::default();
    is_fault(&audit(&mut nothing, &[]), "checkpoint", "missing");
    for wrong in [vec![], b"a\n5\nAAAA\n\n".to_vec(), vec![b'a'; 100_000], vec![0xff; 10]] {
        let mut files = Files::default();
        files.0.insert("checkpoint".to_owned(), wrong);
        let found = audit(&mut files, &[]);
        assert_eq!((found.faults.len(), found.checkpoint), (1, None));
    }
    let (mut files, vkey) = foreign(2_100);
    let found = audit(&mut files, &[vkey]);
    is_fault(&found, "tile/0/007", "the disk is broken");
    assert_eq!(found.faults.len(), 1, "{:#?}", found.faults);
}
