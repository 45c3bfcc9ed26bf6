//! The real disk, through descriptors: no path below the root is ever resolved by the kernel in
//! one go, so that no symbolic link is followed.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::fs::FileExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    fs::{AtFlags, FileType, FlockOperation, Mode, OFlags},
    io::Errno,
};

use super::{
    Access, Created, Disk, DiskError, DiskFile, DiskLock, DiskPath, Kind, LockMode, LockWait,
    Metadata, OpenFor,
};

/// A folder of the operating system. The root may be reached through links; it is resolved once,
/// when opened, and stays the same folder whatever happens to its path.
#[derive(Clone, Debug)]
pub struct OsDisk {
    root: Arc<OwnedFd>,
    path: PathBuf,
}

impl OsDisk {
    /// Opens an existing folder.
    pub fn open(root: &Path) -> Result<Self, DiskError> {
        let io = |e| from_errno(&DiskPath::ROOT, e);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(root, flags, Mode::empty()).map_err(io)?;
        let path = root.canonicalize().map_err(|e| DiskError::from_io(&DiskPath::ROOT, e))?;
        Ok(Self { root: Arc::new(fd), path })
    }

    /// Where the root stands, absolute and without links. For messages and for SQLite.
    pub fn root(&self) -> &Path {
        &self.path
    }

    /// Makes the names in the root durable.
    pub fn sync_root(&self) -> Result<(), DiskError> {
        self.fsync_dir(&DiskPath::ROOT)
    }

    /// The folder at `path`, one part at a time.
    fn folder(&self, path: &DiskPath) -> Result<OwnedFd, DiskError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let io = |e| from_errno(path, e);
        let mut fd = rustix::fs::openat(&*self.root, ".", flags, Mode::empty()).map_err(io)?;
        for part in path.parts() {
            fd = rustix::fs::openat(&fd, part, flags, Mode::empty()).map_err(io)?;
        }
        Ok(fd)
    }

    fn file(&self, path: &DiskPath, flags: OFlags, mode: Mode) -> Result<OsFile, DiskError> {
        let io = |e| from_errno(path, e);
        let parent = self.folder(&path.parent())?;
        // NONBLOCK: opening a named pipe that was put here must not hang.
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = File::from(rustix::fs::openat(&parent, path.name(), flags, mode).map_err(io)?);
        let plain = file.metadata().map_err(|e| DiskError::from_io(path, e))?.is_file();
        match plain {
            true => Ok(OsFile { file, path: path.clone() }),
            false => Err(DiskError::NotPlain { path: path.clone() }),
        }
    }
}

