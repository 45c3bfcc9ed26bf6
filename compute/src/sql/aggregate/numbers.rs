//! A numeric column in its own type, fed into exact states without a detour over floats.

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Decimal256Array, Float64Array, Int64Array,
    UInt64Array,
};
use arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, Float64Type, Int64Type, UInt64Type, i256,
};
use datafusion::common::{DataFusionError, Result};

use super::kernel::Rows;
use crate::exact::round::Sign;
use crate::exact::wide::Magnitude;
use crate::exact::{Moments, StateError, Sum, Unit};

/// What a number can be added to.
pub(super) trait Sink {
    fn add_float(&mut self, value: f64);
    fn add_integer(&mut self, value: i128);
    fn add_units(&mut self, sign: Sign, words: &[u64]);
    fn heap_size(&self) -> usize;
}

macro_rules! sink {
    ($($state:ty),*) => {$(
        impl Sink for $state {
            fn add_float(&mut self, value: f64) {
                <$state>::add_float(self, value);
            }
            fn add_integer(&mut self, value: i128) {
                <$state>::add_integer(self, value);
            }
            fn add_units(&mut self, sign: Sign, words: &[u64]) {
                <$state>::add_units(self, sign, words);
            }
            fn heap_size(&self) -> usize {
                <$state>::heap_size(self)
            }
        }
    )*};
}

sink!(Sum, Moments);

/// The unit of an exact state over a column type, or `None` for a type that is not numeric.
pub(super) fn unit(kind: &DataType) -> Option<Unit> {
    Some(match kind {
        DataType::Float64 => Unit::Float,
        DataType::Int64 | DataType::UInt64 => Unit::Integer,
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => {
            Unit::Decimal { scale: *scale }
        }
        _ => return None,
    })
}

/// Adds the selected rows, each to its group's state; returns the heap bytes grown.
pub(super) fn add_numbers<S: Sink>(
    column: &ArrayRef,
    rows: &Rows<'_>,
    states: &mut [S],
) -> Result<usize> {
    let mut grown = 0;
    let mut each = |group: usize, add: &dyn Fn(&mut S)| {
        let state = &mut states[group];
        let before = state.heap_size();
        add(state);
        grown += state.heap_size() - before;
    };
    let selected = rows.of(column.len(), column.nulls());
    match column.data_type() {
        DataType::Float64 => {
            let values: &Float64Array = column.as_primitive::<Float64Type>();
            selected.for_each(|(row, group)| each(group, &|s| s.add_float(values.value(row))));
        }
        DataType::Int64 => {
            let values: &Int64Array = column.as_primitive::<Int64Type>();
            selected
                .for_each(|(row, group)| each(group, &|s| s.add_integer(values.value(row).into())));
        }
        DataType::UInt64 => {
            let values: &UInt64Array = column.as_primitive::<UInt64Type>();
            selected
                .for_each(|(row, group)| each(group, &|s| s.add_integer(values.value(row).into())));
        }
        DataType::Decimal128(..) => {
            let values: &Decimal128Array = column.as_primitive::<Decimal128Type>();
            selected.for_each(|(row, group)| each(group, &|s| s.add_integer(values.value(row))));
        }
        DataType::Decimal256(..) => {
            let values: &Decimal256Array = column.as_primitive::<Decimal256Type>();
            selected.for_each(|(row, group)| {
                let (sign, words) = words_of(values.value(row));
                each(group, &|s| s.add_units(sign, &words));
            });
        }
        other => {
            return Err(DataFusionError::Internal(format!("{other} reached an exact sum")));
        }
    }
    Ok(grown)
}

fn words_of(value: i256) -> (Sign, [u64; 4]) {
    let sign = if value.is_negative() { Sign::Negative } else { Sign::Positive };
    let (low, high) = value.wrapping_abs().to_parts();
    let high = high as u128;
    (sign, [low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64])
}

/// A sum as a 256-bit integer, where it fits.
pub(super) fn to_i256(magnitude: &Magnitude) -> Option<i256> {
    let words = magnitude.whole();
    if words.len() > 4 {
        return None;
    }
    let word = |at: usize| u128::from(words.get(at).copied().unwrap_or(0));
    let high = i128::try_from(word(2) | (word(3) << 64)).ok()?;
    let size = i256::from_parts(word(0) | (word(1) << 64), high);
    match magnitude.sign {
        Sign::Positive => Some(size),
        Sign::Negative => size.checked_neg(),
    }
}

/// A state error as DataFusion carries it.
pub(super) fn state_error(error: StateError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
