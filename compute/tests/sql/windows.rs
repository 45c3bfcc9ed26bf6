//! What window functions answer, by hand: peers, completed orders, frames, zeros and NaN.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};

use super::fixture::*;

/// Days with ties, in two groups, stored in no useful order.
fn days() -> Tables {
    let schema = Schema::new(vec![
        Field::new("k", DataType::Utf8, true),
        Field::new("day", DataType::Int64, true),
        Field::new("v", DataType::Float64, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["a", "b", "a", "a", "b", "a"])),
        Arc::new(Int64Array::from(vec![2, 1, 1, 2, 1, 3])),
        Arc::new(Float64Array::from(vec![
            Some(20.0),
            Some(5.0),
            Some(10.0),
            Some(15.0),
            None,
            Some(1.0),
        ])),
    ];
    one("t", &RecordBatch::try_new(Arc::new(schema), columns).unwrap())
}

#[test]
fn ties_are_numbered_by_the_remaining_columns() {
    assert_eq!(
        rows(
            "SELECT k, day, v, row_number() OVER (PARTITION BY k ORDER BY day) AS r, \
             lag(v) OVER (PARTITION BY k ORDER BY day) AS before, \
             lead(v, 1, -1.0) OVER (PARTITION BY k ORDER BY day) AS after FROM t",
            &days()
        ),
        [
            "a|1|10.0|1|null|15.0",
            "a|2|15.0|2|10.0|20.0",
            "a|2|20.0|3|15.0|1.0",
            "a|3|1.0|4|20.0|-1.0",
            "b|1|null|1|null|5.0",
            "b|1|5.0|2|null|-1.0",
        ]
    );
}

#[test]
fn peers_share_ranks_and_range_frames() {
    assert_eq!(
        rows(
            "SELECT day, v, rank() OVER w AS r, dense_rank() OVER w AS d, sum(v) OVER w AS s, \
             count(*) OVER (ORDER BY day GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n, \
             sum(v) OVER (ORDER BY day RANGE BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later \
             FROM t WINDOW w AS (ORDER BY day)",
            &days()
        ),
        [
            "1|null|1|1|15.0|3|36.0",
            "1|5.0|1|1|15.0|3|36.0",
            "1|10.0|1|1|15.0|3|36.0",
            "2|15.0|4|2|50.0|5|1.0",
            "2|20.0|4|2|50.0|5|1.0",
            "3|1.0|6|3|51.0|3|null",
        ]
    );
    assert_eq!(
        rows(
            "SELECT day, percent_rank() OVER (ORDER BY day) AS p, \
             cume_dist() OVER (ORDER BY day) AS c, ntile(4) OVER (ORDER BY day) AS n FROM t",
            &days()
        ),
        [
            "1|0.0|0.5|1",
            "1|0.0|0.5|1",
            "1|0.0|0.5|2",
            "2|0.6|0.8333333333333334|2",
            "2|0.6|0.8333333333333334|3",
            "3|1.0|1.0|4",
        ]
    );
}

#[test]
fn first_last_and_nth_choose_among_peers_by_the_remaining_columns() {
    // Peers of day 2 stand as 15, 20; those of day 1 as 10 (k = a), null, 5 (k = b).
    assert_eq!(
        rows(
            "SELECT day, v, first_value(v) OVER w AS f, last_value(v) OVER w AS l, \
             nth_value(v, 2) OVER w AS n, \
             last_value(v) IGNORE NULLS OVER (ORDER BY day GROUPS CURRENT ROW) AS own, \
             nth_value(v, 2) IGNORE NULLS OVER (ORDER BY day GROUPS CURRENT ROW) AS second \
             FROM t WINDOW w AS (ORDER BY day)",
            &days()
        ),
        [
            "1|null|10.0|5.0|null|5.0|5.0",
            "1|5.0|10.0|5.0|null|5.0|5.0",
            "1|10.0|10.0|5.0|null|5.0|5.0",
            "2|15.0|10.0|20.0|null|20.0|20.0",
            "2|20.0|10.0|20.0|null|20.0|20.0",
            "3|1.0|10.0|1.0|null|1.0|null",
        ]
    );
    assert_eq!(
        rows(
            "SELECT DISTINCT first_value(v) OVER (ORDER BY day DESC, v NULLS LAST) AS a, \
             first_value(v) OVER (ORDER BY day DESC ROWS UNBOUNDED PRECEDING) AS b FROM t",
            &days()
        ),
        ["1.0|1.0"]
    );
}

