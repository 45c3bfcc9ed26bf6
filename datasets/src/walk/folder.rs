//! One folder and everything below it.

use std::path::{Path, PathBuf};

use super::source::{Source, kind_of};
use super::{LeftOut, MAX_DEPTH, MAX_FILES, WalkError, Walked, dataset_path, io_error, missing};

/// Adds the files below `root` to `walked`, named by their path below it, behind `prefix`.
pub(super) fn walk_folder(
    root: &Path,
    prefix: Option<String>,
    walked: &mut Walked,
) -> Result<(), WalkError> {
    let real = std::fs::canonicalize(root).map_err(|cause| io_error(root, cause))?;
    let before = walked.sources.len();
    let start =
        Folder { on_disk: root.to_owned(), real: real.clone(), name: prefix, above: vec![] };
    let mut waiting = vec![start];
    while let Some(folder) = waiting.pop() {
        folder.read(&real, walked, &mut waiting)?;
    }
    if walked.sources.len() == before {
        return Err(WalkError::EmptyFolder(root.to_owned()));
    }
    Ok(())
}

/// A folder that is yet to be read.
struct Folder {
    on_disk: PathBuf,
    /// Where it really is, once links are followed.
    real: PathBuf,
    /// Its path in the dataset; none for the root.
    name: Option<String>,
    /// Where the folders that hold it really are: a link to one of them is a loop.
    above: Vec<PathBuf>,
}

impl Folder {
    fn read(
        &self,
        root: &Path,
        walked: &mut Walked,
        waiting: &mut Vec<Folder>,
    ) -> Result<(), WalkError> {
        if self.above.len() > MAX_DEPTH {
            return Err(WalkError::TooDeep(self.on_disk.clone()));
        }
        let refused = |cause| io_error(&self.on_disk, cause);
        let mut empty = true;
        for entry in std::fs::read_dir(&self.on_disk).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            empty = false;
            self.entry(&entry.path(), &entry.file_name(), root, walked, waiting)?;
            if walked.sources.len() > MAX_FILES {
                return Err(WalkError::TooManyFiles);
            }
        }
        if empty && self.name.is_some() {
            let (path, reason) = (self.on_disk.clone(), "an empty folder");
            walked.left_out.push(LeftOut { path, reason });
        }
        Ok(())
    }

    fn entry(
        &self,
        path: &Path,
        file_name: &std::ffi::OsStr,
        root: &Path,
        walked: &mut Walked,
        waiting: &mut Vec<Folder>,
    ) -> Result<(), WalkError> {
        let Some(file_name) = file_name.to_str() else {
            return Err(WalkError::NotUtf8(path.to_owned()));
        };
        if file_name.starts_with('.') {
            let (path, reason) = (path.to_owned(), "hidden; name it to publish it");
            walked.left_out.push(LeftOut { path, reason });
            return Ok(());
        }
        let own = std::fs::symlink_metadata(path).map_err(|cause| io_error(path, cause))?;
        let metadata = std::fs::metadata(path).map_err(|cause| missing(path, cause))?;
        let real = std::fs::canonicalize(path).map_err(|cause| missing(path, cause))?;
        if own.is_symlink() && !real.starts_with(root) {
            return Err(WalkError::SymlinkOutside { path: path.to_owned(), target: real });
        }
        let name = match &self.name {
            Some(folder) => format!("{folder}/{file_name}"),
            None => file_name.to_owned(),
        };
        if metadata.is_file() {
            let source = Source::new(dataset_path(path, &name)?, path.to_owned(), &metadata)?;
            walked.sources.push(source);
            return Ok(());
        }
        if !metadata.is_dir() {
            return Err(WalkError::Special { path: path.to_owned(), kind: kind_of(&metadata) });
        }
        let mut above = self.above.clone();
        above.push(self.real.clone());
        if above.contains(&real) {
            return Err(WalkError::SymlinkLoop(path.to_owned()));
        }
        waiting.push(Folder { on_disk: path.to_owned(), real, name: Some(name), above });
        Ok(())
    }
}
