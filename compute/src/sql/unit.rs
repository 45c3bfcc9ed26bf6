//! Units: the pieces of a run that are computed, kept and (later) leased one by one.
//!
//! Where a plan aggregates one table, its partial aggregation is cut into units by ranges of the
//! table. A unit's text names all that its result depends on, its result is one byte string
//! (docs/formats/unit.md), and merging the results of all units is exact, so neither the cut nor
//! the order nor the place where a unit was computed can change what a query gives. Everything
//! else of a plan (joins, windows, sorts, and aggregates above them) is one unit that is computed
//! anew each time.

mod columns;
mod cut;
mod exec;
mod memory;
mod result;
mod step;
mod text;
mod totals;

use std::fmt::Debug;

use bytes::Bytes;

pub(super) use cut::{Asked, cut, over};
pub(super) use exec::UnitsExec;
pub use memory::MemoryCache;
pub use result::{ResultHash, UnitError, UnitId, UnitResult};

/// Keeps results of units by their ids. All of it is best effort: a cache that forgets, or fails,
/// costs time and nothing else.
///
/// An implementation hands back exactly the bytes that were put, or nothing; it may block.
pub trait UnitCache: Debug + Send + Sync {
    /// The result of a unit.
    fn get(&self, unit: &UnitId) -> Option<Bytes>;
    /// Keeps a result. `text` is the unit's, of which `unit` is the hash.
    fn put(&self, unit: &UnitId, text: &str, result: &Bytes);
}

/// Hears how far a query has come. Calls come from any thread and must not block.
pub trait UnitProgress: Debug + Send + Sync {
    /// The plan stands; the work begins.
    fn planned(&self, plan: &StepPlan);
    /// That many more rows were read.
    fn read(&self, rows: u64);
    /// One more unit is done.
    fn done(&self, unit: UnitDone);
}

/// How a unit came by its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitDone {
    /// By computing it.
    Computed,
    /// From the cache: these rows need not be read.
    Cached {
        /// Rows of its range.
        rows: u64,
    },
}

/// What a query will do, before it does it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepPlan {
    /// One entry per scan of a table, in the order of the plan.
    pub scans: Vec<ScanPlan>,
}

/// How one scan of a table is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanPlan {
    /// The table's name in the query.
    pub table: String,
    /// How its rows are worked on.
    pub shape: Shape,
    /// Rows to be read; `None` where only reading tells.
    pub rows: Option<u64>,
    /// Bytes to be read; `None` where the source cannot tell.
    pub bytes: Option<u64>,
}

/// How the rows of a scan are worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// In this many units, each aggregated by itself and merged exactly.
    Ranges(u64),
    /// As one piece, with everything else that is not cut.
    Whole,
}

impl StepPlan {
    /// Units: the ranges, and one for all that is not cut.
    #[must_use]
    pub fn units(&self) -> u64 {
        let ranges = self.scans.iter().map(|scan| match scan.shape {
            Shape::Ranges(units) => units,
            Shape::Whole => 0,
        });
        ranges.sum::<u64>() + u64::from(self.has_whole())
    }

    /// Rows to be read, as far as that is known for every scan.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.scans.iter().map(|scan| scan.rows).sum()
    }

    /// Bytes to be read, as far as known.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.scans.iter().filter_map(|scan| scan.bytes).sum()
    }

    /// Whether a part of the plan is one unit: a scan that is not cut, or no scan at all.
    #[must_use]
    pub fn has_whole(&self) -> bool {
        self.scans.is_empty() || self.scans.iter().any(|scan| scan.shape == Shape::Whole)
    }
}

/// What was done, for a run's details.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitSummary {
    /// Units of the plan.
    pub planned: u64,
    /// Units that were computed. Fewer than planned where an empty side of a join ended the query
    /// early.
    pub computed: u64,
    /// Units whose result was in the cache.
    pub cached: u64,
    /// Rows that were read; those of units from the cache are not.
    pub rows: u64,
    /// Bytes that the ranges of the computed units have.
    pub bytes: u64,
    /// Bytes that went to disk because memory was short.
    pub spilled_bytes: u64,
    /// The most memory that was accounted for at once, in bytes.
    pub memory_bytes: u64,
    /// The memory that was allowed, in bytes; 0 where nothing counted.
    pub memory_limit: u64,
}

impl UnitSummary {
    /// This and another step: everything added up, of memory the larger.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        Self {
            planned: self.planned + other.planned,
            computed: self.computed + other.computed,
            cached: self.cached + other.cached,
            rows: self.rows + other.rows,
            bytes: self.bytes + other.bytes,
            spilled_bytes: self.spilled_bytes + other.spilled_bytes,
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            memory_limit: self.memory_limit.max(other.memory_limit),
        }
    }
}
