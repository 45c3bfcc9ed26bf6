//! Verifying what this home knows: a reference (its statements, its logs, its signers and the
//! bytes held here), or a file that some known version holds.

mod data;
mod file;
mod trail;

use std::path::{Path, PathBuf};

use veritrail_provenance::reference::{Reference, ReferenceError};

use super::{Node, bundle};
use crate::error::{NodeError, Result};

/// What the word after `verify` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A reference.
    Reference(String),
    /// A bundle: a ZIP whose first entry is `veritrail.json`.
    Bundle(PathBuf),
    /// Any other file.
    File(PathBuf),
}

/// Tells a reference, a bundle and a file apart. A path that exists is a file, unless the word is
/// more than that: a file whose name is also a local name of `known` is ambiguous, and `./name` is
/// the file.
pub fn thing(word: &str, known: Option<&Node>) -> Result<Thing> {
    let path = Path::new(word);
    let mut reference = Reference::parse(word);
    if let (true, Ok(Reference::Name(name) | Reference::NameNumber(name, _))) =
        (path.is_file(), &reference)
    {
        let taken = known.map(|node| node.own_name(name.as_str())).transpose()?.flatten();
        if let Some(did) = taken {
            return Err(NodeError::conflict("this is a file and a local name")
                .at(word)
                .hint(format!("write ./{word} for the file, or {did} for the dataset")));
        }
        reference = Err(ReferenceError::Name(word.to_owned()));
    }
    match (path.is_file(), reference) {
        (true, Err(_)) if bundle::verify::is_meant(path) => Ok(Thing::Bundle(path.to_owned())),
        (true, Err(_)) => Ok(Thing::File(path.to_owned())),
        (_, Ok(_)) => Ok(Thing::Reference(word.to_owned())),
        (false, Err(_)) if path.is_dir() => Err(NodeError::usage("this is a folder")
            .at(word)
            .hint("verify the files in it one by one, or the dataset by its DID")),
        (false, Err(e)) => Err(NodeError::not_found("neither a file nor a reference")
            .at(word)
            .hint(format!("as a reference: {e}; as a file: it does not exist"))),
    }
}
