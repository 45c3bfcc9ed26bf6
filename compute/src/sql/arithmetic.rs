//! Arithmetic that neither wraps nor depends on the machine.
//!
//! DataFusion's `+` wraps integers, and a NaN made by an operation has the sign bit that the
//! processor happens to give it, which total order would then sort by. After types are settled,
//! this rule replaces numeric + − × ÷ % and negation by checked ones, makes every float result's
//! NaN the canonical one, and writes `coalesce` as the CASE that it stands for. Operations keep
//! the order and the association that the query's text gives them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Datum, Scalar};
use arrow::compute::kernels::numeric;
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type};
use arrow::error::ArrowError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::expr::{
    AggregateFunction, Alias, BinaryExpr, Cast, InList, ScalarFunction, TryCast,
};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::type_coercion::binary::BinaryTypeCoercer;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Case, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;

use super::error::SqlError;
use crate::columns::{canonical_floats, one_zero};

/// The analyzer rule; it runs after type coercion.
#[derive(Debug, Default)]
pub(super) struct CheckedArithmetic;

impl AnalyzerRule for CheckedArithmetic {
    fn name(&self) -> &str {
        "checked_arithmetic"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(rewrite_plan)?.data)
    }
}

fn rewrite_plan(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let rewritten = expr.transform_up(|expr| rewrite(expr, &schema))?;
        Ok(rewritten.update_data(|expr| name.restore(expr)))
    })?
    .map_data(LogicalPlan::recompute_schema)
}

fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_arithmetic(op) => {
            let kinds = (left.get_type(schema)?, right.get_type(schema)?);
            if kinds.0.is_numeric() && kinds.1.is_numeric() {
                Ok(Transformed::yes(call(Checked::Binary(op), vec![*left, *right])))
            } else {
                Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })))
            }
        }
        Expr::Negative(inner) if inner.get_type(schema)?.is_numeric() => {
            Ok(Transformed::yes(match *inner {
                // -9223372036854775808 is a literal, not the negation of one that does not fit.
                Expr::Literal(value, metadata) if !value.is_null() => {
                    Expr::Literal(value.arithmetic_negate()?, metadata)
                }
                inner => call(Checked::Negate, vec![inner]),
            }))
        }
        Expr::ScalarFunction(function) if matches!(function.name(), "coalesce" | "nvl") => {
            Ok(Transformed::yes(coalesce(function.args)?))
        }
        Expr::ScalarFunction(function) if function.name() == "nvl2" => {
            Ok(Transformed::yes(nvl2(function.args)?))
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "nullif" => {
            Ok(Transformed::yes(nullif(args, schema)?))
        }
        Expr::AggregateFunction(call) if !call.params.order_by.is_empty() => {
            Ok(Transformed::yes(Expr::AggregateFunction(order_as_arguments(call))))
        }
        Expr::InList(list) if list.expr.get_type(schema)? == DataType::Float64 => {
            Ok(Transformed::yes(in_list_of_one_zero(list)))
        }
        Expr::Case(Case { expr: Some(base), when_then_expr, else_expr })
            if base.get_type(schema)? == DataType::Float64 =>
        {
            let arms = when_then_expr
                .into_iter()
                .map(|(when, then)| (Box::new((*base).clone().eq(*when)), then));
            Ok(Transformed::yes(Expr::Case(Case::new(None, arms.collect(), else_expr))))
        }
        made @ (Expr::ScalarFunction(_) | Expr::Cast(_) | Expr::TryCast(_)) => {
            let kind = made.get_type(schema)?;
            if let Expr::Cast(Cast { expr, .. }) | Expr::TryCast(TryCast { expr, .. }) = &made {
                admit_cast(&expr.get_type(schema)?, &kind)?;
            }
            if kind == DataType::Float64 && !is_checked(&made) {
                Ok(Transformed::yes(call(Checked::Canonical, vec![made])))
            } else {
                Ok(Transformed::no(made))
            }
        }
        other => Ok(Transformed::no(other)),
    }
}

/// Powers of ten are exact floats up to 10^22; beyond, a cast between floats and decimals would
/// multiply by whatever the platform's `powi` gives.
const EXACT_TENS: i8 = 22;

