//! Rows of a megabyte each: fewer of them at once, and the same answer and progress.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use futures::StreamExt;
use veritrail_compute::sql::unit::{StepPlan, UnitDone, UnitProgress};
use veritrail_compute::sql::{BatchStream, Options, TableSource, execute};

use super::fixture::*;

const ROWS: i64 = 1_200;
const WIDE: usize = 1 << 20;

/// Makes its rows while they are read: `k`, and a text that is long in all rows but the first.
#[derive(Debug, Default)]
struct Wide {
    opened: AtomicUsize,
}

impl TableSource for Wide {
    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("k", DataType::Int64, false),
            Field::new("t", DataType::Utf8, false),
        ]))
    }
    fn partitions(&self, _wanted: usize) -> usize {
        1
    }
    fn open(&self, _part: usize, _parts: usize, columns: &[usize]) -> BatchStream {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let (schema, columns) = (self.schema(), columns.to_vec());
        futures::stream::iter(0..ROWS)
            .map(move |row| {
                let long = if row == 0 { "z".to_owned() } else { "y".repeat(WIDE) };
                let all: [ArrayRef; 2] = [
                    Arc::new(Int64Array::from(vec![row])),
                    Arc::new(StringArray::from(vec![long])),
                ];
                let schema = Arc::new(schema.project(&columns).unwrap());
                let columns = columns.iter().map(|&at| Arc::clone(&all[at])).collect();
                Ok(RecordBatch::try_new(schema, columns).unwrap())
            })
            .boxed()
    }
}

#[derive(Debug, Default)]
struct Heard {
    planned: AtomicUsize,
    rows: AtomicU64,
    units: AtomicU64,
}

impl UnitProgress for Heard {
    fn planned(&self, _plan: &StepPlan) {
        self.planned.fetch_add(1, Ordering::SeqCst);
    }
    fn read(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::SeqCst);
    }
    fn done(&self, _unit: UnitDone) {
        self.units.fetch_add(1, Ordering::SeqCst);
    }
}

/// Peak memory of this process so far, in bytes, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
}

#[test]
fn wide_rows_come_in_short_batches() {
    let limit = 128 << 20;
    for sql in [
        "SELECT count(*) AS n, max(length(t)) AS l FROM t WHERE t > 'a'",
        "SELECT count(*) AS n, max(length(a.t)) AS l FROM s JOIN t a ON a.k % 5 = s.o",
        "SELECT sum(length(t)) AS n FROM (SELECT k % 2 AS p, t FROM t WHERE t >= 'y' AND k >= 0) q",
    ] {
        let wide = Arc::new(Wide::default());
        let keys = Schema::new(vec![Field::new("o", DataType::Int64, false)]);
        let keys = RecordBatch::try_new(
            Arc::new(keys),
            vec![Arc::new(Int64Array::from_iter_values(0..5))],
        );
        let tables: Tables = BTreeMap::from([
            ("t".to_owned(), wide.clone() as Arc<dyn TableSource>),
            ("s".to_owned(), cut(&keys.unwrap(), 5, 0)),
        ]);
        let heard = Arc::new(Heard::default());
        let options = Options {
            memory_bytes: limit,
            progress: Some(Arc::clone(&heard) as Arc<dyn UnitProgress>),
            ..options(2)
        };
        let before = peak();
        let answer = block_on(execute(sql, &BTreeMap::new(), &tables, &options));
        let answer = answer.unwrap_or_else(|error| panic!("{sql}: {error}"));
        // Gathered by the thousand they would be 1.2 GB. Other tests may add to the peak.
        if let (Some(before), Some(after)) = (before, peak()) {
            assert!(after - before < 700 << 20, "{sql}: {}", after - before);
        }
        assert!(answer.table.num_rows() == 1);
        assert!(wide.opened.load(Ordering::SeqCst) >= 2, "{sql}");
        assert_eq!(heard.planned.load(Ordering::SeqCst), 1);
        let read = answer.scans.iter().map(|scan| scan.read).sum::<u64>();
        assert_eq!(heard.rows.load(Ordering::SeqCst), read, "{sql}");
        assert_eq!(heard.units.load(Ordering::SeqCst), 1, "{sql}");
    }
}

/// Two parts of which the first is too wide for long batches. The second gives its row late the
/// first time it is read: when it is read again.
#[derive(Debug, Default)]
struct Straggling {
    opened: AtomicUsize,
    asked: Arc<AtomicUsize>,
    gone: Arc<AtomicUsize>,
}

impl TableSource for Straggling {
    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new("t", DataType::Utf8, false)]))
    }
    fn partitions(&self, _wanted: usize) -> usize {
        2
    }
    fn open(&self, part: usize, _parts: usize, _columns: &[usize]) -> BatchStream {
        let first = self.opened.fetch_add(usize::from(part == 1), Ordering::SeqCst) == 0;
        let (asked, gone) = (Arc::clone(&self.asked), Arc::clone(&self.gone));
        let schema = self.schema();
        let straggler = (part == 1 && first).then(|| Gone(Arc::clone(&gone)));
        futures::stream::iter(0..1)
            .map(move |_| {
                let _held = &straggler;
                if part == 1 {
                    asked.fetch_add(1, Ordering::SeqCst);
                }
                let reached = match (part, first) {
                    (0, _) => wait_for(&asked, 1),
                    (_, true) => wait_for(&asked, 2),
                    (_, false) => wait_for(&gone, 1),
                };
                assert!(reached, "the other stream never came so far");
                let text = if part == 0 { "y".repeat(WIDE) } else { "z".to_owned() };
                let column: ArrayRef = Arc::new(StringArray::from(vec![text]));
                Ok(RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap())
            })
            .boxed()
    }
}

/// Tells when the stream that owns it is no more.
struct Gone(Arc<AtomicUsize>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Whether a count came so far within half a minute.
fn wait_for(count: &AtomicUsize, least: usize) -> bool {
    for _ in 0..3_000 {
        if count.load(Ordering::SeqCst) >= least {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    false
}

#[test]
fn streams_of_a_failed_attempt_tell_no_progress_of_the_next() {
    let source = Arc::new(Straggling::default());
    let tables: Tables = BTreeMap::from([("t".to_owned(), source.clone() as Arc<dyn TableSource>)]);
    let heard = Arc::new(Heard::default());
    let options = Options {
        memory_bytes: 128 << 20,
        progress: Some(Arc::clone(&heard) as Arc<dyn UnitProgress>),
        ..options(2)
    };
    let sql = "SELECT count(*) AS n FROM t WHERE t > 'a'";
    let answer = block_on(execute(sql, &BTreeMap::new(), &tables, &options)).unwrap();
    assert_eq!(answer.scans.iter().map(|scan| scan.read).sum::<u64>(), 2);
    assert_eq!(source.opened.load(Ordering::SeqCst), 2);
    assert_eq!(heard.rows.load(Ordering::SeqCst), 2);
}
