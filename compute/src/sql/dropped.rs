//! Why rows were dropped, in words: the negation of what WHERE asked of them.

use std::sync::Arc;

use arrow::util::display::array_value_to_string;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CastExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, LikeExpr, Literal, NotExpr,
};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

/// Characters of a reason: a query may be long, and a receipt's details are read by people.
const REASON_CHARS: usize = 200;

/// What is true of a row that these filters dropped, such as `wt82 is null` or `not age > 30`,
/// where `not` means that what follows is false or null.
pub(super) fn reason(filters: &[Arc<dyn PhysicalExpr>]) -> String {
    let text = match filters {
        [one] => return negated(one),
        // The filter nearest to the scan is the last, and was asked first.
        several => {
            let parts: Vec<String> = several.iter().rev().map(part).collect();
            format!("not ({})", parts.join(" and "))
        }
    };
    shortened(text)
}

/// What is true of a row that one condition dropped.
pub(super) fn negated(condition: &Arc<dyn PhysicalExpr>) -> String {
    shortened(negation(condition))
}

fn shortened(text: String) -> String {
    if text.chars().count() <= REASON_CHARS {
        return text;
    }
    text.chars().take(REASON_CHARS - 1).chain(['…']).collect()
}

fn negation(filter: &Arc<dyn PhysicalExpr>) -> String {
    if let Some(test) = filter.downcast_ref::<IsNotNullExpr>() {
        return format!("{} is null", operand(test.arg()));
    }
    if let Some(test) = filter.downcast_ref::<IsNullExpr>() {
        return format!("{} is not null", operand(test.arg()));
    }
    let joined = filter
        .downcast_ref::<BinaryExpr>()
        .is_some_and(|binary| matches!(binary.op(), Operator::And | Operator::Or));
    if joined || filter.is::<NotExpr>() {
        format!("not ({})", words(filter))
    } else {
        format!("not {}", words(filter))
    }
}

/// An expression as SQL writes it, without the casts and checks that planning put around it.
fn words(expr: &Arc<dyn PhysicalExpr>) -> String {
    if let Some(column) = expr.downcast_ref::<Column>() {
        return column.name().to_owned();
    }
    if let Some(literal) = expr.downcast_ref::<Literal>() {
        return value(literal.value());
    }
    if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        return words(cast.expr());
    }
    if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
        return two(binary.left(), &binary.op().to_string().to_lowercase(), binary.right());
    }
    if let Some(test) = expr.downcast_ref::<IsNotNullExpr>() {
        return format!("{} is not null", operand(test.arg()));
    }
    if let Some(test) = expr.downcast_ref::<IsNullExpr>() {
        return format!("{} is null", operand(test.arg()));
    }
    if let Some(not) = expr.downcast_ref::<NotExpr>() {
        return format!("not {}", operand(not.arg()));
    }
    if let Some(list) = expr.downcast_ref::<InListExpr>() {
        let not = if list.negated() { " not" } else { "" };
        let items: Vec<String> = list.list().iter().map(words).collect();
        return format!("{}{not} in ({})", operand(list.expr()), items.join(", "));
    }
    if let Some(like) = expr.downcast_ref::<LikeExpr>() {
        let not = if like.negated() { " not" } else { "" };
        let how = if like.case_insensitive() { "ilike" } else { "like" };
        return format!("{}{not} {how} {}", operand(like.expr()), operand(like.pattern()));
    }
    match expr.downcast_ref::<ScalarFunctionExpr>() {
        Some(function) => call(function),
        None => format!("{}", SqlForm(expr)),
    }
}

/// A function's name and arguments; checked arithmetic as the operators that it stands for.
fn call(function: &ScalarFunctionExpr) -> String {
    match (function.name().strip_prefix("checked "), function.args()) {
        (Some("negation"), [of]) => format!("-{}", operand(of)),
        (Some(sign), [left, right]) => two(left, sign, right),
        (Some(_), [of]) => words(of),
        (_, args) => {
            let args: Vec<String> = args.iter().map(words).collect();
            format!("{}({})", function.name(), args.join(", "))
        }
    }
}

fn two(left: &Arc<dyn PhysicalExpr>, sign: &str, right: &Arc<dyn PhysicalExpr>) -> String {
    let side = match sign {
        "and" | "or" => part,
        "+" | "-" | "*" | "/" | "%" => operand,
        // Comparisons bind less than arithmetic.
        _ => compared,
    };
    format!("{} {sign} {}", side(left), side(right))
}

/// Inside AND and OR: comparisons stand alone, further AND and OR in parentheses.
fn part(expr: &Arc<dyn PhysicalExpr>) -> String {
    let joined = expr
        .downcast_ref::<BinaryExpr>()
        .is_some_and(|binary| matches!(binary.op(), Operator::And | Operator::Or));
    if joined { format!("({})", words(expr)) } else { words(expr) }
}

/// Inside anything else: whatever has an operator in parentheses.
fn operand(expr: &Arc<dyn PhysicalExpr>) -> String {
    let text = words(expr);
    let plain = expr.is::<Column>() || expr.is::<Literal>() || !text.contains(' ');
    if plain { text } else { format!("({text})") }
}

fn compared(expr: &Arc<dyn PhysicalExpr>) -> String {
    if is_logic(expr) { operand(expr) } else { words(expr) }
}

fn is_logic(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.is::<BinaryExpr>()
        || expr.is::<NotExpr>()
        || expr.is::<IsNullExpr>()
        || expr.is::<IsNotNullExpr>()
        || expr.is::<InListExpr>()
        || expr.is::<LikeExpr>()
}

fn value(value: &ScalarValue) -> String {
    let shown = || array_value_to_string(&value.to_array().ok()?, 0).ok();
    match value {
        value if value.is_null() => "null".to_owned(),
        ScalarValue::Utf8(Some(text)) => format!("'{}'", text.replace('\'', "''")),
        other => shown().unwrap_or_else(|| other.to_string()),
    }
}

/// The engine's own words, for what has none here.
struct SqlForm<'a>(&'a Arc<dyn PhysicalExpr>);

impl std::fmt::Display for SqlForm<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt_sql(f)
    }
}
