//! What queries answer: exact values, the order of rows, arithmetic that does not wrap.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use veritrail_compute::sql::{Options, RowOrder, SqlError, execute};

use super::fixture::*;

#[test]
fn sums_are_exact_and_rounded_once() {
    let tables = one("t", &floats(&[1e16, 1.0, -1e16, 1e300, 3e-320, -1e300]));
    assert_eq!(value("SELECT sum(x) FROM t", &tables), "1.0");
    assert_eq!(value("SELECT sum(x) - 1 FROM t", &tables), "0.0");
    let tables = one("t", &floats(&[0.1; 10]));
    assert_eq!(value("SELECT sum(x) FROM t", &tables), "1.0");
    assert_eq!(value("SELECT avg(x) FROM t", &tables), "0.1");
    assert_eq!(value("SELECT var_pop(x) FROM t", &tables), "0.0");
}

#[test]
fn a_sum_beside_a_distinct_count_is_the_sum() {
    let mut values = Vec::new();
    for _ in 0..500 {
        values.extend([1e16, 1.0, -1e16, 1.0]);
    }
    let tables = one("t", &floats(&values));
    let both = rows("SELECT sum(x), count(DISTINCT x), sum(DISTINCT x), count(*) FROM t", &tables);
    assert_eq!(both, ["1000.0|3|1.0|2000"]);
}

#[test]
fn integers_and_decimals_keep_their_type() {
    let tables = both();
    let answer = ask("SELECT sum(id), sum(u), sum(d), avg(d), sum(y) FROM t", &tables).unwrap();
    let kinds: Vec<String> =
        answer.schema().fields().iter().map(|f| f.data_type().to_string()).collect();
    assert_eq!(kinds, ["Int64", "UInt64", "Decimal128(28, 4)", "Float64", "Int64"]);
    assert_eq!(text(&answer, 0, 0), (ROWS * (ROWS - 1) / 2).to_string());
}

fn integers(values: &[i64]) -> Tables {
    let schema = Schema::new(vec![Field::new("n", DataType::Int64, true)]);
    let column = Int64Array::from(values.to_vec());
    one("t", &RecordBatch::try_new(Arc::new(schema), vec![Arc::new(column)]).unwrap())
}

#[test]
fn integers_never_wrap() {
    let tables = integers(&[i64::MAX, i64::MAX, -i64::MAX, -5]);
    assert_eq!(value("SELECT sum(n) FROM t", &tables), (i64::MAX - 5).to_string());
    assert_eq!(
        value("SELECT avg(n) FROM t", &tables),
        format!("{:?}", (i64::MAX - 5) as f64 / 4.0)
    );
    let full = integers(&[i64::MAX, 1]);
    for sql in [
        "SELECT sum(n) FROM t",
        "SELECT n + 1 FROM t",
        "SELECT n * 2 FROM t",
        "SELECT -n - 2 FROM t",
        "SELECT n / 0 FROM t",
        "SELECT sum(n * 2) FROM t",
    ] {
        let error = ask(sql, &full).unwrap_err();
        assert!(matches!(error, SqlError::Execution(_)), "{sql}: {error:?}");
    }
    let message = ask("SELECT sum(n) FROM t", &full).unwrap_err().to_string();
    assert!(message.contains("CAST"), "{message}");
    assert_eq!(value("SELECT sum(CAST(n AS DECIMAL(38,0))) FROM t", &full), "9223372036854775808");
}

#[test]
fn certified_leading_digits_through_sql() {
    let values: Vec<f64> =
        std::iter::once(10_000_001.0).chain([10_000_003.0, 10_000_002.0]).collect();
    let tables = one("t", &floats(&values));
    assert_eq!(
        rows("SELECT avg(x), stddev(x), var_samp(x) FROM t", &tables),
        ["10000002.0|1.0|1.0"]
    );
}

#[test]
fn min_and_max_follow_total_order() {
    let negative_nan = f64::from_bits(0xfff8_0000_0000_0000);
    let tables = one("t", &floats(&[0.0, -0.0, 3.0]));
    assert_eq!(rows("SELECT min(x), max(x) FROM t", &tables), ["-0.0|3.0"]);
    let tables = one("t", &floats(&[-0.0, 0.0, -0.0]));
    assert_eq!(rows("SELECT min(x), max(x) FROM t", &tables), ["-0.0|0.0"]);
    let tables = one("t", &floats(&[f64::INFINITY, negative_nan, 1.0]));
    assert_eq!(rows("SELECT min(x), max(x) FROM t", &tables), ["1.0|NaN"]);
    assert_eq!(rows("SELECT x FROM t ORDER BY x DESC", &tables), ["NaN", "inf", "1.0"]);
}

