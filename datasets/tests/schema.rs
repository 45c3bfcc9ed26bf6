//! The closed list of types, and what widens into it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use veritrail_datasets::schema::{
    Column, ColumnType, MAX_COLUMNS, SchemaError, TableSchema, widened,
};

#[test]
fn every_type_reads_as_it_is_written() {
    for text in [
        "bool",
        "int64",
        "uint64",
        "float64",
        "decimal(1,0)",
        "decimal(38,38)",
        "text",
        "binary",
        "date32",
        "timestamp(ns)",
        "timestamp(ns,UTC)",
        "timestamp(ns,Europe/Berlin)",
        "timestamp(ns,+05:30)",
    ] {
        let parsed: ColumnType = text.parse().unwrap();
        assert_eq!(parsed.to_string(), text);
        assert_eq!(widened(&parsed.arrow()).unwrap(), parsed, "its own Arrow type is its own");
    }
    for text in [
        "",
        "int",
        "INT64",
        "decimal",
        "decimal(0,0)",
        "decimal(39,1)",
        "decimal(5,6)",
        "decimal(05,1)",
        "decimal(5, -1)",
        "decimal(+5,1)",
        "timestamp",
        "timestamp(ms)",
        "timestamp(ns,)",
        "timestamp(ns,a b)",
        "timestamp(ns,\u{e9})",
        "text ",
        "decimal(5,1",
    ] {
        assert!(text.parse::<ColumnType>().is_err(), "{text:?}");
    }
}

#[test]
fn narrower_types_widen_and_others_are_refused_by_name() {
    let dictionary = |values| DataType::Dictionary(Box::new(DataType::Int8), Box::new(values));
    for (from, to) in [
        (DataType::Int8, "int64"),
        (DataType::UInt32, "int64"),
        (DataType::UInt64, "uint64"),
        (DataType::Float16, "float64"),
        (DataType::LargeUtf8, "text"),
        (DataType::Utf8View, "text"),
        (DataType::FixedSizeBinary(16), "binary"),
        (DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), "timestamp(ns,UTC)"),
        (DataType::Decimal32(5, 2), "decimal(5,2)"),
        (dictionary(DataType::Utf8), "text"),
    ] {
        assert_eq!(widened(&from).unwrap().to_string(), to);
    }
    let list = DataType::List(Arc::new(Field::new("item", DataType::Int64, true)));
    for from in [
        list,
        DataType::Null,
        DataType::Time64(TimeUnit::Nanosecond),
        DataType::Duration(TimeUnit::Second),
        DataType::Date64,
        DataType::Decimal256(50, 2),
        DataType::Decimal128(10, -2),
        dictionary(dictionary(DataType::Utf8)),
    ] {
        let schema = Schema::new(vec![Field::new("odd", from.clone(), true)]);
        let error = TableSchema::from_arrow(&schema).unwrap_err().to_string();
        assert!(
            error.contains("\"odd\"") && error.contains("write") || error.contains("a "),
            "{error}"
        );
    }
}

#[test]
fn schemas_are_checked() {
    let column = |name: &str| Column::new(name, ColumnType::Text);
    assert_eq!(TableSchema::new(vec![]), Err(SchemaError::NoColumns));
    let many = (0..=MAX_COLUMNS).map(|n| column(&n.to_string())).collect();
    assert!(matches!(TableSchema::new(many), Err(SchemaError::TooManyColumns { .. })));
    for name in ["", "a\nb", "a\0", &"x".repeat(1_025)] {
        let found = TableSchema::new(vec![column("a"), column(name)]);
        assert_eq!(found, Err(SchemaError::BadName { position: 2 }), "{name:?}");
    }
    let found = TableSchema::new(vec![column("a"), column("b"), column("a")]);
    assert!(matches!(found, Err(SchemaError::DuplicateName { first: 1, second: 3, .. })));
    let mut long = column("a");
    long.unit = Some("k".repeat(300));
    assert!(matches!(TableSchema::new(vec![long]), Err(SchemaError::TextTooLong { .. })));
}

#[test]
fn tables_differ_by_name_type_or_unit_but_not_by_description() {
    let schema = |name: &str, kind: &str, unit: Option<&str>, description: Option<&str>| {
        let mut column = Column::new(name, kind.parse().unwrap());
        column.unit = unit.map(str::to_owned);
        column.description = description.map(str::to_owned);
        TableSchema::new(vec![column]).unwrap()
    };
    let kilograms = schema("w", "float64", Some("kg"), None);
    assert!(kilograms.same_table(&schema("w", "float64", Some("kg"), Some("weight"))));
    for other in [
        schema("w", "float64", Some("lb"), None),
        schema("w", "int64", Some("kg"), None),
        schema("W", "float64", Some("kg"), None),
    ] {
        assert!(!kilograms.same_table(&other));
    }
}
