//! How a run is worked on: memory, disk, kept results of units, progress. None of it changes what
//! a run gives.

pub mod cache;
mod rate;
mod watch;

use std::sync::Arc;

use veritrail_compute::sql::{Options, Spill};

use self::cache::DiskCache;
pub(super) use self::rate::{note_rate, rate};
pub(crate) use self::watch::Watch;
use crate::{
    error::{NodeError, Result},
    node::{Node, scratch::Scratch},
};

/// The folder of the home in which what does not fit into memory lies while a run goes on.
const FOLDER: &str = "tmp";

/// Bytes that may lie there at once.
const SPILLED_BYTES_MAX: u64 = 100 << 30;

/// The least memory that a query can do anything with.
pub const MEMORY_BYTES_MIN: u64 = 1 << 20;

/// How a run is to be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Bytes of memory that sorts, joins and aggregates may hold, and again the result; 2 GiB
    /// where it is not said. What sorts and aggregates hold beyond goes to disk.
    pub memory_bytes: Option<u64>,
    /// Where results of units come from.
    pub results: Results,
}

/// Where results of units come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Results {
    /// From the home where they were kept, and kept there.
    #[default]
    Kept,
    /// All are computed, and none is kept: what a reproduction needs to prove anything.
    Computed,
}

/// The options of a query, and the folder that must stand as long as it runs.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) options: Options,
    _scratch: Scratch,
}

/// The options of a query that is planned and not executed.
pub(super) fn planned(work: &Work) -> Result<Options> {
    let mut options = Options::default();
    if let Some(bytes) = work.memory_bytes {
        if bytes < MEMORY_BYTES_MIN {
            return Err(NodeError::usage(format!(
                "{bytes} bytes of memory are less than any query needs"
            ))
            .at("--memory")
            .hint("give it a mebibyte or more: --memory 512MiB"));
        }
        options.memory_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    }
    Ok(options)
}

impl Node {
    /// What a run works with. The folder goes with what is returned.
    pub(crate) fn setting(&self, work: &Work) -> Result<Setting> {
        let mut options = planned(work)?;
        let scratch = Scratch::create(self, FOLDER)?;
        let folder = scratch.path().to_str().ok_or_else(|| {
            NodeError::usage("the path of the home is not UTF-8")
                .at(scratch.path().display())
                .hint("move the home to a path of plain characters")
        })?;
        options.spill = Some(Spill { folder: folder.to_owned(), bytes_max: SPILLED_BYTES_MAX });
        if work.results == Results::Kept {
            options.cache = DiskCache::of(self).map(|cache| Arc::new(cache) as _);
        }
        Ok(Setting { options, _scratch: scratch })
    }
}
