//! What a run of several steps computes: queries and kernels over inputs and each other, and which
//! of their results are the outputs.

use std::collections::{BTreeMap, BTreeSet};

use veritrail_datasets::schema::ColumnType;
use veritrail_provenance::layout::FilePath;

use super::kernel::KernelCall;
use super::spec::{SPEC_BYTES_MAX, SPEC_ENTRIES_MAX, SpecError, Tolerance, check_name};

/// The work of a spec of version 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// Name → step. Other steps read its result as a table of this name.
    pub steps: BTreeMap<String, Step>,
    /// Name → output; at least one.
    pub outputs: BTreeMap<String, Output>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// One SELECT; the tables that it names are inputs or other steps.
    Sql(String),
    /// An exact reduction of whole columns.
    Kernel(KernelCall),
}

/// What of a run is published: a step's result, in a file of this output's name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// The step.
    pub from: String,
    /// Column → type, where the spec declares them: the result must have these and no others.
    pub columns: Option<BTreeMap<String, ColumnType>>,
    /// Column → tolerance.
    pub tolerance: BTreeMap<String, Tolerance>,
}

impl Steps {
    /// Checks names and sizes, which need neither the queries nor the inputs' tables.
    pub(super) fn check(&self, inputs: &BTreeSet<&String>) -> Result<(), SpecError> {
        if self.steps.is_empty() {
            return Err(SpecError::Missing("[steps.NAME]"));
        }
        if self.outputs.is_empty() {
            return Err(SpecError::Missing("[outputs.NAME]"));
        }
        let sizes = [self.steps.len(), self.outputs.len()];
        if sizes.into_iter().any(|size| size > SPEC_ENTRIES_MAX) {
            let what = "the number of steps or outputs";
            return Err(SpecError::Limit { what, limit: SPEC_ENTRIES_MAX });
        }
        for (name, step) in &self.steps {
            check_name(name, "a step")?;
            if inputs.contains(name) {
                return Err(SpecError::Clash(name.clone()));
            }
            check_step(name, step)?;
        }
        for (name, output) in &self.outputs {
            check_output(name, output, self.steps.contains_key(&output.from))?;
        }
        Ok(())
    }
}

fn check_step(name: &str, step: &Step) -> Result<(), SpecError> {
    match step {
        Step::Sql(sql) if sql.trim().is_empty() => {
            Err(SpecError::Step { step: name.to_owned(), fault: "its sql is empty".to_owned() })
        }
        Step::Sql(sql) if sql.len() > SPEC_BYTES_MAX => {
            Err(SpecError::Limit { what: "a query's length", limit: SPEC_BYTES_MAX })
        }
        Step::Sql(_) => Ok(()),
        Step::Kernel(call) => {
            call.check().map_err(|fault| SpecError::Step { step: name.to_owned(), fault })
        }
    }
}

fn check_output(name: &str, output: &Output, known: bool) -> Result<(), SpecError> {
    check_name(name, "an output")?;
    if let Err(fault) = format!("{name}.parquet").parse::<FilePath>() {
        return Err(SpecError::Output { output: name.to_owned(), fault: fault.to_string() });
    }
    if !known {
        return Err(SpecError::Output {
            output: name.to_owned(),
            fault: format!("it is from {:?}, which is no step", output.from),
        });
    }
    let most = output.tolerance.len().max(output.columns.as_ref().map_or(0, BTreeMap::len));
    if most > SPEC_ENTRIES_MAX {
        let what = "the number of an output's columns or tolerances";
        return Err(SpecError::Limit { what, limit: SPEC_ENTRIES_MAX });
    }
    let empty = output.columns.as_ref().is_some_and(BTreeMap::is_empty);
    if empty {
        let fault = "its columns are declared and none is named".to_owned();
        return Err(SpecError::Output { output: name.to_owned(), fault });
    }
    output.tolerance.iter().try_for_each(|(column, tolerance)| tolerance.check(column))
}
