//! A cache in memory: the twin of those on disk, for tests and for callers without a disk.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::{UnitCache, UnitId};

/// Keeps everything, for as long as it lives.
#[derive(Debug, Default)]
pub struct MemoryCache {
    kept: Mutex<HashMap<UnitId, (String, Bytes)>>,
}

impl MemoryCache {
    /// All that is kept: text and result of each unit, ordered by id.
    #[must_use]
    pub fn kept(&self) -> Vec<(UnitId, String, Bytes)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let each = kept.iter().map(|(unit, (text, bytes))| (*unit, text.clone(), bytes.clone()));
        let mut all: Vec<_> = each.collect();
        all.sort();
        all
    }
}

impl UnitCache for MemoryCache {
    fn get(&self, unit: &UnitId) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(unit).map(|(_, result)| result.clone())
    }

    fn put(&self, unit: &UnitId, text: &str, result: &Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(*unit, (text.to_owned(), result.clone()));
    }
}
