//! Counts what a query read, after it was executed.

use std::sync::Arc;

use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;

use super::dropped;
use super::execute::ScanCount;
use super::gather::GatherExec;
use super::scan::ScanExec;
use super::table::ReadError;
use super::unit::{UnitSummary, UnitsExec};

/// The filters between a place of the plan and the scan below it, the uppermost first.
#[derive(Clone, Default)]
pub(super) struct Filters {
    predicates: Vec<Arc<dyn PhysicalExpr>>,
    /// Rows that the uppermost let through, where it was counted.
    passed: Option<u64>,
}

/// Walks the plan from its root; `above` are the filters met so far, as long as nothing but
/// exchanges and projections lie between them and the scan.
pub(super) async fn count_scans(
    plan: &Arc<dyn ExecutionPlan>,
    above: &Filters,
    scans: &mut Vec<ScanCount>,
) -> Result<(), ReadError> {
    if let Some(scan) = plan.downcast_ref::<ScanExec>() {
        let dropped =
            scan.rows_read().map(|read| above.passed.map_or(0, |kept| read.saturating_sub(kept)));
        let read = scan.count_rows().await?;
        let reason = (!above.predicates.is_empty()).then(|| dropped::reason(&above.predicates));
        scans.push(ScanCount { table: scan.table().to_owned(), read, dropped, reason });
        return Ok(());
    }
    if let Some(units) = plan.downcast_ref::<UnitsExec>() {
        scans.push(units.count().await?);
        return Ok(());
    }
    let mut below = above.clone();
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        let rows = plan.metrics().and_then(|metrics| metrics.output_rows());
        below.passed = below.passed.or(rows.map(|rows| rows as u64));
        below.predicates.push(Arc::clone(filter.predicate()));
    } else if !(plan.is::<ProjectionExec>()
        || plan.is::<RepartitionExec>()
        || plan.is::<CoalescePartitionsExec>()
        || plan.is::<CooperativeExec>()
        || plan.is::<GatherExec>())
    {
        below = Filters::default();
    }
    for child in plan.children() {
        Box::pin(count_scans(child, &below, scans)).await?;
    }
    Ok(())
}

/// Adds what the units below did, and what spilled.
pub(super) fn sum_up(plan: &Arc<dyn ExecutionPlan>, summary: &mut UnitSummary) {
    if let Some(units) = plan.downcast_ref::<UnitsExec>() {
        units.sum_up(summary);
    } else if let Some(scan) = plan.downcast_ref::<ScanExec>() {
        summary.rows += scan.rows_so_far();
    }
    let spilled = plan.metrics().and_then(|metrics| metrics.spilled_bytes());
    summary.spilled_bytes += spilled.unwrap_or(0) as u64;
    plan.children().into_iter().for_each(|child| sum_up(child, summary));
}
