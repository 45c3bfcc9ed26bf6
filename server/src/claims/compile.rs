//! From a claim's text to the statement that is proven. Pure: holder and verifier get the same.

use veritrail_compute::sql::sqlparser::ast::{Query, Select};
use veritrail_compute::sql::with_query;
use veritrail_proof::body::Body;
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::{Measure, Statement, StatementError};

use super::columns::Columns;
use super::condition::{Selection, selection};
use super::groups::{Groups, Key, groups};
use super::items::item;
use super::measures::{Asked, Function, Item, Measured, Nulls, measures};
use super::refused::Refused;
use super::withheld::{check_others, withheld};
use super::{select, text};

/// The longest claim, in bytes.
pub const CLAIM_BYTES_MAX: usize = 16 << 10;
/// The most items that SELECT may list.
const ITEMS_MAX: usize = 64;

/// A claim that a statement was found for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub(super) selection: Selection,
    pub(super) groups: Groups,
    pub(super) items: Vec<Item>,
    pub(super) null_group: bool,
    pub(super) statement: Statement,
    text: String,
}

impl Claim {
    /// Finds the statement of a claim's text.
    ///
    /// # Errors
    /// When no statement says the same: with the reason, the place in the text and the nearest form
    /// that one says.
    pub fn compile(sql: &str, schema: &Schema) -> Result<Self, Refused> {
        if sql.len() > CLAIM_BYTES_MAX {
            return Err(too_long(sql.len()));
        }
        with_query(sql, |query| Self::of_query(query, schema))?
    }

    /// The text that every claim of this meaning is written as; it compiles to this claim.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is proven.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// What SELECT lists, in its order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What GROUP BY lists: by column in the order of the text, thresholds ascending.
    pub fn keys(&self) -> &[Key] {
        &self.groups.keys
    }

    /// Whether the statement fits a version, beyond its schema.
    ///
    /// # Errors
    /// When it says nothing about a committed column, or its numbers could be too large.
    pub fn check_against(&self, body: &Body) -> Result<(), Refused> {
        plan(&self.statement, body).map(drop).map_err(|error| match error {
            StatementError::Public => {
                let why =
                    format!("the number of rows, {}, is published without a proof", body.rows);
                Refused::new("count(*) of all rows", why, "a WHERE or GROUP BY, or an aggregate")
            }
            other => Refused::new("the claim", other.to_string(), "fewer columns or groups"),
        })
    }

    fn of_query(query: &Query, schema: &Schema) -> Result<Self, Refused> {
        let select = select::plain(query)?;
        let columns = Columns::new(schema, select::table(select)?);
        let selection = selection(&columns, select.selection.as_ref())?;
        let groups = groups(&columns, select)?;
        let mut items = items(&columns, &groups, select)?;
        let may_be_null = |column: u16| {
            columns.nullable(column)
                && !selection.implies_present(column)
                && !groups.columns.contains(&column)
        };
        let null_group = null_group(&columns, &selection, &groups.columns, &items, select)?;
        let left_out: Vec<u16> =
            selection.present.iter().copied().filter(|column| may_be_null(*column)).collect();
        let nulls = Nulls { left_out: &left_out, may_be: &may_be_null };
        let withheld = withheld(&columns, &groups, select)?;
        if !withheld.is_empty() {
            check_others(&columns, &groups, (&selection, &items), select)?;
        }
        let measures = measures(&mut items, !groups.keys.is_empty(), &nulls);
        check_present(&columns, &nulls, &measures, select)?;
        let conditions = selection.conditions.clone();
        let by = groups.columns.clone();
        let statement = Statement { conditions, groups: by, measures, withheld };
        statement.check(schema).map_err(|error| {
            Refused::new("the claim", error.to_string(), "fewer aggregates").at(select)
        })?;
        // What follows from the rest is not written down.
        let needed = |column: &u16| is_needed(*column, &groups.columns, &items);
        let present = selection.present.iter().copied().filter(needed).collect();
        let selection = Selection { present, ..selection };
        let mut claim =
            Self { selection, groups, items, null_group, statement, text: String::new() };
        claim.text = text::of(&claim, schema);
        match claim.text.len() {
            ..=CLAIM_BYTES_MAX => Ok(claim),
            long => {
                let why = format!("written out it has {long} bytes, of {CLAIM_BYTES_MAX}");
                let instead = "fewer groups that HAVING leaves out, or fewer aggregates";
                Err(Refused::new("the claim", why, instead).at(select))
            }
        }
    }
}

