//! From bytes of a file to bytes of chunks.

use std::ops::Range;

use super::entry::{ChunkEntry, FileEntry};
use super::error::LayoutError;
use crate::hash::ChunkId;

/// A piece of one chunk: bytes `from` up to but without `to`, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The chunk's place in the layout's list.
    pub chunk: usize,
    /// The chunk's id.
    pub id: ChunkId,
    /// First byte within the chunk.
    pub from: u32,
    /// Behind the last byte within the chunk.
    pub to: u32,
}

impl Span {
    /// Its length in bytes.
    pub fn len(&self) -> u32 {
        self.to - self.from
    }

    /// Never: spans are not empty.
    pub fn is_empty(&self) -> bool {
        self.to == self.from
    }
}

pub(super) fn of_file(
    chunks: &[ChunkEntry],
    file: &FileEntry,
    range: Range<u64>,
) -> Result<Vec<Span>, LayoutError> {
    check_range(&range, file.size)?;
    Ok(spans(chunks, file.offset + range.start..file.offset + range.end))
}

pub(super) fn of_sequence(
    chunks: &[ChunkEntry],
    length: u64,
    range: Range<u64>,
) -> Result<Vec<Span>, LayoutError> {
    check_range(&range, length)?;
    Ok(spans(chunks, range))
}

/// The chunks that hold `range`, which is not empty and lies within the sequence.
pub(super) fn touched(chunks: &[ChunkEntry], range: &Range<u64>) -> Range<usize> {
    let first = chunks.partition_point(|chunk| chunk.end() <= range.start);
    let behind = chunks.partition_point(|chunk| chunk.offset < range.end);
    first..behind.max(first)
}

pub(super) fn check_range(range: &Range<u64>, length: u64) -> Result<(), LayoutError> {
    if range.start > range.end || range.end > length {
        return Err(LayoutError::Range { start: range.start, end: range.end, length });
    }
    Ok(())
}

fn spans(chunks: &[ChunkEntry], range: Range<u64>) -> Vec<Span> {
    if range.is_empty() {
        return Vec::new();
    }
    let touched = touched(chunks, &range);
    let first = touched.start;
    let inside = |chunk: &ChunkEntry, at: u64| {
        // Within a chunk, so within its length, which is a u32.
        u32::try_from(at.clamp(chunk.offset, chunk.end()) - chunk.offset).unwrap_or(chunk.length)
    };
    chunks[touched]
        .iter()
        .enumerate()
        .map(|(index, chunk)| Span {
            chunk: first + index,
            id: chunk.id,
            from: inside(chunk, range.start),
            to: inside(chunk, range.end),
        })
        .collect()
}
