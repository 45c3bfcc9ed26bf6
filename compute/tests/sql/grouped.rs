//! Grouped sums, means, variances and deviations against exact rationals, and the states that
//! they share.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};
use datafusion::execution::session_state::SessionStateBuilder;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::aggregate::Aggregate;
use veritrail_compute::sql::{Options, SqlError, execute};

use super::fixture::*;
use crate::exact::oracle::*;

const GROUPS: usize = 1_500;

/// Groups of awkward floats, some with values that leave any window.
fn groups() -> Vec<Vec<f64>> {
    let mut runner = TestRunner::deterministic();
    (0..GROUPS).map(|_| awkward_list().new_tree(&mut runner).unwrap().current()).collect()
}

/// The groups' rows, one after the other in rounds.
fn table(groups: &[Vec<f64>]) -> RecordBatch {
    let most = groups.iter().map(Vec::len).max().unwrap();
    let (mut g, mut x) = (Vec::new(), Vec::new());
    for round in 0..most {
        for (group, values) in groups.iter().enumerate() {
            if let Some(&value) = values.get(round) {
                g.push(group as i64);
                x.push(value);
            }
        }
    }
    let fields =
        vec![Field::new("g", DataType::Int64, true), Field::new("x", DataType::Float64, true)];
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from(g)), Arc::new(Float64Array::from(x))];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

#[test]
fn every_group_is_the_exact_rational_rounded_once() {
    let groups = groups();
    let table = table(&groups);
    let sql = "SELECT g, sum(x), avg(x), var_pop(x), var_samp(x), stddev_pop(x), stddev(x) \
               FROM t GROUP BY g";
    let answer = |partitions, batch_rows, seed| {
        let tables: Tables = BTreeMap::from([("t".to_owned(), cut(&table, 7_000, seed))]);
        let options = Options { partitions, batch_rows, ..Options::default() };
        block_on(execute(sql, &BTreeMap::new(), &tables, &options)).unwrap()
    };
    let (one, other) = (answer(1, 8192, 0), answer(3, 1000, 5));
    let hash =
        |table: &RecordBatch| table_hash(&table.schema(), std::slice::from_ref(table)).unwrap();
    assert_eq!(hash(&one.table).to_hex(), hash(&other.table).to_hex());
    assert_eq!(one.table.num_rows(), GROUPS);
    let column = |at: usize| one.table.column(at).as_primitive::<Float64Type>();
    for row in 0..GROUPS {
        let group = one.table.column(0).as_primitive::<Int64Type>().value(row);
        let values = &groups[group as usize];
        let sum = exact_sum(values);
        assert_nearest(&sum, column(1).value(row));
        let n = values.len() as f64;
        assert_nearest(&(sum / rational(n)), column(2).value(row));
        let spread = exact_variance(values, 1.0);
        let population = &spread / rational(n);
        assert_nearest(&population, column(3).value(row));
        assert_nearest_root(&population, column(5).value(row));
        assert_eq!(column(4).is_null(row), values.len() < 2);
        if values.len() > 1 {
            let sample = spread / rational(n - 1.0);
            assert_nearest(&sample, column(4).value(row));
            assert_nearest_root(&sample, column(6).value(row));
        }
    }
}

/// Rows enough that partial aggregation is given up, and rows travel as they are.
#[test]
fn rows_that_skip_a_phase_change_nothing() {
    let rows = 240_000i64;
    let field = |name: &str, kind| Field::new(name, kind, true);
    let schema = Schema::new(vec![
        field("g", DataType::Int64),
        field("x", DataType::Float64),
        field("n", DataType::Int64),
        field("d", DataType::Decimal128(20, 3)),
    ]);
    let d: Decimal128Array = (0..rows).map(|r| (r % 5 != 0).then(|| i128::from(r * r))).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values((0..rows).map(|r| r * 7_919 % (rows - 1_000)))),
        Arc::new(Float64Array::from_iter((0..rows).map(|r| match r % 1_000 {
            0 => None,
            1 => Some(f64::NAN),
            2 => Some(1e300),
            3 => Some(-1e300),
            _ => Some((r as f64).sqrt()),
        }))),
        Arc::new(Int64Array::from_iter((0..rows).map(|r| (r % 3 != 0).then_some(r - 9_000)))),
        Arc::new(d.with_precision_and_scale(20, 3).unwrap()),
    ];
    let table = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let sql = "SELECT g, sum(x), avg(x), stddev(x), sum(n), var_pop(n) FILTER (WHERE x > 9), \
               avg(n) FILTER (WHERE x > 9), sum(d), avg(d), sum(DISTINCT n), corr(x, n) \
               FROM t GROUP BY g";
    assert_one_hash(sql, &table, &[(1, 0), (2, 3), (5, 8)]);
}

