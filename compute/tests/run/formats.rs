//! The same rows as CSV and as Parquet, and Parquet whose footer lies about them: one result.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
    RowGroupMetaData, SortingColumn,
};
use parquet::file::statistics::Statistics;
use veritrail_compute::run::RunError;
use veritrail_compute::sql::{FileTable, Options, SqlError, TableSource};
use veritrail_datasets::describe::{ColumnDescription, FileDescription};
use veritrail_datasets::ingest::csv::infer;
use veritrail_datasets::ingest::parquet::inspect;
use veritrail_datasets::manifest::TableFormat;
use veritrail_datasets::schema::{Column, TableSchema};
use veritrail_datasets::table::{TableInput, TablePart};

use super::end_to_end::{Noted, as_csv, as_parquet, run, spec};
use crate::sql::fixture::{block_on, measurements};

/// Each reads other columns, or reads them otherwise.
const QUERIES: [&str; 14] = [
    "SELECT * FROM t",
    "SELECT count(*) AS n FROM t",
    "SELECT sum(x) AS s, avg(x) AS a, min(x) AS lo, max(x) AS hi, count(x) AS n FROM t",
    "SELECT sum(z) AS s, avg(z) AS a, var_samp(z) AS v, stddev_pop(z) AS d FROM t",
    "SELECT g, sum(z) AS s, count(DISTINCT y) AS k FROM t GROUP BY g",
    "SELECT sum(y) AS y, sum(u) AS u, sum(d) AS d, avg(d) AS a, stddev(d) AS s FROM t",
    "SELECT min(u) AS a, max(u) AS b, min(d) AS c, max(d) AS e, min(day) AS f, max(day) AS h FROM t",
    "SELECT flag, count(*) AS n, sum(id) AS i FROM t GROUP BY flag",
    "SELECT DISTINCT x FROM t",
    "SELECT id, x FROM t WHERE x > 0 AND y IS NOT NULL",
    "SELECT id, x, z FROM t ORDER BY x DESC, id, z LIMIT 50",
    "SELECT g, day FROM t WHERE day BETWEEN DATE '1990-01-01' AND DATE '1999-12-31' ORDER BY day, g",
    "SELECT date_part('year', day) AS yr, sum(d) AS d FROM t GROUP BY yr HAVING count(*) > 40",
    "SELECT a.g, sum(a.z - b.z) AS s FROM t a JOIN t b ON a.id = b.id + 1 GROUP BY a.g",
];

/// What the CSV cannot say of itself.
fn declared() -> FileDescription {
    let mut said = FileDescription::default();
    for (name, kind) in [("u", "uint64"), ("d", "decimal(18,4)")] {
        let column_type = Some(kind.parse().unwrap());
        said.columns.insert(name.into(), ColumnDescription { column_type, ..Default::default() });
    }
    said
}

/// A table over one file in memory.
async fn table_of(name: &str, bytes: Vec<u8>) -> FileTable {
    let (format, schema) = if name.ends_with(".csv") {
        let found = infer(&bytes[..], &declared()).unwrap();
        (TableFormat::Csv(found.dialect), found.schema)
    } else {
        (TableFormat::Parquet, inspect(&Bytes::from(bytes.clone())).unwrap().schema().clone())
    };
    let part = TablePart { path: name.parse().unwrap(), bytes: bytes.len() as u64, format };
    let store = Arc::new(Noted::default());
    store.inner.put(&Path::from(name), bytes.into()).await.unwrap();
    FileTable::open("t", store, &TableInput { schema, parts: vec![part] }).await.unwrap()
}

fn hash(sql: &str, name: &str, bytes: Vec<u8>, partitions: usize) -> String {
    block_on(async { run(sql, table_of(name, bytes).await, partitions).await }).table_hash.to_hex()
}

#[test]
fn fourteen_queries_have_one_hash_over_csv_and_parquet() {
    let table = measurements();
    let (csv, whole, parts) = (as_csv(&table), as_parquet(&table, 10_000), as_parquet(&table, 273));
    let typed = |schema: &TableSchema| -> Vec<Column> { schema.columns().to_vec() };
    let of_csv = infer(&csv[..], &declared()).unwrap().schema;
    let of_parquet = inspect(&Bytes::from(whole.clone())).unwrap().schema().clone();
    assert_eq!(typed(&of_csv), typed(&of_parquet), "one schema, whatever the format");
    let mut seen = BTreeMap::new();
    for sql in QUERIES {
        let expected = hash(sql, "t.csv", csv.clone(), 1);
        assert_eq!(hash(sql, "t.csv", csv.clone(), 7), expected, "{sql}");
        assert_eq!(hash(sql, "t.parquet", whole.clone(), 1), expected, "{sql}");
        assert_eq!(hash(sql, "t.parquet", parts.clone(), 7), expected, "{sql}");
        assert_eq!(seen.insert(expected, sql), None, "two queries of one result prove less");
    }
}

fn metadata(file: &[u8]) -> (usize, ParquetMetaData) {
    let tail: [u8; 4] = file[file.len() - 8..file.len() - 4].try_into().unwrap();
    let start = file.len() - 8 - u32::from_le_bytes(tail) as usize;
    let footer = &file[start..file.len() - 8];
    (start, ParquetMetaDataReader::decode_metadata(footer).unwrap())
}

