//! `sum` and `avg`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array, Int64Array, UInt64Array};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result};

use super::kernel::{Kernel, Rows};
use super::numbers::{add_numbers, state_error};
use crate::exact::{Sum, Unit};

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
    type State = Sum;

    fn empty(&self) -> Sum {
        Sum::new(self.unit)
    }

    fn add(&self, column: &ArrayRef, rows: &Rows<'_>, states: &mut [Sum]) -> Result<usize> {
        add_numbers(column, rows, states)
    }

    fn merge(&self, state: &mut Sum, encoded: &[u8]) -> Result<usize> {
        let before = state.heap_size();
        let other = Sum::decode(encoded).map_err(state_error)?;
        state.merge(&other).map_err(state_error)?;
        Ok(state.heap_size() - before)
    }

    fn encode(&self, state: &Sum) -> Result<Vec<u8>> {
        Ok(state.encode())
    }

    fn finish(&self, states: Vec<Sum>) -> Result<ArrayRef> {
        match &self.total {
            Total::Mean => Ok(Arc::new(Float64Array::from_iter(states.iter().map(Sum::mean)))),
            Total::Sum(kind) => finish_sums(&states, kind),
        }
    }

    fn heap_size(&self, state: &Sum) -> usize {
        state.heap_size()
    }
}

fn finish_sums(states: &[Sum], kind: &DataType) -> Result<ArrayRef> {
    /// Each sum converted, or null where nothing was added.
    fn each<T>(states: &[Sum], convert: impl Fn(&Sum) -> Result<T>) -> Result<Vec<Option<T>>> {
        let some = |state: &Sum| state.counts().total() > 0;
        states.iter().map(|state| some(state).then(|| convert(state)).transpose()).collect()
    }
    let unfit = || {
        DataFusionError::Execution(format!(
            "a sum does not fit {kind}: CAST the column to double or to a wider decimal first"
        ))
    };
    let whole = |state: &Sum| state.total().to_i128().ok_or_else(unfit);
    Ok(match kind {
        DataType::Float64 => Arc::new(Float64Array::from_iter(states.iter().map(Sum::value))),
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
