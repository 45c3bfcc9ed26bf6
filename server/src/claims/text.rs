//! The one text of a claim: what it means, written out again. Names that its writer gave to table
//! and results mean nothing and are left out, so nothing that is not proven can be said in them.

use veritrail_compute::sql::sqlparser::keywords::ALL_KEYWORDS;
use veritrail_proof::schema::{Column, Kind, Schema};
use veritrail_proof::statement::{Condition, Quantity};

use super::compile::Claim;
use super::measures::{Asked, Function, Item, Measured};
use super::{threshold, withheld};

/// Writes a claim.
pub(super) fn of(claim: &Claim, schema: &Schema) -> String {
    let items: Vec<String> = claim.items.iter().map(|one| item(one, claim, schema)).collect();
    let mut text = format!("SELECT {} FROM t", items.join(", "));
    let conditions = claim.selection.conditions.iter().map(|one| condition(one, schema));
    let present = claim.selection.present.iter();
    let present = present.map(|column| format!("{} IS NOT NULL", column_name(*column, schema)));
    let conditions: Vec<String> = conditions.chain(present).collect();
    if !conditions.is_empty() {
        text.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
    }
    if !claim.groups.keys.is_empty() {
        let groups: Vec<String> = claim.groups.keys.iter().map(|key| key.text(schema)).collect();
        text.push_str(&format!(" GROUP BY {}", groups.join(", ")));
    }
    let withheld = &claim.statement().withheld;
    if !withheld.is_empty() {
        let told = withheld::written(withheld, &claim.groups, schema);
        text.push_str(&format!(" HAVING {told}"));
    }
    text
}

fn item(item: &Item, claim: &Claim, schema: &Schema) -> String {
    match item {
        Item::Group(at) => {
            claim.groups.keys.get(*at).map(|key| key.text(schema)).unwrap_or_default()
        }
        Item::Measured(measured) => self::measured(measured, schema),
    }
}

/// An aggregate with its arguments.
pub(super) fn measured(measured: &Measured, schema: &Schema) -> String {
    if measured.function == Function::Rows {
        return "count(*)".to_owned();
    }
    let of: Vec<String> = measured.of.iter().map(|asked| argument(asked, schema)).collect();
    format!("{}({})", measured.function.name(), of.join(", "))
}

/// An argument of an aggregate.
pub(super) fn argument(asked: &Asked, schema: &Schema) -> String {
    match asked {
        Asked::Column(column) => column_name(*column, schema),
        Asked::Quantity(Quantity::Value(column)) => column_name(*column, schema),
        Asked::Quantity(Quantity::True(column)) => {
            format!("CAST({} AS BIGINT)", column_name(*column, schema))
        }
        Asked::Quantity(Quantity::Level(column, level)) => {
            format!("CAST({} AS BIGINT)", is_level(*column, *level, schema))
        }
    }
}

/// A condition of WHERE.
fn condition(condition: &Condition, schema: &Schema) -> String {
    match condition {
        Condition::Level(column, level) => is_level(*column, *level, schema),
        Condition::True(column) => column_name(*column, schema),
        Condition::False(column) => format!("NOT {}", column_name(*column, schema)),
        Condition::AtLeast(column, place) => at_threshold(*column, *place, false, schema),
        Condition::Below(column, place) => at_threshold(*column, *place, true, schema),
    }
}

/// That a number reaches a threshold, or is below it.
pub(super) fn at_threshold(column: u16, place: u8, below: bool, schema: &Schema) -> String {
    let kind = schema.columns().get(usize::from(column)).map(|column| &column.kind);
    format!("{} {}", column_name(column, schema), threshold::written(place, below, kind))
}

/// That a category has a level.
pub(super) fn is_level(column: u16, level: u8, schema: &Schema) -> String {
    format!("{} = {}", column_name(column, schema), quoted(column, level, schema))
}

/// A level as SQL quotes it.
pub(super) fn quoted(column: u16, level: u8, schema: &Schema) -> String {
    format!("'{}'", level_name(column, level, schema).replace('\'', "''"))
}

/// A level as it was declared.
pub(super) fn level_name(column: u16, level: u8, schema: &Schema) -> &str {
    match schema.columns().get(usize::from(column)) {
        Some(Column { kind: Kind::Category { levels }, .. }) => {
            levels.get(usize::from(level)).map_or("", String::as_str)
        }
        _ => "",
    }
}

/// A column's name as SQL finds it again.
pub(super) fn column_name(column: u16, schema: &Schema) -> String {
    name(schema.columns().get(usize::from(column)).map_or("", |column| &column.name))
}

/// A name as SQL finds it again: quoted unless it is plain.
pub(super) fn name(name: &str) -> String {
    let small = |c: char| c == '_' || c.is_ascii_lowercase();
    let plain = name.starts_with(small)
        && name.chars().all(|c| small(c) || c.is_ascii_digit())
        && !ALL_KEYWORDS.contains(&&*name.to_ascii_uppercase());
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
