//! Odd headers: every one gives names that queries can use, or a clear error.

use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::csv::{Inference, Note, infer};
use veritrail_datasets::schema::ColumnType;

fn inferred(text: &str) -> Inference {
    infer(text.as_bytes(), &FileDescription::default()).unwrap()
}

fn names(text: &str) -> Vec<String> {
    let columns = inferred(text).schema.columns().to_vec();
    columns.into_iter().map(|column| column.name).collect()
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    assert_eq!(names("\u{feff}id,x\n1,2\n"), ["id", "x"]);
    assert_eq!(names("\u{feff}\"id\",x\n1,2\n"), ["id", "x"]);
}

#[test]
fn empty_names_are_called_by_position() {
    assert_eq!(names("id,,\"\",x\n1,2,3,4\n"), ["id", "column_2", "column_3", "x"]);
    assert_eq!(names("column_2,,x\n1,2,3\n"), ["column_2", "column_2_2", "x"]);
}

#[test]
fn repeated_names_are_numbered_without_taking_a_name_of_the_file() {
    assert_eq!(names("x,x,x_2,x\n1,2,3,4\n"), ["x", "x_3", "x_2", "x_4"]);
    let notes = inferred("x,x\n1,2\n").notes;
    assert!(matches!(&notes[..], [Note::Renamed(renamed)] if renamed.to == "x_2"), "{notes:?}");
}

#[test]
fn spaces_around_and_line_breaks_within_names_are_plain() {
    assert_eq!(names(" id ,\"two\nlines\",\ttab\t\n1,2,3\n"), ["id", "two lines", "tab"]);
}

#[test]
fn what_nobody_can_see_in_a_name_is_dropped_and_told() {
    // A name that shows as another (U+202E turns what follows), one with a space of no width, a
    // second byte order mark, a soft hyphen, a line separator.
    let text = "\u{feff}\u{feff}id,price\u{202e}RUE,to\u{200b}tal,\u{2066}x\u{2069},so\u{ad}ft,\
                two\u{2028}lines,total\n1,2,3,4,5,6,7\n";
    assert_eq!(names(text), ["id", "priceRUE", "total", "x", "soft", "two lines", "total_2"]);
    let notes: Vec<String> = inferred(text).notes.iter().map(ToString::to_string).collect();
    assert_eq!(notes.len(), 7, "{notes:?}");
    assert_eq!(notes[1], "column 2, \"price\\u{202e}RUE\" in the file, is called \"priceRUE\"");
    // Nothing but such is no name.
    assert_eq!(names("a,\u{200b}\u{202e}\n1,2\n"), ["a", "column_2"]);
    // Joiners are a part of words, and of emoji.
    assert_eq!(
        names("\u{645}\u{6cc}\u{200c}\u{62e},\u{1f469}\u{200d}\u{1f52c}\n1,2\n"),
        ["\u{645}\u{6cc}\u{200c}\u{62e}", "\u{1f469}\u{200d}\u{1f52c}"]
    );
}

#[test]
fn names_with_delimiters_quotes_and_other_alphabets_stand_as_they_are() {
    assert_eq!(
        names("\"a,b\",\"say \"\"hi\"\"\",Größe (mm),名前,sélect; drop\n1,2,3,4,5\n"),
        ["a,b", "say \"hi\"", "Größe (mm)", "名前", "sélect; drop"]
    );
}

#[test]
fn names_that_differ_in_case_are_two_columns() {
    assert_eq!(names("a,A\n1,2\n"), ["a", "A"]);
}

#[test]
fn a_very_long_name_is_cut_and_stays_unique() {
    let long = "n".repeat(3_000);
    let found = names(&format!("{long},{long}\n1,2\n"));
    assert_ne!(found[0], found[1]);
    assert!(found.iter().all(|name| name.len() <= 1_024));
}

#[test]
fn years_beside_a_name_are_a_header() {
    assert_eq!(names("country,1990,1991\nFrance,1.5,2.5\n"), ["country", "1990", "1991"]);
}

#[test]
fn a_first_row_of_numbers_is_data_and_said_so() {
    let found = inferred("1,2.5\n2,3.5\n");
    assert_eq!(found.rows, 2);
    assert_eq!(found.dialect.header_rows, 0);
    assert_eq!(found.schema.columns()[0].name, "column_1");
    assert_eq!(found.schema.columns()[1].column_type, ColumnType::Float64);
    assert!(found.notes.contains(&Note::NoHeader));
}

#[test]
fn declared_header_rows_overrule_the_look_of_the_first_row() {
    let said = FileDescription { header_rows: Some(1), ..FileDescription::default() };
    let found = infer("1990,1991\n5,6\n".as_bytes(), &said).unwrap();
    assert_eq!(found.schema.columns()[1].name, "1991");
    assert_eq!(found.rows, 1);
    let said = FileDescription { header_rows: Some(0), ..FileDescription::default() };
    let found = infer("a,b\nc,d\n".as_bytes(), &said).unwrap();
    assert_eq!(found.rows, 2);
    assert_eq!(found.schema.columns()[1].name, "column_2");
}

#[test]
fn several_header_rows_are_joined_and_skipped_lines_may_be_ragged() {
    let said =
        FileDescription { skip_lines: Some(2), header_rows: Some(2), ..FileDescription::default() };
    let text = "Report of \"2024\nmade by hand\nweight,height\n(kg),(cm)\n80,180\n";
    let found = infer(text.as_bytes(), &said).unwrap();
    let names: Vec<_> = found.schema.columns().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["weight (kg)", "height (cm)"]);
    assert_eq!(found.rows, 1);
}

#[test]
fn a_header_alone_is_a_table_of_no_rows() {
    for text in ["a,b\n", "a,b", "a,b\r\n", "\u{feff}a,b"] {
        let found = inferred(text);
        assert_eq!(found.rows, 0, "{text:?}");
        assert!(found.schema.columns().iter().all(|c| c.column_type == ColumnType::Text));
    }
}
