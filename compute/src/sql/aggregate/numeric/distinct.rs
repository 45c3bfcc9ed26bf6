//! One column's outputs as a plain kernel, which DISTINCT feeds each different value once.

use arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::kernel::{Kernel, Rows};
use super::super::numbers::{reader, state_error};
use super::Column;
use super::output::Reading;
use super::whole::State;

/// Adds value by value to full states.
#[derive(Debug)]
pub(super) struct ColumnKernel<S> {
    column: Column,
    state: std::marker::PhantomData<fn() -> S>,
}

impl<S> ColumnKernel<S> {
    pub(super) fn new(column: Column) -> Self {
        Self { column, state: std::marker::PhantomData }
    }
}

impl<S: State> Kernel for ColumnKernel<S>
where
    for<'a> &'a S: Reading,
{
    type State = S;

    fn empty(&self) -> S {
        S::new(self.column.unit)
    }

    fn add(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [S]) -> Result<usize> {
        let read = reader(&columns[0])?;
        let mut grown = 0;
        for (row, group) in rows.of(columns) {
            let state = &mut states[group];
            let before = state.heap_size();
            state.add(read(row));
            grown += state.heap_size().saturating_sub(before);
        }
        Ok(grown)
    }

    fn merge(&self, state: &mut S, encoded: &[u8]) -> Result<usize> {
        let before = state.heap_size();
        state.merge(&S::decode(encoded).map_err(state_error)?).map_err(state_error)?;
        Ok(state.heap_size().saturating_sub(before))
    }

    fn encode(&self, state: &S) -> Result<Vec<u8>> {
        Ok(state.encode())
    }

    fn finish(&self, states: &[S]) -> Result<ArrayRef> {
        self.column.shape.finish(&states.iter().collect::<Vec<_>>())
    }

    fn heap_size(&self, state: &S) -> usize {
        state.heap_size()
    }
}
