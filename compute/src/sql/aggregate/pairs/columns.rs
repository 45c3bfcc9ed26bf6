//! Two numeric columns read together, each in its own type.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use datafusion::common::Result;

use super::super::numbers::not_numeric;
use crate::exact::Number;

/// Calls `take` with the selected rows of columns (y, x), as (row, x, y). There is one loop for
/// each pair of types, so `take` is worth inlining.
#[inline(always)]
pub(super) fn each(
    columns: &[ArrayRef],
    selected: Option<&BooleanBuffer>,
    mut take: impl FnMut(usize, Number, Number) -> Result<()>,
) -> Result<()> {
    macro_rules! typed {
        ($column:expr, |$values:ident, $number:ident| $body:expr) => {
            match $column.data_type() {
                DataType::Float64 => {
                    let $values: &[f64] = $column.as_primitive::<Float64Type>().values();
                    let $number = Number::Float;
                    $body
                }
                DataType::Int64 => {
                    let $values: &[i64] = $column.as_primitive::<Int64Type>().values();
                    let $number = |value: i64| Number::Whole(value.into());
                    $body
                }
                DataType::UInt64 => {
                    let $values: &[u64] = $column.as_primitive::<UInt64Type>().values();
                    let $number = |value: u64| Number::Whole(value.into());
                    $body
                }
                DataType::Decimal128(..) => {
                    let $values: &[i128] = $column.as_primitive::<Decimal128Type>().values();
                    let $number = Number::Whole;
                    $body
                }
                other => return Err(not_numeric(other)),
            }
        };
    }
    typed!(columns[0], |ys, of_y| typed!(columns[1], |xs, of_x| {
        match selected {
            None => {
                for (row, (&y, &x)) in ys.iter().zip(xs).enumerate() {
                    take(row, of_x(x), of_y(y))?;
                }
            }
            Some(selected) => {
                for row in selected.set_indices() {
                    take(row, of_x(xs[row]), of_y(ys[row]))?;
                }
            }
        }
    }));
    Ok(())
}
