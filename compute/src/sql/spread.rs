//! Shares out the batches of few readers among many workers.
//!
//! A table that is read in one part would be filtered, hashed and aggregated by one thread. The
//! engine's own exchange for that first gathers batches until they have many rows, whatever those
//! weigh. Here a worker takes the next batch when it wants one: nothing is gathered, and nothing
//! waits in a queue. Which worker gets which batch depends on timing, so this stands only where
//! no order of rows exists yet: right above scans.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{RecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning,
    PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::{Stream, StreamExt};

use super::memory::copied;
use super::unit::over;

/// Bytes that a row is taken to have where nobody stated how many rows there are.
const ROW_BYTES: u64 = 64;

/// How many workers so many rows are worth, of `wanted`: each should come to a batch of its own.
pub(super) fn workers(rows: Option<u64>, bytes: u64, wanted: usize, batch_rows: usize) -> usize {
    let batches = rows.unwrap_or(bytes / ROW_BYTES).div_ceil(batch_rows.max(1) as u64);
    usize::try_from(batches).unwrap_or(usize::MAX).clamp(1, wanted.max(1))
}

/// As many streams as workers, over the parts of the input.
#[derive(Debug)]
pub(super) struct SpreadExec {
    input: Arc<dyn ExecutionPlan>,
    ways: usize,
    properties: Arc<PlanProperties>,
    /// Opened by whoever comes first.
    sources: Mutex<Option<Arc<Sources>>>,
}

impl SpreadExec {
    pub(super) fn over(input: Arc<dyn ExecutionPlan>, ways: usize) -> Arc<dyn ExecutionPlan> {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            Partitioning::UnknownPartitioning(ways),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(input.properties().scheduling_type);
        let properties = Arc::new(properties);
        Arc::new(Self { input, ways, properties, sources: Mutex::default() })
    }

    fn sources(&self, context: &Arc<TaskContext>) -> Result<Arc<Sources>> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sources) = &*sources {
            return Ok(Arc::clone(sources));
        }
        let parts = self.input.output_partitioning().partition_count();
        let parts = (0..parts)
            .map(|part| {
                let stream = self.input.execute(part, Arc::clone(context))?;
                Ok(Mutex::new(Source { stream: Some(stream), cut: VecDeque::new() }))
            })
            .collect::<Result<Vec<_>>>()?;
        let opened = Arc::new(Sources { parts, waiting: Arc::default() });
        *sources = Some(Arc::clone(&opened));
        Ok(opened)
    }
}

impl DisplayAs for SpreadExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpreadExec: ways={}", self.ways)
    }
}

impl ExecutionPlan for SpreadExec {
    fn name(&self) -> &'static str {
        "SpreadExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
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

    /// A scan of one part must stay behind the workers that share it.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.pop().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Self::over(input, self.ways))
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
        let sources = self.sources(&context)?;
        let rows = context.session_config().batch_size().max(1);
        Ok(Box::pin(Worker { sources, first: partition, rows, schema: self.schema() }))
    }
}

/// What all workers take from.
struct Sources {
    parts: Vec<Mutex<Source>>,
    waiting: Arc<Waiting>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}

/// One part of the input.
struct Source {
    /// Gone once it has ended.
    stream: Option<SendableRecordBatchStream>,
    /// What is left of a batch that was too long for one worker.
    cut: VecDeque<RecordBatch>,
}

impl Source {
    fn poll(
        &mut self,
        rows: usize,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<RecordBatch>>> {
        if let Some(batch) = self.cut.pop_front() {
            return Poll::Ready(Some(Ok(batch)));
        }
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        match stream.poll_next_unpin(context) {
            Poll::Ready(None) => {
                self.stream = None;
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(batch))) if batch.num_rows() > 2 * rows => {
                self.cut.push_back(batch);
                Poll::Ready(self.shorten(rows))
            }
            other => other,
        }
    }

    /// The first rows of a long batch, copied: what holds a slice would count all of it.
    fn shorten(&mut self, rows: usize) -> Option<Result<RecordBatch>> {
        let batch = self.cut.pop_front()?;
        let starts = (0..batch.num_rows()).step_by(rows);
        let pieces = starts.map(|start| copied(&batch, start, rows.min(batch.num_rows() - start)));
        match pieces.collect::<Result<VecDeque<_>>>() {
            Ok(pieces) => self.cut = pieces,
            Err(error) => return Some(Err(error)),
        }
        self.cut.pop_front().map(Ok)
    }
}

/// Those who found nothing ready. Whoever polled last may never come again, so all are woken.
#[derive(Default)]
struct Waiting(Mutex<Vec<Waker>>);

impl Waiting {
    fn list(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, waker: &Waker) {
        let mut waiting = self.list();
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        let waiting = std::mem::take(&mut *self.list());
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// One worker's batches.
struct Worker {
    sources: Arc<Sources>,
    /// The part at which it begins to look, so that workers do not all ask the same.
    first: usize,
    rows: usize,
    schema: SchemaRef,
}

impl Stream for Worker {
    type Item = Result<RecordBatch>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Sources { parts, waiting } = &*self.sources;
        // Before a source is asked: it may become ready at once.
        waiting.add(context.waker());
        let all = Waker::from(Arc::clone(waiting));
        let mut shared = Context::from_waker(&all);
        let mut pending = false;
        for at in 0..parts.len() {
            let part = &parts[(self.first + at) % parts.len()];
            let mut source = part.lock().unwrap_or_else(PoisonError::into_inner);
            match source.poll(self.rows, &mut shared) {
                Poll::Ready(None) => {}
                Poll::Ready(found) => return Poll::Ready(found),
                Poll::Pending => pending = true,
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(None) }
    }
}

impl RecordBatchStream for Worker {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
