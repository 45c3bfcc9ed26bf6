//! WHERE: which rows a claim is about. A row is selected where all conditions are true, so one whose
//! condition is unknown (a null) is not, as in SQL.

use veritrail_compute::sql::sqlparser::ast::{
    BinaryOperator, Expr, UnaryOperator, Value, ValueWithSpan,
};
use veritrail_proof::schema::Kind;
use veritrail_proof::statement::{CONDITIONS_MAX, Condition};

use super::columns::Columns;
use super::refused::Refused;
use super::threshold::{compared, undeclared};

/// What stands in the place of other comparisons of a number.
const BANDS: &str = "column >= T or column < T, with a threshold T that the schema declares";

/// What WHERE says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// What the statement's rows fulfil, in the order of the text.
    pub(super) conditions: Vec<Condition>,
    /// Nullable columns of which it says `IS NOT NULL`, and no condition says it already.
    pub(super) present: Vec<u16>,
}

impl Selection {
    /// True where every selected row holds something in this column.
    pub(super) fn implies_present(&self, column: u16) -> bool {
        self.conditions.iter().any(|condition| column_of(condition) == column)
    }
}

fn column_of(condition: &Condition) -> u16 {
    *condition.column()
}

/// Reads a WHERE.
pub(super) fn selection(columns: &Columns<'_>, expr: Option<&Expr>) -> Result<Selection, Refused> {
    let mut read = Selection::default();
    let mut rest: Vec<&Expr> = expr.into_iter().collect();
    // The parts of a chain of ANDs, from left to right.
    while let Some(part) = rest.pop() {
        match part {
            Expr::Nested(inner) => rest.push(inner),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                rest.extend([&**right, &**left]);
            }
            other => match atom(columns, other, false)? {
                Atom::Holds(condition) if read.conditions.contains(&condition) => {}
                Atom::Holds(condition) if read.conditions.len() == CONDITIONS_MAX => {
                    let why = format!("a selection has at most {CONDITIONS_MAX} conditions");
                    let instead = match condition {
                        Condition::Level(..) => "group by one of the categories",
                        _ => "leave a condition out",
                    };
                    return Err(Refused::new(other.to_string(), why, instead).at(other));
                }
                Atom::Holds(condition) => read.conditions.push(condition),
                Atom::Present(column) => read.present.push(column),
            },
        }
    }
    let present = std::mem::take(&mut read.present);
    for column in present {
        let says_more = columns.nullable(column) && !read.implies_present(column);
        if says_more && !read.present.contains(&column) {
            read.present.push(column);
        }
    }
    Ok(read)
}

/// One condition.
pub(super) enum Atom {
    /// Of a row.
    Holds(Condition),
    /// The column is not null.
    Present(u16),
}

/// Reads one condition, or its negation.
pub(super) fn atom(columns: &Columns<'_>, expr: &Expr, not: bool) -> Result<Atom, Refused> {
    if let Some(column) = columns.named(expr)? {
        return boolean(columns, column, not, expr);
    }
    match expr {
        Expr::Nested(inner) => atom(columns, inner, not),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => atom(columns, expr, !not),
        Expr::IsTrue(inner) => is(columns, inner, true, not, expr),
        Expr::IsNotTrue(inner) => is(columns, inner, true, !not, expr),
        Expr::IsFalse(inner) => is(columns, inner, false, not, expr),
        Expr::IsNotFalse(inner) => is(columns, inner, false, !not, expr),
        Expr::IsNotNull(inner) => is_null(columns, inner, not, expr),
        Expr::IsNull(inner) => is_null(columns, inner, !not, expr),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            equals(columns, left, right, not, expr)
        }
        Expr::BinaryOp { left, op: BinaryOperator::NotEq, right } => {
            equals(columns, left, right, !not, expr)
        }
        Expr::InList { expr: left, list, negated } => match &list[..] {
            [right] => equals(columns, left, right, not != *negated, expr),
            _ => Err(alternatives(expr)),
        },
        Expr::BinaryOp { op: BinaryOperator::Or | BinaryOperator::And, .. } => {
            Err(alternatives(expr))
        }
        Expr::BinaryOp {
            left,
            op:
                op @ (BinaryOperator::Gt
                | BinaryOperator::GtEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq),
            right,
        } => compared(columns, (left, op, right), not, expr),
        Expr::Between { .. } => Err(undeclared(expr, BANDS)),
        other => Err(unknown(other)),
    }
}

