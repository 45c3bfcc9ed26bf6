//! Keys that are lost and made anew: the log goes on under its name, and no crash leaves it without
//! a key that fits.

use std::sync::Arc;

use veritrail_provenance::{
    identity::{Did, Signer},
    log::note::VKey,
    statement::{Draft, Identity, LogKey, Payload, Role, Statement},
};
use veritrail_storage::{
    disk::{Crash, Disk, DiskPath, MemoryDisk},
    home::{HomeError, Parts},
    keys::{KeyFileError, KeyName, KeySet},
    log::{Expect, LogError},
};

use super::fixtures::{home, keys, member, origin, seed};

fn shared(disk: &MemoryDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

fn path(name: &str) -> DiskPath {
    DiskPath::new(name).unwrap()
}

fn lose(disk: &MemoryDisk, names: &[&str]) {
    for name in names {
        disk.unlink(&path(&format!("keys/{name}.key"))).unwrap();
    }
    disk.fsync_dir(&path("keys")).unwrap();
}

fn vkey_of(keys: &KeySet) -> VKey {
    VKey::ed25519(origin(1).as_str(), keys.log.signer().public_key()).unwrap()
}

/// The operator's statement that binds these keys in log 1.
fn binding(keys: &KeySet) -> Vec<u8> {
    let (person, node, log) = (keys.person.signer(), keys.node.signer(), keys.log.signer());
    let logs = [LogKey { vkey: vkey_of(keys).to_string(), signer: &log }];
    let identity =
        Identity::bind(Role::Operator, None, person.public_key(), &node, origin(1), &logs);
    let did = Did::of_key(person.public_key());
    let draft = Draft {
        sub: did.to_string(),
        iss: did,
        aud: origin(1),
        iat: 1_700_000_001,
        payload: Payload::Identity(identity),
    };
    Statement::sign(draft, &person).unwrap().envelope().to_vec()
}

/// A home with three entries whose keys are as `lose` leaves them.
fn robbed(names: &[&str]) -> MemoryDisk {
    let (disk, parts) = home(1);
    parts.log.append(vec![member(1, 20), member(1, 21)], Expect::Size(1)).unwrap();
    drop(parts);
    lose(&disk, names);
    disk
}

fn bring_back(disk: &MemoryDisk) -> Result<KeySet, HomeError> {
    let home = Parts::rekey(shared(disk))?;
    let made = home.new_keys(keys(1).person)?;
    let new = home.lost().iter().any(|name| *name != KeyName::Person);
    home.finish(&made, new.then(|| binding(&made)))?;
    Ok(made)
}

fn same(found: &KeySet, expected: &KeySet) -> bool {
    let pairs = [
        (&found.person, &expected.person),
        (&found.node, &expected.node),
        (&found.log, &expected.log),
    ];
    pairs.into_iter().all(|(a, b)| a.expose() == b.expose())
}

/// The home opens with keys that fit, holds all that it held, and grows.
fn check_whole(disk: &MemoryDisk, entries: u64) -> KeySet {
    let home = Parts::open(shared(disk)).unwrap();
    let found = home.keys.read_set().unwrap();
    assert_eq!(*home.log.key(), vkey_of(&found));
    let snapshot = home.log.reader().snapshot().unwrap();
    assert!(snapshot.size() >= entries, "{} entries are left", snapshot.size());
    assert_eq!(snapshot.entry(1).unwrap(), member(1, 20));
    home.log.append(vec![member(1, 22)], Expect::Size(snapshot.size())).unwrap();
    let names = disk.list(&path("keys")).unwrap();
    assert_eq!(names, ["log.key", "node.key", "person.key"], "something waits still");
    found
}

#[test]
fn lost_keys_are_made_anew_in_the_same_log() {
    for names in [&["log"][..], &["node"], &["node", "log"], &["person", "node", "log"]] {
        let disk = robbed(names);
        let made = bring_back(&disk).unwrap();
        assert!(same(&check_whole(&disk, 4), &made), "{names:?}");
        assert_eq!(made.person.expose(), keys(1).person.expose());
        let kept = !names.contains(&"log");
        assert_eq!(made.log.expose() == keys(1).log.expose(), kept, "{names:?}");
    }
    // The person's alone: nothing is to be bound.
    let disk = robbed(&["person"]);
    assert!(same(&bring_back(&disk).unwrap(), &keys(1)));
    check_whole(&disk, 3);
    // The whole folder, as in a copy that was made without it.
    let disk = robbed(&["person", "node", "log"]);
    let home = Parts::rekey(shared(&disk)).unwrap();
    assert_eq!(home.lost(), [KeyName::Person, KeyName::Node, KeyName::Log]);
    assert_eq!(*home.operator(), Did::of_key(keys(1).person.signer().public_key()));
}

#[test]
fn keys_that_are_there_are_never_replaced() {
    let disk = robbed(&[]);
    let home = Parts::rekey(shared(&disk)).unwrap();
    assert!(home.lost().is_empty());
    assert!(same(&home.new_keys(keys(1).person).unwrap(), &keys(1)));
}

/// A process that had the home open signs no head beside the new key's.
#[test]
fn the_old_key_signs_no_more() {
    let (disk, parts) = home(1);
    lose(&disk, &["log"]);
    bring_back(&disk).unwrap();
    let refused = parts.log.append(vec![member(1, 20)], Expect::AnySize).unwrap_err();
    assert!(matches!(refused, LogError::OtherKey { .. }), "{refused}");
    // Nor does a copy of the old key that is put back.
    lose(&disk, &["log"]);
    let files = veritrail_storage::keys::KeyFiles::open(shared(&disk), path("keys")).unwrap();
    files.write(&KeyName::Log, &keys(1).log).unwrap();
    let refused = Parts::open(shared(&disk)).unwrap_err();
    assert!(matches!(refused, HomeError::Log(LogError::OtherKey { .. })), "{refused}");
}

#[test]
fn a_stranger_binds_nothing() {
    let disk = robbed(&["log"]);
    let home = Parts::rekey(shared(&disk)).unwrap();
    let other = home.new_keys(seed(77)).unwrap();
    let refused = home.finish(&other, Some(binding(&other))).unwrap_err();
    assert!(matches!(refused, HomeError::NotBound { .. }), "{refused}");
    // The operator's statement, and other keys than those that it binds.
    let home = Parts::rekey(shared(&disk)).unwrap();
    let made = home.new_keys(keys(1).person).unwrap();
    let bound = home.new_keys(keys(1).person).unwrap();
    let refused = home.finish(&made, Some(binding(&bound))).unwrap_err();
    assert!(matches!(refused, HomeError::NotBound { key: KeyName::Log }), "{refused}");
    // Nothing was appended, and the home can be brought back.
    bring_back(&disk).unwrap();
    check_whole(&disk, 4);
}

#[test]
fn a_log_that_is_not_whole_gets_no_new_key() {
    let disk = robbed(&["log"]);
    disk.flip_bit(&path("log/tile/entries/000.p/3"), 999).unwrap();
    assert!(matches!(Parts::rekey(shared(&disk)).unwrap_err(), HomeError::Log(_)));
    let disk = robbed(&["log"]);
    disk.unlink(&path("log.intent")).unwrap();
    let refused = Parts::rekey(shared(&disk)).unwrap_err();
    assert!(matches!(refused, HomeError::Log(LogError::IntentDamaged)), "{refused}");
    // A head that somebody else signed, over the same entries.
    let disk = robbed(&["log"]);
    let note = disk.read(&path("log/checkpoint"), 9_999).unwrap();
    let (head, _) = veritrail_provenance::log::checkpoint::Checkpoint::read(&note).unwrap();
    let forged = head.sign(&seed(99).signer()).unwrap().to_bytes();
    veritrail_storage::disk::put_durable(
        &disk,
        &path("log/checkpoint"),
        &forged,
        veritrail_storage::disk::Access::Shared,
    )
    .unwrap();
    assert!(matches!(Parts::rekey(shared(&disk)).unwrap_err(), HomeError::Log(_)));
}

/// Power losses at every step: the home has keys that fit, or lost ones that are made anew.
#[test]
fn no_crash_leaves_a_log_without_a_key_that_fits() {
    let mut counts = (0, 0);
    for names in [&["log"][..], &["node"], &["person", "node", "log"]] {
        for count in 0.. {
            let disk = robbed(names);
            disk.power_off_after(count);
            let ran = bring_back(&disk);
            let told = ran.is_ok() && disk.list(&DiskPath::ROOT).is_ok();
            for n in 0..6 {
                let after = disk.crash(Crash::nth(n));
                match Parts::open(shared(&after)) {
                    Ok(home) => drop(home),
                    Err(HomeError::Key(KeyFileError::Disk(_))) if !told => {
                        counts.0 += 1;
                        let before = after.list(&path("keys"));
                        if let Err(e) = bring_back(&after) {
                            panic!(
                                "{names:?}, power off after {count}, crash {n}: {before:?}: {e}"
                            );
                        }
                    }
                    Err(e) => panic!("{names:?}, power off after {count}, crash {n}: {e}"),
                }
                if !names.contains(&"node")
                    || after.metadata(&path("keys/node.key")).unwrap().is_some()
                {
                    check_whole(&after, 3);
                    counts.1 += 1;
                } else {
                    // The node's key is not read to open a home: it is still lost.
                    bring_back(&after).unwrap();
                    check_whole(&after, 4);
                }
            }
            if told {
                break;
            }
        }
    }
    assert!(counts.0 > 50 && counts.1 > 150, "{counts:?}");
}
