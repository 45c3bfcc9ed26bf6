//! Which order a result's rows have: the query's own, completed, or the canonical one.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::expr::Sort as SortExpr;
use datafusion::logical_expr::{Expr, LogicalPlan, Sort};

use super::arithmetic::unaliased;

/// Where the order of a result comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// The query's ORDER BY, ties broken by all remaining columns.
    AsWritten,
    /// By all columns from left to right.
    Canonical,
}

/// Completes the outermost ORDER BY to a total order: ties are broken by the remaining columns
/// from left to right, ascending, nulls first. Rows that still tie are equal.
pub(super) fn complete(plan: LogicalPlan) -> Result<(LogicalPlan, RowOrder)> {
    Ok(match plan {
        LogicalPlan::Sort(sort) => (LogicalPlan::Sort(completed(sort)), RowOrder::AsWritten),
        // ORDER BY a column that is not selected sorts below the projection, and LIMIT cuts above
        // the sort.
        LogicalPlan::Projection(mut projection)
            if matches!(*projection.input, LogicalPlan::Sort(_)) =>
        {
            let (input, order) = complete(Arc::unwrap_or_clone(projection.input))?;
            projection.input = Arc::new(input);
            (LogicalPlan::Projection(projection), order)
        }
        LogicalPlan::Limit(mut limit) => {
            let (input, order) = complete(Arc::unwrap_or_clone(limit.input))?;
            limit.input = Arc::new(input);
            (LogicalPlan::Limit(limit), order)
        }
        other => (other, RowOrder::Canonical),
    })
}

fn completed(mut sort: Sort) -> Sort {
    for column in sort.input.schema().columns() {
        let column = Expr::Column(column);
        if !sort.expr.iter().any(|key| *unaliased(&key.expr) == column) {
            sort.expr.push(SortExpr { expr: column, asc: true, nulls_first: true });
        }
    }
    sort
}
