//! From the paths a person names to the files of a dataset, in path order.
//!
//! What cannot be published as it stands is an error that names the path: a name that is not
//! UTF-8, a loop of symbolic links, a link out of the folder, a device. Hidden files are left out
//! and told: they hold keys and caches more often than data.

mod folder;
mod source;

use std::io;
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;
use veritrail_provenance::layout::{FilePath, PathError};

pub use source::{Source, SourceError, Stamp};

/// Files a walk finds at most.
pub const MAX_FILES: usize = 10_000_000;
/// Folders within folders at most.
pub const MAX_DEPTH: usize = 256;

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// The files, ascending by their path in the dataset; at least one.
    pub sources: Vec<Source>,
    /// What was left out, with the reason.
    pub left_out: Vec<LeftOut>,
}

/// Something that is no part of the dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it is.
    pub path: PathBuf,
    /// Why.
    pub reason: &'static str,
}

/// Why paths cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// No path was named.
    #[error("nothing to publish: name a file or a folder")]
    NoPaths,
    /// There is nothing at this path.
    #[error("{0:?}: no such file or folder")]
    NotFound(PathBuf),
    /// The folder holds no files.
    #[error("{0:?} holds no files")]
    EmptyFolder(PathBuf),
    /// A name that is not UTF-8.
    #[error("{0:?}: the name is not UTF-8; rename it")]
    NotUtf8(PathBuf),
    /// A name that no dataset path may have.
    #[error("{path:?}: {cause}; rename it")]
    BadName {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        cause: PathError,
    },
    /// A symbolic link that leads to itself or to a folder that holds it.
    #[error("{0:?} is a symbolic link that leads back to itself; remove it")]
    SymlinkLoop(PathBuf),
    /// A symbolic link that leads nowhere.
    #[error("{0:?} is a symbolic link to nothing; remove it or restore what it names")]
    DanglingSymlink(PathBuf),
    /// A symbolic link out of the folder that is published.
    #[error(
        "{path:?} is a symbolic link to {target:?}, outside of what is published; name that \
             path too, or copy it here"
    )]
    SymlinkOutside {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// Neither a file nor a folder.
    #[error("{path:?} is {kind}; only files can be published")]
    Special {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// Two files would have one path in the dataset, or paths that differ only in case.
    #[error(
        "{first:?} and {second:?} would both be {path} in the dataset, which some file \
             systems cannot tell apart; rename one"
    )]
    SamePath {
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// Their path in the dataset.
        path: String,
    },
    /// Folders too deep.
    #[error("{0:?}: folders within folders beyond {MAX_DEPTH}")]
    TooDeep(PathBuf),
    /// Too many files.
    #[error("more than {MAX_FILES} files")]
    TooManyFiles,
    /// The file system refused.
    #[error("{path:?}: {cause}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        cause: io::Error,
    },
}

/// Finds the files at `paths`. A file is named by its own name; the files of a folder by their
/// path below it, and below the folder's name if several paths are given. Links are followed
/// where they stay within the folder. Cost: one look at every entry, no file is opened.
pub fn walk(paths: &[PathBuf]) -> Result<Walked, WalkError> {
    if paths.is_empty() {
        return Err(WalkError::NoPaths);
    }
    let mut walked = Walked::default();
    for path in paths {
        let metadata = std::fs::metadata(path).map_err(|cause| missing(path, cause))?;
        if metadata.is_dir() {
            let prefix = if paths.len() > 1 { Some(name_of(path)?) } else { None };
            folder::walk_folder(path, prefix, &mut walked)?;
        } else {
            let name = dataset_path(path, &name_of(path)?)?;
            walked.sources.push(Source::new(name, path.clone(), &metadata)?);
        }
    }
    walked.sources.sort_by(|a, b| a.path.cmp(&b.path));
    check_distinct(&walked.sources)?;
    Ok(walked)
}

/// The name of a file or folder in the dataset. `.` and `..` have the name of what they lead to.
fn name_of(path: &Path) -> Result<String, WalkError> {
    let name = match path.file_name() {
        Some(name) => name.to_owned(),
        None => {
            let whole = std::fs::canonicalize(path).map_err(|cause| io_error(path, cause))?;
            whole.file_name().unwrap_or_default().to_owned()
        }
    };
    name.into_string().map_err(|_| WalkError::NotUtf8(path.to_owned()))
}

/// `text` in normal form C, as a path in the dataset.
fn dataset_path(at: &Path, text: &str) -> Result<FilePath, WalkError> {
    let normal: String = text.nfc().collect();
    normal.parse().map_err(|cause| WalkError::BadName { path: at.to_owned(), cause })
}

/// Refuses paths that are equal but for case, before anything is read.
fn check_distinct(sources: &[Source]) -> Result<(), WalkError> {
    let mut folded: Vec<(String, &Source)> =
        sources.iter().map(|source| (source.path.as_str().to_lowercase(), source)).collect();
    folded.sort_by(|(a, _), (b, _)| a.cmp(b));
    for pair in folded.windows(2) {
        if let [(a, first), (b, second)] = pair
            && a == b
        {
            return Err(WalkError::SamePath {
                first: first.on_disk.clone(),
                second: second.on_disk.clone(),
                path: first.path.to_string(),
            });
        }
    }
    Ok(())
}

fn missing(path: &Path, cause: io::Error) -> WalkError {
    let link = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    match cause.kind() {
        io::ErrorKind::NotFound if link => WalkError::DanglingSymlink(path.to_owned()),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            WalkError::NotFound(path.to_owned())
        }
        _ if is_loop(&cause) => WalkError::SymlinkLoop(path.to_owned()),
        _ => io_error(path, cause),
    }
}

/// Whether the system gave up on following links (ELOOP, which std does not name yet).
fn is_loop(cause: &io::Error) -> bool {
    const ELOOP: [i32; 2] = [40, 62];
    cause.raw_os_error().is_some_and(|code| ELOOP.contains(&code))
}

fn io_error(path: &Path, cause: io::Error) -> WalkError {
    WalkError::Io { path: path.to_owned(), cause }
}
