//! One step's units: computes each over its range, or takes its result from the cache.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use bytes::Bytes;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, collect};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::super::count::{Filters, count_scans};
use super::super::dropped;
use super::super::execute::{Options, ScanCount};
use super::super::gather::bounded;
use super::super::memory::held_bytes;
use super::super::scan::ScanExec;
use super::super::table::{ReadError, TableRange};
use super::cut::over;
use super::result::{UnitId, UnitResult, sorted};
use super::text::StepText;
use super::{UnitCache, UnitDone, UnitProgress};

/// Bytes that a result may take in memory to be kept: beyond, computing it again is not dearer
/// than reading it back.
const KEPT_BYTES_MAX: usize = 16 << 20;

/// Rows of a unit that tell whether grouping pays before the exchange.
const TELLING_ROWS: u64 = 50_000;

/// The partial aggregation of one table, unit by unit.
#[derive(Debug)]
pub(in super::super) struct Step {
    /// The plan of all units, over the whole table.
    partial: AggregateExec,
    scan: ScanExec,
    ranges: Vec<TableRange>,
    /// Why WHERE drops rows, if it does.
    reason: Option<String>,
    text: Option<StepText>,
    cache: Option<Arc<dyn UnitCache>>,
    progress: Option<Arc<dyn UnitProgress>>,
    next: AtomicUsize,
    totals: Totals,
    /// Set once a result was too large to be kept: the others are as large.
    wide: AtomicBool,
    /// Set once a unit had almost as many groups as rows: grouping the others first is in vain.
    diverse: AtomicBool,
}

#[derive(Debug, Default)]
struct Totals {
    computed: AtomicU64,
    cached: AtomicU64,
    read: AtomicU64,
    read_here: AtomicU64,
    dropped: AtomicU64,
    bytes: AtomicU64,
}

/// Partial states of one unit.
pub(super) type Groups = BoxStream<'static, Result<RecordBatch>>;

impl Step {
    pub(super) fn new(
        partial: &AggregateExec,
        scan: &ScanExec,
        ranges: Vec<TableRange>,
        text: Option<StepText>,
        options: &Options,
    ) -> Self {
        Self {
            partial: partial.clone(),
            scan: scan.clone(),
            ranges,
            reason: reason(partial.input()),
            text,
            cache: options.cache.clone(),
            progress: options.progress.clone(),
            next: AtomicUsize::new(0),
            totals: Totals::default(),
            wide: AtomicBool::new(false),
            diverse: AtomicBool::new(false),
        }
    }

    pub(super) fn partial(&self) -> &AggregateExec {
        &self.partial
    }

    pub(super) fn table(&self) -> &str {
        self.scan.table()
    }

    pub(super) fn units(&self) -> usize {
        self.ranges.len()
    }

