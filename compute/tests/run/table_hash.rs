//! TableHash against the bytes that docs/formats/table-hash.md spells out, and what it binds.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use sha2::{Digest, Sha256};
use veritrail_compute::run::canonical::{TableError, sort_rows, table_hash};

/// Two rows of every type; the second is null, where a column may have one.
pub fn every_type() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("int64", Arc::new(Int64Array::from(vec![Some(-2), None]))),
        ("uint64", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None]))),
        ("float64", Arc::new(Float64Array::from(vec![Some(-0.0), Some(f64::NAN)]))),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![Some(-12345), None])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
        ),
        ("text", Arc::new(StringArray::from(vec![Some("é"), None]))),
        ("binary", Arc::new(BinaryArray::from(vec![Some(&b"\x00\xff"[..]), None]))),
        ("date32", Arc::new(Date32Array::from(vec![Some(-1), None]))),
        ("local", Arc::new(TimestampNanosecondArray::from(vec![Some(1), None]))),
        (
            "instant",
            Arc::new(TimestampNanosecondArray::from(vec![Some(-1), None]).with_timezone("UTC")),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)))
        .unwrap()
}

fn hash(table: &RecordBatch) -> String {
    table_hash(&table.schema(), std::slice::from_ref(table)).unwrap().to_hex()
}

/// The document's recipe, written out by hand for [`every_type`].
fn by_hand() -> String {
    let zone = |zone: Option<&str>| {
        let mut tag = vec![9, u8::from(zone.is_some())];
        let zone = zone.unwrap_or("").as_bytes();
        tag.extend((zone.len() as u32).to_le_bytes());
        tag.extend(zone);
        tag
    };
    let counted = |bytes: &[u8]| [&(bytes.len() as u64).to_le_bytes(), bytes].concat();
    // Name, type, validity bitmap, values.
    let columns: Vec<(&str, Vec<u8>, u8, Vec<u8>)> = vec![
        ("bool", vec![1], 1, vec![1, 0]),
        ("int64", vec![2], 1, [(-2i64).to_le_bytes(), [0; 8]].concat()),
        ("uint64", vec![3], 1, [[0xff; 8], [0; 8]].concat()),
        (
            "float64",
            vec![4],
            3,
            [0x8000_0000_0000_0000u64.to_le_bytes(), 0x7ff8_0000_0000_0000u64.to_le_bytes()]
                .concat(),
        ),
        ("decimal", vec![5, 10, 2], 1, [(-12345i128).to_le_bytes(), [0; 16]].concat()),
        ("text", vec![6], 1, [counted("é".as_bytes()), counted(b"")].concat()),
        ("binary", vec![7], 1, [counted(b"\x00\xff"), counted(b"")].concat()),
        ("date32", vec![8], 1, [(-1i32).to_le_bytes(), [0; 4]].concat()),
        ("local", zone(None), 1, [1i64.to_le_bytes(), [0; 8]].concat()),
        ("instant", zone(Some("UTC")), 1, [(-1i64).to_le_bytes(), [0; 8]].concat()),
    ];
    let mut table = Sha256::new();
    table.update(b"veritrail/table/1\n");
    table.update(10u32.to_le_bytes());
    for (name, kind, validity, values) in columns {
        let head = [&(name.len() as u32).to_le_bytes(), name.as_bytes(), &kind].concat();
        let column = Sha256::new()
            .chain_update(b"veritrail/table/1/column\n")
            .chain_update(&head)
            .chain_update([validity])
            .chain_update(&values)
            .finalize();
        table.update(&head);
        table.update(column);
    }
    table.update(2u64.to_le_bytes());
    hex::encode(table.finalize())
}

#[test]
fn golden() {
    let golden = include_str!("../../../docs/formats/golden/table-hash.txt").trim();
    assert_eq!(by_hand(), golden);
    assert_eq!(hash(&every_type()), golden);
}

#[test]
fn batches_and_storage_do_not_count() {
    let table = every_type();
    let parts = [table.slice(0, 1), table.slice(1, 1)];
    assert_eq!(table_hash(&table.schema(), &parts).unwrap().to_hex(), hash(&table));
    let odd_nan = Float64Array::from(vec![Some(-0.0), Some(f64::from_bits(0xfff0_dead_0000_0001))]);
    let mut columns = table.columns().to_vec();
    columns[3] = Arc::new(odd_nan);
    let kinds = [
        (1, DataType::Int8),
        (4, DataType::Decimal256(10, 2)),
        (5, DataType::Utf8View),
        (6, DataType::LargeBinary),
        (8, DataType::Timestamp(TimeUnit::Nanosecond, None)),
    ];
    for (at, kind) in kinds {
        columns[at] = arrow::compute::cast(&columns[at], &kind).unwrap();
    }
    let fields: Vec<Field> = table
        .schema()
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| {
            let metadata = [("k".to_owned(), "v".to_owned())].into();
            Field::new(field.name(), column.data_type().clone(), true).with_metadata(metadata)
        })
        .collect();
    let stored = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    assert_eq!(hash(&stored), hash(&table));
}

