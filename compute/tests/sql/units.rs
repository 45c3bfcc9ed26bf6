//! Units: one result however a query is cut, kept results that stand for computing, and bytes that
//! cannot be anything else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::unit::*;
use veritrail_compute::sql::*;

use super::fixture::*;
use super::invariance::{QUERIES, hash};

fn kept(table: &RecordBatch, rows: usize) -> Arc<dyn TableSource> {
    let hash = table_hash(&table.schema(), std::slice::from_ref(table)).unwrap();
    let batches = (0..table.num_rows())
        .step_by(rows)
        .map(|start| table.slice(start, rows.min(table.num_rows() - start)))
        .collect();
    Arc::new(MemoryTable::new(table.schema(), batches).hashed(hash))
}

fn kept_tables(rows: usize) -> Tables {
    BTreeMap::from([
        ("t".to_owned(), kept(&measurements(), rows)),
        ("s".to_owned(), kept(&labels(), rows)),
    ])
}

fn units(partitions: usize, rows: u64, cache: Option<&Arc<MemoryCache>>) -> Options {
    let cache = cache.map(|cache| Arc::clone(cache) as Arc<dyn UnitCache>);
    Options { unit_rows: rows, cache, ..options(partitions) }
}

fn answer(sql: &str, tables: &Tables, options: &Options) -> Answer {
    block_on(execute(sql, &BTreeMap::new(), tables, options))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[test]
fn the_cut_changes_nothing_and_neither_does_a_kept_result() {
    let mut cut = 0;
    for sql in QUERIES {
        let cache = Arc::new(MemoryCache::default());
        let mut hashes = Vec::new();
        for (partitions, rows, cached) in
            [(1, u64::MAX, false), (7, 1_000, false), (2, 97, true), (3, 97, true), (64, 1, false)]
        {
            if rows == 1 && sql.contains("DISTINCT") {
                continue;
            }
            let options = units(partitions, rows, cached.then_some(&cache));
            hashes.push(hash(sql, &kept_tables(500), &options));
        }
        hashes.dedup();
        assert_eq!(hashes.len(), 1, "{sql}");
        cut += usize::from(!cache.kept().is_empty());
    }
    assert!(cut >= 20, "only {cut} queries were cut into units that are kept");
}

#[test]
fn the_bytes_of_a_unit_depend_on_nothing_but_its_text() {
    for sql in [
        "SELECT g, sum(x), avg(z), count(*) FROM t WHERE y > 0 GROUP BY g",
        "SELECT sum(x), count(DISTINCT y), min(day) FROM t",
        "SELECT g, flag, sum(d) FROM t GROUP BY g, flag",
    ] {
        let mut seen: Vec<Vec<(UnitId, String, bytes::Bytes)>> = Vec::new();
        for (partitions, batch, rows) in [(1, 8_192, 3_000), (7, 64, 500), (2, 1, 97)] {
            let cache = Arc::new(MemoryCache::default());
            let options = Options { batch_rows: batch, ..units(partitions, 1_000, Some(&cache)) };
            let found = answer(sql, &kept_tables(rows), &options);
            assert_eq!((found.units.planned, found.units.computed), (3, 3), "{sql}");
            seen.push(cache.kept());
        }
        assert_eq!(seen[0].len(), 3);
        assert!(seen.iter().all(|kept| *kept == seen[0]), "{sql}");
        for (unit, text, _) in &seen[0] {
            assert_eq!(UnitId::of(text.as_bytes()), *unit);
        }
    }
}

#[test]
fn what_a_result_depends_on_is_in_the_text() {
    let ids = |sql: &str, value: i64, table: &RecordBatch| -> Vec<UnitId> {
        let cache = Arc::new(MemoryCache::default());
        let parameters = BTreeMap::from([(
            "least".to_owned(),
            datafusion::scalar::ScalarValue::Int64(Some(value)),
        )]);
        let tables = BTreeMap::from([("t".to_owned(), kept(table, 500))]);
        let options = units(2, u64::MAX, Some(&cache));
        block_on(execute(sql, &parameters, &tables, &options)).unwrap();
        cache.kept().into_iter().map(|(unit, ..)| unit).collect()
    };
    let sql = "SELECT sum(z) FROM t WHERE y > $least";
    let one = ids(sql, 1, &measurements());
    assert_eq!(one.len(), 1);
    assert_eq!(one, ids(sql, 1, &measurements()));
    assert_ne!(one, ids(sql, 2, &measurements()));
    assert_ne!(one, ids("SELECT avg(z) FROM t WHERE y > $least", 1, &measurements()));
    assert_ne!(one, ids(sql, 1, &measurements().slice(0, 2_999)));
}

#[test]
fn a_filter_that_waits_for_a_subquery_is_never_kept() {
    let cache = Arc::new(MemoryCache::default());
    let sql = "SELECT count(*) FROM t WHERE z > (SELECT max(w) FROM s WHERE w < 1)";
    answer(sql, &kept_tables(500), &units(2, 1_000, Some(&cache)));
    // The inner maximum is kept; what waits for it is not.
    let texts: Vec<String> = cache.kept().into_iter().map(|(_, text, _)| text).collect();
    assert!(texts.iter().all(|text| text.contains("\"table\":\"s\"")), "{texts:?}");
}

/// Counts what is opened, and can be slow.
#[derive(Debug)]
struct Watched {
    inner: Arc<dyn TableSource>,
    opened: AtomicUsize,
    pause: Duration,
}

impl Watched {
    fn new(inner: Arc<dyn TableSource>, pause: Duration) -> Arc<Self> {
        Arc::new(Self { inner, opened: AtomicUsize::new(0), pause })
    }
}

impl TableSource for Watched {
    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }
    fn partitions(&self, wanted: usize) -> usize {
        self.inner.partitions(wanted)
    }
    fn open(&self, part: usize, parts: usize, columns: &[usize]) -> BatchStream {
        self.inner.open(part, parts, columns)
    }
    fn ranges<'a>(
        &'a self,
        columns: &'a [usize],
        rows: u64,
    ) -> BoxFuture<'a, Result<Vec<TableRange>, ReadError>> {
        self.inner.ranges(columns, rows)
    }
    fn open_range(&self, range: &TableRange, columns: &[usize]) -> BatchStream {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let pause = self.pause;
        self.inner
            .open_range(range, columns)
            .then(move |batch| tokio::time::sleep(pause).map(move |()| batch))
            .boxed()
    }
}

