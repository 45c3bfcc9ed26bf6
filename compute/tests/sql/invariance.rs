//! One TableHash per query, over partitions, permutations, batch sizes and storage types.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::{Options, execute};

use super::fixture::*;

pub(super) const QUERIES: [&str; 77] = [
    "SELECT * FROM t",
    "SELECT sum(x), avg(x), var_samp(x), stddev_pop(x), min(x), max(x), count(x), count(*) FROM t",
    "SELECT sum(z), avg(z), var(z), var_pop(z), stddev(z), stddev_samp(z), mean(z) FROM t",
    "SELECT g, sum(z), avg(z), var_samp(z), stddev(z), min(x), max(x), count(*) FROM t GROUP BY g",
    "SELECT g, sum(z), count(DISTINCT y) FROM t GROUP BY g",
    "SELECT sum(x), count(DISTINCT y), count(DISTINCT x), sum(DISTINCT z), avg(DISTINCT y) FROM t",
    "SELECT g, flag, sum(z) FILTER (WHERE y > 0), count(*) FILTER (WHERE x > 1) FROM t GROUP BY g, flag",
    "SELECT sum(y), avg(y), var_samp(y), sum(u), avg(u), stddev(u) FROM t",
    "SELECT sum(d), avg(d), var_samp(d), stddev_pop(d), min(d), max(d) FROM t",
    "SELECT x, count(*), sum(z) FROM t GROUP BY x",
    "SELECT DISTINCT x FROM t",
    "SELECT DISTINCT g, flag FROM t",
    "SELECT t.g, s.label, sum(t.z * s.w), count(*) FROM t JOIN s ON t.g = s.g GROUP BY t.g, s.label",
    "SELECT s.g, s.label, t.id FROM s LEFT JOIN t ON s.g = t.g AND t.y > 48",
    "SELECT s.label, t.g FROM s FULL JOIN (SELECT DISTINCT g FROM t) t ON s.g = t.g",
    "SELECT id, x FROM t ORDER BY x DESC, id LIMIT 20",
    "SELECT id, x FROM t ORDER BY x, id LIMIT 20 OFFSET 100",
    "SELECT g, y FROM t ORDER BY y, g LIMIT 50",
    "SELECT g, x, z FROM t WHERE x IS NOT NULL ORDER BY x",
    "SELECT y, g FROM t ORDER BY g DESC",
    "SELECT id FROM t WHERE z > (SELECT avg(z) FROM t)",
    "SELECT g, (SELECT max(w) FROM s WHERE s.g = t.g) AS w, count(*) FROM t GROUP BY g",
    "SELECT id FROM t WHERE g IN (SELECT g FROM s WHERE w IS NOT NULL) AND y BETWEEN 0 AND 9",
    "SELECT id FROM t WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.g = t.g)",
    "SELECT g FROM t UNION SELECT g FROM s",
    "SELECT x FROM t UNION ALL SELECT w FROM s",
    "SELECT g FROM s EXCEPT SELECT g FROM t",
    "SELECT g, avg(z) AS m FROM t GROUP BY g HAVING avg(z) > 0",
    "WITH m AS (SELECT g, avg(z) AS m FROM t GROUP BY g) SELECT sum((z - m.m) * (z - m.m)) FROM t JOIN m ON t.g = m.g",
    "SELECT CASE WHEN x > 0 THEN 'up' WHEN x <= 0 THEN 'down' ELSE 'none' END AS c, sum(z + x - x) FROM t GROUP BY c",
    "SELECT date_part('year', day) AS yr, avg(z), sum(x / y) FROM t WHERE y <> 0 GROUP BY yr",
    "SELECT a.g, count(*), sum(a.z - b.z) FROM t a JOIN t b ON a.id = b.id + 1 GROUP BY a.g",
    "SELECT t.x, s.w, count(*) FROM t JOIN s ON t.x = s.w GROUP BY t.x, s.w",
    "SELECT t.id, t.x FROM t JOIN s ON t.x <= s.w AND t.y > 30",
    "SELECT g, x, count(*), min(z) FROM t GROUP BY g, x",
    "SELECT x FROM t INTERSECT SELECT w FROM s",
    "SELECT x FROM t EXCEPT SELECT w FROM s",
    "SELECT x, g FROM t UNION SELECT w, g FROM s",
    "SELECT id FROM t WHERE x IN (SELECT w FROM s) OR x IN (0, 1e300)",
    "SELECT id FROM t WHERE x NOT IN (SELECT w FROM s WHERE w IS NOT NULL)",
    "SELECT g, count(DISTINCT x), sum(DISTINCT x), max(DISTINCT d), var_pop(DISTINCT z) FROM t GROUP BY g",
    "SELECT min(day), max(day), min(g), max(g), min(flag), max(flag), min(u), max(y) FROM t",
    "SELECT * FROM t LIMIT 7",
    "SELECT id, g FROM t ORDER BY g LIMIT 11 OFFSET 3",
    "SELECT g, y, x FROM t ORDER BY y DESC LIMIT 40",
    "SELECT y FROM t ORDER BY x LIMIT 20",
    "SELECT sum(z), count(*) FROM (SELECT z, x FROM t ORDER BY g LIMIT 100) q",
    "WITH q AS (SELECT g, y FROM t ORDER BY y LIMIT 300) SELECT g, count(*) FROM q GROUP BY g",
    "SELECT id FROM t WHERE y IN (SELECT y FROM t WHERE y IS NOT NULL ORDER BY z LIMIT 5)",
    "SELECT s.g FROM s WHERE EXISTS (SELECT 1 FROM t WHERE t.g = s.g LIMIT 1)",
    "SELECT id, row_number() OVER (ORDER BY g) AS r FROM t",
    "SELECT y, row_number() OVER (PARTITION BY g ORDER BY y DESC) AS r, g FROM t",
    "SELECT g, x, row_number() OVER () AS a, row_number() OVER (ORDER BY y) AS b FROM (SELECT g, x, y FROM t UNION ALL SELECT g, x, y FROM t) q",
    "SELECT flag, g, row_number() OVER (ORDER BY g) AS a, row_number() OVER (ORDER BY flag DESC) AS b, lag(g) OVER (ORDER BY flag) AS c FROM t",
    "SELECT x, rank() OVER (ORDER BY x) AS r, dense_rank() OVER (ORDER BY x DESC) AS d, percent_rank() OVER (ORDER BY x) AS p, cume_dist() OVER (ORDER BY x) AS c FROM t",
    "SELECT x, count(*) OVER (PARTITION BY x) AS n, sum(z) OVER (PARTITION BY x) AS s FROM t",
    "SELECT g, sum(x) OVER (PARTITION BY g ORDER BY y) AS s, avg(z) OVER (PARTITION BY g ORDER BY y) AS m FROM t WHERE y > 40",
    "SELECT g, y, ntile(7) OVER (PARTITION BY g ORDER BY y) AS n FROM t",
    "SELECT id, lag(x, 2, 0.5) OVER (PARTITION BY g ORDER BY y) AS a, lead(x) OVER (PARTITION BY g ORDER BY y) AS b FROM t",
    "SELECT g, y, first_value(z) OVER w AS a, last_value(z) OVER w AS b, nth_value(z, 2) OVER w AS c, nth_value(z, -2) OVER w AS d FROM t WINDOW w AS (PARTITION BY g ORDER BY y)",
    "SELECT y, first_value(x) IGNORE NULLS OVER (ORDER BY y GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS a, last_value(x) OVER (ORDER BY y RANGE BETWEEN 2 PRECEDING AND 1 PRECEDING) AS b FROM t",
    "SELECT y, first_value(x) OVER (ORDER BY y ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING) AS a, last_value(id) OVER (ORDER BY y ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING) AS b FROM t",
    "SELECT g, sum(x) OVER (PARTITION BY g ORDER BY y ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) AS s FROM t",
    "SELECT day, stddev(z) OVER (ORDER BY day RANGE BETWEEN INTERVAL '30 days' PRECEDING AND CURRENT ROW) AS s, count(x) OVER (ORDER BY day ROWS 9 PRECEDING) AS n FROM t",
    "SELECT x, sum(z) OVER (ORDER BY x RANGE BETWEEN 0.5 PRECEDING AND 0.5 FOLLOWING) AS s FROM t",
    "SELECT g, y, count(*) OVER (ORDER BY y GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS n FROM t",
    "SELECT id, g FROM t QUALIFY row_number() OVER (PARTITION BY g ORDER BY y DESC) <= 3",
    "SELECT g, sum(z) AS s, rank() OVER (ORDER BY count(*)) AS r FROM t GROUP BY g",
    "SELECT g, sum(z), sum(sum(z)) OVER (ORDER BY g) AS running FROM t GROUP BY g",
    "SELECT g, flag, sum(z), grouping(g), count(*) FROM t GROUP BY ROLLUP (g, flag)",
    "SELECT x, flag, sum(z), count(DISTINCT y) FILTER (WHERE x > 0) FROM t GROUP BY CUBE (x, flag)",
    "SELECT g, y, avg(z), grouping(g, y) FROM t GROUP BY GROUPING SETS ((g), (y), (g, y), ())",
    "SELECT ln(abs(x)), exp(y), power(abs(z), 0.3), sin(z), round(z, 2), trunc(z, -3), atan2(x, z), greatest(x, z), least(x, y) FROM t",
    "SELECT median(x), percentile_cont(z, 0.9), median(d), median(u), median(DISTINCT y), bit_xor(y), bool_or(flag) FROM t",
    "SELECT g, median(x), percentile_cont(0.3) WITHIN GROUP (ORDER BY z DESC), string_agg(DISTINCT g, ','), first_value(id ORDER BY x), last_value(x ORDER BY y DESC) FROM t GROUP BY g",
    "SELECT flag, string_agg(g, '' ORDER BY y, id) FROM t WHERE y > 45 GROUP BY flag",
    "SELECT g, y, max(x) OVER w AS a, median(z) OVER w AS b, count(DISTINCT flag) OVER w AS c FROM t WHERE y > 20 WINDOW w AS (PARTITION BY g ORDER BY y ROWS BETWEEN 6 PRECEDING AND 1 FOLLOWING)",
];

