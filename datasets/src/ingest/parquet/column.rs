//! Checked pages, handed to the crate parquet one by one.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result as ParquetResult};

use super::chunk::{Chunk, PageAt};
use super::decompress::decompress;
use super::delta;
use super::error::ParquetRefused;
use super::levels::{check_hybrid, count_values};
use super::page::{MAX_PAGE_BYTES, PageKind};

/// Bytes that may follow the last plain value: fastparquet writes eight.
const PADDING_BYTES: usize = 8;
const OTHER_TYPE: &str = "values that are not those of the column's type";

/// The pages of one chunk, unpacked one at a time.
pub(super) struct ColumnPages {
    chunk: Arc<Chunk>,
    next: usize,
    refusal: Refusal,
}

/// The first refusal of a page, kept as it is: through the crate it would become a text.
pub(super) type Refusal = Arc<Mutex<Option<ParquetRefused>>>;

/// The one column chunk that a row group has of a column, as the crate asks for it.
pub(super) struct OneChunk {
    pages: Option<ColumnPages>,
}

impl ColumnPages {
    fn page(&mut self) -> Result<Option<Page>, ParquetRefused> {
        let number = self.next;
        let Some(at) = self.chunk.pages.get(number) else {
            return Ok(None);
        };
        self.next += 1;
        self.chunk.unpack(number, at).map(|(page, _)| Some(page))
    }
}

impl Chunk {
    /// Bytes of the widest text in a dictionary.
    pub(super) fn widest_value(&self, number: usize, at: &PageAt) -> Result<u64, ParquetRefused> {
        let (page, _) = self.unpack(number, at)?;
        let mut rest: &[u8] = page.buffer();
        let mut widest = 0;
        // Not until nothing is left: padding may follow the last value.
        for _ in 0..page.num_values() {
            let Some((length, text)) = rest.split_first_chunk::<4>() else { break };
            let length = u32::from_le_bytes(*length);
            widest = widest.max(u64::from(length));
            rest = text.get(length as usize..).unwrap_or_default();
        }
        Ok(widest)
    }

    /// Bytes that a page's texts take without what they share with their predecessors.
    pub(super) fn written_out(&self, number: usize, at: &PageAt) -> Result<u64, ParquetRefused> {
        self.unpack(number, at).map(|(_, bytes)| bytes)
    }

    /// A page as the crate decodes it: of the stated size, with levels that are all there. Also
    /// the bytes that its values take, if those are more than it has itself.
    fn unpack(&self, number: usize, at: &PageAt) -> Result<(Page, u64), ParquetRefused> {
        let refused = |reason: String| self.refused(number, reason);
        let body = self.bytes.get(at.body.clone()).unwrap_or_default();
        if let Some(expected) = at.header.crc {
            let mut crc = flate2::Crc::new();
            crc.update(body);
            if crc.sum() != expected {
                return Err(refused("its checksum does not match its bytes".to_owned()));
            }
        }
        // Sizes and counts were found to be at least 0 when the chunk was walked.
        let size = at.header.uncompressed as usize;
        match at.header.kind {
            PageKind::Data { values, encoding, levels } => {
                let buf = self.body(body, size, 0, true).map_err(refused)?;
                let (skipped, present) =
                    self.levels_v1(&buf, values as usize, levels).map_err(|e| refused(e.into()))?;
                let encoding = encoding_of(encoding).map_err(|e| refused(e.into()))?;
                let bytes = self
                    .check_values(&buf, skipped, encoding, present)
                    .map_err(|e| refused(e.into()))?;
                let page = Page::DataPage {
                    buf,
                    num_values: values as u32,
                    encoding,
                    def_level_encoding: Encoding::RLE,
                    rep_level_encoding: Encoding::RLE,
                    statistics: None,
                };
                Ok((page, bytes))
            }
            PageKind::DataV2 {
                values,
                nulls,
                rows,
                encoding,
                definition_bytes,
                is_compressed,
                ..
            } => {
                let levels = definition_bytes as usize;
                let buf = self.body(body, size, levels, is_compressed).map_err(refused)?;
                let present = self
                    .levels_v2(&buf, values as usize, nulls as usize, levels)
                    .map_err(|e| refused(e.into()))?;
                let encoding = encoding_of(encoding).map_err(|e| refused(e.into()))?;
                let bytes = self
                    .check_values(&buf, levels, encoding, present)
                    .map_err(|e| refused(e.into()))?;
                let page = Page::DataPageV2 {
                    buf,
                    num_values: values as u32,
                    encoding,
                    num_nulls: nulls as u32,
                    num_rows: rows as u32,
                    def_levels_byte_len: levels as u32,
                    rep_levels_byte_len: 0,
                    is_compressed: false,
                    statistics: None,
                };
                Ok((page, bytes))
            }
            PageKind::Dictionary { values, encoding } => {
                let buf = self.body(body, size, 0, true).map_err(refused)?;
                let page = self.dictionary(buf, values as usize, encoding);
                page.map(|page| (page, 0)).map_err(|e| refused(e.into()))
            }
        }
    }

