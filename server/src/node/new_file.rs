//! A file that a person asked for, which goes again if what it belongs to fails.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// A file that did not exist before; dropped before [`NewFile::keep`], it is removed.
#[derive(Debug)]
pub(super) struct NewFile {
    path: PathBuf,
    kept: bool,
}

impl NewFile {
    pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<Self> {
        let mut file = File::create_new(path)?;
        let new = Self { path: path.to_owned(), kept: false };
        file.write_all(bytes)?;
        Ok(new)
    }

    /// As [`NewFile::create`]; file and name are durable on return.
    pub(super) fn durable(path: &Path, bytes: &[u8]) -> io::Result<Self> {
        let new = Self::create(path, bytes)?;
        File::open(path)?.sync_all()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(new)
    }

    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

/// Writes a new file that its owner alone may read; durable on return.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let new = NewFile { path: path.to_owned(), kept: false };
    file.write_all(bytes)?;
    file.sync_all()?;
    new.keep();
    Ok(())
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.kept {
            // Best effort: the error that led here is the one to tell.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
