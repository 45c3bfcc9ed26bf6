//! Which order a result's rows have: the query's own, completed, or the canonical one; and which
//! rows a LIMIT keeps.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::expr::Sort as SortExpr;
use datafusion::logical_expr::{Expr, FetchType, LogicalPlan, Sort};

use super::arithmetic::unaliased;
use super::error::SqlError;

/// Where the order of a result comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// The query's ORDER BY, ties broken by all remaining columns.
    AsWritten,
    /// By all columns from left to right.
    Canonical,
}

/// Completes every ORDER BY, in subqueries too, to a total order, and gives each LIMIT or OFFSET
/// without one the canonical order.
///
/// Ties are broken by the remaining columns from left to right, ascending, nulls first. The
/// columns are those of the sort's input: the selected ones and the keys, which is everything
/// that what stands above can see. Rows that still tie are equal, so it does not matter which of
/// them a LIMIT keeps.
pub(super) fn complete(plan: LogicalPlan) -> Result<(LogicalPlan, RowOrder)> {
    let order = order_of(&plan);
    let plan = plan.transform_down_with_subqueries(|node| {
        node.map_expressions(|expr| expr.transform_up(|expr| Ok(without_limit(expr))))
    })?;
    let complete = plan.data.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Sort(mut sort) => {
            complete_keys(&mut sort.expr, &sort.input);
            Ok(Transformed::yes(LogicalPlan::Sort(sort)))
        }
        LogicalPlan::Limit(mut limit) if !is_sorted(&limit.input) => {
            admit_unsorted(&limit.input)?;
            let mut expr = Vec::new();
            complete_keys(&mut expr, &limit.input);
            let input = limit.input;
            // A row without columns is like every other.
            limit.input = if expr.is_empty() {
                input
            } else {
                Arc::new(LogicalPlan::Sort(Sort { expr, input, fetch: None }))
            };
            Ok(Transformed::yes(LogicalPlan::Limit(limit)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok((complete.data, order))
}

/// Appends the input's columns that are not keys yet: ascending, nulls first.
pub(super) fn complete_keys(keys: &mut Vec<SortExpr>, input: &LogicalPlan) {
    for column in input.schema().columns() {
        let column = Expr::Column(column);
        if !keys.iter().any(|key| *unaliased(&key.expr) == column) {
            keys.push(SortExpr { expr: column, asc: true, nulls_first: true });
        }
    }
}

/// Whether there is a row does not depend on how many of them are looked at.
fn without_limit(expr: Expr) -> Transformed<Expr> {
    let Expr::Exists(mut exists) = expr else { return Transformed::no(expr) };
    let LogicalPlan::Limit(limit) = &*exists.subquery.subquery else {
        return Transformed::no(Expr::Exists(exists));
    };
    let some = matches!(limit.get_fetch_type(), Ok(FetchType::Literal(Some(1..))));
    if limit.skip.is_some() || !some {
        return Transformed::no(Expr::Exists(exists));
    }
    exists.subquery.subquery = Arc::clone(&limit.input);
    Transformed::yes(Expr::Exists(exists))
}

fn order_of(plan: &LogicalPlan) -> RowOrder {
    match plan {
        LogicalPlan::Sort(_) => RowOrder::AsWritten,
        LogicalPlan::Limit(limit) => order_of(&limit.input),
        // ORDER BY a column that is not selected sorts below the projection.
        LogicalPlan::Projection(projection)
            if matches!(*projection.input, LogicalPlan::Sort(_)) =>
        {
            RowOrder::AsWritten
        }
        _ => RowOrder::Canonical,
    }
}

/// Whether the ORDER BY beside a LIMIT is there.
fn is_sorted(input: &LogicalPlan) -> bool {
    match input {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(projection) => matches!(*projection.input, LogicalPlan::Sort(_)),
        _ => false,
    }
}

/// Who cuts off a subquery that has an ORDER BY of its own surely means that order, which SQL
/// does not promise outside of it: another order in its place would be a surprise.
fn admit_unsorted(input: &LogicalPlan) -> Result<()> {
    match input {
        LogicalPlan::Sort(_) => Err(DataFusionError::External(Box::new(SqlError::refused(
            "LIMIT or OFFSET over a subquery with an ORDER BY of its own",
            "the order of a subquery does not hold outside of it: write ORDER BY beside the \
                 LIMIT",
        )))),
        LogicalPlan::Projection(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Limit(_) => input.inputs().into_iter().try_for_each(admit_unsorted),
        _ => Ok(()),
    }
}
