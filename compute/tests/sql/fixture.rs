//! Tables whose floats break naive sums, and short ways to ask about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::take_record_batch;
use arrow::datatypes::{DataType, Field, Schema};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::{Answer, MemoryTable, Options, SqlError, TableSource, execute};

pub type Tables = BTreeMap<String, Arc<dyn TableSource>>;

pub const ROWS: usize = 3_000;

/// Measurements: keys, floats with every oddity, integers, decimals, dates, text.
pub fn measurements() -> RecordBatch {
    let mut rng = StdRng::seed_from_u64(7);
    let mut x = Vec::with_capacity(ROWS);
    for row in 0..ROWS {
        x.push(match row % 23 {
            0 => None,
            1 => Some(f64::NAN),
            2 => Some(f64::from_bits(0xfff8_0000_0000_0abc)),
            3 => Some(-0.0),
            4 => Some(0.0),
            5 | 6 => Some(if row % 2 == 0 { 1e300 } else { -1e300 }),
            7 => Some(f64::from_bits(rng.random_range(1..1 << 52))),
            _ => Some(rng.random_range(-1.0..1.0) * 10f64.powi(rng.random_range(-20..20))),
        });
    }
    let y: Vec<Option<i64>> =
        (0..ROWS).map(|r| (r % 11 != 0).then(|| rng.random_range(-50..50))).collect();
    let z: Vec<f64> = (0..ROWS).map(|_| rng.random_range(-1e6..1e6)).collect();
    let u: Vec<u64> = (0..ROWS).map(|_| rng.random_range(0..1 << 40)).collect();
    let d: Vec<Option<i128>> = (0..ROWS)
        .map(|r| (r % 13 != 0).then(|| rng.random_range(-10i128.pow(12)..10i128.pow(12))))
        .collect();
    let g: Vec<&str> =
        (0..ROWS).map(|_| ["a", "b", "c", "é", ""][rng.random_range(0..5)]).collect();
    let day: Vec<i32> = (0..ROWS).map(|_| rng.random_range(0..20_000)).collect();
    let flag: Vec<Option<bool>> = (0..ROWS).map(|r| (r % 7 != 0).then_some(r % 2 == 0)).collect();
    let schema = Schema::new(vec![
        Field::new("id", DataType::Int32, false),
        Field::new("g", DataType::Utf8, true),
        Field::new("x", DataType::Float64, true),
        Field::new("y", DataType::Int64, true),
        Field::new("z", DataType::Float64, false),
        Field::new("u", DataType::UInt64, false),
        Field::new("d", DataType::Decimal128(18, 4), true),
        Field::new("day", DataType::Date32, false),
        Field::new("flag", DataType::Boolean, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from_iter_values(0..ROWS as i32)),
        Arc::new(StringArray::from(g)),
        Arc::new(Float64Array::from(x)),
        Arc::new(Int64Array::from(y)),
        Arc::new(Float64Array::from(z)),
        Arc::new(UInt64Array::from(u)),
        Arc::new(Decimal128Array::from(d).with_precision_and_scale(18, 4).unwrap()),
        Arc::new(Date32Array::from(day)),
        Arc::new(BooleanArray::from(flag)),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// A small table to join with; one group has no measurement, one stands twice.
pub fn labels() -> RecordBatch {
    let schema = Schema::new(vec![
        Field::new("g", DataType::Utf8, true),
        Field::new("label", DataType::Utf8, true),
        Field::new("w", DataType::Float64, true),
    ]);
    RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(StringArray::from(vec![Some("a"), Some("b"), Some("b"), Some("zz"), None])),
            Arc::new(StringArray::from(vec!["one", "two", "zwei", "none", "null"])),
            Arc::new(Float64Array::from(vec![
                Some(0.1),
                Some(1e300),
                Some(-1e300),
                None,
                Some(-0.0),
            ])),
        ],
    )
    .unwrap()
}

/// Cuts a table into batches of some size, its rows permuted by a seed (0 leaves them).
pub fn cut(table: &RecordBatch, rows: usize, seed: u64) -> Arc<dyn TableSource> {
    let mut places: Vec<u32> = (0..table.num_rows() as u32).collect();
    if seed != 0 {
        places.shuffle(&mut StdRng::seed_from_u64(seed));
    }
    let table = take_record_batch(table, &UInt32Array::from(places)).unwrap();
    let batches = (0..table.num_rows())
        .step_by(rows)
        .map(|start| table.slice(start, rows.min(table.num_rows() - start)))
        .collect();
    Arc::new(MemoryTable::new(table.schema(), batches))
}

pub fn both() -> Tables {
    BTreeMap::from([
        ("t".to_owned(), cut(&measurements(), 500, 0)),
        ("s".to_owned(), cut(&labels(), 2, 0)),
    ])
}

pub fn one(name: &str, table: &RecordBatch) -> Tables {
    BTreeMap::from([(name.to_owned(), cut(table, 1000, 0))])
}

pub fn options(partitions: usize) -> Options {
    Options { partitions, ..Options::default() }
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

pub fn ask(sql: &str, tables: &Tables) -> Result<Answer, SqlError> {
    block_on(execute(sql, &BTreeMap::new(), tables, &options(3)))
}

/// The only value of a one-row, one-column answer, as text.
pub fn value(sql: &str, tables: &Tables) -> String {
    let answer = ask(sql, tables).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!((answer.table.num_rows(), answer.table.num_columns()), (1, 1), "{sql}");
    text(&answer, 0, 0)
}

pub fn text(answer: &Answer, column: usize, row: usize) -> String {
    let column = answer.table.column(column);
    if column.is_null(row) {
        return "null".to_owned();
    }
    arrow::util::display::array_value_to_string(column, row).unwrap()
}

/// All rows of an answer, columns joined by a bar.
pub fn rows(sql: &str, tables: &Tables) -> Vec<String> {
    let answer = ask(sql, tables).unwrap_or_else(|error| panic!("{sql}: {error}"));
    (0..answer.table.num_rows())
        .map(|row| {
            let cells: Vec<String> =
                (0..answer.table.num_columns()).map(|column| text(&answer, column, row)).collect();
            cells.join("|")
        })
        .collect()
}

/// A table of one Float64 column `x`.
pub fn floats(values: &[f64]) -> RecordBatch {
    let schema = Schema::new(vec![Field::new("x", DataType::Float64, true)]);
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Float64Array::from(values.to_vec()))])
        .unwrap()
}

/// Panics unless the query gives one table hash over the table cut, permuted and partitioned in
/// several ways.
pub fn assert_one_hash(sql: &str, table: &RecordBatch, ways: &[(usize, u64)]) {
    let mut hashes = BTreeMap::new();
    for &(partitions, seed) in ways {
        let tables: Tables = BTreeMap::from([("t".to_owned(), cut(table, 8_192, seed))]);
        let answer = block_on(execute(sql, &BTreeMap::new(), &tables, &options(partitions)));
        let answer = answer.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let hash = table_hash(&answer.schema(), &[answer.table]).unwrap().to_hex();
        hashes.entry(hash).or_insert_with(Vec::new).push(partitions);
    }
    assert_eq!(hashes.len(), 1, "{sql}: {hashes:?}");
}
