//! SPEC.toml: the tables and keys of both versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::kernel::{Kernel, KernelCall};
use super::parameter::Parameter;
use super::spec::{
    DEFAULT_OUTPUT, Query, SPEC_BYTES_MAX, SPEC_VERSION, Spec, SpecError, Tolerance, Work,
};
use super::steps::{Output, Step, Steps};

impl Spec {
    /// Reads a SPEC.toml.
    ///
    /// # Errors
    /// When it is too long, is not TOML, holds an unknown key or version, or an unusable value.
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        if text.len() > SPEC_BYTES_MAX {
            return Err(SpecError::Limit { what: "its length", limit: SPEC_BYTES_MAX });
        }
        // The version first: another version's keys are no fault of the writer.
        let table: toml::Table = read(text)?;
        let spec = match table.get("version") {
            Some(toml::Value::Integer(1)) => read::<QueryFile>(text)?.into_spec()?,
            Some(toml::Value::Integer(SPEC_VERSION)) => read::<StepsFile>(text)?.into_spec()?,
            Some(toml::Value::Integer(other)) => return Err(SpecError::Version(*other)),
            _ => return Err(SpecError::Missing("version = 1 (one query) or 2 (steps)")),
        };
        spec.check()?;
        Ok(spec)
    }

    /// Writes the spec down, so that `run SPEC.toml` does what the command line did; as version 1
    /// where that can hold it.
    ///
    /// # Errors
    /// When a value has no TOML form, which [`Self::from_toml`] never lets in.
    pub fn to_toml(&self) -> Result<String, SpecError> {
        let shared = Shared {
            seed: self.seed,
            inputs: self.inputs.clone(),
            parameters: self
                .parameters
                .iter()
                .map(|(name, value)| (name.clone(), value.to_toml()))
                .collect(),
        };
        let text = match &self.work {
            Work::Query(query) => toml::to_string(&QueryFile::of(query, shared)),
            Work::Steps(steps) => toml::to_string(&StepsFile::of(steps, shared)),
        };
        text.map_err(|error| SpecError::Toml(error.to_string()))
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, SpecError> {
    toml::from_str(text).map_err(|error| SpecError::Toml(error.to_string()))
}

/// What both versions hold, in their own words.
struct Shared {
    seed: Option<u64>,
    inputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, toml::Value>,
}

impl Shared {
    fn into_spec(self, work: Work) -> Result<Spec, SpecError> {
        let parameters = self
            .parameters
            .into_iter()
            .map(|(name, value)| {
                let value = Parameter::from_toml(&value)
                    .map_err(|why| SpecError::Parameter(name.clone(), why))?;
                Ok((name, value))
            })
            .collect::<Result<_, SpecError>>()?;
        Ok(Spec { work, inputs: self.inputs, seed: self.seed, parameters })
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct QueryFile {
    version: i64,
    sql: String,
    #[serde(default = "default_output")]
    output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(default)]
    inputs: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<String, toml::Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tolerance: BTreeMap<String, ToleranceFile>,
}

fn default_output() -> String {
    DEFAULT_OUTPUT.to_owned()
}

impl QueryFile {
    fn of(query: &Query, shared: Shared) -> Self {
        let Shared { seed, inputs, parameters } = shared;
        Self {
            version: 1,
            sql: query.sql.clone(),
            output: query.output.clone(),
            seed,
            inputs,
            parameters,
            tolerance: tolerance_file(&query.tolerance),
        }
    }

    fn into_spec(self) -> Result<Spec, SpecError> {
        let tolerance = tolerance(self.tolerance);
        let query = Query { sql: self.sql, output: self.output, tolerance };
        let shared = Shared { seed: self.seed, inputs: self.inputs, parameters: self.parameters };
        shared.into_spec(Work::Query(query))
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StepsFile {
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(default)]
    inputs: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<String, toml::Value>,
    #[serde(default)]
    steps: BTreeMap<String, StepFile>,
    #[serde(default)]
    outputs: BTreeMap<String, OutputFile>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    sql: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct OutputFile {
    from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    columns: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tolerance: BTreeMap<String, ToleranceFile>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a table: absolute = 0.01 or relative = 0.01")]
struct ToleranceFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relative: Option<f64>,
}

impl StepsFile {
    fn of(work: &Steps, shared: Shared) -> Self {
        let Shared { seed, inputs, parameters } = shared;
        let steps = work.steps.iter().map(|(name, step)| (name.clone(), StepFile::of(step)));
        let outputs = work.outputs.iter().map(|(name, output)| {
            let columns = output.columns.as_ref().map(|columns| {
                columns.iter().map(|(name, kind)| (name.clone(), kind.to_string())).collect()
            });
            let tolerance = tolerance_file(&output.tolerance);
            (name.clone(), OutputFile { from: output.from.clone(), columns, tolerance })
        });
        Self {
            version: SPEC_VERSION,
            seed,
            inputs,
            parameters,
            steps: steps.collect(),
            outputs: outputs.collect(),
        }
    }

    fn into_spec(self) -> Result<Spec, SpecError> {
        let steps = self
            .steps
            .into_iter()
            .map(|(name, file)| {
                let step = file
                    .into_step()
                    .map_err(|fault| SpecError::Step { step: name.clone(), fault })?;
                Ok((name, step))
            })
            .collect::<Result<_, SpecError>>()?;
        let outputs = self
            .outputs
            .into_iter()
            .map(|(name, file)| {
                let output = file
                    .into_output()
                    .map_err(|fault| SpecError::Output { output: name.clone(), fault })?;
                Ok((name, output))
            })
            .collect::<Result<_, SpecError>>()?;
        let shared = Shared { seed: self.seed, inputs: self.inputs, parameters: self.parameters };
        shared.into_spec(Work::Steps(Steps { steps, outputs }))
    }
}

impl StepFile {
    fn of(step: &Step) -> Self {
        match step {
            Step::Sql(sql) => Self { sql: Some(sql.clone()), ..Self::default() },
            Step::Kernel(call) => Self {
                sql: None,
                kernel: Some(call.kernel.name().to_owned()),
                table: Some(call.table.clone()),
                columns: Some(call.columns.clone()),
                group: call.group.clone(),
            },
        }
    }

    fn into_step(self) -> Result<Step, String> {
        match self {
            Self { sql: Some(sql), kernel: None, table: None, columns: None, group: None } => {
                Ok(Step::Sql(sql))
            }
            Self { sql: None, kernel: Some(name), table, columns, group } => {
                let known: Vec<&str> = Kernel::ALL.into_iter().map(Kernel::name).collect();
                let kernel = Kernel::named(&name).ok_or_else(|| {
                    format!("there is no kernel {name:?}; the kernels are {}", known.join(", "))
                })?;
                let table = table.ok_or("a kernel needs table = \"…\"")?;
                let columns = columns.ok_or("a kernel needs columns = [\"…\"]")?;
                Ok(Step::Kernel(KernelCall { kernel, table, columns, group }))
            }
            Self { sql: Some(_), kernel: Some(_), .. } => {
                Err("it has both sql and kernel: make two steps of it".to_owned())
            }
            Self { sql: Some(_), .. } => {
                Err("table, columns and group are a kernel's; a query names them itself".to_owned())
            }
            Self { sql: None, kernel: None, .. } => {
                Err("it needs sql = \"SELECT …\" or kernel = \"…\"".to_owned())
            }
        }
    }
}

impl OutputFile {
    fn into_output(self) -> Result<Output, String> {
        let columns = self.columns.map(|columns| {
            let typed = |(name, kind): (String, String)| match kind.parse() {
                Ok(kind) => Ok((name, kind)),
                Err(error) => Err(format!("column {name:?}: {error}")),
            };
            columns.into_iter().map(typed).collect::<Result<BTreeMap<_, _>, String>>()
        });
        Ok(Output {
            from: self.from,
            columns: columns.transpose()?,
            tolerance: tolerance(self.tolerance),
        })
    }
}

fn tolerance(file: BTreeMap<String, ToleranceFile>) -> BTreeMap<String, Tolerance> {
    file.into_iter()
        .map(|(column, ToleranceFile { absolute, relative })| {
            (column, Tolerance { absolute, relative })
        })
        .collect()
}

fn tolerance_file(tolerance: &BTreeMap<String, Tolerance>) -> BTreeMap<String, ToleranceFile> {
    tolerance
        .iter()
        .map(|(column, &Tolerance { absolute, relative })| {
            (column.clone(), ToleranceFile { absolute, relative })
        })
        .collect()
}