    fn dictionary(&self, buf: Bytes, values: usize, encoding: i32) -> Result<Page, &'static str> {
        self.check_plain(&buf, values)?;
        let encoding = match encoding_of(encoding)? {
            encoding @ (Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) => encoding,
            _ => return Err("a dictionary that is not plainly encoded"),
        };
        Ok(Page::DictionaryPage { buf, num_values: values as u32, encoding, is_sorted: false })
    }

    /// The body with everything behind its first `plain` bytes unpacked, `size` bytes in all.
    fn body(
        &self,
        body: &[u8],
        size: usize,
        plain: usize,
        is_compressed: bool,
    ) -> Result<Bytes, String> {
        let (head, packed) = body.split_at_checked(plain).ok_or("its levels are cut off")?;
        let rest = size.checked_sub(plain).ok_or("its levels are larger than the page")?;
        let unpacked = match self.metadata().compression() {
            parquet::basic::Compression::UNCOMPRESSED => packed.to_vec(),
            _ if !is_compressed => packed.to_vec(),
            // A page of nulls alone may have no body to unpack.
            _ if rest == 0 => Vec::new(),
            codec => decompress(codec, packed, rest)?,
        };
        if unpacked.len() != rest {
            return Err(format!("it holds {} bytes, not the {rest} stated", unpacked.len()));
        }
        if head.is_empty() {
            return Ok(unpacked.into());
        }
        let mut whole = Vec::with_capacity(size);
        whole.extend_from_slice(head);
        whole.extend_from_slice(&unpacked);
        Ok(whole.into())
    }

    /// Where the values begin behind the levels of a page of version 1, and how many there are.
    fn levels_v1(
        &self,
        buf: &[u8],
        rows: usize,
        encoding: i32,
    ) -> Result<(usize, usize), &'static str> {
        if self.metadata().column_descr().max_def_level() == 0 {
            return Ok((0, rows));
        }
        if encoding_of(encoding)? != Encoding::RLE {
            return Err("levels that are not run-length encoded");
        }
        let (length, rest) = buf.split_first_chunk::<4>().ok_or("levels that are cut off")?;
        let length = u32::from_le_bytes(*length) as usize;
        let levels = rest.get(..length).ok_or("levels that are cut off")?;
        Ok((4 + length, count_values(levels, rows)?))
    }

    /// How many values a page of version 2 has.
    fn levels_v2(
        &self,
        buf: &[u8],
        rows: usize,
        nulls: usize,
        length: usize,
    ) -> Result<usize, &'static str> {
        let levels = buf.get(..length).ok_or("levels that are cut off")?;
        let present = match self.metadata().column_descr().max_def_level() {
            0 if length == 0 => rows,
            0 => return Err("levels in a column that needs none"),
            _ => count_values(levels, rows)?,
        };
        if present + nulls == rows {
            Ok(present)
        } else {
            Err("num_nulls is not the number of nulls in its levels")
        }
    }

    /// Checks that plain values are all there and nothing else but padding: a footer that states
    /// another type or no nulls would else be believed.
    fn check_plain(&self, values: &[u8], count: usize) -> Result<(), &'static str> {
        let width = match self.metadata().column_descr().physical_type() {
            Physical::BOOLEAN => {
                let exact = count.div_ceil(8) == values.len();
                return if exact { Ok(()) } else { Err(OTHER_TYPE) };
            }
            Physical::BYTE_ARRAY => return check_plain_bytes(values, count),
            Physical::INT32 | Physical::FLOAT => 4,
            Physical::INT64 | Physical::DOUBLE => 8,
            Physical::INT96 => 12,
            Physical::FIXED_LEN_BYTE_ARRAY => {
                usize::try_from(self.metadata().column_descr().type_length()).unwrap_or(0)
            }
        };
        let surplus = count.checked_mul(width).and_then(|bytes| values.len().checked_sub(bytes));
        match surplus {
            Some(surplus) if surplus <= PADDING_BYTES => Ok(()),
            _ => Err(OTHER_TYPE),
        }
    }

    /// Checks counts that the crate would allocate by; gives the bytes that the values take, if
    /// those are more than the page has.
    fn check_values(
        &self,
        buf: &[u8],
        skipped: usize,
        encoding: Encoding,
        present: usize,
    ) -> Result<u64, &'static str> {
        let values = buf.get(skipped..).ok_or("values that are cut off")?;
        match encoding {
            Encoding::PLAIN | Encoding::BYTE_STREAM_SPLIT => self.check_plain(values, present)?,
            // A page of nulls alone may leave out even the width.
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => match values.split_first() {
                None if present == 0 => {}
                None => return Err("values that are cut off"),
                Some((width, indices)) => check_hybrid(indices, *width, present)?,
            },
            Encoding::RLE if present == 0 && values.is_empty() => {}
            Encoding::RLE => {
                let (length, runs) = values.split_first_chunk::<4>().ok_or("values cut off")?;
                match u32::from_le_bytes(*length) as usize == runs.len() {
                    true => check_hybrid(runs, 1, present)?,
                    false => return Err("values of another length than stated"),
                }
            }
            // A page without values may leave the stream out.
            Encoding::DELTA_BINARY_PACKED
            | Encoding::DELTA_LENGTH_BYTE_ARRAY
            | Encoding::DELTA_BYTE_ARRAY
                if present == 0 && values.is_empty() => {}
            Encoding::DELTA_BINARY_PACKED => match delta::check(values, present)? {
                end if end == values.len() => {}
                _ => return Err("bytes behind the last delta"),
            },
            Encoding::DELTA_LENGTH_BYTE_ARRAY => {
                delta::check(values, present)?;
            }
            Encoding::DELTA_BYTE_ARRAY => return check_delta_bytes(values, present),
            _ => {}
        }
        Ok(0)
    }
}