#[test]
fn bytes_under_a_null_do_not_count() {
    let nulls = arrow::buffer::NullBuffer::from(vec![true, false]);
    let dirty = Int64Array::new(vec![5, 99].into(), Some(nulls));
    let clean = Int64Array::from(vec![Some(5), None]);
    let table = |column: Int64Array| {
        RecordBatch::try_from_iter([("n", Arc::new(column) as ArrayRef)]).unwrap()
    };
    assert_eq!(hash(&table(dirty)), hash(&table(clean)));
}

#[test]
fn every_change_counts() {
    let base = every_type();
    let mut hashes = vec![hash(&base), hash(&base.slice(0, 1)), hash(&base.slice(0, 0))];
    for at in 0..base.num_columns() {
        let kept: Vec<usize> = (0..base.num_columns()).filter(|&c| c != at).collect();
        hashes.push(hash(&base.project(&kept).unwrap()));
        let mut renamed: Vec<Field> =
            base.schema().fields().iter().map(|f| f.as_ref().clone()).collect();
        renamed[at] = renamed[at].clone().with_name("other");
        let schema = Arc::new(Schema::new(renamed));
        hashes.push(hash(&RecordBatch::try_new(schema, base.columns().to_vec()).unwrap()));
        // The two rows of one column exchanged.
        let mut columns = base.columns().to_vec();
        let exchanged = UInt32Array::from(vec![1, 0]);
        columns[at] = arrow::compute::take(&columns[at], &exchanged, None).unwrap();
        hashes.push(hash(&RecordBatch::try_new(base.schema(), columns).unwrap()));
    }
    let swapped: Vec<usize> = (0..base.num_columns()).rev().collect();
    hashes.push(hash(&base.project(&swapped).unwrap()));
    let count = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
    assert!(count > 30);
}

#[test]
fn blocks_are_counted_in_rows_of_the_table() {
    let values: Vec<i64> = (0..150_000).collect();
    let column: ArrayRef = Arc::new(Int64Array::from(values.clone()));
    let table = RecordBatch::try_from_iter([("n", column)]).unwrap();
    let head = [&1u32.to_le_bytes()[..], b"n", &[2]].concat();
    let mut digest = Sha256::new();
    digest.update(b"veritrail/table/1/column\n");
    digest.update(&head);
    for block in values.chunks(65_536) {
        let mut bitmap = vec![0xffu8; block.len() / 8];
        if block.len() % 8 != 0 {
            bitmap.push((1u16 << (block.len() % 8)) as u8 - 1);
        }
        digest.update(&bitmap);
        block.iter().for_each(|value| digest.update(value.to_le_bytes()));
    }
    let mut expected = Sha256::new();
    expected.update(b"veritrail/table/1\n");
    expected.update(1u32.to_le_bytes());
    expected.update(&head);
    expected.update(digest.finalize());
    expected.update(150_000u64.to_le_bytes());
    assert_eq!(hash(&table), hex::encode(expected.finalize()));
}

#[test]
fn types_off_the_list_and_repeated_names_are_refused() {
    let time: ArrayRef = Arc::new(Time64NanosecondArray::from(vec![1]));
    let table = RecordBatch::try_from_iter([("t", time)]).unwrap();
    let error = table_hash(&table.schema(), &[table]).unwrap_err();
    assert!(matches!(error, TableError::Type(_)) && error.to_string().contains("\"t\""), "{error}");
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let table = RecordBatch::try_from_iter([("n", column.clone()), ("n", column)]).unwrap();
    let error = table_hash(&table.schema(), &[table]).unwrap_err();
    assert!(matches!(error, TableError::Duplicate(_)), "{error}");
}

#[test]
fn rows_sort_nulls_first_then_by_total_order() {
    let column: ArrayRef =
        Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(0.0), None, Some(-0.0), Some(-1.0)]));
    let table = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let sorted = sort_rows(&table).unwrap();
    let column = sorted.column(0).as_primitive::<arrow::datatypes::Float64Type>();
    let shown: Vec<String> = column.iter().map(|x| format!("{x:?}")).collect();
    assert_eq!(shown, ["None", "Some(-1.0)", "Some(-0.0)", "Some(0.0)", "Some(NaN)"]);
}
