//! HAVING: which groups are told. The others are withheld, and the proof shows that one of them is
//! small: not each of them, and not which. So HAVING names groups; `HAVING count(*) >= 10` would say
//! of every group that is left out that it is small.

use veritrail_compute::sql::sqlparser::ast::{BinaryOperator, Expr, Select, UnaryOperator, Value};
use veritrail_proof::schema::{Kind, Schema};
use veritrail_proof::statement::{Condition, Quantity};

use super::columns::Columns;
use super::condition::{Atom, Selection, plain};
use super::groups::{Groups, Key};
use super::measures::{Item, column_of};
use super::refused::Refused;
use super::text;
use super::threshold::compared;

/// What HAVING says of a group whose columns are not null.
enum Told {
    /// In the grouping column at this place it is the group at that one.
    Is(usize, u8),
    /// The band of the grouping column at this place reaches so many thresholds.
    Reaches(usize, u8),
    Not(Box<Told>),
    Both(Box<Told>, Box<Told>),
    Either(Box<Told>, Box<Told>),
}

impl Told {
    fn holds(&self, cell: &[u8]) -> bool {
        let place = |at: &usize| cell.get(*at).copied().unwrap_or_default();
        match self {
            Self::Is(at, level) => place(at) == *level,
            Self::Reaches(at, reached) => place(at) >= *reached,
            Self::Not(told) => !told.holds(cell),
            Self::Both(a, b) => a.holds(cell) && b.holds(cell),
            Self::Either(a, b) => a.holds(cell) || b.holds(cell),
        }
    }
}

/// The groups that a claim leaves out, by their places in the statement.
pub(super) fn withheld(
    columns: &Columns<'_>,
    groups: &Groups,
    select: &Select,
) -> Result<Vec<u16>, Refused> {
    let Some(having) = &select.having else { return Ok(Vec::new()) };
    if groups.keys.is_empty() {
        let why = "it says which groups are told, and there are none";
        let instead = "leave it out, or GROUP BY a category; conditions on rows stand in WHERE";
        return Err(Refused::new(format!("HAVING {having}"), why, instead).at(having));
    }
    let told = read(columns, groups, having)?;
    let cells = cells(&groups.columns, columns.schema());
    let left_out = |(at, cell): (usize, &Vec<u8>)| (!told.holds(cell)).then_some(at as u16);
    let withheld: Vec<u16> = cells.iter().enumerate().filter_map(left_out).collect();
    let why = match withheld.len() {
        0 => "it leaves no group out",
        1 => "what one group holds follows from what all hold together",
        all if all == cells.len() => "it leaves all groups out",
        _ => return Ok(withheld),
    };
    let instead = "leave it out, or name the groups that are withheld, two at least";
    Err(Refused::new(format!("HAVING {having}"), why, instead).at(having))
}

/// Where groups are withheld, totals of all groups are told: what else is about a grouping column
/// would tell one group by its total.
pub(super) fn check_others(
    columns: &Columns<'_>,
    groups: &Groups,
    (selection, items): (&Selection, &[Item]),
    select: &Select,
) -> Result<(), Refused> {
    let condition = selection.conditions.iter().map(|condition| *condition.column());
    let of = |item: &Item| match item {
        Item::Measured(measured) => measured.quantities().collect(),
        Item::Group(_) => Vec::new(),
    };
    let quantity = |one: Quantity| match one {
        Quantity::Value(_) => None,
        Quantity::Level(..) | Quantity::True(_) => Some(column_of(&one)),
    };
    let quantities = items.iter().flat_map(of).filter_map(quantity);
    match condition.chain(quantities).find(|column| groups.columns.contains(column)) {
        None => Ok(()),
        Some(column) => {
            let name = text::column_name(column, columns.schema());
            let why = "totals of all groups are told, and one of it would tell one group";
            let instead = format!("no other condition on {name}, and no aggregate of its levels");
            let what = format!("HAVING beside {name} = …");
            Err(Refused::new(what, why, instead).at(select))
        }
    }
}

/// HAVING as every claim that withholds these groups writes it.
pub(super) fn written(withheld: &[u16], groups: &Groups, schema: &Schema) -> String {
    let cells = cells(&groups.columns, schema);
    let left_out: Vec<&Vec<u8>> =
        withheld.iter().filter_map(|at| cells.get(usize::from(*at))).collect();
    if let [Key::Level(column)] = groups.keys[..] {
        let level = |cell: &&Vec<u8>| text::quoted(column, cell[0], schema);
        let levels: Vec<String> = left_out.iter().map(level).collect();
        return format!("{} NOT IN ({})", text::column_name(column, schema), levels.join(", "));
    }
    let terms: Vec<String> = left_out.iter().map(|cell| is_not(cell, groups, schema)).collect();
    terms.join(" AND ")
}

