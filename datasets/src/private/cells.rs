//! One value of an Arrow column, as it can be committed to: exact, or refused.

use std::borrow::Cow;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};

/// One value as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Float(f64),
    Integer(i64),
    Boolean(bool),
    /// A type that no column can be committed from: times, bytes.
    Other,
}

/// A column's values, in order.
pub(super) struct Values<'a> {
    array: &'a dyn Array,
}

impl<'a> Values<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Self {
        Self { array }
    }

    pub(super) fn get(&self, row: usize) -> Value<'a> {
        if self.array.is_null(row) {
            return Value::Null;
        }
        match self.array.data_type() {
            DataType::Utf8 => Value::Text(self.array.as_string::<i32>().value(row).into()),
            DataType::Int64 => Value::Integer(self.array.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Value::Float(self.array.as_primitive::<Float64Type>().value(row)),
            DataType::Boolean => Value::Boolean(self.array.as_boolean().value(row)),
            DataType::UInt64 => {
                Value::Text(self.array.as_primitive::<UInt64Type>().value(row).to_string().into())
            }
            DataType::Decimal128(..) => {
                let decimals = self.array.as_primitive::<Decimal128Type>();
                Value::Text(decimals.value_as_string(row).into())
            }
            _ => Value::Other,
        }
    }
}
