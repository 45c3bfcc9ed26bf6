//! Each operator beyond its memory: the right rows by way of the disk, or an error that says what
//! did not fit. Never other rows, and never more than the limit and a little.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use veritrail_compute::sql::{Answer, Options, Spill, SqlError};

use super::fixture::*;
use super::spill::{ask_with, many};

const MEBIBYTE: usize = 1 << 20;

fn tight(limit: usize, folder: &tempfile::TempDir) -> Options {
    let folder = folder.path().to_str().unwrap().to_owned();
    let spill = Some(Spill { folder, bytes_max: 1 << 30 });
    Options { memory_bytes: limit, spill, ..options(2) }
}

/// What came of a query under several limits.
#[derive(Debug, Default)]
struct Short {
    /// How often it went to disk and came back with the right rows.
    spilled: u32,
    /// The errors, each of which says that memory was short.
    refused: Vec<String>,
}

/// Runs a query under each limit, and holds what comes against the roomy answer.
fn check(sql: &str, tables: &Tables, limits: &[usize]) -> Short {
    let roomy = ask_with(sql, tables, &options(2)).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let mut short = Short::default();
    for &limit in limits {
        let folder = tempfile::tempdir().unwrap();
        match ask_with(sql, tables, &tight(limit, &folder)) {
            Ok(answer) => short.spilled += u32::from(same(sql, &roomy, &answer, limit)),
            Err(error) => {
                assert!(matches!(error, SqlError::Memory { .. }), "{sql} in {limit}: {error}");
                short.refused.push(error.to_string());
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{sql} in {limit}");
    }
    short
}

/// Whether anything went to disk.
fn same(sql: &str, roomy: &Answer, answer: &Answer, limit: usize) -> bool {
    assert_eq!(roomy.table, answer.table, "{sql} in {limit}");
    let units = answer.units;
    assert_eq!(units.memory_limit, limit as u64);
    // What is merged from disk, and single batches, may be held without asking.
    let most = limit as u64 * 3 / 2;
    assert!(units.memory_bytes <= most, "{sql}: {} of {limit}", units.memory_bytes);
    units.spilled_bytes > 0
}

/// A limit under which a query goes to disk, sought between too little and enough for all of it.
fn spilling(sql: &str, tables: &Tables) -> Result<usize, String> {
    let roomy = ask_with(sql, tables, &options(2)).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let (mut little, mut enough) = (MEBIBYTE / 4, 64 * MEBIBYTE);
    while enough - little > MEBIBYTE / 16 {
        let limit = little + (enough - little) / 2;
        let folder = tempfile::tempdir().unwrap();
        match ask_with(sql, tables, &tight(limit, &folder)) {
            Ok(answer) if same(sql, &roomy, &answer, limit) => return Ok(limit),
            Ok(_) => enough = limit,
            Err(error) => {
                assert!(matches!(error, SqlError::Memory { .. }), "{sql} in {limit}: {error}");
                little = limit;
            }
        }
    }
    Err(format!("refused with {little} bytes, all in memory with {enough}: {sql}"))
}

#[test]
fn what_can_go_to_disk_does() {
    let tables = many();
    let limits = [2, 3, 4, 6, 8, 12, 16].map(|size| size * MEBIBYTE);
    let mut never = Vec::new();
    for sql in [
        "SELECT count(*) AS n, sum(a.x) AS s FROM t a JOIN t b ON a.k = b.k",
        "SELECT count(*) AS n, sum(b.x) AS s FROM t a LEFT JOIN t b ON a.k = b.h + 7",
        "SELECT count(*) AS n, sum(a.k) AS s FROM t a FULL JOIN t b ON a.k = b.h + 7",
        "SELECT count(*) AS n FROM t a WHERE EXISTS (SELECT 1 FROM t b WHERE a.k = b.h + 7)",
        "SELECT sum(k) AS s FROM (SELECT k FROM t ORDER BY x, k LIMIT 150000) q",
        "SELECT max(s) AS s, sum(n) AS n FROM \
         (SELECT sum(x) OVER (PARTITION BY h) AS s, count(*) OVER (PARTITION BY h) AS n FROM t) q",
        "SELECT max(r) AS r, sum(k) AS k FROM (SELECT k, row_number() OVER (ORDER BY x) AS r FROM t) q",
        "SELECT sum(n) AS n FROM (SELECT k, count(DISTINCT h) AS n FROM t GROUP BY k) q",
        "SELECT count(*) AS n FROM (SELECT k FROM t INTERSECT SELECT h FROM t) q",
    ] {
        if check(sql, &tables, &limits).spilled == 0 {
            never.extend(spilling(sql, &tables).err());
        }
    }
    assert!(never.is_empty(), "{never:#?}");
}

#[test]
fn what_cannot_is_refused_by_name() {
    let tables = many();
    let mut untold = Vec::new();
    for (sql, words) in [
        (
            "SELECT sum(s) AS s FROM (SELECT sum(x) OVER (PARTITION BY h % 3) AS s FROM t) q",
            "PARTITION BY groups",
        ),
        (
            "SELECT max(s) AS s FROM (SELECT sum(x) OVER (ORDER BY k) AS s FROM t) q",
            "PARTITION BY groups",
        ),
        ("SELECT count(*) AS n FROM t WHERE k NOT IN (SELECT h + 50000 FROM t)", "a join holds"),
        ("SELECT k, h, x FROM t", "the result itself"),
    ] {
        let short = check(sql, &tables, &[1, 2, 4, 6, 8].map(|size| size * MEBIBYTE));
        if !short.refused.iter().any(|error| error.contains(words)) {
            untold.push((sql, words, short));
        }
    }
    assert!(untold.is_empty(), "{untold:#?}");
}

/// Rows of two kilobytes, few enough that all pairs can be looked at.
fn padded() -> Tables {
    let schema = Schema::new(vec![
        Field::new("k", DataType::Int64, false),
        Field::new("pad", DataType::Utf8, false),
    ]);
    let pad = (0..3_000).map(|row: usize| format!("{row:02000}"));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(0..3_000)),
        Arc::new(StringArray::from_iter_values(pad)),
    ];
    let table = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    BTreeMap::from([("w".to_owned(), cut(&table, 100, 3))])
}

