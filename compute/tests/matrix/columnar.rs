//! Every aggregate of the registry over every type that it takes, plain, DISTINCT and filtered, is
//! driven for all groups at once by an accumulator of ours, hands rows on without grouping them,
//! and holds a group in a few bytes. Whatever way rows take, the results are the same.

use std::any::Any;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::{concat, filter_record_batch, take};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{AggregateUDF, EmitTo, GroupsAccumulator};
use datafusion::physical_expr::GroupsAccumulatorAdapter;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_plan::PhysicalExpr;
use datafusion::physical_plan::expressions::{Column, lit};
use veritrail_compute::sql::aggregate::exact_aggregates;

const ROWS: usize = 600;
const GROUPS: usize = 23;

/// All types that a table may have.
fn kinds() -> Vec<DataType> {
    vec![
        DataType::Boolean,
        DataType::Int64,
        DataType::UInt64,
        DataType::Float64,
        DataType::Decimal128(20, 2),
        DataType::Utf8,
        DataType::Binary,
        DataType::Date32,
        DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
    ]
}

/// A column whose values come again, with nulls, odd floats and both zeros.
fn column(kind: &DataType, rows: usize, step: usize) -> ArrayRef {
    let whole = (0..rows).map(|row| (row % 7 != 3).then_some((row * step % 41) as i64 - 9));
    let of = |odd: &dyn Fn(i64) -> ScalarValue| {
        let none = ScalarValue::try_from(kind).unwrap();
        let values = whole.clone().map(|value| value.map_or(none.clone(), odd));
        ScalarValue::iter_to_array(values).unwrap()
    };
    let text =
        |value: i64| format!("text {value} {}", "long ".repeat(value.unsigned_abs() as usize));
    match kind {
        DataType::Boolean => of(&|value| ScalarValue::Boolean(Some(value > 0))),
        DataType::Int64 => of(&|value| ScalarValue::Int64(Some(value << 40))),
        DataType::UInt64 => of(&|value| ScalarValue::UInt64(Some(value.unsigned_abs() << 50))),
        DataType::Float64 => of(&|value| {
            ScalarValue::Float64(Some(match value {
                -9 => f64::NAN,
                -8 => f64::from_bits(0xfff8_0000_0000_0abc),
                -7 => -0.0,
                -6 => 1e300,
                -5 => 5e-324,
                value => value as f64 / 3.0,
            }))
        }),
        DataType::Decimal128(..) => {
            of(&|value| ScalarValue::Decimal128(Some(i128::from(value) * 10i128.pow(14)), 20, 2))
        }
        DataType::Utf8 => of(&|value| ScalarValue::Utf8(Some(text(value)))),
        DataType::Binary => of(&|value| ScalarValue::Binary(Some(text(value).into_bytes()))),
        DataType::Date32 => of(&|value| ScalarValue::Date32(Some(value as i32))),
        DataType::Timestamp(_, zone) => {
            of(&|value| ScalarValue::TimestampNanosecond(Some(value), zone.clone()))
        }
        other => panic!("no values of {other}"),
    }
}

/// Columns a and b of a type, and a key.
fn table(kind: &DataType, rows: usize) -> RecordBatch {
    let field = |name: &str, kind: &DataType| Field::new(name, kind.clone(), true);
    let fields = vec![field("a", kind), field("b", kind), field("k", &DataType::Int64)];
    let key: ArrayRef =
        Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|k| k * 5 % 77)));
    let columns = vec![column(kind, rows, 13), column(kind, rows, 17), key];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// The arguments of a call over that table; `None` where the aggregate takes no such columns.
