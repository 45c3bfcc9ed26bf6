//! Executes one query over handed-in tables, and counts what it read.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as EngineStatement;
use futures::{FutureExt, TryStreamExt};
use tokio::sync::watch;

use super::admit::admit;
use super::aggregate::{AggregateUse, AllUses};
use super::dropped;
use super::error::SqlError;
use super::order::{RowOrder, complete};
use super::parse::{Parsed, parse};
use super::scan::{ScanExec, ScannedTable};
use super::session::session;
use super::table::TableSource;
use crate::columns::instants_in_utc;
use crate::exact::Reducer;
use crate::run::canonical::{sort_rows, widen_table};

/// How a query is executed. None of this may change its result.
#[derive(Clone, Debug)]
pub struct Options {
    /// Streams that work at once.
    pub partitions: usize,
    /// Rows that operators hand on at once.
    pub batch_rows: usize,
    /// Bytes that sorts, joins and aggregates may hold together, and again the result; nothing is
    /// spilled to disk.
    pub memory_bytes: usize,
    /// Turns true when the query should stop.
    pub cancel: Option<watch::Receiver<bool>>,
    /// Where whole columns of floats are reduced; `None` for this processor.
    pub device: Option<Arc<dyn Reducer>>,
}

impl Default for Options {
    fn default() -> Self {
        let partitions = std::thread::available_parallelism().map_or(1, usize::from);
        Self { partitions, batch_rows: 8_192, memory_bytes: 2 << 30, cancel: None, device: None }
    }
}

/// What one scan of a table read, and what the filters right above it let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanCount {
    /// The table's name in the query.
    pub table: String,
    /// Rows of the table, counted by decoding them.
    pub read: u64,
    /// Rows that WHERE dropped before any join or grouping; `None` where a join whose other side
    /// was empty stopped the scan early.
    pub dropped: Option<u64>,
    /// What was true of the rows that were dropped, in words: `wt82 is null`, `not age > 30`
    /// (false or null). `None` where no WHERE acts right there.
    pub reason: Option<String>,
}

/// The result of a query.
#[derive(Clone, Debug)]
pub struct Answer {
    /// All rows, in order, of widened types.
    pub table: RecordBatch,
    /// Where the order comes from.
    pub order: RowOrder,
    /// One count per scan, in the order of the plan.
    pub scans: Vec<ScanCount>,
    /// What computed each aggregate, by name. It says nothing about the result.
    pub aggregates: Vec<AggregateUse>,
}

impl Answer {
    /// The schema of the result.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.table.schema()
    }
}

/// Executes a query.
///
/// Values, types and order of the result depend on the query, its parameters and the values of
/// the tables alone: not on partitions, batches, the order of the tables' rows, or their format.
/// Costs memory for the whole result. Must run inside a tokio runtime.
///
/// # Errors
/// When the query is refused, cannot be planned, or fails; each error says what to change.
pub async fn execute(
    sql: &str,
    parameters: &BTreeMap<String, ScalarValue>,
    tables: &BTreeMap<String, Arc<dyn TableSource>>,
    options: &Options,
) -> Result<Answer, SqlError> {
    let mut cancel = options.cancel.clone();
    tokio::select! {
        answer = AssertUnwindSafe(execute_whole(sql, parameters, tables, options)).catch_unwind() => {
            answer.unwrap_or_else(|_| Err(SqlError::Execution(PANICKED.to_owned())))
        }
        () = cancelled(&mut cancel) => Err(SqlError::Cancelled),
    }
}

/// A fault of the engine, or of a reader of tables: everything it held is dropped.
const PANICKED: &str = "the engine gave up in the middle of it; that is a fault of the engine and \
                        not of the query: please report both";

async fn cancelled(cancel: &mut Option<watch::Receiver<bool>>) {
    let stopped = match cancel {
        Some(cancel) => cancel.wait_for(|stop| *stop).await.is_ok(),
        None => false,
    };
    // A sender that is gone can never ask to stop.
    if !stopped {
        std::future::pending::<()>().await;
    }
}

async fn execute_whole(
    sql: &str,
    parameters: &BTreeMap<String, ScalarValue>,
    tables: &BTreeMap<String, Arc<dyn TableSource>>,
    options: &Options,
) -> Result<Answer, SqlError> {
    let parsed = parse(sql)?;
    check_parameters(&parsed, parameters)?;
    let fail = |error: DataFusionError| SqlError::from_engine(&error, options.memory_bytes);
    let uses = AllUses::default();
    let context = SessionContext::new_with_state(session(options, &uses).map_err(fail)?);
    let mut hidden = Vec::new();
    for (name, source) in tables {
        let table = ScannedTable::new(name, Arc::clone(source));
        hidden.extend(table.hidden().iter().map(|column| format!("table {name}: {column}")));
        context.register_table(name.as_str(), Arc::new(table)).map_err(fail)?;
    }
    let (plan, order) = plan(&context, parsed, parameters)
        .await
        .map_err(|error| name_hidden(fail(error), &hidden))?;
    let physical = context.state().create_physical_plan(&plan).await.map_err(fail)?;
    let schema = physical.schema();
    let batches = collect(&context, &physical, options).await?;
    let table = instants_in_utc(&widen_table(&schema, &batches)?).map_err(fail_arrow)?;
    drop(batches);
    let table = match order {
        RowOrder::AsWritten => table,
        RowOrder::Canonical => sort_rows(&table).map_err(fail_arrow)?,
    };
    let mut scans = Vec::new();
    count_scans(&physical, &Filters::default(), &mut scans).await?;
    Ok(Answer { table, order, scans, aggregates: uses.list() })
}

