//! Types that are found hold every value without loss.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use veritrail_datasets::describe::{ColumnDescription, FileDescription};
use veritrail_datasets::ingest::csv::{CsvError, DecimalMark, Inference, Note, Scan, infer};
use veritrail_datasets::schema::ColumnType;

fn inferred(text: &str) -> Inference {
    infer(text.as_bytes(), &FileDescription::default()).unwrap()
}

/// The type of a column with these values under a header.
fn of(values: &[&str]) -> String {
    let text = format!("name,x\n{}", values.iter().map(|v| format!("r,{v}\n")).collect::<String>());
    inferred(&text).schema.columns()[1].column_type.to_string()
}

#[test]
fn integers_are_integers_only_if_their_text_is_theirs() {
    assert_eq!(of(&["0", "-7", "12"]), "int64");
    assert_eq!(of(&["9223372036854775807", "-9223372036854775808"]), "int64");
    assert_eq!(of(&["9223372036854775808"]), "text");
    assert_eq!(of(&["007", "8"]), "text");
    assert_eq!(of(&["-01"]), "text");
    assert_eq!(of(&["00"]), "text");
    assert_eq!(of(&["+4912345678"]), "text");
    assert_eq!(of(&["1_000"]), "text");
    assert_eq!(of(&["0x1f"]), "text");
    assert_eq!(of(&["1 000"]), "text");
    assert_eq!(of(&["--1"]), "text");
    assert_eq!(of(&["-"]), "text");
    assert_eq!(of(&["٣"]), "text");
}

#[test]
fn floats_are_floats_if_nothing_is_lost() {
    assert_eq!(of(&["1", "2.5"]), "float64");
    assert_eq!(of(&["1e5", "-2.5E-3", ".5", "5."]), "float64");
    assert_eq!(of(&["-0", "1"]), "float64");
    assert_eq!(of(&["0.1", "00.1"]), "text");
    assert_eq!(of(&["1e999"]), "text");
    assert_eq!(of(&["1e-999"]), "text");
    assert_eq!(of(&["0e-999"]), "float64");
    assert_eq!(of(&["9007199254740993", "0.5"]), "text");
    assert_eq!(of(&["9007199254740992", "0.5"]), "float64");
    assert_eq!(of(&["1e", "2"]), "text");
    assert_eq!(of(&["1.2.3"]), "text");
    assert_eq!(of(&["."]), "text");
    assert_eq!(of(&["1d5"]), "text");
    assert_eq!(of(&["1.5f"]), "text");
}

/// What C, Microsoft's C, R, Java, Julia and NumPy write for what is no finite number.
const NOT_FINITE: [(&str, f64); 20] = [
    ("nan", f64::NAN),
    ("NaN", f64::NAN),
    ("-nan", f64::NAN),
    ("+nan", f64::NAN),
    ("-NaN", f64::NAN),
    ("nan(ind)", f64::NAN),
    ("-nan(ind)", f64::NAN),
    ("nan(snan)", f64::NAN),
    ("1.#QNAN", f64::NAN),
    ("-1.#IND", f64::NAN),
    ("inf", f64::INFINITY),
    ("+inf", f64::INFINITY),
    ("-inf", f64::NEG_INFINITY),
    ("Inf", f64::INFINITY),
    ("-Inf", f64::NEG_INFINITY),
    ("Infinity", f64::INFINITY),
    ("+Infinity", f64::INFINITY),
    ("-Infinity", f64::NEG_INFINITY),
    ("1.#INF", f64::INFINITY),
    ("-1.#INF", f64::NEG_INFINITY),
];

#[test]
fn every_word_for_no_number_is_read_as_it_was_meant() {
    for (delimiter, number) in [(",", "0.5"), (";", "0,5")] {
        let rows = NOT_FINITE.map(|(word, _)| format!("r{delimiter}{word}\n")).concat();
        let text = format!("name{delimiter}x\nr{delimiter}{number}\n{rows}");
        let found = inferred(&text);
        assert_eq!(found.schema.columns()[1].column_type, ColumnType::Float64);
        let mut scan = Scan::new(text.as_bytes(), &found.dialect, &found.schema).unwrap();
        let batch = scan.next().unwrap().unwrap();
        let floats = batch.column(1).as_primitive::<Float64Type>();
        assert_eq!((floats.null_count(), floats.value(0)), (0, 0.5));
        for (row, (word, meant)) in NOT_FINITE.into_iter().enumerate() {
            let meant = if meant.is_nan() { 0x7ff8_0000_0000_0000 } else { meant.to_bits() };
            assert_eq!(floats.value(row + 1).to_bits(), meant, "{word}");
        }
    }
}

#[test]
fn a_missing_value_of_r_stands_beside_its_numbers() {
    let found = inferred("name,x\nr,NA\nr,NaN\nr,-Inf\nr,1.25\n");
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Float64);
    assert_eq!(found.dialect.nulls, ["", "NA"]);
}

