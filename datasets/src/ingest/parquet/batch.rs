//! How many rows a batch may have, so that no file decides what reading it costs.
//!
//! Pages are bounded, but a value may be repeated out of them: a dictionary repeats a long one in
//! a bit, a delta-encoded text its predecessor in a byte, and a null of a fixed width takes all of
//! it. So the widest batch is reckoned before the first row is decoded, and rows are taken away
//! until it fits.

use super::chunk::Chunk;
use super::error::ParquetRefused;

/// Rows of a batch at most; the last one of a row group may have fewer.
pub const BATCH_ROWS: usize = 8_192;
/// Bytes that the values of a batch may take, all columns together, beyond two pages of each
/// column. One row is read whatever it takes: pages and dictionaries have bounds of their own.
pub const BATCH_BYTES: u64 = 64 << 20;
/// Plain pages that may meet in a batch whatever they hold: less would make batches of one row
/// out of each border between two large pages.
const PAGES_MET: usize = 2;

/// What a page of texts adds to a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageCost {
    pub(super) rows: u64,
    pub(super) cost: Cost,
}

/// How a page's bytes grow when they are decoded.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cost {
    /// At most so many bytes, however many of its rows are taken.
    Whole(u64),
    /// At most so many bytes for each row that is taken.
    Each(u64),
}

/// Rows that a batch of these columns may have: [`BATCH_ROWS`], halved until the widest batch
/// fits [`BATCH_BYTES`]. Cost: dictionaries of texts are unpacked, and pages of texts that are
/// encoded by what they share with their predecessor.
pub(super) fn batch_rows<'a>(
    chunks: impl Iterator<Item = &'a Chunk>,
) -> Result<usize, ParquetRefused> {
    let (mut fixed, mut texts) = (0u64, Vec::new());
    for chunk in chunks {
        match chunk.fixed_bytes() {
            Some(bytes) => fixed = fixed.saturating_add(bytes),
            None => texts.push(chunk.text_costs()?),
        }
    }
    let widest = |rows: u64| {
        let texts = texts.iter().map(|pages| widest_batch(pages, rows));
        texts.fold(fixed.saturating_mul(rows), u64::saturating_add)
    };
    let mut rows = BATCH_ROWS;
    while rows > 1 && widest(rows as u64) > BATCH_BYTES {
        rows /= 2;
    }
    Ok(rows)
}

/// What was added to one batch so far.
#[derive(Clone, Copy, Default)]
struct Batch {
    rows: u64,
    pages: usize,
    whole: u64,
    each: u64,
}

impl Batch {
    fn take(&mut self, rows: u64, cost: Cost) {
        self.rows += rows;
        match cost {
            Cost::Whole(bytes) => {
                self.pages += 1;
                self.whole = self.whole.saturating_add(bytes);
            }
            Cost::Each(bytes) => {
                self.each = self.each.saturating_add(bytes.saturating_mul(rows));
            }
        }
    }

    fn bytes(&self) -> u64 {
        let whole = if self.pages > PAGES_MET { self.whole } else { 0 };
        self.each.saturating_add(whole)
    }
}

/// The most bytes that one of the batches of `rows` rows takes of these pages, which follow each
/// other. Cost: one step a page, however many batches it fills.
fn widest_batch(pages: &[PageCost], rows: u64) -> u64 {
    let (mut widest, mut batch) = (0, Batch::default());
    for page in pages {
        let mut left = page.rows;
        let first = left.min(rows - batch.rows);
        if first > 0 {
            batch.take(first, page.cost);
            left -= first;
        }
        widest = widest.max(batch.bytes());
        if batch.rows < rows {
            continue;
        }
        // Batches that lie within this page, then the one that it begins.
        batch = Batch::default();
        if left >= rows {
            batch.take(rows, page.cost);
            widest = widest.max(batch.bytes());
            batch = Batch::default();
        }
        if left % rows > 0 {
            batch.take(left % rows, page.cost);
            widest = widest.max(batch.bytes());
        }
    }
    widest
}