fn admit_cast(from: &DataType, to: &DataType) -> Result<()> {
    let refuse = |what: String, hint: &str| {
        Err(DataFusionError::External(Box::new(SqlError::refused(what, hint))))
    };
    if matches!(to, DataType::Float16 | DataType::Float32) {
        return refuse(
            "CAST to REAL or FLOAT".to_owned(),
            "floats are 64 bits here: CAST to DOUBLE",
        );
    }
    let scale = |kind: &DataType| match kind {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => Some(*scale),
        _ => None,
    };
    let tens = match (scale(from), scale(to)) {
        (Some(tens), None) if to.is_floating() => tens,
        (None, Some(tens)) if from.is_floating() => tens,
        _ => 0,
    };
    if tens.unsigned_abs() > EXACT_TENS.unsigned_abs() {
        return refuse(
            format!("CAST between DOUBLE and DECIMAL with scale {tens}"),
            "powers of ten beyond 10^22 are not exact floats; use a scale of at most 22",
        );
    }
    Ok(())
}

fn is_arithmetic(op: Operator) -> bool {
    use Operator as O;
    matches!(op, O::Plus | O::Minus | O::Multiply | O::Divide | O::Modulo)
}

fn is_checked(expr: &Expr) -> bool {
    let Expr::ScalarFunction(function) = expr else { return false };
    function.name().starts_with("checked ")
}

fn call(operation: Checked, args: Vec<Expr>) -> Expr {
    let function = CheckedFunction { operation, signature: Signature::any(args.len(), IMMUTABLE) };
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::new(ScalarUDF::from(function)), args))
}

const IMMUTABLE: Volatility = Volatility::Immutable;

/// `CASE WHEN a IS NOT NULL THEN a … ELSE last END`: later arguments are only evaluated where
/// they are needed.
fn coalesce(mut args: Vec<Expr>) -> Result<Expr> {
    let last = args
        .pop()
        .ok_or_else(|| DataFusionError::Plan("coalesce takes at least one argument".to_owned()))?;
    if args.is_empty() {
        return Ok(last);
    }
    let arms = args
        .into_iter()
        .map(|arg| (Box::new(arg.clone().is_not_null()), Box::new(arg)))
        .collect::<Vec<_>>();
    Ok(Expr::Case(Case::new(None, arms, Some(Box::new(last)))))
}

/// Hands an aggregate the order inside its call as arguments: two letters for each key, and the
/// keys, of which percentile_cont has only the value itself. The aggregates follow the order on
/// their own, so the plan need not sort.
fn order_as_arguments(mut call: AggregateFunction) -> AggregateFunction {
    let keys = std::mem::take(&mut call.params.order_by);
    let letters = keys.iter().map(|key| {
        let order = if key.asc { 'a' } else { 'd' };
        let nulls = if key.nulls_first { 'f' } else { 'l' };
        format!("{order}{nulls}")
    });
    call.params.args.push(Expr::Literal(ScalarValue::from(letters.collect::<String>()), None));
    if call.func.name() != "percentile_cont" {
        call.params.args.extend(keys.into_iter().map(|key| key.expr));
    }
    call
}

/// `CASE WHEN a IS NOT NULL THEN b ELSE c END`.
fn nvl2(args: Vec<Expr>) -> Result<Expr> {
    let [value, there, missing] = <[Expr; 3]>::try_from(args)
        .map_err(|_| DataFusionError::Plan("nvl2 takes three arguments".to_owned()))?;
    let arm = (Box::new(value.is_not_null()), Box::new(there));
    Ok(Expr::Case(Case::new(None, vec![arm], Some(Box::new(missing)))))
}

/// `CASE WHEN a = b THEN NULL ELSE a END`, so that −0 equals +0 here as it does in `a = b`.
fn nullif(mut args: Vec<Expr>, schema: &DFSchema) -> Result<Expr> {
    let (Some(other), Some(value), true) = (args.pop(), args.pop(), args.is_empty()) else {
        return Err(DataFusionError::Plan("nullif takes two arguments".to_owned()));
    };
    let null = Expr::Literal(ScalarValue::try_from(value.get_type(schema)?)?, None);
    let arm = (Box::new(value.clone().eq(other)), Box::new(null));
    Ok(Expr::Case(Case::new(None, vec![arm], Some(Box::new(value)))))
}

/// A float whose −0 is +0.
pub(super) fn one_zero_of(expr: Expr) -> Expr {
    call(Checked::OneZero, vec![expr])
}

/// A list is searched by bits: −0 is folded on both sides, so that it equals +0 as it does in `=`.
fn in_list_of_one_zero(list: InList) -> Expr {
    Expr::InList(InList {
        expr: Box::new(one_zero_of(*list.expr)),
        list: list.list.into_iter().map(one_zero_of).collect(),
        negated: list.negated,
    })
}

