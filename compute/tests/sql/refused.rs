//! What a run may not do is refused by name, with a way out.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::execution::session_state::SessionStateBuilder;
use veritrail_compute::sql::aggregate::{Aggregate, exact_aggregates};
use veritrail_compute::sql::{QUERY_DEPTH_MAX, SqlError, allowed_functions};

use super::fixture::*;

#[test]
fn refusals_name_what_they_refuse() {
    let tables = both();
    let cases = [
        ("SELECT row_number() OVER (ORDER BY id) FROM t", "window function row_number"),
        ("SELECT sum(x) OVER (PARTITION BY g) FROM t", "window function sum"),
        ("SELECT median(x) FROM t", "median"),
        ("SELECT approx_distinct(x) FROM t", "approx_distinct"),
        ("SELECT array_agg(x) FROM t", "array_agg"),
        ("SELECT DISTINCT ON (g) g, x FROM t ORDER BY g", "DISTINCT ON"),
        ("SELECT id FROM t LIMIT 5", "LIMIT or OFFSET"),
        ("SELECT id FROM t OFFSET 5", "LIMIT or OFFSET"),
        ("SELECT g, y FROM t ORDER BY g LIMIT 5", "LIMIT or OFFSET"),
        ("SELECT g FROM (SELECT g, id FROM t LIMIT 5) q", "LIMIT or OFFSET"),
        ("SELECT id FROM t WHERE g IN (SELECT g FROM s LIMIT 1)", "LIMIT or OFFSET"),
        ("SELECT id FROM t ORDER BY g FETCH FIRST 5 ROWS ONLY", "FETCH"),
        ("SELECT now()", "now"),
        ("SELECT current_date", "current_date"),
        ("SELECT current_timestamp", "current_timestamp"),
        ("SELECT random()", "random"),
        ("SELECT uuid()", "uuid"),
        ("SELECT round(x, 2) FROM t", "round"),
        ("SELECT trunc(x, 2) FROM t", "trunc"),
        ("SELECT ln(x) FROM t", "ln"),
        ("SELECT exp(x) FROM t", "exp"),
        ("SELECT power(x, 2) FROM t", "power"),
        ("SELECT sin(x) FROM t", "sin"),
        ("SELECT repeat(g, 1000000000) FROM t", "repeat"),
        ("SELECT g ~ 'a' FROM t", "operator ~"),
        ("SELECT g SIMILAR TO 'a' FROM t", "regular expression"),
        ("SELECT y & 1 FROM t", "operator &"),
        ("CREATE TABLE n AS SELECT 1", "CREATE"),
        ("CREATE EXTERNAL TABLE n STORED AS CSV LOCATION '/etc/passwd'", ""),
        ("INSERT INTO t VALUES (1)", "INSERT"),
        ("COPY t TO 'out.csv'", "COPY"),
        ("SET a = 1", "SET"),
        ("EXPLAIN SELECT 1", "EXPLAIN"),
        ("DROP TABLE t", "DROP"),
        ("SHOW TABLES", "SHOW"),
        ("SELECT 1 AS a; SELECT 2 AS a", "one statement"),
        ("SELECT * FROM information_schema.tables", "information_schema"),
        ("SELECT * FROM generate_series(1, 10)", "generate_series"),
        ("SELECT * FROM unnest([1, 2])", "UNNEST"),
        (
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
            "RECURSIVE",
        ),
        ("SELECT g, sum(z) FROM t GROUP BY ROLLUP(g)", "ROLLUP"),
        ("SELECT g, sum(z) FROM t GROUP BY GROUPING SETS ((g), ())", "GROUPING SETS"),
        ("SELECT g FROM t EXCEPT ALL SELECT g FROM s", "EXCEPT ALL"),
        ("SELECT g FROM t INTERSECT ALL SELECT g FROM s", "INTERSECT ALL"),
        ("SELECT * FROM t TABLESAMPLE BERNOULLI (10)", "TABLESAMPLE"),
        ("SELECT id FROM t WHERE y > $1", "placeholder $1"),
        ("SELECT sum(x ORDER BY id) FROM t", "ORDER BY"),
        ("SELECT CAST(x AS REAL) FROM t", "REAL"),
        ("SELECT CAST(x AS DECIMAL(38,30)) FROM t", "DECIMAL"),
        ("SELECT [1, 2] AS a", ""),
        ("SELECT {'a': 1} AS a", ""),
    ];
    for (sql, name) in cases {
        let error = ask(sql, &tables).unwrap_err();
        let message = error.to_string();
        let refused = matches!(error, SqlError::Refused { .. } | SqlError::Parse(_));
        assert!(refused, "{sql}: {error:?}");
        assert!(message.contains(name), "{sql}: \"{message}\" does not name {name}");
    }
}

#[test]
fn mistakes_are_explained() {
    let tables = both();
    let cases = [
        ("SELEC 1", "Expected"),
        ("SELECT nothing FROM t", "nothing"),
        ("SELECT * FROM nowhere", "no input is named \"nowhere\""),
        ("SELECT sum(g) FROM t", "sum cannot take"),
        ("SELECT sum(flag) FROM t", "CAST"),
        ("SELECT sum(x, z) FROM t", "one argument"),
        ("SELECT t.g, s.g FROM t JOIN s ON t.g = s.g", "rename one with AS"),
        ("SELECT NULL AS n", "CAST(NULL"),
        ("SELECT CAST(g AS BIGINT) FROM t", "Cannot cast"),
        ("SELECT interval '1 day' AS i", "CAST"),
    ];
    for (sql, part) in cases {
        let message = ask(sql, &tables).unwrap_err().to_string();
        assert!(message.contains(part), "{sql}: \"{message}\" does not say {part}");
    }
}

