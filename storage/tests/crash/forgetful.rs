//! A disk that skips one sync: the n-th, of a file or of a folder.

use std::sync::{Arc, Mutex};

use veritrail_storage::disk::{
    Access, Created, Disk, DiskError, DiskFile, DiskLock, DiskPath, LockMode, LockWait, MemoryDisk,
    Metadata, OpenFor,
};

#[derive(Clone, Debug)]
pub struct Forgetful {
    disk: MemoryDisk,
    skip: Option<u64>,
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    /// What each sync was of.
    syncs: Vec<String>,
    /// Operations done when the sync was skipped.
    skipped_at: Option<u64>,
}

impl Forgetful {
    pub fn new(disk: MemoryDisk, skip: Option<u64>) -> Self {
        Self { disk, skip, log: Arc::default() }
    }

    pub fn syncs(&self) -> Vec<String> {
        self.log.lock().unwrap().syncs.clone()
    }

    pub fn skipped_at(&self) -> Option<u64> {
        self.log.lock().unwrap().skipped_at
    }

    fn skips(&self, what: String) -> bool {
        let mut log = self.log.lock().unwrap();
        let skips = self.skip == Some(log.syncs.len() as u64);
        log.syncs.push(what);
        if skips {
            log.skipped_at = Some(self.disk.operations());
        }
        skips
    }

    fn file(&self, file: Box<dyn DiskFile>, path: &DiskPath) -> Box<dyn DiskFile> {
        Box::new(ForgetfulFile { file, path: path.clone(), disk: self.clone() })
    }
}

impl Disk for Forgetful {
    fn create_new(&self, path: &DiskPath, access: Access) -> Result<Box<dyn DiskFile>, DiskError> {
        Ok(self.file(self.disk.create_new(path, access)?, path))
    }

    fn open(&self, path: &DiskPath, purpose: OpenFor) -> Result<Box<dyn DiskFile>, DiskError> {
        Ok(self.file(self.disk.open(path, purpose)?, path))
    }

    fn rename(&self, from: &DiskPath, to: &DiskPath) -> Result<(), DiskError> {
        self.disk.rename(from, to)
    }

    fn unlink(&self, path: &DiskPath) -> Result<(), DiskError> {
        self.disk.unlink(path)
    }

    fn create_dir(&self, path: &DiskPath, access: Access) -> Result<Created, DiskError> {
        self.disk.create_dir(path, access)
    }

    fn fsync_dir(&self, path: &DiskPath) -> Result<(), DiskError> {
        if self.skips(format!("folder {path}")) { Ok(()) } else { self.disk.fsync_dir(path) }
    }

    fn list(&self, path: &DiskPath) -> Result<Vec<String>, DiskError> {
        self.disk.list(path)
    }

    fn metadata(&self, path: &DiskPath) -> Result<Option<Metadata>, DiskError> {
        self.disk.metadata(path)
    }

    fn lock(
        &self,
        path: &DiskPath,
        mode: LockMode,
        wait: LockWait,
    ) -> Result<Option<Box<dyn DiskLock>>, DiskError> {
        self.disk.lock(path, mode, wait)
    }

    fn free_space(&self) -> Result<u64, DiskError> {
        self.disk.free_space()
    }
}

#[derive(Debug)]
struct ForgetfulFile {
    file: Box<dyn DiskFile>,
    path: DiskPath,
    disk: Forgetful,
}

impl DiskFile for ForgetfulFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DiskError> {
        self.file.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_at(offset, bytes)
    }

    fn len(&self) -> Result<u64, DiskError> {
        self.file.len()
    }

    fn fsync(&self) -> Result<(), DiskError> {
        if self.disk.skips(format!("file {}", self.path)) { Ok(()) } else { self.file.fsync() }
    }
}