pub(super) fn hash(sql: &str, tables: &Tables, options: &Options) -> String {
    let answer = match block_on(execute(sql, &BTreeMap::new(), tables, options)) {
        Ok(answer) => answer,
        Err(error) => return format!("fails: {error}"),
    };
    if answer.table.num_rows() == 0 {
        return "fails: it has no rows, so it proves nothing".to_owned();
    }
    table_hash(&answer.schema(), &[answer.table]).unwrap().to_hex()
}

#[test]
fn partitions_permutations_and_batches_change_nothing() {
    let (t, s) = (measurements(), labels());
    let mut wrong = Vec::new();
    for sql in QUERIES {
        let mut hashes = BTreeMap::new();
        for (partitions, batch, rows, seed) in [
            (1, 8192, 10_000, 0),
            (2, 8192, 500, 1),
            (7, 64, 97, 2),
            (64, 8192, 40, 3),
            (64, 17, 1_000, 4),
            (3, 1, 2_000, 5),
            (7, 64, 10_000, 6),
        ] {
            if batch == 1 && sql.contains("JOIN t b") {
                continue;
            }
            let tables: Tables = BTreeMap::from([
                ("t".to_owned(), cut(&t, rows, seed)),
                ("s".to_owned(), cut(&s, 1 + rows % 3, seed)),
            ]);
            let options = Options { partitions, batch_rows: batch, ..Options::default() };
            let how = format!("{partitions} partitions, batches of {batch}, seed {seed}");
            hashes.entry(hash(sql, &tables, &options)).or_insert_with(Vec::new).push(how);
        }
        if hashes.len() != 1 || hashes.keys().any(|hash| hash.starts_with("fails")) {
            wrong.push((sql, hashes));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The same rows as another writer might store them: views, dictionaries, wider integers, another
/// width of decimal.
fn stored_otherwise(table: &RecordBatch) -> RecordBatch {
    let mut columns: Vec<ArrayRef> = Vec::new();
    let mut fields = Vec::new();
    for (field, column) in table.schema().fields().iter().zip(table.columns()) {
        let kind = match field.data_type() {
            DataType::Int32 => DataType::UInt16,
            DataType::Utf8 if field.name() == "g" => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
            DataType::Utf8 => DataType::Utf8View,
            DataType::Decimal128(p, s) => DataType::Decimal256(*p, *s),
            other => other.clone(),
        };
        columns.push(arrow::compute::cast(column, &kind).unwrap());
        fields.push(Field::new(field.name(), kind, true));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

#[test]
fn storage_types_change_nothing() {
    let (t, s) = (measurements(), labels());
    let plain = both();
    let otherwise: Tables = BTreeMap::from([
        ("t".to_owned(), cut(&stored_otherwise(&t), 300, 9)),
        ("s".to_owned(), cut(&stored_otherwise(&s), 3, 9)),
    ]);
    for sql in QUERIES {
        assert_eq!(hash(sql, &plain, &options(2)), hash(sql, &otherwise, &options(4)), "{sql}");
    }
}

#[test]
fn the_fixture_would_catch_naive_sums() {
    let sums: Vec<f64> = (1..5)
        .map(|seed| {
            let table = cut(&measurements(), 10_000, seed);
            let batch = block_on(async {
                use futures::StreamExt;
                table.open(0, 1, &[4]).next().await.unwrap().unwrap()
            });
            batch.column(0).as_primitive::<arrow::datatypes::Float64Type>().values().iter().sum()
        })
        .collect();
    assert!(sums.windows(2).any(|pair| pair[0] != pair[1]), "{sums:?}");
}

#[test]
fn text_compares_by_bytes() {
    let schema = Schema::new(vec![Field::new("g", DataType::Utf8, true)]);
    let words = StringArray::from(vec!["b", "Z", "é", "a", "~"]);
    let table = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(words)]).unwrap();
    assert_eq!(rows("SELECT g FROM w", &one("w", &table)), ["Z", "a", "b", "~", "é"]);
    assert_eq!(value("SELECT max(g) FROM w", &one("w", &table)), "é");
}