/// Checks two delta streams, of shared beginnings and of the rest; gives the bytes that the
/// values take once they are written out.
fn check_delta_bytes(values: &[u8], count: usize) -> Result<u64, &'static str> {
    let second = delta::check(values, count)?;
    let suffixes = values.get(second..).ok_or("values that are cut off")?;
    delta::check(suffixes, count)?;
    match delta::written_out(values, second, count)? {
        bytes if bytes <= MAX_PAGE_BYTES as u64 => Ok(bytes),
        _ => Err("delta-encoded values of more than 256 MiB: write smaller pages"),
    }
}

/// Checks that `values` are `count` texts, each behind its length, and nothing else but padding.
fn check_plain_bytes(values: &[u8], count: usize) -> Result<(), &'static str> {
    let mut rest = values;
    for _ in 0..count {
        let (length, text) = rest.split_first_chunk::<4>().ok_or("values that are cut off")?;
        let length = u32::from_le_bytes(*length) as usize;
        rest = text.get(length..).ok_or("a value beyond its page")?;
    }
    if rest.len() <= PADDING_BYTES { Ok(()) } else { Err("bytes behind the last value") }
}

/// The encodings of parquet.thrift that pages may have.
fn encoding_of(code: i32) -> Result<Encoding, &'static str> {
    let encoding = match code {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err("an encoding that is not supported"),
    };
    Ok(encoding)
}

impl OneChunk {
    pub(super) fn new(chunk: Arc<Chunk>, refusal: Refusal) -> Self {
        OneChunk { pages: Some(ColumnPages { chunk, next: 0, refusal }) }
    }
}

impl Iterator for OneChunk {
    type Item = ParquetResult<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let pages: Box<dyn PageReader> = Box::new(self.pages.take()?);
        Some(Ok(pages))
    }
}

impl PageIterator for OneChunk {}

impl PageReader for ColumnPages {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        self.page().map_err(|refused| {
            let text = refused.to_string();
            if let Ok(mut refusal) = self.refusal.lock() {
                refusal.get_or_insert(refused);
            }
            ParquetError::General(text)
        })
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        Err(ParquetError::General("pages are read in order, none is skipped".to_owned()))
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        Err(ParquetError::General("pages are read in order, none is skipped".to_owned()))
    }
}

impl Iterator for ColumnPages {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
