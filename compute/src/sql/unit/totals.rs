//! What the units of a step read and dropped together, and what the dropping is called.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;

use super::super::keep;

/// Counts, of which `computed` and `cached` are added to last.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) computed: AtomicU64,
    pub(super) cached: AtomicU64,
    pub(super) read: AtomicU64,
    pub(super) read_here: AtomicU64,
    pub(super) dropped: AtomicU64,
    /// Of these, by each condition.
    pub(super) dropped_by: Vec<AtomicU64>,
    pub(super) bytes: AtomicU64,
}

impl Totals {
    pub(super) fn add_dropped(&self, rows: u64, by: impl Iterator<Item = u64>) {
        self.dropped.fetch_add(rows, Ordering::Relaxed);
        for (total, rows) in self.dropped_by.iter().zip(by) {
            total.fetch_add(rows, Ordering::Relaxed);
        }
    }
}

/// The conditions of all filters together, if there are several, in the order in which they are
/// asked.
pub(super) fn several(predicates: &[Arc<dyn PhysicalExpr>]) -> Vec<String> {
    let all: Vec<String> = predicates.iter().rev().flat_map(keep::conditions).collect();
    if all.len() > 1 { all } else { Vec::new() }
}

/// The filters above the scan, the uppermost first.
pub(super) fn predicates(node: &Arc<dyn ExecutionPlan>) -> Vec<Arc<dyn PhysicalExpr>> {
    let mut predicates = Vec::new();
    let mut next = Some(node);
    while let Some(node) = next {
        if let Some(filter) = node.downcast_ref::<FilterExec>() {
            predicates.push(Arc::clone(filter.predicate()));
        }
        next = node.children().first().copied();
    }
    predicates
}
