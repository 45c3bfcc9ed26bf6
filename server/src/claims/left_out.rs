//! What a proof tells of groups that it withholds: which they are, what they hold together, and how
//! small one of them is.

use veritrail_proof::body::Body;
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::plan::{Fact, plan};

use super::compile::Claim;
use super::groups::Level;
use super::text;
use super::withheld::cells;

/// Groups that a claim withholds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Each, by what it is in the columns that are grouped by.
    pub groups: Vec<Vec<Level>>,
    /// The minimum cell. In one group at least a number of rows, or what it leaves of a wider one, is
    /// below this and not 0; which group that is, nobody is told.
    pub below: u32,
    /// The numbers of rows that are meant, by what they count, and how many all withheld groups
    /// have together. The first is of all rows that the claim selects.
    pub together: Vec<(String, u128)>,
}

/// What these integers tell of the groups that a claim withholds. Nothing where it withholds none.
pub fn left_out(claim: &Claim, body: &Body, integers: &[u128]) -> Option<Withheld> {
    let (statement, schema) = (claim.statement(), &body.schema);
    if statement.withheld.is_empty() {
        return None;
    }
    let tables = plan(statement, body).ok()?.tables;
    let (told, totals) = integers.split_at_checked(integers.len().checked_sub(tables.totals())?)?;
    let rest = |(count, total): (&usize, &u128)| {
        let told = told.iter().skip(*count).step_by(tables.integers.max(1));
        total.checked_sub(told.sum())
    };
    let rests = tables.counts.iter().zip(totals).map(rest).collect::<Option<Vec<u128>>>()?;
    let first = tables.kinds.first()?;
    let names = tables.kinds.iter().map(|kind| named(kind, first, schema));
    let columns = &claim.groups.columns;
    let cells = cells(columns, schema);
    let group = |at: &u16| {
        let cell = cells.get(usize::from(*at))?;
        let level = |(column, place): (&u16, &u8)| Level::of(*column, *place, schema);
        Some(columns.iter().zip(cell).map(level).collect())
    };
    Some(Withheld {
        groups: statement.withheld.iter().map(group).collect::<Option<Vec<_>>>()?,
        below: body.policy.minimum_cell(),
        together: names.zip(rests).collect(),
    })
}

/// What a kind of count asks of a row, beyond what the first asks.
fn named(kind: &[Fact], first: &[Fact], schema: &Schema) -> String {
    let asked = kind.iter().filter(|fact| !first.contains(fact)).map(|fact| match fact {
        Fact::Valid(column) => format!("{} IS NOT NULL", text::column_name(*column, schema)),
        Fact::Level(column, level) => text::is_level(*column, *level, schema),
        Fact::True(column) => text::column_name(*column, schema),
        // Conditions, which the first has as well.
        other => format!("{other:?}"),
    });
    let asked: Vec<String> = asked.collect();
    if asked.is_empty() { "rows".to_owned() } else { format!("rows where {}", asked.join(" AND ")) }
}
