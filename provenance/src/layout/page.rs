//! Pages: the lists in pieces that are stored, fetched and proven one at a time.

use std::marker::PhantomData;
use std::ops::Range;

use super::entry::{Entry, leaf_of_encoding};
use super::error::LayoutError;
use crate::cbor::{CborError, Reader, Writer};
use crate::hash::{PageRoot, sha256};
use crate::merkle;

/// Most files of a layout, and most chunks.
pub const ENTRIES_MAX: u64 = 100_000_000;
/// Most entries of a page.
pub const PAGE_ENTRIES_MAX: usize = 65_536;
/// Most bytes that a page's entries take in their canonical encoding; the page itself has the
/// head of a CBOR array, at most 5 bytes, before them.
pub const PAGE_BYTES_MAX: usize = 4 << 20;
/// Most bytes of a page.
pub(super) const PAGE_SIZE_MAX: u64 = PAGE_BYTES_MAX as u64 + 5;

const PAGE_TAG: &[u8] = b"veritrail/layout/1/page\n";

const _: () = assert!(PAGE_ENTRIES_MAX == merkle::LEAVES_MAX);

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The page as it is stored: a CBOR array of its entries.
    pub bytes: Vec<u8>,
    /// Its root.
    pub root: PageRoot,
    /// How many entries it has.
    pub entries: u64,
}

/// All pages of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// Of the list of files.
    pub files: Vec<Page>,
    /// Of the list of chunks.
    pub chunks: Vec<Page>,
}

impl Pages {
    /// All of them, files first: what has to be stored.
    pub fn iter(&self) -> impl Iterator<Item = &Page> {
        self.files.iter().chain(&self.chunks)
    }
}

/// A page's root: binds which list it is of, how many entries it has, and the tree over them.
pub(super) fn page_root<E: Entry>(count: usize, tree: &[u8; 32]) -> PageRoot {
    let count = (count as u64).to_be_bytes();
    PageRoot::from_bytes(sha256(&[PAGE_TAG, &[E::LIST], &count, tree]))
}

/// Cuts a list into pages, in order.
pub(super) fn cut<E: Entry>(entries: &[E]) -> Result<Vec<Page>, LayoutError> {
    let mut pages = Vec::new();
    cut_into(entries, |page, _| pages.push(page))?;
    Ok(pages)
}

/// Cuts a list into pages and hands each on with the range of entries that it holds, so that
/// nobody has to hold them all.
pub(super) fn cut_into<E: Entry>(
    entries: &[E],
    mut sink: impl FnMut(Page, Range<usize>),
) -> Result<(), LayoutError> {
    let mut open = OpenPage::<E>::new();
    let mut first = 0;
    for (index, entry) in entries.iter().enumerate() {
        let mut writer = Writer::new();
        entry.write(&mut writer);
        let encoding = writer.into_bytes();
        if open.is_full_for(&encoding) {
            sink(open.close()?, first..index);
            open = OpenPage::new();
            first = index;
        }
        open.push(&encoding);
    }
    if first < entries.len() {
        sink(open.close()?, first..entries.len());
    }
    Ok(())
}

/// Decodes a page strictly and appends its entries.
pub(super) fn decode<E: Entry>(
    page: usize,
    bytes: &[u8],
    entries: &mut Vec<E>,
) -> Result<(), LayoutError> {
    let cbor = |cause: CborError| LayoutError::PageCbor { page, cause };
    let mut reader = Reader::new(bytes);
    let count = reader.array("a page, an array of entries").map_err(cbor)?;
    if count == 0 || count > PAGE_ENTRIES_MAX as u64 {
        return Err(LayoutError::PageEntries { page, entries: count });
    }
    for entry in 0..count {
        let read = E::read(&mut reader).map_err(cbor)?;
        entries.push(read.map_err(|cause| LayoutError::Entry { page, entry, cause })?);
    }
    reader.finish().map_err(cbor)
}

/// A page that still takes entries.
struct OpenPage<E> {
    encodings: Vec<u8>,
    leaves: Vec<[u8; 32]>,
    list: PhantomData<E>,
}

impl<E: Entry> OpenPage<E> {
    fn new() -> Self {
        Self { encodings: Vec::new(), leaves: Vec::new(), list: PhantomData }
    }

    fn is_full_for(&self, encoding: &[u8]) -> bool {
        self.leaves.len() == PAGE_ENTRIES_MAX
            || (!self.leaves.is_empty() && self.encodings.len() + encoding.len() > PAGE_BYTES_MAX)
    }

    fn push(&mut self, encoding: &[u8]) {
        self.leaves.push(leaf_of_encoding::<E>(encoding));
        self.encodings.extend_from_slice(encoding);
    }

    fn close(self) -> Result<Page, LayoutError> {
        let count = self.leaves.len();
        let mut writer = Writer::new();
        writer.array(count);
        writer.raw(&self.encodings);
        Ok(Page {
            bytes: writer.into_bytes(),
            root: page_root::<E>(count, &merkle::root(&self.leaves)?),
            entries: count as u64,
        })
    }
}
