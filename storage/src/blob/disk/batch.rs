//! A batch of blobs: many files in flight, synced in parallel, then one sync of the folder.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};

use async_trait::async_trait;
use veritrail_provenance::hash::ChunkId;

use super::{super::Sealed, Batch, BlobError, DiskBlobs, blocking};
use crate::disk::{
    Access, Disk, DiskError, DiskFile, DiskLock, DiskPath, Kind, LockMode, LockWait, OpenFor,
};

/// Who writes the blobs of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// The caller, one after the other: every step happens in a known order.
    Caller,
    /// So many threads, started as blobs come: while some wait for their sync, others write.
    Threads(usize),
}

impl Default for Workers {
    fn default() -> Self {
        Self::Threads(4)
    }
}

/// Bytes that a batch holds in memory before `put` waits: all writers busy with 4 MiB chunks,
/// four times over. One blob always gets in.
const IN_FLIGHT_BYTES_MAX: usize = 64 << 20;

/// Makes names of temporary files differ within a process.
static NEXT_TEMPORARY: AtomicU64 = AtomicU64::new(0);

pub(super) struct DiskBatch {
    store: DiskBlobs,
    workers: Workers,
    /// What was put already: the same blob twice is written once.
    put: BTreeSet<ChunkId>,
    /// Held shared while files are in the temporary folder, so that no sweep takes them away.
    lock: Option<Box<dyn DiskLock>>,
    threads: Vec<JoinHandle<()>>,
    queue: Option<Sender<Sealed>>,
    shared: Arc<Shared>,
}

struct Shared {
    flight: Mutex<Flight>,
    landed: Condvar,
    /// The threads take turns at it.
    incoming: Mutex<Option<Receiver<Sealed>>>,
}

#[derive(Default)]
struct Flight {
    bytes: usize,
    failure: Option<BlobError>,
    failed: bool,
}

impl DiskBatch {
    pub(super) fn new(store: DiskBlobs, workers: Workers) -> Self {
        let shared = Shared {
            flight: Mutex::new(Flight::default()),
            landed: Condvar::new(),
            incoming: Mutex::new(None),
        };
        let (put, threads) = (BTreeSet::new(), Vec::new());
        Self { store, workers, put, lock: None, threads, queue: None, shared: Arc::new(shared) }
    }

    fn send(&mut self, blob: Sealed, threads: usize) -> Result<(), BlobError> {
        if self.queue.is_none() {
            let (queue, incoming) = channel();
            *self.shared.incoming.lock().unwrap_or_else(PoisonError::into_inner) = Some(incoming);
            self.queue = Some(queue);
        }
        if self.threads.len() < threads.max(1) {
            let (store, shared) = (self.store.clone(), self.shared.clone());
            self.threads.push(thread::spawn(move || shared.work(&store)));
        }
        self.shared.take_off(blob.bytes().len())?;
        match self.queue.as_ref().map(|queue| queue.send(blob)) {
            Some(Ok(())) => Ok(()),
            _ => Err(BlobError::Stopped),
        }
    }

