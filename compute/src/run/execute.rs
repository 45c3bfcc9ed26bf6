//! Executes a resolved spec: the same call for a first run and for its reproduction.

mod check;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use veritrail_provenance::hash::TableHash;

use super::canonical::{TableError, outputs_hash, table_hash};
use super::engine::Engine;
use super::kernel::reduce;
use super::output::{OutputError, write_parquet};
use super::plan::Planned;
use super::resolved::ResolvedSpec;
use super::spec::{SpecError, Work};
use super::steps::Step;
use crate::sql::aggregate::AggregateUse;
use crate::sql::unit::UnitSummary;
use crate::sql::{self, MemoryTable, Options, RowOrder, ScanCount, SqlError, TableSource};

/// Why a run has no output.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The steps cannot be put in order, or name what is not there.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The query was refused or failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A step was refused or failed.
    #[error("step {step}: {error}")]
    Step {
        /// Its name.
        step: String,
        /// Why.
        error: SqlError,
    },
    /// The result has no hash.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The result has no file.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The result is not what the spec declares.
    #[error("output {output}: {fault}")]
    Schema {
        /// The output.
        output: String,
        /// The column, the declared type and the one that was found.
        fault: String,
    },
    /// The tables handed in are not the spec's inputs.
    #[error("the spec's inputs are {expected}, but the tables handed in are {found}")]
    Inputs {
        /// Names in the spec.
        expected: String,
        /// Names of the tables.
        found: String,
    },
    /// A tolerance that could never apply.
    #[error("the spec tolerates column \"{column}\", but {fault}")]
    Tolerance {
        /// The column.
        column: String,
        /// What is wrong with it.
        fault: &'static str,
    },
}

/// What a run made.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The outputs by name; at least one.
    pub outputs: BTreeMap<String, Made>,
    /// The hash that results are compared by: of the only output, or over all of them.
    pub table_hash: TableHash,
    /// What was done, in the order in which it was.
    pub steps: Vec<StepDone>,
    /// What it was computed with.
    pub engine: Engine,
}

/// One output.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its file, to be stored as `<name>.parquet`.
    pub parquet: Bytes,
    /// The rows, in order, of widened types.
    pub table: RecordBatch,
    /// The hash of its values.
    pub table_hash: TableHash,
}

/// What was observed of one step.
#[derive(Clone, Debug)]
pub struct StepDone {
    /// Its name; none for the one query of a spec of version 1.
    pub name: Option<String>,
    /// Rows of its result.
    pub rows: u64,
    /// Where the order of its rows comes from.
    pub order: RowOrder,
    /// What was read, and what WHERE dropped, per scan.
    pub scans: Vec<ScanCount>,
    /// What computed each aggregate, or the kernel.
    pub aggregates: Vec<AggregateUse>,
    /// What was computed, what was at hand, and what it took.
    pub units: UnitSummary,
}

impl Finished {
    /// The units of all steps together; of memory, the most that a step held.
    #[must_use]
    pub fn units(&self) -> UnitSummary {
        self.steps.iter().fold(UnitSummary::default(), |sum, step| sum.with(&step.units))
    }

    /// Rows of all outputs together.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.outputs.values().map(|made| made.table.num_rows() as u64).sum()
    }

    /// Rows read of the inputs by all scans together.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.input_scans().map(|scan| scan.read).sum()
    }

    /// Rows of the inputs that were dropped by all scans together, as far as it is known.
    #[must_use]
    pub fn rows_dropped(&self) -> u64 {
        self.input_scans().filter_map(|scan| scan.dropped).sum()
    }

    /// The scans that read inputs; the others read what was computed before.
    fn input_scans(&self) -> impl Iterator<Item = &ScanCount> {
        let step = |name: &str| self.steps.iter().any(|done| done.name.as_deref() == Some(name));
        self.steps.iter().flat_map(|done| &done.scans).filter(move |scan| !step(&scan.table))
    }
}

