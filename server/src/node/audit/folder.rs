//! The files of a log's folder, read with limits and without following links.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use veritrail_provenance::log::{audit::LogFiles, note::NOTE_SIZE_MAX, tile::CHECKPOINT_PATH};

use crate::{
    error::{NodeError, Result},
    progress::Progress,
};

/// Files that are listed in a folder: 256 million entries and their partial tiles have fewer.
const FILES_MAX: usize = 4_000_000;

/// A folder that holds a log.
pub(super) struct LogFolder<'p> {
    root: PathBuf,
    progress: &'p dyn Progress,
}

impl<'p> LogFolder<'p> {
    pub(super) fn new(root: &Path, progress: &'p dyn Progress) -> Self {
        Self { root: root.to_owned(), progress }
    }

    /// The signed head, None where there is none.
    pub(super) fn checkpoint(&mut self) -> Result<Option<Vec<u8>>> {
        self.read(CHECKPOINT_PATH, NOTE_SIZE_MAX).map_err(|e| {
            NodeError::failed(e.to_string())
                .at(self.root.join(CHECKPOINT_PATH).display())
                .hint("make it readable, then run the same command again")
        })
    }
}

impl LogFiles for LogFolder<'_> {
    type Error = io::Error;

    fn read(&mut self, path: &str, size_max: usize) -> io::Result<Option<Vec<u8>>> {
        let at = self.root.join(path);
        let found = match fs::symlink_metadata(&at) {
            Ok(found) => found,
            Err(e)
                if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        if !found.is_file() {
            return Err(io::Error::other("it is no plain file, and links are not followed"));
        }
        let mut bytes = Vec::new();
        File::open(&at)?.take(size_max as u64 + 1).read_to_end(&mut bytes)?;
        self.progress.advance(bytes.len() as u64);
        Ok(Some(bytes))
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        let mut open = vec!["tile".to_owned()];
        let mut found = Vec::new();
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(self.root.join(&folder)) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
                if entry.file_type()?.is_dir() {
                    open.push(path)
                } else {
                    found.push(path)
                }
                if found.len() + open.len() > FILES_MAX {
                    return Err(io::Error::other(format!("more than {FILES_MAX} files")));
                }
            }
        }
        Ok(found)
    }
}
