//! Executes a resolved spec: the same call for a first run and for its reproduction.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use datafusion::common::ScalarValue;
use veritrail_provenance::hash::TableHash;

use super::canonical::{TableError, table_hash};
use super::compare::is_measurable;
use super::engine::Engine;
use super::output::{OutputError, write_parquet};
use super::resolved::ResolvedSpec;
use crate::sql::{self, Options, RowOrder, ScanCount, SqlError, TableSource};

/// Why a run has no output.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The query was refused or failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The result has no hash.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The result has no file.
    #[error(transparent)]
    Output(#[from] OutputError),
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
    /// The file of the output, to be stored as `<output>.parquet`.
    pub parquet: Bytes,
    /// The rows, in order, of widened types.
    pub table: RecordBatch,
    /// The hash that results are compared by.
    pub table_hash: TableHash,
    /// Where the order of the rows comes from.
    pub order: RowOrder,
    /// What was read, and what WHERE dropped, per scan.
    pub scans: Vec<ScanCount>,
    /// What it was computed with.
    pub engine: Engine,
}

impl Finished {
    /// Rows of the output.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.table.num_rows() as u64
    }

    /// Rows read by all scans together.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.scans.iter().map(|scan| scan.read).sum()
    }

    /// Rows dropped by all scans together, as far as it is known.
    #[must_use]
    pub fn rows_dropped(&self) -> u64 {
        self.scans.iter().filter_map(|scan| scan.dropped).sum()
    }
}

/// Executes a spec over its inputs, handed in by the names that the query uses.
///
/// Must run inside a tokio runtime. Costs memory for the whole output.
///
/// # Errors
/// When the query is refused or fails, or the tables or tolerances do not fit the spec.
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
    let parameters: BTreeMap<String, ScalarValue> =
        spec.parameters.iter().map(|(name, value)| (name.clone(), value.to_scalar())).collect();
    let answer = sql::execute(&spec.sql, &parameters, tables, options).await?;
    check_tolerances(spec, &answer.table)?;
    Ok(Finished {
        parquet: write_parquet(&answer.table)?,
        table_hash: table_hash(&answer.table.schema(), std::slice::from_ref(&answer.table))?,
        table: answer.table,
        order: answer.order,
        scans: answer.scans,
        engine: Engine::current(),
    })
}

fn check_tolerances(spec: &ResolvedSpec, table: &RecordBatch) -> Result<(), RunError> {
    for column in spec.tolerance.keys() {
        let fault = match table.schema().field_with_name(column) {
            Err(_) => "the output has no such column",
            Ok(field) if !is_measurable(field.data_type()) => "it is not numeric",
            Ok(_) => continue,
        };
        return Err(RunError::Tolerance { column: column.clone(), fault });
    }
    Ok(())
}
