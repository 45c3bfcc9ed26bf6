//! Rows of any types as order-preserving bytes, one after the other.

use std::ops::Range;

use arrow::array::ArrayRef;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::common::Result;

use super::Values;
use super::seen::{Keys, fold, grow};
use crate::columns::{canonical_floats, one_zero};

/// Encodes rows of any types.
#[derive(Debug)]
pub(super) struct Encoded {
    converter: RowConverter,
}

impl Encoded {
    pub(super) fn new(kinds: &[DataType]) -> Result<Self> {
        let fields = kinds.iter().map(|kind| SortField::new(kind.clone())).collect();
        Ok(Self { converter: RowConverter::new(fields)? })
    }
}

/// Byte strings behind each other.
#[derive(Debug, Default)]
pub(super) struct Strings {
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Strings {
    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

impl Keys for Strings {
    type Key = [u8];

    fn get(&self, at: usize) -> &[u8] {
        &self.bytes[self.start(at)..self.ends[at]]
    }

    fn push(&mut self, key: &[u8]) {
        if self.bytes.capacity() - self.bytes.len() < key.len() {
            self.bytes.reserve_exact(key.len().max(self.bytes.len() / 2));
        }
        self.bytes.extend_from_slice(key);
        grow(&mut self.ends);
        self.ends.push(self.bytes.len());
    }

    fn hash(key: &[u8], start: u64, factor: u64) -> u64 {
        let (words, rest) = key.as_chunks::<8>();
        let hash = words.iter().fold(start ^ key.len() as u64, |hash, word| {
            fold(hash ^ u64::from_le_bytes(*word), factor)
        });
        let rest = rest.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        fold(hash ^ rest, factor)
    }

    fn pick(&self, places: &[u32]) -> Self {
        let mut picked = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            ends: Vec::with_capacity(places.len()),
        };
        places.iter().for_each(|&place| picked.push(self.get(place as usize)));
        picked
    }

    fn split_first(&mut self, count: usize) -> Self {
        let cut = self.start(count);
        let first = Self {
            bytes: self.bytes.drain(..cut).collect(),
            ends: self.ends.drain(..count).collect(),
        };
        self.ends.iter_mut().for_each(|end| *end -= cut);
        first
    }

    fn size(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<usize>()
    }
}

impl Values for Encoded {
    type Keys = Strings;

    fn each(
        &self,
        columns: &[ArrayRef],
        selected: Option<&BooleanBuffer>,
        mut take: impl FnMut(usize, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let folded: Vec<ArrayRef> =
            columns.iter().map(|column| one_zero(&canonical_floats(column))).collect();
        let rows = self.converter.convert_columns(&folded)?;
        match selected {
            None => (0..rows.num_rows()).try_for_each(|row| take(row, rows.row(row).as_ref())),
            Some(selected) => {
                selected.set_indices().try_for_each(|row| take(row, rows.row(row).as_ref()))
            }
        }
    }

    fn columns(&self, keys: &Strings, range: Range<usize>) -> Result<Vec<ArrayRef>> {
        let parser = self.converter.parser();
        Ok(self.converter.convert_rows(range.map(|at| parser.parse(keys.get(at))))?)
    }

    fn write(&self, key: &[u8], bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(key);
    }

    fn read<R>(&self, bytes: &[u8], take: impl FnOnce(&[u8]) -> R) -> Option<R> {
        Some(take(bytes))
    }
}
