//! `sum` and `avg`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array, Int64Array, UInt64Array};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result};

use super::definition::{Call, Definition};
use super::driver::Driver;
use super::kernel::{Kernel, Rows};
use super::numbers::{add_numbers, numeric_inputs, remove_numbers, state_error, unit_of};
use super::offload::DeviceState;
use crate::exact::{self, Unit};

/// Exact sum in the input's own type.
#[derive(Debug)]
pub(super) struct Sum;

impl Definition for Sum {
    fn names(&self) -> &'static [&'static str] {
        &["sum"]
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        numeric_inputs::<1>("sum", given)
    }

    fn result(&self, inputs: &[DataType]) -> DataType {
        sum_type(&inputs[0])
    }

    fn on_device(&self) -> Option<DeviceState> {
        Some(DeviceState::Sum)
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        let total = Total::Sum(sum_type(&call.kinds[0]));
        call.drive(TotalKernel { unit: unit_of(&call.kinds[0])?, total })
    }
}

/// Exact rational mean, rounded once to float64.
#[derive(Debug)]
pub(super) struct Avg;

impl Definition for Avg {
    fn names(&self) -> &'static [&'static str] {
        &["avg", "mean"]
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        numeric_inputs::<1>("avg", given)
    }

    fn result(&self, _inputs: &[DataType]) -> DataType {
        DataType::Float64
    }

    fn on_device(&self) -> Option<DeviceState> {
        Some(DeviceState::Sum)
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        call.drive(TotalKernel { unit: unit_of(&call.kinds[0])?, total: Total::Mean })
    }
}

/// What is made of an exact sum.
#[derive(Clone, Debug)]
pub(super) enum Total {
    /// The sum in this type; an error where it does not fit.
    Sum(DataType),
    /// The mean, as float64.
    Mean,
}

/// Sum and mean share their state and differ in how they finish.
#[derive(Clone, Debug)]
pub(super) struct TotalKernel {
    pub(super) unit: Unit,
    pub(super) total: Total,
}

impl Kernel for TotalKernel {
    type State = exact::Sum;

    fn empty(&self) -> exact::Sum {
        exact::Sum::new(self.unit)
    }

    fn add(
        &self,
        columns: &[ArrayRef],
        rows: &Rows<'_>,
        states: &mut [exact::Sum],
    ) -> Result<usize> {
        add_numbers(columns, rows, states)
    }

    fn retract(
        &self,
        columns: &[ArrayRef],
        rows: &Rows<'_>,
        states: &mut [exact::Sum],
    ) -> Result<()> {
        remove_numbers(columns, rows, states)
    }

    fn retracts(&self) -> bool {
        true
    }

    fn merge(&self, state: &mut exact::Sum, encoded: &[u8]) -> Result<usize> {
        let before = state.heap_size();
        let other = exact::Sum::decode(encoded).map_err(state_error)?;
        state.merge(&other).map_err(state_error)?;
        Ok(state.heap_size() - before)
    }

    fn encode(&self, state: &exact::Sum) -> Result<Vec<u8>> {
        Ok(state.encode())
    }

    fn finish(&self, states: &[exact::Sum]) -> Result<ArrayRef> {
        match &self.total {
            Total::Mean => {
                Ok(Arc::new(Float64Array::from_iter(states.iter().map(exact::Sum::mean))))
            }
            Total::Sum(kind) => finish_sums(states, kind),
        }
    }

    fn heap_size(&self, state: &exact::Sum) -> usize {
        state.heap_size()
    }
}

fn finish_sums(states: &[exact::Sum], kind: &DataType) -> Result<ArrayRef> {
    /// Each sum converted, or null where nothing was added.
    fn each<T>(
        states: &[exact::Sum],
        convert: impl Fn(&exact::Sum) -> Result<T>,
    ) -> Result<Vec<Option<T>>> {
        let some = |state: &exact::Sum| state.counts().total() > 0;
        states.iter().map(|state| some(state).then(|| convert(state)).transpose()).collect()
    }
    let unfit = || {
        DataFusionError::Execution(format!(
            "a sum does not fit {kind}: CAST the column to double or to a wider decimal first"
        ))
    };
    let whole = |state: &exact::Sum| state.total().to_i128().ok_or_else(unfit);
    Ok(match kind {
        DataType::Float64 => {
            Arc::new(Float64Array::from_iter(states.iter().map(exact::Sum::value)))
        }
        DataType::Int64 => Arc::new(Int64Array::from(each(states, |state| {
            i64::try_from(whole(state)?).map_err(|_| unfit())
        })?)),
        DataType::UInt64 => Arc::new(UInt64Array::from(each(states, |state| {
            u64::try_from(whole(state)?).map_err(|_| unfit())
        })?)),
        DataType::Decimal128(precision, scale) => {
            let array = Decimal128Array::from(each(states, whole)?)
                .with_precision_and_scale(*precision, *scale)?;
            array.validate_decimal_precision(*precision).map_err(|_| unfit())?;
            Arc::new(array)
        }
        other => {
            return Err(DataFusionError::Internal(format!("a sum cannot be {other}")));
        }
    })
}

/// The type of a sum over a column type: wide enough for 10^10 rows of a decimal.
pub(super) fn sum_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Decimal128(precision, scale) => {
            DataType::Decimal128((precision + 10).min(38), *scale)
        }
        other => other.clone(),
    }
}
