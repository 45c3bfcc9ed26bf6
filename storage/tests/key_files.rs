//! Secret keys: who may read them, and the phrase that brings one back.

use std::sync::Arc;

use veritrail_provenance::identity::Signer;
use veritrail_storage::{
    disk::{Access, Crash, Disk, DiskError, DiskPath, MemoryDisk},
    keys::{KeyFileError, KeyFiles, KeyName, KeySet, Seed, phrase, seed_of_phrase},
};
use zeroize::Zeroizing;

fn folder() -> DiskPath {
    DiskPath::new("keys").unwrap()
}

fn file(name: &str) -> DiskPath {
    folder().join(name).unwrap()
}

fn files(disk: &MemoryDisk) -> KeyFiles {
    let files = KeyFiles::create(Arc::new(disk.clone()), folder()).unwrap();
    // As the making of a home does.
    disk.fsync_dir(&DiskPath::ROOT).unwrap();
    files
}

#[test]
fn keys_are_read_as_they_were_written() {
    let disk = MemoryDisk::new();
    let (files, set) = (files(&disk), KeySet::generate().unwrap());
    files.write(&KeyName::Person, &set.person).unwrap();
    files.write(&KeyName::Node, &set.node).unwrap();
    files.write(&KeyName::Log, &set.log).unwrap();
    let member = Seed::generate().unwrap();
    files.write(&KeyName::member(&member), &member).unwrap();
    let after = disk.crash(Crash::LoseAll);
    let files = KeyFiles::open(Arc::new(after), folder()).unwrap();
    let read = files.read_set().unwrap();
    assert_eq!(read.person.expose(), set.person.expose());
    assert_eq!(read.node.expose(), set.node.expose());
    assert_eq!(read.log.expose(), set.log.expose());
    let members = files.members().unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(files.read(&members[0]).unwrap().expose(), member.expose());
}

#[test]
fn a_key_is_never_replaced() {
    let disk = MemoryDisk::new();
    let (files, set) = (files(&disk), KeySet::generate().unwrap());
    files.write(&KeyName::Person, &set.person).unwrap();
    let again = files.write(&KeyName::Person, &set.node);
    assert!(matches!(again, Err(KeyFileError::Exists { .. })));
    assert_eq!(files.read(&KeyName::Person).unwrap().expose(), set.person.expose());
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let disk = MemoryDisk::new();
    let (files, set) = (files(&disk), KeySet::generate().unwrap());
    files.write(&KeyName::Log, &set.log).unwrap();
    disk.open_to_others(&file("log.key")).unwrap();
    let refused = files.read(&KeyName::Log).unwrap_err();
    assert!(matches!(refused, KeyFileError::OpenToOthers { .. }));
    assert!(refused.to_string().contains("keys/log.key"), "{refused}");
    disk.open_to_others(&folder()).unwrap();
    let refused = KeyFiles::open(Arc::new(disk), folder());
    assert!(matches!(refused, Err(KeyFileError::OpenToOthers { .. })));
}

#[test]
fn a_link_in_place_of_keys_is_refused() {
    let disk = MemoryDisk::new();
    let files = files(&disk);
    disk.put_link(&file("node.key")).unwrap();
    let refused = files.read(&KeyName::Node);
    assert!(matches!(refused, Err(KeyFileError::Disk(DiskError::NotPlain { .. }))));
    let elsewhere = DiskPath::new("linked").unwrap();
    disk.put_link(&elsewhere).unwrap();
    assert!(KeyFiles::open(Arc::new(disk), elsewhere).is_err());
}

#[test]
fn a_file_that_is_no_key_of_its_name_is_refused() {
    let disk = MemoryDisk::new();
    let (files, set) = (files(&disk), KeySet::generate().unwrap());
    files.write(&KeyName::Log, &set.log).unwrap();
    let text = disk.read(&file("log.key"), 999).unwrap();
    let mut cases = vec![vec![], b"hello\n".to_vec(), text.clone(), vec![0xff; 200]];
    cases.extend((0..text.len()).map(|len| text[..len].to_vec()));
    for (n, case) in cases.into_iter().enumerate() {
        let path = file("node.key");
        if disk.metadata(&path).unwrap().is_some() {
            disk.unlink(&path).unwrap();
        }
        disk.create_new(&path, Access::Private).unwrap().write_at(0, &case).unwrap();
        let refused = files.read(&KeyName::Node);
        assert!(matches!(refused, Err(KeyFileError::NotAKey { .. })), "case {n}");
    }
    disk.unlink(&file("node.key")).unwrap();
    let long = disk.create_new(&file("node.key"), Access::Private).unwrap();
    long.write_at(1 << 30, b"x").unwrap();
    let refused = files.read(&KeyName::Node);
    assert!(matches!(refused, Err(KeyFileError::Disk(DiskError::TooLong { .. }))));
}

#[test]
fn secrets_are_not_printed() {
    let seed = Seed::from_bytes(Zeroizing::new([0xab; 32]));
    let set = KeySet { person: seed.clone(), node: seed.clone(), log: seed };
    let printed = format!("{set:?}");
    assert!(!printed.contains("ab") && !printed.contains("171"), "{printed}");
}

#[test]
fn the_phrase_brings_back_the_key() {
    for _ in 0..20 {
        let seed = Seed::generate().unwrap();
        let words = phrase(&seed).unwrap();
        assert_eq!(words.split(' ').count(), 24);
        let sloppy = format!("  {}\n", words.to_uppercase().replace(' ', "  "));
        for text in [words.as_str(), sloppy.as_str()] {
            let back = seed_of_phrase(text).unwrap();
            assert_eq!(back.expose(), seed.expose());
            let (a, b) = (seed.signer(), back.signer());
            assert_eq!(a.public_key(), b.public_key());
        }
    }
}

/// The test vector of BIP-39's reference for 256 bits of 0x7f.
#[test]
fn the_phrase_is_that_of_bip_39() {
    let seed = Seed::from_bytes(Zeroizing::new([0x7f; 32]));
    let expected = "legal winner thank year wave sausage worth useful legal winner thank year \
                    wave sausage worth useful legal winner thank year wave sausage worth title";
    assert_eq!(phrase(&seed).unwrap().as_str(), expected);
}

#[test]
fn a_wrong_phrase_is_refused() {
    let seed = Seed::from_bytes(Zeroizing::new([0x7f; 32]));
    let words = phrase(&seed).unwrap();
    let swapped = words.replacen("legal winner", "winner legal", 1);
    let wrong_last = words.replace("title", "legal");
    let not_a_word = words.replace("title", "titel");
    let short = words.rsplit_once(' ').unwrap().0;
    let (long, twelve) = (format!("{} legal", *words), "abandon ".repeat(11) + "about");
    let cases = [&swapped, &wrong_last, &not_a_word, short, &long, &twelve, "", "\u{0}"];
    for case in cases {
        assert!(matches!(seed_of_phrase(case), Err(KeyFileError::NotAPhrase(_))), "{case:?}");
    }
}
