//! What a run is asked to do: SPEC.toml as a person writes it.
//!
//! The file is strict: an unknown key is an error, so that what a newer version adds can never be
//! silently left out by an older program. The form that is hashed and kept is
//! [`super::resolved::ResolvedSpec`].

use std::collections::{BTreeMap, BTreeSet};

use super::parameter::{Parameter, is_writable};
use super::steps::Steps;

/// The newest version of SPEC.toml that this program reads; it writes the oldest that can hold
/// the run.
pub const SPEC_VERSION: i64 = 2;

/// The longest SPEC.toml that is read, in bytes.
pub const SPEC_BYTES_MAX: usize = 1 << 20;

/// The most inputs, parameters, steps, outputs or tolerances that a spec may hold.
pub const SPEC_ENTRIES_MAX: usize = 256;

/// Why a spec was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not TOML, an unknown key, or a value of the wrong type; the message names line and key.
    #[error("SPEC.toml: {0}")]
    Toml(String),
    /// Written for another version.
    #[error("SPEC.toml has version {0}, but this program knows versions 1 to {SPEC_VERSION} only")]
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
    /// A parameter whose TOML type has no SQL type here, or that no step names.
    #[error("parameter \"{0}\": {1}")]
    Parameter(String, String),
    /// A required part is empty.
    #[error("SPEC.toml: {0} is missing")]
    Missing(&'static str),
    /// A step that cannot be executed as it is written, or that nobody uses.
    #[error("step {step}: {fault}")]
    Step {
        /// Its name.
        step: String,
        /// What is wrong with it.
        fault: String,
    },
    /// An output that no step can make.
    #[error("output {output}: {fault}")]
    Output {
        /// Its name.
        output: String,
        /// What is wrong with it.
        fault: String,
    },
    /// One name for two tables.
    #[error("{0:?} is both an input and a step: rename one of them")]
    Clash(String),
    /// Steps that wait for each other.
    #[error("the steps depend on each other in a circle: {0}")]
    Cycle(String),
    /// An input that no step reads.
    #[error("no step reads the input {0:?}: take it out, or name it in a query")]
    Unread(String),
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

impl Tolerance {
    /// Whether a comparison can use it.
    pub(super) fn check(&self, column: &str) -> Result<(), SpecError> {
        let given = [self.absolute, self.relative];
        let usable = given.into_iter().flatten().all(|x| x.is_finite() && x >= 0.0);
        if usable && given != [None, None] {
            Ok(())
        } else {
            Err(SpecError::Tolerance(column.to_owned()))
        }
    }
}

/// What is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// One query with one output: version 1.
    Query(Query),
    /// Steps that read inputs and each other: version 2.
    Steps(Steps),
}

/// One query and its output.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// One SELECT.
    pub sql: String,
    /// What the output file is called, without its extension.
    pub output: String,
    /// Column → tolerance; a column not named must be identical.
    pub tolerance: BTreeMap<String, Tolerance>,
}

impl Work {
    /// The version of specs that can say this.
    #[must_use]
    pub fn version(&self) -> u64 {
        match self {
            Self::Query(_) => 1,
            Self::Steps(_) => 2,
        }
    }

    /// The outputs' names, each with its tolerances; in the order of names, at least one.
    #[must_use]
    pub fn outputs(&self) -> BTreeMap<&str, &BTreeMap<String, Tolerance>> {
        match self {
            Self::Query(query) => BTreeMap::from([(query.output.as_str(), &query.tolerance)]),
            Self::Steps(steps) => steps
                .outputs
                .iter()
                .map(|(name, output)| (name.as_str(), &output.tolerance))
                .collect(),
        }
    }
}

/// A run as it is written down. Inputs are references, not yet resolved to roots.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// What is computed.
    pub work: Work,
    /// Table name → reference, with an optional path or glob after it. Never parsed here.
    pub inputs: BTreeMap<String, String>,
    /// Recorded for functions that draw numbers; no function does yet.
    pub seed: Option<u64>,
    /// Name → value of each `$name` in a query.
    pub parameters: BTreeMap<String, Parameter>,
}

impl Spec {
    /// A spec of a query and its inputs, as `run --sql … --input …` makes it.
    ///
    /// # Errors
    /// When a name is not usable or the query is empty.
    pub fn new(sql: String, inputs: BTreeMap<String, String>) -> Result<Self, SpecError> {
        let query = Query { sql, output: DEFAULT_OUTPUT.to_owned(), tolerance: BTreeMap::new() };
        let spec =
            Self { work: Work::Query(query), inputs, seed: None, parameters: BTreeMap::new() };
        spec.check()?;
        Ok(spec)
    }

    /// Sets the tolerances of the one query's output; of several outputs, each has its own.
    ///
    /// # Errors
    /// When a tolerance is not usable.
    pub fn tolerating(mut self, tolerance: BTreeMap<String, Tolerance>) -> Result<Self, SpecError> {
        if let Work::Query(query) = &mut self.work {
            query.tolerance = tolerance;
        }
        self.check()?;
        Ok(self)
    }

    /// Checks what no type says and no query need be parsed for: names, sizes, tolerances.
    ///
    /// # Errors
    /// Names the first fault.
    pub fn check(&self) -> Result<(), SpecError> {
        check_work(&self.work, &self.inputs.keys().collect())?;
        let sizes = [self.inputs.len(), self.parameters.len()];
        if sizes.into_iter().any(|size| size > SPEC_ENTRIES_MAX) {
            return Err(SpecError::Limit { what: ENTRIES, limit: SPEC_ENTRIES_MAX });
        }
        self.inputs.keys().try_for_each(|name| check_name(name, "a table"))?;
        self.parameters.keys().try_for_each(|name| check_name(name, "a parameter"))?;
        for (name, parameter) in &self.parameters {
            if matches!(parameter, Parameter::Date(days) if !is_writable(*days)) {
                let why = "its year is not one of 0 to 9999".to_owned();
                return Err(SpecError::Parameter(name.clone(), why));
            }
        }
        Ok(())
    }
}

/// What the output is called where nobody says it.
pub(super) const DEFAULT_OUTPUT: &str = "result";

const ENTRIES: &str = "the number of inputs, parameters or tolerances";

fn check_work(work: &Work, inputs: &BTreeSet<&String>) -> Result<(), SpecError> {
    let Query { sql, output, tolerance } = match work {
        Work::Query(query) => query,
        Work::Steps(steps) => return steps.check(inputs),
    };
    if sql.trim().is_empty() {
        return Err(SpecError::Missing("sql"));
    }
    if sql.len() > SPEC_BYTES_MAX {
        return Err(SpecError::Limit { what: "the query's length", limit: SPEC_BYTES_MAX });
    }
    if tolerance.len() > SPEC_ENTRIES_MAX {
        return Err(SpecError::Limit { what: ENTRIES, limit: SPEC_ENTRIES_MAX });
    }
    check_name(output, "the output")?;
    tolerance.iter().try_for_each(|(column, tolerance)| tolerance.check(column))
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
