//! What a dataset is made of: one byte sequence, listed once as files and once as chunks.
//!
//! Both lists are gapless and in order. Each is cut into pages, each page has a root, and the
//! [`DatasetRoot`] binds all page roots and counts. docs/formats/layout.md is the format.

mod content;
mod entry;
mod error;
mod head;
mod page;
mod path;
mod proof;
mod spans;

use std::ops::Range;

use crate::hash::{ContentHash, DatasetRoot};

pub use crate::merkle::MerkleError;
pub use content::{PRIVATE_PATH, private_chunk_len};
pub use entry::{CHUNK_BYTES_MAX, ChunkEntry, FileEntry};
pub use error::{AssembleError, LayoutError, ProofError};
pub use head::{ENCODING_PLAIN, ENCODING_PRIVATE, LayoutHead, PageRef, VERSION};
pub use page::{ENTRIES_MAX, PAGE_BYTES_MAX, PAGE_ENTRIES_MAX, Page, Pages};
pub use path::{FilePath, PART_BYTES_MAX, PATH_BYTES_MAX, PathError};
pub use proof::{ChunkPart, ChunksProof, FileProof};
pub use spans::Span;

/// A checked layout: lists that fit each other, and the head over them. Immutable.
///
/// Unlike a [`LayoutHead`] it holds every entry; a head names them by pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    files: Vec<FileEntry>,
    chunks: Vec<ChunkEntry>,
    head: LayoutHead,
    /// Where each page begins in its list.
    file_starts: Vec<usize>,
    chunk_starts: Vec<usize>,
}

impl Layout {
    /// Checks both lists and computes the head. Cost: linear in the entries but for one sort of
    /// the folded paths.
    ///
    /// # Errors
    /// No file, paths out of order, equal when folded, or a folder of another; gaps, overlaps,
    /// lists of different length in bytes, chunks that are empty or too large, too many entries.
    pub fn new(files: Vec<FileEntry>, chunks: Vec<ChunkEntry>) -> Result<Self, LayoutError> {
        Self::encoded(ENCODING_PLAIN, files, chunks)
    }

    /// As [`Layout::new`], of private bytes: one encrypted file, [`PRIVATE_PATH`], in chunks of
    /// [`private_chunk_len`] bytes.
    ///
    /// # Errors
    /// Those of [`Layout::new`]; more files, another path, a chunk of another length.
    pub fn private(files: Vec<FileEntry>, chunks: Vec<ChunkEntry>) -> Result<Self, LayoutError> {
        content::check_private(&files, &chunks)?;
        Self::encoded(ENCODING_PRIVATE, files, chunks)
    }

    fn encoded(
        encoding: u8,
        files: Vec<FileEntry>,
        chunks: Vec<ChunkEntry>,
    ) -> Result<Self, LayoutError> {
        content::check(&files, &chunks)?;
        let (file_pages, file_starts) = head::list_pages(&files)?;
        let (chunk_pages, chunk_starts) = head::list_pages(&chunks)?;
        let bytes = chunks.last().map_or(0, ChunkEntry::end);
        let counts = head::Counts { files: files.len() as u64, chunks: chunks.len() as u64, bytes };
        let head = LayoutHead::of(encoding, counts, file_pages, chunk_pages);
        Ok(Self { files, chunks, head, file_starts, chunk_starts })
    }

    /// Rebuilds a layout from its head, fetching page after page. Everything is checked again:
    /// each page's hash before it is decoded, and at the end the whole head.
    ///
    /// # Errors
    /// What `fetch` fails with; a head that does not lead to its own root; a page that is not
    /// what the head names; lists that [`Layout::new`] refuses.
    pub fn assemble<E>(
        head: &LayoutHead,
        mut fetch: impl FnMut(&PageRef) -> Result<Vec<u8>, E>,
    ) -> Result<Self, AssembleError<E>> {
        head.check_root()?;
        let mut files = Vec::new();
        for (index, page) in head.file_pages.iter().enumerate() {
            let bytes = fetch(page).map_err(AssembleError::Fetch)?;
            page.check_bytes(index, &bytes)?;
            page::decode(index, &bytes, &mut files)?;
        }
        let mut chunks = Vec::new();
        for (index, page) in head.chunk_pages.iter().enumerate() {
            let bytes = fetch(page).map_err(AssembleError::Fetch)?;
            page.check_bytes(index, &bytes)?;
            page::decode(index, &bytes, &mut chunks)?;
        }
        let layout = match head.is_private() {
            true => Self::private(files, chunks)?,
            false => Self::new(files, chunks)?,
        };
        if layout.head != *head {
            return Err(LayoutError::Head.into());
        }
        Ok(layout)
    }

    /// The files, ascending by path.
    pub fn files(&self) -> &[FileEntry] {
        &self.files
    }

    /// The chunks, ascending by offset.
    pub fn chunks(&self) -> &[ChunkEntry] {
        &self.chunks
    }

    /// The root that names this layout.
    pub fn root(&self) -> &DatasetRoot {
        &self.head.root
    }

    /// The digest of the list of files alone: equal for equal content, however it was chunked.
    pub fn content(&self) -> &ContentHash {
        &self.head.content
    }

    /// Length of the whole sequence, in bytes.
    pub fn bytes(&self) -> u64 {
        self.head.bytes
    }

    /// The head, as it stands in a manifest.
    pub fn head(&self) -> &LayoutHead {
        &self.head
    }

    /// All pages with their bytes, to be stored as blobs. Cost: encodes every entry again.
    ///
    /// # Errors
    /// None for a layout that was made; the type says so because encoding is shared with
    /// [`Layout::new`].
    pub fn pages(&self) -> Result<Pages, LayoutError> {
        Ok(Pages { files: page::cut(&self.files)?, chunks: page::cut(&self.chunks)? })
    }

    /// The file at `path`. Cost: a binary search.
    pub fn file(&self, path: &FilePath) -> Option<&FileEntry> {
        let at = self.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        self.files.get(at)
    }

    /// Where the bytes `range` of a file lie in the chunks, in order. Cost: two binary searches.
    ///
    /// # Errors
    /// No such file, or a range that is reversed or ends beyond the file.
    pub fn spans(&self, path: &FilePath, range: Range<u64>) -> Result<Vec<Span>, LayoutError> {
        let file = self.file(path).ok_or_else(|| LayoutError::NoFile(path.clone()))?;
        spans::of_file(&self.chunks, file, range)
    }

    /// Where the bytes `range` of the whole sequence lie in the chunks.
    ///
    /// # Errors
    /// A range that is reversed or ends beyond the sequence.
    pub fn sequence_spans(&self, range: Range<u64>) -> Result<Vec<Span>, LayoutError> {
        spans::of_sequence(&self.chunks, self.head.bytes, range)
    }

    /// Proves that a file is listed. Cost: one page is hashed.
    ///
    /// # Errors
    /// No such file.
    pub fn prove_file(&self, path: &FilePath) -> Result<FileProof, ProofError> {
        proof::prove_file(self, path)
    }

    /// Proves which chunks hold the bytes `range` of the whole sequence. Cost: the pages that it
    /// touches are hashed.
    ///
    /// # Errors
    /// A range that is empty, reversed or ends beyond the sequence.
    pub fn prove_chunks(&self, range: Range<u64>) -> Result<ChunksProof, ProofError> {
        proof::prove_chunks(self, range)
    }
}
