//! What was released of a version before: the statements, so that the next one is held against them.
//!
//! The log names a proof by its hash and says nothing of what it proves, so this home keeps the
//! statement of each that it releases.

use veritrail_proof::statement::Statement;
use veritrail_provenance::ledger::{queries, rows::ReleaseRow};

use crate::{
    error::{OrKind as _, Result},
    node::{Node, resolve::FoundVersion},
};

/// The releases of a version so far.
#[derive(Debug)]
pub(super) struct Earlier {
    /// How many there are.
    pub(super) released: u64,
    /// What those state that this home made.
    pub(super) statements: Vec<Statement>,
}

impl Earlier {
    /// What the holder has to know before going on, if anything.
    pub(super) fn warning(&self) -> Option<String> {
        let unknown = self.released - self.statements.len() as u64;
        (unknown > 0).then(|| {
            format!(
                "what {unknown} of the {} proofs state that were released of this version before is \
                 not known in this home: that they and this one leave no small group between them \
                 is your promise",
                self.released
            )
        })
    }
}

impl Node {
    pub(super) fn earlier_releases(&self, found: &FoundVersion) -> Result<Earlier> {
        let number = found.row.payload.number;
        let rows = queries::releases(self.view(), &found.origin, &found.did, number).or_failed()?;
        let known = |row: &ReleaseRow| {
            let kept = self.settings().released(&row.payload.proof).or_failed();
            let read = |bytes: Vec<u8>| Statement::decode(&bytes).or_refused();
            kept.and_then(|bytes| bytes.map(read).transpose()).transpose()
        };
        let statements = rows.iter().filter_map(known).collect::<Result<_>>()?;
        Ok(Earlier { released: rows.len() as u64, statements })
    }
}
