//! A spec whose inputs are roots: what a receipt names by hash, and what `reproduce` runs.
//!
//! Its one byte form is JSON with sorted keys, no white space, and floats as text, so that one
//! spec has one hash; reading refuses any other bytes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use veritrail_provenance::hash::{DatasetRoot, TextHash};

use super::parameter::{Parameter, is_writable};
use super::spec::{SPEC_BYTES_MAX, Spec, SpecError, Tolerance};

/// The version of the resolved form.
pub const RESOLVED_VERSION: u64 = 1;

/// An input by content alone: no name, node or log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedInput {
    /// The root of the dataset's version.
    pub root: DatasetRoot,
    /// The path or glob that chose its files; none for a dataset of one table.
    pub select: Option<String>,
}

/// A spec that means the same on every node.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedSpec {
    /// The query, byte for byte as it was written.
    pub sql: String,
    /// Table name → root and selection.
    pub inputs: BTreeMap<String, ResolvedInput>,
    /// What the output file is called.
    pub output: String,
    /// Column → tolerance.
    pub tolerance: BTreeMap<String, Tolerance>,
    /// Recorded, not yet drawn from.
    pub seed: Option<u64>,
    /// Name → value.
    pub parameters: BTreeMap<String, Parameter>,
}

impl Spec {
    /// Replaces every reference by the root that it stands for.
    ///
    /// # Errors
    /// When an input is not among `roots`, or a root is for no input.
    pub fn resolve(
        &self,
        roots: BTreeMap<String, ResolvedInput>,
    ) -> Result<ResolvedSpec, SpecError> {
        self.check()?;
        let odd = self.inputs.keys().find(|name| !roots.contains_key(*name));
        if let Some(name) = odd.or(roots.keys().find(|name| !self.inputs.contains_key(*name))) {
            return Err(SpecError::Unresolved(name.clone()));
        }
        Ok(ResolvedSpec {
            sql: self.sql.clone(),
            inputs: roots,
            output: self.output.clone(),
            tolerance: self.tolerance.clone(),
            seed: self.seed,
            parameters: self.parameters.clone(),
        })
    }
}