/// Whether a function of this name folds the many forms of one float into one, which fails for none.
pub(super) fn is_folding(name: &str) -> bool {
    name == "checked nan" || name == "checked zero"
}

/// Whether an operator compares or joins truth values, which fails for no row.
pub(super) fn compares(operator: Operator) -> bool {
    use Operator::*;
    matches!(
        operator,
        And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom
    )
}

/// What a checked function does. It has no name that a query could call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Checked {
    Binary(Operator),
    Negate,
    Canonical,
    OneZero,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CheckedFunction {
    operation: Checked,
    signature: Signature,
}

impl ScalarUDFImpl for CheckedFunction {
    fn name(&self) -> &str {
        match self.operation {
            Checked::Binary(Operator::Plus) => "checked +",
            Checked::Binary(Operator::Minus) => "checked -",
            Checked::Binary(Operator::Multiply) => "checked *",
            Checked::Binary(Operator::Divide) => "checked /",
            Checked::Binary(_) => "checked %",
            Checked::Negate => "checked negation",
            Checked::Canonical => "checked nan",
            Checked::OneZero => "checked zero",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match (self.operation, arg_types) {
            (Checked::Binary(op), [left, right]) => {
                BinaryTypeCoercer::new(left, &op, right).get_result_type()
            }
            (_, [kind]) => Ok(kind.clone()),
            _ => Err(DataFusionError::Internal("checked arithmetic lost an operand".to_owned())),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let ScalarFunctionArgs { args, return_field, number_rows, .. } = args;
        let scalar = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let kind = return_field.data_type();
        let result = match (self.operation, args.as_slice()) {
            (Checked::Binary(op), [left, right]) => binary(op, left, right)?,
            (Checked::Negate, [value]) => {
                let value = value.to_array(if scalar { 1 } else { number_rows })?;
                canonical_floats(&numeric::neg(&value).map_err(|e| explain(e, kind))?)
            }
            (Checked::OneZero, [value]) => {
                one_zero(&canonical_floats(&value.to_array(if scalar {
                    1
                } else {
                    number_rows
                })?))
            }
            (_, [value]) => {
                canonical_floats(&value.to_array(if scalar { 1 } else { number_rows })?)
            }
            _ => {
                let message = "checked arithmetic lost an operand".to_owned();
                return Err(DataFusionError::Internal(message));
            }
        };
        if scalar {
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?))
        } else {
            Ok(ColumnarValue::Array(result))
        }
    }
}

fn binary(op: Operator, left: &ColumnarValue, right: &ColumnarValue) -> Result<ArrayRef> {
    let (left, right) = (datum(left)?, datum(right)?);
    let (left, right) = (left.as_ref(), right.as_ref());
    let result = match op {
        Operator::Plus => numeric::add(left, right),
        Operator::Minus => numeric::sub(left, right),
        Operator::Multiply => numeric::mul(left, right),
        Operator::Divide => numeric::div(left, right),
        _ => numeric::rem(left, right),
    };
    let kind = left.get().0.data_type();
    let result = canonical_floats(&result.map_err(|error| explain(error, kind))?);
    // The kernels check 128 or 256 bits, not the digits that the type announces.
    match result.data_type() {
        DataType::Decimal128(precision, _) => {
            result.as_primitive::<Decimal128Type>().validate_decimal_precision(*precision)?;
        }
        DataType::Decimal256(precision, _) => {
            // Wider than a table may hold, but a CAST may follow.
            result.as_primitive::<Decimal256Type>().validate_decimal_precision(*precision)?;
        }
        _ => {}
    }
    Ok(result)
}

fn datum(value: &ColumnarValue) -> Result<Box<dyn Datum>> {
    Ok(match value {
        ColumnarValue::Array(array) => Box::new(Arc::clone(array)),
        ColumnarValue::Scalar(scalar) => Box::new(Scalar::new(scalar.to_array()?)),
    })
}

fn explain(error: ArrowError, kind: &DataType) -> DataFusionError {
    match error {
        ArrowError::ArithmeticOverflow(message) => DataFusionError::Execution(format!(
            "{kind} arithmetic overflows ({message}): CAST to double or to a wider decimal first"
        )),
        ArrowError::DivideByZero => DataFusionError::Execution(format!(
            "{kind} division by zero: filter those rows out, or use nullif(divisor, 0)"
        )),
        other => DataFusionError::from(other),
    }
}

/// An expression without the aliases around it.
pub(super) fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(Alias { expr, .. }) => unaliased(expr),
        other => other,
    }
}
