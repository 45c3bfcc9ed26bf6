//! Keeps the conditions of WHERE in the order in which they are written, while filters are pushed
//! down.
//!
//! The engine's rule sorts them: comparisons by column, then what it takes for dear. With that a
//! condition no longer guards the one after it (`c <> '' AND CAST(c AS BIGINT) > 7`), and what a
//! row was dropped for would not be the first thing that was asked. So each condition of one table
//! is made opaque before the rule, and plain again after it. Conditions between tables stay plain,
//! since joins are made of them.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

const NAME: &str = "checked condition";

/// The optimizer rules around the one that pushes filters down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Conditions {
    /// Right before it.
    Mark,
    /// Right after it.
    Unmark,
}

impl OptimizerRule for Conditions {
    fn name(&self) -> &str {
        match self {
            Self::Mark => "mark_conditions",
            Self::Unmark => "unmark_conditions",
        }
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        plan.transform_up_with_subqueries(|node| match self {
            Self::Mark => Ok(mark(node)),
            Self::Unmark => {
                node.map_expressions(|expr| expr.transform_up(|part| Ok(unmarked(part))))
            }
        })
    }
}

fn mark(node: LogicalPlan) -> Transformed<LogicalPlan> {
    let LogicalPlan::Filter(mut filter) = node else { return Transformed::no(node) };
    let parts = split_conjunction_owned(filter.predicate.clone());
    if let Some(marked) = conjunction(parts.into_iter().map(marked)) {
        filter.predicate = marked;
    }
    Transformed::yes(LogicalPlan::Filter(filter))
}

fn marked(condition: Expr) -> Expr {
    let relations: HashSet<_> =
        condition.column_refs().into_iter().map(|column| column.relation.clone()).collect();
    if relations.len() > 1 || is_marked(&condition) {
        return condition;
    }
    Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&MARK), vec![condition]))
}

fn is_marked(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(function) if function.name() == NAME)
}

fn unmarked(expr: Expr) -> Transformed<Expr> {
    match expr {
        Expr::ScalarFunction(mut function) if function.name() == NAME => {
            match function.args.pop() {
                Some(condition) => Transformed::yes(condition),
                None => Transformed::no(Expr::ScalarFunction(function)),
            }
        }
        other => Transformed::no(other),
    }
}

static MARK: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    let signature = Signature::any(1, Volatility::Immutable);
    Arc::new(ScalarUDF::from(Mark { signature }))
});

/// Gives what it is given. No plan is executed with it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Mark {
    signature: Signature,
}

impl ScalarUDFImpl for Mark {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let lost = || DataFusionError::Internal("a condition lost its expression".to_owned());
        args.args.pop().ok_or_else(lost)
    }
}
