//! What was released of a version before: the statements, so that the next one is held against them.
//!
//! The log names a proof by its hash and says nothing of what it proves, so this home keeps the
//! statement of each that it releases.

use veritrail_proof::statement::Statement;
use veritrail_provenance::ledger::{queries, rows::ReleaseRow};

use crate::{
    error::{NodeError, OrKind as _, Result},
    node::{Node, resolve::FoundVersion},
};

/// The releases of a version so far.
#[derive(Debug)]
pub(super) struct Earlier {
    /// How many there are.
    pub(super) released: u64,
    /// What those state that this home made.
    pub(super) statements: Vec<Statement>,
    /// Their numbers.
    pub(super) numbers: Vec<u64>,
}

impl Earlier {
    /// What the holder has to know before going on, if anything.
    pub(super) fn warning(&self) -> Option<String> {
        let unknown = self.released - self.statements.len() as u64;
        (unknown > 0).then(|| {
            format!(
                "what {unknown} of the {} proofs state that were released of this version before is \
                 not known in this home: that they and this one leave no small group between them \
                 is your promise, unless you have them checked here first (veritrail check FILE)",
                self.released
            )
        })
    }
}

impl Node {
    /// What the holder has to know of versions before this one, of whose rows something was released.
    pub(super) fn earlier_versions(&self, found: &FoundVersion) -> Result<Option<String>> {
        let mut released = Vec::new();
        for version in queries::versions(self.view(), &found.origin, &found.did).or_failed()? {
            let number = version.payload.number;
            let last = queries::last_release(self.view(), &found.origin, &found.did, number);
            if number < found.row.payload.number && last.or_failed()?.is_some() {
                released.push(number.to_string());
            }
        }
        Ok((!released.is_empty()).then(|| {
            format!(
                "proofs of earlier versions were released ({}), and no program compares versions: \
                 that no small group is told by what changed since is your promise",
                released.join(", ")
            )
        }))
    }

    /// What was released of this version.
    pub(super) fn earlier_releases(&self, found: &FoundVersion) -> Result<Earlier> {
        let number = found.row.payload.number;
        let mut rows =
            queries::releases(self.view(), &found.origin, &found.did, number).or_failed()?;
        // What is told with noise is hidden by it, and bits that are committed to tell nothing.
        rows.retain(|row| row.payload.noise.is_none() && row.payload.answers.is_none());
        let known = |row: &ReleaseRow| {
            let kept = self.settings().released(&row.payload.proof).or_failed();
            let read = |bytes: Vec<u8>| Statement::decode(&bytes).or_failed();
            let read = kept.and_then(|bytes| bytes.map(read).transpose());
            let damaged = |e: NodeError| {
                e.at("node.db, the earlier proofs").hint("put node.db back from a copy of the home")
            };
            read.map_err(damaged).transpose()
        };
        let known = |row| known(row).map(|statement| Ok((row.payload.number, statement?)));
        let known = rows.iter().filter_map(known).collect::<Result<Vec<_>>>()?;
        let (numbers, statements) = known.into_iter().unzip();
        Ok(Earlier { released: rows.len() as u64, statements, numbers })
    }
}
