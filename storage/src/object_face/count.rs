//! Counting what a store was asked for.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// What was read of a layout's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadCount {
    /// Bytes handed out, those read twice counted twice.
    pub bytes: u64,
    /// Reads of one span of one chunk.
    pub reads: u64,
    /// The chunks that were touched, by their place in the layout.
    pub chunks: BTreeSet<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Counter(Mutex<ReadCount>);

impl Counter {
    pub(super) fn add(&self, chunk: usize, bytes: u64) {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        count.bytes += bytes;
        count.reads += 1;
        count.chunks.insert(chunk);
    }

    pub(super) fn count(&self) -> ReadCount {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
