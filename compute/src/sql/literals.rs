//! Integers written out that no integer type holds: decimals, and never silently floats.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, ExactNumberInfo, Expr, Statement, Value, ValueWithSpan,
    visit_expressions_mut,
};

use super::error::SqlError;

/// The digits that a decimal can have.
const DIGITS_MAX: usize = 38;

/// Turns each integer beyond 64 bits into a decimal of as many digits.
///
/// # Errors
/// When one has more digits than a decimal.
pub(super) fn keep_integers_exact(statement: &mut Statement) -> Result<(), SqlError> {
    let flow = visit_expressions_mut(statement, |expr| match decimal_of(expr) {
        Ok(None) => ControlFlow::Continue(()),
        Ok(Some(decimal)) => {
            *expr = decimal;
            ControlFlow::Continue(())
        }
        Err(error) => ControlFlow::Break(error),
    });
    match flow {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

fn decimal_of(expr: &Expr) -> Result<Option<Expr>, SqlError> {
    let Expr::Value(ValueWithSpan { value: Value::Number(written, long), span }) = expr else {
        return Ok(None);
    };
    let digits = written.replace('_', "");
    let digits = digits.trim_start_matches('0');
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if *long || !whole || digits.parse::<u64>().is_ok() {
        return Ok(None);
    }
    if digits.len() > DIGITS_MAX {
        return Err(SqlError::refused(
            format!("an integer of {} digits", digits.len()),
            "a decimal has at most 38; write 1e40 for a float",
        )
        .at(span.start));
    }
    let text = Value::SingleQuotedString(digits.to_owned());
    Ok(Some(Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(Expr::Value(ValueWithSpan { value: text, span: *span })),
        data_type: DataType::Decimal(ExactNumberInfo::PrecisionAndScale(digits.len() as u64, 0)),
        array: false,
        format: None,
    }))
}
