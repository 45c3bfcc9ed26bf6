//! What computed each aggregate of a query: for the run's details, never for its result.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What computed one aggregate of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AggregateUse {
    /// The aggregate as the plan shows it: `sum(t.x)`.
    pub aggregate: String,
    /// The device that reduced rows of it, as it names itself; `None` where this processor did
    /// all.
    pub device: Option<String>,
    /// Rows without a null that were reduced on the device.
    pub device_rows: u64,
    /// Rows that were left to this processor although a device was at hand: the rest below a
    /// batch, and all after a loss.
    pub cpu_rows: u64,
    /// Why the device was lost, where it was.
    pub lost: Option<String>,
}

/// All aggregates of a query, shared by their accumulators.
#[derive(Clone, Debug, Default)]
pub(in crate::sql) struct AllUses(Arc<Mutex<BTreeMap<String, AggregateUse>>>);

impl AllUses {
    /// The entries of aggregates that are computed together.
    pub(super) fn of(&self, aggregates: &[&str]) -> Uses {
        let aggregates = aggregates.iter().map(|&name| name.to_owned()).collect();
        let uses = Uses { all: self.clone(), aggregates };
        uses.change(|_| {});
        uses
    }

    /// What was counted so far, by name.
    pub(in crate::sql) fn list(&self) -> Vec<AggregateUse> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, AggregateUse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry of an aggregate, or of several that share a state.
#[derive(Clone, Debug)]
pub(super) struct Uses {
    all: AllUses,
    aggregates: Vec<String>,
}

impl Uses {
    /// Counts rows that a device reduced.
    pub(super) fn on_device(&self, device: &str, rows: usize) {
        self.change(|entry| {
            entry.device = Some(device.to_owned());
            entry.device_rows += rows as u64;
        });
    }

    /// Counts rows that were added on this processor.
    pub(super) fn here(&self, rows: usize) {
        self.change(|entry| entry.cpu_rows += rows as u64);
    }

    /// Remembers that the device was lost; the first reason stands.
    pub(super) fn lost(&self, reason: &str) {
        self.change(|entry| {
            entry.lost.get_or_insert_with(|| reason.to_owned());
        });
    }

    fn change(&self, change: impl Fn(&mut AggregateUse)) {
        let mut all = self.all.lock();
        for aggregate in &self.aggregates {
            let entry = all.entry(aggregate.clone()).or_insert_with(|| AggregateUse {
                aggregate: aggregate.clone(),
                ..AggregateUse::default()
            });
            change(entry);
        }
    }
}
