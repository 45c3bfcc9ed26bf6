//! Homes on the real disk, and checking all of one.

use std::os::unix::fs::{PermissionsExt, symlink};

use bytes::Bytes;
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::{
    blob::Blobs,
    disk::{Access, Disk, DiskPath},
    fsck::{Repair, fsck},
    home::{Home, HomeError},
    keys::KeyFileError,
    log::Expect,
};

use super::fixtures::{evidence, home, identity, keys, member, origin, vkey};

fn init(path: &std::path::Path) -> Result<Home, HomeError> {
    Home::init(path, &keys(1), &origin(1), vec![identity(1)])
}

#[test]
fn a_home_is_made_once_and_opened_by_many() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/home");
    assert!(matches!(Home::open(&path), Err(HomeError::NoHome { .. })));
    assert!(!Home::stands(&path));
    let home = init(&path).unwrap();
    assert!(Home::stands(&path));
    assert!(matches!(init(&path), Err(HomeError::Exists)));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let other = Home::open(&path).unwrap();
    other.parts().log.append(vec![member(1, 20)], Expect::Size(1)).unwrap();
    assert_eq!(home.parts().log.reader().snapshot().unwrap().size(), 2);
    assert_eq!(*other.parts().log.origin(), origin(1));
    let set = other.parts().keys.read_set().unwrap();
    assert_eq!(set.person.expose(), keys(1).person.expose());
    home.open_state().unwrap();
    home.open_settings().unwrap();
    let left: Vec<_> = home.disk().list(&DiskPath::ROOT).unwrap();
    let mut expected = vec![
        "blobs",
        "format",
        "init.lock",
        "keys",
        "log",
        "log.intent",
        "log.lock",
        "node.db",
        "state.db",
        "trails",
    ];
    expected.sort_unstable();
    assert_eq!(left, expected);
}

#[test]
fn a_home_that_cannot_be_made_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let too_long = vec![identity(1), vec![0; 70_000]];
    assert!(Home::init(&path, &keys(1), &origin(1), too_long).is_err());
    assert!(!path.exists());
    init(&path).unwrap();
}

#[test]
fn a_folder_that_holds_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.tex"), b"years of work").unwrap();
    let refused = init(folder.path()).unwrap_err();
    assert!(refused.to_string().contains("thesis.tex"), "{refused}");
    assert!(matches!(Home::open(folder.path()), Err(HomeError::NoHome { .. })));
    std::fs::write(folder.path().join("format"), b"veritrail-home 2\n").unwrap();
    let newer = Home::open(folder.path()).unwrap_err();
    assert!(matches!(newer, HomeError::OtherFormat { .. }), "{newer}");
}

/// A home as an interrupted making leaves it: everything but `format`.
fn unfinished(path: &std::path::Path) {
    init(path).unwrap();
    std::fs::remove_file(path.join("format")).unwrap();
}

#[test]
fn an_unfinished_home_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    // In the order in which the making writes them: what a kill leaves is any beginning of it.
    let written = [
        "init.lock",
        "keys/person.key",
        "keys/node.key",
        "keys/log.key",
        "log.lock",
        "log.intent",
        "log/tile/entries/000.p/1",
        "log/tile/0/000.p/1",
        "log/checkpoint",
    ];
    for count in 0..=written.len() {
        let path = folder.path().join(format!("home{count}"));
        unfinished(&path);
        for file in &written[count..] {
            std::fs::remove_file(path.join(file)).unwrap();
        }
        std::fs::write(path.join("keys/person.key.tmp"), b"half a k").unwrap();
        let home = Home::init(&path, &keys(2), &origin(2), vec![identity(2)]).unwrap();
        let found = home.parts().keys.read_set().unwrap();
        assert_eq!(found.person.expose(), keys(2).person.expose());
        assert_eq!(*Home::open(&path).unwrap().parts().log.origin(), origin(2));
        assert!(!path.join("keys/person.key.tmp").exists());
    }
}

#[test]
fn keys_that_may_be_in_use_are_never_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    type Use = fn(&Home);
    let uses: [(&str, Use); 3] = [
        ("opened", |home| drop(home.open_state().unwrap())),
        ("published", |home| {
            home.parts().log.append(vec![member(1, 20)], Expect::Size(1)).unwrap();
        }),
        ("holds bytes", |home| {
            let mut batch = home.parts().blobs.batch();
            batch.put(Bytes::from_static(b"a chunk")).unwrap();
            batch.commit_blocking().unwrap();
        }),
    ];
    for (what, used) in uses {
        let path = folder.path().join(what);
        used(&init(&path).unwrap());
        std::fs::remove_file(path.join("format")).unwrap();
        let key = std::fs::read(path.join("keys/person.key")).unwrap();
        let refused = init(&path).unwrap_err();
        let kept = matches!(refused, HomeError::LostFormat | HomeError::NotEmpty { .. });
        assert!(kept, "{what}: {refused}");
        assert_eq!(std::fs::read(path.join("keys/person.key")).unwrap(), key, "{what}");
        assert!(path.join("log/checkpoint").exists(), "{what}");
        std::fs::write(path.join("format"), b"veritrail-home 1\n").unwrap();
        Home::open(&path).unwrap();
    }
}