impl ResolvedSpec {
    /// The one byte form: what is stored as the spec's blob.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let inputs: Map<String, Value> = self
            .inputs
            .iter()
            .map(|(name, input)| {
                let value = match &input.select {
                    Some(select) => json!({ "root": input.root.to_hex(), "select": select }),
                    None => json!({ "root": input.root.to_hex() }),
                };
                (name.clone(), value)
            })
            .collect();
        let mut object = Map::new();
        object.insert("inputs".to_owned(), Value::Object(inputs));
        object.insert("output".to_owned(), json!(self.output));
        let parameters = self.parameters.iter().map(|(name, p)| (name.clone(), tagged(p)));
        object.insert("parameters".to_owned(), Value::Object(parameters.collect()));
        if let Some(seed) = self.seed {
            // As text: JSON readers lose whole numbers beyond 2^53.
            object.insert("seed".to_owned(), json!(seed.to_string()));
        }
        object.insert("sql".to_owned(), json!(self.sql));
        let tolerance = self.tolerance.iter().map(|(column, t)| (column.clone(), bounds(t)));
        object.insert("tolerance".to_owned(), Value::Object(tolerance.collect()));
        object.insert("v".to_owned(), json!(RESOLVED_VERSION));
        // serde_json's Map is sorted by key (its feature preserve_order is off; a golden file
        // pins it), and writing a value of strings and whole numbers cannot fail.
        Value::Object(object).to_string().into_bytes()
    }

    /// Reads the byte form back.
    ///
    /// # Errors
    /// When the bytes are not exactly what [`Self::to_bytes`] makes of some spec.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SpecError> {
        if bytes.len() > 2 * SPEC_BYTES_MAX {
            let what = "the length of the resolved spec";
            return Err(SpecError::Limit { what, limit: 2 * SPEC_BYTES_MAX });
        }
        let wire: Wire = serde_json::from_slice(bytes)
            .map_err(|error| SpecError::NotCanonical(error.to_string()))?;
        let spec = wire.into_spec()?;
        spec.as_written().check()?;
        if spec.to_bytes() == bytes {
            Ok(spec)
        } else {
            Err(SpecError::NotCanonical("another writing of the same spec".to_owned()))
        }
    }

    /// The hash of the resolved spec, which a receipt names.
    #[must_use]
    pub fn text_hash(&self) -> TextHash {
        TextHash::of(&self.to_bytes())
    }

    /// The hash of the query's text alone.
    #[must_use]
    pub fn sql_hash(&self) -> TextHash {
        TextHash::of(self.sql.as_bytes())
    }

    /// The spec as a person would write it, each input named by its root; for checks only.
    fn as_written(&self) -> Spec {
        let inputs = self.inputs.iter().map(|(name, i)| (name.clone(), i.root.to_hex()));
        Spec {
            sql: self.sql.clone(),
            inputs: inputs.collect(),
            output: self.output.clone(),
            tolerance: self.tolerance.clone(),
            seed: self.seed,
            parameters: self.parameters.clone(),
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    v: u64,
    sql: String,
    output: String,
    seed: Option<String>,
    inputs: BTreeMap<String, WireInput>,
    parameters: BTreeMap<String, BTreeMap<String, Value>>,
    tolerance: BTreeMap<String, WireTolerance>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WireInput {
    root: String,
    select: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTolerance {
    absolute: Option<String>,
    relative: Option<String>,
}

impl Wire {
    fn into_spec(self) -> Result<ResolvedSpec, SpecError> {
        let bad = |what: &str| SpecError::NotCanonical(what.to_owned());
        if self.v != RESOLVED_VERSION {
            return Err(bad("an unknown version"));
        }
        let mut inputs = BTreeMap::new();
        for (name, input) in self.inputs {
            let root = input.root.parse().map_err(|_| bad("a root that is not 64 hex digits"))?;
            inputs.insert(name, ResolvedInput { root, select: input.select });
        }
        let mut parameters = BTreeMap::new();
        for (name, tagged) in self.parameters {
            let value = untagged(tagged).ok_or_else(|| bad("an unknown parameter type"))?;
            parameters.insert(name, value);
        }
        let mut tolerance = BTreeMap::new();
        for (column, wire) in self.tolerance {
            let number = |text: Option<String>| {
                text.map(|t| t.parse::<f64>().map_err(|_| bad("a tolerance that is no number")))
                    .transpose()
            };
            let (absolute, relative) = (number(wire.absolute)?, number(wire.relative)?);
            tolerance.insert(column, Tolerance { absolute, relative });
        }
        let seed = self.seed.map(|text| text.parse().map_err(|_| bad("a seed that is no number")));
        Ok(ResolvedSpec {
            sql: self.sql,
            inputs,
            output: self.output,
            tolerance,
            seed: seed.transpose()?,
            parameters,
        })
    }
}

/// Shortest text that reads back as the same float.
fn float_text(value: f64) -> String {
    format!("{value:?}")
}

fn bounds(tolerance: &Tolerance) -> Value {
    let mut object = Map::new();
    for (name, bound) in [("absolute", tolerance.absolute), ("relative", tolerance.relative)] {
        if let Some(bound) = bound {
            object.insert(name.to_owned(), json!(float_text(bound)));
        }
    }
    Value::Object(object)
}

fn tagged(parameter: &Parameter) -> Value {
    match parameter {
        Parameter::Bool(x) => json!({ "bool": x }),
        Parameter::Int64(x) => json!({ "int64": x.to_string() }),
        Parameter::Float64(x) => json!({ "float64": float_text(*x) }),
        Parameter::Text(x) => json!({ "text": x }),
        Parameter::Date(x) => json!({ "date32": x.to_string() }),
    }
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
