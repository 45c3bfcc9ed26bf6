//! From text to one SELECT that holds nothing a run may not do.
//!
//! This check reads the syntax, so that it can name what it refuses in the writer's own words;
//! [`super::admit`] checks the plan again, where nothing can hide behind syntax.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, Function, GroupByExpr, LimitClause, ObjectName, Query, Select, SetExpr,
    SetOperator, SetQuantifier, Spanned, Statement, TableFactor, Value, ValueWithSpan, Visit,
    Visitor,
};

use super::admit::GROUPING;
use super::aggregate::Aggregate;
use super::error::SqlError;
use super::functions::allowed_functions;
use super::literals::keep_integers_exact;
use super::read::{no_query, one_statement, with_room};
use super::reasons::hint_for;
use super::relations::check_relations;
use super::windows::allowed_windows;

/// The longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 256 << 10;

/// The most tokens (words, numbers, signs) in a query.
pub const QUERY_TOKENS_MAX: usize = 20_000;

/// How deep expressions, subqueries and chains of UNION may nest.
pub const QUERY_DEPTH_MAX: usize = 100;

/// A query that passed, and the names of its `$` placeholders.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) statement: Statement,
    pub(super) placeholders: BTreeSet<String>,
}

/// Parses and checks a query.
pub(super) fn parse(sql: &str) -> Result<Parsed, SqlError> {
    with_room(sql, || {
        let mut statement = one_statement(sql)?;
        if !matches!(statement, Statement::Query(_)) {
            return Err(no_query(&statement));
        }
        check_relations(&statement)?;
        let mut check = Check::new();
        match statement.visit(&mut check) {
            ControlFlow::Break(error) => Err(error),
            ControlFlow::Continue(()) => {
                keep_integers_exact(&mut statement)?;
                Ok(Parsed { statement, placeholders: check.placeholders })
            }
        }
    })
}

/// Says where a part stands that is refused.
fn located(flow: Flow, part: &impl Spanned) -> Flow {
    match flow {
        ControlFlow::Break(error) => ControlFlow::Break(error.at(part.span().start)),
        ControlFlow::Continue(()) => flow,
    }
}

struct Check {
    functions: BTreeSet<String>,
    windows: BTreeSet<String>,
    placeholders: BTreeSet<String>,
    depth: usize,
}

type Flow = ControlFlow<SqlError>;

fn refuse(what: impl Into<String>, hint: impl Into<String>) -> Flow {
    ControlFlow::Break(SqlError::refused(what, hint))
}

const NOT_YET: &str = "it is not part of what a run may do yet";

impl Check {
    fn new() -> Self {
        let mut functions = BTreeSet::new();
        for function in allowed_functions() {
            functions.insert(function.name().to_owned());
            functions.extend(function.aliases().iter().cloned());
        }
        for aggregate in Aggregate::ALL {
            functions.extend(aggregate.names().iter().map(|&name| name.to_owned()));
        }
        functions.insert(GROUPING.to_owned());
        let windows = allowed_windows().iter().map(|function| function.name().to_owned()).collect();
        Self { functions, windows, placeholders: BTreeSet::new(), depth: 0 }
    }

    fn deeper(&mut self) -> Flow {
        self.depth += 1;
        if self.depth > QUERY_DEPTH_MAX {
            let what = format!("parts nested more than {QUERY_DEPTH_MAX} deep");
            return ControlFlow::Break(SqlError::Limit { what, limit: QUERY_DEPTH_MAX });
        }
        ControlFlow::Continue(())
    }

    fn function(&self, function: &Function) -> Flow {
        let name = function.name.to_string().to_lowercase();
        let is_window = self.windows.contains(&name);
        if !self.functions.contains(&name) && !is_window {
            return refuse(format!("function {name}"), hint_for(&name));
        }
        if !self.functions.contains(&name) && function.over.is_none() {
            return refuse(format!("function {name} without OVER"), "write OVER (ORDER BY …)");
        }
        if function.null_treatment.is_some() && !is_window {
            return refuse(format!("IGNORE NULLS in {name}"), "nulls are left out anyway");
        }
        if !function.within_group.is_empty()
            && !matches!(name.as_str(), "percentile_cont" | "quantile_cont")
        {
            return refuse(format!("WITHIN GROUP in {name}"), "write ORDER BY inside the call");
        }
        ControlFlow::Continue(())
    }
}