#[test]
fn nan_made_by_arithmetic_is_the_one_nan() {
    let tables = one("t", &floats(&[f64::INFINITY, -1.0, 0.0]));
    for sql in [
        "SELECT x - x AS v FROM t",
        "SELECT -(x - x) AS v FROM t",
        "SELECT sqrt(x - x) AS v FROM t",
        "SELECT x * 0 AS v FROM t",
        "SELECT 0 / x * 0 / 0 AS v FROM t",
        "SELECT CAST('-nan' AS DOUBLE) + x AS v FROM t",
        "SELECT abs(x - x) AS v FROM t",
        "SELECT x % 0 AS v FROM t",
    ] {
        let answer = ask(sql, &tables).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let column = answer.table.column(0).as_primitive::<arrow::datatypes::Float64Type>();
        let nans: Vec<u64> =
            column.values().iter().filter(|x| x.is_nan()).map(|x| x.to_bits()).collect();
        assert!(!nans.is_empty(), "{sql} makes no NaN");
        assert!(nans.iter().all(|&bits| bits == 0x7ff8_0000_0000_0000), "{sql}: {nans:x?}");
    }
}

#[test]
fn expressions_keep_the_order_of_their_text() {
    let tables = one("t", &floats(&[1e300]));
    assert_eq!(value("SELECT 1.0 + x - x FROM t", &tables), "0.0");
    assert_eq!(value("SELECT 1.0 + (x - x) FROM t", &tables), "1.0");
    assert_eq!(value("SELECT x - x + 1.0 FROM t", &tables), "1.0");
    assert_eq!(value("SELECT 0.1 + 0.2 + 0.3 FROM t", &tables), "0.6000000000000001");
    assert_eq!(value("SELECT 0.1 + (0.2 + 0.3) FROM t", &tables), "0.6");
}

#[test]
fn zeros_group_together_and_sort_apart() {
    let tables = one("t", &floats(&[-0.0, 0.0, -0.0, 1.0]));
    assert_eq!(rows("SELECT x, count(*) FROM t GROUP BY x", &tables), ["0.0|3", "1.0|1"]);
    assert_eq!(rows("SELECT DISTINCT x FROM t", &tables), ["0.0", "1.0"]);
    assert_eq!(value("SELECT count(DISTINCT x) FROM t", &tables), "2");
    assert_eq!(rows("SELECT x FROM t", &tables), ["-0.0", "-0.0", "0.0", "1.0"]);
}

#[test]
fn order_is_as_written_then_completed() {
    let tables = both();
    let answer = ask("SELECT g, y FROM t ORDER BY g DESC NULLS LAST", &tables).unwrap();
    assert_eq!(answer.order, RowOrder::AsWritten);
    let rows: Vec<(String, Option<i64>)> = (0..answer.table.num_rows())
        .map(|row| {
            let y = answer.table.column(1).as_primitive::<arrow::datatypes::Int64Type>();
            (text(&answer, 0, row), y.is_valid(row).then(|| y.value(row)))
        })
        .collect();
    let mut sorted = rows.clone();
    sorted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    assert_eq!(rows, sorted);
    let answer = ask("SELECT g, y FROM t", &tables).unwrap();
    assert_eq!(answer.order, RowOrder::Canonical);
}

#[test]
fn parameters_are_typed_and_all_used() {
    let tables = both();
    let with = |sql: &str, name: &str, value: ScalarValue| {
        let parameters = BTreeMap::from([(name.to_owned(), value)]);
        block_on(execute(sql, &parameters, &tables, &options(2)))
    };
    let sql = "SELECT count(*) FROM t WHERE y >= $least";
    let bound = with(sql, "least", ScalarValue::Int64(Some(10))).unwrap();
    assert_eq!(text(&bound, 0, 0), value("SELECT count(*) FROM t WHERE y >= 10", &tables));
    let text_value = "x' OR '1' = '1";
    let injected = ScalarValue::Utf8(Some(text_value.to_owned()));
    let none = with("SELECT count(*) FROM t WHERE g = $g", "g", injected).unwrap();
    assert_eq!(text(&none, 0, 0), "0");
    let error = with(sql, "most", ScalarValue::Int64(Some(1))).unwrap_err();
    assert!(matches!(error, SqlError::Parameter { ref name, .. } if name == "least"), "{error}");
    let error = with("SELECT 1 AS a", "least", ScalarValue::Int64(Some(1))).unwrap_err();
    assert!(matches!(error, SqlError::Parameter { .. }), "{error}");
}

