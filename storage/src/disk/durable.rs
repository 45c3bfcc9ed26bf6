//! The one way small files are replaced: beside, synced, renamed, folder synced.

use super::{Access, Disk, DiskError, DiskPath};

/// Puts `bytes` at `path`, replacing what is there, and returns once that is durable. A crash
/// leaves the old file or the new one, never a mixture.
///
/// Callers hold the lock that guards `path`: two writers of one path would share a temporary name.
pub fn put_durable(
    disk: &dyn Disk,
    path: &DiskPath,
    bytes: &[u8],
    access: Access,
) -> Result<(), DiskError> {
    replace_unsynced(disk, path, bytes, access)?;
    disk.fsync_dir(&path.parent())
}

/// Like [`put_durable`] without the last step: the new bytes are durable, the name points to the
/// old or the new ones until the caller syncs the folder, once for many files.
pub fn replace_unsynced(
    disk: &dyn Disk,
    path: &DiskPath,
    bytes: &[u8],
    access: Access,
) -> Result<(), DiskError> {
    let temporary = path.parent().join(&format!("{}.tmp", path.name()))?;
    if disk.metadata(&temporary)?.is_some() {
        disk.unlink(&temporary)?; // left over by a crash
    }
    let file = disk.create_new(&temporary, access)?;
    let written = file.write_at(0, bytes).and_then(|()| file.fsync());
    let renamed = written.and_then(|()| disk.rename(&temporary, path));
    if renamed.is_err() {
        // Best effort: the first error is the one that matters.
        drop(disk.unlink(&temporary));
    }
    renamed
}
