//! Opening files that people name. A pipe would be waited for, without end, and a device read so.

use std::{
    fs::File,
    io::{self, ErrorKind},
    path::Path,
};

/// Opens a plain file, or what a link leads to.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] where it is anything else.
pub(super) fn open(path: &Path) -> io::Result<File> {
    match std::fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is no plain file")),
    }
}
