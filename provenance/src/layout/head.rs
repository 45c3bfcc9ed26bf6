//! The head of a layout: small enough to stand in a manifest, enough to check every page.

use serde::{Deserialize, Serialize};

use super::entry::{ChunkEntry, Entry, FileEntry};
use super::error::LayoutError;
use super::page::{ENTRIES_MAX, PAGE_ENTRIES_MAX, PAGE_SIZE_MAX, cut_into};
use crate::hash::{ChunkId, ContentHash, DatasetRoot, PageRoot, sha256};
use crate::statement::INTEGER_MAX;

/// The version of the layout format.
pub const VERSION: u64 = 1;
/// Bytes as they stand.
pub const ENCODING_PLAIN: u8 = 0;
/// One encrypted file in chunks of one length (docs/formats/private.md).
pub const ENCODING_PRIVATE: u8 = 1;
/// Stands where the hash of an extension will.
const NO_EXTENSION: [u8; 32] = [0; 32];

const ROOT_TAG: &[u8] = b"veritrail/layout/1/root\n";
const CONTENT_TAG: &[u8] = b"veritrail/layout/1/content\n";

/// What a layout consists of, by its pages. Reads and writes as the JSON member `layout` of a
/// manifest's head; nothing in it is checked before [`LayoutHead::check_root`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayoutHead {
    /// [`VERSION`].
    pub v: u64,
    /// How the bytes stand in the chunks: [`ENCODING_PLAIN`] or [`ENCODING_PRIVATE`].
    pub encoding: u8,
    /// The root over all of this.
    pub root: DatasetRoot,
    /// The digest of the list of files.
    pub content: ContentHash,
    /// How many files there are.
    pub files: u64,
    /// How many chunks there are.
    pub chunks: u64,
    /// How many bytes there are.
    pub bytes: u64,
    /// The pages of the list of files.
    pub file_pages: Vec<PageRef>,
    /// The pages of the list of chunks.
    pub chunk_pages: Vec<PageRef>,
}

/// A page as a head names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRef {
    /// The blob that the page is stored as.
    pub blob: ChunkId,
    /// Its length in bytes.
    pub size: u64,
    /// The root of its entries.
    pub root: PageRoot,
}

/// The counts that a root binds.
pub(super) struct Counts {
    pub(super) files: u64,
    pub(super) chunks: u64,
    pub(super) bytes: u64,
}

impl LayoutHead {
    pub(super) fn of(
        encoding: u8,
        counts: Counts,
        file_pages: Vec<PageRef>,
        chunk_pages: Vec<PageRef>,
    ) -> Self {
        let mut head = Self {
            v: VERSION,
            encoding,
            root: DatasetRoot::from_bytes([0; 32]),
            content: ContentHash::from_bytes([0; 32]),
            files: counts.files,
            chunks: counts.chunks,
            bytes: counts.bytes,
            file_pages,
            chunk_pages,
        };
        head.content = head.content_of_pages();
        head.root = head.root_of_pages();
        head
    }

    /// Whether the bytes are encrypted: what is listed is ciphertext.
    pub fn is_private(&self) -> bool {
        self.encoding == ENCODING_PRIVATE
    }

    /// Checks that `root` and `content` follow from the pages' roots and the counts, and that the
    /// counts are possible. After this, a page whose root is listed here is a page of `root`.
    ///
    /// The pages' blobs and sizes are not bound by the root: they say where to look, and what is
    /// found there is checked by its own root.
    ///
    /// # Errors
    /// Another version or encoding, impossible counts, another root or content digest.
    pub fn check_root(&self) -> Result<(), LayoutError> {
        if self.v != VERSION {
            return Err(LayoutError::Version(self.v));
        }
        if self.encoding > ENCODING_PRIVATE {
            return Err(LayoutError::Encoding(self.encoding));
        }
        if self.files == 0 {
            return Err(LayoutError::NoFiles);
        }
        if self.is_private() && self.files != 1 {
            return Err(LayoutError::NotOneFile);
        }
        if self.bytes > INTEGER_MAX {
            return Err(LayoutError::TooLong);
        }
        check_list::<FileEntry>(self.files, &self.file_pages)?;
        check_list::<ChunkEntry>(self.chunks, &self.chunk_pages)?;
        if self.content != self.content_of_pages() {
            return Err(LayoutError::Content);
        }
        let computed = self.root_of_pages();
        if self.root != computed {
            return Err(LayoutError::Root { named: self.root, computed });
        }
        Ok(())
    }

    fn content_of_pages(&self) -> ContentHash {
        let files = self.files.to_be_bytes();
        let bytes = self.bytes.to_be_bytes();
        let pages = (self.file_pages.len() as u64).to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![CONTENT_TAG, &files, &bytes, &pages];
        parts.extend(roots(&self.file_pages));
        ContentHash::from_bytes(sha256(&parts))
    }

    fn root_of_pages(&self) -> DatasetRoot {
        let numbers: Vec<u8> = [
            self.files,
            self.chunks,
            self.bytes,
            self.file_pages.len() as u64,
            self.chunk_pages.len() as u64,
        ]
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect();
        let version = self.v.to_be_bytes();
        let encoding = [self.encoding];
        let mut parts: Vec<&[u8]> = vec![ROOT_TAG, &version, &encoding, &numbers, &NO_EXTENSION];
        parts.extend(roots(&self.file_pages));
        parts.extend(roots(&self.chunk_pages));
        DatasetRoot::from_bytes(sha256(&parts))
    }
}

impl PageRef {
    /// Refuses bytes that are not this page's blob, before anything in them is read.
    pub(super) fn check_bytes(&self, page: usize, bytes: &[u8]) -> Result<(), LayoutError> {
        if bytes.len() as u64 != self.size || ChunkId::of(bytes) != self.blob {
            return Err(LayoutError::PageBytes { page, blob: self.blob });
        }
        Ok(())
    }
}

/// The pages of a list as a head names them, and where each begins in the list.
pub(super) fn list_pages<E: Entry>(
    entries: &[E],
) -> Result<(Vec<PageRef>, Vec<usize>), LayoutError> {
    let (mut pages, mut starts) = (Vec::new(), Vec::new());
    cut_into(entries, |page, range| {
        let blob = ChunkId::of(&page.bytes);
        pages.push(PageRef { blob, size: page.bytes.len() as u64, root: page.root });
        starts.push(range.start);
    })?;
    Ok((pages, starts))
}

fn roots(pages: &[PageRef]) -> impl Iterator<Item = &[u8]> {
    pages.iter().map(|page| page.root.as_bytes().as_slice())
}

fn check_list<E: Entry>(entries: u64, pages: &[PageRef]) -> Result<(), LayoutError> {
    if entries > ENTRIES_MAX {
        return Err(LayoutError::TooMany(entries));
    }
    let count = pages.len() as u64;
    if count > entries || entries.div_ceil(PAGE_ENTRIES_MAX as u64) > count {
        return Err(LayoutError::PageCount { list: E::NAME, entries, pages: pages.len() });
    }
    match pages.iter().position(|page| page.size > PAGE_SIZE_MAX) {
        Some(page) => Err(LayoutError::PageSize { page, size: pages[page].size }),
        None => Ok(()),
    }
}
