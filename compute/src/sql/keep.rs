//! WHERE as a node of the plan: keeps the rows of which its conditions are true, and counts which
//! condition dropped how many of the others.
//!
//! The engine's own filter counts what it lets through and no more, asks a condition of rows that
//! an earlier one dropped (or not, as the batch happens to be), so that `y <> 0 AND 1 / y > 2` may
//! or may not fail, and gathers rows until there are many, whatever they weigh.

mod condition;
mod gather;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::compute::filter_record_batch;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{Distribution, PhysicalExpr};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use futures::{StreamExt, TryStreamExt};

use self::condition::Condition;
use self::gather::Gather;
use super::dropped;
use super::execute::Dropped;
use super::unit::over;

/// The plan with each filter of the engine replaced.
///
/// # Errors
/// When a node refuses its new child, which none has a reason for.
pub(super) fn keep_rows(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let replaced = plan.transform_up(|node| {
        let ours = node.is::<FilterExec>();
        Ok(if ours { Transformed::yes(kept(node)) } else { Transformed::no(node) })
    });
    replaced.data()
}

fn kept(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    match plan.downcast_ref::<FilterExec>().filter(|filter| filter.fetch().is_none()) {
        Some(filter) => Arc::new(KeepExec::of(filter)),
        None => plan,
    }
}

/// What the counts of a filter are called, the first condition first.
pub(super) fn conditions(predicate: &Arc<dyn PhysicalExpr>) -> Vec<String> {
    condition::parts(predicate).into_iter().map(dropped::negated).collect()
}

/// The engine's filter, executed in our way.
#[derive(Debug)]
pub(super) struct KeepExec {
    filter: FilterExec,
    conditions: Arc<[Condition]>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
struct Counts {
    kept: AtomicU64,
    /// Rows that each condition dropped, of those that the earlier ones let through.
    dropped: Vec<AtomicU64>,
}

impl KeepExec {
    fn of(filter: &FilterExec) -> Self {
        let parts = condition::parts(filter.predicate());
        let conditions: Arc<[Condition]> = parts.into_iter().map(Condition::new).collect();
        let dropped = conditions.iter().map(|_| AtomicU64::new(0)).collect();
        let counts = Arc::new(Counts { kept: AtomicU64::new(0), dropped });
        Self { filter: filter.clone(), conditions, counts }
    }

    /// All conditions together.
    pub(super) fn predicate(&self) -> &Arc<dyn PhysicalExpr> {
        self.filter.predicate()
    }

    /// Rows that were let through so far.
    pub(super) fn kept(&self) -> u64 {
        self.counts.kept.load(Ordering::Relaxed)
    }

    /// What each condition dropped so far.
    pub(super) fn dropped(&self) -> Vec<Dropped> {
        let reasons = conditions(self.predicate()).into_iter();
        let rows = self.counts.dropped.iter().map(|rows| rows.load(Ordering::Relaxed));
        rows.zip(reasons).map(|(rows, reason)| Dropped { rows, reason }).collect()
    }
}

impl Counts {
    /// The rows of a batch that every condition lets through.
    fn keep(
        &self,
        batch: &RecordBatch,
        conditions: &[Condition],
        projection: Option<&[usize]>,
    ) -> Result<Option<RecordBatch>> {
        let (kept, dropped) = condition::select(batch, conditions)?;
        for (total, rows) in self.dropped.iter().zip(dropped) {
            total.fetch_add(rows, Ordering::Relaxed);
        }
        let rows = kept.as_ref().map_or(batch.num_rows(), |kept| kept.true_count());
        self.kept.fetch_add(rows as u64, Ordering::Relaxed);
        if rows == 0 {
            return Ok(None);
        }
        let shown = match projection {
            Some(columns) => batch.project(columns)?,
            None => batch.clone(),
        };
        Ok(Some(match kept {
            Some(kept) => filter_record_batch(&shown, &kept)?,
            None => shown,
        }))
    }
}

impl DisplayAs for KeepExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.filter.fmt_as(kind, f)
    }
}

impl ExecutionPlan for KeepExec {
    fn name(&self) -> &'static str {
        "KeepExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.filter.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.filter.children()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.filter.apply_expressions(f)
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        self.filter.maintains_input_order()
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::UnspecifiedDistribution]
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(kept(Arc::new(self.filter.clone()).replace_children(children, options)?))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        over(self, children)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let rows = context.session_config().batch_size();
        let input = self.filter.input().execute(partition, context)?;
        let (conditions, counts) = (Arc::clone(&self.conditions), Arc::clone(&self.counts));
        let projection = self.filter.projection().as_ref().map(|columns| columns.to_vec());
        let kept = input.map(move |batch| counts.keep(&batch?, &conditions, projection.as_deref()));
        let kept = kept.try_filter_map(|batch| std::future::ready(Ok(batch)));
        let gathered = Gather::new(self.schema(), rows).over(kept.boxed());
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), gathered)))
    }
}
