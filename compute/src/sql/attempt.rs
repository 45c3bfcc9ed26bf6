//! How a query is executed, and how anew where that was beyond its memory.
//!
//! The fast way holds one side of a join and the rows that an `ORDER BY … LIMIT` keeps, and works in
//! several streams that share the memory. Where that does not fit and a disk is at hand, the query
//! is executed a second time in one stream, with sorts, which go to disk. Where rows turn out to be
//! wide, it is executed with shorter batches. None of this can change a result: every node of a plan
//! gives the same rows for any way and any batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::sorts::sort::SortExec;

use super::collect::RESULT;
use super::error::SqlError;
use super::execute::Options;
use super::unit::{StepPlan, UnitDone, UnitProgress};
use super::width::Widths;

/// One way to execute a query.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) options: Options,
    /// Whether joins and sorts take the way over the disk from the start.
    pub(super) frugal: bool,
    pub(super) widths: Arc<Widths>,
    /// Whether the plan holds what a frugal one would put on disk.
    greedy: AtomicBool,
    told: Option<Arc<Told>>,
}

impl Attempt {
    pub(super) fn first(options: &Options) -> Self {
        let told = options.progress.clone().map(|inner| Arc::new(Told::new(inner)));
        Self::new(options.clone(), options.frugal, told)
    }

    fn new(mut options: Options, frugal: bool, told: Option<Arc<Told>>) -> Self {
        options.progress = told.clone().map(|told| told as Arc<dyn UnitProgress>);
        let (widths, greedy) = (Arc::new(Widths::new(&options)), AtomicBool::new(false));
        Self { options, frugal, widths, greedy, told }
    }

    /// Looks at what the plan holds in memory.
    pub(super) fn planned(&self, plan: &Arc<dyn ExecutionPlan>) {
        let greedy =
            plan.is::<HashJoinExec>() || plan.is::<SortExec>() || plan.is::<AggregateExec>();
        if greedy {
            self.greedy.store(true, Ordering::Relaxed);
        }
        plan.children().into_iter().for_each(|child| self.planned(child));
    }

    /// What to try after an error, if anything promises more.
    pub(super) fn next(&self, error: &SqlError) -> Option<Self> {
        let mut options = self.options.clone();
        if let Some(rows) = self.widths.fitting() {
            options.batch_rows = rows;
            return Some(self.again(options, self.frugal));
        }
        let SqlError::Memory { message, .. } = error else { return None };
        let helps = !self.frugal && self.greedy.load(Ordering::Relaxed) && options.spill.is_some();
        if !helps || message == RESULT {
            return None;
        }
        // One stream, so that sorts do not take from each other what they need for merging, and
        // short batches, of which a merge holds one for each run.
        options.partitions = 1;
        options.batch_rows = (options.batch_rows / 8).max(1);
        Some(self.again(options, true))
    }

    fn again(&self, options: Options, frugal: bool) -> Self {
        Self::new(options, frugal, self.told.as_ref().map(|told| Arc::new(told.again())))
    }
}

/// The progress of one attempt: what any attempt told is not told again.
#[derive(Debug)]
struct Told {
    inner: Arc<dyn UnitProgress>,
    planned: Arc<AtomicBool>,
    rows: Count,
    units: Count,
}

/// How far this attempt has come, and how far any had.
///
/// The first is an attempt's own: the streams of one that failed may go on for a moment after the
/// next has begun, and must not add to it.
#[derive(Debug, Default)]
struct Count {
    now: AtomicU64,
    most: Arc<AtomicU64>,
}

impl Count {
    /// Adds to this attempt; what exceeds all others is new.
    fn add(&self, more: u64) -> u64 {
        let now = self.now.fetch_add(more, Ordering::Relaxed) + more;
        now.saturating_sub(self.most.fetch_max(now, Ordering::Relaxed)).min(more)
    }

    fn again(&self) -> Self {
        Self { now: AtomicU64::new(0), most: Arc::clone(&self.most) }
    }
}

impl Told {
    fn new(inner: Arc<dyn UnitProgress>) -> Self {
        Self { inner, planned: Arc::default(), rows: Count::default(), units: Count::default() }
    }

    fn again(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            planned: Arc::clone(&self.planned),
            rows: self.rows.again(),
            units: self.units.again(),
        }
    }
}

impl UnitProgress for Told {
    fn planned(&self, plan: &StepPlan) {
        if !self.planned.swap(true, Ordering::Relaxed) {
            self.inner.planned(plan);
        }
    }

    fn read(&self, rows: u64) {
        let new = self.rows.add(rows);
        if new > 0 {
            self.inner.read(new);
        }
    }

    fn done(&self, unit: UnitDone) {
        if self.units.add(1) > 0 {
            self.inner.done(unit);
        }
    }
}
