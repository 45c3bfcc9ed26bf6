//! Our refusals in object_store's words.

use std::io;

use object_store::Error;

const STORE: &str = "LayoutStore";

pub(super) fn read_only() -> Error {
    let source = io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "a layout never changes");
    Error::NotSupported { source: Box::new(source) }
}

pub(super) fn not_found(path: &str) -> Error {
    let source = io::Error::new(io::ErrorKind::NotFound, "the layout has no such file");
    Error::NotFound { path: path.to_owned(), source: Box::new(source) }
}

pub(super) fn failed(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Generic { store: STORE, source: Box::new(source) }
}