fn arguments(function: &AggregateUDF, schema: &SchemaRef) -> Option<Vec<Arc<dyn PhysicalExpr>>> {
    let column =
        |at: usize| -> Arc<dyn PhysicalExpr> { Arc::new(Column::new(schema.field(at).name(), at)) };
    let candidates = match function.name() {
        "percentile_cont" => vec![vec![column(0), lit(0.3)]],
        "first_value" | "last_value" => vec![vec![column(0), lit("dl"), column(2)]],
        "string_agg" => vec![vec![column(0), lit(", ")]],
        _ => vec![vec![column(0)], vec![column(0), column(1)]],
    };
    candidates.into_iter().find(|arguments| {
        let kinds = arguments.iter().map(|argument| argument.data_type(schema).unwrap());
        let kinds: Vec<DataType> = kinds.collect();
        function.coerce_types(&kinds).is_ok_and(|coerced| coerced == kinds)
    })
}

/// Every call of every aggregate, with the table that it is over.
fn calls(rows: usize) -> Vec<(AggregateFunctionExpr, RecordBatch)> {
    let mut calls = Vec::new();
    for function in exact_aggregates() {
        let before = calls.len();
        for kind in kinds() {
            let table = table(&kind, rows);
            let Some(arguments) = arguments(&function, &table.schema()) else { continue };
            for distinct in [false, true] {
                let call = AggregateExprBuilder::new(Arc::clone(&function), arguments.clone())
                    .schema(table.schema())
                    .alias(format!("{}({distinct} {kind})", function.name()))
                    .with_distinct(distinct)
                    .build()
                    .unwrap();
                calls.push((call, table.clone()));
            }
        }
        assert!(calls.len() > before, "{} takes none of the types", function.name());
    }
    assert!(calls.len() >= 240, "{} calls", calls.len());
    calls
}

fn values(call: &AggregateFunctionExpr, table: &RecordBatch) -> Vec<ArrayRef> {
    let evaluate = |argument: &Arc<dyn PhysicalExpr>| {
        argument.evaluate(table).unwrap().into_array(table.num_rows()).unwrap()
    };
    call.expressions().iter().map(evaluate).collect()
}

fn groups_of(call: &AggregateFunctionExpr) -> Box<dyn GroupsAccumulator> {
    assert!(call.groups_accumulator_supported(), "{} is driven row by row", call.name());
    let groups = call.create_groups_accumulator().unwrap();
    let any: &dyn Any = groups.as_ref();
    assert!(!any.is::<GroupsAccumulatorAdapter>(), "{} is adapted", call.name());
    groups
}

/// Each group by an accumulator of its own: what the other ways are held against.
fn one_by_one(
    call: &AggregateFunctionExpr,
    table: &RecordBatch,
    groups: &[usize],
    filter: Option<&BooleanArray>,
) -> ArrayRef {
    let own = (0..GROUPS).map(|group| {
        let mine: BooleanArray = groups
            .iter()
            .enumerate()
            .map(|(row, &of)| {
                Some(of == group && filter.is_none_or(|f| f.is_valid(row) && f.value(row)))
            })
            .collect();
        let table = filter_record_batch(table, &mine).unwrap();
        let mut accumulator = call.create_accumulator().unwrap();
        accumulator.update_batch(&values(call, &table)).unwrap();
        accumulator.evaluate().unwrap()
    });
    ScalarValue::iter_to_array(own).unwrap()
}

