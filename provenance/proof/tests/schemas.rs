//! The schema's text: what a person writes is read back, and what is wrong is pointed at.

use std::str::FromStr;

use proptest::prelude::*;
use veritrail_proof::columns::Role;
use veritrail_proof::schema::{Column, Kind, Schema, SchemaError};

#[test]
fn schemas_are_read_and_written() {
    let text = "age:int[0..127],wt82_71:fixed(2)?[-200..200],group:category(yes|no),smoker:bool?,\
                cost:fixed(3)[0.125..99.5]";
    let schema = Schema::from_str(text).unwrap();
    assert_eq!(schema.to_string(), text);
    let columns = schema.columns();
    assert_eq!(columns[0].kind, Kind::Number { places: 0, lo: 0, hi: 127, thresholds: vec![] });
    assert_eq!(
        columns[1].kind,
        Kind::Number { places: 2, lo: -20_000, hi: 20_000, thresholds: vec![] }
    );
    assert!(columns[1].nullable && !columns[0].nullable);
    assert_eq!(
        columns[4].kind,
        Kind::Number { places: 3, lo: 125, hi: 99_500, thresholds: vec![] }
    );
    assert_eq!(schema.position("group"), Some(2));
    assert_eq!(schema.position("weight"), None);
}

#[test]
fn thresholds_are_read_and_written() {
    let text = "age:int[0..127]{40,65},w:fixed(2)?[-200..200]{-0.5,10.25},b:int[3..4]{4}";
    let schema = Schema::from_str(text).unwrap();
    assert_eq!(schema.to_string(), text);
    let [age, w, b] = schema.columns() else { panic!() };
    assert_eq!(age.kind.thresholds(), [40, 65]);
    assert_eq!(w.kind.thresholds(), [19_950, 21_025]);
    assert_eq!(b.kind.thresholds(), [1]);
    assert_eq!([age, w, b].map(|column| column.kind.groups()), [3, 3, 2]);
    let bands =
        |at| (0..4).map(|band| schema.columns()[at as usize].kind.band(band)).collect::<Vec<_>>();
    assert_eq!(bands(0), [Some((0, 39)), Some((40, 64)), Some((65, 127)), None]);
    assert_eq!(bands(2)[..2], [Some((0, 0)), Some((1, 1))]);
    assert_eq!(age.published(), [Role::Value, Role::Threshold(0), Role::Threshold(1)]);
    assert_eq!(w.published(), [Role::Value, Role::Threshold(0), Role::Threshold(1), Role::Valid]);
    // 40 = 101000 of 7 bits: four bits from the lowest set one are all. 65 = 1000001: a step before.
    assert_eq!(age.ingest_roles().last(), Some(&Role::Step(1, 0)));
    assert_eq!(age.ingest_roles().len(), 6 + 1);
    assert_eq!(b.ingest_roles().len(), 0);
    for wrong in ["{}", "{40", "{40;50}", "{0.5}", "{40,}", "{a}"] {
        let text = format!("age:int[0..127]{wrong}");
        assert!(matches!(Schema::from_str(&text), Err(SchemaError::Text(..))), "{text}");
    }
    for wrong in ["{0}", "{-1}", "{128}", "{40,40}", "{65,40}"] {
        let text = format!("x:bool,age:int[0..127]{wrong}");
        assert_eq!(Schema::from_str(&text), Err(SchemaError::Thresholds(1)), "{text}");
    }
    let many = |count: usize| {
        let all: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
        Schema::from_str(&format!("age:int[0..127]{{{}}}", all.join(",")))
    };
    assert!(many(63).is_ok());
    assert_eq!(many(64), Err(SchemaError::Thresholds(0)));
}

#[test]
fn published_columns_and_bits_follow_from_the_declaration() {
    let schema = Schema::from_str("a:int[0..255],b:int?[0..4],g:category(x|y|z)?,t:bool").unwrap();
    let roles: Vec<Vec<Role>> = schema.columns().iter().map(Column::published).collect();
    assert_eq!(roles[0], [Role::Value]);
    assert_eq!(roles[1], [Role::Value, Role::Valid]);
    assert_eq!(roles[2], [Role::Level(0), Role::Level(1), Role::Valid]);
    assert_eq!(roles[3], [Role::Value]);
    let bits: Vec<usize> = schema.columns().iter().map(|c| c.ingest_roles().len()).collect();
    // 8 bits but one; 3 bits but one of 0..4 and as many of its complement; none.
    assert_eq!(bits, [7, 4, 0, 0]);
    assert_eq!(schema.published().len(), 7);
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (text, at) in [
        ("", 0),
        ("age", 3),
        ("age:", 4),
        ("age:number[0..1]", 4),
        ("age:int", 7),
        ("age:int[0.5..3]", 8),
        ("age:int[0..]", 11),
        ("age:int[a..3]", 8),
        ("age:int[0..3", 12),
        ("age:int[0..3] ,", 13),
        ("w:fixed(0)[0..1]", 8),
        ("w:fixed(10)[0..1]", 8),
        ("w:fixed(2)[0.001..1]", 11),
        ("w:fixed(2)[0.0001..1]", 11),
        ("age:int[3.04..9]", 8),
        ("g:category()", 11),
        ("g:category(a|)", 13),
        ("g:category(a|b", 14),
        ("a:bool,", 7),
    ] {
        match Schema::from_str(text) {
            Err(SchemaError::Text(found, _)) => assert_eq!(found, at, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn limits_are_kept() {
    let error = |text: &str| Schema::from_str(text).unwrap_err();
    assert_eq!(error("a:int[3..3]"), SchemaError::Range(0));
    assert_eq!(error("b:bool,a:int[4..3]"), SchemaError::Range(1));
    assert_eq!(error("a:int[0..4294967296]"), SchemaError::Range(0));
    assert!(Schema::from_str("a:int[0..4294967295]").is_ok());
    assert_eq!(error("a:int[-900000000000000000..900000000000000000]"), SchemaError::Range(0));
    assert_eq!(error("a:bool,a:bool"), SchemaError::Twice(1));
    assert_eq!(error("g:category(a|a)"), SchemaError::Twice(0));
    assert_eq!(error("g:category(a)"), SchemaError::Levels(0));
    let levels = |count: usize| {
        let names: Vec<String> = (0..count).map(|level| level.to_string()).collect();
        Schema::from_str(&format!("g:category({})", names.join("|")))
    };
    assert!(levels(64).is_ok());
    assert_eq!(levels(65), Err(SchemaError::Levels(0)));
    let column = Column { name: "x".repeat(256), kind: Kind::Boolean, nullable: false };
    assert_eq!(Schema::new(vec![column]), Err(SchemaError::Name(0)));
    assert_eq!(Schema::new(vec![]), Err(SchemaError::Count(0)));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_fail_in_another_way(text in "[a-z0-9:,()|\\[\\]{}?.é-]{0,40}") {
        if let Ok(schema) = Schema::from_str(&text) {
            let again = schema.to_string();
            prop_assert_eq!(Schema::from_str(&again).unwrap(), schema);
        }
    }
}
