//! `run.receipt`: what was computed from what, by whom, and what came out.

use serde::{Deserialize, Serialize};

use super::cose::Content;
use super::dataset_version::Access;
use super::payload::{Body, claim_is};
use super::reference::StatementRef;
use super::refused::Refused;
use super::text::{Broken, broken, check_filled_list, check_list, check_text, is_unprintable};
use crate::hash::{ChunkId, DatasetRoot, TableHash, TextHash};
use crate::identity::Did;
use crate::layout::PATH_BYTES_MAX;

/// The payload. `iss` is `signer`, `sub` is [`RunReceipt::subject`] of the output's root. The
/// run's id is the id of this statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReceipt {
    /// What was read; no name twice. Empty where the query reads no table.
    pub inputs: Vec<RunInput>,
    /// SHA-256 of the resolved spec's text.
    pub spec: TextHash,
    /// The blob of the resolved spec.
    pub spec_blob: ChunkId,
    /// SHA-256 of the SQL text.
    pub sql: TextHash,
    /// What came out.
    pub output: RunOutput,
    /// The blob of the details: engine versions, device, times, counts.
    pub details: ChunkId,
    /// Who vouches for the run.
    pub signer: Did,
    /// The nodes that did the work; here one.
    pub executors: Vec<Did>,
    /// Who may read the output's bytes.
    pub access: Access,
}

/// One table that a run read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInput {
    /// The table's name in the query.
    pub name: String,
    /// The version's root.
    pub root: DatasetRoot,
    /// Where the version is logged, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<StatementRef>,
    /// A path or glob within the version; absent for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<String>,
    /// The blob of the version's manifest head.
    pub manifest: ChunkId,
}

/// What a run made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOutput {
    /// The root of the output's layout.
    pub root: DatasetRoot,
    /// The blob of the output's manifest head.
    pub manifest: ChunkId,
    /// The digest by which outputs are compared.
    pub table_hash: TableHash,
    /// How many rows it has.
    pub rows: u64,
}

impl RunReceipt {
    /// What a receipt is about: `urn:veritrail:root:` and the hex of the output's root.
    pub fn subject(output: &DatasetRoot) -> String {
        format!("urn:veritrail:root:{output}")
    }
}

impl Body for RunReceipt {
    const MEMBERS: &'static [&'static str] = &[
        "inputs",
        "spec",
        "spec_blob",
        "sql",
        "output",
        "details",
        "signer",
        "executors",
        "access",
    ];

    fn check(&self) -> Result<(), Broken> {
        check_list("inputs", &self.inputs)?;
        for input in &self.inputs {
            check_text("inputs.name", &input.name)?;
            if let Some(select) = &input.select {
                check_select(select)?;
            }
        }
        let mut names: Vec<_> = self.inputs.iter().map(|input| &input.name).collect();
        names.sort();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(broken("inputs", "names one table twice"));
        }
        check_filled_list("executors", &self.executors)?;
        self.access.check()
    }

    fn check_claims(&self, claims: &Content) -> Result<(), Refused> {
        claim_is("1 (iss)", claims.iss.as_str(), self.signer.as_str())?;
        claim_is("2 (sub)", &claims.sub, &Self::subject(&self.output.root))
    }
}

/// As long as the longest path may be, in bytes.
fn check_select(select: &str) -> Result<(), Broken> {
    let place = "inputs.select";
    match select.len() {
        0 => Err(broken(place, "is empty")),
        1..=PATH_BYTES_MAX if select.chars().any(is_unprintable) => {
            Err(broken(place, "holds a character that is not printable"))
        }
        1..=PATH_BYTES_MAX => Ok(()),
        length => Err(broken(place, format!("has {length} bytes, at most {PATH_BYTES_MAX}"))),
    }
}