/// The notes about what a column of these values was taken for.
fn fractions(values: &[&str]) -> Vec<String> {
    let rows: String = values.iter().map(|value| format!("r;{value}\n")).collect();
    let found = inferred(&format!("name;x\n{rows}"));
    let notes = found.notes.iter().filter(|note| matches!(note, Note::BinaryFractions(_)));
    notes.map(ToString::to_string).collect()
}

#[test]
fn who_wrote_decimal_fractions_is_told_how_to_keep_their_digits() {
    let told = |exact: &str| {
        vec![format!(
            "\"x\" is read as float64, the nearest binary fraction; to keep every digit, declare \
             it as {exact}"
        )]
    };
    assert_eq!(fractions(&["10000000.2", "10000000.1"]), told("decimal(9,1)"));
    assert_eq!(fractions(&["-0.5", "12", "", "3.25"]), told("decimal(4,2)"));
    assert_eq!(fractions(&[".5"]), told("decimal(1,1)"));
    assert_eq!(fractions(&["1,5", "20,25"]), told("decimal(4,2)"));
    assert_eq!(fractions(&["12345678901234567890.25"]), told("decimal(22,2)"));
    // Numbers that decimals do not hold, or that were computed; and whole ones.
    for others in [
        &["1.5", "1e3"][..],
        &["1.5", "NaN"],
        &["0.30000000000000004"],
        &["1", "2"],
        &["1.", "-0"],
        &["x", "1.5"],
    ] {
        assert!(fractions(others).is_empty(), "{others:?}");
    }
}

#[test]
fn the_decimal_type_that_is_told_holds_every_value() {
    let text = "name,x\nr,0.5\nr,-1234.0625\nr,NA\nr,99999\n";
    let notes = inferred(text).notes;
    let Some(Note::BinaryFractions(columns)) = notes.iter().find(|n| n.to_string().contains("x"))
    else {
        panic!("{notes:?}")
    };
    let mut said = FileDescription::default();
    let column_type = Some(columns[0].1.clone());
    said.columns.insert("x".into(), ColumnDescription { column_type, ..Default::default() });
    let found = infer(text.as_bytes(), &said).unwrap();
    assert_eq!(found.schema.columns()[1].column_type.to_string(), "decimal(9,4)");
    assert!(!found.notes.iter().any(|note| matches!(note, Note::BinaryFractions(_))));
}

#[test]
fn words_for_no_number_need_a_number_beside_them() {
    assert_eq!(of(&["1.5", "NaN", "-inf", "Infinity"]), "float64");
    for word in NOT_FINITE.map(|(word, _)| word) {
        assert_eq!(of(&["1", word]), "float64", "{word}");
        assert_eq!(of(&["1.5", &word.to_uppercase(), &word.to_lowercase()]), "float64", "{word}");
        assert_eq!(of(&[word, "x"]), "text", "{word}");
    }
    for other in ["nann", "na", "in", "infinit", "--inf", "+-nan", "nan()", "nan(", "1.#", "#INF"] {
        assert_eq!(of(&["1.5", other]), "text", "{other}");
    }
    assert_eq!(of(&["inf", "nan"]), "text");
    assert_eq!(of(&["infant", "1"]), "text");
}

#[test]
fn truth_values_days_and_times() {
    assert_eq!(of(&["true", "FALSE", "True"]), "bool");
    assert_eq!(of(&["true", "1"]), "text");
    assert_eq!(of(&["0", "1"]), "int64");
    assert_eq!(of(&["2012-01-01", "2000-02-29"]), "date32");
    assert_eq!(of(&["1900-02-29"]), "text");
    assert_eq!(of(&["2012-1-1"]), "text");
    assert_eq!(of(&["01/02/2012"]), "text");
    assert_eq!(
        of(&["2012-01-01T10:00:00Z", "2012-01-01 10:00:00.123456789+02:00"]),
        "timestamp(ns,UTC)"
    );
    assert_eq!(of(&["2012-01-01T10:00:00"]), "timestamp(ns)");
    assert_eq!(of(&["2012-01-01T10:00:00", "2012-01-01T10:00:00Z"]), "text");
    assert_eq!(of(&["2012-01-01", "2012-01-01T10:00:00Z"]), "text");
    assert_eq!(of(&["2012-01-01T10:00:00.1234567890Z"]), "text");
    assert_eq!(of(&["1600-01-01T00:00:00Z"]), "text");
    assert_eq!(of(&["2012-06-30T23:59:60Z"]), "text");
    assert_eq!(of(&["2012-01-01T24:00:00Z"]), "text");
}

#[test]
fn the_last_row_counts_as_much_as_the_first() {
    let mut text = String::from("name,x\n");
    for row in 0..100_000 {
        text.push_str(&format!("r,{row}\n"));
    }
    assert_eq!(inferred(&text).schema.columns()[1].column_type, ColumnType::Int64);
    text.push_str("r,none of it\n");
    let found = inferred(&text);
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Text);
    assert_eq!(found.rows, 100_001);
}

#[test]
fn empty_fields_are_null_and_tell_nothing() {
    assert_eq!(of(&["", "1", ""]), "int64");
    assert_eq!(of(&["", "\"\"", "1"]), "int64");
    assert_eq!(of(&[" ", " 7 ", "\t8"]), "int64");
    let found = inferred("name,x\nr,\nr,\n");
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Text);
    assert!(found.notes.contains(&Note::EmptyColumn("x".to_owned())));
}

