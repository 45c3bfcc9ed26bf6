//! Executes one query over handed-in tables, and counts what it read.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as EngineStatement;
use futures::FutureExt;
use tokio::sync::watch;

use super::admit::admit;
use super::aggregate::{AggregateUse, AllUses};
use super::attempt::Attempt;
use super::collect::collect;
use super::count::{Filters, count_scans, sum_up};
use super::error::SqlError;
use super::guards::guard;
use super::memory::{MeteredPool, Spill};
use super::merge::merge_joins;
use super::order::{RowOrder, complete};
use super::parse::{Parsed, parse};
use super::scan::{ScannedTable, Watch};
use super::session::{finish, session};
use super::table::TableSource;
use super::unit::{self, Asked, StepPlan, UnitCache, UnitDone, UnitProgress, UnitSummary};
use super::windows::hold_windows;
use crate::columns::widened_schema;
use crate::exact::Reducer;
use crate::run::canonical::TableError;

/// Rows of a unit: enough that its cost is in its rows, few enough that many show how far a
/// query is, and that threads share the work.
pub const UNIT_ROWS: u64 = 1 << 18;

/// How a query is executed. None of this may change its result.
#[derive(Clone, Debug)]
pub struct Options {
    /// Streams that work at once.
    pub partitions: usize,
    /// Rows that operators hand on at once.
    pub batch_rows: usize,
    /// Bytes that sorts, joins, windows and aggregates may hold together with the result.
    pub memory_bytes: usize,
    /// Where sorts, joins and aggregates may put what does not fit into memory; nowhere by
    /// default.
    pub spill: Option<Spill>,
    /// Whether joins and the sorts under LIMIT take the way over the disk from the start, and not
    /// only where the fast one did not fit.
    pub frugal: bool,
    /// Rows that one unit reads, about: a source cuts where it can.
    pub unit_rows: u64,
    /// Where results of units are kept; nowhere by default.
    pub cache: Option<Arc<dyn UnitCache>>,
    /// Who hears how far the query has come.
    pub progress: Option<Arc<dyn UnitProgress>>,
    /// Turns true when the query should stop.
    pub cancel: Option<watch::Receiver<bool>>,
    /// Where whole columns of floats are reduced; `None` for this processor.
    pub device: Option<Arc<dyn Reducer>>,
}

impl Default for Options {
    fn default() -> Self {
        let partitions = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            partitions,
            batch_rows: 8_192,
            memory_bytes: 2 << 30,
            spill: None,
            frugal: false,
            unit_rows: UNIT_ROWS,
            cache: None,
            progress: None,
            cancel: None,
            device: None,
        }
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
    /// The same for each condition of a WHERE that has several, in the order in which they are
    /// asked: rows that it dropped, of those that the ones before it let through. Empty where
    /// there is one condition or none, or where the scan was stopped early.
    pub conditions: Vec<Dropped>,
}

/// What one condition dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Rows.
    pub rows: u64,
    /// What was true of them, in words.
    pub reason: String,
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
    /// What was computed, what was at hand, and what it took.
    pub units: UnitSummary,
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

/// What a query would do: its units, rows and bytes, and the schema of its result. Reads what
/// planning takes (footers, and where the records of a long CSV begin), and no rows.
///
/// # Errors
/// As [`execute`], as far as planning finds out.
pub async fn plan(
    sql: &str,
    parameters: &BTreeMap<String, ScalarValue>,
    tables: &BTreeMap<String, Arc<dyn TableSource>>,
    options: &Options,
) -> Result<(StepPlan, SchemaRef), SqlError> {
    let prepared = prepare(sql, parameters, tables, &Attempt::first(options)).await?;
    let schema = widened_schema(&prepared.physical.schema()).map_err(TableError::from)?;
    Ok((prepared.plan, schema))
}

/// A query that can be executed.
struct Prepared {
    context: SessionContext,
    pool: Arc<MeteredPool>,
    uses: AllUses,
    physical: Arc<dyn ExecutionPlan>,
    order: RowOrder,
    plan: StepPlan,
}

