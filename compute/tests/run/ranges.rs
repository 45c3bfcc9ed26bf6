//! Files read by ranges: row groups and pieces of a CSV are the same table however they are cut,
//! and a range is named by content.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::TryStreamExt;
use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::sql::unit::{MemoryCache, UnitCache};
use veritrail_compute::sql::{Answer, FileTable, Options, TableRange, TableSource, execute};
use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::csv::{Scan, infer, marks};
use veritrail_datasets::ingest::parquet::inspect;
use veritrail_datasets::table::TableInput;
use veritrail_provenance::hash::DatasetRoot;

use super::end_to_end::{Noted, as_csv, as_parquet, plain, stored};
use crate::sql::fixture::{block_on, measurements};

const SQL: &str = "SELECT g, avg(z) AS m, stddev(z) AS s, sum(y) AS y, max(day) AS d, count(*) AS n \
                   FROM t WHERE y IS NOT NULL GROUP BY g";

async fn parquet(table: &RecordBatch, group_rows: usize) -> (Arc<Noted>, FileTable) {
    let store = Arc::new(Noted::default());
    let bytes = as_parquet(table, group_rows);
    let schema = inspect(&bytes::Bytes::from(bytes.clone())).unwrap().schema().clone();
    let parts = vec![stored(&store, "t.parquet", bytes).await];
    let table = FileTable::open("t", store.clone(), &TableInput { schema, parts }).await.unwrap();
    (store, table)
}

async fn csv(bytes: Vec<u8>) -> FileTable {
    let store = Arc::new(Noted::default());
    let schema = infer(&bytes[..], &FileDescription::default()).unwrap().schema;
    let parts = vec![stored(&store, "t.csv", bytes).await];
    FileTable::open("t", store, &TableInput { schema, parts }).await.unwrap()
}

async fn ask(table: FileTable, unit_rows: u64, partitions: usize) -> Answer {
    let source: Arc<dyn TableSource> = Arc::new(table);
    let options = Options { unit_rows, partitions, ..Options::default() };
    let tables = BTreeMap::from([("t".to_owned(), source)]);
    execute(SQL, &BTreeMap::new(), &tables, &options).await.unwrap()
}

#[test]
fn eleven_row_groups_are_one_result_in_any_units() {
    let table = measurements();
    let hashes: Vec<String> = block_on(async {
        let mut hashes = Vec::new();
        for (unit_rows, units) in [(1, 11), (273, 11), (274, 6), (1_000, 3), (u64::MAX, 1)] {
            for partitions in [1, 2, 7, 64] {
                let (_, file) = parquet(&table, 273).await;
                let answer = ask(file, unit_rows, partitions).await;
                assert_eq!(answer.units.planned, units);
                assert_eq!((answer.units.computed, answer.units.rows), (units, 3_000));
                let nulls = (0..3_000).filter(|row| row % 11 == 0).count() as u64;
                assert_eq!((answer.scans[0].read, answer.scans[0].dropped), (3_000, Some(nulls)));
                hashes.push(table_hash(&answer.schema(), &[answer.table]).unwrap().to_hex());
            }
        }
        hashes
    });
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "{hashes:?}");
}

/// Rows with quoted line breaks, so long that the file is cut.
fn long_csv(lines: usize) -> (Vec<u8>, u64) {
    let mut text = String::from("g,y,z,day\n");
    let (mut row, mut lines_left) = (0i64, lines);
    while lines_left > 0 {
        let note = if row % 3 == 0 { "\"a\nb, \"\"c\"\"\n\"" } else { "plain" };
        text += &format!("{note},{},{}.25,2024-01-{:02}\n", row % 97, row, row % 28 + 1);
        if row % 5 == 0 {
            text += "\n";
        }
        row += 1;
        lines_left -= 1;
    }
    (text.into_bytes(), row as u64)
}

#[test]
fn a_long_csv_is_cut_between_records_and_nowhere_else() {
    let (bytes, rows) = long_csv(200_000);
    assert!(bytes.len() > 4 << 20, "{}", bytes.len());
    let found = infer(&bytes[..], &FileDescription::default()).unwrap();
    let all = [0, 1, 2, 3];
    let whole: Vec<RecordBatch> = Scan::new(&bytes[..], &found.dialect, &found.schema)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let whole = arrow::compute::concat_batches(&whole[0].schema(), &whole).unwrap();
    assert_eq!(whole.num_rows() as u64, rows);
    for every in [1, 1_000, 1 << 20] {
        let marks = marks(&bytes[..], &found.dialect, every).unwrap();
        if every == 1 {
            assert_eq!(marks.len() as u64, rows, "every record begins somewhere");
            continue;
        }
        let mut batches = Vec::new();
        let ends = marks.iter().skip(1).map(|mark| mark.offset as usize).chain([bytes.len()]);
        for (mark, end) in marks.iter().zip(ends) {
            let piece = &bytes[mark.offset as usize..end];
            let scan = Scan::resumed(piece, &found.dialect, &found.schema, &all, *mark).unwrap();
            batches.extend(scan.collect::<Result<Vec<_>, _>>().unwrap());
        }
        let rest = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
        let before = whole.num_rows() - rest.num_rows();
        assert_eq!(rest, whole.slice(before, rest.num_rows()), "{every}");
        assert!(before > 0 && marks.len() > 4);
    }
    let hashes: Vec<(String, u64)> = block_on(async {
        let mut hashes = Vec::new();
        for (unit_rows, partitions) in [(u64::MAX, 1), (1, 3), (30_000, 7)] {
            let answer = ask(csv(bytes.clone()).await, unit_rows, partitions).await;
            assert_eq!(answer.scans[0].read, rows);
            assert_eq!(answer.units.planned > 1, unit_rows != u64::MAX);
            let hash = table_hash(&answer.schema(), &[answer.table]).unwrap();
            hashes.push((hash.to_hex(), answer.scans[0].dropped.unwrap()));
        }
        hashes
    });
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "{hashes:?}");
}

