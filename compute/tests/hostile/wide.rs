//! Rows so wide that a few of them make a batch: a file of some hundred bytes that repeats one long
//! text a few thousand times.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use veritrail_compute::sql::{Answer, FileTable, Options, SqlError, TableSource, execute};
use veritrail_datasets::ingest::parquet::inspect;
use veritrail_datasets::table::TableInput;

use crate::run::end_to_end::{Noted, stored};
use crate::sql::fixture::{block_on, text};

/// Bytes of the text. Gathered to one batch the rows would take 2.6 GB, more than an array of texts
/// can hold.
const WIDTH: usize = 640_000;
const ROWS: usize = 4_100;

/// A table of a column `t` of one text and a column `n` of row numbers.
fn wide() -> Vec<u8> {
    let text = StringArray::from(vec!["b".repeat(WIDTH)]);
    let keys: Int32Array = std::iter::repeat_n(Some(0), ROWS).collect();
    let table = RecordBatch::try_from_iter([
        ("t", Arc::new(DictionaryArray::new(keys, Arc::new(text))) as ArrayRef),
        ("n", Arc::new(Int32Array::from_iter_values(0..ROWS as i32)) as ArrayRef),
    ]);
    let properties = WriterProperties::builder()
        .set_dictionary_page_size_limit(4 << 20)
        .set_compression(Compression::ZSTD(Default::default()))
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let (table, mut bytes) = (table.unwrap(), Vec::new());
    let mut writer = ArrowWriter::try_new(&mut bytes, table.schema(), Some(properties)).unwrap();
    writer.write(&table).unwrap();
    writer.close().unwrap();
    bytes
}

async fn asked(sql: &str, options: &Options) -> Result<Answer, SqlError> {
    let store = Arc::new(Noted::default());
    let bytes = wide();
    assert!(bytes.len() < 32 << 10, "{}", bytes.len());
    let schema = inspect(&bytes::Bytes::from(bytes.clone())).unwrap().schema().clone();
    let parts = vec![stored(&store, "t.parquet", bytes).await];
    let table = FileTable::open("t", store, &TableInput { schema, parts }).await.unwrap();
    let source: Arc<dyn TableSource> = Arc::new(table);
    execute(sql, &BTreeMap::new(), &BTreeMap::from([("t".to_owned(), source)]), options).await
}

#[test]
fn filters_pass_wide_rows_a_few_at_a_time() {
    for partitions in [1, 3] {
        let options = Options { partitions, memory_bytes: 256 << 20, ..Options::default() };
        // In units, and as one.
        for sql in [
            "SELECT count(*), max(n), min(length(t)) FROM t WHERE t > 'a' AND n % 3 < 2",
            "SELECT count(*), max(n), min(l) FROM \
             (SELECT n, length(t) AS l FROM t WHERE t > 'a' AND n % 3 < 2 ORDER BY n)",
        ] {
            let answer = block_on(asked(sql, &options)).unwrap();
            let row: Vec<String> = (0..3).map(|at| text(&answer, at, 0)).collect();
            assert_eq!(row, ["2734", "4099", "640000"], "{sql}");
            assert_eq!(answer.scans[0].dropped, Some(1_366), "{sql}");
        }
    }
}

#[test]
fn a_result_of_wide_rows_is_refused_with_the_limit() {
    let options = Options { memory_bytes: 256 << 20, ..Options::default() };
    let error = block_on(asked("SELECT t FROM t WHERE t > 'a'", &options)).unwrap_err();
    assert!(matches!(error, SqlError::Memory { limit: 268_435_456, .. }), "{error:?}");
}
