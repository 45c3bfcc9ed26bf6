//! Three million rows in eleven row groups: what is read, and sums of numbers whose leading digits
//! are all the same.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Date32Array, DictionaryArray, Float64Array, Int64Array, RecordBatch,
};
use arrow::datatypes::{Float64Type, Int8Type, Int64Type};
use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use veritrail_compute::sql::FileTable;
use veritrail_datasets::ingest::parquet::inspect;
use veritrail_datasets::manifest::TableFormat;
use veritrail_datasets::table::{TableInput, TablePart};

use super::end_to_end::{Noted, run};
use crate::sql::fixture::block_on;

const ROWS: i64 = 3_000_000;
const GROUPS: usize = 11;

/// NIST's NumAcc4 goes 10000000.2 ± 0.1; here there are ten digits before the point that matter to
/// no deviation, and 3,000,000 values. They are multiples of 2^-23, so integers are their oracle.
fn leading(row: i64) -> f64 {
    1e9 + [0.2, 0.1, 0.3][(row % 3) as usize]
}

fn file() -> Bytes {
    let ids: Int64Array = (0..ROWS).collect();
    let x: Float64Array = (0..ROWS).map(|row| Some(leading(row))).collect();
    let g: DictionaryArray<Int8Type> =
        (0..ROWS).map(|row| Some(["a", "b", "c", "d"][(row % 4) as usize])).collect();
    let y: Int64Array = (0..ROWS).map(|row| (row % 10 != 0).then_some(row % 1_000)).collect();
    let day: Date32Array = (0..ROWS).map(|row| Some((row / 300) as i32)).collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(ids) as ArrayRef, false),
        ("x", Arc::new(x), false),
        ("g", Arc::new(g), false),
        ("y", Arc::new(y), true),
        ("day", Arc::new(day), false),
    ])
    .unwrap();
    let group_rows = (ROWS as usize).div_ceil(GROUPS);
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group_rows));
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes.into()
}

/// The sum of `x`, and its variance, by integers: units of 2^-23, from the value of row 0 on.
fn oracle() -> (f64, f64) {
    let unit = f64::from(1 << 23);
    let whole = |row: i64| (leading(row) * unit) as i128;
    let sum: i128 = (0..ROWS).map(whole).sum();
    let away = |row: i64| whole(row) - whole(0);
    let (first, second) =
        (0..ROWS).map(away).fold((0i128, 0i128), |(first, second), d| (first + d, second + d * d));
    let rows = i128::from(ROWS);
    let over = (rows * second - first * first) as f64;
    let under = (rows * (rows - 1)) as f64;
    (sum as f64 / unit, over / under / (unit * unit))
}

#[test]
fn three_million_rows_are_summed_exactly_out_of_one_columns_chunks() {
    let bytes = file();
    let found = inspect(&bytes).unwrap();
    found.check_pages(&bytes).unwrap();
    found.check_values(&bytes).unwrap();
    assert_eq!((found.row_groups(), found.rows()), (GROUPS, ROWS as u64));
    let length = bytes.len() as u64;
    let footer = u64::from(u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()));
    let wanted: Vec<Range<u64>> =
        (0..GROUPS).flat_map(|group| found.ranges(group, &[1]).unwrap()).collect();

    let (finished, ranges, others) = block_on(async {
        let store = Arc::new(Noted::default());
        store.inner.put(&Path::from("t.parquet"), bytes.clone().into()).await.unwrap();
        let path = "t.parquet".parse().unwrap();
        let part = TablePart { path, bytes: length, format: TableFormat::Parquet };
        let input = TableInput { schema: found.schema().clone(), parts: vec![part] };
        let open = || async { FileTable::open("t", store.clone(), &input).await.unwrap() };
        let sql = "SELECT sum(x) AS s, avg(x) AS a, var_samp(x) AS v, count(*) AS n FROM t";
        let table = open().await;
        store.ranges.lock().unwrap().clear();
        let finished = run(sql, table, 2).await;
        let ranges = store.ranges.lock().unwrap().clone();
        let sql = "SELECT g, sum(x) AS s, sum(y) AS y, count(y) AS k FROM t GROUP BY g";
        (finished, ranges, run(sql, open().await, 7).await)
    });

    let float = |column: usize| {
        finished.outputs["result"].table.column(column).as_primitive::<Float64Type>().value(0)
    };
    let (sum, variance) = oracle();
    assert_eq!(float(0).to_bits(), sum.to_bits(), "{} is not {sum}", float(0));
    assert!((float(1) / (sum / ROWS as f64) - 1.0).abs() < 1e-15, "{}", float(1));
    assert!((float(2) / variance - 1.0).abs() < 1e-15, "{} is not {variance}", float(2));
    let naive: f64 = (0..ROWS).map(leading).sum();
    assert_ne!(naive.to_bits(), sum.to_bits(), "a naive sum would do, so this proves nothing");
    assert_eq!(finished.rows_read(), ROWS as u64);

    let of_footer = |range: &Range<u64>| range.start >= length - 8 - footer || *range == (0..4);
    for range in &ranges {
        assert!(of_footer(range) || wanted.contains(range), "{range:?} was read for nothing");
    }
    assert!(wanted.iter().all(|range| ranges.contains(range)), "a chunk was not read");
    let read: u64 = ranges.iter().map(|range| range.end - range.start).sum();
    assert!(read < length / 2, "{read} of {length} bytes");

    assert_eq!(others.outputs["result"].table.num_rows(), 4);
    let y: i64 =
        others.outputs["result"].table.column(2).as_primitive::<Int64Type>().values().iter().sum();
    let k: i64 =
        others.outputs["result"].table.column(3).as_primitive::<Int64Type>().values().iter().sum();
    let expected: i64 = (0..ROWS).filter(|row| row % 10 != 0).map(|row| row % 1_000).sum();
    assert_eq!((y, k), (expected, ROWS - ROWS / 10));
}