#[test]
fn the_line_of_a_fault_is_the_files_in_any_piece() {
    let (mut bytes, rows) = long_csv(200_000);
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    bytes.extend_from_slice(b"x,not a number,1.5,2024-01-01\n");
    let (good, _) = long_csv(200_000);
    let error = block_on(async {
        let store = Arc::new(Noted::default());
        let found = infer(&good[..], &FileDescription::default()).unwrap();
        let mut part = stored(&store, "t.csv", good).await;
        part.bytes = bytes.len() as u64;
        let path = object_store::path::Path::from("t.csv");
        object_store::ObjectStoreExt::put(&store.inner, &path, bytes.into()).await.unwrap();
        let input = TableInput { schema: found.schema, parts: vec![part] };
        let table: Arc<dyn TableSource> =
            Arc::new(FileTable::open("t", store, &input).await.unwrap());
        let options = Options { unit_rows: 1, partitions: 2, ..Options::default() };
        let tables = BTreeMap::from([("t".to_owned(), table)]);
        execute("SELECT sum(y) AS s FROM t", &BTreeMap::new(), &tables, &options).await
    });
    let message = error.unwrap_err().to_string();
    assert!(message.contains(&format!("line {}", lines + 1)), "{message} of {rows} rows");
}

#[test]
fn ranges_are_the_table_and_their_content_is_the_roots() {
    block_on(async {
        let (_, table) = parquet(&plain(), 500).await;
        let unnamed = table.ranges(&[0, 2], 1_000).await.unwrap();
        assert!(unnamed.iter().all(|range| range.content.is_none()));
        let rooted = table.rooted(DatasetRoot::from_bytes([7; 32]));
        let ranges = rooted.ranges(&[0, 2], 1_000).await.unwrap();
        assert_eq!(ranges.len(), 3);
        assert_eq!(ranges.iter().map(|range| range.rows.unwrap()).sum::<u64>(), 3_000);
        let one: &TableRange = &ranges[1];
        let expected = serde_json::json!({
            "files": [{ "groups": ["2", "3"], "path": "t.parquet" }],
            "root": "07".repeat(32),
        });
        assert_eq!(one.content.as_ref(), Some(&expected));
        let wider = rooted.ranges(&[0, 1, 2, 3], 1_000).await.unwrap();
        assert!(wider[1].bytes > one.bytes && wider[1].content == one.content);
        let read: Vec<RecordBatch> = rooted.open_range(one, &[0, 2]).try_collect().await.unwrap();
        let read = arrow::compute::concat_batches(&read[0].schema(), &read).unwrap();
        assert_eq!(read.num_rows(), 1_000);
        // A CSV is named with how it is read, which the root does not say.
        let table = csv(as_csv(&plain())).await.rooted(DatasetRoot::from_bytes([7; 32]));
        let content = table.ranges(&[0], 1_000).await.unwrap()[0].content.clone().unwrap();
        assert_eq!(content["files"][0]["csv"]["delimiter"], ",");
        assert_eq!(content["files"][0]["columns"][1], serde_json::json!(["y", "int64"]));
    });
}

#[test]
fn kept_results_of_files_need_no_file() {
    block_on(async {
        let cache: Arc<dyn UnitCache> = Arc::new(MemoryCache::default());
        let (store, table) = parquet(&plain(), 500).await;
        let source: Arc<dyn TableSource> = Arc::new(table.rooted(DatasetRoot::from_bytes([7; 32])));
        let tables = BTreeMap::from([("t".to_owned(), source)]);
        let options = Options { unit_rows: 1, cache: Some(cache), ..Options::default() };
        let first = execute(SQL, &BTreeMap::new(), &tables, &options).await.unwrap();
        let read = store.ranges.lock().unwrap().len();
        let second = execute(SQL, &BTreeMap::new(), &tables, &options).await.unwrap();
        assert_eq!(store.ranges.lock().unwrap().len(), read);
        assert_eq!((first.table, first.scans), (second.table, second.scans));
        assert_eq!((second.units.cached, second.units.computed), (6, 0));
    });
}