/// A folder of one's own with a name that homes use, and one whose names cannot even be listed.
#[test]
fn what_is_not_of_a_home_is_never_touched() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    std::fs::create_dir(&log).unwrap();
    std::fs::write(log.join("server.log"), b"mine").unwrap();
    let refused = init(folder.path()).unwrap_err();
    assert!(refused.to_string().contains("log/server.log"), "{refused}");
    assert_eq!(std::fs::read(log.join("server.log")).unwrap(), b"mine");
    assert!(!folder.path().join("init.lock").exists());
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::write(&odd, b"mine too").unwrap();
    init(folder.path()).unwrap_err();
    assert!(odd.exists() && log.join("server.log").exists());
}

#[test]
fn a_home_behind_a_link_opens_and_links_within_it_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("home"), folder.path().join("link"));
    init(&path).unwrap();
    symlink(&path, &link).unwrap();
    let home = Home::open(&link).unwrap();
    assert_eq!(home.path(), path.canonicalize().unwrap());
    for name in ["keys", "blobs", "log"] {
        let moved = folder.path().join("moved");
        std::fs::rename(path.join(name), &moved).unwrap();
        symlink(&moved, path.join(name)).unwrap();
        let refused = Home::open(&path).unwrap_err().to_string();
        assert!(refused.contains("symbolic link"), "{name}: {refused}");
        std::fs::remove_file(path.join(name)).unwrap();
        std::fs::rename(&moved, path.join(name)).unwrap();
    }
    Home::open(&path).unwrap();
}

#[test]
fn keys_that_others_can_read_close_the_home() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    init(&path).unwrap();
    for (file, mode) in [("keys/log.key", 0o604), ("keys", 0o750)] {
        let file = path.join(file);
        let before = std::fs::metadata(&file).unwrap().permissions();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        let refused = Home::open(&path).unwrap_err();
        let told = matches!(refused, HomeError::Key(KeyFileError::OpenToOthers { .. }));
        assert!(told, "{refused}");
        std::fs::set_permissions(&file, before).unwrap();
    }
    Home::open(&path).unwrap();
}

#[test]
fn a_sound_home_is_clean() {
    let (_, parts) = home(1);
    let (_, theirs) = home(2);
    let mut batch = parts.blobs.batch();
    for n in 0..10_u8 {
        batch.put(Bytes::from(vec![n; usize::from(n) * 10_000])).unwrap();
    }
    batch.commit_blocking().unwrap();
    parts.log.append(vec![member(1, 20), b"opaque".to_vec()], Expect::AnySize).unwrap();
    let shown = evidence(&theirs.log.reader().snapshot().unwrap(), &[0], &[]);
    parts.trails.import(&shown, &[vkey(2)]).unwrap();
    let mut progress = Vec::new();
    let found = fsck(&parts, Repair::Nothing, |bytes| progress.push(bytes)).unwrap();
    assert!(found.is_clean(), "{found:?}");
    assert_eq!((found.blobs, found.bytes), (10, 450_000));
    assert_eq!((found.log.entries, found.log.statements, found.log.opaque), (3, 2, 1));
    assert_eq!(progress.len(), 10);
    assert!(progress.is_sorted());
}

#[test]
fn damage_is_named_and_set_aside() {
    let (disk, parts) = home(1);
    let mut batch = parts.blobs.batch();
    let whole = batch.put(Bytes::from(vec![1; 50_000])).unwrap();
    let rotten = batch.put(Bytes::from(vec![2; 50_000])).unwrap();
    let unserved = batch.put(Bytes::from(vec![3; 50_000])).unwrap();
    batch.commit_blocking().unwrap();
    let file = |id: &ChunkId| DiskPath::new(&format!("blobs/{id}")).unwrap();
    disk.flip_bit(&file(&rotten), 123_456).unwrap();
    disk.flip_bit(&file(&unserved), 50_000 * 8 + 77).unwrap();
    for stray in ["blobs/stranger", "blobs/tmp/left-over"] {
        disk.create_new(&DiskPath::new(stray).unwrap(), Access::Shared).unwrap();
    }
    disk.flip_bit(&DiskPath::new("log/tile/entries/000.p/1").unwrap(), 99).unwrap();

    for repair in [Repair::Nothing, Repair::SetAside] {
        let found = fsck(&parts, repair, |_| ()).unwrap();
        assert!(!found.is_clean());
        assert_eq!(found.damaged, [rotten]);
        assert_eq!(found.outboards, [unserved]);
        assert_eq!(found.strangers, ["stranger"]);
        assert_eq!(found.left_over, ["left-over"]);
        let named = |f: &veritrail_provenance::log::audit::Finding| f.path.contains("entries/000");
        assert!(found.log.faults.iter().any(named), "{:?}", found.log.faults);
    }
    let found = fsck(&parts, Repair::SetAside, |_| ()).unwrap();
    assert!(found.damaged.is_empty() && found.outboards.is_empty());
    assert!(found.left_over.is_empty());
    assert_eq!(parts.blobs.read_blocking(&unserved, 0..9).unwrap(), [3; 9][..]);
    assert!(parts.blobs.read_all_blocking(&whole).is_ok());
    assert!(parts.blobs.len_blocking(&rotten).unwrap().is_none(), "it can be fetched again");
    assert!(
        disk.metadata(&DiskPath::new(&format!("damaged/{rotten}")).unwrap()).unwrap().is_some()
    );
}

#[test]
fn a_full_disk_while_a_home_is_made_is_told() {
    let disk = veritrail_storage::disk::MemoryDisk::new();
    disk.set_capacity(300);
    let refused = veritrail_storage::home::Parts::init(
        std::sync::Arc::new(disk),
        &keys(1),
        &origin(1),
        vec![identity(1)],
    )
    .unwrap_err();
    assert!(refused.to_string().contains("no space left"), "{refused}");
}
