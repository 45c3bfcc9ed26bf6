//! Parquet files of every kind are read as what was written, in canonical types.

use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;

use arrow::array::{
    Array, ArrayRef, Int64Array, ListArray, RecordBatch, StructArray, Time64MicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type};
use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use parquet::file::properties::WriterProperties;
use veritrail_datasets::describe::{ColumnDescription, FileDescription};
use veritrail_datasets::ingest::parquet::{
    MIN_PIECE_BYTES, ParquetRefused, RangeReader, cut_points, inspect, inspect_object,
    read_object_group,
};

use crate::parquet_files::{every_type, properties, read_all, small, written};

#[test]
fn every_layout_of_every_type_is_read_back() {
    let batch = every_type(2_000);
    let mut kinds = 0;
    for (name, properties) in properties() {
        let file = written(&batch, properties);
        let (inspection, found) = read_all(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(inspection.rows(), 2_000);
        assert_eq!(inspection.row_groups(), 3, "{name}");
        for (index, column) in inspection.schema().columns().iter().enumerate() {
            let expected = cast(batch.column(index), &column.column_type.arrow()).unwrap();
            assert_eq!(found.column(index), &expected, "{name}: {}", column.name);
        }
        kinds += 1;
    }
    assert!(kinds >= 11);
    let file = written(&batch, WriterProperties::default());
    let types: Vec<String> = inspect(&file)
        .unwrap()
        .schema()
        .columns()
        .iter()
        .map(|column| column.column_type.to_string())
        .collect();
    assert_eq!(
        types,
        [
            "int64",
            "int64",
            "int64",
            "uint64",
            "float64",
            "float64",
            "bool",
            "date32",
            "text",
            "binary",
            "text",
            "timestamp(ns,UTC)",
            "decimal(20,2)",
            "binary"
        ]
    );
}

#[test]
fn columns_come_in_the_order_wanted_and_rows_are_counted_without_any() {
    let file =
        written(&small(), WriterProperties::builder().set_max_row_group_row_count(Some(4)).build());
    let inspection = inspect(&file).unwrap();
    let mut rows = inspection.read(&file, 1, &[2, 0, 2]).unwrap();
    let batch = rows.next().unwrap().unwrap();
    let names: Vec<_> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["t", "i", "t"]);
    assert_eq!(batch.column(1).as_any().downcast_ref::<Int64Array>().unwrap().value(1), 3);
    assert!(rows.next().is_none());
    let count: usize = inspection.read(&file, 0, &[]).unwrap().map(|b| b.unwrap().num_rows()).sum();
    assert_eq!(count, 4);
    assert!(matches!(
        inspection.read(&file, 2, &[0]),
        Err(ParquetRefused::NoSuchPart { group: 2 })
    ));
    assert!(matches!(inspection.read(&file, 0, &[3]), Err(ParquetRefused::NoSuchPart { .. })));
}

/// Remembers what was read.
struct Counting(Bytes, Mutex<Vec<Range<u64>>>);

impl RangeReader for Counting {
    fn length(&self) -> std::io::Result<u64> {
        self.0.length()
    }

    fn read_range(&self, range: Range<u64>) -> std::io::Result<Bytes> {
        self.1.lock().unwrap().push(range.clone());
        self.0.read_range(range)
    }
}

#[test]
fn one_column_of_eleven_row_groups_touches_only_its_bytes() {
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..110_000));
    let more: ArrayRef = Arc::new(Int64Array::from_iter_values((0..110_000).map(|n| n * 7)));
    let batch =
        RecordBatch::try_from_iter([("a", values), ("b", Arc::clone(&more)), ("c", more)]).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(10_000))
        .set_dictionary_enabled(false)
        .build();
    let file = Counting(written(&batch, properties), Mutex::default());
    let inspection = inspect(&file).unwrap();
    assert_eq!(inspection.row_groups(), 11);
    let footer: u64 = file.1.lock().unwrap().drain(..).map(|range| range.end - range.start).sum();
    let mut sum = 0;
    for group in 0..11 {
        for batch in inspection.read(&file, group, &[1]).unwrap() {
            let batch = batch.unwrap();
            sum += arrow::compute::sum(arrow::array::AsArray::as_primitive::<Int64Type>(
                batch.column(0),
            ))
            .unwrap();
        }
    }
    assert_eq!(sum, (0..110_000i64).map(|n| n * 7).sum::<i64>());
    let read: u64 = file.1.lock().unwrap().iter().map(|range| range.end - range.start).sum();
    let third = file.0.len() as u64 / 3;
    assert!(read < third + 4_096 && footer < 16_384, "{read} bytes for a third of {}", third * 3);
    let cuts = cut_points(&file.0);
    assert!(cuts.len() >= 11, "{cuts:?}");
    assert!(cuts.windows(2).all(|pair| pair[1] - pair[0] >= MIN_PIECE_BYTES));
    assert!(cuts.iter().all(|cut| *cut >= MIN_PIECE_BYTES && *cut < file.0.len() as u64));
    // 80,000 bytes a column chunk: every border is a cut.
    let ranges = inspection.ranges(5, &[0, 1, 2]).unwrap();
    assert!(ranges.iter().all(|range| cuts.contains(&range.start) && cuts.contains(&range.end)));
}