#[test]
fn sharing_a_state_changes_nothing() {
    let tables = both();
    let outputs = ["sum", "avg", "var_samp", "var_pop", "stddev_samp", "stddev_pop"];
    for column in ["x", "y", "z", "u", "d", "z * 2"] {
        for tail in ["", " FILTER (WHERE y > 0)"] {
            let calls: Vec<String> =
                outputs.iter().map(|name| format!("{name}({column}){tail}")).collect();
            let listed = calls.iter().enumerate().map(|(at, call)| format!("{call} AS c{at}"));
            let shared =
                format!("SELECT g, {} FROM t GROUP BY g", listed.collect::<Vec<_>>().join(", "));
            let together = rows(&shared, &tables);
            let mut apart: Vec<String> = rows("SELECT g FROM t GROUP BY g", &tables);
            for call in &calls {
                let alone = rows(&format!("SELECT g, {call} AS v FROM t GROUP BY g"), &tables);
                for (line, alone) in apart.iter_mut().zip(alone) {
                    line.push_str(&alone[alone.rfind('|').unwrap()..]);
                }
            }
            assert_eq!(together, apart, "{column}{tail}");
            let whole =
                rows(&shared.replace(" GROUP BY g", "").replace("SELECT g, ", "SELECT "), &tables);
            let one: Vec<String> = calls
                .iter()
                .map(|call| value(&format!("SELECT {call} AS v FROM t"), &tables))
                .collect();
            assert_eq!(whole, [one.join("|")], "{column}{tail}");
        }
    }
    let mixed = "SELECT g, count(*), sum(z), min(z), avg(z), sum(z) + avg(z) AS both, count(DISTINCT y) \
                 FROM t GROUP BY g HAVING sum(z) > avg(z) ORDER BY stddev(z), sum(z)";
    assert!(!rows(mixed, &tables).is_empty());
    let nothing = "SELECT sum(z), avg(z), stddev(z) FROM t WHERE id < 0";
    assert_eq!(rows(nothing, &tables), ["null|null|null"]);
}

#[test]
fn a_sum_that_does_not_fit_is_an_error_in_any_company() {
    let schema = Schema::new(vec![Field::new("n", DataType::Int64, true)]);
    let column = Int64Array::from(vec![i64::MAX, 1]);
    let tables = one("t", &RecordBatch::try_new(Arc::new(schema), vec![Arc::new(column)]).unwrap());
    for sql in [
        "SELECT sum(n), avg(n) FROM t",
        "SELECT n > 9 AS g, avg(n), sum(n * 1) FROM t GROUP BY g",
        "SELECT 1 AS g, stddev(n), sum(n) FROM t GROUP BY g",
    ] {
        match ask(sql, &tables) {
            Err(SqlError::Execution(message)) => assert!(message.contains("CAST"), "{message}"),
            Ok(_) => assert!(sql.contains("n > 9"), "{sql}"),
            Err(other) => panic!("{sql}: {other:?}"),
        }
    }
}

/// States that left their cells count against the limit.
#[test]
fn memory_counts_what_left_the_window() {
    let groups: Vec<Vec<f64>> = (0..20_000).map(|_| vec![1e300, 1e-300, 1.0]).collect();
    let tables = one("t", &table(&groups));
    let sql = "SELECT g, sum(x), stddev(x) FROM t GROUP BY g";
    let limited = |memory_bytes| {
        let options = Options { memory_bytes, ..options(1) };
        block_on(execute(sql, &BTreeMap::new(), &tables, &options))
    };
    // Cells and keys alone would fit.
    let error = limited(6 << 20).unwrap_err();
    assert!(matches!(error, SqlError::Memory { .. }), "{error:?}");
    assert_eq!(limited(256 << 20).unwrap().table.num_rows(), 20_000);
}

#[test]
fn every_name_of_an_aggregate_of_the_engine_is_ours_if_one_is() {
    let defaults = SessionStateBuilder::new_with_default_features().build();
    let mut walked = 0;
    for function in defaults.aggregate_functions().values() {
        let ours = Aggregate::ALL.iter().find(|ours| ours.names().contains(&function.name()));
        let Some(ours) = ours else { continue };
        for alias in function.aliases() {
            assert!(ours.names().contains(&alias.as_str()), "{} lacks {alias}", function.name());
        }
        walked += 1;
    }
    assert!(walked >= 21, "{walked}");
}