/// `b`, `NOT b`.
fn boolean(columns: &Columns<'_>, column: u16, not: bool, part: &Expr) -> Result<Atom, Refused> {
    match columns.kind(column) {
        Some(Kind::Boolean) => Ok(Atom::Holds(match not {
            true => Condition::False(column),
            false => Condition::True(column),
        })),
        _ => Err(unknown(part)),
    }
}

/// `… IS TRUE` and `… IS FALSE`, which are never unknown: their negation also selects nulls.
fn is(
    columns: &Columns<'_>,
    inner: &Expr,
    wanted: bool,
    not: bool,
    part: &Expr,
) -> Result<Atom, Refused> {
    let held = atom(columns, inner, wanted == not)?;
    match held {
        Atom::Holds(condition) if !not || !columns.nullable(column_of(&condition)) => {
            Ok(Atom::Holds(condition))
        }
        Atom::Holds(_) => {
            let why = "it also selects the rows in which the column is null";
            Err(Refused::new(part.to_string(), why, "compare with = true or = false").at(part))
        }
        Atom::Present(_) => Err(unknown(part)),
    }
}

fn is_null(columns: &Columns<'_>, inner: &Expr, null: bool, part: &Expr) -> Result<Atom, Refused> {
    let Some(column) = columns.named(inner)? else { return Err(unknown(part)) };
    if !null {
        return Ok(Atom::Present(column));
    }
    let why = "that a cell is null is no condition of a statement";
    let instead = "count(*) less count(…) is the number of nulls";
    Err(Refused::new(part.to_string(), why, instead).at(part))
}

/// `column = literal`, either way round.
fn equals(
    columns: &Columns<'_>,
    left: &Expr,
    right: &Expr,
    not: bool,
    part: &Expr,
) -> Result<Atom, Refused> {
    let (column, literal) = match (columns.named(left)?, columns.named(right)?) {
        (Some(column), None) => (column, right),
        (None, Some(column)) => (column, left),
        _ => return Err(unknown(part)),
    };
    match (columns.kind(column), plain(literal)) {
        (Some(Kind::Boolean), Some(Value::Boolean(value))) => {
            boolean(columns, column, not == *value, part)
        }
        (Some(Kind::Category { levels }), Some(Value::SingleQuotedString(text))) => {
            let level = columns.level(column, text, part)?;
            match (not, levels.len()) {
                (false, _) => Ok(Atom::Holds(Condition::Level(column, level))),
                // Of two levels one is what the other is not, and null is neither.
                (true, 2) => Ok(Atom::Holds(Condition::Level(column, 1 - level))),
                (true, _) => Err(alternatives(part)),
            }
        }
        (Some(Kind::Number { .. }), _) => Err(undeclared(part, BANDS)),
        _ => Err(unknown(part)),
    }
}

pub(super) fn plain(expr: &Expr) -> Option<&Value> {
    match expr {
        Expr::Nested(inner) => plain(inner),
        Expr::Value(ValueWithSpan { value, .. }) => Some(value),
        _ => None,
    }
}

fn alternatives(part: &Expr) -> Refused {
    let why = "a selection is one level of a category or one value of a boolean, never several";
    Refused::new(part.to_string(), why, "group by the category, and add the groups up").at(part)
}

fn unknown(part: &Expr) -> Refused {
    let why = "a condition compares a category with one of its levels, or names a boolean";
    Refused::new(part.to_string(), why, "category = 'level', boolean, NOT boolean").at(part)
}
