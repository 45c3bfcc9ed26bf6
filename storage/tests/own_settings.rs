//! Local names, pins and peers.

use veritrail_provenance::{
    hash::{ChunkId, StatementId},
    identity::{Did, Signer},
};
use veritrail_storage::settings::{Peer, Pinned, Settings, SettingsError};

use super::fixtures::{origin, seed, vkey};

fn did(n: u8) -> Did {
    Did::of_key(seed(n).signer().public_key())
}

#[test]
fn names_stand_for_datasets() {
    let settings = Settings::in_memory().unwrap();
    let (rain, snow) = ("rain".parse().unwrap(), "snow".parse().unwrap());
    assert_eq!(settings.name(&rain).unwrap(), None);
    assert_eq!(settings.set_name(&rain, &did(1)).unwrap(), None);
    assert_eq!(settings.set_name(&snow, &did(2)).unwrap(), None);
    assert_eq!(settings.set_name(&rain, &did(3)).unwrap(), Some(did(1)));
    assert_eq!(settings.name(&rain).unwrap(), Some(did(3)));
    let names = settings.names().unwrap();
    assert_eq!(names, [(rain.clone(), did(3)), (snow, did(2))]);
    assert!(settings.remove_name(&rain).unwrap());
    assert!(!settings.remove_name(&rain).unwrap());
}

#[test]
fn pins_detect_change_and_keep_the_first() {
    let settings = Settings::in_memory().unwrap();
    let id = |n| StatementId::from_bytes([n; 32]);
    assert_eq!(settings.pin_dataset(&did(1), &id(1)).unwrap(), Pinned::First);
    assert_eq!(settings.pin_dataset(&did(1), &id(1)).unwrap(), Pinned::Same);
    let changed = settings.pin_dataset(&did(1), &id(2)).unwrap();
    assert_eq!(changed, Pinned::Changed { before: id(1) });
    assert_eq!(settings.dataset_pin(&did(1)).unwrap(), Some(id(1)));

    let (a, b, c) = (vkey(1), vkey(2), vkey(3));
    let pin = |keys: &[_]| settings.pin_log(&origin(1), keys).unwrap();
    assert_eq!(pin(std::slice::from_ref(&a)), Pinned::First);
    assert_eq!(pin(&[a.clone(), b.clone()]), Pinned::Same, "a key may be added beside a known one");
    assert_eq!(pin(std::slice::from_ref(&b)), Pinned::Same);
    assert_eq!(pin(&[c]), Pinned::Changed { before: vec![a.clone(), b.clone()] });
    assert_eq!(settings.log_pin(&origin(1)).unwrap(), [a, b]);
    assert!(settings.log_pin(&origin(2)).unwrap().is_empty());
}

#[test]
fn peers_are_remembered_across_processes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    let addresses: Vec<String> = (0..20).map(|n| format!("192.0.2.{n}:4433")).collect();
    let peer = Peer { node: did(1), addresses: addresses.clone(), seen: 5 };
    Settings::open(&path).unwrap().remember_peer(&peer).unwrap();
    let settings = Settings::open(&path).unwrap();
    let kept = Peer { addresses: addresses[..8].to_vec(), ..peer };
    assert_eq!(settings.peer(&did(1)).unwrap(), Some(kept.clone()));
    assert_eq!(settings.peers().unwrap(), [kept]);
    assert_eq!(settings.peer(&did(2)).unwrap(), None);
    let odd = Peer { node: did(2), addresses: vec!["a\nb".into(), String::new()], seen: 6 };
    settings.remember_peer(&odd).unwrap();
    assert!(settings.peer(&did(2)).unwrap().unwrap().addresses.is_empty());
}

#[test]
fn who_showed_a_log_is_remembered_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    let settings = Settings::open(&path).unwrap();
    assert!(settings.sources(&origin(1)).unwrap().is_empty());
    for n in 1..=20 {
        settings.add_source(&origin(1), &did(n)).unwrap();
    }
    settings.add_source(&origin(2), &did(1)).unwrap();
    // Met again: it comes first and stands once.
    Settings::open(&path).unwrap().add_source(&origin(1), &did(17)).unwrap();
    let kept = [17, 20, 19, 18, 16, 15, 14, 13].map(did);
    assert_eq!(settings.sources(&origin(1)).unwrap(), kept);
    assert_eq!(settings.sources(&origin(2)).unwrap(), [did(1)]);
}

#[test]
fn what_a_released_proof_states_is_kept_here() {
    let settings = Settings::in_memory().unwrap();
    let (first, second) = (ChunkId::of(b"first"), ChunkId::of(b"second"));
    settings.set_released(&first, &[0, 1, 0xfe]).unwrap();
    settings.set_released(&second, b"").unwrap();
    assert_eq!(settings.released(&first).unwrap(), Some(vec![0, 1, 0xfe]));
    settings.remove_released(&first).unwrap();
    assert_eq!(settings.released(&first).unwrap(), None);
    assert_eq!(settings.released(&second).unwrap(), Some(vec![]));
}

#[test]
fn keys_are_added_to_a_pin_that_shares_none_with_them() {
    let settings = Settings::in_memory().unwrap();
    settings.pin_log(&origin(1), &[vkey(1)]).unwrap();
    let changed = Pinned::Changed { before: vec![vkey(1)] };
    assert_eq!(settings.pin_log(&origin(1), &[vkey(2)]).unwrap(), changed);
    settings.add_log_keys(&origin(1), &[vkey(2), vkey(1)]).unwrap();
    settings.add_log_keys(&origin(1), &[vkey(2)]).unwrap();
    assert_eq!(settings.log_pin(&origin(1)).unwrap(), [vkey(1), vkey(2)]);
    assert_eq!(settings.pin_log(&origin(1), &[vkey(2)]).unwrap(), Pinned::Same);
}

#[test]
fn a_damaged_or_newer_file_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    std::fs::write(&path, b"no database, but long enough to be looked at ".repeat(30)).unwrap();
    assert!(matches!(Settings::open(&path), Err(SettingsError::Damaged(_))));
    std::fs::remove_file(&path).unwrap();
    drop(Settings::open(&path).unwrap());
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 2).unwrap();
    drop(newer);
    assert!(matches!(Settings::open(&path), Err(SettingsError::OtherVersion(2))));
}