/// Every function of DataFusion that is not on our list is refused: a new one cannot slip in.
#[test]
fn the_whole_registry_is_walked() {
    let tables = both();
    let defaults = SessionStateBuilder::new_with_default_features().build();
    let mut ours: BTreeSet<String> = BTreeSet::new();
    for function in allowed_functions() {
        ours.insert(function.name().to_owned());
        ours.extend(function.aliases().iter().cloned());
    }
    for aggregate in Aggregate::ALL {
        ours.extend(aggregate.names().iter().map(|&name| name.to_owned()));
    }
    let (mut walked, mut exact) = (0, 0);
    let names = defaults
        .scalar_functions()
        .keys()
        .chain(defaults.aggregate_functions().keys())
        .chain(defaults.window_functions().keys())
        .collect::<BTreeSet<_>>();
    for name in names {
        if ours.contains(name) {
            exact += 1;
            continue;
        }
        walked += 1;
        for sql in [format!("SELECT \"{name}\"(x) FROM t"), format!("SELECT \"{name}\"() FROM t")] {
            let error = ask(&sql, &tables).unwrap_err();
            assert!(matches!(error, SqlError::Refused { .. }), "{sql}: {error:?}");
        }
    }
    assert!(walked > 60 && exact > 30, "{walked} refused, {exact} ours");
    // Every numeric aggregate's every name is ours or refused, above; and ours are ours.
    assert_eq!(exact_aggregates().len(), Aggregate::ALL.len());
}

#[test]
fn deep_long_and_wide_queries_end_in_an_error() {
    let tables = both();
    let chain = |n: usize| format!("SELECT {} AS a", vec!["1"; n].join("+"));
    assert!(ask(&chain(QUERY_DEPTH_MAX - 5), &tables).is_ok());
    for sql in [
        chain(5_000),
        chain(200_000),
        format!("SELECT {}1{} AS a", "(".repeat(4_000), ")".repeat(4_000)),
        format!("SELECT 1 AS a {}", "UNION ALL SELECT 1 ".repeat(3_000)),
        format!("SELECT {} AS a", "NOT ".repeat(9_000) + "true"),
        format!("SELECT '{}' AS a", "x".repeat(1 << 20)),
        format!("SELECT a FROM {}t{}", "(SELECT * FROM ".repeat(500), ") q".repeat(500)),
    ] {
        let error = ask(&sql, &tables).unwrap_err();
        let ended = matches!(error, SqlError::Limit { .. } | SqlError::Parse(_));
        assert!(ended, "{}…: {error:?}", &sql[..40]);
    }
}

#[test]
fn columns_without_a_sql_type_are_hidden_and_named() {
    let schema = Schema::new(vec![
        Field::new("n", DataType::Int64, true),
        Field::new("odd", DataType::Time64(arrow::datatypes::TimeUnit::Nanosecond), true),
    ]);
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from(vec![1])), Arc::new(Time64NanosecondArray::from(vec![1]))];
    let tables = one("t", &RecordBatch::try_new(Arc::new(schema), columns).unwrap());
    assert_eq!(rows("SELECT * FROM t", &tables), ["1"]);
    let message = ask("SELECT odd FROM t", &tables).unwrap_err().to_string();
    assert!(message.contains("odd") && message.contains("Time64"), "{message}");
}

#[test]
fn limit_stands_behind_a_total_order() {
    let tables = both();
    for sql in [
        "SELECT id FROM t ORDER BY id LIMIT 3",
        "SELECT id, g FROM t ORDER BY 2, 1 LIMIT 3",
        "SELECT g AS k, y FROM t ORDER BY k DESC, y LIMIT 3 OFFSET 2",
        "SELECT t.id, t.g FROM t ORDER BY t.id, t.g LIMIT 3",
        "SELECT id FROM t ORDER BY x, id LIMIT 3",
        "SELECT y + 1 AS v FROM t ORDER BY y + 1 LIMIT 3",
        "SELECT g, count(*) FROM t GROUP BY g ORDER BY count(*), g LIMIT 3",
        "SELECT g, avg(z) AS m FROM t GROUP BY g ORDER BY m, g LIMIT 3",
        "SELECT DISTINCT y FROM t ORDER BY y LIMIT 3",
        "SELECT g FROM t UNION SELECT g FROM s ORDER BY g LIMIT 3",
        "SELECT count(*) FROM (SELECT id, z FROM t ORDER BY z, id LIMIT 3) q HAVING count(*) = 3",
    ] {
        let answer = ask(sql, &tables).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!([1, 3].contains(&answer.table.num_rows()), "{sql}");
    }
    for sql in [
        "SELECT id, g FROM t ORDER BY id + 1, g LIMIT 3",
        "SELECT y + 1 AS v FROM t ORDER BY y LIMIT 3",
        "SELECT * FROM t ORDER BY id LIMIT 3",
        "SELECT g FROM (SELECT g FROM t ORDER BY g) q LIMIT 3",
    ] {
        let error = ask(sql, &tables).unwrap_err();
        assert!(matches!(error, SqlError::Refused { .. }), "{sql}: {error}");
    }
}

#[test]
fn the_manual_names_every_function_and_aggregate() {
    let manual = include_str!("../../../docs/sql.md");
    let functions = allowed_functions();
    let names = functions
        .iter()
        .map(|function| function.name().to_owned())
        .chain(Aggregate::ALL.iter().flat_map(|a| a.names().iter().map(|&name| name.to_owned())));
    let mut count = 0;
    for name in names {
        assert!(manual.contains(&format!("`{name}`")), "docs/sql.md does not name {name}");
        count += 1;
    }
    assert!(count > 40);
}
