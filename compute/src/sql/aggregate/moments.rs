//! `var_samp`, `var_pop`, `stddev_samp` and `stddev_pop`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use datafusion::common::Result;

use super::kernel::{Kernel, Rows};
use super::numbers::{add_numbers, state_error};
use crate::exact::{Moments, Unit, Variance};

/// What is made of exact moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spread {
    /// The variance.
    Variance(Variance),
    /// Its square root.
    Deviation(Variance),
}

/// Variances and deviations share their state and differ in how they finish.
#[derive(Clone, Debug)]
pub(super) struct MomentsKernel {
    pub(super) unit: Unit,
    pub(super) spread: Spread,
}

impl Kernel for MomentsKernel {
    type State = Moments;

    fn empty(&self) -> Moments {
        Moments::new(self.unit)
    }

    fn add(&self, column: &ArrayRef, rows: &Rows<'_>, states: &mut [Moments]) -> Result<usize> {
        add_numbers(column, rows, states)
    }

    fn merge(&self, state: &mut Moments, encoded: &[u8]) -> Result<usize> {
        let before = state.heap_size();
        let other = Moments::decode(encoded).map_err(state_error)?;
        state.merge(&other).map_err(state_error)?;
        Ok(state.heap_size() - before)
    }

    fn encode(&self, state: &Moments) -> Result<Vec<u8>> {
        Ok(state.encode())
    }

    fn finish(&self, states: Vec<Moments>) -> Result<ArrayRef> {
        let finish = |state: &Moments| match self.spread {
            Spread::Variance(variance) => state.variance(variance),
            Spread::Deviation(variance) => state.deviation(variance),
        };
        let values = states
            .iter()
            .map(|state| finish(state).map_err(state_error))
            .collect::<Result<Vec<_>>>();
        Ok(Arc::new(Float64Array::from(values?)))
    }

    fn heap_size(&self, state: &Moments) -> usize {
        state.heap_size()
    }
}
