//! Writes files beneath one folder and nowhere else: `get -o DIR`.
//!
//! Every step opens one name relative to the folder before it and refuses symlinks
//! (`O_NOFOLLOW`), so a link that somebody planted, or plants meanwhile, cannot lead outside. A
//! file appears under its name only when it is whole.

use std::{
    fs::File,
    io::Write as _,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, RenameFlags},
    io::Errno,
};
use veritrail_provenance::layout::FilePath;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system refused.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// `open`, `create`, `write`, …
        what: &'static str,
        /// The path.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A symlink, or a file where a folder must be.
    #[error("{0} is a symlink or no folder; nothing is written through it")]
    InTheWay(PathBuf),
    /// Something has the name of a file that is to be written.
    #[error("{0} exists already and is kept as it is")]
    Exists(PathBuf),
}

/// A folder, held open: renaming it meanwhile changes nothing.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

/// A file on its way to its name; dropped before [`NewFile::finish`], it is removed.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    parent: OwnedFd,
    temporary: String,
    name: String,
    path: PathBuf,
    finished: bool,
}

impl Folder {
    /// Opens `path`, which is created if it is not there. The path itself is the person's word and
    /// may be, or lead through, a symlink to a folder; one that leads nowhere is refused.
    ///
    /// # Errors
    /// It cannot be created, or is no folder.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let io = |source| FolderError::Io { what: "create", path: path.to_owned(), source };
        std::fs::create_dir_all(path).map_err(io)?;
        let fd = rustix::fs::openat(CWD, path, FOLDER, Mode::empty()).map_err(|e| {
            FolderError::Io { what: "open", path: path.to_owned(), source: e.into() }
        })?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Where a file stands, or would, as a person reads it.
    pub fn path_of(&self, path: &FilePath) -> PathBuf {
        self.path.join(path.as_str())
    }

    /// Bytes that an ordinary user may still write to the filesystem.
    ///
    /// # Errors
    /// The system does not say.
    pub fn free_bytes(&self) -> Result<u64, FolderError> {
        let stat = rustix::fs::fstatvfs(&self.fd).map_err(|e| self.error("ask about", e))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// The file at `path`, for reading, if it is there and no symlink is on the way.
    ///
    /// # Errors
    /// A symlink or a file stands where a folder must be.
    pub fn existing(&self, path: &FilePath) -> Result<Option<File>, FolderError> {
        let (folders, name) = split(path);
        let Some(parent) = self.descend(&folders, Missing::Leave)? else { return Ok(None) };
        let full = self.path.join(path.as_str());
        match rustix::fs::openat(&parent, name, READ, Mode::empty()) {
            Ok(fd) => {
                let file = File::from(fd);
                // A folder, a pipe or a device is no file of ours.
                let plain = file.metadata().is_ok_and(|m| m.is_file());
                if plain { Ok(Some(file)) } else { Err(FolderError::Exists(full)) }
            }
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP) => Err(FolderError::Exists(full)),
            Err(e) => Err(FolderError::Io { what: "open", path: full, source: e.into() }),
        }
    }

    /// Begins the file at `path`, and creates the folders above it.
    ///
    /// # Errors
    /// Something stands in the way.
    pub fn create(&self, path: &FilePath) -> Result<NewFile, FolderError> {
        let (folders, name) = split(path);
        let full = self.path.join(path.as_str());
        let Some(parent) = self.descend(&folders, Missing::Create)? else {
            return Err(FolderError::InTheWay(full));
        };
        let temporary = temporary_name(name);
        // What an earlier, interrupted `get` left behind; unlinking does not follow a symlink.
        match rustix::fs::unlinkat(&parent, &temporary, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(e) => return Err(FolderError::Io { what: "remove", path: full, source: e.into() }),
        }
        let fd = rustix::fs::openat(&parent, &temporary, NEW, Mode::from_raw_mode(0o666)).map_err(
            |e| FolderError::Io { what: "create", path: full.clone(), source: e.into() },
        )?;
        Ok(NewFile {
            file: File::from(fd),
            parent,
            temporary,
            name: name.to_owned(),
            path: full,
            finished: false,
        })
    }

    /// Walks down folder by folder; None if one is missing and none is created.
    fn descend(&self, folders: &[&str], missing: Missing) -> Result<Option<OwnedFd>, FolderError> {
        let mut here = self.fd.try_clone().map_err(|source| FolderError::Io {
            what: "open",
            path: self.path.clone(),
            source,
        })?;
        let mut path = self.path.clone();
        for folder in folders {
            path.push(folder);
            if missing == Missing::Create {
                match rustix::fs::mkdirat(&here, *folder, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(e) => {
                        return Err(FolderError::Io { what: "create", path, source: e.into() });
                    }
                }
            }
            here = match rustix::fs::openat(
                &here,
                *folder,
                FOLDER | OFlags::NOFOLLOW,
                Mode::empty(),
            ) {
                Ok(fd) => fd,
                Err(Errno::NOENT) if missing == Missing::Leave => return Ok(None),
                Err(Errno::LOOP | Errno::NOTDIR) => return Err(FolderError::InTheWay(path)),
                Err(e) => return Err(FolderError::Io { what: "open", path, source: e.into() }),
            };
        }
        Ok(Some(here))
    }

    fn error(&self, what: &'static str, e: Errno) -> FolderError {
        FolderError::Io { what, path: self.path.clone(), source: e.into() }
    }
}

impl NewFile {
    /// Appends bytes.
    ///
    /// # Errors
    /// The system refused; most often the disk is full.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FolderError> {
        let written = self.file.write_all(bytes);
        written.map_err(|e| self.error("write", e))
    }

    /// Makes the bytes durable and gives the file its name, unless something has it by now.
    ///
    /// # Errors
    /// The name is taken, or the system refused.
    pub fn finish(mut self) -> Result<(), FolderError> {
        self.file.sync_all().map_err(|e| self.error("write", e))?;
        let moved = rustix::fs::renameat_with(
            &self.parent,
            &self.temporary,
            &self.parent,
            &self.name,
            RenameFlags::NOREPLACE,
        );
        match moved {
            Ok(()) => {
                self.finished = true;
                rustix::fs::fsync(&self.parent).map_err(|e| self.error("write", e.into()))
            }
            Err(Errno::EXIST) => Err(FolderError::Exists(self.path.clone())),
            Err(e) => Err(self.error("name", e.into())),
        }
    }

    fn error(&self, what: &'static str, source: std::io::Error) -> FolderError {
        FolderError::Io { what, path: self.path.clone(), source }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            // Best effort: the error that led here is the one to tell.
            let _ = rustix::fs::unlinkat(&self.parent, &self.temporary, AtFlags::empty());
        }
    }
}

/// What to do about a folder that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Create,
    Leave,
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
// NONBLOCK: a pipe that somebody put there must not make us wait for its writer.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);
const NEW: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

fn split(path: &FilePath) -> (Vec<&str>, &str) {
    let mut parts: Vec<&str> = path.as_str().split('/').collect();
    let name = parts.pop().unwrap_or_default();
    (parts, name)
}

/// A name that no file of a layout is likely to have, of bounded length: names may be 255 bytes.
fn temporary_name(name: &str) -> String {
    let digest = veritrail_provenance::hash::TextHash::of(name.as_bytes()).to_hex();
    format!(".veritrail-{}.part", digest.get(..32).unwrap_or_default())
}
