//! A spec whose inputs are roots: what a receipt names by hash, and what `reproduce` runs.
//!
//! Its one byte form is JSON with sorted keys, no white space, and floats as text, so that one
//! spec has one hash; reading refuses any other bytes.

mod decode;
mod encode;

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::ScalarValue;
use veritrail_provenance::hash::{DatasetRoot, TextHash};

use super::parameter::Parameter;
use super::spec::{SPEC_BYTES_MAX, Spec, SpecError, Work};

/// The newest version of the resolved form that this program reads. A spec is written in the
/// version of its [`Work`].
pub const RESOLVED_VERSION: u64 = 2;

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
    /// What is computed; queries byte for byte as they were written.
    pub work: Work,
    /// Table name → root and selection.
    pub inputs: BTreeMap<String, ResolvedInput>,
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
            work: self.work.clone(),
            inputs: roots,
            seed: self.seed,
            parameters: self.parameters.clone(),
        })
    }
}

impl ResolvedSpec {
    /// The one byte form: what is stored as the spec's blob.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Writing a value of strings and whole numbers cannot fail.
        encode::value(self).to_string().into_bytes()
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
        let spec = decode::spec(bytes)?;
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

    /// The hash of what is computed, whatever it is computed from: of the query's text alone, or
    /// of the canonical bytes of all steps.
    #[must_use]
    pub fn sql_hash(&self) -> TextHash {
        match &self.work {
            Work::Query(query) => TextHash::of(query.sql.as_bytes()),
            Work::Steps(work) => TextHash::of(encode::steps(&work.steps).to_string().as_bytes()),
        }
    }

    /// The spec as a person would write it, each input named by its root; for checks only.
    fn as_written(&self) -> Spec {
        let inputs = self.inputs.iter().map(|(name, i)| (name.clone(), i.root.to_hex()));
        Spec {
            work: self.work.clone(),
            inputs: inputs.collect(),
            seed: self.seed,
            parameters: self.parameters.clone(),
        }
    }

    /// The values of the parameters that a query names.
    pub(super) fn scalars(&self, named: &BTreeSet<String>) -> BTreeMap<String, ScalarValue> {
        self.parameters
            .iter()
            .filter(|(name, _)| named.contains(*name))
            .map(|(name, value)| (name.clone(), value.to_scalar()))
            .collect()
    }
}