#[test]
fn cut_points_of_anything_odd_are_none() {
    let file = written(&every_type(2_000), WriterProperties::default());
    assert!(cut_points(&Bytes::from_static(b"")).is_empty());
    assert!(cut_points(&Bytes::from_static(b"PAR1 and no more")).is_empty());
    assert!(cut_points(&file.slice(..file.len() - 1)).is_empty());
    assert!(cut_points(&file.slice(5..)).is_empty());
    assert!(cut_points(&Bytes::from(vec![0xff; 100_000])).is_empty());
}

#[test]
fn nested_columns_are_refused_by_name() {
    let list: ArrayRef =
        Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)])]));
    let inner: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let fields = (Arc::new(Field::new("x", DataType::Int64, true)), Arc::clone(&inner));
    let structure: ArrayRef = Arc::new(StructArray::from(vec![fields]));
    for (name, column) in [("tags", list), ("place", structure)] {
        let batch =
            RecordBatch::try_from_iter([("id", Arc::clone(&inner)), (name, column)]).unwrap();
        let error = inspect(&written(&batch, WriterProperties::default())).unwrap_err();
        assert!(matches!(&error, ParquetRefused::Nested(found) if found == name), "{error}");
    }
}

#[test]
fn types_without_an_exact_place_are_refused_by_name() {
    let times: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![1]));
    let batch = RecordBatch::try_from_iter([("clock", times)]).unwrap();
    let error = inspect(&written(&batch, WriterProperties::default())).unwrap_err();
    assert!(error.to_string().contains("\"clock\""), "{error}");
    let error = inspect(&int96_file()).unwrap_err();
    assert!(matches!(&error, ParquetRefused::Int96(name) if name == "when"), "{error}");
}

/// A file with one INT96 column, as Spark wrote them.
fn int96_file() -> Bytes {
    use parquet::data_type::{Int96, Int96Type};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    let schema = parse_message_type("message m { REQUIRED INT96 when; }").unwrap();
    let mut bytes = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let value = Int96::from(vec![1, 2, 2_458_000]);
    column.typed::<Int96Type>().write_batch(&[value], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    bytes.into()
}

#[test]
fn files_without_rows_are_tables() {
    let batch = every_type(0);
    let (inspection, found) = read_all(&written(&batch, WriterProperties::default())).unwrap();
    assert_eq!((inspection.rows(), found.num_rows()), (0, 0));
    assert_eq!(inspection.schema().columns().len(), batch.num_columns());
}

#[test]
fn pages_of_nulls_alone_are_read() {
    for (name, properties) in properties() {
        let nulls: ArrayRef = Arc::new(Int64Array::from(vec![None::<i64>; 1_500]));
        let texts: ArrayRef = arrow::array::new_null_array(&DataType::Utf8, 1_500);
        let batch =
            RecordBatch::try_from_iter_with_nullable([("n", nulls, true), ("text", texts, true)])
                .unwrap();
        let (_, found) =
            read_all(&written(&batch, properties)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(found.column(0).null_count(), 1_500, "{name}");
        assert_eq!(found.column(1).null_count(), 1_500, "{name}");
    }
}

#[test]
fn descriptions_add_units_but_cannot_change_types() {
    let file = inspect(&written(&small(), WriterProperties::default())).unwrap();
    let mut said = FileDescription::default();
    let unit = Some("kg".to_owned());
    said.columns.insert("f".into(), ColumnDescription { unit, ..Default::default() });
    assert_eq!(file.described(&said).unwrap().columns()[1].unit.as_deref(), Some("kg"));
    let column_type = Some("text".parse().unwrap());
    said.columns.insert("i".into(), ColumnDescription { column_type, ..Default::default() });
    assert!(matches!(file.described(&said), Err(ParquetRefused::OtherType { .. })));
    said.columns.clear();
    said.columns.insert("none".into(), ColumnDescription::default());
    assert!(matches!(file.described(&said), Err(ParquetRefused::UnknownColumn(_))));
}

#[test]
fn an_object_store_gives_the_same_rows() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let bytes = written(&every_type(1_000), WriterProperties::default());
    let (_, expected) = read_all(&bytes).unwrap();
    runtime.block_on(async {
        let store = InMemory::new();
        let path = Path::from("data/a.parquet");
        store.put(&path, PutPayload::from(bytes.clone())).await.unwrap();
        let file = inspect_object(&store, &path).await.unwrap();
        let rows = read_object_group(&store, &path, &file, 0, &[8, 0]).await.unwrap();
        let batches: Vec<RecordBatch> = rows.map(Result::unwrap).collect();
        let found = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
        assert_eq!(found, expected.project(&[8, 0]).unwrap());
        let missing = inspect_object(&store, &Path::from("none")).await.unwrap_err();
        assert!(matches!(missing, ParquetRefused::Store(_)), "{missing}");
        store.put(&path, PutPayload::from_static(b"PAR1")).await.unwrap();
        let short = inspect_object(&store, &path).await.unwrap_err();
        assert!(matches!(short, ParquetRefused::NotParquet(_)), "{short}");
    });
}