/// Executes a spec over its inputs, handed in by the names that its queries use.
///
/// Must run inside a tokio runtime. Costs memory for the whole outputs, and for what later steps
/// still read.
///
/// # Errors
/// When a query is refused or fails, or tables, declared columns or tolerances do not fit the spec.
pub async fn execute(
    spec: &ResolvedSpec,
    tables: &BTreeMap<String, Arc<dyn TableSource>>,
    options: &Options,
) -> Result<Finished, RunError> {
    if !spec.inputs.keys().eq(tables.keys()) {
        let list = |names: Vec<&String>| {
            let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        let expected = list(spec.inputs.keys().collect());
        return Err(RunError::Inputs { expected, found: list(tables.keys().collect()) });
    }
    let plan = spec.plan()?;
    let mut results = Results::default();
    let mut steps = Vec::new();
    for (at, planned) in plan.steps.iter().enumerate() {
        let named = |error| match &planned.name {
            Some(step) => RunError::Step { step: step.clone(), error },
            None => RunError::Sql(error),
        };
        let done = step(spec, planned, tables, &results, options).await.map_err(named)?;
        steps.push(StepDone {
            name: planned.name.clone(),
            rows: done.table.num_rows() as u64,
            order: done.order,
            scans: done.scans,
            aggregates: done.aggregates,
            units: done.units,
        });
        results.held.insert(planned.name.clone(), done.table);
        let later = &plan.steps[at + 1..];
        results.held.retain(|name, _| is_needed(name.as_deref(), later, &spec.work));
    }
    finish(spec, &results, steps)
}

/// The results that are still needed.
#[derive(Default)]
struct Results {
    held: BTreeMap<Option<String>, RecordBatch>,
}

impl Results {
    fn bytes(&self) -> usize {
        self.held.values().map(RecordBatch::get_array_memory_size).sum()
    }
}

fn is_needed(name: Option<&str>, later: &[Planned], work: &Work) -> bool {
    match (name, work) {
        (Some(name), Work::Steps(steps)) => {
            later.iter().any(|step| step.tables.contains(name))
                || steps.outputs.values().any(|output| output.from == name)
        }
        _ => true,
    }
}

struct Done {
    table: RecordBatch,
    order: RowOrder,
    scans: Vec<ScanCount>,
    aggregates: Vec<AggregateUse>,
    units: UnitSummary,
}

async fn step(
    spec: &ResolvedSpec,
    planned: &Planned,
    inputs: &BTreeMap<String, Arc<dyn TableSource>>,
    results: &Results,
    options: &Options,
) -> Result<Done, SqlError> {
    let held = results.bytes();
    let mut options = options.clone();
    options.memory_bytes = options.memory_bytes.checked_sub(held).ok_or_else(|| {
        let message = format!("the results of earlier steps take {held} bytes");
        SqlError::Memory { limit: options.memory_bytes, message }
    })?;
    let mut tables: BTreeMap<String, Arc<dyn TableSource>> = BTreeMap::new();
    for name in &planned.tables {
        let earlier = results.held.get(&Some(name.clone()));
        let table = match (inputs.get(name), earlier) {
            (Some(input), _) => Arc::clone(input),
            (None, Some(table)) => in_memory(table, &options)?,
            // The plan has each step after those that it reads.
            (None, None) => continue,
        };
        tables.insert(name.clone(), table);
    }
    match &planned.step {
        Step::Sql(sql) => {
            let parameters = spec.scalars(&planned.parameters);
            let answer = sql::execute(sql, &parameters, &tables, &options).await?;
            let sql::Answer { table, order, scans, aggregates, units } = answer;
            Ok(Done { table, order, scans, aggregates, units })
        }
        Step::Kernel(call) => {
            let missing = || SqlError::Plan(format!("there is no table {:?}", call.table));
            let source = tables.get(&call.table).ok_or_else(missing)?;
            let reduced = reduce(call, source, &options).await?;
            let rows = reduced.scan.read;
            Ok(Done {
                table: reduced.table,
                order: RowOrder::Canonical,
                scans: vec![reduced.scan],
                aggregates: vec![reduced.used],
                units: UnitSummary { planned: 1, computed: 1, rows, ..UnitSummary::default() },
            })
        }
    }
}

/// A result as a table, cut so that it can be read by several at once, and named by content where
/// what is made of it may be kept.
fn in_memory(table: &RecordBatch, options: &Options) -> Result<Arc<dyn TableSource>, SqlError> {
    const BATCH_ROWS: usize = 65_536;
    let rows = table.num_rows();
    let cuts = (0..rows.max(1)).step_by(BATCH_ROWS);
    let batches = cuts.map(|at| table.slice(at, BATCH_ROWS.min(rows - at))).collect();
    let source = MemoryTable::new(table.schema(), batches);
    Ok(Arc::new(match &options.cache {
        Some(_) => source.hashed(table_hash(&table.schema(), std::slice::from_ref(table))?),
        None => source,
    }))
}

fn finish(
    spec: &ResolvedSpec,
    results: &Results,
    steps: Vec<StepDone>,
) -> Result<Finished, RunError> {
    let mut outputs = BTreeMap::new();
    for (name, tolerance) in spec.work.outputs() {
        let (from, columns) = match &spec.work {
            Work::Query(_) => (None, None),
            Work::Steps(work) => {
                let output = work.outputs.get(name);
                let from = output.map(|output| output.from.clone());
                (from, output.and_then(|output| output.columns.as_ref()))
            }
        };
        let Some(table) = results.held.get(&from) else { continue };
        if let Some(columns) = columns {
            check::columns(name, columns, &table.schema())?;
        }
        check::tolerances(tolerance, &table.schema())?;
        let made = Made {
            parquet: write_parquet(table)?,
            table_hash: table_hash(&table.schema(), std::slice::from_ref(table))?,
            table: table.clone(),
        };
        outputs.insert(name.to_owned(), made);
    }
    let hashes: BTreeMap<&str, TableHash> =
        outputs.iter().map(|(name, made)| (name.as_str(), made.table_hash)).collect();
    let table_hash = outputs_hash(&hashes);
    Ok(Finished { outputs, table_hash, steps, engine: Engine::current() })
}
