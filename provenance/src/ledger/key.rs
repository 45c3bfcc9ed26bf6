//! Keys of the ledger's rows. A key starts with what is looked up by (nothing or 32 bytes), then
//! names the log, then what is unique within the log; numbers are big-endian, so keys sort right.

use sha2::{Digest, Sha256};

use super::view::Table;
use crate::identity::Did;
use crate::statement::Origin;

/// Bytes of the subject that most tables are looked up by.
const SUBJECT_SIZE: usize = 32;

/// The log that a row belongs to, from its key; none when the key is not one of the ledger's.
/// Removing all rows of a log undoes its fold.
pub fn log_of(table: Table, key: &[u8]) -> Option<Origin> {
    let behind_subject = match table {
        Table::Log | Table::Entry => key,
        _ => key.get(SUBJECT_SIZE..)?,
    };
    let (length, rest) = behind_subject.split_first()?;
    let origin = rest.get(..usize::from(*length))?;
    std::str::from_utf8(origin).ok()?.parse().ok()
}

/// Key of a log, and prefix of all its entries.
pub(super) fn log(origin: &Origin) -> Vec<u8> {
    let name = origin.as_str().as_bytes();
    // An origin has at most 128 bytes.
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    [&[length], name].concat()
}

/// Key of an entry.
pub(super) fn entry(origin: &Origin, index: u64) -> Vec<u8> {
    [&log(origin)[..], &index.to_be_bytes()].concat()
}

/// Key of what a log says about a subject once.
pub(super) fn subject(subject: &[u8; SUBJECT_SIZE], origin: &Origin) -> Vec<u8> {
    [subject, &log(origin)[..]].concat()
}

/// Key of what a log says about a subject under a number: an index or a version.
pub(super) fn numbered(about: &[u8; SUBJECT_SIZE], origin: &Origin, number: u64) -> Vec<u8> {
    [&subject(about, origin)[..], &number.to_be_bytes()].concat()
}

/// The number at the end of a key.
pub(super) fn number(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

/// A DID as a subject.
pub(super) fn did(did: &Did) -> [u8; SUBJECT_SIZE] {
    text(did.as_str())
}

/// A version of a dataset as a subject.
pub(super) fn version(did: &Did, number: u64) -> [u8; SUBJECT_SIZE] {
    text(&format!("{did}@{number}"))
}

/// Any claimed subject (a DID or a URN) as a subject.
pub(super) fn text(subject: &str) -> [u8; SUBJECT_SIZE] {
    Sha256::digest(subject.as_bytes()).into()
}
