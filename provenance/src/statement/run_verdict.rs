//! `run.verdict`: somebody repeated a run and says what came out.

use serde::{Deserialize, Serialize};

use super::cose::Content;
use super::payload::{Body, claim_is};
use super::reference::StatementRef;
use super::refused::Refused;
use super::text::{Broken, broken, check_text, check_text_or_empty, clip};
use crate::hash::{BinaryHash, StatementId, TableHash};
use crate::identity::Did;

/// The payload. `iss` is `signer`, `sub` is [`RunVerdict::subject`] of the run's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunVerdict {
    /// The receipt that was judged.
    pub receipt: StatementRef,
    /// The judgement.
    pub outcome: Outcome,
    /// The table hash that the receipt names.
    pub expected: TableHash,
    /// The table hash that came out, unless nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<TableHash>,
    /// The first difference, where values differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// What was missing, where the run could not be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// Who vouches for the verdict.
    pub signer: Did,
    /// The node that repeated the run.
    pub node: Did,
    /// The executable that repeated it.
    pub binary: BinaryHash,
    /// The engine's name and version.
    pub engine: String,
    /// Whether the inputs were fetched anew, not taken from what the node already had.
    pub fresh: bool,
}

/// How a repeated run compares with its receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The table hashes are equal.
    Identical,
    /// Values differ by no more than the spec tolerates.
    WithinTolerance,
    /// Values differ.
    Different,
    /// The run could not be repeated.
    CouldNotCheck,
}

/// The first value that differs, in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The column's name.
    pub column: String,
    /// The row, from 0.
    pub row: u64,
    /// The receipt's value, as text.
    pub expected: String,
    /// The value that came out, as text.
    pub found: String,
}

impl RunVerdict {
    /// What a verdict is about: `urn:veritrail:run:` and the hex of the run's id.
    pub fn subject(run: &StatementId) -> String {
        format!("urn:veritrail:run:{run}")
    }
}

impl Difference {
    /// A difference between values as they stand in the tables: what cannot be shown is escaped
    /// (`\u{a}`), what is too long is cut and ends in `…`.
    pub fn clipped(column: &str, row: u64, expected: &str, found: &str) -> Self {
        Self { column: clip(column), row, expected: clip(expected), found: clip(found) }
    }
}

impl Body for RunVerdict {
    const MEMBERS: &'static [&'static str] = &[
        "receipt",
        "outcome",
        "expected",
        "found",
        "difference",
        "missing",
        "signer",
        "node",
        "binary",
        "engine",
        "fresh",
    ];

    fn check(&self) -> Result<(), Broken> {
        let equal = self.found == Some(self.expected);
        match (self.outcome, &self.found) {
            (Outcome::Identical, _) if !equal => {
                return Err(broken("found", "must equal expected where the outcome is identical"));
            }
            (Outcome::Different | Outcome::WithinTolerance, None) => {
                return Err(broken("found", "is missing although the run was repeated"));
            }
            (Outcome::Different | Outcome::WithinTolerance, _) if equal => {
                return Err(broken("found", "equals expected, so the outcome is identical"));
            }
            (Outcome::CouldNotCheck, Some(_)) => {
                return Err(broken("found", "stands in a verdict that could not check"));
            }
            _ => {}
        }
        if (self.outcome == Outcome::CouldNotCheck) != self.missing.is_some() {
            return Err(broken("missing", "belongs to could_not_check, and to it alone"));
        }
        if let Some(missing) = &self.missing {
            check_text("missing", missing)?;
        }
        if let Some(difference) = &self.difference {
            if matches!(self.outcome, Outcome::Identical | Outcome::CouldNotCheck) {
                return Err(broken("difference", "does not fit the outcome"));
            }
            check_text_or_empty("difference.column", &difference.column)?;
            check_text_or_empty("difference.expected", &difference.expected)?;
            check_text_or_empty("difference.found", &difference.found)?;
        }
        check_text("engine", &self.engine)
    }

    fn check_claims(&self, claims: &Content) -> Result<(), Refused> {
        claim_is("1 (iss)", claims.iss.as_str(), self.signer.as_str())?;
        claim_is("2 (sub)", &claims.sub, &Self::subject(&self.receipt.id))
    }
}
