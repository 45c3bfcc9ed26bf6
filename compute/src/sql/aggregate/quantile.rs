//! `median` and `percentile_cont`: the exact value between two neighbours, rounded once.
//!
//! Of n values in order, the place of a fraction p is p · (n − 1), counted from 0; between two
//! places the value is interpolated linearly, as an exact rational of the values and of p, which
//! is the decimal that was written and not the float nearest to it. Floats are in total order:
//! NaN is the greatest, and −0 comes before +0.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_plan::PhysicalExpr;

use super::definition::{Call, Definition};
use super::driver::Driver;
use super::kernel::{Kernel, Rows};
use super::numbers::{each_number, numeric_inputs, unit_of};
use super::place::{Fraction, Key, between};
use crate::exact::Unit;

/// The middle value.
#[derive(Debug)]
pub(super) struct Median;

/// The value at a fraction of the way.
#[derive(Debug)]
pub(super) struct PercentileCont;

impl Definition for Median {
    fn names(&self) -> &'static [&'static str] {
        &["median"]
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        numeric_inputs::<1>("median", given)
    }

    fn result(&self, _inputs: &[DataType]) -> DataType {
        DataType::Float64
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        drive(call, Fraction::HALF)
    }
}

impl Definition for PercentileCont {
    fn names(&self) -> &'static [&'static str] {
        &["percentile_cont", "quantile_cont"]
    }

    fn inputs(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        // A third argument says, by its flags, that WITHIN GROUP has a descending order.
        let (given, flags) = match given {
            [value, fraction, flags] => ([value.clone(), fraction.clone()].to_vec(), Some(flags)),
            other => (other.to_vec(), None),
        };
        let mut inputs = numeric_inputs::<2>("percentile_cont", &given)?;
        inputs[1] = DataType::Float64;
        inputs.extend(flags.cloned());
        Ok(inputs)
    }

    fn result(&self, _inputs: &[DataType]) -> DataType {
        DataType::Float64
    }

    fn ordered(&self) -> bool {
        true
    }

    fn driver(&self, call: &Call<'_>) -> Result<Box<dyn Driver>> {
        let fraction = call.arguments.get(1).map(constant).transpose()?;
        let Some(ScalarValue::Float64(Some(fraction))) = fraction else {
            return Err(DataFusionError::Plan(
                "percentile_cont takes a constant fraction from 0 to 1 as its second argument"
                    .to_owned(),
            ));
        };
        let descending = match call.arguments.get(2).map(constant).transpose()? {
            Some(ScalarValue::Utf8(Some(flags))) => flags.starts_with('d'),
            _ => false,
        };
        let fraction = Fraction::of(fraction).ok_or_else(|| {
            DataFusionError::Plan(format!(
                "percentile_cont takes a fraction from 0 to 1 of at most 19 decimal places, not \
                 {fraction}"
            ))
        })?;
        drive(call, if descending { fraction.complement() } else { fraction })
    }
}

/// The value of an argument that is the same for every row.
pub(super) fn constant(argument: &Arc<dyn PhysicalExpr>) -> Result<ScalarValue> {
    let nothing = RecordBatch::new_empty(Arc::new(Schema::empty()));
    match argument.evaluate(&nothing) {
        Ok(ColumnarValue::Scalar(value)) => Ok(value),
        _ => Err(DataFusionError::Plan(format!("{argument} is not a constant"))),
    }
}

fn drive(call: &Call<'_>, fraction: Fraction) -> Result<Box<dyn Driver>> {
    let unit = unit_of(&call.kinds[0])?;
    // Floats and integers fit eight bytes each, which halves what a group holds.
    match unit {
        Unit::Decimal { .. } => call.drive(QuantileKernel::<i128>::new(unit, fraction)),
        _ if call.kinds[0] == DataType::UInt64 => {
            call.drive(QuantileKernel::<u64>::new(unit, fraction))
        }
        _ => call.drive(QuantileKernel::<i64>::new(unit, fraction)),
    }
}

/// Keeps all values of a group, as keys that order as the values do.
#[derive(Debug)]
struct QuantileKernel<K> {
    unit: Unit,
    fraction: Fraction,
    keys: PhantomData<K>,
}

impl<K: Key> QuantileKernel<K> {
    fn new(unit: Unit, fraction: Fraction) -> Self {
        Self { unit, fraction, keys: PhantomData }
    }

    fn finish_one(&self, state: &[K]) -> Option<f64> {
        let last = state.len().checked_sub(1)?;
        let (place, weight) = self.fraction.place(last as u64);
        let mut keys = state.to_vec();
        let (_, low, above) = keys.select_nth_unstable(place as usize);
        let low = *low;
        let high = above.iter().min().copied().unwrap_or(low);
        Some(between(low.number(self.unit), high.number(self.unit), weight, self.unit))
    }
}

impl<K: Key> Kernel for QuantileKernel<K> {
    type State = Vec<K>;

    fn empty(&self) -> Vec<K> {
        Vec::new()
    }

    fn add(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [Vec<K>]) -> Result<usize> {
        let mut grown = 0;
        each_number(&columns[0], rows.selected(columns).as_ref(), |row, number| {
            let state = &mut states[rows.group(row)];
            let before = state.capacity();
            state.push(K::of(number));
            grown += (state.capacity() - before) * size_of::<K>();
            Ok(())
        })?;
        Ok(grown)
    }

    fn retract(&self, columns: &[ArrayRef], rows: &Rows<'_>, states: &mut [Vec<K>]) -> Result<()> {
        each_number(&columns[0], rows.selected(columns).as_ref(), |row, number| {
            let key = K::of(number);
            let state = &mut states[rows.group(row)];
            let at = state.iter().position(|kept| *kept == key).ok_or_else(odd)?;
            state.swap_remove(at);
            Ok(())
        })
    }

    fn retracts(&self) -> bool {
        true
    }

    fn merge(&self, state: &mut Vec<K>, encoded: &[u8]) -> Result<usize> {
        let (keys, rest) = encoded.as_chunks::<16>();
        if !rest.is_empty() {
            return Err(odd());
        }
        let before = state.capacity();
        for key in keys {
            state.push(K::decode(i128::from_le_bytes(*key)).ok_or_else(odd)?);
        }
        Ok((state.capacity() - before) * size_of::<K>())
    }

    fn encode(&self, state: &Vec<K>) -> Result<Vec<u8>> {
        let mut keys = state.clone();
        keys.sort_unstable();
        Ok(keys.into_iter().flat_map(|key| key.encode().to_le_bytes()).collect())
    }

    fn finish(&self, states: &[Vec<K>]) -> Result<ArrayRef> {
        let values = states.iter().map(|state| self.finish_one(state));
        Ok(Arc::new(values.collect::<Float64Array>()))
    }

    fn heap_size(&self, state: &Vec<K>) -> usize {
        state.capacity() * size_of::<K>()
    }
}

fn odd() -> DataFusionError {
    DataFusionError::Internal("a median's state is odd".to_owned())
}
