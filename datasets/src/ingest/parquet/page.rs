//! A page's header, decoded by us, since nothing may be decompressed before its sizes are known
//! (parquet.thrift, struct PageHeader).

use super::error::ParquetRefused;
use super::thrift::{Reader, Wire};

/// Bytes of a page at most, compressed or not: what one column may cost while it is read.
pub const MAX_PAGE_BYTES: i64 = 256 << 20;

/// Encodings as parquet.thrift numbers them.
pub(super) const PLAIN_DICTIONARY: i32 = 2;
pub(super) const DELTA_BYTE_ARRAY: i32 = 7;
pub(super) const RLE_DICTIONARY: i32 = 8;

/// What a page says about itself. Statistics are passed over.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageHeader {
    pub(super) kind: PageKind,
    /// Bytes of the body as it is used.
    pub(super) uncompressed: i32,
    /// Bytes of the body as it stands in the file.
    pub(super) compressed: i32,
    /// CRC-32 of the body as it stands in the file.
    pub(super) crc: Option<u32>,
}

/// The kinds of pages that hold something.
#[derive(Clone, Copy, Debug)]
pub(super) enum PageKind {
    /// Levels and values, compressed together.
    Data { values: i32, encoding: i32, levels: i32 },
    /// Levels, never compressed, then values.
    DataV2 {
        values: i32,
        nulls: i32,
        rows: i32,
        encoding: i32,
        definition_bytes: i32,
        repetition_bytes: i32,
        is_compressed: bool,
    },
    /// The values that data pages refer to.
    Dictionary { values: i32, encoding: i32 },
}

/// The fields of one of the three structs within a header, all small integers.
#[derive(Default)]
struct Parts {
    integers: [Option<i32>; 8],
    is_compressed: Option<bool>,
}

/// Decodes the header at the start of `bytes`; also its length.
pub(super) fn header(bytes: &[u8]) -> Result<(PageHeader, usize), ParquetRefused> {
    let mut reader = Reader::new(bytes);
    let (mut kind, mut uncompressed, mut compressed, mut crc) = (None, None, None, None);
    let (mut data, mut dictionary, mut data_v2) = (None, None, None);
    let mut previous = 0;
    while let Some((id, wire)) = reader.field(previous)? {
        match (id, wire) {
            (1, Wire::Int) => kind = Some(reader.int32()?),
            (2, Wire::Int) => uncompressed = Some(reader.int32()?),
            (3, Wire::Int) => compressed = Some(reader.int32()?),
            (4, Wire::Int) => crc = Some(reader.int32()? as u32),
            (5, Wire::Struct) => data = Some(parts(&mut reader)?),
            (7, Wire::Struct) => dictionary = Some(parts(&mut reader)?),
            (8, Wire::Struct) => data_v2 = Some(parts(&mut reader)?),
            (_, wire) => reader.skip(wire)?,
        }
        previous = id;
    }
    let at = reader.position();
    let missing = |reason| ParquetRefused::Thrift { at, reason };
    let kind = match kind {
        Some(0) => data.and_then(data_page),
        Some(2) => dictionary.and_then(dictionary_page),
        Some(3) => data_v2.and_then(data_page_v2),
        _ => return Err(missing("a page of an unknown kind")),
    };
    let header = PageHeader {
        kind: kind.ok_or_else(|| missing("a page header without what its kind needs"))?,
        uncompressed: uncompressed.ok_or_else(|| missing("a page header without sizes"))?,
        compressed: compressed.ok_or_else(|| missing("a page header without sizes"))?,
        crc,
    };
    Ok((header, at))
}

/// DataPageHeader: 1 num_values, 2 encoding, 3 definition_level_encoding, 4 repetition…
fn data_page(parts: Parts) -> Option<PageKind> {
    let [_, values, encoding, levels, ..] = parts.integers;
    Some(PageKind::Data { values: values?, encoding: encoding?, levels: levels? })
}

/// DictionaryPageHeader: 1 num_values, 2 encoding, 3 is_sorted.
fn dictionary_page(parts: Parts) -> Option<PageKind> {
    let [_, values, encoding, ..] = parts.integers;
    Some(PageKind::Dictionary { values: values?, encoding: encoding? })
}

/// DataPageHeaderV2: 1 num_values, 2 num_nulls, 3 num_rows, 4 encoding,
/// 5 definition_levels_byte_length, 6 repetition_levels_byte_length, 7 is_compressed (true if
/// left out), 8 statistics.
fn data_page_v2(parts: Parts) -> Option<PageKind> {
    let [_, values, nulls, rows, encoding, definition_bytes, repetition_bytes, _] = parts.integers;
    Some(PageKind::DataV2 {
        values: values?,
        nulls: nulls?,
        rows: rows?,
        encoding: encoding?,
        definition_bytes: definition_bytes?,
        repetition_bytes: repetition_bytes?,
        is_compressed: parts.is_compressed.unwrap_or(true),
    })
}

fn parts(reader: &mut Reader<'_>) -> Result<Parts, ParquetRefused> {
    let mut parts = Parts::default();
    let mut previous = 0;
    while let Some((id, wire)) = reader.field(previous)? {
        let place = usize::try_from(id).ok().and_then(|id| parts.integers.get_mut(id));
        match (wire, place) {
            (Wire::Int, Some(place)) => *place = Some(reader.int32()?),
            (Wire::True | Wire::False, _) if id == 7 => {
                parts.is_compressed = Some(wire == Wire::True);
            }
            (wire, _) => reader.skip(wire)?,
        }
        previous = id;
    }
    Ok(parts)
}