#[test]
fn all_ways_of_every_aggregate_are_ours_and_agree() {
    let groups: Vec<usize> = (0..ROWS).map(|row| row * row % 101 % (GROUPS - 1)).collect();
    let own: Vec<usize> = (0..GROUPS).collect();
    let filter: BooleanArray =
        (0..ROWS).map(|row| (row % 5 != 1).then_some(row % 3 != 0)).collect();
    for (call, table) in calls(ROWS) {
        let values = values(&call, &table);
        for filter in [None, Some(&filter)] {
            let expected = one_by_one(&call, &table, &groups, filter);
            let same = |found: ArrayRef, way: &str| {
                let (found, expected) = (found.to_data(), expected.to_data());
                assert_eq!(found, expected, "{} {way}, {}", call.name(), filter.is_some());
            };
            let updated = || {
                let mut updated = groups_of(&call);
                updated.update_batch(&values, &groups, filter, GROUPS).unwrap();
                updated
            };
            same(updated().evaluate(EmitTo::All).unwrap(), "at once");
            let mut parts = updated();
            let first = parts.evaluate(EmitTo::First(5)).unwrap();
            let rest = parts.evaluate(EmitTo::All).unwrap();
            same(concat(&[first.as_ref(), rest.as_ref()]).unwrap(), "in two parts");

            let mut merged = groups_of(&call);
            let states = updated().state(EmitTo::All).unwrap();
            let fields = call.state_fields().unwrap();
            let found = states.iter().map(|state| state.data_type());
            assert!(found.eq(fields.iter().map(|field| field.data_type())), "{}", call.name());
            merged.merge_batch(&states, &own, GROUPS).unwrap();
            same(merged.evaluate(EmitTo::All).unwrap(), "by states");
            assert_eq!(
                merged_states(&call, &states),
                updated()
                    .state(EmitTo::All)
                    .unwrap()
                    .iter()
                    .map(Array::to_data)
                    .collect::<Vec<_>>(),
                "{}: a state is not the only one of its value",
                call.name()
            );

            // Rows that skip their grouping, among them the last group, which has none.
            let mut converted = groups_of(&call);
            let rows = groups_of(&call).convert_to_state(&values, filter).unwrap();
            converted.merge_batch(&rows, &groups, GROUPS).unwrap();
            same(converted.evaluate(EmitTo::All).unwrap(), "by single rows");
        }
    }
}

/// States merged with themselves turned round, and taken apart again.
fn merged_states(call: &AggregateFunctionExpr, states: &[ArrayRef]) -> Vec<ArrayData> {
    let turned = UInt32Array::from_iter_values((0..GROUPS as u32).rev());
    let states: Vec<ArrayRef> =
        states.iter().map(|state| take(state, &turned, None).unwrap()).collect();
    let places: Vec<usize> = (0..GROUPS).rev().collect();
    let mut merged = groups_of(call);
    merged.merge_batch(&states, &places, GROUPS).unwrap();
    merged.state(EmitTo::All).unwrap().iter().map(|state| state.to_data()).collect()
}

/// Bytes that a group of one value may take: its share of a vector that has grown by half or to the
/// double, and of the odd floats' full states.
fn bytes_max(call: &AggregateFunctionExpr) -> usize {
    match (call.is_distinct(), call.fun().name()) {
        // A place in a table and a key, whatever is made of them in the end.
        (true, "first_value" | "last_value" | "min" | "max") => 160,
        (true, _) => 96,
        (false, "corr" | "covar_samp" | "covar_pop") => 320,
        (false, name) if name.starts_with("regr_") => 320,
        (false, "sum" | "avg") => 72,
        (false, _) => 160,
    }
}

#[test]
fn a_group_of_one_value_is_small() {
    const MANY: usize = 20_000;
    let groups: Vec<usize> = (0..MANY).collect();
    for (call, table) in calls(MANY) {
        let kind = table.schema().field(0).data_type().clone();
        let text = matches!(kind, DataType::Utf8 | DataType::Binary);
        let values = values(&call, &table);
        let mut all = groups_of(&call);
        for start in (0..MANY).step_by(1_000) {
            let part: Vec<ArrayRef> = values.iter().map(|v| v.slice(start, 1_000)).collect();
            let groups = &groups[start..start + 1_000];
            all.update_batch(&part, groups, None, start + 1_000).unwrap();
        }
        // The texts here are 90 bytes long on average, and come in blocks of 32.
        let most = bytes_max(&call) + if text { 260 } else { 0 };
        let each = all.size() / MANY;
        assert!(each <= most, "{} takes {each} bytes a group", call.name());
    }
}

/// A boxed closure that reads a column costs a call for each value.
#[test]
fn no_aggregate_reads_values_through_a_box() {
    fn walk(folder: &std::path::Path, seen: &mut usize) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, seen);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!text.contains("dyn Fn"), "{} reads row by row", path.display());
            *seen += 1;
        }
    }
    let mut seen = 0;
    walk(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sql/aggregate").as_ref(), &mut seen);
    assert!(seen >= 30, "only {seen} files");
}