#[test]
fn text_and_dates_work() {
    let tables = both();
    let of = |sql: &str| value(&format!("SELECT {sql} AS v FROM s WHERE label = 'one'"), &tables);
    assert_eq!(of("upper(label) || '!'"), "ONE!");
    assert_eq!(of("coalesce(NULL, nullif(label, 'one'), 'x')"), "x");
    assert_eq!(of("substring(label from 2)"), "ne");
    assert_eq!(of("trim('  a ')"), "a");
    assert_eq!(of("CAST(w AS VARCHAR)"), "0.1");
    assert_eq!(of("CAST('1e-3' AS DOUBLE)"), "0.001");
    assert_eq!(of("extract(month from date '2024-02-29')"), "2");
    assert_eq!(of("CAST(date_trunc('month', date '2024-02-29') AS DATE)"), "2024-02-01");
    assert_eq!(of("date '2024-02-28' + interval '1 day'"), "2024-02-29");
    assert_eq!(of("label LIKE 'o%'"), "true");
    assert_eq!(of("floor(-1.5)"), "-2.0");
    assert_eq!(of("strpos(label, 'n')"), "2");
    assert_eq!(of("CAST(2.345 AS DECIMAL(10,1))"), "2.3");
}

#[test]
fn memory_is_bounded_and_a_query_can_be_stopped() {
    let tables = both();
    let tight = Options { memory_bytes: 20_000, ..options(2) };
    let sql = "SELECT id, x, z, count(*) FROM t GROUP BY id, x, z";
    let error = block_on(execute(sql, &BTreeMap::new(), &tables, &tight)).unwrap_err();
    assert!(matches!(error, SqlError::Memory { limit: 20_000, .. }), "{error:?}");
    let (sender, cancel) = tokio::sync::watch::channel(true);
    let stopped = Options { cancel: Some(cancel), ..options(2) };
    // A cross join of 27 billion rows.
    let sql = "SELECT count(*) FROM t a, t b, t c WHERE a.z + b.z + c.z > 0";
    let error = block_on(execute(sql, &BTreeMap::new(), &tables, &stopped)).unwrap_err();
    assert_eq!(error, SqlError::Cancelled);
    drop(sender);
}

#[test]
fn nothing_read_and_nothing_found() {
    let empty = one("t", &floats(&[]));
    assert_eq!(
        rows("SELECT sum(x), avg(x), var_samp(x), min(x), count(x), count(*) FROM t", &empty),
        ["null|null|null|null|0|0"]
    );
    assert!(rows("SELECT x, sum(x) FROM t GROUP BY x", &empty).is_empty());
    assert_eq!(value("SELECT count(*) FROM (SELECT 1 AS a) q", &empty), "1");
}

#[test]
fn one_nan_and_one_zero_in_comparisons() {
    let tables = one("t", &floats(&[-0.0, 0.0, f64::NAN, 1.0, f64::INFINITY]));
    let of = |condition: &str| rows(&format!("SELECT x FROM t WHERE {condition}"), &tables);
    let zeros = ["-0.0", "0.0"];
    for condition in [
        "x = 0",
        "x <= 0",
        "x = -0e0",
        "x BETWEEN -1 AND 0",
        "x IN (0, 7)",
        "x IN (-0e0, 7)",
        "x IN (0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)",
        "x NOT IN (1) AND x < 1",
        "x IN (SELECT x FROM t WHERE x = 0)",
        "CASE x WHEN 0 THEN true ELSE false END",
        "nullif(x, 0) IS NULL",
        "x IS NOT DISTINCT FROM 0",
    ] {
        assert_eq!(of(condition), zeros, "{condition}");
    }
    assert!(of("x < 0").is_empty());
    assert_eq!(of("x >= 1"), ["1.0", "inf", "NaN"]);
    assert_eq!(of("x = CAST('NaN' AS DOUBLE)"), ["NaN"]);
    assert_eq!(of("x IN (CAST('-nan' AS DOUBLE), 3)"), ["NaN"]);
    assert_eq!(of("x = x").len(), 5);
    let joined = rows("SELECT a.x, b.x AS y FROM t a JOIN t b ON a.x = b.x", &tables);
    assert_eq!(
        joined,
        ["-0.0|-0.0", "-0.0|0.0", "0.0|-0.0", "0.0|0.0", "1.0|1.0", "inf|inf", "NaN|NaN"]
    );
}