    /// The next unit that nobody has taken.
    pub(super) fn take(&self) -> Option<usize> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        (at < self.ranges.len()).then_some(at)
    }

    /// The partial states of a unit.
    pub(super) async fn run(
        self: Arc<Self>,
        at: usize,
        context: Arc<TaskContext>,
    ) -> Result<Groups> {
        let Some((unit, text)) = self.named(at) else { return self.pass(at, &context) };
        let found = self.cached(unit).await;
        if let Some(result) = found {
            return Ok(self.take_cached(result));
        }
        if self.wide.load(Ordering::Relaxed) {
            return self.pass(at, &context);
        }
        self.keep(at, unit, text, context).await
    }

    /// What the units read, and what WHERE dropped; counts anew what nobody asked for.
    pub(super) async fn count(&self) -> Result<ScanCount, ReadError> {
        let totals = &self.totals;
        let done = totals.computed.load(Ordering::Acquire) + totals.cached.load(Ordering::Acquire);
        let (read, dropped) =
            (totals.read.load(Ordering::Acquire), totals.dropped.load(Ordering::Acquire));
        let (table, reason) = (self.table().to_owned(), self.reason.clone());
        if done == self.ranges.len() as u64 {
            return Ok(ScanCount { table, read, dropped: Some(dropped), reason });
        }
        let mut read = 0;
        for range in &self.ranges {
            read += self.scan.over(range.clone()).count_rows().await?;
        }
        Ok(ScanCount { table, read, dropped: None, reason })
    }

    /// Adds what was done to a summary.
    pub(super) fn sum_up(&self, summary: &mut super::UnitSummary) {
        let totals = &self.totals;
        summary.computed += totals.computed.load(Ordering::Acquire);
        summary.cached += totals.cached.load(Ordering::Acquire);
        summary.rows += totals.read_here.load(Ordering::Acquire);
        summary.bytes += totals.bytes.load(Ordering::Acquire);
    }

    /// Id and text of a unit, where its result may be kept.
    fn named(&self, at: usize) -> Option<(UnitId, String)> {
        self.cache.as_ref()?;
        let text = self.text.as_ref()?.of(self.ranges[at].content.as_ref()?);
        Some((UnitId::of(text.as_bytes()), text))
    }

    fn keys(&self) -> usize {
        self.partial.output_group_expr().len()
    }

    async fn cached(&self, unit: UnitId) -> Option<UnitResult> {
        let cache = Arc::clone(self.cache.as_ref()?);
        let bytes = tokio::task::spawn_blocking(move || cache.get(&unit)).await.ok()??;
        UnitResult::decode(&bytes, &unit, &self.partial.schema(), self.keys()).ok()
    }

    fn take_cached(&self, result: UnitResult) -> Groups {
        self.totals.read.fetch_add(result.read, Ordering::Relaxed);
        self.totals.dropped.fetch_add(result.dropped, Ordering::Relaxed);
        self.totals.cached.fetch_add(1, Ordering::Release);
        if let Some(progress) = &self.progress {
            progress.done(UnitDone::Cached { rows: result.read });
        }
        futures::stream::once(std::future::ready(Ok(result.groups))).boxed()
    }

    /// The plan of one unit: the partial aggregation over its range alone.
    fn plan(&self, at: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let scan = Arc::new(self.scan.over(self.ranges[at].clone()));
        // Between two batches the unit gives way, so that it can be stopped.
        let scan: Arc<dyn ExecutionPlan> = Arc::new(CooperativeExec::new(scan));
        let input = bounded(above(self.partial.input(), &scan)?)?;
        over(Arc::new(self.partial.clone()), vec![input])
    }

    /// Computes a unit and hands its states on as they come; a group may come twice.
    fn pass(self: Arc<Self>, at: usize, context: &TaskContext) -> Result<Groups> {
        let plan = self.plan(at)?;
        let diverse = self.diverse.load(Ordering::Relaxed);
        let context = if diverse { grouping(context, 0.8, 1) } else { same(context) };
        let states = plan.execute(0, Arc::new(context))?;
        Ok(self.counted(at, plan, states))
    }

    /// The states of a unit, which is counted as done after the last.
    fn counted(
        self: Arc<Self>,
        at: usize,
        plan: Arc<dyn ExecutionPlan>,
        states: SendableRecordBatchStream,
    ) -> Groups {
        let groups = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&groups);
        let end = async move {
            let groups = groups.load(Ordering::Relaxed);
            self.done(at, &plan, groups).await?;
            self.tell();
            Ok(None)
        };
        states
            .map_ok(move |batch| {
                seen.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
                Some(batch)
            })
            .chain(end.into_stream())
            .try_filter_map(|batch| std::future::ready(Ok(batch)))
            .boxed()
    }

    async fn done(
        &self,
        at: usize,
        plan: &Arc<dyn ExecutionPlan>,
        groups: u64,
    ) -> Result<ScanCount> {
        let mut counts = Vec::new();
        count_scans(plan, &Filters::default(), &mut counts)
            .await
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let count = counts
            .pop()
            .ok_or_else(|| DataFusionError::Internal("a unit without a scan".to_owned()))?;
        if count.read >= TELLING_ROWS && groups > count.read / 5 * 4 {
            self.diverse.store(true, Ordering::Relaxed);
        }
        let totals = &self.totals;
        totals.read.fetch_add(count.read, Ordering::Relaxed);
        totals.read_here.fetch_add(count.read, Ordering::Relaxed);
        totals.dropped.fetch_add(count.dropped.unwrap_or(0), Ordering::Relaxed);
        totals.bytes.fetch_add(self.ranges[at].bytes, Ordering::Relaxed);
        totals.computed.fetch_add(1, Ordering::Release);
        Ok(count)
    }

    /// Tells of a computed unit. What is told of is kept, where it is to be kept at all: whoever
    /// stops the run now finds it again.
    fn tell(&self) {
        if let Some(progress) = &self.progress {
            progress.done(UnitDone::Computed);
        }
    }

    /// Computes a unit to its end, and keeps its result unless that is too large.
    async fn keep(
        self: Arc<Self>,
        at: usize,
        unit: UnitId,
        text: String,
        context: Arc<TaskContext>,
    ) -> Result<Groups> {
        let plan = self.plan(at)?;
        // Whether grouping pays is no question here: a result has one row per group.
        let grouped = Arc::new(grouping(&context, 1.0, usize::MAX));
        let mut states = plan.execute(0, Arc::clone(&grouped))?;
        let (mut batches, mut bytes) = (Vec::new(), 0usize);
        while let Some(batch) = states.try_next().await? {
            bytes = bytes.saturating_add(held_bytes(&batch));
            batches.push(batch);
            if bytes > KEPT_BYTES_MAX {
                self.wide.store(true, Ordering::Relaxed);
                let first = futures::stream::iter(batches.into_iter().map(Ok));
                return Ok(first.chain(self.counted(at, plan, states)).boxed());
            }
        }
        let groups = concat_batches(&self.partial.schema(), &batches)?;
        let count = self.done(at, &plan, groups.num_rows() as u64).await?;
        let (mut groups, twice) = sorted(&groups, self.keys())?;
        if twice {
            // Memory was short, and groups left the aggregation before their last row.
            groups = self.merged(groups, grouped).await?;
        }
        if let (Some(dropped), Some(cache)) = (count.dropped, self.cache.clone()) {
            let result = UnitResult { read: count.read, dropped, groups: groups.clone() };
            if let Ok(bytes) = result.encode(&unit, self.keys()) {
                put(cache, unit, text, bytes).await;
            }
        }
        self.tell();
        Ok(futures::stream::once(std::future::ready(Ok(groups))).boxed())
    }

    /// One row per group, sorted.
    async fn merged(&self, groups: RecordBatch, context: Arc<TaskContext>) -> Result<RecordBatch> {
        let schema = groups.schema();
        let input = MemorySourceConfig::try_new_exec(&[vec![groups]], Arc::clone(&schema), None)?;
        let merge = AggregateExec::try_new(
            AggregateMode::PartialReduce,
            self.partial.group_expr().as_final(),
            self.partial.aggr_expr().to_vec(),
            self.partial.filter_expr().to_vec(),
            input,
            self.partial.input_schema(),
        )?;
        let batches = collect(Arc::new(merge), context).await?;
        Ok(sorted(&concat_batches(&schema, &batches)?, self.keys())?.0)
    }
}

