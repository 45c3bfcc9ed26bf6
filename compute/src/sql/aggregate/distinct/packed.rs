//! Rows of fixed width, told apart as whole numbers.

use std::ops::Range;

use arrow::array::ArrayRef;
use arrow::buffer::BooleanBuffer;
use datafusion::common::Result;

use super::super::packed::{Packed, Word};
use super::Values;
use super::seen::Keys;

impl<W: Word> Values for Packed<W>
where
    Vec<W>: Keys<Key = W>,
{
    type Keys = Vec<W>;

    fn each(
        &self,
        columns: &[ArrayRef],
        selected: Option<&BooleanBuffer>,
        mut take: impl FnMut(usize, &W) -> Result<()>,
    ) -> Result<()> {
        let keys = self.keys(columns)?;
        match selected {
            None => keys.iter().enumerate().try_for_each(|(row, key)| take(row, key)),
            Some(selected) => selected.set_indices().try_for_each(|row| take(row, &keys[row])),
        }
    }

    fn columns(&self, keys: &Vec<W>, range: Range<usize>) -> Result<Vec<ArrayRef>> {
        Packed::columns(self, &keys[range])
    }

    fn write(&self, key: &W, bytes: &mut Vec<u8>) {
        Packed::write(self, *key, bytes);
    }

    fn read<R>(&self, bytes: &[u8], take: impl FnOnce(&W) -> R) -> Option<R> {
        Packed::read(self, bytes).map(|key| take(&key))
    }
}
