//! A handed-in table inside a plan: its rows widened to the closed list of types and counted.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arrow::array::{ArrayRef, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::{StreamExt, TryStreamExt};

use super::memory::owned;
use super::table::{BatchStream, ReadError, TableRange, TableSource};
use super::unit::UnitProgress;
use super::width::Widths;
use crate::columns::{widen, widened_field};

/// Who sees the rows that are read.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) progress: Option<Arc<dyn UnitProgress>>,
    pub(super) widths: Arc<Widths>,
}

/// A table under its name in the query.
#[derive(Debug)]
pub(super) struct ScannedTable {
    name: Arc<str>,
    source: Arc<dyn TableSource>,
    /// The columns that SQL sees, widened.
    schema: SchemaRef,
    /// Their places in the source.
    places: Vec<usize>,
    /// Columns that SQL does not see, with their types, for error messages.
    hidden: Vec<String>,
    watch: Watch,
}

impl ScannedTable {
    pub(super) fn new(name: &str, source: Arc<dyn TableSource>, watch: Watch) -> Self {
        let (mut fields, mut places, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
        for (place, field) in source.schema().fields().iter().enumerate() {
            match widened_field(field) {
                Ok(field) => {
                    fields.push(field);
                    places.push(place);
                }
                Err(unsupported) => hidden.push(unsupported.to_string()),
            }
        }
        let schema = Arc::new(Schema::new(fields));
        Self { name: name.into(), source, schema, places, hidden, watch }
    }

    /// One message per column that SQL cannot see.
    pub(super) fn hidden(&self) -> &[String] {
        &self.hidden
    }
}

#[async_trait]
impl TableProvider for ScannedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.places.len()).collect();
        let wanted = projection.unwrap_or(&all);
        let schema = Arc::new(self.schema.project(wanted)?);
        // count(*) wants no column: the first is decoded, so that rows are counted and not
        // believed.
        let read: &[usize] = if wanted.is_empty() { &all[..all.len().min(1)] } else { wanted };
        if read.is_empty() {
            return Err(DataFusionError::Plan(format!(
                "table {} has no column that SQL can read",
                self.name
            )));
        }
        let columns = read.iter().map(|&at| self.places[at]).collect();
        let parts = self.source.partitions(state.config().target_partitions()).max(1);
        let rows = Rows::Parts(parts);
        let (name, source) = (Arc::clone(&self.name), Arc::clone(&self.source));
        let watch = self.watch.clone();
        Ok(Arc::new(ScanExec::new(name, source, columns, schema, rows, watch)))
    }
}

/// Reads a table, or a range of it, and counts.
#[derive(Clone, Debug)]
pub(super) struct ScanExec {
    name: Arc<str>,
    source: Arc<dyn TableSource>,
    columns: Vec<usize>,
    rows: Rows,
    properties: Arc<PlanProperties>,
    counts: Arc<[PartCount]>,
    watch: Watch,
}

/// Which rows a scan reads.
#[derive(Clone, Debug)]
enum Rows {
    /// All of them, in so many parts.
    Parts(usize),
    /// Those of a range, in one part.
    Range(TableRange),
}

#[derive(Debug, Default)]
struct PartCount {
    rows: AtomicU64,
    ended: AtomicBool,
}

impl ScanExec {
    fn new(
        name: Arc<str>,
        source: Arc<dyn TableSource>,
        columns: Vec<usize>,
        schema: SchemaRef,
        rows: Rows,
        watch: Watch,
    ) -> Self {
        let parts = match rows {
            Rows::Parts(parts) => parts,
            Rows::Range(_) => 1,
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(parts),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::NonCooperative);
        Self {
            name,
            source,
            columns,
            rows,
            properties: Arc::new(properties),
            counts: (0..parts).map(|_| PartCount::default()).collect(),
            watch,
        }
    }

    /// The same scan of one range, with counts of its own.
    pub(super) fn over(&self, range: TableRange) -> Self {
        let (name, source) = (Arc::clone(&self.name), Arc::clone(&self.source));
        let (columns, schema) = (self.columns.clone(), self.schema());
        Self::new(name, source, columns, schema, Rows::Range(range), self.watch.clone())
    }

