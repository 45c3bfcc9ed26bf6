//! What a run may not do is refused by name, with a way out.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use veritrail_compute::sql::aggregate::Aggregate;
use veritrail_compute::sql::{
    BatchStream, QUERY_DEPTH_MAX, SqlError, TableSource, allowed_functions, allowed_windows,
    with_query,
};

use super::fixture::*;

#[test]
fn refusals_name_what_they_refuse() {
    let tables = both();
    let cases = [
        ("SELECT any_value(x) FROM t", "any_value"),
        ("SELECT median(x) WITHIN GROUP (ORDER BY x) FROM t", "WITHIN GROUP in median"),
        ("SELECT 123456789012345678901234567890123456789 AS a", "39 digits"),
        ("SELECT approx_distinct(x) FROM t", "approx_distinct"),
        ("SELECT array_agg(x) FROM t", "array_agg"),
        ("SELECT DISTINCT ON (g) g, x FROM t ORDER BY g", "DISTINCT ON"),
        ("SELECT id FROM t ORDER BY g FETCH FIRST 5 ROWS ONLY", "FETCH"),
        ("SELECT now()", "now"),
        ("SELECT current_date", "current_date"),
        ("SELECT current_timestamp", "current_timestamp"),
        ("SELECT random()", "random"),
        ("SELECT uuid()", "uuid"),
        ("SELECT row_number() FROM t", "row_number without OVER"),
        ("SELECT sum(x) IGNORE NULLS FROM t", "IGNORE NULLS"),
        ("SELECT lag(DISTINCT x) OVER (ORDER BY id) FROM t", "DISTINCT in lag"),
        (
            "SELECT sum(y) OVER (ORDER BY x RANGE BETWEEN 1e999 PRECEDING AND CURRENT ROW) FROM t",
            "infinitely far",
        ),
        ("SELECT x FROM (SELECT x FROM t ORDER BY x) q LIMIT 5", "LIMIT or OFFSET over a subquery"),
        (
            "WITH q AS (SELECT id FROM t ORDER BY x LIMIT 9) SELECT * FROM q WHERE id > 1 LIMIT 5",
            "LIMIT or OFFSET over a subquery",
        ),
        ("SELECT g, count(*) FROM t GROUP BY g WITH ROLLUP", "ROLLUP"),
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

#[test]
fn refusals_say_where_and_what_instead() {
    let tables = both();
    for (sql, line, column) in [
        ("SELECT id,\n  now() FROM t", 2, 3),
        ("DROP TABLE t", 1, 1),
        ("SELECT id FROM t\nWHERE g SIMILAR TO 'a'", 2, 7),
        ("SELECT 1 +\n 99999999999999999999999999999999999999999 AS a", 2, 2),
        ("SELECT id FROM t WHERE y > $1", 1, 28),
        ("SELECT id FROM t FETCH FIRST 1 ROW ONLY", 1, 1),
        ("SELEC 1", 1, 1),
    ] {
        let error = ask(sql, &tables).unwrap_err();
        let at = error.position().unwrap_or_else(|| panic!("{sql}: {error:?} has no place"));
        assert_eq!((at.line, at.column), (line, column), "{sql}");
        assert!(!error.hint().is_empty() && !error.message().contains(error.hint()), "{sql}");
    }
    let error = ask("SELECT nothing FROM t", &tables).unwrap_err();
    assert!(error.position().is_none() && error.hint().contains("inputs"), "{error:?}");
}

/// A table whose reader has a fault.
#[derive(Debug)]
struct Faulty(Arc<dyn TableSource>);

impl TableSource for Faulty {
    fn schema(&self) -> arrow::datatypes::SchemaRef {
        self.0.schema()
    }

    fn partitions(&self, wanted: usize) -> usize {
        self.0.partitions(wanted)
    }

    fn open(&self, _part: usize, _parts: usize, _columns: &[usize]) -> BatchStream {
        Box::pin(futures::stream::once(async { panic!("a fault") }))
    }
}

#[test]
fn a_panic_inside_is_an_error() {
    let whole = both();
    let faulty: Arc<dyn TableSource> = Arc::new(Faulty(Arc::clone(&whole["t"])));
    let tables = Tables::from([("t".to_owned(), faulty)]);
    for sql in ["SELECT id FROM t", "SELECT g, sum(x) FROM t GROUP BY g"] {
        let error = ask(sql, &tables).unwrap_err();
        assert!(matches!(&error, SqlError::Execution(text) if text.contains("fault")), "{error:?}");
    }
    // What comes after is not touched by it.
    assert_eq!(value("SELECT count(*) FROM t", &whole), ROWS.to_string());
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
        "SELECT id, g FROM t ORDER BY id + 1, g LIMIT 3",
        "SELECT y + 1 AS v FROM t ORDER BY y LIMIT 3",
        "SELECT * FROM t ORDER BY id LIMIT 3",
        "SELECT * FROM t LIMIT 3",
        "SELECT id FROM t OFFSET 2997",
        "SELECT count(*) FROM t LIMIT 1",
        "SELECT count(*) FROM (SELECT id FROM t LIMIT 3) q",
        "SELECT g FROM t UNION SELECT g FROM s ORDER BY g LIMIT 3",
        "SELECT count(*) FROM (SELECT id, z FROM t ORDER BY z, id LIMIT 3) q HAVING count(*) = 3",
    ] {
        let answer = ask(sql, &tables).unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!([1, 3].contains(&answer.table.num_rows()), "{sql}");
    }
}

#[test]
fn the_manual_names_every_function_and_aggregate() {
    let manual = include_str!("../../../docs/sql.md");
    let (functions, windows) = (allowed_functions(), allowed_windows());
    let names = functions
        .iter()
        .flat_map(|function| [&[function.name().to_owned()], function.aliases()].concat())
        .chain(windows.iter().map(|window| window.name().to_owned()))
        .chain(Aggregate::ALL.iter().flat_map(|a| a.names().iter().map(|&name| name.to_owned())));
    let mut count = 0;
    for name in names {
        assert!(manual.contains(&format!("`{name}`")), "docs/sql.md does not name {name}");
        count += 1;
    }
    assert!(count > 100, "{count}");
}

#[test]
fn texts_that_a_parser_would_never_be_done_with_end_in_an_error() {
    // Each level doubled its work, or worse. On threads, so that one without an end fails.
    let words = [
        "cast(",
        "interval ",
        "interval cast(",
        "case when cast(",
        "(select cast(",
        "abs(",
        "interval abs(",
        "position(",
        "trim(",
        "extract(",
        "not ",
        "exists(",
        "array[",
        "{",
        "struct(",
        "f(a => ",
        "cast(1 as struct<a ",
        "convert(",
        "((",
        "x in (",
        "1 + interval ",
    ];
    for text in words.map(|word| format!("SELECT {}", word.repeat(200))) {
        ends_in_an_error(text);
    }
    for table in ["(", "(select 1 from (", "lateral (select ", "f(", "unnest(", "a join ("] {
        ends_in_an_error(format!("SELECT 1 FROM {}", table.repeat(200)));
    }
    // Long parts that are read again, with and without expressions.
    ends_in_an_error(format!("SELECT {}a{} %", "CAST(".repeat(12), ".a".repeat(7000)));
    let tables = "(((SELECT * FROM ".repeat(10);
    ends_in_an_error(format!("SELECT * FROM {tables}a{} %", ",a".repeat(7000)));
    let nested = |deep: usize| format!("SELECT {}1{}", "abs(".repeat(deep), ")".repeat(deep));
    assert!(with_query(&nested(15), |_| ()).is_ok());
}

#[test]
fn with_of_with_is_refused_before_it_fills_the_memory() {
    let tables = both();
    let doubled = |times: usize| {
        let mut with = vec!["a0 AS (SELECT 1 AS z)".to_owned()];
        with.extend((1..=times).map(|at| {
            let before = at - 1;
            format!("a{at} AS (SELECT x.z FROM a{before} x CROSS JOIN A{before} y)")
        }));
        format!("WITH {} SELECT count(*) AS n FROM a{times}", with.join(", "))
    };
    assert!(ask(&doubled(4), &tables).is_ok());
    for query in [doubled(10), doubled(60), format!("SELECT * FROM ({})", doubled(25))] {
        let refused = ask(&query, &tables);
        assert!(matches!(refused, Err(SqlError::Limit { limit: 1000, .. })), "{refused:?}");
    }
}

fn ends_in_an_error(text: String) {
    let (send, heard) = std::sync::mpsc::channel();
    let asked = text.clone();
    std::thread::spawn(move || send.send(with_query(&asked, |_| ()).is_err()));
    assert_eq!(heard.recv_timeout(std::time::Duration::from_secs(60)), Ok(true), "{text}");
}