#[derive(Debug, Default)]
struct Heard {
    planned: Mutex<Vec<StepPlan>>,
    rows: AtomicUsize,
    computed: AtomicUsize,
    cached: AtomicUsize,
    stop_after: Option<(usize, watch::Sender<bool>)>,
}

impl UnitProgress for Heard {
    fn planned(&self, plan: &StepPlan) {
        self.planned.lock().unwrap().push(plan.clone());
    }
    fn read(&self, rows: u64) {
        self.rows.fetch_add(rows as usize, Ordering::SeqCst);
    }
    fn done(&self, unit: UnitDone) {
        match unit {
            UnitDone::Computed => {
                let done = self.computed.fetch_add(1, Ordering::SeqCst) + 1;
                if let Some((after, stop)) = &self.stop_after
                    && done >= *after
                {
                    stop.send(true).unwrap();
                }
            }
            UnitDone::Cached { .. } => {
                self.cached.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

const GROUPED: &str = "SELECT g, sum(z), avg(x), count(*) FROM t WHERE y IS NOT NULL GROUP BY g";

#[test]
fn a_second_run_reads_nothing_and_says_the_same() {
    let cache = Arc::new(MemoryCache::default());
    let watched = Watched::new(kept(&measurements(), 100), Duration::ZERO);
    let tables: Tables =
        BTreeMap::from([("t".to_owned(), watched.clone() as Arc<dyn TableSource>)]);
    let heard = Arc::new(Heard::default());
    let options = Options {
        progress: Some(Arc::clone(&heard) as Arc<dyn UnitProgress>),
        ..units(3, 250, Some(&cache))
    };
    let first = answer(GROUPED, &tables, &options);
    assert_eq!((first.units.planned, first.units.computed, first.units.cached), (12, 12, 0));
    assert_eq!((first.units.rows, heard.rows.load(Ordering::SeqCst)), (3_000, 3_000));
    assert_eq!(watched.opened.load(Ordering::SeqCst), 12);
    let second = answer(GROUPED, &tables, &options);
    assert_eq!((second.units.planned, second.units.computed, second.units.cached), (12, 0, 12));
    assert_eq!((second.units.rows, watched.opened.load(Ordering::SeqCst)), (0, 12));
    assert_eq!((&first.table, &first.scans), (&second.table, &second.scans));
    assert_eq!(heard.planned.lock().unwrap()[0].rows(), Some(3_000));
    assert_eq!(heard.cached.load(Ordering::SeqCst), 12);
}

#[test]
fn a_stopped_query_ends_within_a_second_and_is_taken_up_where_it_was() {
    let cache = Arc::new(MemoryCache::default());
    // 12 units of 3 batches, 30 ms each: more than half a second on two partitions.
    let watched = Watched::new(kept(&measurements(), 100), Duration::from_millis(30));
    let tables: Tables =
        BTreeMap::from([("t".to_owned(), watched.clone() as Arc<dyn TableSource>)]);
    let (stop, stopped) = watch::channel(false);
    let heard = Arc::new(Heard { stop_after: Some((4, stop)), ..Heard::default() });
    let options = Options {
        progress: Some(Arc::clone(&heard) as Arc<dyn UnitProgress>),
        cancel: Some(stopped),
        ..units(2, 250, Some(&cache))
    };
    let started = Instant::now();
    let error = block_on(execute(GROUPED, &BTreeMap::new(), &tables, &options)).unwrap_err();
    assert_eq!(error, SqlError::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    let done = cache.kept().len() as u64;
    // A unit is told of when it is kept, so the four that were heard of are all there.
    assert!((4..12).contains(&done), "{done} units were kept");
    let again = answer(GROUPED, &tables, &units(2, 250, Some(&cache)));
    assert_eq!((again.units.cached, again.units.computed), (done, 12 - done));
    let anew = answer(GROUPED, &kept_tables(500), &units(1, u64::MAX, None));
    assert_eq!((again.table, again.scans), (anew.table, anew.scans));
}

#[test]
fn a_source_that_never_answers_is_left_within_a_second() {
    let watched = Watched::new(kept(&measurements(), 100), Duration::from_secs(3_600));
    let tables: Tables = BTreeMap::from([("t".to_owned(), watched as Arc<dyn TableSource>)]);
    let (stop, stopped) = watch::channel(false);
    let options = Options { cancel: Some(stopped), ..units(2, 250, None) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let started = Instant::now();
    let error = runtime.block_on(async {
        let nobody = BTreeMap::new();
        let query = execute(GROUPED, &nobody, &tables, &options);
        let stop = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            stop.send(true).unwrap();
        };
        tokio::join!(query, stop).0
    });
    assert_eq!(error.unwrap_err(), SqlError::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[test]
fn a_result_of_a_unit_has_one_encoding_and_every_other_is_refused() {
    let cache = Arc::new(MemoryCache::default());
    let sql =
        "SELECT g, flag, day, sum(z), count(DISTINCT y) FROM t WHERE id < 40 GROUP BY g, flag, day";
    answer(sql, &kept_tables(500), &units(1, u64::MAX, Some(&cache)));
    let kept = cache.kept();
    let [(unit, text, good)] = kept.as_slice() else { panic!("{} results", kept.len()) };
    let text: serde_json::Value = serde_json::from_str(text).unwrap();
    let kind = |name: &str| match name {
        "Utf8" => DataType::Utf8,
        "Boolean" => DataType::Boolean,
        "Date32" => DataType::Date32,
        "Binary" => DataType::Binary,
        "Float64" => DataType::Float64,
        other => panic!("{other}"),
    };
    let fields: Vec<Field> = text["states"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| {
            let kind = kind(field[1].as_str().unwrap());
            Field::new(field[0].as_str().unwrap(), kind, true)
        })
        .collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields.clone()));
    let decode = |bytes: &[u8]| UnitResult::decode(bytes, unit, &schema, 3);
    let result = decode(good).unwrap();
    assert_eq!((result.read, result.groups.num_rows() > 20), (3_000, true));
    assert_eq!(result.encode(unit, 3).unwrap(), good);
    for length in 0..good.len() {
        assert!(decode(&good[..length]).is_err(), "{length} bytes");
    }
    assert_eq!(decode(&[good, &[0][..]].concat()), Err(UnitError::Length));
    let (mut refused, hash) = (0, ResultHash::of(good));
    for at in 0..good.len() {
        for flip in [1, 0x80, 0xff] {
            let mut bad = good.to_vec();
            bad[at] ^= flip;
            assert_ne!(ResultHash::of(&bad), hash);
            // Whatever is not refused is another table, written in its one way.
            match decode(&bad) {
                Err(_) => refused += 1,
                Ok(other) => assert_eq!(other.encode(unit, 3).unwrap(), bad, "byte {at}"),
            }
        }
    }
    assert!(refused > 200, "only {refused} flips were refused by form alone");
    let other = UnitId::of(b"another");
    assert_eq!(UnitResult::decode(good, &other, &schema, 3), Err(UnitError::OtherUnit));
    let mut swapped = fields;
    swapped.swap(1, 2);
    let swapped = Arc::new(Schema::new(swapped));
    assert_eq!(UnitResult::decode(good, unit, &swapped, 3), Err(UnitError::Type));
    // A count of rows that no memory holds is refused before memory is asked for.
    let mut huge = good.to_vec();
    huge[64..72].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(decode(&huge), Err(UnitError::Length));
}

#[test]
fn groups_out_of_order_or_twice_are_no_result() {
    let schema = Arc::new(Schema::new(vec![Field::new("k", DataType::Int64, true)]));
    let unit = UnitId::of(b"text");
    let result = |keys: Vec<i64>| UnitResult {
        read: 9,
        dropped: 0,
        dropped_by: Vec::new(),
        groups: RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from(keys))])
            .unwrap(),
    };
    assert!(result(vec![1, 2, 3]).encode(&unit, 1).is_ok());
    for odd in [vec![2, 1], vec![1, 1]] {
        assert!(matches!(result(odd).encode(&unit, 1), Err(UnitError::NotCanonical(_))));
    }
    let mut bytes = result(vec![1, 2]).encode(&unit, 1).unwrap().to_vec();
    let at = bytes.len() - 16;
    bytes.copy_within(at + 8.., at);
    assert!(matches!(
        UnitResult::decode(&bytes, &unit, &schema, 1),
        Err(UnitError::NotCanonical(_))
    ));
}

#[test]
fn tables_without_rows_or_values_have_units_too() {
    let empty = measurements().slice(0, 0);
    let one = measurements().slice(8, 1);
    let schema = Schema::new(vec![
        Field::new("g", DataType::Utf8, true),
        Field::new("x", DataType::Float64, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![None::<&str>; 10])),
        Arc::new(Float64Array::from(vec![None; 10])),
    ];
    let nulls = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    for (table, ungrouped, groups) in [(&empty, "null|null|0|0", 0), (&nulls, "null|null|0|10", 1)]
    {
        for rows in [1, 3, u64::MAX] {
            let cache = Arc::new(MemoryCache::default());
            for cached in [0, 1] {
                let tables = BTreeMap::from([("t".to_owned(), kept(table, 4))]);
                let options = units(2, rows, Some(&cache));
                let sql = "SELECT sum(x), var_samp(x), count(x), count(*) FROM t";
                let found = answer(sql, &tables, &options);
                let cells: Vec<String> = (0..4).map(|at| text(&found, at, 0)).collect();
                assert_eq!(cells.join("|"), ungrouped);
                let grouped = answer("SELECT g, sum(x) FROM t GROUP BY g", &tables, &options);
                assert_eq!(grouped.table.num_rows(), groups);
                assert_eq!(found.units.cached > 0, cached == 1);
                assert_eq!(found.scans[0].read, table.num_rows() as u64);
            }
        }
    }
    let tables = BTreeMap::from([("t".to_owned(), kept(&one, 1))]);
    let found =
        answer("SELECT var_samp(z), var_pop(z), count(*) FROM t", &tables, &units(7, 1, None));
    let cells: Vec<String> = (0..3).map(|at| text(&found, at, 0)).collect();
    assert_eq!(cells, ["null", "0.0", "1"]);
}

#[test]
fn a_plan_says_what_is_cut_and_reads_no_row() {
    let watched = Watched::new(kept(&measurements(), 100), Duration::ZERO);
    let tables: Tables = BTreeMap::from([
        ("t".to_owned(), watched.clone() as Arc<dyn TableSource>),
        ("s".to_owned(), kept(&labels(), 5)),
    ]);
    let nobody = BTreeMap::new();
    let planned = |sql: &str| block_on(plan(sql, &nobody, &tables, &units(4, 250, None))).unwrap();
    let (step, schema) = planned(GROUPED);
    assert_eq!((step.units(), step.rows()), (12, Some(3_000)));
    assert_eq!(step.scans[0].shape, Shape::Ranges(12));
    assert!(step.bytes() > 3_000 * 8);
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names[0], "g");
    let (step, _) = planned("SELECT t.id, s.w FROM t JOIN s ON t.g = s.g");
    assert_eq!((step.units(), step.scans.len()), (1, 2));
    assert!(step.scans.iter().all(|scan| scan.shape == Shape::Whole));
    let (step, _) = planned(
        "SELECT s.label, m.m FROM s JOIN (SELECT g, avg(z) AS m FROM t GROUP BY g) m ON s.g = m.g",
    );
    assert_eq!(step.units(), 13);
    assert_eq!(planned("SELECT 1 AS one").0.units(), 1);
    assert_eq!(watched.opened.load(Ordering::SeqCst), 0);
}

/// docs/formats/unit.md: another text or result is another version of the format, or another
/// engine, whose results are not these.
#[test]
fn the_golden_unit_is_as_written_down() {
    let schema = Schema::new(vec![
        Field::new("g", DataType::Utf8, true),
        Field::new("x", DataType::Float64, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![Some("b"), None, Some("b")])),
        Arc::new(Float64Array::from(vec![Some(1.5), Some(-0.25), None])),
    ];
    let table = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let cache = Arc::new(MemoryCache::default());
    let tables = BTreeMap::from([("t".to_owned(), kept(&table, 3))]);
    let sql = "SELECT g, sum(x) AS s FROM t WHERE x IS NOT NULL GROUP BY g";
    answer(sql, &tables, &units(1, 3, Some(&cache)));
    let golden = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/formats/golden");
        std::fs::read_to_string(format!("{folder}/{name}")).unwrap_or_default()
    };
    let [(_, text, result)] = &cache.kept()[..] else { panic!("one unit") };
    assert_eq!(*text, golden("unit.json").trim_end());
    let hex: String = golden("unit-result.hex").split_whitespace().collect();
    assert_eq!(hex::encode(result), hex);
}