async fn prepare(
    sql: &str,
    parameters: &BTreeMap<String, ScalarValue>,
    tables: &BTreeMap<String, Arc<dyn TableSource>>,
    attempt: &Attempt,
) -> Result<Prepared, SqlError> {
    let options = &attempt.options;
    let parsed = parse(sql)?;
    check_parameters(&parsed, parameters)?;
    let fail = |error: DataFusionError| SqlError::from_engine(&error, options.memory_bytes);
    let uses = AllUses::default();
    let (state, pool) = session(attempt, &uses).map_err(fail)?;
    let context = SessionContext::new_with_state(state);
    let mut hidden = Vec::new();
    for (name, source) in tables {
        let (progress, widths) = (options.progress.clone(), Arc::clone(&attempt.widths));
        let table = ScannedTable::new(name, Arc::clone(source), Watch { progress, widths });
        hidden.extend(table.hidden().iter().map(|column| format!("table {name}: {column}")));
        context.register_table(name.as_str(), Arc::new(table)).map_err(fail)?;
    }
    let (logical, order) = logical_plan(&context, parsed, parameters)
        .await
        .map_err(|error| name_hidden(fail(error), &hidden))?;
    let state = context.state();
    let guarded = state.optimize(&logical).and_then(guard).map_err(fail)?;
    let initial = state.query_planner().create_physical_plan(&guarded, &state);
    let initial = initial.await.map_err(fail)?;
    let initial = hold_windows(initial).map_err(fail)?;
    let initial = if attempt.frugal { merge_joins(initial).map_err(fail)? } else { initial };
    let mut plan = StepPlan::default();
    let asked = Asked { sql, parameters, options };
    let cut = unit::cut(initial, asked, &mut plan).await.map_err(fail)?;
    let physical = finish(cut, &context.state(), attempt.frugal).map_err(fail)?;
    if attempt.frugal {
        leave_room_to_merge(&context, &physical, options.memory_bytes);
    }
    Ok(Prepared { context, pool, uses, physical, order, plan })
}

/// A sort that goes to disk first merges what it holds, which takes as much again for the keys. So
/// half of the memory is set aside for all sorts together; by default it is a few mebibytes, which
/// is enough where nothing goes to disk.
fn leave_room_to_merge(context: &SessionContext, plan: &Arc<dyn ExecutionPlan>, bytes: usize) {
    let aside = bytes / 2 / sorts(plan).max(1);
    let state = context.state_ref();
    state.write().config_mut().options_mut().execution.sort_spill_reservation_bytes = aside;
}

/// Sorts that may work at once.
fn sorts(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let here = if plan.is::<SortExec>() { plan.output_partitioning().partition_count() } else { 0 };
    here + plan.children().into_iter().map(sorts).sum::<usize>()
}

/// Executes it, and again where another way promises to fit into memory.
async fn execute_whole(
    sql: &str,
    parameters: &BTreeMap<String, ScalarValue>,
    tables: &BTreeMap<String, Arc<dyn TableSource>>,
    options: &Options,
) -> Result<Answer, SqlError> {
    let mut attempt = Attempt::first(options);
    loop {
        let error = match execute_once(sql, parameters, tables, &attempt).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        attempt = attempt.next(&error).ok_or(error)?;
    }
}

async fn execute_once(
    sql: &str,
    parameters: &BTreeMap<String, ScalarValue>,
    tables: &BTreeMap<String, Arc<dyn TableSource>>,
    attempt: &Attempt,
) -> Result<Answer, SqlError> {
    let options = &attempt.options;
    let prepared = prepare(sql, parameters, tables, attempt).await?;
    if let Some(progress) = &options.progress {
        progress.planned(&prepared.plan);
    }
    let Prepared { context, pool, uses, physical, order, plan } = prepared;
    attempt.planned(&physical);
    let table = collect(&context, &physical, options, order).await?;
    let mut units = UnitSummary {
        planned: plan.units(),
        // What is not cut was computed as one.
        computed: u64::from(plan.has_whole()),
        memory_bytes: pool.peak(),
        memory_limit: options.memory_bytes as u64,
        ..UnitSummary::default()
    };
    sum_up(&physical, &mut units);
    if let Some(progress) = options.progress.as_ref().filter(|_| plan.has_whole()) {
        progress.done(UnitDone::Computed);
    }
    let mut scans = Vec::new();
    count_scans(&physical, &Filters::default(), &mut scans).await?;
    Ok(Answer { table, order, scans, aggregates: uses.list(), units })
}

pub(super) fn fail_arrow(error: ArrowError) -> SqlError {
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

async fn logical_plan(
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
