//! Scanning by the schema: values, nulls, projections, and the digest of what was read.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampNanosecondType, UInt64Type,
};
use veritrail_datasets::ingest::bytes::Digesting;
use veritrail_datasets::ingest::csv::{BATCH_ROWS, CsvDialect, Scan};
use veritrail_datasets::schema::{Column, TableSchema};

fn schema(columns: &[(&str, &str)]) -> TableSchema {
    let column = |(name, kind): &(&str, &str)| Column::new(*name, kind.parse().unwrap());
    TableSchema::new(columns.iter().map(column).collect()).unwrap()
}

#[test]
fn every_type_is_read() {
    let schema = schema(&[
        ("b", "bool"),
        ("i", "int64"),
        ("u", "uint64"),
        ("f", "float64"),
        ("d", "decimal(5,2)"),
        ("t", "text"),
        ("day", "date32"),
        ("at", "timestamp(ns,Europe/Berlin)"),
        ("local", "timestamp(ns)"),
    ]);
    let text = "b,i,u,f,d,t,day,at,local\n\
        true,-5,18446744073709551615,-0,1.5,x,1969-12-31,1970-01-01T01:00:00.5+01:00,1970-01-02 00:00:00\n\
        ,,,,,,,,\n\
        FALSE,+007,0,1e308,-999.99, y ,2000-02-29,1969-12-31T23:59:59.999999999Z,1970-01-01T00:00:00\n";
    let batches: Vec<_> = Scan::new(text.as_bytes(), &CsvDialect::default(), &schema)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let [batch] = &batches[..] else { panic!("one batch") };
    assert_eq!(batch.schema(), schema.arrow());
    let column = |index: usize| batch.column(index);
    assert!(batch.columns().iter().all(|column| column.is_null(1) && column.null_count() == 1));
    assert!(column(0).as_boolean().value(0) && !column(0).as_boolean().value(2));
    assert_eq!(column(1).as_primitive::<Int64Type>().value(2), 7);
    assert_eq!(column(2).as_primitive::<UInt64Type>().value(0), u64::MAX);
    let floats = column(3).as_primitive::<Float64Type>();
    assert_eq!(floats.value(0).to_bits(), (-0.0f64).to_bits());
    assert_eq!(column(4).as_primitive::<Decimal128Type>().value(0), 150);
    assert_eq!(column(4).as_primitive::<Decimal128Type>().value(2), -99_999);
    assert_eq!(column(5).as_string::<i32>().value(2), " y ");
    assert_eq!(column(6).as_primitive::<Date32Type>().value(0), -1);
    assert_eq!(column(6).as_primitive::<Date32Type>().value(2), 11_016);
    let instants = column(7).as_primitive::<TimestampNanosecondType>();
    assert_eq!((instants.value(0), instants.value(2)), (500_000_000, -1));
    assert_eq!(column(8).as_primitive::<TimestampNanosecondType>().value(0), 86_400_000_000_000);
}

#[test]
fn quoted_and_unquoted_empty_fields_differ_in_text_only() {
    let schema = schema(&[("t", "text"), ("i", "int64")]);
    let text = "t,i\n,\"\"\n\"\",\n\"NA\",NA\nNA, NA \n  ,  \n";
    let dialect = CsvDialect { nulls: vec!["".into(), "NA".into()], ..CsvDialect::default() };
    let batch = Scan::new(text.as_bytes(), &dialect, &schema).unwrap().next().unwrap().unwrap();
    let texts: Vec<_> = batch.column(0).as_string::<i32>().iter().collect();
    assert_eq!(texts, [None, Some(""), Some("NA"), None, Some("  ")]);
    assert_eq!(batch.column(1).null_count(), 5);
}

#[test]
fn a_projection_builds_only_what_is_wanted_in_its_order() {
    let schema = schema(&[("a", "int64"), ("b", "int64"), ("c", "text")]);
    let text = "a,b,c\n1,not parsed,x\n2,nor this,y\n";
    let dialect = CsvDialect::default();
    let scan = Scan::of_columns(text.as_bytes(), &dialect, &schema, &[2, 0]).unwrap();
    let names: Vec<_> = scan.arrow_schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["c", "a"]);
    let batch = scan.map(Result::unwrap).next().unwrap();
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[1, 2]);
    let mut count = Scan::of_columns(text.as_bytes(), &dialect, &schema, &[]).unwrap();
    assert_eq!(count.next().unwrap().unwrap().num_rows(), 2);
    assert!(count.next().is_none());
}

#[test]
fn batches_are_bounded_and_all_rows_come_in_order() {
    let schema = schema(&[("i", "int64")]);
    let rows = BATCH_ROWS * 2 + 5;
    let text: String =
        std::iter::once("i\n".to_owned()).chain((0..rows).map(|n| format!("{n}\n"))).collect();
    let batches: Vec<_> = Scan::new(text.as_bytes(), &CsvDialect::default(), &schema)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        batches.iter().map(|b| b.num_rows()).collect::<Vec<_>>(),
        [BATCH_ROWS, BATCH_ROWS, 5]
    );
    let all =
        batches.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec());
    assert!(all.eq(0..rows as i64));
}

#[test]
fn the_digest_of_a_scan_is_that_of_the_file() {
    let text = "\u{feff}i\n1\n2\n";
    let whole = Digesting::new(text.as_bytes()).finish().unwrap();
    assert_eq!(whole.bytes, text.len() as u64);
    let schema = schema(&[("i", "int64")]);
    let mut scan = Scan::new(text.as_bytes(), &CsvDialect::default(), &schema).unwrap();
    scan.next().unwrap().unwrap();
    assert_eq!(scan.finish().unwrap(), whole);
    let fresh = Scan::new(text.as_bytes(), &CsvDialect::default(), &schema).unwrap();
    assert_eq!(fresh.finish().unwrap(), whole);
    let found =
        veritrail_datasets::ingest::csv::infer(text.as_bytes(), &Default::default()).unwrap();
    assert_eq!(found.seen, whole);
}

#[test]
fn after_an_error_a_scan_ends() {
    let schema = schema(&[("i", "int64")]);
    let mut scan = Scan::new(&b"i\nx\n2\n"[..], &CsvDialect::default(), &schema).unwrap();
    assert!(scan.next().unwrap().is_err());
    assert!(scan.next().is_none());
}

#[test]
fn floats_are_rounded_correctly() {
    let schema = schema(&[("f", "float64")]);
    // Halfway cases and the NHEFS column that needs a round-trip parser.
    for text in
        ["2.6049699499999974", "9007199254740993", "1.7976931348623157e308", "5e-324", "0.1"]
    {
        let file = format!("f\n{text}\n");
        let batch = Scan::new(file.as_bytes(), &CsvDialect::default(), &schema).unwrap().next();
        let value = batch.unwrap().unwrap().column(0).as_primitive::<Float64Type>().value(0);
        assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
    }
    let mut scan = Scan::new(&b"f\n1e400\n"[..], &CsvDialect::default(), &schema).unwrap();
    assert!(scan.next().unwrap().is_err(), "no finite text becomes infinite");
}
