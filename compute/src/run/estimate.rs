//! What a run would do, before anything is computed.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::execute::RunError;
use super::kernel::KernelCall;
use super::plan::Planned;
use super::resolved::ResolvedSpec;
use super::steps::Step;
use crate::columns::widened_field;
use crate::sql::unit::{ScanPlan, Shape, StepPlan};
use crate::sql::{self, MemoryTable, Options, SqlError, TableSource};

/// The plan of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepEstimate {
    /// Its name; none for the one query of a spec of version 1.
    pub name: Option<String>,
    /// Its units and scans. What an earlier step hands on counts as empty: only computing it
    /// tells its size.
    pub plan: StepPlan,
}

/// The plan of each step of a run, in the order in which they would be executed. Reads footers and
/// where the records of long CSVs begin, and no rows.
///
/// # Errors
/// As executing has them, as far as planning finds out.
pub async fn estimate(
    spec: &ResolvedSpec,
    tables: &BTreeMap<String, Arc<dyn TableSource>>,
    options: &Options,
) -> Result<Vec<StepEstimate>, RunError> {
    let mut known = tables.clone();
    let mut steps = Vec::new();
    for planned in &spec.plan()?.steps {
        let named = |error| match &planned.name {
            Some(step) => RunError::Step { step: step.clone(), error },
            None => RunError::Sql(error),
        };
        let (plan, schema) = step(spec, planned, &known, options).await.map_err(named)?;
        if let Some(name) = &planned.name {
            known.insert(name.clone(), Arc::new(MemoryTable::new(schema, Vec::new())));
        }
        steps.push(StepEstimate { name: planned.name.clone(), plan });
    }
    Ok(steps)
}

async fn step(
    spec: &ResolvedSpec,
    planned: &Planned,
    known: &BTreeMap<String, Arc<dyn TableSource>>,
    options: &Options,
) -> Result<(StepPlan, SchemaRef), SqlError> {
    match &planned.step {
        Step::Sql(text) => {
            let tables: BTreeMap<String, Arc<dyn TableSource>> = known
                .iter()
                .filter(|(name, _)| planned.tables.contains(*name))
                .map(|(name, table)| (name.clone(), Arc::clone(table)))
                .collect();
            let parameters = spec.scalars(&planned.parameters);
            sql::plan(text, &parameters, &tables, options).await
        }
        Step::Kernel(call) => {
            let missing = || SqlError::Plan(format!("there is no table {:?}", call.table));
            kernel(call, known.get(&call.table).ok_or_else(missing)?).await
        }
    }
}

/// A kernel reads its columns as one piece; its result has the group's column and its own.
async fn kernel(
    call: &KernelCall,
    table: &Arc<dyn TableSource>,
) -> Result<(StepPlan, SchemaRef), SqlError> {
    let schema = table.schema();
    let place = |name: &str| {
        schema
            .index_of(name)
            .map_err(|_| SqlError::Plan(format!("table {:?} has no column {name:?}", call.table)))
    };
    let columns = call.reads().into_iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let ranges = table.ranges(&columns, u64::MAX).await?;
    let known = !ranges.is_empty();
    let scan = ScanPlan {
        table: call.table.clone(),
        shape: Shape::Whole,
        rows: known.then(|| ranges.iter().map(|range| range.rows).sum()).flatten(),
        bytes: known.then(|| ranges.iter().map(|range| range.bytes).sum()),
    };
    let mut fields = Vec::new();
    if let Some(group) = &call.group {
        let field = widened_field(schema.field(place(group)?));
        fields.push(field.map_err(|error| SqlError::Plan(error.to_string()))?);
    }
    fields.extend(call.kernel.results().iter().map(|&name| {
        let kind = if name == "n" { DataType::Int64 } else { DataType::Float64 };
        Field::new(name, kind, true)
    }));
    Ok((StepPlan { scans: vec![scan] }, Arc::new(Schema::new(fields))))
}
