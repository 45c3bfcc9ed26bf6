//! What a run is asked to do: SPEC.toml as a person writes it.
//!
//! The file is strict: an unknown key is an error, so that what a newer version adds can never be
//! silently left out by an older program. The form that is hashed and kept is
//! [`super::resolved::ResolvedSpec`].

use std::collections::BTreeMap;

use super::parameter::{Parameter, is_writable};

/// The version of SPEC.toml that this program reads and writes.
pub const SPEC_VERSION: i64 = 1;

/// The longest SPEC.toml that is read, in bytes.
pub const SPEC_BYTES_MAX: usize = 1 << 20;

/// The most inputs, parameters or tolerances that a spec may hold.
pub const SPEC_ENTRIES_MAX: usize = 256;

/// Why a spec was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not TOML, an unknown key, or a value of the wrong type; the message names line and key.
    #[error("SPEC.toml: {0}")]
    Toml(String),
    /// Written for another version.
    #[error("SPEC.toml has version {0}, but this program knows version {SPEC_VERSION} only")]
    Version(i64),
    /// Too long, or too many entries.
    #[error("SPEC.toml: {what} is above the limit of {limit}")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A name that cannot stand in SQL without quotes.
    #[error(
        "\"{0}\" cannot name {1}: use a small letter, then small letters, digits and _ (63 at most)"
    )]
    Name(String, &'static str),
    /// A tolerance that no comparison can use.
    #[error("the tolerance of column \"{0}\" must be a finite number, zero or above")]
    Tolerance(String),
    /// A parameter whose TOML type has no SQL type here.
    #[error("parameter \"{0}\": {1}")]
    Parameter(String, String),
    /// A required part is empty.
    #[error("SPEC.toml: {0} is missing")]
    Missing(&'static str),
    /// Bytes that are not the canonical form of any resolved spec.
    #[error("the resolved spec is not in canonical form: {0}")]
    NotCanonical(String),
    /// An input of the spec was not resolved, or a resolved one is not in the spec.
    #[error("input \"{0}\" was not resolved to exactly one root")]
    Unresolved(String),
}

/// How far a numeric column may be from what was published and still agree.
///
/// A value agrees when |found − expected| is at most `absolute`, or at most `relative` ·
/// |expected|.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// In the column's own unit.
    pub absolute: Option<f64>,
    /// As a fraction of the expected value.
    pub relative: Option<f64>,
}

/// A run as it is written down. Inputs are references, not yet resolved to roots.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The query: one SELECT.
    pub sql: String,
    /// Table name → reference, with an optional path or glob after it. Never parsed here.
    pub inputs: BTreeMap<String, String>,
    /// What the output file is called, without its extension.
    pub output: String,
    /// Column → tolerance; a column not named must be identical.
    pub tolerance: BTreeMap<String, Tolerance>,
    /// Recorded for functions that draw numbers; no function does yet.
    pub seed: Option<u64>,
    /// Name → value of each `$name` in the query.
    pub parameters: BTreeMap<String, Parameter>,
}

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
struct SpecFile {
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

#[derive(serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a table: absolute = 0.01 or relative = 0.01")]
struct ToleranceFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relative: Option<f64>,
}

fn default_output() -> String {
    "result".to_owned()
}

impl Spec {
    /// A spec of a query and its inputs, as `run --sql … --input …` makes it.
    ///
    /// # Errors
    /// When a name is not usable or the query is empty.
    pub fn new(sql: String, inputs: BTreeMap<String, String>) -> Result<Self, SpecError> {
        let spec = Self {
            sql,
            inputs,
            output: default_output(),
            tolerance: BTreeMap::new(),
            seed: None,
            parameters: BTreeMap::new(),
        };
        spec.check()?;
        Ok(spec)
    }