async fn put(cache: Arc<dyn UnitCache>, unit: UnitId, text: String, result: Bytes) {
    // A cache that cannot keep it is no failure of the query.
    tokio::task::spawn_blocking(move || cache.put(&unit, &text, &result)).await.ok();
}

/// Why the filters above the scan drop rows, the uppermost first.
fn reason(node: &Arc<dyn ExecutionPlan>) -> Option<String> {
    let mut predicates = Vec::new();
    let mut next = Some(node);
    while let Some(node) = next {
        if let Some(filter) = node.downcast_ref::<FilterExec>() {
            predicates.push(Arc::clone(filter.predicate()));
        }
        next = node.children().first().copied();
    }
    (!predicates.is_empty()).then(|| dropped::reason(&predicates))
}

/// The nodes above the scan, over another one.
fn above(
    node: &Arc<dyn ExecutionPlan>,
    scan: &Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    match node.children().as_slice() {
        [child] => over(Arc::clone(node), vec![above(child, scan)?]),
        _ => Ok(Arc::clone(scan)),
    }
}

fn same(context: &TaskContext) -> TaskContext {
    let config = context.session_config().clone();
    TaskContext::default().with_session_config(config).with_runtime(context.runtime_env())
}

/// The context with another answer to when rows are handed on without being grouped first.
fn grouping(context: &TaskContext, ratio: f64, rows: usize) -> TaskContext {
    let mut config = context.session_config().clone();
    let execution = &mut config.options_mut().execution;
    execution.skip_partial_aggregation_probe_ratio_threshold = ratio;
    execution.skip_partial_aggregation_probe_rows_threshold = rows;
    TaskContext::default().with_session_config(config).with_runtime(context.runtime_env())
}