/// The engine's own way out of a nested loop join that does not fit would give rows twice.
#[test]
fn joins_of_all_pairs_hold_one_side_or_are_refused() {
    let tables = padded();
    let limits = [1, 2, 4, 8, 16].map(|size| size * MEBIBYTE);
    for (sql, words) in [
        (
            "SELECT count(*) AS n, count(b.k) AS m, max(length(b.pad)) AS l, max(length(a.pad)) AS o \
          FROM w a LEFT JOIN w b ON a.k > b.k + 2900",
            "join on equal columns",
        ),
        (
            "SELECT count(*) AS n, count(b.k) AS m, max(length(b.pad)) AS l, max(length(a.pad)) AS o \
          FROM w a FULL JOIN w b ON a.k > b.k + 2900",
            "join on equal columns",
        ),
        (
            "SELECT count(*) AS n, max(length(a.pad)) AS l FROM w a WHERE EXISTS \
          (SELECT 1 FROM w b WHERE a.k > b.k + 2900 AND a.pad <> b.pad)",
            "join on equal columns",
        ),
        (
            "SELECT count(*) AS n, max(length(a.pad)) AS l, max(length(b.pad)) AS o \
          FROM w a CROSS JOIN (SELECT pad FROM w WHERE k < 2000) b WHERE a.k < 2000",
            "join on equal columns",
        ),
    ] {
        let short = check(sql, &tables, &limits);
        assert!(short.refused.iter().any(|e| e.contains(words)), "{sql}: {short:#?}");
    }
}

#[test]
fn nothing_is_spilled_where_nothing_may_be() {
    let tables = many();
    for sql in [
        "SELECT count(*) AS n FROM t a JOIN t b ON a.k = b.k",
        "SELECT sum(k) AS s FROM (SELECT k FROM t ORDER BY x, k LIMIT 150000) q",
        "SELECT k, x FROM t ORDER BY x, k",
    ] {
        let options = Options { memory_bytes: 2 * MEBIBYTE, ..options(2) };
        let error = ask_with(sql, &tables, &options).unwrap_err();
        assert!(matches!(error, SqlError::Memory { .. }), "{sql}: {error}");
    }
}
