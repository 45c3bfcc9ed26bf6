//! The units of a step as a node of the plan: partitions take units one by one until none is left.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::{StreamExt, TryStreamExt};

use super::super::execute::ScanCount;
use super::super::table::ReadError;
use super::UnitSummary;
use super::step::Step;

/// Yields the partial states of all units, in no order.
#[derive(Debug)]
pub(in super::super) struct UnitsExec {
    step: Arc<Step>,
    properties: Arc<PlanProperties>,
}

impl UnitsExec {
    pub(super) fn new(step: Step, partitions: usize) -> Self {
        let partitions = partitions.clamp(1, step.units().max(1));
        let properties = PlanProperties::new(
            EquivalenceProperties::new(step.partial().schema()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Self { step: Arc::new(step), properties: Arc::new(properties) }
    }

    /// Rows read and dropped by all units together.
    pub(in super::super) async fn count(&self) -> Result<ScanCount, ReadError> {
        self.step.count().await
    }

    /// Adds what was done to a summary.
    pub(in super::super) fn sum_up(&self, summary: &mut UnitSummary) {
        self.step.sum_up(summary);
    }
}

impl DisplayAs for UnitsExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnitsExec: table={}, units={}", self.step.table(), self.step.units())
    }
}

impl ExecutionPlan for UnitsExec {
    fn name(&self) -> &'static str {
        "UnitsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        _partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let (step, queue) = (Arc::clone(&self.step), Arc::clone(&self.step));
        let states = futures::stream::iter(std::iter::from_fn(move || queue.take()))
            .then(move |at| Arc::clone(&step).run(at, Arc::clone(&context)))
            .try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), states.boxed())))
    }
}