#[test]
fn every_alias_is_its_aggregate() {
    let tables = both();
    for names in [
        vec!["avg", "mean"],
        vec!["var_samp", "var", "var_sample"],
        vec!["var_pop", "var_population"],
        vec!["stddev_samp", "stddev"],
    ] {
        let values: Vec<String> =
            names.iter().map(|name| value(&format!("SELECT {name}(z) FROM t"), &tables)).collect();
        assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{names:?}: {values:?}");
        let having = format!("SELECT g FROM t GROUP BY g HAVING {}(z) IS NOT NULL", names[1]);
        assert_eq!(rows(&having, &tables).len(), 5);
    }
}

#[test]
fn every_pair_of_numeric_types_computes_or_says_why_not() {
    let tables = both();
    let operands = ["y", "z", "u", "d", "id", "2", "1.5", "CAST(3 AS DECIMAL(5,2))", "flag"];
    let (mut computed, mut explained) = (0, 0);
    for left in operands {
        for right in operands {
            for op in ["+", "-", "*", "/", "%"] {
                let sql = format!("SELECT {left} {op} {right} AS v FROM t");
                match ask(&sql, &tables) {
                    Ok(_) => computed += 1,
                    Err(SqlError::Execution(message)) => {
                        let known = ["overflow", "zero", "too large to store in a Decimal"];
                        assert!(known.iter().any(|k| message.contains(k)), "{sql}: {message}");
                        explained += 1;
                    }
                    Err(SqlError::Plan(_)) if sql.contains("flag") => explained += 1,
                    Err(other) => panic!("{sql}: {other:?}"),
                }
            }
        }
    }
    assert!(computed > 200 && explained > 20, "{computed} {explained}");
}

#[test]
fn subqueries_count_nothing_as_zero_and_refuse_two_values() {
    let tables = both();
    let counts = "SELECT label, (SELECT count(*) FROM t WHERE t.g = s.g) > 0 AS some FROM s";
    let found = rows(counts, &tables);
    assert_eq!(found, ["none|false", "null|false", "one|true", "two|true", "zwei|true"]);
    let sums = "SELECT label, (SELECT sum(y) FROM t WHERE t.g = s.g) IS NULL AS none FROM s";
    assert!(rows(sums, &tables).contains(&"none|true".to_owned()));
    let error = ask("SELECT id FROM t WHERE z > (SELECT w FROM s)", &tables).unwrap_err();
    assert!(matches!(error, SqlError::Execution(_)), "{error:?}");
}

#[test]
fn a_result_counts_against_the_memory_limit() {
    let tables = both();
    let tight = Options { memory_bytes: 1 << 20, ..options(2) };
    let sql = "SELECT a.x, b.z FROM t a, t b";
    let error = block_on(execute(sql, &BTreeMap::new(), &tables, &tight)).unwrap_err();
    assert!(matches!(error, SqlError::Memory { .. }), "{error:?}");
}

#[test]
fn replace_cannot_make_any_amount_of_text() {
    let tables = both();
    let of = |sql: &str| ask(&format!("SELECT {sql} AS v FROM s WHERE label = 'one'"), &tables);
    assert_eq!(text(&of("replace(label, 'n', 'NN')").unwrap(), 0, 0), "oNNe");
    assert_eq!(text(&of("replace('a-b', '-', '')").unwrap(), 0, 0), "ab");
    assert_eq!(text(&of("replace(label, 'x', NULL)").unwrap(), 0, 0), "null");
    let many = "a".repeat(2_000);
    let nested =
        format!("replace(replace(replace('{many}', 'a', '{many}'), 'a', '{many}'), 'a', '{many}')");
    let error = of(&nested).unwrap_err();
    assert!(matches!(&error, SqlError::Execution(m) if m.contains("replace")), "{error:?}");
}

#[test]
fn integers_beyond_64_bits_stay_exact() {
    let tables = integers(&[1]);
    for (sql, expected) in [
        ("SELECT 18446744073709551616 AS a FROM t", "18446744073709551616"),
        ("SELECT -18446744073709551617 AS a FROM t", "-18446744073709551617"),
        ("SELECT 18446744073709551616 + n AS a FROM t", "18446744073709551617"),
        ("SELECT 000018446744073709551615 AS a FROM t", "18446744073709551615"),
        (
            "SELECT 99999999999999999999999999999999999999 AS a FROM t",
            "99999999999999999999999999999999999999",
        ),
        ("SELECT 1e20 AS a FROM t", "1e20"),
    ] {
        assert_eq!(value(sql, &tables), expected, "{sql}");
    }
}
