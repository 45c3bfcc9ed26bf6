//! What a claim's integers say: rows as SQL has them, each number exact or rounded once.

use serde::Serialize;
use veritrail_proof::body::Body;
use veritrail_proof::schema::{Kind, Schema};
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::{Measure, Quantity, Statistic};

use super::compile::Claim;
use super::function::results;
use super::groups::{Key, Level};
use super::integers::{Cell, cells};
use super::measures::Item;

/// A result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// No rows that it could be of, or it is not defined for them.
    Null,
    /// A whole number.
    Whole(i128),
    /// A number times 10^places.
    Decimal(i128, u8),
    /// The float nearest to the exact value.
    Float(f64),
}

/// A number of a claim with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What was asked, as the claim's text has it; of least squares also which coefficient.
    pub name: String,
    /// The result.
    pub value: Value,
    /// Its standard error, where it is a coefficient.
    pub standard_error: Option<f64>,
    /// How far it may be from the result over numbers that were not rounded to the declared decimal
    /// places: of sums and means of such columns alone.
    pub within: Option<Value>,
    /// The standard deviation of its noise, where it bears some.
    pub noise: Option<f64>,
}

/// One group's results, or all of a claim without groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The group, in each of the columns that are grouped by; nothing where the column is null.
    pub group: Vec<Option<Level>>,
    /// The same as SQL shows it, for each of [`Claim::keys`]: a level, `true` or `false`.
    pub keys: Vec<Option<String>>,
    /// Its results, in the order of SELECT.
    pub answers: Vec<Answer>,
}

/// The rows of a claim that was verified.
///
/// Nothing where the statistic is not of this claim's statement.
pub fn answers(claim: &Claim, statistic: &Statistic) -> Option<Vec<Row>> {
    let same = statistic.statement() == claim.statement();
    same.then(|| rows_of(claim, statistic.body(), statistic.results())).flatten()
}

/// The rows that these integers mean: for a holder who looks before anything is proven. That they
/// are true of a version only [`answers`] can say.
pub fn rows_of(claim: &Claim, body: &Body, integers: &[u128]) -> Option<Vec<Row>> {
    let schema = &body.schema;
    let totals = plan(claim.statement(), body).ok()?.tables.totals();
    let told = integers.get(..integers.len().checked_sub(totals)?)?;
    let cells = cells(claim.statement(), schema, told)?;
    let grouped = !claim.keys().is_empty();
    let mut rows = Vec::new();
    for cell in &cells {
        // In SQL a group that nobody is in has no row. Its count is the first measure.
        if grouped && cell.rows() == Some(0) {
            continue;
        }
        rows.push(row(claim, schema, cell)?);
    }
    if claim.null_group {
        let others: Option<u128> = cells.iter().map(Cell::rows).sum();
        let rest = u128::from(body.rows).checked_sub(others?)?;
        if rest > 0 {
            rows.push(row(claim, schema, &Cell::of_nulls(claim.groups.columns.len(), rest))?);
        }
    }
    Some(rows)
}

fn row(claim: &Claim, schema: &Schema, cell: &Cell) -> Option<Row> {
    let columns = &claim.groups.columns;
    let group = columns.iter().zip(&cell.levels);
    let group = group.map(|(column, place)| place.map(|at| Level::of(*column, at, schema)));
    let key = |key: &Key| {
        let column = columns.iter().position(|column| *column == key.column())?;
        cell.levels.get(column)?.map(|place| key.value(place, schema))
    };
    let keys = claim.keys().iter().map(key).collect();
    let mut answers = Vec::new();
    for item in claim.items() {
        if let Item::Measured(measured) = item {
            let measure = cell.measures.get(measured.measure)?;
            answers.extend(results(measured, claim.statement(), measure, schema)?);
        }
    }
    Some(Row { group: group.collect(), keys, answers })
}

/// The columns that a claim adds up, each with the decimal places that it was committed with.
pub fn rounded_columns(claim: &Claim, schema: &Schema) -> Vec<(String, u8)> {
    let quantities = claim.statement().measures.iter().flat_map(|measure| match measure {
        Measure::Count | Measure::Present(_) => Vec::new(),
        Measure::Sum(quantity) => vec![*quantity],
        Measure::Gram(all) => all.clone(),
    });
    let mut columns: Vec<u16> = quantities
        .filter_map(|quantity| match quantity {
            Quantity::Value(column) => Some(column),
            Quantity::Level(..) | Quantity::True(_) => None,
        })
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let places = |column: u16| {
        let column = schema.columns().get(usize::from(column))?;
        match column.kind {
            Kind::Number { places, .. } => Some((column.name.clone(), places)),
            Kind::Category { .. } | Kind::Boolean => None,
        }
    };
    columns.into_iter().filter_map(places).collect()
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Whole(number) | Self::Decimal(number, 0) => write!(f, "{number}"),
            Self::Decimal(number, places) => {
                let power = 10u128.pow(u32::from(*places));
                let (whole, part) = (number.unsigned_abs() / power, number.unsigned_abs() % power);
                let sign = if *number < 0 { "-" } else { "" };
                write!(f, "{sign}{whole}.{part:0width$}", width = usize::from(*places))
            }
            Self::Float(float) => write!(f, "{float}"),
        }
    }
}

impl Serialize for Value {
    /// As text, so that no reader rounds it, or null.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            other => serializer.collect_str(other),
        }
    }
}