    /// Reads a SPEC.toml.
    ///
    /// # Errors
    /// When it is too long, is not TOML, holds an unknown key or version, or an unusable value.
    pub fn from_toml(text: &str) -> Result<Self, SpecError> {
        if text.len() > SPEC_BYTES_MAX {
            return Err(SpecError::Limit { what: "its length", limit: SPEC_BYTES_MAX });
        }
        // The version first: another version's keys are no fault of the writer.
        let table: toml::Table =
            toml::from_str(text).map_err(|error| SpecError::Toml(error.to_string()))?;
        match table.get("version") {
            Some(toml::Value::Integer(SPEC_VERSION)) => {}
            Some(toml::Value::Integer(other)) => return Err(SpecError::Version(*other)),
            _ => return Err(SpecError::Missing("version = 1")),
        }
        let file: SpecFile =
            toml::from_str(text).map_err(|error| SpecError::Toml(error.to_string()))?;
        let parameters = file
            .parameters
            .into_iter()
            .map(|(name, value)| {
                let value = Parameter::from_toml(&value)
                    .map_err(|why| SpecError::Parameter(name.clone(), why))?;
                Ok((name, value))
            })
            .collect::<Result<_, SpecError>>()?;
        let tolerance = file.tolerance.into_iter().map(|(column, file)| {
            (column, Tolerance { absolute: file.absolute, relative: file.relative })
        });
        let spec = Self {
            sql: file.sql,
            inputs: file.inputs,
            output: file.output,
            tolerance: tolerance.collect(),
            seed: file.seed,
            parameters,
        };
        spec.check()?;
        Ok(spec)
    }

    /// Writes the spec down, so that `run SPEC.toml` does what the command line did.
    ///
    /// # Errors
    /// When a value has no TOML form, which [`Self::from_toml`] never lets in.
    pub fn to_toml(&self) -> Result<String, SpecError> {
        let file = SpecFile {
            version: SPEC_VERSION,
            sql: self.sql.clone(),
            output: self.output.clone(),
            seed: self.seed,
            inputs: self.inputs.clone(),
            parameters: self
                .parameters
                .iter()
                .map(|(name, value)| (name.clone(), value.to_toml()))
                .collect(),
            tolerance: self
                .tolerance
                .iter()
                .map(|(column, t)| {
                    (column.clone(), ToleranceFile { absolute: t.absolute, relative: t.relative })
                })
                .collect(),
        };
        toml::to_string(&file).map_err(|error| SpecError::Toml(error.to_string()))
    }

    /// Checks what no type says: names, sizes, tolerances.
    ///
    /// # Errors
    /// Names the first fault.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.sql.trim().is_empty() {
            return Err(SpecError::Missing("sql"));
        }
        if self.sql.len() > SPEC_BYTES_MAX {
            return Err(SpecError::Limit { what: "the query's length", limit: SPEC_BYTES_MAX });
        }
        let sizes = [self.inputs.len(), self.parameters.len(), self.tolerance.len()];
        if sizes.into_iter().any(|size| size > SPEC_ENTRIES_MAX) {
            let what = "the number of inputs, parameters or tolerances";
            return Err(SpecError::Limit { what, limit: SPEC_ENTRIES_MAX });
        }
        check_name(&self.output, "the output")?;
        self.inputs.keys().try_for_each(|name| check_name(name, "a table"))?;
        self.parameters.keys().try_for_each(|name| check_name(name, "a parameter"))?;
        for (name, parameter) in &self.parameters {
            if matches!(parameter, Parameter::Date(days) if !is_writable(*days)) {
                let why = "its year is not one of 0 to 9999".to_owned();
                return Err(SpecError::Parameter(name.clone(), why));
            }
        }
        for (column, tolerance) in &self.tolerance {
            let given = [tolerance.absolute, tolerance.relative];
            let usable = given.into_iter().flatten().all(|x| x.is_finite() && x >= 0.0);
            if !usable || given == [None, None] {
                return Err(SpecError::Tolerance(column.clone()));
            }
        }
        Ok(())
    }
}

/// Names that need no quotes in SQL and no escape in a file name.
pub(super) fn check_name(name: &str, what: &'static str) -> Result<(), SpecError> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
    let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if first && rest && name.len() <= 63 {
        Ok(())
    } else {
        Err(SpecError::Name(name.to_owned(), what))
    }
}
