//! Proofs that a root lists a file, or certain chunks, without the rest of the lists.
//!
//! A proof stands beside the layout's head, which holds the page roots; it adds the entries and
//! the hashes within their page.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Layout;
use super::entry::{ChunkEntry, Entry, FileEntry, leaf};
use super::error::ProofError;
use super::head::{LayoutHead, PageRef};
use super::page::page_root;
use super::path::FilePath;
use super::spans;
use crate::hash::{DatasetRoot, LayoutNode};
use crate::merkle::{self, PROVEN_MAX};

/// Proves that a dataset lists one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProof {
    /// The page, by its place in the head's `file_pages`.
    pub page: u32,
    /// How many entries that page has.
    pub entries: u32,
    /// The file's place in the page.
    pub position: u32,
    /// The file.
    pub file: FileEntry,
    /// The missing hashes, from the leaves up, left to right.
    pub hashes: Vec<LayoutNode>,
}

/// Proves which chunks hold a range of a dataset's sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunksProof {
    /// A part for each page that is touched, in order.
    pub parts: Vec<ChunkPart>,
}

/// The chunks of one page that a [`ChunksProof`] shows: neighbours, or the whole page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkPart {
    /// The page, by its place in the head's `chunk_pages`.
    pub page: u32,
    /// How many entries that page has.
    pub entries: u32,
    /// The place of the first chunk in the page.
    pub first: u32,
    /// The chunks.
    pub chunks: Vec<ChunkEntry>,
    /// The missing hashes, from the leaves up, left to right; none for a whole page.
    pub hashes: Vec<LayoutNode>,
}

impl FileProof {
    /// Checks the proof against a root, with the head that belongs to it, and gives the file.
    ///
    /// # Errors
    /// Another head, or a proof that does not lead to the page's root. Limits are checked before
    /// anything is computed.
    pub fn verify(&self, head: &LayoutHead, root: &DatasetRoot) -> Result<&FileEntry, ProofError> {
        check_head(head, root)?;
        let first = self.position;
        let part = Part { page: self.page, entries: self.entries, first, hashes: &self.hashes };
        part.verify(std::slice::from_ref(&self.file), &head.file_pages)?;
        Ok(&self.file)
    }
}

impl ChunksProof {
    /// Checks the proof against a root, with the head that belongs to it, and gives the chunks
    /// that hold the bytes `range` of the sequence: no gap, no surplus at either end unless the
    /// proof shows whole pages.
    ///
    /// # Errors
    /// Another head, a part that does not lead to its page's root, parts that leave a gap, or
    /// chunks that do not cover `range`.
    pub fn verify(
        &self,
        head: &LayoutHead,
        root: &DatasetRoot,
        range: Range<u64>,
    ) -> Result<Vec<ChunkEntry>, ProofError> {
        check_head(head, root)?;
        spans::check_range(&range, head.bytes)?;
        let mut proven: Vec<ChunkEntry> = Vec::new();
        for part in &self.parts {
            let shape = Part {
                page: part.page,
                entries: part.entries,
                first: part.first,
                hashes: &part.hashes,
            };
            shape.verify(&part.chunks, &head.chunk_pages)?;
            for chunk in &part.chunks {
                if proven.last().is_some_and(|last| last.end() != chunk.offset) {
                    return Err(ProofError::Gap);
                }
                proven.push(*chunk);
            }
        }
        let starts = proven.first().is_some_and(|first| first.offset <= range.start);
        let ends = proven.last().is_some_and(|last| last.end() >= range.end);
        if starts && ends { Ok(proven) } else { Err(ProofError::NotCovered) }
    }
}

pub(super) fn prove_file(layout: &Layout, path: &FilePath) -> Result<FileProof, ProofError> {
    let at = layout
        .files
        .binary_search_by(|file| file.path.cmp(path))
        .map_err(|_| super::LayoutError::NoFile(path.clone()))?;
    let (page, place) = page_of(&layout.file_starts, layout.files.len(), at);
    let position = at - place.start;
    let entries = &layout.files[place];
    Ok(FileProof {
        page: count(page),
        entries: count(entries.len()),
        position: count(position),
        file: entries[position].clone(),
        hashes: hashes(entries, position..position + 1)?,
    })
}

pub(super) fn prove_chunks(layout: &Layout, range: Range<u64>) -> Result<ChunksProof, ProofError> {
    spans::check_range(&range, layout.bytes())?;
    if range.is_empty() {
        return Err(ProofError::Empty);
    }
    let mut touched = spans::touched(&layout.chunks, &range);
    let mut parts = Vec::new();
    while !touched.is_empty() {
        let (page, place) = page_of(&layout.chunk_starts, layout.chunks.len(), touched.start);
        let end = touched.end.min(place.end);
        let mut shown = touched.start - place.start..end - place.start;
        let entries = &layout.chunks[place];
        if shown.len() > PROVEN_MAX {
            shown = 0..entries.len();
        }
        parts.push(ChunkPart {
            page: count(page),
            entries: count(entries.len()),
            first: count(shown.start),
            chunks: entries[shown.clone()].to_vec(),
            hashes: hashes(entries, shown)?,
        });
        touched.start = end;
    }
    Ok(ChunksProof { parts })
}

/// One part's shape; the entries are handed in beside it.
struct Part<'a> {
    page: u32,
    entries: u32,
    first: u32,
    hashes: &'a [LayoutNode],
}

impl Part<'_> {
    fn verify<E: Entry>(&self, entries: &[E], pages: &[PageRef]) -> Result<(), ProofError> {
        let page = pages.get(self.page as usize).ok_or(ProofError::NoPage(self.page))?;
        let (first, count) = (self.first as usize, self.entries as usize);
        merkle::check_shape(count, first, entries.len(), self.hashes.len())?;
        let positions: Vec<usize> = (first..first + entries.len()).collect();
        let leaves: Vec<_> = entries.iter().map(leaf).collect();
        let hashes: Vec<_> = self.hashes.iter().map(|node| *node.as_bytes()).collect();
        let tree = merkle::root_of_proof(count, &positions, &leaves, &hashes)?;
        if page_root::<E>(count, &tree) == page.root {
            Ok(())
        } else {
            Err(ProofError::PageRoot(self.page))
        }
    }
}

fn check_head(head: &LayoutHead, root: &DatasetRoot) -> Result<(), ProofError> {
    head.check_root()?;
    if head.root == *root {
        Ok(())
    } else {
        Err(ProofError::OtherRoot { expected: *root, found: head.root })
    }
}

/// The page that holds entry `at`, and which entries it holds.
fn page_of(starts: &[usize], entries: usize, at: usize) -> (usize, Range<usize>) {
    let page = starts.partition_point(|start| *start <= at).saturating_sub(1);
    let start = starts.get(page).copied().unwrap_or_default();
    let end = starts.get(page + 1).copied().unwrap_or(entries);
    (page, start..end)
}

fn hashes<E: Entry>(entries: &[E], shown: Range<usize>) -> Result<Vec<LayoutNode>, ProofError> {
    let leaves: Vec<_> = entries.iter().map(leaf).collect();
    let positions: Vec<_> = shown.collect();
    let nodes = merkle::prove(&leaves, &positions)?;
    Ok(nodes.into_iter().map(LayoutNode::from_bytes).collect())
}

/// Pages and their entries are far fewer than a u32 holds.
fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