/// What of a query is neither its body nor its order.
fn check_query(query: &Query) -> Flow {
    if query.with.as_ref().is_some_and(|with| with.recursive) {
        return refuse("WITH RECURSIVE", NOT_YET);
    }
    let clauses = [
        (query.fetch.is_some(), "FETCH"),
        (!query.locks.is_empty(), "FOR UPDATE"),
        (query.for_clause.is_some(), "FOR"),
        (query.settings.is_some(), "SETTINGS"),
        (query.format_clause.is_some(), "FORMAT"),
        (!query.pipe_operators.is_empty(), "the pipe operator |>"),
    ];
    if let Some((_, what)) = clauses.into_iter().find(|(found, _)| *found) {
        return refuse(what, NOT_YET);
    }
    if let Some(LimitClause::LimitOffset { limit_by, .. }) = &query.limit_clause
        && !limit_by.is_empty()
    {
        return refuse("LIMIT BY", NOT_YET);
    }
    check_body(&query.body, 0)
}

fn check_body(body: &SetExpr, depth: usize) -> Flow {
    if depth > QUERY_DEPTH_MAX {
        let what = format!("more than {QUERY_DEPTH_MAX} parts joined by UNION");
        return ControlFlow::Break(SqlError::Limit { what, limit: QUERY_DEPTH_MAX });
    }
    match body {
        SetExpr::SetOperation { op, set_quantifier: quantifier, .. }
            if *op != SetOperator::Union && *quantifier == SetQuantifier::All =>
        {
            // The engine would not count copies as the standard does.
            refuse(format!("{op} ALL"), format!("write {op}, or count the rows and compare"))
        }
        SetExpr::SetOperation { left, right, .. } => {
            check_body(left, depth + 1)?;
            check_body(right, depth + 1)
        }
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
        SetExpr::Table(_) => refuse("TABLE", "write SELECT * FROM it"),
        _ => refuse("INSERT, UPDATE, DELETE or MERGE", "a run changes nothing"),
    }
}

fn check_select(select: &Select) -> Flow {
    if matches!(select.distinct, Some(Distinct::On(_))) {
        return refuse(
            "DISTINCT ON",
            "which row it keeps depends on order; use GROUP BY with min or max",
        );
    }
    let modifiers = match &select.group_by {
        GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers) => modifiers,
    };
    let clauses = [
        (select.top.is_some(), "TOP"),
        (select.into.is_some(), "SELECT INTO"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (select.value_table_mode.is_some(), "SELECT AS VALUE or STRUCT"),
    ];
    if !modifiers.is_empty() {
        return refuse("WITH ROLLUP, CUBE or TOTALS", "write GROUP BY ROLLUP (…) or CUBE (…)");
    }
    match clauses.into_iter().find(|(found, _)| *found) {
        Some((_, what)) => refuse(what, NOT_YET),
        None => ControlFlow::Continue(()),
    }
}

fn check_table_factor(factor: &TableFactor) -> Flow {
    match factor {
        TableFactor::Table { name, args: Some(_), .. } => {
            refuse(format!("table function {name}"), "a run reads its inputs and nothing else")
        }
        TableFactor::Table { sample: Some(_), .. } => {
            refuse("TABLESAMPLE", "a result must not depend on chance")
        }
        TableFactor::Table { version: Some(_), name, .. } => {
            refuse(format!("a version of {name}"), "the input's reference names the version")
        }
        TableFactor::Table { .. } | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
        TableFactor::Derived { lateral: false, sample: None, .. } => ControlFlow::Continue(()),
        TableFactor::Derived { .. } => refuse("LATERAL", NOT_YET),
        other => {
            let text = other.to_string();
            let first = text.split(['(', ' ']).next().unwrap_or("").to_uppercase();
            refuse(format!("{first} in FROM"), "a run reads its inputs and nothing else")
        }
    }
}

impl Visitor for Check {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        self.deeper()?;
        located(check_query(query), query)
    }

    fn post_visit_query(&mut self, _query: &Query) -> Flow {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        located(check_select(select), select)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        located(check_table_factor(factor), factor)
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Flow {
        if relation.0.len() > 1 {
            return refuse(
                format!("the qualified name {relation}"),
                "tables are named by the run's inputs alone",
            );
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        self.deeper()?;
        let flow = match expr {
            Expr::Function(function) => self.function(function),
            Expr::SimilarTo { .. } | Expr::RLike { .. } => {
                refuse("a regular expression", "use LIKE, strpos or split_part")
            }
            Expr::AtTimeZone { .. } => refuse("AT TIME ZONE", NOT_YET),
            _ => ControlFlow::Continue(()),
        };
        located(flow, expr)
    }

    fn post_visit_expr(&mut self, _expr: &Expr) -> Flow {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> Flow {
        let Value::Placeholder(text) = &value.value else {
            return ControlFlow::Continue(());
        };
        match text.strip_prefix('$') {
            Some(name) if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) => {
                self.placeholders.insert(name.to_owned());
                ControlFlow::Continue(())
            }
            _ => located(
                refuse(format!("the placeholder {text}"), "name parameters, as in $cutoff"),
                value,
            ),
        }
    }
}
