//! Descriptions: strict, and the template says what was inferred.

use veritrail_datasets::describe::{
    DescribeError, Description, FileDescription, TemplateFile, template,
};
use veritrail_datasets::ingest::csv::{Note, infer};
use veritrail_datasets::manifest::TableFormat;

fn refused(text: &str) -> DescribeError {
    Description::parse(text.as_bytes()).unwrap_err()
}

#[test]
fn an_unknown_key_is_refused_with_its_line_at_every_level() {
    for (text, at, key) in [
        ("title = \"x\"\nlicense = \"CC0-1.0\"\n", 2, "license"),
        ("[[creator]]\nname = \"x\"\n\norcid = \"1\"\n", 4, "orcid"),
        ("[file.\"a.csv\"]\ndelimeter = \",\"\n", 2, "delimeter"),
        ("[file.\"a.csv\".column.x]\ntype = \"text\"\nunits = \"kg\"\n", 3, "units"),
        ("[table.x]\n", 1, "table"),
    ] {
        match refused(text) {
            DescribeError::Toml { line, message, .. } => {
                assert_eq!(line, at, "{text}");
                assert!(message.contains(key), "{message}");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn wrong_values_are_refused_with_their_line() {
    for (text, at) in [
        ("title = 5\n", 1),
        ("\n[file.a]\ndecimal = \";\"\n", 3),
        ("[file.a]\n\n\nencoding = \"latin1\"\n", 4),
        ("[file.a]\nformat = \"xlsx\"\n", 2),
        ("[file.a.column.x]\ntype = \"integer\"\n", 2),
        ("[file.a.column.x]\ntype = \"decimal(39,2)\"\n", 2),
        ("[file.a]\nheader_rows = -1\n", 2),
        ("title = \"a\"\ntitle = \"b\"\n", 2),
        ("title = \n", 1),
        ("[[creator]]\nname = \"x\"\ndid = \"no did\"\n", 3),
    ] {
        match refused(text) {
            DescribeError::Toml { line, .. } => assert_eq!(line, at, "{text}"),
            other => panic!("{other}"),
        }
    }
    assert_eq!(refused("version = 2\n"), DescribeError::Version(2));
    assert!(matches!(Description::parse(b"\xff"), Err(DescribeError::NotUtf8 { offset: 0 })));
    let large = "#".repeat((16 << 20) + 1);
    assert!(matches!(refused(&large), DescribeError::TooLarge { .. }));
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    let deep = format!("keywords = {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Description::parse(deep.as_bytes()).is_err());
}

#[test]
fn a_name_goes_before_a_glob_and_two_globs_are_ambiguous() {
    let text = "[file.\"a/*.csv\"]\ndelimiter = \";\"\n[file.\"a/x.csv\"]\ndelimiter = \"|\"\n\
                [file.\"**/y.csv\"]\ndelimiter = \",\"\n";
    let description = Description::parse(text.as_bytes()).unwrap();
    let byte = |path: &str| {
        let said = description.file(path).unwrap();
        said.and_then(|said| said.delimiter).map(|delimiter| delimiter.byte())
    };
    assert_eq!(byte("a/x.csv"), Some(b'|'));
    assert_eq!(byte("a/z.csv"), Some(b';'));
    assert_eq!(byte("a/b/z.csv"), None, "a star stays within a folder");
    assert_eq!(byte("b/c/y.csv"), Some(b','));
    assert!(matches!(description.file("a/y.csv"), Err(DescribeError::Ambiguous { .. })));
    let paths = ["a/x.csv", "a/z.csv"];
    let error = description.check_files(paths.into_iter()).unwrap_err();
    assert!(
        matches!(&error, DescribeError::Unmatched { pattern } if pattern == "**/y.csv"),
        "{error}"
    );
    let bad = Description::parse(b"[file.\"a[\"]\n").unwrap();
    assert!(matches!(bad.file("x"), Err(DescribeError::BadGlob { .. })));
}

#[test]
fn the_template_declares_what_was_inferred() {
    let text =
        "id,\"od\"\"d [name]\",when,\"tab\there\"\n007,1.5,2012-01-01,a\nx,NA,2012-01-02,b\n";
    let found = infer(text.as_bytes(), &FileDescription::default()).unwrap();
    let notes: Vec<String> = found.notes.iter().map(ToString::to_string).collect();
    let format = TableFormat::Csv(found.dialect.clone());
    let written = template(&[
        TemplateFile { path: "da\"ta/a.csv", table: Some((&format, &found.schema)), notes: &notes },
        TemplateFile { path: "b.bin", table: None, notes: &[] },
    ]);
    let description = Description::parse(written.as_bytes()).unwrap();
    assert_eq!(description.title, None, "an empty title is none");
    let said = description.file("da\"ta/a.csv").unwrap().unwrap();
    assert_eq!(said.columns.len(), 4);
    let again = infer(text.as_bytes(), said).unwrap();
    assert_eq!(again.dialect, found.dialect);
    assert_eq!(again.schema, found.schema);
    let guessed = again.notes.iter().find(|note| matches!(note, Note::EmptyColumn(_)));
    assert_eq!(guessed, None, "a declared type was not guessed");
    assert!(written.contains("NA"), "what was decided is told: {written}");
}

#[test]
fn the_template_of_the_widest_table_is_within_the_limit() {
    let header: Vec<String> = (0..16_384).map(|column| format!("measurement_{column}")).collect();
    let row = vec!["1"; header.len()].join(",");
    let text = format!("{}\n{row}\n", header.join(","));
    let found = infer(text.as_bytes(), &FileDescription::default()).unwrap();
    let format = TableFormat::Csv(found.dialect.clone());
    let table = Some((&format, &found.schema));
    let written = template(&[TemplateFile { path: "wide.csv", table, notes: &[] }]);
    let description = Description::parse(written.as_bytes()).unwrap();
    assert_eq!(description.file("wide.csv").unwrap().unwrap().columns.len(), header.len());
}

#[test]
fn a_file_is_read_by_its_name_unless_described_and_no_wish_is_ignored() {
    use veritrail_datasets::describe::DescribedFormat::{Bytes, Csv, Parquet};
    use veritrail_datasets::ingest::format_of;

    let nothing = FileDescription::default();
    for (path, format) in [
        ("a/b.CSV", Csv),
        ("b.tsv", Csv),
        ("b.tab", Csv),
        ("b.parquet", Parquet),
        ("b.parq", Parquet),
        ("b.csv.gz", Bytes),
        ("csv", Bytes),
        ("b.txt", Bytes),
    ] {
        assert_eq!(format_of(path, &nothing), Ok(format), "{path}");
    }
    let said = |text: &str| {
        let text = format!("[file.x]\n{text}\n");
        Description::parse(text.as_bytes()).unwrap().files.remove("x").unwrap()
    };
    assert_eq!(format_of("b.txt", &said("format = \"csv\"\ndelimiter = \";\"")), Ok(Csv));
    assert_eq!(format_of("b.csv", &said("format = \"bytes\"")), Ok(Bytes));
    for (path, text) in [
        ("b.txt", "delimiter = \";\""),
        ("b.parquet", "encoding = \"utf-8\""),
        ("b.csv", "format = \"bytes\"\nheader_rows = 1"),
        ("b.bin", "column.x.unit = \"kg\""),
    ] {
        assert!(format_of(path, &said(text)).is_err(), "{path}: {text}");
    }
    assert_eq!(format_of("b.pq", &said("column.x.unit = \"kg\"")), Ok(Parquet));
}
