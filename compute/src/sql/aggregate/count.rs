//! `count`: rows that are not null, always by looking at them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array};
use datafusion::common::{DataFusionError, Result};

use super::kernel::{Kernel, Rows};

/// Counts what it is given. `count(*)` is a count of a constant, so it counts rows.
#[derive(Clone, Debug)]
pub(super) struct CountKernel;

impl Kernel for CountKernel {
    type State = i64;

    fn empty(&self) -> i64 {
        0
    }

    fn add(&self, column: &ArrayRef, rows: &Rows<'_>, states: &mut [i64]) -> Result<usize> {
        let nulls = column.logical_nulls();
        rows.of(column.len(), nulls.as_ref()).for_each(|(_, group)| states[group] += 1);
        Ok(0)
    }

    fn merge(&self, state: &mut i64, encoded: &[u8]) -> Result<usize> {
        let count = encoded
            .try_into()
            .map(i64::from_le_bytes)
            .ok()
            .and_then(|count| state.checked_add(count))
            .ok_or_else(|| DataFusionError::Internal("a count's state is odd".to_owned()))?;
        *state = count;
        Ok(0)
    }

    fn encode(&self, state: &i64) -> Result<Vec<u8>> {
        Ok(state.to_le_bytes().to_vec())
    }

    fn finish(&self, states: Vec<i64>) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from(states)))
    }

    fn heap_size(&self, _state: &i64) -> usize {
        0
    }
}
