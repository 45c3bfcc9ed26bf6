//! From the units' own counts to the person's progress: a query counts from many threads, and is
//! looked at a few times a second.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use veritrail_compute::sql::unit::{StepPlan, UnitDone, UnitProgress};

use crate::progress::{Progress, UnitsDone};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Counts what is done.
#[derive(Debug)]
pub(crate) struct Watch {
    counts: Arc<Counts>,
    began: Instant,
}

#[derive(Debug, Default)]
struct Counts {
    planned: AtomicU64,
    computed: AtomicU64,
    cached: AtomicU64,
    rows: AtomicU64,
    rows_planned: AtomicU64,
    /// Set where a plan could not say how many rows there are.
    rows_unknown: AtomicBool,
}

impl Watch {
    /// A count of nothing yet.
    pub(crate) fn new() -> Self {
        Self { counts: Arc::default(), began: Instant::now() }
    }

    /// What a query tells.
    pub(crate) fn hears(&self) -> Arc<dyn UnitProgress> {
        Arc::clone(&self.counts) as _
    }

    /// Waits for `work`, telling `progress` how far it is.
    pub(crate) async fn over<T>(
        &self,
        progress: &dyn Progress,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => {
                    progress.units(&self.look());
                    return done;
                }
                () = tokio::time::sleep(LOOK) => progress.units(&self.look()),
            }
        }
    }

    fn look(&self) -> UnitsDone {
        let counts = &self.counts;
        let known = !counts.rows_unknown.load(Ordering::Relaxed);
        UnitsDone {
            planned: counts.planned.load(Ordering::Relaxed),
            computed: counts.computed.load(Ordering::Relaxed),
            cached: counts.cached.load(Ordering::Relaxed),
            rows: counts.rows.load(Ordering::Relaxed),
            rows_planned: known.then(|| counts.rows_planned.load(Ordering::Relaxed)),
            elapsed: self.began.elapsed(),
        }
    }
}

impl UnitProgress for Counts {
    fn planned(&self, plan: &StepPlan) {
        self.planned.fetch_add(plan.units(), Ordering::Relaxed);
        match plan.rows() {
            Some(rows) => drop(self.rows_planned.fetch_add(rows, Ordering::Relaxed)),
            None => self.rows_unknown.store(true, Ordering::Relaxed),
        }
    }

    fn read(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    fn done(&self, unit: UnitDone) {
        match unit {
            UnitDone::Computed => drop(self.computed.fetch_add(1, Ordering::Relaxed)),
            UnitDone::Cached { rows } => {
                // They need not be read: the work that is left is less by them.
                self.rows_planned.fetch_sub(
                    rows.min(self.rows_planned.load(Ordering::Relaxed)),
                    Ordering::Relaxed,
                );
                self.cached.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}
