//! What every [`Disk`] must do, run by the tests on each implementation.

use super::{
    Access, Created, Disk, DiskError, DiskPath, Kind, LockMode, LockWait, OpenFor, put_durable,
};

/// A promise that was not kept.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// What should have held.
    #[error("not kept: {0}")]
    Promise(&'static str),
    /// An operation failed that should not.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Runs all checks on an empty disk. The first promise that is not kept is the error.
pub fn check(disk: &dyn Disk) -> Result<(), Broken> {
    files(disk)?;
    names(disk)?;
    folders(disk)?;
    locks(disk)?;
    replacing(disk)
}

fn keep(held: bool, promise: &'static str) -> Result<(), Broken> {
    if held { Ok(()) } else { Err(Broken::Promise(promise)) }
}

fn files(disk: &dyn Disk) -> Result<(), Broken> {
    let path = DiskPath::new("file")?;
    keep(disk.metadata(&path)?.is_none(), "nothing stands on an empty disk")?;
    let file = disk.create_new(&path, Access::Private)?;
    file.write_at(0, b"hello")?;
    file.write_at(7, b"world")?;
    file.fsync()?;
    disk.fsync_dir(&DiskPath::ROOT)?;
    keep(disk.read(&path, 12)? == b"hello\0\0world", "a gap is filled with zeros")?;
    let long = disk.read(&path, 11);
    keep(matches!(long, Err(DiskError::TooLong { len: 12, .. })), "a limit is kept")?;
    let again = disk.create_new(&path, Access::Private);
    keep(matches!(again, Err(DiskError::Exists { .. })), "create_new never replaces")?;
    let reader = disk.open(&path, OpenFor::Reading)?;
    keep(reader.len()? == 12, "the length counts every byte")?;
    keep(reader.write_at(0, b"x").is_err(), "a reader cannot write")?;
    let mut past = [0; 6];
    let short = reader.read_at(7, &mut past);
    keep(matches!(short, Err(DiskError::Short { .. })), "a read past the end is told apart")?;
    disk.unlink(&path)?;
    keep(matches!(disk.read(&path, 99), Err(DiskError::NotFound { .. })), "unlink removes")?;
    keep(disk.read_if_there(&path, 99)?.is_none(), "a missing file is None")?;
    let mut kept = [0; 5];
    reader.read_at(0, &mut kept)?;
    keep(&kept == b"hello", "an open file outlives its name")
}

fn names(disk: &dyn Disk) -> Result<(), Broken> {
    for bad in ["..", "a/../b", "/a", "a//b", ".", "a\\b", "a\0", "a\n"] {
        keep(DiskPath::new(bad).is_err(), "a name that leaves the root is refused")?;
    }
    let (a, b) = (DiskPath::new("a")?, DiskPath::new("b")?);
    put_durable(disk, &a, b"one", Access::Shared)?;
    put_durable(disk, &b, b"two", Access::Shared)?;
    keep(disk.list(&DiskPath::ROOT)? == ["a", "b"], "names are listed in order")?;
    disk.rename(&a, &b)?;
    keep(disk.read(&b, 9)? == b"one", "rename replaces")?;
    keep(disk.metadata(&a)?.is_none(), "rename moves")?;
    keep(matches!(disk.rename(&a, &b), Err(DiskError::NotFound { .. })), "nothing to rename")?;
    disk.unlink(&b)?;
    keep(disk.list(&DiskPath::ROOT)?.is_empty(), "nothing is left behind")?;
    Ok(())
}

fn folders(disk: &dyn Disk) -> Result<(), Broken> {
    let (folder, deep) = (DiskPath::new("folder")?, DiskPath::new("folder/deep/deeper")?);
    keep(disk.create_dir(&deep, Access::Private).is_err(), "a parent must exist")?;
    keep(disk.create_dir(&folder, Access::Private)? == Created::New, "a folder is new once")?;
    keep(disk.create_dir(&folder, Access::Private)? == Created::Existed, "and found then")?;
    let about = disk.metadata(&folder)?;
    let private = about.is_some_and(|m| m.kind == Kind::Folder && !m.open_to_others && m.ours);
    keep(private, "a private folder is for the owner alone")?;
    let inside = folder.join("file")?;
    put_durable(disk, &inside, b"", Access::Private)?;
    let about = disk.metadata(&inside)?;
    let private = about.is_some_and(|m| m.kind == Kind::File && !m.open_to_others);
    keep(private, "a private file is for the owner alone")?;
    let as_folder = disk.create_dir(&inside, Access::Private);
    keep(matches!(as_folder, Err(DiskError::NotPlain { .. })), "a file is no folder")?;
    let through = disk.open(&inside.join("x")?, OpenFor::Reading);
    keep(matches!(through, Err(DiskError::NotPlain { .. })), "a file has no inside")?;
    keep(disk.open(&folder, OpenFor::Reading).is_err(), "a folder is no file")?;
    keep(disk.unlink(&folder).is_err(), "a folder is not unlinked")?;
    disk.unlink(&inside)?;
    Ok(())
}

fn locks(disk: &dyn Disk) -> Result<(), Broken> {
    let path = DiskPath::new("lock")?;
    let take = |mode| disk.lock(&path, mode, LockWait::Try);
    let held = take(LockMode::Exclusive)?;
    keep(held.is_some(), "a free lock is given")?;
    keep(take(LockMode::Exclusive)?.is_none(), "an exclusive lock excludes")?;
    keep(take(LockMode::Shared)?.is_none(), "shared holders too")?;
    drop(held);
    let (one, two) = (take(LockMode::Shared)?, take(LockMode::Shared)?);
    keep(one.is_some() && two.is_some(), "shared holders share")?;
    keep(take(LockMode::Exclusive)?.is_none(), "and keep the exclusive one out")?;
    drop((one, two));
    keep(take(LockMode::Exclusive)?.is_some(), "a dropped lock is free")?;
    disk.unlink(&path)?;
    Ok(())
}

fn replacing(disk: &dyn Disk) -> Result<(), Broken> {
    let (path, left_over) = (DiskPath::new("state")?, DiskPath::new("state.tmp")?);
    put_durable(disk, &path, b"old", Access::Private)?;
    disk.create_new(&left_over, Access::Private)?.write_at(0, b"half")?;
    put_durable(disk, &path, b"new", Access::Private)?;
    keep(disk.read(&path, 9)? == b"new", "a left-over does not stop the next writer")?;
    keep(disk.metadata(&left_over)?.is_none(), "and is gone afterwards")?;
    disk.unlink(&path)?;
    keep(disk.free_space()? > 0, "there is room")
}
