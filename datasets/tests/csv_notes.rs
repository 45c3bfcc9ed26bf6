//! What who publishes a CSV is told about it, since nobody sees it in the file.

use veritrail_datasets::describe::{ColumnDescription, FileDescription};
use veritrail_datasets::ingest::csv::{Inference, infer};

fn inferred(text: &str) -> Inference {
    infer(text.as_bytes(), &FileDescription::default()).unwrap()
}

fn notes(text: &str) -> Vec<String> {
    inferred(text).notes.iter().map(ToString::to_string).collect()
}

/// The notes about a column `x` of these values, beside one that has nothing to tell.
fn of(values: &[&str]) -> Vec<String> {
    notes(&format!(
        "n;x\n{}",
        values.iter().map(|value| format!("1;{value}\n")).collect::<String>()
    ))
}

#[test]
fn one_word_among_numbers_is_named_with_its_line() {
    assert_eq!(
        of(&["1", "2.5", "x", "7"]),
        ["column \"x\" is text, since line 4 holds \"x\", and 2 numbers before it"]
    );
    assert_eq!(
        of(&["2024-01-01", "01.02.2024"]),
        ["column \"x\" is text, since line 3 holds \"01.02.2024\", and days before it"]
    );
    assert_eq!(
        of(&["true", "true", "true", "0"]),
        ["column \"x\" is text, since line 5 holds \"0\", and 3 truth values before it"]
    );
    assert_eq!(
        of(&["12345", "01234"]),
        ["column \"x\" is text, since line 3 holds \"01234\", and numbers before it"]
    );
    let long = of(&["1", &"y".repeat(500)]);
    assert!(long[0].len() < 200, "{long:?}");
}

#[test]
fn numbers_in_forms_that_no_type_reads_are_named() {
    for value in ["1,000", "1.234,5", "1 000 000", "12'345", "1e400", "99999999999999999999"] {
        let told = of(&[value]);
        let words =
            format!("column \"x\" is text: line 2 holds {value:?}, which is read as no number");
        // With a point as decimal mark, numbers with commas may well be the others' fractions.
        let commas = "column \"x\" is text: its numbers have commas; if these stand before \
                      fractions, declare decimal = \",\"";
        assert!(told == [words] || told == [commas], "{value}: {told:?}");
    }
    assert_eq!(
        of(&["18446744073709551615"]),
        [
            "column \"x\" is text: line 2 holds \"18446744073709551615\", which is read as no number \
          (uint64 holds it, where it is declared)"
        ]
    );
    // What never was a number is nothing to wonder at.
    for value in ["007", "555-1234", "Oslo", "3rd", "192.168.0.1", "1.2.3", "12:30", "0x1f", "5 km"]
    {
        assert!(of(&[value]).is_empty(), "{value}: {:?}", of(&[value]));
    }
}

#[test]
fn a_declared_type_is_nobodys_surprise() {
    let mut said = FileDescription::default();
    let column_type = Some("text".parse().unwrap());
    said.columns.insert("x".into(), ColumnDescription { column_type, ..Default::default() });
    let found = infer("n,x\n1,1\n1,a\n".as_bytes(), &said).unwrap();
    assert!(found.notes.is_empty(), "{:?}", found.notes);
}

#[test]
fn many_such_columns_are_one_note() {
    let names: Vec<String> = (0..50).map(|n| format!("c{n}")).collect();
    let text = format!("{}\n{}\n{}\n", names.join(","), ["1"; 50].join(","), ["a"; 50].join(","));
    let told = notes(&text);
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("; and 47 more such columns"), "{told:?}");
}

#[test]
fn the_line_that_excel_writes_before_the_header_is_no_row() {
    for text in ["sep=;\na;b\n1;2\n", "\u{feff}SEP=;\r\na;b\r\n1;2\r\n", "\"sep=;\"\na;b\n1;2\n"] {
        let found = inferred(text);
        let names: Vec<_> = found.schema.columns().iter().map(|c| c.name.as_str()).collect();
        assert_eq!((names, found.rows), (vec!["a", "b"], 1), "{text:?}");
        assert_eq!((found.dialect.skip_lines, found.dialect.delimiter.byte()), (1, b';'));
        assert_eq!(found.notes.len(), 1);
    }
    // A name that only looks like it, and a file that says how it is written.
    assert_eq!(inferred("sep=;,b\n1,2\n").schema.columns()[0].name, "sep=;");
    let said = FileDescription { skip_lines: Some(0), ..FileDescription::default() };
    let found = infer("sep=;\na;b\n1;2\n".as_bytes(), &said).unwrap();
    assert_eq!(found.dialect.skip_lines, 0);
}

#[test]
fn a_quote_behind_a_space_opens_nothing_and_is_told() {
    let told = notes("a,b\n1,x\n2, \"y\"\n3, \"z\"\n");
    assert_eq!(
        told,
        [
            "line 3 holds \" \\\"y\\\"\": a quote that is not its field's first character is read as any \
          other; if it was to open a quoted field, remove the spaces before it"
        ]
    );
    assert!(notes("a,b\n1,x \"y\"\n").is_empty());
}
