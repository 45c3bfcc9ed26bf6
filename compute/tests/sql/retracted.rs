//! The accumulators by themselves: rows taken out of a window were never there.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::physical_plan::expressions::Column;
use veritrail_compute::exact::{Moments, Products, Sum, Unit};
use veritrail_compute::sql::aggregate::exact_aggregates;

/// Calls `work` with arguments for the aggregate over columns of one type; `None` where it takes
/// no such columns.
fn with_args<T>(
    function: &AggregateUDF,
    kind: &DataType,
    work: impl FnOnce(AccumulatorArgs<'_>) -> T,
) -> Option<T> {
    let arity =
        [1, 2].into_iter().find(|&n| function.coerce_types(&vec![kind.clone(); n]).is_ok())?;
    let fields: Vec<FieldRef> =
        (0..arity).map(|at| Arc::new(Field::new(format!("c{at}"), kind.clone(), true))).collect();
    let schema = Schema::new(fields.clone());
    let exprs: Vec<Arc<dyn PhysicalExpr>> = (0..arity)
        .map(|at| Arc::new(Column::new(&format!("c{at}"), at)) as Arc<dyn PhysicalExpr>)
        .collect();
    let return_field = function.return_field(&fields).ok()?;
    Some(work(AccumulatorArgs {
        return_field,
        schema: &schema,
        ignore_nulls: false,
        order_bys: &[],
        is_reversed: false,
        name: "a",
        is_distinct: false,
        exprs: &exprs,
        expr_fields: &fields,
    }))
}

fn columns(rows: &[Option<f64>], arity: usize) -> Vec<ArrayRef> {
    let turned = rows.iter().rev().copied().collect::<Float64Array>();
    let straight = rows.iter().copied().collect::<Float64Array>();
    [Arc::new(straight) as ArrayRef, Arc::new(turned)][..arity].to_vec()
}

/// Whether it takes columns alone, without a constant or an order beside them.
fn takes_columns(name: &str) -> bool {
    !["percentile_cont", "first_value", "last_value", "string_agg"].contains(&name)
}

#[test]
fn a_window_forgets_what_left_it() {
    let rows = [
        Some(1.5),
        Some(f64::NAN),
        None,
        Some(-0.0),
        Some(f64::INFINITY),
        Some(1e300),
        Some(f64::NEG_INFINITY),
        Some(5e-324),
        Some(2.0),
        Some(-1e300),
        Some(0.1),
        Some(7.0),
        None,
        Some(1e-300),
        Some(3.0),
    ];
    let mut checked = 0;
    for function in exact_aggregates().into_iter().filter(|f| takes_columns(f.name())) {
        let window = with_args(&function, &DataType::Float64, |args| {
            let arity = args.exprs.len();
            let mut moving = function.create_sliding_accumulator(args.clone()).unwrap();
            if !moving.supports_retract_batch() {
                return false;
            }
            let all = columns(&rows, arity);
            let part = |from: usize, to: usize| -> Vec<ArrayRef> {
                all.iter().map(|column| column.slice(from, to - from)).collect()
            };
            let width = 4;
            for end in 1..=rows.len() {
                let start = end.saturating_sub(width);
                moving.update_batch(&part(end - 1, end)).unwrap();
                if end > width {
                    moving.retract_batch(&part(start - 1, start)).unwrap();
                }
                let mut fresh = function.accumulator(args.clone()).unwrap();
                fresh.update_batch(&part(start, end)).unwrap();
                let (moved, fresh) = (moving.evaluate().unwrap(), fresh.evaluate().unwrap());
                let bits = |value: &ScalarValue| match value {
                    ScalarValue::Float64(value) => format!("{:?}", value.map(f64::to_bits)),
                    other => format!("{other:?}"),
                };
                assert_eq!(bits(&moved), bits(&fresh), "{} {start}..{end}", function.name());
            }
            true
        });
        checked += usize::from(window == Some(true));
    }
    assert!(checked >= 19, "{checked}");
}

/// A thousand groups leave their cells at once: what is counted then is all that their states hold.
#[test]
fn a_state_that_left_its_cell_counts_whole() {
    const GROUPS: usize = 1_024;
    let (near, far) = (1e300, 1e-300);
    let mut sum = Sum::new(Unit::Float);
    let mut moments = Moments::new(Unit::Float);
    let mut products = Products::new(Unit::Float, Unit::Float);
    for value in [near, far] {
        sum.add_float(value);
        moments.add_float(value);
        products.add_floats(value, value);
    }
    let held = [
        ("sum", size_of::<Sum>() + sum.heap_size()),
        ("var_pop", size_of::<Moments>() + moments.heap_size()),
        ("covar_pop", size_of::<Products>() + products.heap_size()),
    ];
    for (name, held) in held {
        let functions = exact_aggregates();
        let function = functions.iter().find(|function| function.name() == name).unwrap();
        let all: Vec<usize> = (0..GROUPS).collect();
        let column = |value: f64| Arc::new(Float64Array::from(vec![value; GROUPS])) as ArrayRef;
        let grown = with_args(function, &DataType::Float64, |args| {
            let arity = args.exprs.len();
            let mut groups = function.create_groups_accumulator(args).unwrap();
            let mut add = |value| {
                let columns = vec![column(value); arity];
                groups.update_batch(&columns, &all, None, GROUPS).unwrap();
                groups.size()
            };
            let here = add(near);
            add(far) - here
        });
        assert!(grown.unwrap() >= GROUPS * held, "{name}: {grown:?} for {held} bytes each");
    }
}