#[test]
fn zeros_are_one_key_and_keep_their_place() {
    let nan = f64::from_bits(0xfff8_0000_0000_0001);
    let tables = one("t", &floats(&[0.0, -0.0, 1.0, nan, f64::NAN, -0.0]));
    assert_eq!(
        rows(
            "SELECT x, rank() OVER (ORDER BY x) AS r, count(*) OVER (PARTITION BY x) AS n, \
             row_number() OVER (ORDER BY x) AS place, \
             count(*) OVER (ORDER BY x RANGE BETWEEN 0 PRECEDING AND 0 FOLLOWING) AS same FROM t",
            &tables
        ),
        [
            "-0.0|1|3|1|3",
            "-0.0|1|3|2|3",
            "0.0|1|3|3|3",
            "1.0|4|1|4|1",
            "NaN|5|2|5|2",
            "NaN|5|2|6|2",
        ]
    );
}

#[test]
fn moving_frames_forget_exactly() {
    let tables = one("t", &floats(&[1e300, 1.0, -1e300, 0.1, 0.2, 1e16, 1.0]));
    // In the order of x: −1e300, 0.1, 0.2, 1, 1, 1e16, 1e300.
    assert_eq!(
        rows(
            "SELECT sum(x) OVER w AS s, avg(x) OVER w AS m, var_pop(x) OVER w AS v FROM t \
             WINDOW w AS (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY max(x) OVER \
             (ORDER BY x ROWS UNBOUNDED PRECEDING), s",
            &tables
        ),
        [
            "-1e300|-1e300|0.0",
            "-1e300|-5e299|inf",
            "0.30000000000000004|0.15000000000000002|0.0025000000000000005",
            "1.2|0.6|0.16",
            "2.0|1.0|0.0",
            "1e16|5000000000000000.0|2.4999999999999997e31",
            "1e300|5e299|inf",
        ]
    );
}

#[test]
fn equal_rows_are_numbered_alike_by_two_windows() {
    let tables = one("t", &floats(&[2.0, 2.0, 1.0, 1.0]));
    // The second number breaks the ties of the first, so equal rows pair up the same way.
    assert_eq!(
        rows(
            "SELECT x, row_number() OVER (ORDER BY x) AS up, \
             row_number() OVER (ORDER BY x DESC) AS down FROM t",
            &tables
        )
        .len(),
        4
    );
    let pairs = |partitions| {
        let answer = block_on(veritrail_compute::sql::execute(
            "SELECT row_number() OVER (ORDER BY x) - row_number() OVER (ORDER BY x DESC) AS d FROM t",
            &Default::default(),
            &tables,
            &options(partitions),
        ))
        .unwrap();
        (0..4).map(|row| text(&answer, 0, row)).collect::<Vec<_>>()
    };
    assert_eq!(pairs(1), ["-2", "-2", "2", "2"]);
    assert_eq!(pairs(5), pairs(1));
}

#[test]
fn windows_stand_over_groups_and_under_filters() {
    assert_eq!(
        rows(
            "SELECT k, sum(v) AS s, rank() OVER (ORDER BY sum(v) DESC) AS r FROM t GROUP BY k",
            &days()
        ),
        ["a|46.0|1", "b|5.0|2"]
    );
    assert_eq!(
        rows(
            "SELECT k, v FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY v DESC NULLS \
             LAST) = 1",
            &days()
        ),
        ["a|20.0", "b|5.0"]
    );
    assert_eq!(
        rows(
            "SELECT k, (SELECT max(r) FROM (SELECT row_number() OVER (ORDER BY day) AS r FROM t) q) \
             AS n FROM t GROUP BY k",
            &days()
        ),
        ["a|6", "b|6"]
    );
}

#[test]
fn grouping_sets_say_what_they_group_by() {
    assert_eq!(
        rows(
            "SELECT k, day, sum(v) AS s, count(*) AS n, grouping(k, day) AS by FROM t \
             GROUP BY ROLLUP (k, day) ORDER BY by DESC, k, day",
            &days()
        ),
        [
            "null|null|51.0|6|3",
            "a|null|46.0|4|1",
            "b|null|5.0|2|1",
            "a|1|10.0|1|0",
            "a|2|35.0|2|0",
            "a|3|1.0|1|0",
            "b|1|5.0|2|0",
        ]
    );
    assert_eq!(
        rows(
            "SELECT k, count(DISTINCT day) FILTER (WHERE v > 5) AS n FROM t \
             GROUP BY GROUPING SETS ((k), ())",
            &days()
        ),
        ["null|2", "a|2", "b|0"]
    );
}