fn too_long(bytes: usize) -> Refused {
    let instead = format!("at most {CLAIM_BYTES_MAX} bytes");
    Refused::new("the claim", format!("it has {bytes} bytes"), instead)
}

fn items(columns: &Columns<'_>, groups: &Groups, select: &Select) -> Result<Vec<Item>, Refused> {
    if select.projection.len() > ITEMS_MAX {
        let why = format!("SELECT lists more than {ITEMS_MAX}");
        return Err(Refused::new("the claim", why, "a claim for some of them").at(select));
    }
    let items = select.projection.iter().map(|one| item(columns, groups, one));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    if !items.iter().any(|item| matches!(item, Item::Measured(_))) {
        let why = "SELECT lists no aggregate";
        return Err(Refused::new("the claim", why, "add count(*)").at(select));
    }
    Ok(items)
}

/// Whether the rows in which the grouping column is null are a group that the claim has to show: in
/// SQL they are. A statement has none for them, but the number of its rows follows where all others
/// are counted.
fn null_group(
    columns: &Columns<'_>,
    selection: &Selection,
    groups: &[u16],
    items: &[Item],
    select: &Select,
) -> Result<bool, Refused> {
    let open = |column: &&u16| {
        columns.nullable(**column)
            && !selection.implies_present(**column)
            && !selection.present.contains(column)
    };
    let Some(column) = groups.iter().find(open) else { return Ok(false) };
    let only_rows = items.iter().all(|item| match item {
        Item::Group(_) => true,
        Item::Measured(measured) => measured.function == Function::Rows,
    });
    let follows = only_rows
        && groups.len() == 1
        && selection.conditions.is_empty()
        && selection.present.is_empty()
        && select.having.is_none();
    if follows {
        return Ok(true);
    }
    let name = text::name(columns.column(*column).map_or("", |column| &column.name));
    let why = "the rows in which it is null are a group of their own, which no statement has";
    let instead = format!("WHERE {name} IS NOT NULL");
    Err(Refused::new(format!("GROUP BY {name}"), why, instead).at(&select.group_by))
}

/// Rows without nulls are counted; what else is measured leaves out the nulls of its own columns, and
/// of no others.
fn check_present(
    columns: &Columns<'_>,
    nulls: &Nulls<'_>,
    measures: &[Measure],
    select: &Select,
) -> Result<(), Refused> {
    let Some(column) = nulls.taken(measures) else { return Ok(()) };
    let name = text::name(columns.column(column).map_or("", |column| &column.name));
    let why = "an aggregate leaves out the nulls of its own columns; others are no condition of it";
    let instead = format!("counts of rows, and aggregates of {name}, leave its nulls out");
    let refused = Refused::new(format!("{name} IS NOT NULL"), why, instead);
    Err(match &select.selection {
        Some(part) => refused.at(part),
        None => refused,
    })
}

/// True where a claim would say something else without `column IS NOT NULL`.
fn is_needed(column: u16, groups: &[u16], items: &[Item]) -> bool {
    let counts_its_nulls = |item: &Item| match item {
        Item::Measured(Measured { function: Function::Rows, .. }) => true,
        Item::Measured(Measured { function: Function::Count, of, .. }) => {
            *of != [Asked::Column(column)]
        }
        Item::Measured(_) | Item::Group(_) => false,
    };
    !groups.is_empty() || items.iter().any(counts_its_nulls)
}