impl Disk for OsDisk {
    fn create_new(&self, path: &DiskPath, access: Access) -> Result<Box<dyn DiskFile>, DiskError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        Ok(Box::new(self.file(path, flags, file_mode(access))?))
    }

    fn open(&self, path: &DiskPath, purpose: OpenFor) -> Result<Box<dyn DiskFile>, DiskError> {
        let flags = match purpose {
            OpenFor::Reading => OFlags::RDONLY,
            OpenFor::Writing => OFlags::RDWR,
        };
        Ok(Box::new(self.file(path, flags, Mode::empty())?))
    }

    fn rename(&self, from: &DiskPath, to: &DiskPath) -> Result<(), DiskError> {
        let (old, new) = (self.folder(&from.parent())?, self.folder(&to.parent())?);
        rustix::fs::renameat(&old, from.name(), &new, to.name()).map_err(|e| from_errno(from, e))
    }

    fn unlink(&self, path: &DiskPath) -> Result<(), DiskError> {
        let parent = self.folder(&path.parent())?;
        rustix::fs::unlinkat(&parent, path.name(), AtFlags::empty())
            .map_err(|e| from_errno(path, e))
    }

    fn create_dir(&self, path: &DiskPath, access: Access) -> Result<Created, DiskError> {
        let parent = self.folder(&path.parent())?;
        let mode = match access {
            Access::Private => Mode::RWXU,
            Access::Shared => Mode::RWXU | Mode::RWXG | Mode::RWXO,
        };
        match rustix::fs::mkdirat(&parent, path.name(), mode) {
            Ok(()) => Ok(Created::New),
            Err(Errno::EXIST) => match self.metadata(path)?.map(|m| m.kind) {
                Some(Kind::Folder) => Ok(Created::Existed),
                _ => Err(DiskError::NotPlain { path: path.clone() }),
            },
            Err(e) => Err(from_errno(path, e)),
        }
    }

    fn fsync_dir(&self, path: &DiskPath) -> Result<(), DiskError> {
        rustix::fs::fsync(self.folder(path)?).map_err(|e| from_errno(path, e))
    }

    fn list(&self, path: &DiskPath) -> Result<Vec<String>, DiskError> {
        let io = |e| from_errno(path, e);
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(self.folder(path)?).map_err(io)? {
            let entry = entry.map_err(io)?;
            match entry.file_name().to_str() {
                Ok("." | "..") => {}
                Ok(name) => names.push(name.to_owned()),
                Err(_) => {
                    let name = format!("{:?}", entry.file_name());
                    return Err(DiskError::BadName { name });
                }
            }
        }
        names.sort();
        Ok(names)
    }

    fn metadata(&self, path: &DiskPath) -> Result<Option<Metadata>, DiskError> {
        let stat = match path.name() {
            "" => rustix::fs::fstat(&*self.root),
            name => match self.folder(&path.parent()) {
                Ok(parent) => rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW),
                Err(DiskError::NotFound { .. }) => return Ok(None),
                Err(e) => return Err(e),
            },
        };
        let stat = match stat {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(e) => return Err(from_errno(path, e)),
        };
        let (kind, len) = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => (Kind::File, u64::try_from(stat.st_size).unwrap_or(0)),
            FileType::Directory => (Kind::Folder, 0),
            _ => (Kind::Other, 0),
        };
        let ours = stat.st_uid == rustix::process::geteuid().as_raw();
        Ok(Some(Metadata { kind, len, open_to_others: stat.st_mode & 0o077 != 0, ours }))
    }

    fn lock(
        &self,
        path: &DiskPath,
        mode: LockMode,
        wait: LockWait,
    ) -> Result<Option<Box<dyn DiskLock>>, DiskError> {
        let flags = OFlags::RDWR | OFlags::CREATE;
        let file = self.file(path, flags, file_mode(Access::Private))?;
        let operation = match (mode, wait) {
            (LockMode::Exclusive, LockWait::Block) => FlockOperation::LockExclusive,
            (LockMode::Exclusive, LockWait::Try) => FlockOperation::NonBlockingLockExclusive,
            (LockMode::Shared, LockWait::Block) => FlockOperation::LockShared,
            (LockMode::Shared, LockWait::Try) => FlockOperation::NonBlockingLockShared,
        };
        loop {
            match rustix::fs::flock(&file.file, operation) {
                Ok(()) => return Ok(Some(Box::new(OsLock { _file: file.file }))),
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(e) => return Err(from_errno(path, e)),
            }
        }
    }

    fn free_space(&self) -> Result<u64, DiskError> {
        let stat = rustix::fs::fstatvfs(&*self.root).map_err(|e| from_errno(&DiskPath::ROOT, e))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

fn from_errno(path: &DiskPath, e: Errno) -> DiskError {
    match e {
        // What O_NOFOLLOW says of a link, and opening of a socket.
        Errno::LOOP | Errno::NXIO => DiskError::NotPlain { path: path.clone() },
        e => DiskError::from_io(path, e.into()),
    }
}

fn file_mode(access: Access) -> Mode {
    match access {
        Access::Private => Mode::RUSR | Mode::WUSR,
        Access::Shared => Mode::from_raw_mode(0o666),
    }
}

#[derive(Debug)]
struct OsFile {
    file: File,
    path: DiskPath,
}

impl DiskFile for OsFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DiskError> {
        self.file.read_exact_at(buf, offset).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => {
                DiskError::Short { path: self.path.clone(), wanted: offset + buf.len() as u64 }
            }
            _ => DiskError::from_io(&self.path, e),
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_all_at(bytes, offset).map_err(|e| DiskError::from_io(&self.path, e))
    }

    fn len(&self) -> Result<u64, DiskError> {
        Ok(self.file.metadata().map_err(|e| DiskError::from_io(&self.path, e))?.len())
    }

    fn fsync(&self) -> Result<(), DiskError> {
        self.file.sync_all().map_err(|e| DiskError::from_io(&self.path, e))
    }
}

/// The lock belongs to the open file description: closing it gives it back.
#[derive(Debug)]
struct OsLock {
    _file: File,
}

impl DiskLock for OsLock {}
