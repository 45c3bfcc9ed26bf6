//! What can be wrong with a layout, its pages and its proofs.

use thiserror::Error;

use super::content::PRIVATE_PATH;
use super::entry::CHUNK_BYTES_MAX;
use super::page::{ENTRIES_MAX, PAGE_BYTES_MAX, PAGE_ENTRIES_MAX};
use super::path::FilePath;
use crate::cbor::CborError;
use crate::hash::{ChunkId, DatasetRoot};
use crate::merkle::MerkleError;
use crate::statement::INTEGER_MAX;

/// Why lists are no layout, or a head and its pages do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LayoutError {
    /// A layout without a file.
    #[error("a layout has one file at least")]
    NoFiles,
    /// More entries than a layout may have.
    #[error("{0} entries, a layout has at most {ENTRIES_MAX} files and as many chunks")]
    TooMany(u64),
    /// The sequence is longer than JSON integers reach.
    #[error("the files together have more than {INTEGER_MAX} bytes")]
    TooLong,
    /// Files are not in the order of their paths.
    #[error("file {path} stands after {previous}, which is not its place in path order")]
    FileOrder {
        /// The earlier.
        previous: FilePath,
        /// The later.
        path: FilePath,
    },
    /// Two paths that some file systems cannot keep apart.
    #[error("{first} and {second} differ only in case or not at all")]
    SamePath {
        /// One.
        first: FilePath,
        /// The other.
        second: FilePath,
    },
    /// One file's path is a folder of another's.
    #[error("{file} is a file, and {inside} would lie inside it")]
    FolderIsFile {
        /// The file.
        file: FilePath,
        /// What would lie inside.
        inside: FilePath,
    },
    /// A file begins where it should not.
    #[error("file {path} begins at byte {found}, it must begin at {expected}")]
    FileOffset {
        /// The file.
        path: FilePath,
        /// End of the file before.
        expected: u64,
        /// What is listed.
        found: u64,
    },
    /// A chunk begins where it should not.
    #[error("chunk {index} begins at byte {found}, it must begin at {expected}")]
    ChunkOffset {
        /// Its place in the list.
        index: usize,
        /// End of the chunk before.
        expected: u64,
        /// What is listed.
        found: u64,
    },
    /// A chunk is empty or too large.
    #[error("chunk {index} has {length} bytes, a chunk has 1 to {CHUNK_BYTES_MAX}")]
    ChunkLength {
        /// Its place in the list.
        index: usize,
        /// What is listed.
        length: u32,
    },
    /// The lists describe sequences of different lengths.
    #[error("the files have {files} bytes together, the chunks {chunks}")]
    Lengths {
        /// Bytes of all files.
        files: u64,
        /// Bytes of all chunks.
        chunks: u64,
    },
    /// There is no such file.
    #[error("there is no file {0}")]
    NoFile(FilePath),
    /// A range that does not lie within.
    #[error("bytes {start} to {end} do not lie within the {length} bytes there are")]
    Range {
        /// First byte.
        start: u64,
        /// Behind the last.
        end: u64,
        /// Bytes there are.
        length: u64,
    },
    /// A head of a later version.
    #[error("the layout is of version {0}, this version understands 1")]
    Version(u64),
    /// An encoding of a later version.
    #[error(
        "the layout has encoding {0}, this version understands 0 (bytes as they stand) and 1 \
         (private)"
    )]
    Encoding(u8),
    /// A private layout lists anything but its one encrypted file.
    #[error("a private layout lists one file, {PRIVATE_PATH}, of one byte at least")]
    NotOneFile,
    /// A chunk of a private layout has another length than all have.
    #[error("chunk {index} of a private layout has {length} bytes, it must have {expected}")]
    PrivateChunk {
        /// Its place in the list.
        index: usize,
        /// What is listed.
        length: u32,
        /// What follows from the length of all.
        expected: u32,
    },
    /// A head whose counts cannot be those of its pages.
    #[error("the layout's head lists {pages} pages for {entries} entries of {list}")]
    PageCount {
        /// `files` or `chunks`.
        list: &'static str,
        /// Entries.
        entries: u64,
        /// Pages.
        pages: usize,
    },
    /// A page is larger than pages are.
    #[error("page {page} of {size} bytes is larger than a page can be ({PAGE_BYTES_MAX})")]
    PageSize {
        /// Its place in its list.
        page: usize,
        /// Its size as the head lists it.
        size: u64,
    },
    /// A page lists more entries than a page may.
    #[error("page {page} lists {entries} entries, a page lists 1 to {PAGE_ENTRIES_MAX}")]
    PageEntries {
        /// Its place in its list.
        page: usize,
        /// Its number of entries.
        entries: u64,
    },
    /// The bytes are not those that the head names.
    #[error("the bytes fetched for page {page} are not blob {blob}")]
    PageBytes {
        /// Its place in its list.
        page: usize,
        /// What the head names.
        blob: ChunkId,
    },
    /// The page is not in its one encoding.
    #[error("page {page}: {cause}")]
    PageCbor {
        /// Its place in its list.
        page: usize,
        /// What is wrong with it.
        cause: CborError,
    },
    /// An entry of a page is no entry.
    #[error("page {page}, entry {entry}: {cause}")]
    Entry {
        /// The page's place in its list.
        page: usize,
        /// The entry's place in the page.
        entry: u64,
        /// What is wrong with it.
        cause: String,
    },
    /// The head's root does not follow from what it lists.
    #[error("the layout's head lists what has the root {computed}, but names {named}")]
    Root {
        /// What the head says.
        named: DatasetRoot,
        /// What follows from it.
        computed: DatasetRoot,
    },
    /// The head's digest of the files does not follow from what it lists.
    #[error("the layout's head names a content digest that does not follow from its pages")]
    Content,
    /// The pages lead to another head: a count, a size or a cut differs.
    #[error("the pages are not those that this head must have: a count, a size or a cut differs")]
    Head,
    /// A tree could not be built.
    #[error(transparent)]
    Merkle(#[from] MerkleError),
}

/// Why a layout could not be assembled from its pages.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AssembleError<E> {
    /// A page could not be had.
    #[error("a page of the layout could not be read")]
    Fetch(#[source] E),
    /// What was had is no layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

/// Why something is not proven, or cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The layout or head itself is at fault.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The tree or the proof's shape is at fault.
    #[error(transparent)]
    Merkle(#[from] MerkleError),
    /// The head is that of another dataset.
    #[error("the proof is against root {expected}, the head has root {found}")]
    OtherRoot {
        /// What is to be proven against.
        expected: DatasetRoot,
        /// The head's.
        found: DatasetRoot,
    },
    /// The head lists no such page.
    #[error("the proof names page {0}, which the head does not list")]
    NoPage(u32),
    /// The proof leads to another page root: something in it was altered.
    #[error("the proof does not lead to the root of page {0}")]
    PageRoot(u32),
    /// The parts do not follow each other.
    #[error("the proof's parts leave a gap or overlap")]
    Gap,
    /// The chunks do not hold the bytes that were asked for.
    #[error("the proven chunks do not cover the bytes that were asked for")]
    NotCovered,
    /// Nothing was asked for.
    #[error("an empty range needs no proof and has none")]
    Empty,
}
