//! What a making of a home left that was interrupted: told from a home, and taken away.
//!
//! Nobody was told of its keys, as `format` is written last; so they can go. Whatever the making
//! does not write is somebody's, and stays with all around it.

use super::HomeError;
use crate::disk::{Disk, DiskError, DiskPath, Kind};

/// Files that the making writes before `format`, with a log of one entry at most.
const FILES: [&str; 11] = [
    "init.lock",
    "keys/person.key",
    "keys/node.key",
    "keys/log.key",
    "blobs/tmp/lock",
    "trails/lock",
    "log.lock",
    "log.intent",
    "log/checkpoint",
    "log/tile/0/000.p/1",
    "log/tile/entries/000.p/1",
];

/// The last file, which may stand under its temporary name.
const FORMAT: &str = "format";

/// What only a home that was finished has: its log grew, or it was opened.
const OF_A_HOME: [&str; 4] = ["state.db", "node.db", "trust.toml", "writing.lock"];

/// Behind the name of a file that is being written.
const TEMPORARY: &str = ".tmp";

/// Leaves the folder without any file of an unfinished home; folders stay, and `init.lock`, which
/// the caller holds.
///
/// # Errors
/// [`HomeError::NotEmpty`] for anything else that is there, and [`HomeError::LostFormat`] for a home
/// that was in use: then nothing is touched.
pub(super) fn take_away(disk: &dyn Disk) -> Result<(), HomeError> {
    let mut files = Vec::new();
    walk(disk, &DiskPath::ROOT, &mut files)?;
    let made = |file: &DiskPath| {
        let name = file.as_str().strip_suffix(TEMPORARY).unwrap_or(file.as_str());
        FILES.contains(&name) || name == FORMAT
    };
    let of_a_home = |file: &DiskPath| OF_A_HOME.contains(&file.as_str());
    let has_keys = files.iter().any(|file| file.as_str() == "keys/person.key");
    let grew = files.iter().any(|file| file.as_str().starts_with("log/tile/") && !made(file));
    let has_log = files.iter().any(|file| file.as_str() == "log/checkpoint");
    if (has_keys && (grew || files.iter().any(of_a_home))) || (has_log && grew) {
        return Err(HomeError::LostFormat);
    }
    if let Some(found) = files.iter().find(|file| !made(file)) {
        return Err(HomeError::NotEmpty { found: found.as_str().to_owned() });
    }
    // The keys last: while one is there, the rest says what it is of.
    files.sort_by_key(|file| file.as_str().starts_with("keys/"));
    for file in files.iter().filter(|file| file.as_str() != "init.lock") {
        match disk.unlink(file) {
            Err(DiskError::NotFound { .. }) => {}
            unlinked => unlinked?,
        }
    }
    Ok(())
}

/// All that is no folder, by path. A folder that the making does not make is named like a file.
fn walk(disk: &dyn Disk, folder: &DiskPath, found: &mut Vec<DiskPath>) -> Result<(), DiskError> {
    for name in disk.list(folder)? {
        let path = folder.join(&name)?;
        let within = format!("{}/", path.as_str());
        let ours = FILES.iter().any(|file| file.starts_with(&within));
        match disk.metadata(&path)?.map(|m| m.kind) {
            Some(Kind::Folder) if ours => walk(disk, &path, found)?,
            Some(_) => found.push(path),
            None => {}
        }
    }
    Ok(())
}
