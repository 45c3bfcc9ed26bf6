//! What a home consists of, over any disk: the real one, or one whose power is cut.

use std::sync::Arc;

use veritrail_provenance::{log::checkpoint::Checkpoint, statement::Origin};

use super::{
    HomeError,
    rekey::{self, Rekey},
    unfinished,
};
use crate::{
    blob::DiskBlobs,
    disk::{Access, Disk, DiskLock, DiskPath, LockMode, LockWait, put_durable},
    keys::{KeyFiles, KeyName, KeySet, WrappedSecrets},
    log::{LogError, LogPlace, Writer},
    trails::Trails,
};

const FORMAT: DiskPath = DiskPath::fixed("format");
const KEYS: DiskPath = DiskPath::fixed("keys");
const BLOBS: DiskPath = DiskPath::fixed("blobs");
const TRAILS: DiskPath = DiskPath::fixed("trails");
const INIT_LOCK: DiskPath = DiskPath::fixed("init.lock");

const FORMAT_TEXT: &str = "veritrail-home 1\n";

/// The parts of an open home, each to be shared.
#[derive(Debug)]
pub struct Parts {
    /// The folder.
    pub disk: Arc<dyn Disk>,
    /// Files of secret keys.
    pub keys: KeyFiles,
    /// Chunks, manifests, pages, specs, details.
    pub blobs: Arc<DiskBlobs>,
    /// The home's own log.
    pub log: Arc<Writer>,
    /// Evidence from other logs.
    pub trails: Trails,
}

impl Parts {
    /// Makes a home on an empty disk; see [`super::Home::init`]. What an interrupted making left is
    /// taken away first.
    pub fn init(
        disk: Arc<dyn Disk>,
        keys: &KeySet,
        origin: &Origin,
        entries: Vec<Vec<u8>>,
    ) -> Result<Self, HomeError> {
        let lock = Self::claim(&*disk)?;
        Self::make(disk, lock, keys, origin, entries)
    }

    /// The right to make a home here: nobody else makes one, and nothing is in the way.
    pub(super) fn claim(disk: &dyn Disk) -> Result<Box<dyn DiskLock>, HomeError> {
        let first = disk.metadata(&INIT_LOCK)?.is_none();
        let lock = disk.lock(&INIT_LOCK, LockMode::Exclusive, LockWait::Try)?;
        let lock = lock.ok_or(HomeError::Busy)?;
        let free = match disk.metadata(&FORMAT)? {
            Some(_) => Err(HomeError::Exists),
            None => unfinished::take_away(disk),
        };
        if free.is_err() && first {
            // No trace in a folder that is somebody's. Best effort.
            drop(disk.unlink(&INIT_LOCK));
        }
        free.map(|()| lock)
    }

    pub(super) fn make(
        disk: Arc<dyn Disk>,
        lock: Box<dyn DiskLock>,
        keys: &KeySet,
        origin: &Origin,
        entries: Vec<Vec<u8>>,
    ) -> Result<Self, HomeError> {
        let key_files = KeyFiles::create(disk.clone(), KEYS)?;
        key_files.write_set(keys)?;
        let blobs = Arc::new(DiskBlobs::create(disk.clone(), BLOBS)?);
        disk.create_dir(&TRAILS, Access::Shared)?;
        let trails = Trails::open(disk.clone(), TRAILS);
        let signer = keys.log.shared_signer();
        let place = LogPlace::default();
        let log = Writer::create(disk.clone(), place, origin.clone(), signer, entries)?;
        // Last, and with it the names of all folders above become durable.
        put_durable(&*disk, &FORMAT, FORMAT_TEXT.as_bytes(), Access::Shared)?;
        drop(lock);
        Ok(Self { disk, keys: key_files, blobs, log: Arc::new(log), trails })
    }

    /// Secrets of private versions, wrapped to the person's recovery key.
    pub fn secrets(&self) -> WrappedSecrets {
        WrappedSecrets::of(Arc::clone(&self.disk))
    }

    /// Opens a home that was finished.
    pub fn open(disk: Arc<dyn Disk>) -> Result<Self, HomeError> {
        check_format(&*disk)?;
        let keys = KeyFiles::open(disk.clone(), KEYS)?;
        rekey::settle_interrupted(&disk, &keys)?;
        let blobs = Arc::new(DiskBlobs::open(disk.clone(), BLOBS)?);
        let trails = Trails::open(disk.clone(), TRAILS);
        let place = LogPlace::default();
        let origin = origin(&*disk, &place)?;
        let signer = keys.read(&KeyName::Log)?.shared_signer();
        let log = Arc::new(Writer::open(disk.clone(), place, origin, signer)?);
        Ok(Self { disk, keys, blobs, log, trails })
    }

    /// Holds a home that was finished and whose keys are lost; see [`super::Home::rekey`].
    pub fn rekey(disk: Arc<dyn Disk>) -> Result<Rekey, HomeError> {
        check_format(&*disk)?;
        Rekey::begin(disk, KEYS)
    }
}

/// Makes the folders of what can be fetched again, where a copy of a home came without them.
pub(super) fn make_missing(disk: &Arc<dyn Disk>) -> Result<(), HomeError> {
    DiskBlobs::create(disk.clone(), BLOBS)?;
    disk.create_dir(&TRAILS, Access::Shared)?;
    Ok(disk.fsync_dir(&DiskPath::ROOT)?)
}

fn check_format(disk: &dyn Disk) -> Result<(), HomeError> {
    let format = disk.read_if_there(&FORMAT, 256)?.ok_or(HomeError::NoFormat)?;
    if format == FORMAT_TEXT.as_bytes() {
        return Ok(());
    }
    let found = String::from_utf8_lossy(&format).trim_end().to_owned();
    Err(HomeError::OtherFormat { found, expected: FORMAT_TEXT.trim_end() })
}

/// The log's name, from its checkpoint; the writer then checks the signature over it.
fn origin(disk: &dyn Disk, place: &LogPlace) -> Result<Origin, HomeError> {
    let note = disk.read_if_there(&place.folder().join("checkpoint")?, 65_536)?;
    let note = note.ok_or(LogError::NotFound)?;
    let (checkpoint, _) = Checkpoint::read(&note).map_err(LogError::from)?;
    Ok(checkpoint.origin)
}
