//! GROUP BY: what tells groups apart. A category does by its levels, a number by its bands, which SQL
//! says with one comparison for each threshold: `GROUP BY age >= 40, age >= 65`. A null is in none, as
//! in SQL, where such a comparison is null.

use serde::Serialize;
use veritrail_compute::sql::sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Select, UnaryOperator,
};
use veritrail_proof::schema::{Kind, Schema};
use veritrail_proof::statement::{Condition, GROUPS_MAX};

use super::columns::Columns;
use super::condition::Atom;
use super::refused::Refused;
use super::text::{at_threshold, column_name, level_name};
use super::threshold::{self, compared};

/// What GROUP BY lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A category.
    Level(u16),
    /// Whether a number reaches a threshold of its column.
    AtLeast(u16, u8),
}

/// What a group is, in one of the columns that tell groups apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Level {
    /// A level of a category.
    Named(String),
    /// Numbers from one threshold on and below the next, as decimals; without one where the band is
    /// the first or the last.
    Band {
        /// The least number.
        at_least: Option<String>,
        /// What all numbers are below.
        below: Option<String>,
    },
}

/// What tells a claim's groups apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Groups {
    /// The columns, each once, in the order of the text.
    pub(super) columns: Vec<u16>,
    /// What GROUP BY lists, each once: column by column, thresholds ascending.
    pub(super) keys: Vec<Key>,
}

impl Key {
    /// The column that it is about.
    pub(super) fn column(&self) -> u16 {
        match self {
            Self::Level(column) | Self::AtLeast(column, _) => *column,
        }
    }

    /// As GROUP BY and SELECT name it.
    pub(super) fn text(&self, schema: &Schema) -> String {
        match self {
            Self::Level(column) => column_name(*column, schema),
            Self::AtLeast(column, place) => at_threshold(*column, *place, false, schema),
        }
    }

    /// What SQL shows of it for a group at this place among those of its column.
    pub(super) fn value(&self, place: u8, schema: &Schema) -> String {
        match self {
            Self::Level(column) => level_name(*column, place, schema).to_owned(),
            // A band's place is the number of thresholds that it reaches.
            Self::AtLeast(_, threshold) => (place > *threshold).to_string(),
        }
    }
}

impl Level {
    /// The group at a place among those of a column.
    pub(super) fn of(column: u16, place: u8, schema: &Schema) -> Self {
        let kind = schema.columns().get(usize::from(column)).map(|column| &column.kind);
        match kind {
            Some(kind @ Kind::Number { .. }) => Self::Band {
                at_least: place.checked_sub(1).and_then(|below| threshold::text(below, kind)),
                below: threshold::text(place, kind),
            },
            _ => Self::Named(level_name(column, place, schema).to_owned()),
        }
    }
}

/// Reads a GROUP BY.
pub(super) fn groups(columns: &Columns<'_>, select: &Select) -> Result<Groups, Refused> {
    let by = match &select.group_by {
        GroupByExpr::Expressions(by, modifiers) if modifiers.is_empty() => by,
        other => {
            let why = "groups are told apart by all of their columns";
            return Err(Refused::new("this GROUP BY", why, "GROUP BY a category").at(other));
        }
    };
    let mut groups = Groups::default();
    for expr in by {
        let key = key(columns, expr)?;
        if !groups.columns.contains(&key.column()) {
            if groups.columns.len() == GROUPS_MAX {
                let why = format!("a claim has at most {GROUPS_MAX} grouping columns");
                return Err(Refused::new(expr.to_string(), why, "a claim for each level").at(expr));
            }
            groups.columns.push(key.column());
        }
        groups.keys.push(key);
    }
    let place = |column: u16| groups.columns.iter().position(|one| *one == column);
    groups.keys.sort_by_key(|key| (place(key.column()), *key));
    groups.keys.dedup();
    check_thresholds(columns, &groups, select)?;
    Ok(groups)
}

/// Whether a number reaches a threshold, as an expression; nothing where it is no comparison.
pub(super) fn reaches(columns: &Columns<'_>, expr: &Expr) -> Result<Option<Key>, Refused> {
    let condition = match comparison(columns, expr, false)? {
        Some(Atom::Holds(condition)) => condition,
        _ => return Ok(None),
    };
    match condition {
        Condition::AtLeast(column, place) => Ok(Some(Key::AtLeast(column, place))),
        _ => {
            let why = "groups are told apart by which thresholds they reach";
            let column = *condition.column();
            let instead = bands(columns, column).unwrap_or_default();
            Err(Refused::new(expr.to_string(), why, instead).at(expr))
        }
    }
}

fn comparison(columns: &Columns<'_>, expr: &Expr, not: bool) -> Result<Option<Atom>, Refused> {
    use BinaryOperator::{Gt, GtEq, Lt, LtEq};
    match expr {
        Expr::Nested(inner) => comparison(columns, inner, not),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => comparison(columns, expr, !not),
        Expr::BinaryOp { left, op: op @ (Gt | GtEq | Lt | LtEq), right } => {
            compared(columns, (left, op, right), not, expr).map(Some)
        }
        _ => Ok(None),
    }
}

fn key(columns: &Columns<'_>, expr: &Expr) -> Result<Key, Refused> {
    let Some(column) = columns.named(expr)? else {
        return reaches(columns, expr)?.ok_or_else(|| {
            let why = "groups are told apart by committed columns";
            Refused::new(expr.to_string(), why, "write the column's name").at(expr)
        });
    };
    let why = "groups are told apart by the levels of a category, or the bands of a number";
    let instead = match columns.kind(column) {
        Some(Kind::Category { .. }) => return Ok(Key::Level(column)),
        Some(Kind::Boolean) => format!("a claim WHERE {expr} and one WHERE NOT {expr}"),
        _ => bands(columns, column).unwrap_or_else(|| "GROUP BY a category".to_owned()),
    };
    Err(Refused::new(expr.to_string(), why, instead).at(expr))
}

/// A statement has the bands between all thresholds, and none between some.
fn check_thresholds(
    columns: &Columns<'_>,
    groups: &Groups,
    select: &Select,
) -> Result<(), Refused> {
    for column in &groups.columns {
        let Some(Kind::Number { thresholds, .. }) = columns.kind(*column) else { continue };
        let keys: Vec<&Key> = groups.keys.iter().filter(|key| key.column() == *column).collect();
        if keys.len() < thresholds.len() {
            let why = "a number has groups between all thresholds that its schema declares";
            let instead = bands(columns, *column).unwrap_or_default();
            let what = keys.iter().map(|key| key.text(columns.schema())).collect::<Vec<_>>();
            let what = format!("GROUP BY {}", what.join(", "));
            return Err(Refused::new(what, why, instead).at(&select.group_by));
        }
    }
    Ok(())
}

/// GROUP BY the bands of a number that has some.
fn bands(columns: &Columns<'_>, column: u16) -> Option<String> {
    let Some(Kind::Number { thresholds, .. }) = columns.kind(column) else { return None };
    let key = |place| Key::AtLeast(column, place).text(columns.schema());
    let keys: Vec<String> = (0..thresholds.len() as u8).map(key).collect();
    (!keys.is_empty()).then(|| format!("GROUP BY {}", keys.join(", ")))
}
