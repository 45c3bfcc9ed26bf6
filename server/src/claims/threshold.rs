//! Conditions on numbers: `age >= 40` and `age < 40`, at thresholds that the schema declared before
//! publication.

use veritrail_compute::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};
use veritrail_proof::decimal;
use veritrail_proof::schema::Kind;
use veritrail_proof::statement::Condition;

use super::columns::Columns;
use super::condition::{Atom, plain};
use super::refused::Refused;
use super::text::column_name;

/// `column >= literal` and `column < literal`, either way round.
pub(super) fn compared(
    columns: &Columns<'_>,
    (left, op, right): (&Expr, &BinaryOperator, &Expr),
    not: bool,
    part: &Expr,
) -> Result<Atom, Refused> {
    use BinaryOperator::{Gt, GtEq, Lt, LtEq};
    let (column, op, literal) = match (columns.named(left)?, columns.named(right)?) {
        (Some(column), None) => (column, op.clone(), right),
        (None, Some(column)) => {
            let turned = match op {
                Gt => Lt,
                GtEq => LtEq,
                Lt => Gt,
                _ => GtEq,
            };
            (column, turned, left)
        }
        _ => return Err(undeclared(part, "a column and a declared threshold, column >= 40")),
    };
    let Some(Kind::Number { places, thresholds, .. }) = columns.kind(column) else {
        return Err(undeclared(part, "category = 'level', boolean, NOT boolean"));
    };
    let declared: Vec<String> =
        thresholds.iter().map(|threshold| decimal::text(*threshold, *places)).collect();
    let nearest = if declared.is_empty() {
        "a threshold in the schema of the next version, age:int[0..127]{40,65}".to_owned()
    } else {
        let name = column_name(column, columns.schema());
        format!("{name} >= T or {name} < T, with T among {}", declared.join(", "))
    };
    let number = number(literal).and_then(|text| decimal::parse_exact(&text, *places));
    let place = thresholds.iter().position(|threshold| Some(*threshold) == number);
    let place = place.and_then(|place| u8::try_from(place).ok());
    match (op, place) {
        (GtEq, Some(place)) if !not => Ok(Atom::Holds(Condition::AtLeast(column, place))),
        (Lt, Some(place)) if not => Ok(Atom::Holds(Condition::AtLeast(column, place))),
        (GtEq | Lt, Some(place)) => Ok(Atom::Holds(Condition::Below(column, place))),
        _ => Err(undeclared(part, &nearest)),
    }
}

/// A condition at a threshold as SQL writes it, after the column's name.
pub(super) fn written(place: u8, below: bool, kind: Option<&Kind>) -> String {
    let sign = if below { "<" } else { ">=" };
    format!("{sign} {}", kind.and_then(|kind| text(place, kind)).unwrap_or_default())
}

/// A threshold as a decimal.
pub(super) fn text(place: u8, kind: &Kind) -> Option<String> {
    let Kind::Number { places, thresholds, .. } = kind else { return None };
    thresholds.get(usize::from(place)).map(|threshold| decimal::text(*threshold, *places))
}

/// Why a number cannot be compared so.
pub(super) fn undeclared(part: &Expr, instead: &str) -> Refused {
    let why =
        "a number is compared by >= or <, with a threshold that was declared before publication";
    Refused::new(part.to_string(), why, instead).at(part)
}

/// The text of a number, with its sign.
fn number(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Nested(inner) => number(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
            number(expr).filter(|text| !text.starts_with('-')).map(|text| format!("-{text}"))
        }
        _ => match plain(expr) {
            Some(Value::Number(text, _)) => Some(text.clone()),
            _ => None,
        },
    }
}
