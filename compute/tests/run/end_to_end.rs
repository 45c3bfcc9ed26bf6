//! A run over files behind an object store: CSV and Parquet of the same rows, and what is read.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use arrow::array::{Array, AsArray, RecordBatch};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::*;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use veritrail_compute::run::compare::compare;
use veritrail_compute::run::output::read_parquet;
use veritrail_compute::run::{Finished, ResolvedInput, ResolvedSpec, RunError, Spec, execute};
use veritrail_compute::sql::{FileTable, Options, RowOrder, SqlError, TableSource};
use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::csv::infer;
use veritrail_datasets::ingest::parquet::inspect;
use veritrail_datasets::manifest::TableFormat;
use veritrail_datasets::schema::{Column, ColumnType, TableSchema};
use veritrail_datasets::table::{TableInput, TablePart};
use veritrail_provenance::hash::DatasetRoot;
use veritrail_provenance::statement::Outcome;

use crate::sql::fixture::{block_on, measurements};

/// An object store in memory that notes every range it hands out.
#[derive(Debug, Default)]
pub struct Noted {
    pub inner: InMemory,
    pub ranges: Mutex<Vec<Range<u64>>>,
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("noted")
    }
}

#[async_trait]
impl ObjectStore for Noted {
    async fn put_opts(&self, at: &Path, bytes: PutPayload, o: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(at, bytes, o).await
    }
    async fn put_multipart_opts(
        &self,
        at: &Path,
        o: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, o).await
    }
    async fn get_opts(&self, at: &Path, o: GetOptions) -> Result<GetResult> {
        let head = o.head;
        let got = self.inner.get_opts(at, o).await?;
        if !head {
            self.ranges.lock().unwrap().push(got.range.clone());
        }
        Ok(got)
    }
    async fn get_ranges(&self, at: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.ranges.lock().unwrap().extend(ranges.iter().cloned());
        self.inner.get_ranges(at, ranges).await
    }
    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }
    fn list(&self, at: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(at)
    }
    async fn list_with_delimiter(&self, at: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(at).await
    }
    async fn copy_opts(&self, from: &Path, to: &Path, o: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, o).await
    }
}

/// The columns that CSV and Parquet can both hold without a declaration.
pub fn plain() -> RecordBatch {
    measurements().project(&[1, 3, 4, 7]).unwrap()
}

pub fn as_csv(table: &RecordBatch) -> Vec<u8> {
    let mut text =
        table.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(",")
            + "\n";
    for row in 0..table.num_rows() {
        let cells: Vec<String> = table
            .columns()
            .iter()
            .map(|column| match column.as_string_opt::<i32>() {
                Some(words) => format!("\"{}\"", words.value(row)),
                None if column.is_null(row) => String::new(),
                None => match column.as_primitive_opt::<arrow::datatypes::Float64Type>() {
                    Some(floats) => format!("{:?}", floats.value(row)),
                    None => arrow::util::display::array_value_to_string(column, row).unwrap(),
                },
            })
            .collect();
        text += &(cells.join(",") + "\n");
    }
    text.into_bytes()
}

pub fn as_parquet(table: &RecordBatch, group_rows: usize) -> Vec<u8> {
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, table.schema(), Some(properties)).unwrap();
    writer.write(table).unwrap();
    writer.close().unwrap();
    bytes
}

pub async fn stored(store: &Arc<Noted>, path: &str, bytes: Vec<u8>) -> TablePart {
    let size = bytes.len() as u64;
    let format = if path.ends_with(".csv") {
        TableFormat::Csv(infer(&bytes[..], &FileDescription::default()).unwrap().dialect)
    } else {
        TableFormat::Parquet
    };
    store.inner.put(&Path::parse(path).unwrap(), bytes.into()).await.unwrap();
    TablePart { path: path.parse().unwrap(), bytes: size, format }
}

pub fn spec(sql: &str) -> ResolvedSpec {
    let inputs = BTreeMap::from([("t".to_owned(), "x".to_owned())]);
    let root = ResolvedInput { root: DatasetRoot::from_bytes([1; 32]), select: None };
    Spec::new(sql.to_owned(), inputs)
        .unwrap()
        .resolve(BTreeMap::from([("t".to_owned(), root)]))
        .unwrap()
}

pub async fn run(sql: &str, table: FileTable, partitions: usize) -> Finished {
    let source: Arc<dyn TableSource> = Arc::new(table);
    let options = Options { partitions, ..Options::default() };
    execute(&spec(sql), &BTreeMap::from([("t".to_owned(), source)]), &options).await.unwrap()
}

const SQL: &str = "SELECT g, avg(z) AS m, stddev(z) AS s, sum(y) AS y, max(day) AS d, count(*) AS n \
                   FROM t WHERE y IS NOT NULL GROUP BY g";

