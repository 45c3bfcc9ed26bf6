//! What a run would do: its units, rows and bytes, and how long it may take. Writes nothing.

use serde::Serialize;
use veritrail_compute::{
    run::estimate::{StepEstimate, estimate},
    sql::unit::Shape,
};

use super::{
    RunRequest, execute,
    inputs::{self, Input},
    means, spec_of,
};
use crate::{
    error::{Kind, OrKind as _, Result},
    node::Node,
};

/// A run that was planned and not executed.
#[derive(Debug, Clone, Serialize)]
pub struct RunPlan {
    /// `NAME = REF` each.
    pub inputs: Vec<String>,
    /// The steps, in the order in which they would be executed.
    pub steps: Vec<StepCost>,
    /// Units of all steps.
    pub units: u64,
    /// Rows to be read, where files say or the manifest; counted only by reading.
    pub rows: Option<u64>,
    /// Bytes to be read of the inputs.
    pub bytes: u64,
    /// Seconds that reading so many bytes takes at the rate of the last run here; None where none
    /// has been measured.
    pub seconds: Option<f64>,
}

/// What one step costs.
#[derive(Debug, Clone, Serialize)]
pub struct StepCost {
    /// Its name; none for the one query of a spec of version 1.
    pub step: Option<String>,
    /// Units of the step.
    pub units: u64,
    /// Each scan of a table, in the order of the plan.
    pub scans: Vec<ScanCost>,
}

/// What one scan of a table costs.
#[derive(Debug, Clone, Serialize)]
pub struct ScanCost {
    /// The table's name in the query.
    pub table: String,
    /// Units that it is cut into; None where its rows are worked on as one piece.
    pub units: Option<u64>,
    /// Rows, where that is known.
    pub rows: Option<u64>,
    /// Bytes of the columns that are read.
    pub bytes: Option<u64>,
}

impl Node {
    /// Plans a run as [`Node::run`] would execute it.
    ///
    /// # Errors
    /// As [`Node::run`] has them, as far as planning finds out.
    pub async fn plan_run(&self, request: &RunRequest) -> Result<RunPlan> {
        let spec = spec_of(&request.task)?;
        let inputs = self.inputs(&spec).await?;
        let resolved = spec.resolve(inputs::roots(&inputs)).or_kind(Kind::Usage)?;
        let tables = execute::tables(&resolved, &inputs::opened(&inputs)).await?;
        let options = means::planned(&request.work)?;
        let steps = estimate(&resolved, &tables, &options).await;
        let steps = steps.map_err(|e| execute::error(&e))?;
        let bytes = steps.iter().map(|step| step.plan.bytes()).sum();
        let rate = means::rate(self);
        Ok(RunPlan {
            inputs: inputs.iter().map(Input::shown).collect(),
            units: steps.iter().map(|step| step.plan.units()).sum(),
            rows: steps.iter().map(|step| step.plan.rows()).sum(),
            bytes,
            seconds: rate.map(|rate| bytes as f64 / rate as f64),
            steps: steps.iter().map(cost).collect(),
        })
    }
}

fn cost(step: &StepEstimate) -> StepCost {
    let scans = step.plan.scans.iter().map(|scan| ScanCost {
        table: scan.table.clone(),
        units: match scan.shape {
            Shape::Ranges(units) => Some(units),
            Shape::Whole => None,
        },
        rows: scan.rows,
        bytes: scan.bytes,
    });
    StepCost { step: step.name.clone(), units: step.plan.units(), scans: scans.collect() }
}
