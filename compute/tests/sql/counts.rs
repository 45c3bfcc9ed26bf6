//! Rows read and dropped: counted by decoding, the same however the query is executed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::datatypes::SchemaRef;
use veritrail_compute::sql::{BatchStream, ScanCount, TableSource, execute};

use super::fixture::*;

fn scans(sql: &str, partitions: usize) -> Vec<(String, u64, Option<u64>)> {
    let answer = block_on(execute(sql, &BTreeMap::new(), &both(), &options(partitions)))
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut counts: Vec<_> = answer
        .scans
        .into_iter()
        .map(|ScanCount { table, read, dropped, .. }| (table, read, dropped))
        .collect();
    counts.sort();
    counts
}

#[test]
fn reads_and_drops_are_counted() {
    let all = ROWS as u64;
    let nulls = (0..ROWS).filter(|row| row % 23 == 0).count() as u64;
    let t = |dropped| ("t".to_owned(), all, Some(dropped));
    for partitions in [1, 2, 7, 64] {
        assert_eq!(scans("SELECT sum(z) FROM t", partitions), [t(0)]);
        assert_eq!(scans("SELECT sum(z) FROM t WHERE x IS NOT NULL", partitions), [t(nulls)]);
        assert_eq!(scans("SELECT count(*) FROM t", partitions), [t(0)]);
        let having = "SELECT g, sum(z) FROM t GROUP BY g HAVING sum(z) > 0";
        assert_eq!(scans(having, partitions), [t(0)]);
        let join = "SELECT t.id, s.w FROM t JOIN s ON t.g = s.g WHERE t.x IS NOT NULL";
        assert_eq!(scans(join, partitions), [("s".to_owned(), 5, Some(0)), t(nulls)]);
        let twice = "SELECT a.id FROM t a JOIN t b ON a.id = b.id WHERE a.x IS NOT NULL";
        assert_eq!(scans(twice, partitions), [t(0), t(nulls)]);
    }
}

#[test]
fn drops_have_their_reason_in_words() {
    let reason = |condition: &str| {
        let sql = format!("SELECT sum(z) AS s FROM t WHERE {condition}");
        let answer = block_on(execute(&sql, &BTreeMap::new(), &both(), &options(3)));
        let answer = answer.unwrap_or_else(|error| panic!("{sql}: {error}"));
        answer.scans[0].reason.clone().unwrap()
    };
    for (condition, words) in [
        ("x IS NOT NULL", "x is null"),
        ("x IS NULL", "x is not null"),
        ("z > 30", "not z > 30"),
        ("g = 'it''s'", "not g = 'it''s'"),
        ("x IS NOT NULL AND z > 1.5", "not (x is not null and z > 1.5)"),
        ("z < 1 OR (x > 1 AND x < 2)", "not (z < 1 or (x > 1 and x < 2))"),
        ("x IS NOT NULL AND z + x * 2 < 9", "not (x is not null and z + (x * 2) < 9)"),
        ("g IN ('a', 'b')", "not g in ('a', 'b')"),
        ("g LIKE 'a%'", "not g like 'a%'"),
        ("NOT (z > 2)", "not (not (z > 2))"),
        ("abs(z) <= 1", "not abs(z) <= 1"),
        ("day >= DATE '2024-02-29'", "not day >= '2024-02-29'"),
    ] {
        assert_eq!(reason(condition), words, "{condition}");
    }
    let long = (0..60).map(|n| format!("z <> {n}")).collect::<Vec<_>>().join(" AND ");
    assert_eq!(reason(&long).chars().count(), 200);
    let answer = block_on(execute("SELECT sum(z) FROM t", &BTreeMap::new(), &both(), &options(1)));
    assert_eq!(answer.unwrap().scans[0].reason, None);
}

#[test]
fn a_scan_that_stops_early_is_still_counted_in_full() {
    // Nothing on one side: the join may not look at the other.
    let sql = "SELECT t.id FROM t JOIN s ON t.g = s.g WHERE s.label = 'no such'";
    for partitions in [1, 7] {
        let counts = scans(sql, partitions);
        let read: Vec<(&str, u64)> = counts.iter().map(|(n, r, _)| (n.as_str(), *r)).collect();
        assert_eq!(read, [("s", 5), ("t", ROWS as u64)]);
    }
}

#[derive(Debug)]
struct Watched {
    inner: Arc<dyn TableSource>,
    widest: AtomicUsize,
    opened: AtomicUsize,
}

impl TableSource for Watched {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }
    fn partitions(&self, wanted: usize) -> usize {
        self.inner.partitions(wanted)
    }
    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        self.opened.fetch_add(1, Ordering::SeqCst);
        self.widest.fetch_max(columns.len(), Ordering::SeqCst);
        assert!(!columns.is_empty(), "rows are counted by decoding a column");
        self.inner.open(part, parts, columns)
    }
}

#[test]
fn only_the_columns_of_the_query_are_asked_for() {
    for (sql, columns) in [
        ("SELECT count(*) FROM t", 1),
        ("SELECT sum(z) FROM t", 1),
        ("SELECT g, sum(z) FROM t WHERE y > 0 GROUP BY g", 3),
        ("SELECT id FROM t ORDER BY id LIMIT 3", 1),
    ] {
        let watched = Arc::new(Watched {
            inner: cut(&measurements(), 100, 0),
            widest: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
        });
        let source: Arc<dyn TableSource> = watched.clone();
        ask(sql, &BTreeMap::from([("t".to_owned(), source)])).unwrap();
        assert_eq!(watched.widest.load(Ordering::SeqCst), columns, "{sql}");
        assert!(watched.opened.load(Ordering::SeqCst) > 0);
    }
}
