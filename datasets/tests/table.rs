//! Which table a query means: one, or an error that lists what there is.

use veritrail_datasets::ingest::csv::CsvDialect;
use veritrail_datasets::manifest::{About, Manifest, Table, TableFile, TableFormat};
use veritrail_datasets::schema::{Column, ColumnType, TableSchema};
use veritrail_datasets::table::{SelectError, TableInput, select};
use veritrail_provenance::layout::Layout;

use crate::layouts::layout;

fn dataset(files: &[(&str, &str)], others: &[&str]) -> (Manifest, Layout) {
    let paths: Vec<&str> =
        files.iter().map(|(path, _)| *path).chain(others.iter().copied()).collect();
    let layout = layout(&paths);
    let tables = files.iter().map(|(path, column)| TableFile {
        path: path.parse().unwrap(),
        rows: 1,
        format: match path.ends_with(".parquet") {
            true => TableFormat::Parquet,
            false => TableFormat::Csv(CsvDialect::default()),
        },
        schema: TableSchema::new(vec![Column::new(*column, ColumnType::Int64)]).unwrap(),
    });
    let tables = Table::group(&layout, tables.collect()).unwrap();
    (Manifest::new(layout.head().clone(), tables, About::default()).unwrap(), layout)
}

fn paths(input: &TableInput) -> Vec<&str> {
    input.parts.iter().map(|part| part.path.as_str()).collect()
}

#[test]
fn one_table_among_other_files_is_the_table() {
    let (manifest, layout) = dataset(&[("rain.csv", "x")], &["README.md", "a.bin"]);
    let input = select(&manifest, &layout, None).unwrap();
    assert_eq!(paths(&input), ["rain.csv"]);
    assert_eq!(input.parts[0].bytes, 8);
    let error = select(&manifest, &layout, Some("README.md")).unwrap_err();
    assert!(matches!(error, SelectError::NotATable { .. }), "{error}");
}

#[test]
fn several_of_one_schema_are_one_table_whatever_their_format() {
    let (manifest, layout) =
        dataset(&[("a/2.csv", "x"), ("a/1.csv", "x"), ("b/3.parquet", "x"), ("c/4.csv", "x")], &[]);
    assert_eq!(
        paths(&select(&manifest, &layout, None).unwrap()),
        ["a/1.csv", "a/2.csv", "b/3.parquet", "c/4.csv"]
    );
    assert_eq!(paths(&select(&manifest, &layout, Some("a/*")).unwrap()), ["a/1.csv", "a/2.csv"]);
    assert_eq!(paths(&select(&manifest, &layout, Some("**/*.parquet")).unwrap()), ["b/3.parquet"]);
    assert_eq!(paths(&select(&manifest, &layout, Some("c/4.csv")).unwrap()), ["c/4.csv"]);
    let error = select(&manifest, &layout, Some("*.csv")).unwrap_err();
    assert!(matches!(error, SelectError::NothingMatches { .. }), "a star stays within a folder");
}

#[test]
fn several_schemas_are_an_error_that_lists_them() {
    let (manifest, layout) = dataset(&[("a.csv", "x"), ("b.csv", "y"), ("c.csv", "x")], &[]);
    let error = select(&manifest, &layout, None).unwrap_err();
    let text = error.to_string();
    for part in ["b.csv", "\"x\" here", "\"y\" there", "a.csv, b.csv, c.csv"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(paths(&select(&manifest, &layout, Some("{a,c}.csv")).unwrap()), ["a.csv", "c.csv"]);
}

#[test]
fn nothing_to_choose_from_is_said() {
    let (manifest, layout) = dataset(&[], &["a.bin"]);
    assert_eq!(select(&manifest, &layout, None), Err(SelectError::NoTables));
    let (manifest, layout) = dataset(&[("a.csv", "x")], &[]);
    let error = select(&manifest, &layout, Some("a[")).unwrap_err();
    assert!(matches!(error, SelectError::BadGlob { .. }), "{error}");
    let many: Vec<String> = (0..50).map(|n| format!("t{n}.csv")).collect();
    let files: Vec<(&str, &str)> = many.iter().map(|path| (path.as_str(), "x")).collect();
    let (manifest, layout) = dataset(&files, &[]);
    let text = select(&manifest, &layout, Some("none")).unwrap_err().to_string();
    assert!(text.contains("and 38 more"), "{text}");
}
