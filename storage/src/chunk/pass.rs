//! The one pass: every byte is read once, and leaves chunks, outboards, file hashes and a layout.
//!
//! Three threads share the work: the caller's reads and cuts, one hashes whole files, one seals
//! chunks (BLAKE3 and outboard) and hands them to the batch, which writes them with threads of its
//! own. Memory: a few longest chunks, whatever the dataset's size.

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use veritrail_provenance::{
    hash::ChunkId,
    layout::{ChunkEntry, FileEntry, FilePath, Layout},
};

use super::{ChunkParams, CutPoints, Cutter, PassError, files::FileHasher};
use crate::blob::{Batch, BlobError, Sealed};

/// Chunks that may wait for the sealing thread.
const QUEUE_LEN: usize = 2;

/// A pass under way: for each file in path order [`Pass::begin`], [`Pass::feed`] as its bytes
/// come, [`Pass::end`]; then [`Pass::finish`]. Every call may block; dropped early, it leaves
/// nothing but whole chunks that no layout names.
#[derive(Debug)]
pub struct Pass {
    cutter: Cutter,
    params: ChunkParams,
    hasher: FileHasher,
    sealer: Sealer,
    announced: u64,
    given: u64,
    open: Option<Open>,
    files: Vec<Open>,
}

/// What a pass leaves.
#[derive(Debug)]
pub struct Passed {
    /// Files and chunks with all their hashes.
    pub layout: Layout,
    /// Holds every chunk, not yet committed: what names them can join the same batch.
    pub batch: Box<dyn Batch>,
}

#[derive(Debug)]
struct Open {
    path: FilePath,
    listed: u64,
    offset: u64,
}

impl Pass {
    /// Begins a pass over `total` bytes, all files together.
    pub fn new(total: u64, points: &CutPoints, batch: Box<dyn Batch>) -> Self {
        Self::with(ChunkParams::for_length(total), total, points, batch)
    }

    /// Begins a pass over one file of `total` encrypted bytes, which makes a private layout.
    pub fn private(total: u64, batch: Box<dyn Batch>) -> Self {
        Self::with(ChunkParams::for_private(total), total, &CutPoints::none(), batch)
    }

    fn with(params: ChunkParams, total: u64, points: &CutPoints, batch: Box<dyn Batch>) -> Self {
        Self {
            cutter: Cutter::new(params, points),
            params,
            hasher: FileHasher::start(),
            sealer: Sealer::start(batch),
            announced: total,
            given: 0,
            open: None,
            files: Vec::new(),
        }
    }

    /// Begins a file of `listed` bytes.
    pub fn begin(&mut self, path: FilePath, listed: u64) -> Result<(), PassError> {
        if self.open.is_some() {
            return Err(PassError::OutOfTurn);
        }
        self.open = Some(Open { path, listed, offset: self.given });
        Ok(())
    }

    /// Takes bytes of the file at hand; blocks of about 1 MiB are best.
    pub fn feed(&mut self, bytes: Bytes) -> Result<(), PassError> {
        let open = self.open.as_ref().ok_or(PassError::OutOfTurn)?;
        let read = self.given - open.offset + bytes.len() as u64;
        if read > open.listed {
            let (path, listed) = (open.path.clone(), open.listed);
            return Err(PassError::Changed { path, listed, read });
        }
        self.given += bytes.len() as u64;
        self.hasher.feed(bytes.clone())?;
        let Self { cutter, sealer, .. } = self;
        cutter.feed(&bytes, |chunk| sealer.send(chunk))
    }

    /// Ends the file at hand.
    pub fn end(&mut self) -> Result<(), PassError> {
        let open = self.open.take().ok_or(PassError::OutOfTurn)?;
        let read = self.given - open.offset;
        if read != open.listed {
            let (path, listed) = (open.path, open.listed);
            return Err(PassError::Changed { path, listed, read });
        }
        self.hasher.end()?;
        self.files.push(open);
        Ok(())
    }

    /// Ends the pass, once every chunk is sealed and handed to the batch.
    pub fn finish(self) -> Result<Passed, PassError> {
        if self.open.is_some() {
            return Err(PassError::OutOfTurn);
        }
        if self.given != self.announced {
            let (given, announced) = (self.given, self.announced);
            return Err(PassError::TotalDiffers { given, announced });
        }
        let mut sealer = self.sealer;
        self.cutter.finish(|chunk| sealer.send(chunk))?;
        let (chunks, batch) = sealer.finish()?;
        let hashes = self.hasher.finish()?;
        if hashes.len() != self.files.len() {
            return Err(PassError::Stopped);
        }
        let file = |(open, (sha256, blake3)): (Open, _)| {
            let Open { path, listed: size, offset } = open;
            FileEntry { path, size, offset, sha256, blake3 }
        };
        let files = self.files.into_iter().zip(hashes).map(file).collect();
        let layout = match self.params.is_private() {
            true => Layout::private(files, chunks)?,
            false => Layout::new(files, chunks)?,
        };
        Ok(Passed { layout, batch })
    }
}

type Sealing = Result<(Vec<ChunkEntry>, Box<dyn Batch>), BlobError>;

/// The thread that seals chunks and owns the batch.
#[derive(Debug)]
struct Sealer {
    queue: Option<SyncSender<Bytes>>,
    thread: Option<JoinHandle<Sealing>>,
}

impl Sealer {
    fn start(batch: Box<dyn Batch>) -> Self {
        let (queue, chunks) = sync_channel(QUEUE_LEN);
        let thread = thread::spawn(move || seal(&chunks, batch));
        Self { queue: Some(queue), thread: Some(thread) }
    }

    /// Blocks while the thread is behind; reports why it ended if it did.
    fn send(&mut self, chunk: Bytes) -> Result<(), PassError> {
        match self.queue.as_ref().map(|queue| queue.send(chunk)) {
            Some(Ok(())) => Ok(()),
            _ => Err(self.join().err().unwrap_or(PassError::Stopped)),
        }
    }

    fn finish(mut self) -> Result<(Vec<ChunkEntry>, Box<dyn Batch>), PassError> {
        self.join()
    }

    fn join(&mut self) -> Result<(Vec<ChunkEntry>, Box<dyn Batch>), PassError> {
        self.queue = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(sealed)) => Ok(sealed?),
            Some(Err(_)) | None => Err(PassError::Stopped),
        }
    }
}

fn seal(chunks: &Receiver<Bytes>, mut batch: Box<dyn Batch>) -> Sealing {
    let mut entries = Vec::new();
    let mut offset = 0;
    while let Ok(bytes) = chunks.recv() {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let chunk = Sealed::new(bytes)?;
        let id: ChunkId = chunk.id();
        batch.put_sealed(chunk)?;
        entries.push(ChunkEntry { offset, length, id });
        offset += u64::from(length);
    }
    Ok((entries, batch))
}