    /// Waits until nothing is in flight.
    fn land(&mut self) -> Result<(), BlobError> {
        self.queue = None;
        let mut stopped = false;
        for thread in self.threads.drain(..) {
            stopped |= thread.join().is_err();
        }
        let failure = self.shared.flight().failure.take();
        match failure {
            Some(e) => Err(e),
            None if stopped => Err(BlobError::Stopped),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Batch for DiskBatch {
    fn put_sealed(&mut self, blob: Sealed) -> Result<(), BlobError> {
        if !self.put.insert(blob.id()) {
            return Ok(());
        }
        if self.lock.is_none() {
            let path = self.store.temporary()?.join("lock")?;
            self.lock = self.store.disk.lock(&path, LockMode::Shared, LockWait::Block)?;
        }
        match self.workers {
            Workers::Caller => write(&self.store, &blob),
            Workers::Threads(n) => self.send(blob, n),
        }
    }

    fn commit_blocking(mut self: Box<Self>) -> Result<(), BlobError> {
        self.land()?;
        if self.shared.flight().failed {
            return Err(BlobError::Stopped); // told to an earlier put
        }
        // Even if every blob was there before: another process may have died before this step.
        if !self.put.is_empty() {
            self.store.disk.fsync_dir(&self.store.folder)?;
        }
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<(), BlobError> {
        blocking(move || self.commit_blocking()).await
    }
}

impl Drop for DiskBatch {
    fn drop(&mut self) {
        // After a commit nothing is in flight; without one, nobody wants what is still queued.
        self.shared.flight().failed = true;
        drop(self.land());
    }
}

impl fmt::Debug for DiskBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DiskBatch({} blobs)", self.put.len())
    }
}

impl Shared {
    fn flight(&self) -> std::sync::MutexGuard<'_, Flight> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room; reports a failure of any earlier blob.
    fn take_off(&self, len: usize) -> Result<(), BlobError> {
        let mut flight = self.flight();
        while !flight.failed && flight.bytes > 0 && flight.bytes + len > IN_FLIGHT_BYTES_MAX {
            flight = self.landed.wait(flight).unwrap_or_else(PoisonError::into_inner);
        }
        if flight.failed {
            return Err(flight.failure.take().unwrap_or(BlobError::Stopped));
        }
        flight.bytes += len;
        Ok(())
    }

    /// What one thread does until the queue is closed and empty.
    fn work(&self, store: &DiskBlobs) {
        while let Some(blob) = self.next() {
            let failed = self.flight().failed;
            let written = if failed { Ok(()) } else { write(store, &blob) };
            let mut flight = self.flight();
            flight.bytes = flight.bytes.saturating_sub(blob.bytes().len());
            if let Err(e) = written {
                flight.failure.get_or_insert(e);
                flight.failed = true;
            }
            drop(flight);
            self.landed.notify_all();
        }
    }

    fn next(&self) -> Option<Sealed> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.recv().ok()
    }
}

/// Writes one blob under its name, durable but for the name. A blob that is there already is
/// compared, not trusted: a damaged one is replaced.
fn write(store: &DiskBlobs, blob: &Sealed) -> Result<(), BlobError> {
    let path = store.path(&blob.id())?;
    if stands(&*store.disk, &path, blob)? {
        return Ok(());
    }
    let (temporary, file) = create_temporary(store, blob)?;
    let renamed = file
        .write_at(0, blob.bytes())
        .and_then(|()| file.write_at(blob.bytes().len() as u64, blob.outboard()))
        .and_then(|()| file.fsync())
        .and_then(|()| store.disk.rename(&temporary, &path));
    if renamed.is_err() {
        // Best effort: the first error is the one that matters, a sweep takes what stays.
        drop(store.disk.unlink(&temporary));
    }
    Ok(renamed?)
}

fn stands(disk: &dyn Disk, path: &DiskPath, blob: &Sealed) -> Result<bool, BlobError> {
    let (bytes, outboard) = (blob.bytes(), blob.outboard());
    match disk.metadata(path)? {
        None => return Ok(false),
        Some(m) if m.kind != Kind::File => {
            return Err(DiskError::NotPlain { path: path.clone() }.into());
        }
        Some(m) if m.len != (bytes.len() + outboard.len()) as u64 => return Ok(false),
        Some(_) => {}
    }
    let file = disk.open(path, OpenFor::Reading)?;
    let (mut old_bytes, mut old_outboard) = (vec![0; bytes.len()], vec![0; outboard.len()]);
    file.read_at(0, &mut old_bytes)?;
    file.read_at(bytes.len() as u64, &mut old_outboard)?;
    Ok(old_bytes == *bytes && old_outboard == *outboard)
}

/// A new file in the temporary folder. Names of a dead process with our number are passed over.
fn create_temporary(
    store: &DiskBlobs,
    blob: &Sealed,
) -> Result<(DiskPath, Box<dyn DiskFile>), BlobError> {
    loop {
        let n = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}.{}.{n}", blob.id().to_hex(), std::process::id());
        let path = store.temporary()?.join(&name)?;
        match store.disk.create_new(&path, Access::Shared) {
            Ok(file) => return Ok((path, file)),
            Err(DiskError::Exists { .. }) => {}
            Err(e) => return Err(e.into()),
        }
    }
}
