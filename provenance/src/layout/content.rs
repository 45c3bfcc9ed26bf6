//! Whether two lists fit each other and make a layout.

use super::entry::{CHUNK_BYTES_MAX, ChunkEntry, FileEntry};
use super::error::LayoutError;
use super::page::ENTRIES_MAX;
use crate::statement::INTEGER_MAX;

/// The path of the one file of a private layout.
pub const PRIVATE_PATH: &str = "private.age";

/// Chunks that a private sequence is cut into before they grow longer.
const PRIVATE_CHUNKS_PER_STEP: u64 = 16_384;

/// Bytes of every chunk but the last of a private sequence of `bytes` bytes: 1 MiB up to 16 GiB;
/// beyond, the power of two that gives at most 16,384 chunks, up to 16 MiB. It follows from the
/// length alone, so that no cut says anything of what is encrypted.
pub fn private_chunk_len(bytes: u64) -> u32 {
    let wanted = bytes.div_ceil(PRIVATE_CHUNKS_PER_STEP).checked_next_power_of_two();
    let length = wanted.unwrap_or(u64::MAX).clamp(1 << 20, 16 << 20);
    u32::try_from(length).unwrap_or(1 << 20)
}

/// The further rules of a private layout, whose lists [`check`] has passed.
pub(super) fn check_private(files: &[FileEntry], chunks: &[ChunkEntry]) -> Result<(), LayoutError> {
    let [file] = files else { return Err(LayoutError::NotOneFile) };
    if file.path.as_str() != PRIVATE_PATH || file.size == 0 {
        return Err(LayoutError::NotOneFile);
    }
    let full = private_chunk_len(file.size);
    for (index, chunk) in chunks.iter().enumerate() {
        let left = file.size.saturating_sub(chunk.offset);
        let expected = u32::try_from(left).map_or(full, |left| left.min(full));
        if chunk.length != expected {
            return Err(LayoutError::PrivateChunk { index, length: chunk.length, expected });
        }
    }
    Ok(())
}

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
