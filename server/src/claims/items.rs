//! What SELECT lists: grouping columns and aggregates.

use veritrail_compute::sql::sqlparser::ast::{
    Expr, Function as Call, FunctionArg, FunctionArgExpr, FunctionArguments, SelectItem, Spanned,
};

use veritrail_proof::schema::Kind;

use super::columns::Columns;
use super::expression::quantity;
use super::groups::{Groups, Key, reaches};
use super::measures::{Asked, Function, Item, Measured};
use super::refused::Refused;

/// Reads one item. A name that is given with AS is passed over: a result bears the name of what was
/// asked, so that nobody can be told another.
pub(super) fn item(
    columns: &Columns<'_>,
    groups: &Groups,
    item: &SelectItem,
) -> Result<Item, Refused> {
    let expr = match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, alias: _ } => expr,
        other => {
            let why = "rows do not leave their holder";
            return Err(Refused::new(other.to_string(), why, "name aggregates").at(other));
        }
    };
    of_expr(columns, groups, expr)
}

fn of_expr(columns: &Columns<'_>, groups: &Groups, expr: &Expr) -> Result<Item, Refused> {
    let key = match columns.named(expr)? {
        Some(column) => Some(Key::Level(column)),
        None => reaches(columns, expr)?,
    };
    if let Some(key) = key {
        let place = groups.keys.iter().position(|one| *one == key);
        return place.map(Item::Group).ok_or_else(|| {
            let why = "it is not grouped by, and rows do not leave their holder";
            let instead = match key {
                Key::Level(column)
                    if !matches!(columns.kind(column), Some(Kind::Category { .. })) =>
                {
                    format!("an aggregate of it, or a condition on {expr} in WHERE")
                }
                _ => format!("GROUP BY {expr}, or an aggregate of it"),
            };
            Refused::new(expr.to_string(), why, instead).at(expr)
        });
    }
    match expr {
        Expr::Nested(inner) => of_expr(columns, groups, inner),
        Expr::Function(call) => measured(columns, call, expr).map(Item::Measured),
        other => {
            let why = "SELECT lists aggregates and grouping columns";
            let instead = "the aggregate alone: what is computed from it needs no proof";
            Err(Refused::new(other.to_string(), why, instead).at(other))
        }
    }
}

fn measured(columns: &Columns<'_>, call: &Call, part: &Expr) -> Result<Measured, Refused> {
    let name = call.name.to_string().to_ascii_lowercase();
    let Some(function) = Function::named(&name) else {
        let (why, instead) = reason(&name);
        return Err(Refused::new(name, why, instead).at(part));
    };
    let (least, most) = function.arity();
    let arguments = arguments(call, part)?;
    if function == Function::Count {
        return count(columns, &arguments, part);
    }
    let of = arguments.iter().map(|argument| match argument {
        FunctionArgExpr::Expr(expr) => quantity(columns, expr).map(Asked::Quantity),
        _ => Err(wrong_arguments(function, part)),
    });
    let of = of.collect::<Result<Vec<_>, _>>()?;
    if !(least..=most).contains(&of.len()) {
        return Err(wrong_arguments(function, part));
    }
    let repeated = |at: usize| of[..at].contains(&of[at]);
    if function == Function::LeastSquares && (1..of.len()).any(repeated) {
        let why = "a column that stands twice has no coefficient of its own";
        return Err(Refused::new(part.to_string(), why, "name each column once").at(part));
    }
    Ok(Measured { function, of, measure: 0 })
}

fn count(
    columns: &Columns<'_>,
    arguments: &[&FunctionArgExpr],
    part: &Expr,
) -> Result<Measured, Refused> {
    match arguments {
        [FunctionArgExpr::Wildcard] => {
            Ok(Measured { function: Function::Rows, of: Vec::new(), measure: 0 })
        }
        [FunctionArgExpr::Expr(expr)] => match columns.named(expr)? {
            Some(column) => Ok(Measured {
                function: Function::Count,
                of: vec![Asked::Column(column)],
                measure: 0,
            }),
            None => {
                let why = "rows are counted, or those in which a column is not null";
                Err(Refused::new(part.to_string(), why, "count(*) or count(column)").at(part))
            }
        },
        _ => Err(wrong_arguments(Function::Count, part)),
    }
}

/// The arguments of a call that has nothing else.
fn arguments<'a>(call: &'a Call, part: &Expr) -> Result<Vec<&'a FunctionArgExpr>, Refused> {
    // Every clause is named here, so that none that a later parser knows is passed over.
    let Call {
        name: _,
        uses_odbc_syntax,
        parameters,
        args,
        filter,
        null_treatment,
        over,
        within_group,
    } = call;
    let refused = |what: &str, instead: &str| {
        let why = "all rows of a group count alike";
        Err(Refused::new(format!("{what} in {}", call.name), why, instead).at(part))
    };
    if let Some(filter) = filter {
        return refused("FILTER", &format!("a claim of its own WHERE {filter}"));
    }
    if over.is_some() {
        return refused("OVER", "GROUP BY");
    }
    if null_treatment.is_some() || !within_group.is_empty() || *uses_odbc_syntax {
        return refused("a clause", "the aggregate alone; nulls are left out anyway");
    }
    let (FunctionArguments::None, FunctionArguments::List(list)) = (parameters, args) else {
        return refused("a list of another kind", "its arguments in one pair of parentheses");
    };
    if list.duplicate_treatment.is_some() {
        return refused("DISTINCT or ALL", "GROUP BY shows which levels there are");
    }
    if !list.clauses.is_empty() {
        return refused("a clause", "the aggregate alone");
    }
    let mut arguments = Vec::new();
    for argument in &list.args {
        let FunctionArg::Unnamed(argument) = argument else {
            return refused("a named argument", "arguments in their order");
        };
        arguments.push(argument);
    }
    Ok(arguments)
}

fn wrong_arguments(function: Function, part: &(impl Spanned + ToString)) -> Refused {
    let (least, most) = function.arity();
    let instead = match (function, least, most) {
        (Function::LeastSquares, ..) => "ols(outcome, regressor, …)".to_owned(),
        (_, _, 1) => format!("{}(column)", function.name()),
        _ => format!("{}(y, x)", function.name()),
    };
    Refused::new(part.to_string(), "its arguments are not those it takes", instead).at(part)
}

/// Why a function is none of the claim language, and what comes nearest.
fn reason(name: &str) -> (&'static str, &'static str) {
    match name {
        "min" | "max" | "first_value" | "last_value" | "any_value" | "nth_value" => {
            ("it would show the value of one row", "avg and stddev_samp")
        }
        "median" | "percentile_cont" | "quantile_cont" | "approx_median" => {
            ("an order of rows is not proven", "avg and stddev_samp, or counts of a category")
        }
        "bool_and" | "bool_or" => {
            ("it would show the value of one row", "avg(CAST(column AS BIGINT))")
        }
        "stddev_population" => ("it has another name here", "stddev_pop"),
        _ => (
            "no statement proves it",
            "count, sum, avg, var_samp, stddev_samp, covar_samp, corr, regr_…, ols",
        ),
    }
}
