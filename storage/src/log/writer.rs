//! The one who appends: sequences a batch, makes it durable, integrates it, signs the new head.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use veritrail_provenance::{
    identity::Signer,
    log::{
        checkpoint::{Checkpoint, CheckpointError},
        note::{NoteError, VKey},
        tree::CompactRange,
    },
    statement::Origin,
};

use super::{
    LogError, Reader,
    files::Files,
    intent::{self, Head, Intent},
    queue::{Outcome, Queue, Waiting, all_failed},
    settle::{Before, settle},
};
use crate::disk::{Access, Disk, DiskError, DiskLock, DiskPath, LockMode, LockWait, put_durable};

/// Where a log and what guards it stand on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlace {
    folder: DiskPath,
    intent: DiskPath,
    lock: DiskPath,
}

impl LogPlace {
    /// The log's files, as they could be served.
    pub fn folder(&self) -> &DiskPath {
        &self.folder
    }

    /// The last batch as it was decided. It stands beside the folder and not in it, so that an
    /// old copy of one is noticed by the other.
    pub fn intent(&self) -> &DiskPath {
        &self.intent
    }

    /// Locked while one batch is written.
    pub fn lock(&self) -> &DiskPath {
        &self.lock
    }
}

impl Default for LogPlace {
    /// As it stands in a home.
    fn default() -> Self {
        Self {
            folder: DiskPath::fixed("log"),
            intent: DiskPath::fixed("log.intent"),
            lock: DiskPath::fixed("log.lock"),
        }
    }
}

/// What an append supposes about the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    AnySize,
    /// It has so many entries; else the append is refused as [`LogError::Moved`], because what
    /// was signed was decided on an older state.
    Size(u64),
}

/// What an append did. All of it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Where the entries stand, in the order they were given.
    pub indices: Vec<u64>,
    /// The new head; it covers them.
    pub checkpoint: Checkpoint,
    /// The new head as it was signed.
    pub note: Vec<u8>,
}

/// Appends to the home's log. Threads share one writer, processes open one each: a file lock is
/// held for one batch, within which the head is read anew.
pub struct Writer {
    disk: Arc<dyn Disk>,
    place: LogPlace,
    origin: Origin,
    signer: Arc<dyn Signer>,
    key: VKey,
    queue: Queue,
    /// The head up to which this process has settled the log itself: beyond it, another process
    /// was at work and may have died before its last sync.
    settled: Mutex<Option<Head>>,
}

impl Writer {
    /// Makes a log that begins with `entries`, of which there may be none, durably, and signs its
    /// head. Blocks.
    pub fn create(
        disk: Arc<dyn Disk>,
        place: LogPlace,
        origin: Origin,
        signer: Arc<dyn Signer>,
        entries: Vec<Vec<u8>>,
    ) -> Result<Self, LogError> {
        if !entries.is_empty() {
            intent::check_batch(&entries)?;
        }
        let writer = Self::at(disk, place, origin, signer)?;
        let files = writer.files();
        let lock = writer.lock()?;
        // Its name is durable with the intent's, which stands in the same folder.
        files.disk.create_dir(&files.folder, Access::Shared)?;
        if files.disk.metadata(&files.checkpoint_path()?)?.is_some() {
            return Err(LogError::Exists);
        }
        files.disk.create_dir(&files.tile_folder()?, Access::Shared)?;
        let intent = Intent::append(&CompactRange::new(), entries)?;
        writer.decide(&intent)?;
        settle(&files, &writer.origin, &*writer.signer, &intent, Before::Nothing)?;
        writer.set_settled(intent.new);
        drop(lock);
        Ok(writer)
    }