/// All batches of the result, as long as they stay within the memory limit: operators account for
/// what they hold, but nobody else for what has left them.
async fn collect(
    context: &SessionContext,
    physical: &Arc<dyn ExecutionPlan>,
    options: &Options,
) -> Result<Vec<RecordBatch>, SqlError> {
    let fail = |error: DataFusionError| SqlError::from_engine(&error, options.memory_bytes);
    let mut stream = execute_stream(Arc::clone(physical), context.task_ctx()).map_err(fail)?;
    let (mut batches, mut bytes) = (Vec::new(), 0usize);
    while let Some(batch) = stream.try_next().await.map_err(fail)? {
        bytes = bytes.saturating_add(batch.get_array_memory_size());
        if bytes > options.memory_bytes {
            let message = "the result itself is larger; aggregate it or select less".to_owned();
            return Err(SqlError::Memory { limit: options.memory_bytes, message });
        }
        batches.push(batch);
    }
    Ok(batches)
}

fn fail_arrow(error: ArrowError) -> SqlError {
    SqlError::Execution(error.to_string())
}

fn check_parameters(
    parsed: &Parsed,
    parameters: &BTreeMap<String, ScalarValue>,
) -> Result<(), SqlError> {
    let fault = |name: &String, fault| SqlError::Parameter { name: name.clone(), fault };
    if let Some(name) = parsed.placeholders.iter().find(|name| !parameters.contains_key(*name)) {
        return Err(fault(name, "has no value: give it one under [parameters]"));
    }
    match parameters.keys().find(|name| !parsed.placeholders.contains(*name)) {
        Some(name) => Err(fault(name, "does not occur in the query")),
        None => Ok(()),
    }
}

async fn plan(
    context: &SessionContext,
    parsed: Parsed,
    parameters: &BTreeMap<String, ScalarValue>,
) -> datafusion::common::Result<(LogicalPlan, RowOrder)> {
    let statement = EngineStatement::Statement(Box::new(parsed.statement));
    let plan = context.state().statement_to_plan(statement).await?;
    let values: Vec<(String, ScalarValue)> =
        parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let plan = if values.is_empty() { plan } else { plan.with_param_values(values)? };
    admit(&plan)?;
    complete(plan)
}

/// Adds, to a complaint about an unknown name, the columns that exist but have no SQL type.
fn name_hidden(error: SqlError, hidden: &[String]) -> SqlError {
    match error {
        SqlError::Plan(message) if !hidden.is_empty() => {
            SqlError::Plan(format!("{message}; not readable by SQL: {}", hidden.join("; ")))
        }
        other => other,
    }
}

/// The filters between a place of the plan and the scan below it, the uppermost first.
#[derive(Clone, Default)]
struct Filters {
    predicates: Vec<Arc<dyn PhysicalExpr>>,
    /// Rows that the uppermost let through, where it was counted.
    passed: Option<u64>,
}

/// Walks the plan from its root; `above` are the filters met so far, as long as nothing but
/// exchanges and projections lie between them and the scan.
async fn count_scans(
    plan: &Arc<dyn ExecutionPlan>,
    above: &Filters,
    scans: &mut Vec<ScanCount>,
) -> Result<(), SqlError> {
    if let Some(scan) = plan.downcast_ref::<ScanExec>() {
        let dropped =
            scan.rows_read().map(|read| above.passed.map_or(0, |kept| read.saturating_sub(kept)));
        let read = scan.count_rows().await?;
        let reason = (!above.predicates.is_empty()).then(|| dropped::reason(&above.predicates));
        scans.push(ScanCount { table: scan.table().to_owned(), read, dropped, reason });
        return Ok(());
    }
    let mut below = above.clone();
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        let rows = plan.metrics().and_then(|metrics| metrics.output_rows());
        below.passed = below.passed.or(rows.map(|rows| rows as u64));
        below.predicates.push(Arc::clone(filter.predicate()));
    } else if !(plan.is::<ProjectionExec>()
        || plan.is::<RepartitionExec>()
        || plan.is::<CoalescePartitionsExec>()
        || plan.is::<CooperativeExec>())
    {
        below = Filters::default();
    }
    for child in plan.children() {
        Box::pin(count_scans(child, &below, scans)).await?;
    }
    Ok(())
}