/// That a group is not this one.
fn is_not(cell: &[u8], groups: &Groups, schema: &Schema) -> String {
    let mut parts: Vec<(bool, String)> = Vec::new();
    for (column, place) in groups.columns.iter().zip(cell) {
        match schema.columns().get(usize::from(*column)).map(|column| &column.kind) {
            Some(Kind::Number { thresholds, .. }) => {
                let key = |at| Key::AtLeast(*column, at).text(schema);
                parts.extend(place.checked_sub(1).map(|reached| (true, key(reached))));
                let next = Some(*place).filter(|next| usize::from(*next) < thresholds.len());
                parts.extend(next.map(|next| (false, key(next))));
            }
            _ => parts.push((true, text::is_level(*column, *place, schema))),
        }
    }
    match &parts[..] {
        [(true, one)] => format!("NOT {one}"),
        [(false, one)] => one.clone(),
        all => {
            let part = |(holds, part): &(bool, String)| match holds {
                true => part.clone(),
                false => format!("NOT {part}"),
            };
            format!("NOT ({})", all.iter().map(part).collect::<Vec<_>>().join(" AND "))
        }
    }
}

/// The places of all groups, the first column varying slowest.
pub(super) fn cells(groups: &[u16], schema: &Schema) -> Vec<Vec<u8>> {
    let mut cells = vec![Vec::new()];
    for column in groups {
        let count = schema.columns().get(usize::from(*column)).map_or(0, |one| one.kind.groups());
        let with = |cell: &Vec<u8>| {
            let cell = cell.clone();
            (0..count).map(move |place| [&cell[..], &[place]].concat())
        };
        cells = cells.iter().flat_map(with).collect();
    }
    cells
}

fn read(columns: &Columns<'_>, groups: &Groups, expr: &Expr) -> Result<Told, Refused> {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
    let part = |expr: &Expr| read(columns, groups, expr).map(Box::new);
    match expr {
        Expr::Nested(inner) => read(columns, groups, inner),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => Ok(Told::Not(part(expr)?)),
        Expr::BinaryOp { left, op: And, right } => Ok(Told::Both(part(left)?, part(right)?)),
        Expr::BinaryOp { left, op: Or, right } => Ok(Told::Either(part(left)?, part(right)?)),
        Expr::BinaryOp { left, op: op @ (Eq | NotEq), right } => {
            let (left, right) = match plain(left) {
                Some(_) => (right, left),
                None => (left, right),
            };
            let told = is_one_of(columns, groups, (left, &[&**right]), expr)?;
            Ok(if *op == NotEq { Told::Not(Box::new(told)) } else { told })
        }
        Expr::InList { expr: left, list, negated } => {
            let list: Vec<&Expr> = list.iter().collect();
            let told = is_one_of(columns, groups, (left, &list), expr)?;
            Ok(if *negated { Told::Not(Box::new(told)) } else { told })
        }
        Expr::BinaryOp { left, op, right }
            if matches!(op, Gt | GtEq | Lt | LtEq) && !is_call(left) && !is_call(right) =>
        {
            match compared(columns, (left, op, right), false, expr)? {
                Atom::Holds(Condition::AtLeast(column, place)) => {
                    Ok(Told::Reaches(grouped(columns, groups, column, expr)?, place + 1))
                }
                Atom::Holds(Condition::Below(column, place)) => {
                    let at = grouped(columns, groups, column, expr)?;
                    Ok(Told::Not(Box::new(Told::Reaches(at, place + 1))))
                }
                _ => Err(unnamed(expr)),
            }
        }
        other => Err(unnamed(other)),
    }
}

/// That a category is one of some levels.
fn is_one_of(
    columns: &Columns<'_>,
    groups: &Groups,
    (left, list): (&Expr, &[&Expr]),
    part: &Expr,
) -> Result<Told, Refused> {
    let (Some(column), false) = (columns.named(left)?, list.is_empty()) else {
        return Err(unnamed(part));
    };
    let at = grouped(columns, groups, column, part)?;
    let level = |expr: &&Expr| match plain(expr) {
        Some(Value::SingleQuotedString(text)) => {
            columns.level(column, text, part).map(|level| Told::Is(at, level))
        }
        _ => Err(unnamed(part)),
    };
    let levels = list.iter().map(level).collect::<Result<Vec<_>, _>>()?;
    let either = |a, b| Told::Either(Box::new(a), Box::new(b));
    levels.into_iter().reduce(either).ok_or_else(|| unnamed(part))
}

/// The place of a column among those that are grouped by.
fn grouped(
    columns: &Columns<'_>,
    groups: &Groups,
    column: u16,
    part: &Expr,
) -> Result<usize, Refused> {
    groups.columns.iter().position(|one| *one == column).ok_or_else(|| {
        let name = text::column_name(column, columns.schema());
        let why = format!("HAVING says which groups are told, and {name} is not grouped by");
        Refused::new(part.to_string(), why, "write it in WHERE").at(part)
    })
}

fn is_call(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_call(inner),
        Expr::Function(_) => true,
        _ => false,
    }
}

fn unnamed(part: &Expr) -> Refused {
    let why = "groups are left out by name: that each is small is not proven, only that one is";
    let instead = "name the groups that are withheld: HAVING category NOT IN ('level', 'level')";
    Refused::new(part.to_string(), why, instead).at(part)
}
