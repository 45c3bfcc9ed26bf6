//! `var_samp`, `var_pop`, `stddev_samp` and `stddev_pop`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::definition::{Call, Definition};
use super::driver::Driver;
use super::kernel::{Kernel, Rows};
use super::numbers::{add_numbers, numeric_inputs, remove_numbers, state_error, unit_of};
use super::offload::DeviceState;
use crate::exact::{Moments, Unit, Variance};

/// A variance or a standard deviation.
#[derive(Debug)]
pub(super) struct SpreadOf {
    names: &'static [&'static str],
    spread: Spread,
}

/// Variance over n − 1.
pub(super) static VAR_SAMP: SpreadOf = SpreadOf {
    names: &["var_samp", "var", "var_sample"],
    spread: Spread::Variance(Variance::Sample),
};
/// Variance over n.
pub(super) static VAR_POP: SpreadOf = SpreadOf {
    names: &["var_pop", "var_population"],
    spread: Spread::Variance(Variance::Population),
};
/// Root of the variance over n − 1.
pub(super) static STDDEV_SAMP: SpreadOf =
    SpreadOf { names: &["stddev_samp", "stddev"], spread: Spread::Deviation(Variance::Sample) };
/// Root of the variance over n.
pub(super) static STDDEV_POP: SpreadOf =
    SpreadOf { names: &["stddev_pop"], spread: Spread::Deviation(Variance::Population) };

impl Definition for SpreadOf {
    fn names(&self) -> &'static [&'static str] {
        self.names
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        numeric_inputs::<1>(self.names[0], given)
    }

    fn result(&self, _inputs: &[DataType]) -> DataType {
        DataType::Float64
    }

    fn on_device(&self) -> Option<DeviceState> {
        Some(DeviceState::Moments)
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        call.drive(MomentsKernel { unit: unit_of(&call.kinds[0])?, spread: self.spread })
    }
}

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

    fn add(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [Moments]) -> Result<usize> {
        add_numbers(columns, rows, states)
    }

    fn retract(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [Moments]) -> Result<()> {
        remove_numbers(columns, rows, states)
    }

    fn retracts(&self) -> bool {
        true
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

    fn finish(&self, states: &[Moments]) -> Result<ArrayRef> {
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
