//! Joins on equal columns and orders under LIMIT by way of full sorts, which go to disk, instead of
//! what is held in memory.

use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::limit::LocalLimitExec;
use datafusion::physical_plan::sorts::sort::SortExec;

/// The plan with each hash join replaced that a merge join can stand for: all but `NOT IN`, whose
/// nulls it does not know, and joins on floats, of which the engine's merge join finds NaN equal to
/// NaN at one place and not at another. It must stand before exchanges and sorts are put in, which
/// a merge join asks for.
///
/// # Errors
/// When the engine refuses its own join the other way.
pub(super) fn merge_joins(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let Some(join) = node.downcast_ref::<HashJoinExec>() else {
            return Ok(Transformed::no(node));
        };
        if join.null_aware || join.contains_projection() || join.fetch().is_some() || floats(join)?
        {
            return Ok(Transformed::no(node));
        }
        let merge = SortMergeJoinExec::try_new(
            Arc::clone(&join.left),
            Arc::clone(&join.right),
            join.on.clone(),
            join.filter.clone(),
            join.join_type,
            vec![SortOptions::default(); join.on.len()],
            join.null_equality,
        )?;
        Ok(Transformed::yes(Arc::new(merge)))
    })
    .data()
}

fn floats(join: &HashJoinExec) -> Result<bool> {
    let schema = join.left.schema();
    let kinds = join.on.iter().map(|(key, _)| key.data_type(&schema));
    Ok(kinds.collect::<Result<Vec<_>>>()?.iter().any(DataType::is_floating))
}

/// The plan with each sort that keeps its first rows alone in memory sorting all of them, and
/// passing on the first. It must stand last: a rule takes a sort away whose order nobody asks for,
/// and does not see that a limit does.
///
/// # Errors
/// When a node refuses its new child, which none has a reason for.
pub(super) fn full_sorts(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let Some(sort) = node.downcast_ref::<SortExec>() else { return Ok(Transformed::no(node)) };
        let Some(rows) = sort.fetch() else { return Ok(Transformed::no(node)) };
        let full = Arc::new(sort.with_fetch(None));
        Ok(Transformed::yes(Arc::new(LocalLimitExec::new(full, rows))))
    })
    .data()
}
