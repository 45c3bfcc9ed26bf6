//! Whether two lists fit each other and make a layout.

use super::entry::{CHUNK_BYTES_MAX, ChunkEntry, FileEntry};
use super::error::LayoutError;
use super::page::ENTRIES_MAX;
use crate::statement::INTEGER_MAX;

pub(super) fn check(files: &[FileEntry], chunks: &[ChunkEntry]) -> Result<(), LayoutError> {
    if files.is_empty() {
        return Err(LayoutError::NoFiles);
    }
    for count in [files.len() as u64, chunks.len() as u64] {
        if count > ENTRIES_MAX {
            return Err(LayoutError::TooMany(count));
        }
    }
    let file_bytes = check_files(files)?;
    let chunk_bytes = check_chunks(chunks)?;
    if file_bytes != chunk_bytes {
        return Err(LayoutError::Lengths { files: file_bytes, chunks: chunk_bytes });
    }
    check_folded_paths(files)
}

fn check_files(files: &[FileEntry]) -> Result<u64, LayoutError> {
    let mut expected = 0u64;
    for (index, file) in files.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|before| files.get(before));
        if let Some(previous) = previous.filter(|previous| previous.path >= file.path) {
            let (previous, path) = (previous.path.clone(), file.path.clone());
            return Err(if previous == path {
                LayoutError::SamePath { first: previous, second: path }
            } else {
                LayoutError::FileOrder { previous, path }
            });
        }
        if file.offset != expected {
            let path = file.path.clone();
            return Err(LayoutError::FileOffset { path, expected, found: file.offset });
        }
        expected = end(expected, file.size)?;
    }
    Ok(expected)
}

fn check_chunks(chunks: &[ChunkEntry]) -> Result<u64, LayoutError> {
    let mut expected = 0u64;
    for (index, chunk) in chunks.iter().enumerate() {
        if chunk.length == 0 || chunk.length > CHUNK_BYTES_MAX {
            return Err(LayoutError::ChunkLength { index, length: chunk.length });
        }
        if chunk.offset != expected {
            return Err(LayoutError::ChunkOffset { index, expected, found: chunk.offset });
        }
        expected = end(expected, u64::from(chunk.length))?;
    }
    Ok(expected)
}

fn end(offset: u64, length: u64) -> Result<u64, LayoutError> {
    offset.checked_add(length).filter(|end| *end <= INTEGER_MAX).ok_or(LayoutError::TooLong)
}

/// With `/` folded to NUL, equal paths are neighbours, and a file that is a folder of others
/// stands directly before the first of them: NUL sorts before every character of a path.
fn check_folded_paths(files: &[FileEntry]) -> Result<(), LayoutError> {
    let mut folded: Vec<_> = files.iter().map(|file| (file.path.fold(), &file.path)).collect();
    folded.sort();
    for pair in folded.windows(2) {
        let [(before, first), (after, second)] = pair else { continue };
        match after.strip_prefix(before.as_str()) {
            Some("") => {
                let (first, second) = ((*first).clone(), (*second).clone());
                return Err(LayoutError::SamePath { first, second });
            }
            Some(rest) if rest.starts_with('\0') => {
                let (file, inside) = ((*first).clone(), (*second).clone());
                return Err(LayoutError::FolderIsFile { file, inside });
            }
            _ => {}
        }
    }
    Ok(())
}
