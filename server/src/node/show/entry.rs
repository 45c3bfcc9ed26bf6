//! One entry of a log: its bytes, what it says if it is a statement, and how the ledger took it.

use veritrail_provenance::{
    ledger::{Entry, queries, rows::Standing},
    log::tree::leaf_hash,
    statement::{Origin, Statement},
};

use super::{ShownEntry, ShownStatement};
use crate::{
    error::{OrKind as _, Result},
    node::Node,
};

impl Node {
    pub(in crate::node) fn shown_entry(&self, origin: &Origin, index: u64) -> Result<ShownEntry> {
        let bytes = self.entry_bytes(origin, index)?;
        let row = queries::entry(self.view(), origin, index).or_failed()?;
        let standing = match &row {
            Some(row) => standing(&row.standing),
            None => "not folded yet: run any command again".to_owned(),
        };
        let statement = match Entry::read(&bytes) {
            Entry::Statement(statement) => Some(statement),
            Entry::Opaque { .. } => None,
        };
        Ok(ShownEntry {
            origin: origin.clone(),
            index,
            kind: statement.as_ref().map_or_else(|| "opaque".to_owned(), |s| s.kind().to_string()),
            leaf: leaf_hash(&bytes),
            bytes: bytes.len() as u64,
            statement: statement.map(|statement| shown(&statement)),
            standing,
        })
    }
}

fn shown(statement: &Statement) -> ShownStatement {
    ShownStatement {
        id: *statement.id(),
        signer: statement.iss().clone(),
        about: statement.sub().to_owned(),
        time: statement.iat(),
        payload: serde_json::from_slice(statement.payload_bytes()).unwrap_or_default(),
    }
}

/// How the ledger took an entry, in words.
pub(in crate::node) fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Folded => "counts".to_owned(),
        Standing::Duplicate { of } => format!("a repetition of entry {of}, which counts"),
        Standing::Conflict { with } => format!("in conflict with entry {with}, which counts"),
        Standing::Fork { genesis } => format!("a fork: entry {genesis} is the dataset's genesis"),
        Standing::Refused { reason } => format!("refused: {reason}"),
        Standing::Newer { reason } => format!("carried, newer than this program: {reason}"),
        Standing::Opaque { reason } => format!("no statement of ours: {reason}"),
        Standing::Waiting { reason } => format!("waits for an earlier entry: {reason}"),
    }
}
