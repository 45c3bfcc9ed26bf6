//! A table that is read in one part keeps all workers busy, and changes no bit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use futures::StreamExt;
use veritrail_compute::sql::{BatchStream, Options, ReadError, TableSource, execute};

use super::fixture::*;
use super::invariance::hash;

/// One part, no ranges; batches as its inner table has them.
#[derive(Debug)]
struct OnePart(Arc<dyn TableSource>);

impl TableSource for OnePart {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
    fn partitions(&self, _wanted: usize) -> usize {
        1
    }
    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        assert_eq!((part, parts), (0, 1));
        self.0.open(0, 1, columns)
    }
}

fn one_part(rows: usize) -> Tables {
    BTreeMap::from([
        ("t".to_owned(), Arc::new(OnePart(cut(&measurements(), rows, 2))) as Arc<dyn TableSource>),
        ("s".to_owned(), Arc::new(OnePart(cut(&labels(), 5, 0))) as Arc<dyn TableSource>),
    ])
}

const QUERIES: [&str; 6] = [
    "SELECT g, sum(x) AS s, avg(z) AS m, count(*) AS n FROM t WHERE y > 0 GROUP BY g",
    "SELECT sum(z) AS s, stddev(x) AS d, min(x) AS a, max(x) AS b FROM t",
    "SELECT s.label, sum(t.z) AS s FROM t JOIN s ON t.g = s.g GROUP BY s.label",
    "SELECT id, x FROM t WHERE y IS NOT NULL ORDER BY x, id LIMIT 30",
    "SELECT id, sum(z) OVER (PARTITION BY g ORDER BY id) AS s FROM t",
    "SELECT count(*) AS n, median(z) AS m FROM t WHERE z > (SELECT avg(z) FROM t)",
];

#[test]
fn one_part_shared_among_many_changes_nothing() {
    for sql in QUERIES {
        let alone = hash(sql, &both(), &Options { partitions: 1, ..Options::default() });
        assert!(!alone.starts_with("fails"), "{sql}: {alone}");
        for (rows, partitions, batch_rows) in
            [(ROWS, 2, 8_192), (ROWS, 7, 64), (100, 3, 8_192), (1, 5, 1), (1_000, 64, 17)]
        {
            let options = Options { partitions, batch_rows, ..Options::default() };
            assert_eq!(hash(sql, &one_part(rows), &options), alone, "{sql} {options:?}");
        }
    }
}

#[test]
fn an_error_of_a_shared_reader_is_told_once_and_ends_the_query() {
    #[derive(Debug)]
    struct Torn(Arc<dyn TableSource>);
    impl TableSource for Torn {
        fn schema(&self) -> SchemaRef {
            self.0.schema()
        }
        fn partitions(&self, _wanted: usize) -> usize {
            1
        }
        fn open(&self, _part: usize, _parts: usize, columns: &[usize]) -> BatchStream {
            let error = ReadError { table: "t".to_owned(), message: "torn".to_owned() };
            let torn = futures::stream::once(std::future::ready(Err(error)));
            self.0.open(0, 1, columns).take(7).chain(torn).boxed()
        }
    }
    let torn = Arc::new(Torn(cut(&measurements(), 100, 0))) as Arc<dyn TableSource>;
    let tables: Tables = BTreeMap::from([("t".to_owned(), torn)]);
    for sql in ["SELECT g, sum(x) AS s FROM t GROUP BY g", "SELECT id FROM t ORDER BY id LIMIT 3"] {
        let error = block_on(execute(sql, &BTreeMap::new(), &tables, &options(5))).unwrap_err();
        assert_eq!(error.to_string(), "t: torn", "{sql}");
    }
}

/// A column whose reading takes until two workers ask for it at once, or too long.
#[derive(Debug, Default)]
struct Meeting {
    inside: Mutex<usize>,
    met: Condvar,
    most: AtomicUsize,
    threads: Mutex<BTreeSet<String>>,
}

impl Meeting {
    fn enter(&self, thread: ThreadId) {
        self.threads.lock().unwrap().insert(format!("{thread:?}"));
        let mut inside = self.inside.lock().unwrap();
        *inside += 1;
        self.most.fetch_max(*inside, Ordering::SeqCst);
        self.met.notify_all();
        let wait = Duration::from_secs(10);
        let alone = |_: &mut usize| self.most.load(Ordering::SeqCst) < 2;
        inside = self.met.wait_timeout_while(inside, wait, alone).unwrap().0;
        *inside -= 1;
    }
}

#[test]
fn two_workers_aggregate_one_part_at_once() {
    use veritrail_compute::exact::{Cpu, DeviceLost, Moments, Products, Reducer, Sum};
    use veritrail_compute::sql::aggregate::DEVICE_ROWS_MIN;

    #[derive(Debug)]
    struct Watched(Arc<Meeting>);
    impl Reducer for Watched {
        fn name(&self) -> String {
            "watched".to_owned()
        }
        fn sum(&self, x: &[f64]) -> Result<Sum, DeviceLost> {
            self.0.enter(std::thread::current().id());
            Cpu.sum(x)
        }
        fn moments(&self, x: &[f64]) -> Result<Moments, DeviceLost> {
            self.0.enter(std::thread::current().id());
            Cpu.moments(x)
        }
        fn products(&self, x: &[f64], y: &[f64]) -> Result<Products, DeviceLost> {
            Cpu.products(x, y)
        }
    }
    let values: Vec<f64> = (0..4 * DEVICE_ROWS_MIN).map(|row| row as f64 * 0.1).collect();
    let table = Arc::new(OnePart(cut(&floats(&values), DEVICE_ROWS_MIN, 0)));
    let tables: Tables = BTreeMap::from([("t".to_owned(), table as Arc<dyn TableSource>)]);
    let meeting = Arc::new(Meeting::default());
    let device: Arc<dyn Reducer> = Arc::new(Watched(Arc::clone(&meeting)));
    let options = Options {
        partitions: 2,
        batch_rows: DEVICE_ROWS_MIN,
        device: Some(device),
        ..Options::default()
    };
    let sql = "SELECT sum(x) AS s FROM t";
    block_on(execute(sql, &BTreeMap::new(), &tables, &options)).unwrap();
    assert_eq!(meeting.most.load(Ordering::SeqCst), 2, "{:?}", meeting.threads);
}
