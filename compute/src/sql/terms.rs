//! Computes once what a node of a plan says twice: `sum(a * b), sum(a * b * c)` multiplies a by b
//! once a row.
//!
//! The engine's own rule does it, on projections and aggregations alone, one at a time: a filter
//! keeps its words, because they say why rows were dropped. A term is shared only where it is
//! surely evaluated, so a guarded division stays guarded; equal terms have equal bits.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::{EmptyRelation, LogicalPlan};
use datafusion::optimizer::common_subexpr_eliminate::CommonSubexprEliminate;
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// What the engine calls a term that it computes once. It drops a column of the query's own of such
/// a name, and reads the term in its place.
const TERM: &str = "__common_expr";

/// The optimizer rule.
#[derive(Debug)]
pub(super) struct ShareTerms(CommonSubexprEliminate);

impl ShareTerms {
    pub(super) fn new() -> Self {
        Self(CommonSubexprEliminate::new())
    }
}

impl OptimizerRule for ShareTerms {
    fn name(&self) -> &str {
        "share_terms"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        if !matches!(plan, LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_)) {
            return Ok(Transformed::no(plan));
        }
        let [input] = plan.inputs()[..] else { return Ok(Transformed::no(plan)) };
        if input.schema().fields().iter().any(|field| field.name().starts_with(TERM)) {
            return Ok(Transformed::no(plan));
        }
        let input = input.clone();
        // The engine's rule goes down by itself: it is shown nothing to go down to.
        let nothing = LogicalPlan::EmptyRelation(EmptyRelation {
            produce_one_row: false,
            schema: Arc::clone(input.schema()),
        });
        let alone = plan.with_new_exprs(plan.expressions(), vec![nothing])?;
        let shared = self.0.rewrite(alone, config)?;
        if !shared.transformed {
            return Ok(Transformed::no(plan));
        }
        let whole = shared.data.transform_up(|node| {
            Ok(match node {
                LogicalPlan::EmptyRelation(_) => Transformed::yes(input.clone()),
                node => Transformed::no(node),
            })
        })?;
        Ok(Transformed::yes(whole.data))
    }
}
