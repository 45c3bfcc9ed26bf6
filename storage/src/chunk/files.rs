//! The thread that hashes whole files, SHA-256 and BLAKE3, beside the one that cuts.

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use veritrail_provenance::hash::{FileBlake3, FileDigest};

use super::PassError;

/// Blocks of bytes that may wait for the hashing thread.
const QUEUE_LEN: usize = 8;

/// Hashes files in a thread of its own, in the order they come.
#[derive(Debug)]
pub(super) struct FileHasher {
    queue: SyncSender<Step>,
    thread: JoinHandle<Vec<(FileDigest, FileBlake3)>>,
}

enum Step {
    Bytes(Bytes),
    End,
}

impl FileHasher {
    pub(super) fn start() -> Self {
        let (queue, steps) = sync_channel(QUEUE_LEN);
        Self { queue, thread: thread::spawn(move || hash(&steps)) }
    }

    /// Bytes of the file at hand.
    pub(super) fn feed(&self, bytes: Bytes) -> Result<(), PassError> {
        self.queue.send(Step::Bytes(bytes)).map_err(|_| PassError::Stopped)
    }

    /// The file at hand is over.
    pub(super) fn end(&self) -> Result<(), PassError> {
        self.queue.send(Step::End).map_err(|_| PassError::Stopped)
    }

    /// The hashes of all files that ended.
    pub(super) fn finish(self) -> Result<Vec<(FileDigest, FileBlake3)>, PassError> {
        drop(self.queue);
        self.thread.join().map_err(|_| PassError::Stopped)
    }
}

fn hash(steps: &Receiver<Step>) -> Vec<(FileDigest, FileBlake3)> {
    let (mut sha256, mut blake3) = (Sha256::new(), blake3::Hasher::new());
    let mut hashes = Vec::new();
    while let Ok(step) = steps.recv() {
        match step {
            Step::Bytes(bytes) => {
                sha256.update(&bytes);
                blake3.update(&bytes);
            }
            Step::End => {
                let digest = FileDigest::from_bytes(sha256.finalize_reset().into());
                let file = FileBlake3::from_bytes(*blake3.finalize().as_bytes());
                blake3.reset();
                hashes.push((digest, file));
            }
        }
    }
    hashes
}
