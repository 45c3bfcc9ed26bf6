//! Window functions over one PARTITION BY group after the other, each group held in memory and
//! counted by the limit.
//!
//! The engine's own operators count nothing: one holds its whole input, the other all rows of the
//! groups that it is at, and copies them for each batch that comes. Here a group is held until its
//! last row has come, is refused where it does not fit, and leaves before the next is held. Ranks
//! and row numbers need no more than the row at hand; windows of these alone stay the engine's.

mod group;

use std::fmt;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::physical_expr::{Distribution, OrderingRequirements, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec, WindowExpr};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::{Stream, StreamExt};

use self::group::Groups;
use super::super::unit::over;

/// The plan with each window replaced that would hold rows without counting them. It must stand
/// before exchanges and sorts are put in: a window asks for its rows by group, in order.
///
/// # Errors
/// When the engine refuses its own window over its own input.
pub(in super::super) fn hold_windows(
    plan: Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        if node.is::<WindowAggExec>() {
            return Ok(Transformed::yes(held(node)));
        }
        let Some(window) = node.downcast_ref::<BoundedWindowAggExec>() else {
            return Ok(Transformed::no(node));
        };
        if window.window_expr().iter().all(|function| PASSING.contains(&base(function.name()))) {
            return Ok(Transformed::no(node));
        }
        let apart = !window.partition_keys().is_empty();
        let functions = window.window_expr().to_vec();
        let window = WindowAggExec::try_new(functions, Arc::clone(window.input()), apart)?;
        Ok(Transformed::yes(held(Arc::new(window))))
    })
    .data()
}

fn held(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    match plan.downcast_ref::<WindowAggExec>() {
        Some(window) => Arc::new(HeldWindowExec { window: window.clone() }),
        None => plan,
    }
}

/// Functions that look at no row but the one at hand.
const PASSING: [&str; 3] = ["row_number", "rank", "dense_rank"];

/// The function in the name of a window's column.
fn base(column: &str) -> &str {
    column.split('(').next().unwrap_or(column)
}

/// The engine's window, executed group by group.
#[derive(Debug)]
struct HeldWindowExec {
    window: WindowAggExec,
}

impl HeldWindowExec {
    fn functions(&self) -> &[Arc<dyn WindowExpr>] {
        self.window.window_expr()
    }
}

impl DisplayAs for HeldWindowExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "held ")?;
        self.window.fmt_as(kind, f)
    }
}

impl ExecutionPlan for HeldWindowExec {
    fn name(&self) -> &'static str {
        "HeldWindowExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.window.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.window.children()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.window.apply_expressions(f)
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        self.window.maintains_input_order()
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        self.window.required_input_ordering()
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        self.input_distribution_requirements().into_per_child()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        self.window.input_distribution_requirements()
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(held(Arc::new(self.window.clone()).replace_children(children, options)?))
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
        let rows = context.session_config().batch_size().max(1);
        let held = MemoryConsumer::new(format!("a window's group[{partition}]"))
            .register(context.memory_pool());
        let input = self.window.input().execute(partition, context)?;
        let keys = self.functions().first().map_or(&[][..], |function| function.partition_by());
        let (functions, schema) = (self.functions().to_vec(), self.schema());
        let groups = Groups::new(functions, keys.to_vec(), schema, held, rows);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), windowed(input, groups))))
    }
}

fn windowed(
    input: SendableRecordBatchStream,
    groups: Groups,
) -> impl Stream<Item = Result<RecordBatch>> + Send + 'static {
    futures::stream::try_unfold((groups, Some(input)), |(mut groups, mut input)| async move {
        loop {
            if let Some(batch) = groups.next() {
                return Ok(Some((batch, (groups, input))));
            }
            let Some(stream) = &mut input else { return Ok(None) };
            match stream.next().await {
                Some(batch) => groups.push(batch?)?,
                None => {
                    // Dropped, so that what it held is free.
                    input = None;
                    groups.end()?;
                }
            }
        }
    })
}
