//! No aggregate is driven row by row: DataFusion wraps what brings no accumulator for many groups
//! into an adapter, and none of ours may need it.

use std::sync::Arc;

use datafusion::datasource::MemTable;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::prelude::SessionContext;
use veritrail_compute::sql::aggregate::exact_aggregates;

use super::calls::{Call, calls, select};
use super::table::table;
use crate::sql::fixture::block_on;

/// The aggregates of a plan, and whether each is driven for many groups at once.
fn drivers(plan: &Arc<dyn ExecutionPlan>, found: &mut Vec<(String, bool)>) {
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        for call in aggregate.aggr_expr() {
            // What AggregateExec asks before it takes the adapter.
            let whole = call.groups_accumulator_supported();
            found.push((call.name().to_owned(), whole && call.create_groups_accumulator().is_ok()));
        }
    }
    plan.children().into_iter().for_each(|child| drivers(child, found));
}

#[test]
fn none_falls_back_to_rows() {
    let context = SessionContext::new();
    for function in exact_aggregates() {
        context.register_udaf(function.as_ref().clone());
    }
    let table = table(100);
    let table = MemTable::try_new(table.schema(), vec![vec![table.clone()], vec![table]]).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    // An inner ORDER BY has a plan in our own session alone.
    let calls: Vec<Call> = calls().into_iter().filter(|call| !call.ordered()).collect();
    let columns = [("x", "z"), ("y", "u"), ("u", "z"), ("d", "z")];
    for (x, y) in columns {
        let mut expressions: Vec<String> = calls.iter().map(|call| call.over(x, y)).collect();
        expressions.extend(calls.iter().filter_map(|call| call.distinct(x)));
        let filtered = calls.iter().map(|call| format!("{} FILTER (WHERE z > 0)", call.over(x, y)));
        expressions.extend(filtered);
        let wanted = expressions.len();
        let sql = format!("SELECT g, {} FROM t GROUP BY g", select(expressions));
        let plan = block_on(async {
            context.sql(&sql).await.unwrap().create_physical_plan().await.unwrap()
        });
        let mut found = Vec::new();
        drivers(&plan, &mut found);
        assert!(found.len() >= wanted, "{} of {wanted} aggregates found", found.len());
        let rowwise: Vec<&String> =
            found.iter().filter(|(_, whole)| !whole).map(|(name, _)| name).collect();
        assert!(rowwise.is_empty(), "driven row by row: {rowwise:?}");
    }
}
