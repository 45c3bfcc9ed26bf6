//! `count`: rows that are not null, always by looking at them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};

use super::definition::{Call, Definition, widened_inputs};
use super::distinct::Distinct;
use super::driver::{Driver, Generic};
use super::kernel::{Kernel, Rows};

/// Rows, or values that are not null.
#[derive(Debug)]
pub(super) struct Count;

impl Definition for Count {
    fn names(&self) -> &'static [&'static str] {
        &["count"]
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [DataType::Null] => Ok(vec![DataType::Null]),
            _ => Ok(widened_inputs::<1>("count", given)?.into()),
        }
    }

    fn result(&self, _inputs: &[DataType]) -> DataType {
        DataType::Int64
    }

    fn of_nothing(&self, _result: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(0)))
    }

    fn nullable(&self) -> bool {
        false
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        if call.distinct {
            return Distinct::counted(&call.kinds);
        }
        Ok(Box::new(Generic(CountKernel)))
    }
}

/// Counts rows. `count(*)` is a count of a constant, so it counts rows.
#[derive(Clone, Debug)]
pub(super) struct CountKernel;

impl Kernel for CountKernel {
    type State = i64;

    fn empty(&self) -> i64 {
        0
    }

    fn add(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [i64]) -> Result<usize> {
        rows.of(columns).for_each(|(_, group)| states[group] += 1);
        Ok(0)
    }

    fn retract(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [i64]) -> Result<()> {
        rows.of(columns).for_each(|(_, group)| states[group] -= 1);
        Ok(())
    }

    fn retracts(&self) -> bool {
        true
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

    fn finish(&self, states: &[i64]) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from(states.to_vec())))
    }

    fn heap_size(&self, _state: &i64) -> usize {
        0
    }
}
