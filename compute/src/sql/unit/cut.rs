//! Cuts the aggregations of a plan into units, and says what there is to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::execution_plan::ChildrenPropertiesMode;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, ReplaceChildrenOptions};

use super::super::execute::Options;
use super::super::scan::ScanExec;
use super::super::spread::{SpreadExec, workers};
use super::exec::UnitsExec;
use super::step::Step;
use super::text::StepText;
use super::{ScanPlan, Shape, StepPlan};

/// A query as far as the text of its units needs it.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Asked<'a> {
    pub(in super::super) sql: &'a str,
    pub(in super::super) parameters: &'a BTreeMap<String, ScalarValue>,
    pub(in super::super) options: &'a Options,
}

/// Replaces each partial aggregation over one table that can be read by ranges, before exchanges
/// are put in; `plan` hears of every scan. Reads what cutting a file takes, and no rows.
pub(in super::super) async fn cut(
    node: Arc<dyn ExecutionPlan>,
    asked: Asked<'_>,
    plan: &mut StepPlan,
) -> Result<Arc<dyn ExecutionPlan>> {
    if let Some(units) = units(&node, asked, plan).await? {
        return Ok(units);
    }
    if let Some(scan) = node.downcast_ref::<ScanExec>() {
        return whole(scan, asked.options, plan).await;
    }
    let (mut children, mut changed) = (Vec::new(), false);
    for child in node.children() {
        let cut = Box::pin(cut(Arc::clone(child), asked, plan)).await?;
        changed |= !Arc::ptr_eq(&cut, child);
        children.push(cut);
    }
    if changed { over(node, children) } else { Ok(node) }
}

/// A scan that is not cut, read by as many as its size is worth.
async fn whole(
    scan: &ScanExec,
    options: &Options,
    plan: &mut StepPlan,
) -> Result<Arc<dyn ExecutionPlan>> {
    let ranges = scan.ranges(u64::MAX).await.map_err(external)?;
    let known = !ranges.is_empty();
    let rows = known.then(|| ranges.iter().map(|range| range.rows).sum()).flatten();
    let bytes = known.then(|| ranges.iter().map(|range| range.bytes).sum());
    let table = scan.table().to_owned();
    plan.scans.push(ScanPlan { table, shape: Shape::Whole, rows, bytes });
    let ways = match bytes {
        Some(bytes) => workers(rows, bytes, options.partitions, options.batch_rows),
        None => options.partitions.max(1),
    };
    let scan = scan.split(ways).await.map_err(external)?;
    let scan: Arc<dyn ExecutionPlan> = Arc::new(scan);
    let parts = scan.output_partitioning().partition_count();
    Ok(if parts < ways { SpreadExec::over(scan, ways) } else { scan })
}

async fn units(
    node: &Arc<dyn ExecutionPlan>,
    asked: Asked<'_>,
    plan: &mut StepPlan,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(partial) = node.downcast_ref::<AggregateExec>() else { return Ok(None) };
    if *partial.mode() != AggregateMode::Partial || partial.limit_options().is_some() {
        return Ok(None);
    }
    // An aggregate that needs its rows in an order needs a sort below, which a range has not.
    if partial.aggr_expr().iter().any(|aggregate| !aggregate.order_bys().is_empty()) {
        return Ok(None);
    }
    let Some(scan) = only_scan(partial.input()) else { return Ok(None) };
    let ranges = scan.ranges(asked.options.unit_rows.max(1)).await.map_err(external)?;
    if ranges.is_empty() {
        return Ok(None);
    }
    plan.scans.push(ScanPlan {
        table: scan.table().to_owned(),
        shape: Shape::Ranges(ranges.len() as u64),
        rows: ranges.iter().map(|range| range.rows).sum(),
        bytes: Some(ranges.iter().map(|range| range.bytes).sum()),
    });
    let text = StepText::new(asked.sql, asked.parameters, partial, scan);
    let step = Step::new(partial, scan, ranges, text, asked.options);
    Ok(Some(Arc::new(UnitsExec::new(step, asked.options.partitions))))
}

/// The scan below, where nothing but filters and projections lies between.
pub(super) fn only_scan(node: &Arc<dyn ExecutionPlan>) -> Option<&ScanExec> {
    if let Some(scan) = node.downcast_ref::<ScanExec>() {
        return Some(scan);
    }
    let passes = match node.downcast_ref::<FilterExec>() {
        Some(filter) => filter.fetch().is_none(),
        None => node.is::<ProjectionExec>(),
    };
    match node.children().as_slice() {
        [child] if passes => only_scan(child),
        _ => None,
    }
}

/// The node over other children, everything that follows from them found out anew.
pub(in super::super) fn over(
    node: Arc<dyn ExecutionPlan>,
    children: Vec<Arc<dyn ExecutionPlan>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    node.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
}

fn external(error: super::super::table::ReadError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