/// The same pages under a footer in which every column of every row group was changed.
fn lying(
    file: &[u8],
    column: fn(ColumnChunkMetaData, usize) -> ColumnChunkMetaData,
    group: fn(RowGroupMetaData) -> RowGroupMetaData,
) -> Vec<u8> {
    let (start, found) = metadata(file);
    let groups = found.row_groups().iter().map(|old| {
        let columns = old.columns().iter().enumerate();
        let columns = columns.map(|(index, old)| column(old.clone(), index)).collect();
        group(old.clone().into_builder().set_column_metadata(columns).build().unwrap())
    });
    let changed = found.clone().into_builder().set_row_groups(groups.collect()).build();
    let mut bytes = file[..start].to_vec();
    let mut footer = Vec::new();
    ParquetMetaDataWriter::new(&mut footer, &changed).finish().unwrap();
    bytes.extend_from_slice(&footer);
    bytes
}

/// Statistics of a column's own type that none of its values confirms.
fn false_statistics(column: ColumnChunkMetaData, _: usize) -> ColumnChunkMetaData {
    use parquet::basic::Type;
    let nulls = Some(3);
    let statistics = match column.column_type() {
        Type::BOOLEAN => Statistics::boolean(Some(true), Some(false), Some(1), nulls, false),
        Type::INT32 => Statistics::int32(Some(9), Some(9), Some(1), nulls, false),
        Type::INT64 => Statistics::int64(Some(9), Some(9), Some(1), nulls, false),
        Type::DOUBLE => Statistics::double(Some(9.5), Some(9.5), Some(1), nulls, false),
        _ => return column.into_builder().clear_statistics().build().unwrap(),
    };
    column.into_builder().set_statistics(statistics).build().unwrap()
}

fn false_indexes(column: ColumnChunkMetaData, _: usize) -> ColumnChunkMetaData {
    let builder = column.into_builder().set_offset_index_offset(Some(4));
    let builder = builder.set_offset_index_length(Some(60)).set_column_index_offset(Some(100));
    let builder = builder.set_column_index_length(Some(60)).set_bloom_filter_offset(Some(7));
    builder.set_bloom_filter_length(Some(i32::MAX)).build().unwrap()
}

fn false_order(group: RowGroupMetaData) -> RowGroupMetaData {
    let sorted = |column_idx| SortingColumn { column_idx, descending: true, nulls_first: false };
    let builder = group.into_builder().set_sorting_columns(Some((0..9).map(sorted).collect()));
    builder.set_total_byte_size(1).build().unwrap()
}

#[test]
fn a_footer_that_lies_about_values_and_order_changes_no_result() {
    let table = measurements();
    let file = as_parquet(&table, 700);
    let lies = [
        lying(&file, false_statistics, |group| group),
        lying(&file, false_indexes, |group| group),
        lying(&file, |column, _| column, false_order),
        lying(&file, false_statistics, false_order),
    ];
    for lie in &lies {
        assert_ne!(lie, &file);
    }
    for sql in QUERIES {
        let truth = hash(sql, "t.parquet", file.clone(), 3);
        for (number, lie) in lies.iter().enumerate() {
            assert_eq!(hash(sql, "t.parquet", lie.clone(), 3), truth, "lie {number}: {sql}");
        }
    }
}

#[test]
fn a_footer_that_lies_about_rows_is_refused_with_the_place_even_by_count() {
    let file = as_parquet(&measurements(), 700);
    let more = |column: ColumnChunkMetaData, _| {
        let rows = column.num_values() + 1;
        column.into_builder().set_num_values(rows).build().unwrap()
    };
    let lie = lying(&file, more, |group| {
        let rows = group.num_rows() + 1;
        group.into_builder().set_num_rows(rows).build().unwrap()
    });
    // The file's own count is made to agree, so that nothing in the footer contradicts it.
    let (start, found) = metadata(&lie);
    let old = found.file_metadata();
    let rows = old.num_rows() + found.num_row_groups() as i64;
    let claimed = parquet::file::metadata::FileMetaData::new(
        old.version(),
        rows,
        None,
        None,
        old.schema_descr_ptr(),
        None,
    );
    let mut bytes = lie[..start].to_vec();
    let mut footer = Vec::new();
    let agreeing = ParquetMetaData::new(claimed, found.row_groups().to_vec());
    ParquetMetaDataWriter::new(&mut footer, &agreeing).finish().unwrap();
    bytes.extend_from_slice(&footer);

    let error =
        inspect(&Bytes::from(bytes.clone())).unwrap().check_pages(&Bytes::from(bytes.clone()));
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("row group 0, column \"id\": num_rows says 701, but there are 700"),
        "{error}"
    );
    for sql in ["SELECT count(*) AS n FROM t", "SELECT sum(z) AS s FROM t"] {
        let error = block_on(async {
            let table: Arc<dyn TableSource> = Arc::new(table_of("t.parquet", bytes.clone()).await);
            let tables = BTreeMap::from([("t".to_owned(), table)]);
            veritrail_compute::run::execute(&spec(sql), &tables, &Options::default()).await
        });
        let Err(RunError::Sql(SqlError::Read { table, message })) = error else {
            panic!("{sql}: {error:?}")
        };
        assert_eq!(table, "t (t.parquet)");
        assert!(message.contains("row group ") && message.contains("num_rows says"), "{message}");
        assert_eq!(message.matches("row group").count(), 1, "{message}");
    }
}