#[test]
fn csv_and_parquet_of_the_same_rows_are_one_result() {
    let mut hashes = Vec::new();
    let table = plain();
    for (partitions, format, group_rows) in [
        (1, "csv", 0),
        (1, "parquet", 10_000),
        (7, "parquet", 300),
        (64, "csv", 0),
        (64, "parquet", 41),
    ] {
        let finished = block_on(async {
            let store = Arc::new(Noted::default());
            let half = table.num_rows() / 2;
            let mut parts = Vec::new();
            for (name, rows) in
                [("a", table.slice(0, half)), ("b", table.slice(half, table.num_rows() - half))]
            {
                let bytes =
                    if format == "csv" { as_csv(&rows) } else { as_parquet(&rows, group_rows) };
                parts.push(stored(&store, &format!("{name}.{format}"), bytes).await);
            }
            let schema = infer(&as_csv(&table)[..], &FileDescription::default()).unwrap().schema;
            let input = TableInput { schema, parts };
            run(SQL, FileTable::open("t", store, &input).await.unwrap(), partitions).await
        });
        assert_eq!(finished.steps[0].order, RowOrder::Canonical);
        let made = &finished.outputs["result"];
        assert_eq!(made.table_hash, finished.table_hash);
        assert_eq!(finished.rows(), 5);
        assert_eq!(finished.rows_read(), 3_000);
        assert_eq!(finished.rows_dropped(), (0..3_000).filter(|r| r % 11 == 0).count() as u64);
        hashes.push((finished.table_hash.to_hex(), made.parquet.clone()));
        let published = read_parquet(&made.parquet).unwrap();
        let comparison = compare(&published, &made.table, &BTreeMap::new()).unwrap();
        assert_eq!(comparison.outcome, Outcome::Identical);
    }
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "hashes or files differ");
}

#[test]
fn one_column_touches_its_chunks_and_the_footer() {
    let table = measurements();
    let bytes = as_parquet(&table, table.num_rows().div_ceil(11));
    let file = inspect(&Bytes::from(bytes.clone())).unwrap();
    assert_eq!(file.row_groups(), 11);
    let length = bytes.len() as u64;
    let footer = u64::from(u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()));
    let wanted: Vec<Range<u64>> =
        (0..11).flat_map(|group| file.ranges(group, &[4]).unwrap()).collect();
    let noted = block_on(async {
        let store = Arc::new(Noted::default());
        let part = stored(&store, "t.parquet", bytes).await;
        let input = TableInput { schema: file.schema().clone(), parts: vec![part] };
        let table = FileTable::open("t", store.clone(), &input).await.unwrap();
        run("SELECT sum(z) AS s FROM t", table, 4).await;
        store.ranges.lock().unwrap().clone()
    });
    assert!(noted.len() >= 11);
    for range in &noted {
        let of_footer = range.start >= length - 8 - footer || *range == (0..4);
        assert!(of_footer || wanted.contains(range), "{range:?} was read for nothing");
    }
}

#[test]
fn a_broken_input_is_named_and_leaves_no_result() {
    let error = block_on(async {
        let store = Arc::new(Noted::default());
        let mut bytes = as_csv(&plain());
        bytes.extend_from_slice(b"\"x\",1\n");
        let schema = infer(&as_csv(&plain())[..], &FileDescription::default()).unwrap();
        let part = TablePart {
            path: "bad.csv".parse().unwrap(),
            bytes: bytes.len() as u64,
            format: TableFormat::Csv(schema.dialect),
        };
        store.inner.put(&Path::from("bad.csv"), bytes.into()).await.unwrap();
        let input = TableInput { schema: schema.schema, parts: vec![part] };
        let source: Arc<dyn TableSource> =
            Arc::new(FileTable::open("t", store, &input).await.unwrap());
        let tables = BTreeMap::from([("t".to_owned(), source)]);
        execute(&spec("SELECT sum(z) AS s FROM t"), &tables, &Options::default()).await.unwrap_err()
    });
    let RunError::Sql(SqlError::Read { table, message }) = error else { panic!("{error:?}") };
    assert_eq!(table, "t (bad.csv)");
    assert!(message.contains("3002"), "{message}");
}

#[test]
fn tables_must_be_the_specs_inputs() {
    let error = block_on(execute(&spec("SELECT 1 AS a"), &BTreeMap::new(), &Options::default()))
        .unwrap_err();
    assert!(error.to_string().contains("inputs are t"), "{error}");
}

/// A unit is said about a column by its publisher and stands in no Parquet footer; another type
/// would be another table.
#[test]
fn units_are_the_manifests_and_types_are_the_files() {
    let bytes = as_parquet(&plain(), 500);
    let mut columns = inspect(&Bytes::from(bytes.clone())).unwrap().schema().columns().to_vec();
    columns[2].unit = Some("kg".to_owned());
    let open = |columns: Vec<Column>| {
        let bytes = bytes.clone();
        block_on(async {
            let store = Arc::new(Noted::default());
            let part = stored(&store, "t.parquet", bytes).await;
            let schema = TableSchema::new(columns).unwrap();
            FileTable::open("t", store, &TableInput { schema, parts: vec![part] }).await
        })
    };
    assert!(open(columns.clone()).is_ok());
    columns[2].column_type = ColumnType::Int64;
    let error = open(columns).unwrap_err();
    assert!(error.message.contains("\"z\" is float64 here and int64 there"), "{error}");
    assert_eq!(error.table, "t (t.parquet)");
}
