//! `DISTINCT` inside an aggregate: a set of values per group, fed to the inner aggregate once.
//!
//! The set travels whole between the phases, so `sum(x), count(DISTINCT y)` is one plan over the
//! rows themselves and never a sum of rounded sums.

use std::collections::HashSet;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::common::{DataFusionError, Result};

use super::kernel::{Kernel, Rows};
use crate::columns::{canonical_floats, one_zero};

/// Bytes that a set keeps for an entry beside its value.
const ENTRY_BYTES: usize = 32;

/// Feeds each distinct value to the inner kernel once.
#[derive(Debug)]
pub(super) struct DistinctKernel<K: Kernel> {
    inner: K,
    converter: RowConverter,
}

/// One group's values, as order-preserving bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    rows: HashSet<Box<[u8]>>,
    heap: usize,
}

impl Set {
    /// Returns the heap bytes grown.
    fn insert(&mut self, row: &[u8]) -> usize {
        if self.rows.contains(row) {
            return 0;
        }
        self.rows.insert(row.into());
        self.heap += row.len() + ENTRY_BYTES;
        row.len() + ENTRY_BYTES
    }
}

impl<K: Kernel> DistinctKernel<K> {
    pub(super) fn new(inner: K, kinds: &[DataType]) -> Result<Self> {
        let fields = kinds.iter().map(|kind| SortField::new(kind.clone())).collect();
        let converter = RowConverter::new(fields)?;
        Ok(Self { inner, converter })
    }
}

impl<K: Kernel> Kernel for DistinctKernel<K> {
    type State = Set;

    fn empty(&self) -> Set {
        Set::default()
    }

    fn add(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [Set]) -> Result<usize> {
        let folded: Vec<ArrayRef> =
            columns.iter().map(|column| one_zero(&canonical_floats(column))).collect();
        let encoded = self.converter.convert_columns(&folded)?;
        let mut grown = 0;
        for (row, group) in rows.of(columns) {
            grown += states[group].insert(encoded.row(row).as_ref());
        }
        Ok(grown)
    }

    fn merge(&self, state: &mut Set, encoded: &[u8]) -> Result<usize> {
        let odd = || DataFusionError::Internal("a DISTINCT state is odd".to_owned());
        let (mut rest, mut grown) = (encoded, 0);
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            let (row, after) = after.split_at_checked(length).ok_or_else(odd)?;
            grown += state.insert(row);
            rest = after;
        }
        if rest.is_empty() { Ok(grown) } else { Err(odd()) }
    }

    fn encode(&self, state: &Set) -> Result<Vec<u8>> {
        let mut rows: Vec<&[u8]> = state.rows.iter().map(AsRef::as_ref).collect();
        rows.sort_unstable();
        let mut encoded = Vec::with_capacity(rows.iter().map(|row| row.len() + 4).sum());
        for row in rows {
            let length = u32::try_from(row.len()).map_err(|_| {
                DataFusionError::Execution("a value of 4 GiB in a DISTINCT aggregate".to_owned())
            })?;
            encoded.extend_from_slice(&length.to_le_bytes());
            encoded.extend_from_slice(row);
        }
        Ok(encoded)
    }

    fn finish(&self, states: &[Set]) -> Result<ArrayRef> {
        let mut finished = vec![self.inner.empty(); states.len()];
        let parser = self.converter.parser();
        for (state, finished) in states.iter().zip(&mut finished) {
            if state.rows.is_empty() {
                continue;
            }
            let values = state.rows.iter().map(|row| parser.parse(row));
            let columns = self.converter.convert_rows(values)?;
            self.inner.add(&columns, &Rows::ALL, std::slice::from_mut(finished))?;
        }
        self.inner.finish(&finished)
    }

    fn heap_size(&self, state: &Set) -> usize {
        state.heap
    }
}
