//! What an aggregate is taken over: a number, or 1 where a condition is true.

use veritrail_compute::sql::sqlparser::ast::{CastKind, DataType, Expr};
use veritrail_proof::schema::Kind;
use veritrail_proof::statement::{Condition, Quantity};

use super::columns::Columns;
use super::condition::{Atom, atom};
use super::refused::Refused;

/// Reads an argument of an aggregate: a column of numbers, or a condition cast to 0 and 1.
pub(super) fn quantity(columns: &Columns<'_>, expr: &Expr) -> Result<Quantity, Refused> {
    if let Some(column) = columns.named(expr)? {
        return match columns.kind(column) {
            Some(Kind::Number { .. }) => Ok(Quantity::Value(column)),
            Some(Kind::Boolean) => {
                let why = "a boolean is no number";
                let instead = format!("CAST({expr} AS BIGINT)");
                Err(Refused::new(expr.to_string(), why, instead).at(expr))
            }
            _ => {
                let why = "a category is no number";
                let instead =
                    format!("CAST({expr} = 'level' AS BIGINT), or GROUP BY {expr} and count(*)");
                Err(Refused::new(expr.to_string(), why, instead).at(expr))
            }
        };
    }
    match expr {
        Expr::Nested(inner) => quantity(columns, inner),
        Expr::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon,
            expr: inner,
            data_type: DataType::BigInt(None) | DataType::Int(None) | DataType::Integer(None),
            array: false,
            format: None,
        } => zero_or_one(columns, inner, expr),
        other => {
            let why = "an aggregate is proven over a committed column as it is";
            let instead = "name a column; what is computed from results needs no proof";
            Err(Refused::new(other.to_string(), why, instead).at(other))
        }
    }
}

fn zero_or_one(columns: &Columns<'_>, inner: &Expr, part: &Expr) -> Result<Quantity, Refused> {
    let number = columns.named(inner)?.and_then(|column| columns.kind(column));
    if let Some(Kind::Number { .. }) = number {
        let why = "a number is proven as it was committed";
        return Err(Refused::new(part.to_string(), why, inner.to_string()).at(part));
    }
    if is_never_unknown(inner) {
        let why = "of a null, IS makes 0 and not null";
        return Err(Refused::new(part.to_string(), why, "write the condition without IS").at(part));
    }
    match atom(columns, inner, false)? {
        Atom::Holds(Condition::True(column)) => Ok(Quantity::True(column)),
        Atom::Holds(Condition::Level(column, level)) => Ok(Quantity::Level(column, level)),
        Atom::Holds(Condition::False(_)) => {
            let why = "only what is true of a boolean is added up";
            Err(Refused::new(part.to_string(), why, "1 less the mean, without NOT").at(part))
        }
        Atom::Holds(Condition::AtLeast(..) | Condition::Below(..)) => {
            let why = "whether a number reaches a threshold is a condition, not a quantity";
            Err(Refused::new(part.to_string(), why, "count(*) with it in WHERE").at(part))
        }
        Atom::Present(_) => {
            let why = "a cell that holds something is counted, not added up";
            Err(Refused::new(part.to_string(), why, "count(…)").at(part))
        }
    }
}

/// True where a condition is made with IS, which is true or false of a null.
fn is_never_unknown(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } => is_never_unknown(inner),
        Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) => true,
        _ => false,
    }
}
