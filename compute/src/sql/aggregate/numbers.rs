//! A numeric column in its own type, fed into exact states without a detour over floats.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{DataFusionError, Result};

use super::kernel::Rows;
use crate::exact::{Moments, StateError, Sum, Unit};

/// What a number can be added to.
pub(super) trait Sink {
    fn add_float(&mut self, value: f64);
    fn add_integer(&mut self, value: i128);
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
        DataType::Decimal128(_, scale) => Unit::Decimal { scale: *scale },
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
            let values = column.as_primitive::<Float64Type>();
            selected.for_each(|(row, group)| each(group, &|s| s.add_float(values.value(row))));
        }
        DataType::Int64 => {
            let values = column.as_primitive::<Int64Type>();
            selected
                .for_each(|(row, group)| each(group, &|s| s.add_integer(values.value(row).into())));
        }
        DataType::UInt64 => {
            let values = column.as_primitive::<UInt64Type>();
            selected
                .for_each(|(row, group)| each(group, &|s| s.add_integer(values.value(row).into())));
        }
        DataType::Decimal128(..) => {
            let values = column.as_primitive::<Decimal128Type>();
            selected.for_each(|(row, group)| each(group, &|s| s.add_integer(values.value(row))));
        }
        other => {
            return Err(DataFusionError::Internal(format!("{other} reached an exact sum")));
        }
    }
    Ok(grown)
}

/// A state error as DataFusion carries it.
pub(super) fn state_error(error: StateError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