    /// Opens the log of `origin`, and finishes what a crash interrupted. Blocks.
    pub fn open(
        disk: Arc<dyn Disk>,
        place: LogPlace,
        origin: Origin,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, LogError> {
        let writer = Self::at(disk, place, origin, signer)?;
        let lock = writer.lock()?;
        writer.recover()?;
        drop(lock);
        Ok(writer)
    }

    /// Appends entries as one batch: after a crash all of them are there or none. Returns once
    /// they are durable, integrated, and covered by a signed, durable checkpoint. Blocks; about
    /// eight syncs a batch, shared by all appends that arrive meanwhile.
    ///
    /// After [`LogError::Unsettled`] the entries will appear; after any other error they will not.
    pub fn append(&self, entries: Vec<Vec<u8>>, expect: Expect) -> Result<Appended, LogError> {
        intent::check_batch(&entries)?;
        self.queue.append(expect, entries, |group| self.write(group))
    }

    /// Reads this log.
    pub fn reader(&self) -> Reader {
        let (disk, folder) = (self.disk.clone(), self.place.folder.clone());
        Reader::new(disk, folder, self.origin.clone(), vec![self.key.clone()])
    }

    /// The key that its checkpoints are signed with.
    pub fn key(&self) -> &VKey {
        &self.key
    }

    /// Where the log stands.
    pub fn place(&self) -> &LogPlace {
        &self.place
    }

    /// Name of the log.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    fn at(
        disk: Arc<dyn Disk>,
        place: LogPlace,
        origin: Origin,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, LogError> {
        let key = VKey::ed25519(origin.as_str(), signer.public_key())?;
        let (queue, settled) = (Queue::default(), Mutex::new(None));
        Ok(Self { disk, place, origin, signer, key, queue, settled })
    }

    fn files(&self) -> Files {
        Files { disk: self.disk.clone(), folder: self.place.folder.clone() }
    }

    fn lock(&self) -> Result<Option<Box<dyn DiskLock>>, DiskError> {
        self.disk.lock(&self.place.lock, LockMode::Exclusive, LockWait::Block)
    }

    /// Writes a group of appends. Those whose expectation fails are left out, the others share
    /// one batch.
    fn write(&self, group: &[Waiting]) -> Vec<Outcome> {
        match self.write_locked(group) {
            Ok(outcomes) => outcomes,
            Err(e) => all_failed(e, group.len()),
        }
    }

    fn write_locked(&self, group: &[Waiting]) -> Result<Vec<Outcome>, LogError> {
        let _lock = self.lock()?;
        let range = self.recover()?;
        let (mut size, mut entries, mut firsts) = (range.size(), Vec::new(), Vec::new());
        for waiting in group {
            firsts.push(match waiting.expect {
                Expect::Size(expected) if expected != size => {
                    Err(LogError::Moved { expected, found: size })
                }
                _ => Ok(size),
            });
            if let Some(Ok(_)) = firsts.last() {
                entries.extend(waiting.entries.iter().cloned());
                size += waiting.entries.len() as u64;
            }
        }
        if entries.is_empty() {
            return Ok(firsts
                .into_iter()
                .map(|first| Err(first.err().unwrap_or(LogError::Empty)))
                .collect());
        }
        let (checkpoint, note) = self.commit(Intent::append(&range, entries)?)?;
        let outcome = |(first, waiting): (Result<u64, LogError>, &Waiting)| {
            let first = first?;
            let indices = (first..first + waiting.entries.len() as u64).collect();
            Ok(Appended { indices, checkpoint: checkpoint.clone(), note: note.clone() })
        };
        Ok(firsts.into_iter().zip(group).map(outcome).collect())
    }

    /// Decides a batch and carries it out. If that fails before the new head is out, the decision
    /// is taken back, so that the error means what it says.
    fn commit(&self, intent: Intent) -> Result<(Checkpoint, Vec<u8>), LogError> {
        let failure = match self.decide(&intent) {
            Ok(()) => {
                match settle(&self.files(), &self.origin, &*self.signer, &intent, Before::Nothing) {
                    Ok(note) => {
                        self.set_settled(intent.new);
                        let Head { size, root } = intent.new;
                        return Ok((Checkpoint { origin: self.origin.clone(), size, root }, note));
                    }
                    Err(e) => e,
                }
            }
            Err(e) => e,
        };
        self.forget_settled();
        match self.take_back(&intent) {
            Ok(()) => Err(failure),
            Err(_) => Err(LogError::Unsettled(Box::new(failure))),
        }
    }

    /// Undoes a decision that could not be carried out, if its head is not out yet.
    fn take_back(&self, intent: &Intent) -> Result<(), LogError> {
        let head = self.head()?;
        if head != intent.old {
            return Err(LogError::OutOfStep { head: head.size, signed: intent.new.size });
        }
        match self.decided()? == *intent {
            true => self.decide(&Intent::rest(intent.old)),
            false => Ok(()), // it failed before it was decided
        }
    }

    fn decide(&self, intent: &Intent) -> Result<(), LogError> {
        Ok(put_durable(&*self.disk, &self.place.intent, &intent.to_bytes()?, Access::Private)?)
    }

    /// What was decided last.
    fn decided(&self) -> Result<Intent, LogError> {
        let bytes = self.disk.read_if_there(&self.place.intent, intent::FILE_LEN_MAX)?;
        Intent::from_bytes(&bytes.ok_or(LogError::IntentDamaged)?)
    }

    /// Brings the log to what was last decided, and returns what it takes to append to it.
    fn recover(&self) -> Result<CompactRange, LogError> {
        let (files, head) = (self.files(), self.head()?);
        let intent = self.decided()?;
        if head != intent.new && head != intent.old {
            return Err(LogError::OutOfStep { head: head.size, signed: intent.new.size });
        }
        if head != intent.new || self.settled() != Some(head) {
            // Its name may have come there without a sync.
            self.disk.fsync_dir(&self.place.intent.parent())?;
            settle(&files, &self.origin, &*self.signer, &intent, Before::Anything)?;
            self.set_settled(intent.new);
        }
        let range = files.range(intent.new.size, intent.new.size)?;
        match Head::of(&range) == intent.new {
            true => Ok(range),
            false => Err(LogError::Damaged { place: "tile".into(), size: intent.new.size }),
        }
    }

    /// The head as it stands, its signature checked.
    fn head(&self) -> Result<Head, LogError> {
        let snapshot = self.reader().snapshot().map_err(other_key)?;
        let Checkpoint { size, root, .. } = *snapshot.checkpoint();
        Ok(Head { size, root })
    }

    fn settled(&self) -> Option<Head> {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_settled(&self, head: Head) {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
    }

    fn forget_settled(&self) {
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn other_key(error: LogError) -> LogError {
    match error {
        LogError::Checkpoint(CheckpointError::Note(NoteError::NoKnownKey(signed_by))) => {
            LogError::OtherKey { signed_by }
        }
        error => error,
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({})", self.origin)
    }
}