    /// The same scan in as many parts as its source has, up to `wanted`.
    pub(super) async fn split(&self, wanted: usize) -> Result<Self, ReadError> {
        let parts = match self.rows {
            Rows::Parts(parts) if parts < wanted => self.source.split(wanted).await?.max(1),
            _ => return Ok(self.clone()),
        };
        let (name, source) = (Arc::clone(&self.name), Arc::clone(&self.source));
        let (columns, schema) = (self.columns.clone(), self.schema());
        Ok(Self::new(name, source, columns, schema, Rows::Parts(parts), self.watch.clone()))
    }

    /// The ranges of the table, with the bytes of this scan's columns.
    pub(super) async fn ranges(&self, rows: u64) -> Result<Vec<TableRange>, ReadError> {
        self.source.ranges(&self.columns, rows).await
    }

    /// The columns that are read, as they are stored.
    pub(super) fn stored(&self) -> Schema {
        let schema = self.source.schema();
        Schema::new(self.columns.iter().map(|&at| schema.field(at).clone()).collect::<Vec<_>>())
    }

    fn open(&self, part: usize, columns: &[usize]) -> BatchStream {
        match &self.rows {
            Rows::Parts(parts) => self.source.open(part, *parts, columns),
            Rows::Range(range) => self.source.open_range(range, columns),
        }
    }

    /// The table's name in the query.
    pub(super) fn table(&self) -> &str {
        &self.name
    }

    /// The rows of all parts, or `None` where a part was not read to its end: a join whose other
    /// side is empty stops early, at a place that depends on timing.
    pub(super) fn rows_read(&self) -> Option<u64> {
        self.counts
            .iter()
            .map(|part| {
                part.ended.load(Ordering::Acquire).then(|| part.rows.load(Ordering::Relaxed))
            })
            .sum()
    }

    /// The rows that were read so far.
    pub(super) fn rows_so_far(&self) -> u64 {
        self.counts.iter().map(|part| part.rows.load(Ordering::Relaxed)).sum()
    }

    /// The rows of the table, decoding one column of the parts that the query left unread.
    pub(super) async fn count_rows(&self) -> Result<u64, ReadError> {
        let mut rows = 0;
        for (part, count) in self.counts.iter().enumerate() {
            if count.ended.load(Ordering::Acquire) {
                rows += count.rows.load(Ordering::Relaxed);
                continue;
            }
            let mut batches = self.open(part, &self.columns[..1]);
            while let Some(batch) = batches.try_next().await? {
                rows += batch.num_rows() as u64;
            }
        }
        Ok(rows)
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanExec: table={}, columns={:?}", self.name, self.columns)?;
        match &self.rows {
            Rows::Parts(_) => Ok(()),
            Rows::Range(range) => write!(f, ", places={:?}", range.places),
        }
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &'static str {
        "ScanExec"
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
        partition: usize,
        _context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let counts = Arc::clone(&self.counts);
        let ended = Arc::clone(&self.counts);
        let shape = Arc::clone(&schema);
        let Watch { progress, widths } = self.watch.clone();
        let whole = matches!(self.rows, Rows::Parts(_));
        let canonical = self.source.canonical();
        let batches = self
            .open(partition, &self.columns)
            .map(move |batch| {
                let batch = batch.map_err(|error| DataFusionError::External(Box::new(error)))?;
                let rows = batch.num_rows() as u64;
                counts[partition].rows.fetch_add(rows, Ordering::Relaxed);
                if let Some(progress) = &progress {
                    progress.read(rows);
                }
                let batch = present(&batch, &shape, canonical)?;
                widths.check(&batch)?;
                // What reads the whole may hold it; a range is aggregated where it stands.
                if whole { owned(batch) } else { Ok(batch) }
            })
            // After the last batch, so that a count is final once its part has ended.
            .chain(futures::stream::poll_fn(move |_| {
                ended[partition].ended.store(true, Ordering::Release);
                std::task::Poll::Ready(None)
            }));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

/// A batch as SQL sees it: widened, and without the column that was only decoded to be counted.
fn present(batch: &RecordBatch, shape: &SchemaRef, canonical: bool) -> Result<RecordBatch> {
    let presented = |column: &ArrayRef| {
        let ready = canonical && *column.data_type() == DataType::Float64;
        if ready { Ok(Arc::clone(column)) } else { widen(column) }
    };
    let columns = batch.columns()[..shape.fields().len()].iter().map(presented);
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(shape), columns, &options)?)
}