#[test]
fn quoted_numbers_are_numbers() {
    assert_eq!(of(&["\"1\"", "\"2\""]), "int64");
    assert_eq!(of(&["\"007\""]), "text");
}

#[test]
fn the_usual_words_for_missing_become_null_only_where_a_column_needs_them() {
    let found = inferred("kind,x\na,NA\nb,1.5\n");
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Float64);
    assert_eq!(found.dialect.nulls, ["", "NA"]);
    assert!(found.notes.contains(&Note::NullTokens(vec!["NA".to_owned()])));
    let found = inferred("country,x\nNA,1\nDE,2\n");
    assert_eq!(found.dialect.nulls, [""], "Namibia stays");
    let found = inferred("country,x\na,\"NA\"\nb,2\n");
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Text, "quoted is text");
    let found = inferred("name,x\nr,NA\nr,NULL\n");
    assert_eq!(found.dialect.nulls, [""], "a column of nothing else needs none");
}

#[test]
fn declared_nulls_are_all_there_are() {
    let said = FileDescription { nulls: Some(vec!["-9".into()]), ..FileDescription::default() };
    let found = infer("name,x,y\nr,-9,NA\nr,5,1\n".as_bytes(), &said).unwrap();
    assert_eq!(found.dialect.nulls, ["-9"]);
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Int64);
    assert_eq!(found.schema.columns()[2].column_type, ColumnType::Text);
}

#[test]
fn delimiters_are_found() {
    for (byte, text) in [
        (b',', "a,b,c\n1,2,3\n"),
        (b';', "a;b;c\n1;2;3\n"),
        (b'\t', "a\tb\tc\n1\t2\t3\n"),
        (b'|', "a|b|c\n1|2|3\n"),
        (b';', "name;text\nr;\"a, b, c\"\nr;x, y\n"),
        (b',', "name,list\nr,a|b\nr,c|d\nr,e\n"),
        (b',', "only\n1\n"),
    ] {
        assert_eq!(inferred(text).dialect.delimiter.byte(), byte, "{text:?}");
    }
}

#[test]
fn a_decimal_comma_is_taken_only_on_proof() {
    let found = inferred("name;x;y\nr;1,5;2\nr;-0,25;3\n");
    assert_eq!(found.dialect.decimal, DecimalMark::Comma);
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Float64);
    assert_eq!(found.schema.columns()[2].column_type, ColumnType::Int64);
    assert!(found.notes.contains(&Note::DecimalComma));
    let found = inferred("name\tx\nr\t1,500\nr\t2,250\n");
    assert_eq!(found.dialect.decimal, DecimalMark::Point, "thousands may be grouped");
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Text);
    let found = inferred("name;x;y\nr;1,5;2.5\n");
    assert_eq!(found.dialect.decimal, DecimalMark::Point, "no file has both");
}

#[test]
fn declared_types_are_checked_in_every_row() {
    let mut said = FileDescription::default();
    let column_type = Some("decimal(6,2)".parse().unwrap());
    said.columns.insert("x".into(), ColumnDescription { column_type, ..Default::default() });
    let found = infer("name,x\nr,007.50\nr,+1.2500\n".as_bytes(), &said).unwrap();
    assert_eq!(found.schema.columns()[1].column_type.to_string(), "decimal(6,2)");
    let error = infer("name,x\nr,1.5\nr,1.255\n".as_bytes(), &said).unwrap_err();
    assert!(
        matches!(&error, CsvError::Value { line: 3, column, value, .. }
        if column == "x" && value == "1.255"),
        "{error}"
    );
    let found = infer("name;x\nr;1,25\n".as_bytes(), &said).unwrap();
    assert_eq!(found.dialect.decimal, DecimalMark::Comma);
}

#[test]
fn a_description_of_a_missing_column_is_refused() {
    let mut said = FileDescription::default();
    said.columns.insert("weight".into(), ColumnDescription::default());
    let error = infer("name,wt\nr,1\n".as_bytes(), &said).unwrap_err();
    assert!(error.to_string().contains("weight"), "{error}");
    assert!(error.to_string().contains("name, wt"), "{error}");
}

#[test]
fn binary_is_not_for_csv() {
    let mut said = FileDescription::default();
    let column_type = Some(ColumnType::Binary);
    said.columns.insert("x".into(), ColumnDescription { column_type, ..Default::default() });
    let error = infer("name,x\nr,1\n".as_bytes(), &said).unwrap_err();
    assert!(matches!(error, CsvError::BinaryColumn { .. }), "{error}");
}

#[test]
fn units_and_descriptions_reach_the_schema() {
    let mut said = FileDescription::default();
    let unit = Some("kg".to_owned());
    said.columns.insert("x".into(), ColumnDescription { unit, ..Default::default() });
    let found = infer("name,x\nr,1\n".as_bytes(), &said).unwrap();
    assert_eq!(found.schema.columns()[1].unit.as_deref(), Some("kg"));
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Int64);
}
