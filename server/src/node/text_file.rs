//! Reading a small text file that a person names: bounded, so that a device or a disk image that is
//! named by mistake is refused and not swallowed.

use std::{
    fs::File,
    io::{self, ErrorKind, Read as _},
    path::Path,
};

use crate::error::NodeError;

/// As [`read_text`], of a file that has to be there; `hint` says which file is meant.
///
/// # Errors
/// [`Kind::NotFound`](crate::error::Kind::NotFound) where it is not; [`Kind::Usage`](crate::error::Kind::Usage)
/// where it cannot be such a file.
pub(super) fn read_named(path: &Path, bytes_max: u64, hint: &str) -> Result<String, NodeError> {
    let text = read_text(path, bytes_max).map_err(|e| NodeError::usage(e.to_string()));
    text.and_then(|text| text.ok_or_else(|| NodeError::not_found("no such file")))
        .map_err(|e| e.at(path.display()).hint(hint))
}

/// The text of a plain file of at most `bytes_max` bytes; None where there is no such file.
///
/// # Errors
/// It is no plain file, too long, not UTF-8, or cannot be read.
pub(super) fn read_text(path: &Path, bytes_max: u64) -> io::Result<Option<String>> {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::InvalidFilename) => {
            // A link that leads nowhere was meant to lead somewhere: that is not "no file".
            return match std::fs::symlink_metadata(path) {
                Ok(_) => Err(io::Error::other("it is a link that leads nowhere")),
                Err(_) => Ok(None),
            };
        }
        Err(e) => return Err(e),
    };
    if !found.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    let mut text = String::new();
    // Bounded by what is read and not by what was stated: some files have no stated length.
    File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
    match text.len() as u64 > bytes_max {
        true => Err(io::Error::other(format!("it has more than {bytes_max} bytes"))),
        false => Ok(Some(text)),
    }
}
