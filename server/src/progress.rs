//! Progress of long work, told through a callback: the use cases know no terminal.

use std::time::Duration;

use crate::stop::Stop;

/// Hears how far a use case has come. Calls come from any thread and must not block.
pub trait Progress: Send + Sync {
    /// A step begins; `total` bytes (or items) where that is known.
    fn begin(&self, step: &str, total: Option<u64>);
    /// `amount` more of the running step is done.
    fn advance(&self, amount: u64);
    /// The running step ended.
    fn end(&self);
    /// A sentence for the person that belongs to no result, such as "first contact".
    fn say(&self, sentence: &str);
    /// The wish that it end early; nobody has it, by default.
    fn stop(&self) -> Stop {
        Stop::default()
    }
    /// How far a run is; told a few times a second while it works.
    fn units(&self, _done: &UnitsDone) {}
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnitsDone {
    /// Units that are known to be needed; more come with each step of a run.
    pub planned: u64,
    /// Units that were computed.
    pub computed: u64,
    /// Units whose results were kept from an earlier run.
    pub cached: u64,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that are to be read in all, where that is known.
    pub rows_planned: Option<u64>,
    /// Since the run began.
    pub elapsed: Duration,
}

impl UnitsDone {
    /// Units that are done, however.
    pub fn done(&self) -> u64 {
        self.computed + self.cached
    }

    /// Rows read per second so far; None before there is anything to tell.
    pub fn rows_per_second(&self) -> Option<u64> {
        let seconds = self.elapsed.as_secs_f64();
        (self.rows > 0 && seconds > 0.0).then(|| (self.rows as f64 / seconds) as u64)
    }

    /// How long the rest may take at the rate so far: by rows where all are known, else by units.
    pub fn left(&self) -> Option<Duration> {
        let part = |done: u64, all: u64| {
            let left = all.saturating_sub(done) as f64 / done as f64;
            (done > 0).then(|| self.elapsed.mul_f64(left))
        };
        match self.rows_planned {
            Some(rows) => part(self.rows, rows),
            None => part(self.computed, self.planned.saturating_sub(self.cached)),
        }
    }
}

/// Hears nothing; for tests and for callers who show nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _step: &str, _total: Option<u64>) {}
    fn advance(&self, _amount: u64) {}
    fn end(&self) {}
    fn say(&self, _sentence: &str) {}
}
