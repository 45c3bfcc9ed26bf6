//! What an entry of a log is, before anything is believed of it.

use crate::statement::Statement;

/// An entry as the fold sees it.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A well-formed statement; nothing about its signature is known yet.
    Statement(Box<Statement>),
    /// Anything else: another application's entry, or a statement whose form is refused.
    Opaque {
        /// Why it does not read as a statement.
        reason: String,
    },
}

impl Entry {
    /// Reads an entry's bytes. Never fails: a log may hold what it likes.
    pub fn read(bytes: &[u8]) -> Self {
        match Statement::decode(bytes) {
            Ok(statement) => Entry::Statement(Box::new(statement)),
            Err(refused) => Entry::Opaque { reason: refused.to_string() },
        }
    }
}
