//! AND, OR, BETWEEN and FILTER guard what stands after them outside of WHERE too, for any batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use veritrail_compute::sql::{Options, SqlError, execute};

use super::fixture::*;

const ROWS: i64 = 400;

/// Row `k` has `y` = k mod 5, null in each seventh.
fn table() -> RecordBatch {
    let schema = Schema::new(vec![
        Field::new("k", DataType::Int64, false),
        Field::new("y", DataType::Int64, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..ROWS)),
        Arc::new(Int64Array::from_iter((0..ROWS).map(y))),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn y(k: i64) -> Option<i64> {
    (k % 7 != 0).then_some(k % 5)
}

/// How many rows, and how many of them at once.
const CUTS: [(usize, usize); 5] = [(400, 8_192), (400, 16), (40, 8_192), (1, 1), (7, 3)];

/// The one value of a query over any cut, or that it fails for all of them.
fn same(sql: &str) -> Option<String> {
    let table = table();
    let answers = CUTS.map(|(rows, batch_rows)| {
        let tables = BTreeMap::from([("t".to_owned(), cut(&table, rows, 0))]);
        let options = Options { partitions: 2, batch_rows, ..Options::default() };
        let answer = block_on(execute(sql, &BTreeMap::new(), &tables, &options));
        answer.map(|answer| text(&answer, 0, 0)).map_err(|error| error.to_string())
    });
    for (answer, cut) in answers.iter().zip(CUTS) {
        match (answer, &answers[0]) {
            (Ok(one), Ok(other)) => assert_eq!(one, other, "{sql}: {cut:?}"),
            (Err(error), Err(_)) => assert!(error.contains("division by zero"), "{sql}: {error}"),
            odd => panic!("{sql}: {cut:?}: {odd:?}"),
        }
    }
    answers[0].clone().ok()
}

fn count(of: impl Fn(i64) -> bool) -> Option<String> {
    Some((0..ROWS).filter(|&k| of(k)).count().to_string())
}

fn guarded(k: i64) -> bool {
    y(k).is_some_and(|y| y != 0 && 100 / y > 30)
}

#[test]
fn a_column_of_the_result_is_guarded() {
    let flags = |condition: &str| {
        same(&format!("SELECT count(*) AS n FROM (SELECT {condition} AS f FROM t) q WHERE f"))
    };
    assert_eq!(flags("y <> 0 AND 100 / y > 30"), count(guarded));
    assert_eq!(flags("NOT (y = 0 OR 100 / y <= 30)"), count(guarded));
    assert_eq!(flags("y = 0 OR 100 / y > 30"), count(|k| y(k) == Some(0) || guarded(k)));
    assert_eq!(flags("y > 0 AND k > 3 AND 100 / y > 30"), count(|k| k > 3 && guarded(k)));
    let nested = "(k < 100 OR (y <> 0 AND 100 / y > 30)) AND k % 2 = 0";
    assert_eq!(flags(nested), count(|k| k % 2 == 0 && (k < 100 || guarded(k))));
    let between = "y BETWEEN 1 AND 100 / y";
    assert_eq!(flags(between), count(|k| y(k).is_some_and(|y| y > 0)));
    // 100 / y is never less than y here.
    assert_eq!(flags("y NOT BETWEEN 1 AND 100 / y"), count(|k| y(k) == Some(0)));
    // Not guarded, they fail for all batches.
    assert_eq!(flags("y >= 0 AND 100 / y > 30"), None);
    assert_eq!(flags("100 / y > 30 AND y <> 0"), None);
    assert_eq!(flags("y < 0 OR 100 / y > 30"), None);
    assert_eq!(flags("y BETWEEN 0 AND 100 / y"), None);
}

#[test]
fn an_aggregate_is_guarded_by_its_filter() {
    let quotients: Vec<i64> =
        (0..ROWS).filter_map(y).filter(|&y| y != 0).map(|y| 100 / y).collect();
    let sum = Some(quotients.iter().sum::<i64>().to_string());
    assert_eq!(same("SELECT sum(100 / y) FILTER (WHERE y <> 0) AS s FROM t"), sum);
    assert_eq!(
        same("SELECT count(*) FILTER (WHERE y <> 0 AND 100 / y > 30) AS n FROM t"),
        count(guarded)
    );
    assert_eq!(
        same("SELECT count(DISTINCT 100 / y) FILTER (WHERE y <> 0) AS n FROM t"),
        Some("4".to_owned())
    );
    assert_eq!(
        same("SELECT min(100 / y) FILTER (WHERE y <> 0) AS n FROM t"),
        Some("25".to_owned())
    );
    let of_one = |k: i64| if k % 3 == 1 { y(k).filter(|&y| y != 0) } else { None };
    let grouped: i64 = (0..ROWS).filter_map(of_one).map(|y| 100 / y).sum();
    assert_eq!(
        same(
            "SELECT s FROM (SELECT k % 3 AS g, sum(100 / y) FILTER (WHERE y <> 0) AS s FROM t \
              GROUP BY k % 3) q WHERE g = 1"
        ),
        Some(grouped.to_string())
    );
    assert_eq!(
        same(
            "SELECT max(s) AS m FROM (SELECT sum(100 / y) FILTER (WHERE y <> 0) OVER () AS s FROM t) q"
        ),
        sum
    );
    assert_eq!(same("SELECT sum(100 / y) FILTER (WHERE y >= 0) AS s FROM t"), None);
}

#[test]
fn groups_joins_and_orders_are_guarded() {
    assert_eq!(
        same(
            "SELECT count(*) AS n FROM (SELECT y FROM t GROUP BY y HAVING y <> 0 AND 100 / y > 30) q"
        ),
        Some("3".to_owned())
    );
    let on = "a.k = b.k AND a.y <> 0 AND 100 / a.y > 30";
    assert_eq!(same(&format!("SELECT count(*) AS n FROM t a JOIN t b ON {on}")), count(guarded));
    // Of both sides, so that it is asked while joining.
    let on = "a.k = b.k AND a.y + b.y <> 0 AND 200 / (a.y + b.y) > 30";
    assert_eq!(same(&format!("SELECT count(*) AS n FROM t a JOIN t b ON {on}")), count(guarded));
    let outer = format!("SELECT count(b.k) AS n FROM t a LEFT JOIN t b ON {on}");
    assert_eq!(same(&outer), count(guarded));
    assert_eq!(
        same("SELECT k FROM t ORDER BY (y <> 0 AND 100 / y > 30) DESC NULLS LAST, k LIMIT 1"),
        (0..ROWS).find(|&k| guarded(k)).map(|k| k.to_string())
    );
    // A key that the engine would not know again among several streams.
    let key = "CASE WHEN y + 3 > 5 THEN 1 ELSE y END";
    let first = (0..ROWS).min_by_key(|&k| (y(k).map_or(9, |y| if y > 2 { 1 } else { y }), k));
    assert_eq!(
        same(&format!("SELECT k FROM t ORDER BY {key}, k LIMIT 1")),
        first.map(|k| k.to_string())
    );
    let window = "max(k) OVER (PARTITION BY y <> 0 AND 100 / y > 30 ORDER BY 100 / (k + 1), k)";
    assert_eq!(
        same(&format!("SELECT min(m) AS m FROM (SELECT y, {window} AS m FROM t) q WHERE y = 1")),
        (0..ROWS).find(|&k| y(k) == Some(1)).map(|_| {
            // In the order of their quotients, k runs down by blocks of equal ones, and up in each.
            let mut rows: Vec<i64> = (0..ROWS).filter(|&k| guarded(k)).collect();
            rows.sort_by_key(|&k| (100 / (k + 1), k));
            let mut most = 0;
            let running = rows.iter().map(|&k| {
                most = most.max(k);
                (k, most)
            });
            running
                .filter(|(k, _)| y(*k) == Some(1))
                .map(|(_, most)| most)
                .min()
                .unwrap()
                .to_string()
        })
    );
}

/// Three-valued logic is what it was.
#[test]
fn guarding_changes_no_truth() {
    let truths = [Some(true), Some(false), None];
    let (mut a, mut d, mut and, mut or) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for left in truths {
        for right in truths {
            a.push(left);
            d.push(right.map(|right| if right { 1 } else { -1 }));
            and.push(match (left, right) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            });
            or.push(match (left, right) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            });
        }
    }
    let schema = Schema::new(vec![
        Field::new("k", DataType::Int64, false),
        Field::new("a", DataType::Boolean, true),
        Field::new("d", DataType::Int64, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..9)),
        Arc::new(BooleanArray::from(a)),
        Arc::new(Int64Array::from(d)),
    ];
    let table = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    for rows in [9, 3, 1] {
        let tables = BTreeMap::from([("t".to_owned(), cut(&table, rows, 0))]);
        let sql = "SELECT k, a AND 1 / d > 0 AS l, a OR 1 / d > 0 AS m FROM t ORDER BY k";
        let answer = ask(sql, &tables).unwrap();
        for (column, expected) in [(1, &and), (2, &or)] {
            let found = answer.table.column(column).as_boolean();
            assert_eq!(&found.iter().collect::<Vec<_>>(), expected, "{rows}, {column}");
        }
    }
}

#[test]
fn guards_do_not_make_a_short_query_long() {
    let mut condition = "100 / y > 30".to_owned();
    for level in 0..16 {
        let op = if level % 2 == 0 { "AND" } else { "OR" };
        condition = format!("({condition} {op} 100 / (y + {level}) > 7)");
    }
    let tables = BTreeMap::from([("t".to_owned(), cut(&table(), 400, 0))]);
    let error = ask(&format!("SELECT {condition} AS f FROM t"), &tables).unwrap_err();
    assert!(matches!(error, SqlError::Limit { .. }), "{error:?}");
}
