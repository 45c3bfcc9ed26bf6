//! The plan's own allow-list: whatever syntax led here, only these operators and expressions run.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Operator};

use super::aggregate::Aggregate;
use super::error::SqlError;
use super::functions::allowed_functions;
use super::reasons::hint_for;
use super::windows::admit_window;

/// Which columns a row of GROUPING SETS, CUBE or ROLLUP is grouped by: no aggregate, for the engine
/// replaces it by arithmetic on the number of the set.
pub(super) const GROUPING: &str = "grouping";

/// Refuses a plan that holds anything not on the list, by name.
pub(super) fn admit(plan: &LogicalPlan) -> Result<()> {
    let functions: BTreeSet<String> =
        allowed_functions().iter().map(|function| function.name().to_owned()).collect();
    plan.apply_with_subqueries(|node| {
        admit_node(node)?;
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                admit_expr(expr, &functions)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

fn refuse<T>(what: impl Into<String>, hint: &str) -> Result<T> {
    Err(DataFusionError::External(Box::new(SqlError::refused(what, hint))))
}

fn admit_node(node: &LogicalPlan) -> Result<()> {
    match node {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::TableScan(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(Distinct::All(_)) => Ok(()),
        LogicalPlan::Distinct(Distinct::On(_)) => {
            refuse("DISTINCT ON", "which row it keeps depends on order")
        }
        other => {
            let text = other.display().to_string();
            let name = text.split([':', ' ']).next().unwrap_or("an operator").to_owned();
            refuse(name, "it is not part of what a run may do yet")
        }
    }
}

fn admit_expr(expr: &Expr, functions: &BTreeSet<String>) -> Result<()> {
    match expr {
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::Literal(..)
        | Expr::Like(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_)
        | Expr::Exists(_)
        | Expr::InSubquery(_)
        | Expr::GroupingSet(_)
        | Expr::ScalarSubquery(_)
        | Expr::OuterReferenceColumn(..) => Ok(()),
        Expr::BinaryExpr(binary) => admit_operator(binary.op),
        Expr::ScalarFunction(function) if functions.contains(function.name()) => Ok(()),
        Expr::ScalarFunction(function) => {
            refuse(format!("function {}", function.name()), hint_for(function.name()))
        }
        Expr::AggregateFunction(aggregate) => {
            let name = aggregate.func.name();
            let ours = Aggregate::ALL.iter().find(|ours| ours.name() == name);
            if name != GROUPING && ours.is_none() {
                return refuse(format!("aggregate {name}"), hint_for(name));
            }
            if aggregate.params.null_treatment.is_some() {
                return refuse(
                    format!("IGNORE NULLS in {name}"),
                    "write FILTER (WHERE … IS NOT NULL)",
                );
            }
            if !aggregate.params.order_by.is_empty() && !ours.is_some_and(|ours| ours.ordered()) {
                return refuse(format!("ORDER BY inside {name}"), "it does not depend on order");
            }
            Ok(())
        }
        Expr::WindowFunction(window) => admit_window(window),
        other => refuse(
            format!("the expression {}", other.schema_name()),
            "it is not part of what a run may do yet",
        ),
    }
}

fn admit_operator(op: Operator) -> Result<()> {
    use Operator as O;
    match op {
        O::Eq
        | O::NotEq
        | O::Lt
        | O::LtEq
        | O::Gt
        | O::GtEq
        | O::Plus
        | O::Minus
        | O::Multiply
        | O::Divide
        | O::Modulo
        | O::And
        | O::Or
        | O::IsDistinctFrom
        | O::IsNotDistinctFrom
        | O::LikeMatch
        | O::ILikeMatch
        | O::NotLikeMatch
        | O::NotILikeMatch
        | O::StringConcat => Ok(()),
        other => refuse(
            format!("the operator {other}"),
            "the operators are comparison, + - * / %, AND, OR, NOT, LIKE and ||",
        ),
    }
}
