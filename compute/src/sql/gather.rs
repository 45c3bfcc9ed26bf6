//! What filters let through, gathered by bytes as well as by rows.
//!
//! The engine's filter gathers rows until they make a batch, whatever they weigh: of texts that a
//! dictionary repeats, the batches that a reader keeps small on purpose would come together again
//! to gigabytes. So a filter hands on what it leaves of each batch, and this gathers it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use futures::TryStreamExt;

use super::memory::held_bytes;

/// Bytes that are gathered to one batch. A batch that comes larger is handed on as it is.
const GATHERED_BYTES: usize = 8 << 20;

/// The plan with every filter's rows gathered here.
///
/// # Errors
/// When a filter cannot be told to hand on what it has, which none gives cause for.
pub(super) fn bounded(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let Some(filter) = node.downcast_ref::<FilterExec>() else {
            return Ok(Transformed::no(node));
        };
        // A filter that may gather one row gathers nothing: each batch is larger than that.
        let (rows, filter) = (filter.batch_size(), filter.with_batch_size(1)?);
        let gather: Arc<dyn ExecutionPlan> = Arc::new(GatherExec::new(Arc::new(filter), rows));
        Ok(Transformed::yes(gather))
    })
    .data()
}

/// Gathers small batches, in order.
#[derive(Debug)]
pub(super) struct GatherExec {
    input: Arc<dyn ExecutionPlan>,
    /// Rows that are gathered to one batch.
    rows: usize,
    properties: Arc<PlanProperties>,
}

impl GatherExec {
    fn new(input: Arc<dyn ExecutionPlan>, rows: usize) -> Self {
        let properties = Arc::clone(input.properties());
        Self { input, rows, properties }
    }

    fn over(&self, children: Vec<Arc<dyn ExecutionPlan>>) -> Arc<dyn ExecutionPlan> {
        let input = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.input));
        Arc::new(Self::new(input, self.rows))
    }
}

impl DisplayAs for GatherExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GatherExec: rows={}", self.rows)
    }
}

impl ExecutionPlan for GatherExec {
    fn name(&self) -> &'static str {
        "GatherExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self.over(children))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self.over(children))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let schema = self.schema();
        let gathering = Gathering::new(input, self.rows);
        let batches = futures::stream::try_unfold(gathering, |mut gathering| async move {
            Ok(gathering.next().await?.map(|batch| (batch, gathering)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

/// One stream on its way.
struct Gathering {
    input: SendableRecordBatchStream,
    schema: SchemaRef,
    rows_max: usize,
    held: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    ready: VecDeque<RecordBatch>,
}

impl Gathering {
    fn new(input: SendableRecordBatchStream, rows_max: usize) -> Self {
        let schema = input.schema();
        let (held, ready) = (Vec::new(), VecDeque::new());
        Self { input, schema, rows_max, held, rows: 0, bytes: 0, ready }
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            match self.input.try_next().await? {
                Some(batch) => self.take(batch)?,
                None if self.held.is_empty() => return Ok(None),
                None => self.hand_on()?,
            }
        }
    }

    fn take(&mut self, batch: RecordBatch) -> Result<()> {
        let (rows, bytes) = (batch.num_rows(), held_bytes(&batch));
        if rows == 0 {
            return Ok(());
        }
        // Half a batch is not worth being copied.
        if rows > self.rows_max / 2 || bytes > GATHERED_BYTES / 2 {
            self.hand_on()?;
            self.ready.push_back(batch);
            return Ok(());
        }
        if self.rows + rows > self.rows_max || self.bytes.saturating_add(bytes) > GATHERED_BYTES {
            self.hand_on()?;
        }
        self.held.push(batch);
        self.rows += rows;
        self.bytes += bytes;
        Ok(())
    }

    fn hand_on(&mut self) -> Result<()> {
        (self.rows, self.bytes) = (0, 0);
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            self.ready.push_back(concat_batches(&self.schema, &held)?);
        }
        Ok(())
    }
}
