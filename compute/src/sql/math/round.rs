//! `round` and `trunc` to decimal digits, by the decimal digits that a value really has.
//!
//! A float is an exact binary fraction, so it has finitely many decimal digits. They are written
//! out, cut at the place, rounded half away from zero, and the result is the float nearest to
//! that decimal: `round(2.675, 2)` is 2.67, for the float written 2.675 is a little less than
//! that. Integers and decimals are rounded in their own type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::on_arrays;
use crate::columns::widened;
use crate::exact::round::canonical;

/// Both functions.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    [Cut::Round, Cut::Trunc].into_iter().map(|cut| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(ScalarUDF::from(ToDigits { cut, signature }))
    })
}

/// What happens to the digits that are cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Cut {
    /// Five or more of the next place rounds away from zero.
    Round,
    /// They are dropped.
    Trunc,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToDigits {
    cut: Cut,
    signature: Signature,
}

impl ScalarUDFImpl for ToDigits {
    fn name(&self) -> &str {
        match self.cut {
            Cut::Round => "round",
            Cut::Trunc => "trunc",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let refuse = |message: String| Err(DataFusionError::Plan(message));
        let (value, places) = match arg_types {
            [value] => (value, None),
            [value, places] => (value, Some(places)),
            _ => return refuse(format!("{} takes a number and a count of digits", self.name())),
        };
        let wide = match widened(value) {
            Some(wide) if wide.is_numeric() => wide,
            None if *value == DataType::Null => DataType::Float64,
            _ => return refuse(format!("{} cannot take {value}: it takes numbers", self.name())),
        };
        match places {
            None => Ok(vec![wide]),
            Some(places) if places.is_integer() || *places == DataType::Null => {
                Ok(vec![wide, DataType::Int64])
            }
            Some(places) => {
                refuse(format!("{} takes a whole number of digits, not {places}", self.name()))
            }
        }
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(match (self.cut, &arg_types[0]) {
            // 9.99 rounds to 10.00.
            (Cut::Round, DataType::Decimal128(precision, scale)) => {
                DataType::Decimal128((precision + 1).min(38), *scale)
            }
            (_, kind) => kind.clone(),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let kind = args.return_field.data_type().clone();
        on_arrays(&args, |columns| self.cut_column(&columns[0], columns.get(1), &kind))
    }
}

impl ToDigits {
    fn cut_column(
        &self,
        values: &ArrayRef,
        places: Option<&ArrayRef>,
        kind: &DataType,
    ) -> Result<ArrayRef> {
        let places = places.map(|places| places.as_primitive::<Int64Type>());
        let places_at = |row: usize| match places {
            None => Some(0),
            Some(places) => places.is_valid(row).then(|| places.value(row)),
        };
        /// Cuts each value that is there, to as many digits as are said for its row.
        macro_rules! each {
            ($type:ty, $cut:expr) => {{
                let values = values.as_primitive::<$type>();
                (0..values.len())
                    .map(|row| match (values.is_valid(row), places_at(row)) {
                        (true, Some(places)) => $cut(values.value(row), places).map(Some),
                        _ => Ok(None),
                    })
                    .collect::<Result<Vec<_>>>()?
            }};
        }
        let whole = |value: i128, places: i64| {
            cut_whole(value, places.saturating_neg(), self.cut).ok_or_else(|| self.overflow())
        };
        Ok(match values.data_type() {
            DataType::Float64 => {
                let cut = |value, places| Ok(cut_float(value, places, self.cut));
                Arc::new(Float64Array::from(each!(Float64Type, cut)))
            }
            DataType::Int64 => {
                let cut = |value: i64, places| {
                    let value = whole(value.into(), places)?;
                    i64::try_from(value).map_err(|_| self.overflow())
                };
                Arc::new(Int64Array::from(each!(Int64Type, cut)))
            }
            DataType::UInt64 => {
                let cut = |value: u64, places| {
                    let value = whole(value.into(), places)?;
                    u64::try_from(value).map_err(|_| self.overflow())
                };
                Arc::new(arrow::array::UInt64Array::from(each!(UInt64Type, cut)))
            }
            DataType::Decimal128(_, scale) => {
                let scale = i64::from(*scale);
                let cut = |value: i128, places: i64| whole(value, places.saturating_sub(scale));
                let cut = Decimal128Array::from(each!(Decimal128Type, cut));
                let cut = cut.with_data_type(kind.clone());
                cut.validate_decimal_precision(cut.precision())?;
                Arc::new(cut)
            }
            other => {
                let message = format!("{} was handed {other}", self.name());
                return Err(DataFusionError::Internal(message));
            }
        })
    }

    fn overflow(&self) -> DataFusionError {
        let name = self.name();
        DataFusionError::Execution(format!("{name} overflows its type: CAST to a wider one first"))
    }
}

/// Cuts off the last `digits` digits of a whole number and puts zeros in their place.
fn cut_whole(value: i128, digits: i64, cut: Cut) -> Option<i128> {
    let Ok(digits) = u32::try_from(digits) else { return Some(value) };
    // 10^38 is the largest power of ten that fits; every value has at most 39 digits, and what
    // half of 10^39 could round to does not fit a decimal of 38 digits anyway.
    let Some(unit) = 10i128.checked_pow(digits) else { return Some(0) };
    let rest = value % unit;
    let cut_off = value - rest;
    // unit is even unless it is 1, so the half is exact.
    if cut == Cut::Round && unit > 1 && rest.abs() >= unit / 2 {
        return cut_off.checked_add(unit * value.signum());
    }
    Some(cut_off)
}

/// Cuts a float to `places` digits behind the point, or before it where negative.
fn cut_float(value: f64, places: i64, cut: Cut) -> f64 {
    let value = canonical(value);
    // Bits behind the binary point, which are as many digits behind the decimal point.
    let Some(behind) = digits_behind_point(value) else { return value };
    if places >= behind as i64 {
        return value;
    }
    let written = format!("{:.*}", behind, value.abs());
    let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    // How many digits stay, counted from the first one; before it stand zeros.
    let kept = places.saturating_add(whole.len() as i64);
    let away = cut == Cut::Round
        && usize::try_from(kept).is_ok_and(|kept| digits.get(kept).is_some_and(|&d| d >= b'5'));
    let mut stay: Vec<u8> =
        digits.iter().take(usize::try_from(kept).unwrap_or(0)).copied().collect();
    if away {
        increment(&mut stay);
    }
    if stay.is_empty() {
        return 0f64.copysign(value);
    }
    // The digits are a whole number of units of 10^-places.
    let text = format!("{}e{}", String::from_utf8_lossy(&stay), places.saturating_neg());
    text.parse::<f64>().map_or(value, |magnitude| magnitude.copysign(value))
}

/// How many binary digits a float has behind the point; `None` where it has none, or is no number.
fn digits_behind_point(value: f64) -> Option<usize> {
    if !value.is_finite() || value == 0.0 {
        return None;
    }
    let bits = value.to_bits();
    let biased = (bits >> 52) & 0x7ff;
    let fraction = bits & ((1 << 52) - 1);
    // value = mantissa · 2^exponent, with an odd mantissa after the shift.
    let (mantissa, exponent) = match biased {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, biased as i64 - 1075),
    };
    let exponent = exponent + i64::from(mantissa.trailing_zeros());
    Some(usize::try_from(-exponent).unwrap_or(0))
}

/// Adds one to a number in decimal digits.
fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}
