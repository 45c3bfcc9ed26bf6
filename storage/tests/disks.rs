//! The disk: one conformance suite for both implementations, and what is special to each.

use std::{os::unix::fs::PermissionsExt, path::Path};

use veritrail_storage::disk::{
    Access, Crash, Disk, DiskError, DiskPath, Kind, LockMode, LockWait, MemoryDisk, OpenFor,
    OsDisk, conformance, put_durable,
};

fn path(text: &str) -> DiskPath {
    DiskPath::new(text).unwrap()
}

#[test]
fn memory_disk_conforms() {
    conformance::check(&MemoryDisk::new()).unwrap();
}

#[test]
fn os_disk_conforms() {
    let folder = tempfile::tempdir().unwrap();
    conformance::check(&OsDisk::open(folder.path()).unwrap()).unwrap();
}

#[test]
fn os_disk_reports_what_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let disk = OsDisk::open(folder.path()).unwrap();
    put_durable(&disk, &path("secret"), b"x", Access::Private).unwrap();
    let mode = |name: &str| {
        std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("secret"), 0o600);
    disk.create_dir(&path("keys"), Access::Private).unwrap();
    assert_eq!(mode("keys"), 0o700);
    assert!(!disk.metadata(&path("secret")).unwrap().unwrap().open_to_others);
    let open = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(folder.path().join("secret"), open).unwrap();
    assert!(disk.metadata(&path("secret")).unwrap().unwrap().open_to_others);
}

#[test]
fn os_disk_follows_no_link() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("file"), b"theirs").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let disk = OsDisk::open(folder.path()).unwrap();
    let link = |to: &Path, name: &str| {
        std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
    };
    link(outside.path(), "folder");
    link(&outside.path().join("file"), "file");
    link(&outside.path().join("new"), "dangling");
    for name in ["file", "folder/file", "dangling"] {
        let opened = disk.open(&path(name), OpenFor::Writing);
        assert!(matches!(opened, Err(DiskError::NotPlain { .. })), "{name}: {opened:?}");
    }
    assert!(disk.create_new(&path("dangling"), Access::Shared).is_err());
    assert!(disk.create_new(&path("folder/new"), Access::Shared).is_err());
    assert!(disk.create_dir(&path("folder"), Access::Shared).is_err());
    assert!(disk.list(&path("folder")).is_err());
    assert!(disk.fsync_dir(&path("folder")).is_err());
    assert!(disk.lock(&path("file"), LockMode::Exclusive, LockWait::Try).is_err());
    assert_eq!(disk.metadata(&path("file")).unwrap().unwrap().kind, Kind::Other);
    assert_eq!(std::fs::read(outside.path().join("file")).unwrap(), b"theirs");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn os_disk_opens_no_pipe_and_no_odd_name() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let folder = tempfile::tempdir().unwrap();
    let disk = OsDisk::open(folder.path()).unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(socket).unwrap();
    let opened = disk.open(&path("socket"), OpenFor::Reading);
    assert!(matches!(opened, Err(DiskError::NotPlain { .. })), "{opened:?}");
    std::fs::write(folder.path().join(OsStr::from_bytes(b"\xff")), b"").unwrap();
    assert!(matches!(disk.list(&DiskPath::ROOT), Err(DiskError::BadName { .. })));
}

#[test]
fn a_root_behind_a_link_is_pinned_when_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (real, other) = (folder.path().join("real"), folder.path().join("other"));
    let link = folder.path().join("link");
    std::fs::create_dir(&real).unwrap();
    std::fs::create_dir(&other).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let disk = OsDisk::open(&link).unwrap();
    assert_eq!(disk.root(), real.canonicalize().unwrap());
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&other, &link).unwrap();
    put_durable(&disk, &path("file"), b"x", Access::Shared).unwrap();
    assert!(real.join("file").exists() && !other.join("file").exists());
}

#[test]
fn a_full_memory_disk_says_so() {
    let disk = MemoryDisk::new();
    disk.set_capacity(10);
    let file = disk.create_new(&path("file"), Access::Shared).unwrap();
    file.write_at(0, b"0123456789").unwrap();
    assert!(matches!(file.write_at(10, b"x"), Err(DiskError::Full { .. })));
    file.write_at(0, b"in place").unwrap();
    assert_eq!(disk.free_space().unwrap(), 0);
}

/// What the crash model may do, seen over many seeds: each outcome that it promises occurs, and
/// none beyond.
#[test]
fn a_power_loss_loses_tears_and_reorders_what_was_not_synced() {
    let disk = MemoryDisk::new();
    put_durable(&disk, &path("synced"), b"safe", Access::Shared).unwrap();
    put_durable(&disk, &path("replaced"), b"old", Access::Shared).unwrap();
    let file = disk.create_new(&path("unsynced"), Access::Shared).unwrap();
    file.write_at(0, &[1; 4096]).unwrap();
    let new = disk.create_new(&path("beside"), Access::Shared).unwrap();
    new.write_at(0, b"new").unwrap();
    new.fsync().unwrap();
    disk.rename(&path("beside"), &path("replaced")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..500 {
        let after = disk.crash(Crash::nth(seed));
        assert_eq!(after.read(&path("synced"), 9).unwrap(), b"safe");
        let replaced = after.read(&path("replaced"), 9).unwrap();
        assert!(replaced == b"old" || replaced == b"new");
        seen.insert(if replaced == b"new" { "renamed" } else { "not renamed" });
        match after.read(&path("unsynced"), 4096) {
            Err(_) => seen.insert("lost"),
            Ok(bytes) if bytes.is_empty() => seen.insert("empty"),
            Ok(bytes) if bytes == [1; 4096] => seen.insert("whole"),
            Ok(bytes) if bytes == [0; 4096] => seen.insert("zeros"),
            Ok(bytes) if bytes.contains(&0) => seen.insert("holes"),
            Ok(_) => seen.insert("cut short"),
        };
        let names = after.list(&DiskPath::ROOT).unwrap();
        assert_eq!(after.crash(Crash::LoseAll).list(&DiskPath::ROOT).unwrap(), names);
    }
    let all = ["renamed", "not renamed", "lost", "empty", "whole", "zeros", "holes", "cut short"];
    assert_eq!(seen, all.into());
}

#[test]
fn a_folder_that_was_not_synced_takes_its_files_along() {
    let disk = MemoryDisk::new();
    disk.create_dir(&path("folder"), Access::Shared).unwrap();
    put_durable(&disk, &path("folder/file"), b"x", Access::Shared).unwrap();
    let after = disk.crash(Crash::LoseAll);
    assert!(matches!(after.read(&path("folder/file"), 9), Err(DiskError::NotFound { .. })));
    assert_eq!(disk.kill().read(&path("folder/file"), 9).unwrap(), b"x");
}

#[test]
fn when_the_power_is_off_nothing_works() {
    let disk = MemoryDisk::new();
    put_durable(&disk, &path("file"), b"x", Access::Shared).unwrap();
    disk.power_off_after(1);
    disk.create_dir(&path("folder"), Access::Shared).unwrap();
    let off = disk.create_dir(&path("another"), Access::Shared);
    assert!(matches!(off, Err(DiskError::PowerOff)));
    assert!(matches!(disk.read(&path("file"), 9), Err(DiskError::PowerOff)));
    assert!(disk.crash(Crash::LoseAll).read(&path("file"), 9).is_ok());
}
