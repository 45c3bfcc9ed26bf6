//! A resolved spec from JSON. That the JSON is in canonical form is found out by writing what was
//! read, so this only has to refuse what could not be held.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{ResolvedInput, ResolvedSpec};
use crate::run::kernel::{Kernel, KernelCall};
use crate::run::parameter::{Parameter, is_writable};
use crate::run::spec::{Query, SpecError, Tolerance, Work};
use crate::run::steps::{Output, Step, Steps};

type Inputs = BTreeMap<String, WireInput>;
type Parameters = BTreeMap<String, BTreeMap<String, Value>>;

/// Reads either version.
pub(super) fn spec(bytes: &[u8]) -> Result<ResolvedSpec, SpecError> {
    let fault = |error: serde_json::Error| SpecError::NotCanonical(error.to_string());
    let Versioned { v } = serde_json::from_slice(bytes).map_err(fault)?;
    match v {
        1 => serde_json::from_slice::<One>(bytes).map_err(fault)?.into_spec(),
        2 => serde_json::from_slice::<Two>(bytes).map_err(fault)?.into_spec(),
        _ => Err(bad("an unknown version")),
    }
}

fn bad(what: &str) -> SpecError {
    SpecError::NotCanonical(what.to_owned())
}

#[derive(Deserialize)]
struct Versioned {
    v: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    #[serde(rename = "v")]
    _v: u64,
    sql: String,
    output: String,
    seed: Option<String>,
    inputs: Inputs,
    parameters: Parameters,
    tolerance: BTreeMap<String, WireTolerance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Two {
    #[serde(rename = "v")]
    _v: u64,
    steps: BTreeMap<String, WireStep>,
    outputs: BTreeMap<String, WireOutput>,
    seed: Option<String>,
    inputs: Inputs,
    parameters: Parameters,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireInput {
    root: String,
    select: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WireStep {
    Sql(WireSql),
    Kernel(WireKernel),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSql {
    sql: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKernel {
    kernel: String,
    table: String,
    columns: Vec<String>,
    group: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireOutput {
    from: String,
    columns: Option<BTreeMap<String, String>>,
    tolerance: BTreeMap<String, WireTolerance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTolerance {
    absolute: Option<String>,
    relative: Option<String>,
}

impl One {
    fn into_spec(self) -> Result<ResolvedSpec, SpecError> {
        let tolerance = tolerances(self.tolerance)?;
        let query = Query { sql: self.sql, output: self.output, tolerance };
        assembled(Work::Query(query), self.inputs, self.parameters, self.seed)
    }
}

impl Two {
    fn into_spec(self) -> Result<ResolvedSpec, SpecError> {
        let steps = self.steps.into_iter().map(|(name, wire)| Ok((name, wire.into_step()?)));
        let outputs = self.outputs.into_iter().map(|(name, wire)| Ok((name, wire.into_output()?)));
        let work = Work::Steps(Steps {
            steps: steps.collect::<Result<_, SpecError>>()?,
            outputs: outputs.collect::<Result<_, SpecError>>()?,
        });
        assembled(work, self.inputs, self.parameters, self.seed)
    }
}

impl WireStep {
    fn into_step(self) -> Result<Step, SpecError> {
        Ok(match self {
            Self::Sql(WireSql { sql }) => Step::Sql(sql),
            Self::Kernel(WireKernel { kernel, table, columns, group }) => {
                let kernel = Kernel::named(&kernel).ok_or_else(|| bad("an unknown kernel"))?;
                Step::Kernel(KernelCall { kernel, table, columns, group })
            }
        })
    }
}

impl WireOutput {
    fn into_output(self) -> Result<Output, SpecError> {
        let typed = |(name, kind): (String, String)| {
            Ok((name, kind.parse().map_err(|_| bad("an unknown column type"))?))
        };
        let columns = self
            .columns
            .map(|columns| columns.into_iter().map(typed).collect::<Result<_, SpecError>>());
        Ok(Output {
            from: self.from,
            columns: columns.transpose()?,
            tolerance: tolerances(self.tolerance)?,
        })
    }
}

fn assembled(
    work: Work,
    inputs: Inputs,
    parameters: Parameters,
    seed: Option<String>,
) -> Result<ResolvedSpec, SpecError> {
    let inputs = inputs.into_iter().map(|(name, input)| {
        let root = input.root.parse().map_err(|_| bad("a root that is not 64 hex digits"))?;
        Ok((name, ResolvedInput { root, select: input.select }))
    });
    let parameters = parameters.into_iter().map(|(name, tagged)| {
        let value = untagged(tagged).ok_or_else(|| bad("an unknown parameter type"))?;
        Ok((name, value))
    });
    let seed = seed.map(|text| text.parse().map_err(|_| bad("a seed that is no number")));
    Ok(ResolvedSpec {
        work,
        inputs: inputs.collect::<Result<_, SpecError>>()?,
        seed: seed.transpose()?,
        parameters: parameters.collect::<Result<_, SpecError>>()?,
    })
}

fn tolerances(
    wire: BTreeMap<String, WireTolerance>,
) -> Result<BTreeMap<String, Tolerance>, SpecError> {
    let number = |text: Option<String>| {
        text.map(|text| text.parse::<f64>().map_err(|_| bad("a tolerance that is no number")))
            .transpose()
    };
    wire.into_iter()
        .map(|(column, wire)| {
            let (absolute, relative) = (number(wire.absolute)?, number(wire.relative)?);
            Ok((column, Tolerance { absolute, relative }))
        })
        .collect()
}

fn untagged(mut tagged: BTreeMap<String, Value>) -> Option<Parameter> {
    let (tag, value) = tagged.pop_first()?;
    if !tagged.is_empty() {
        return None;
    }
    Some(match (tag.as_str(), value) {
        ("bool", Value::Bool(x)) => Parameter::Bool(x),
        ("int64", Value::String(x)) => Parameter::Int64(x.parse().ok()?),
        ("float64", Value::String(x)) => Parameter::Float64(x.parse().ok()?),
        ("text", Value::String(x)) => Parameter::Text(x),
        ("date32", Value::String(x)) => {
            Parameter::Date(x.parse().ok().filter(|&days| is_writable(days))?)
        }
        _ => return None,
    })
}
