//! Odd files of another writer (tests/foreign/odd): each is read as what it holds, or refused with
//! the column and the remedy.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::parquet::{ParquetRefused, inspect};

use crate::parquet_files::read_all;

/// What publication refuses, with a part of what it says.
const REFUSED: [(&str, &str); 15] = [
    ("bidi", "column \"a\\u{202e}b\" has U+202E in its name"),
    ("control", "column 1: a name has 1 to 1024 bytes and no control characters; rename it"),
    ("decimal256", "column \"t\": the type Decimal256(50, 2) is not supported; a decimal has"),
    ("empty-name", "column 1: a name has 1 to 1024 bytes"),
    ("encrypted-column", "row group 0, column \"b\": it is encrypted; publish it decrypted"),
    ("encrypted-footer", "the file is encrypted (PARE); publish it decrypted"),
    ("far", "row group 0, row 1, column \"until\": 9999-12-31T00:00:00 lies outside the years"),
    ("int96", "column \"t\" is an INT96 timestamp, which is deprecated; write TIMESTAMP"),
    ("map", "column \"a\" is nested; columns are flat"),
    ("nested", "column \"a\" is nested; columns are flat"),
    ("no-columns", "a table needs at least one column"),
    ("null", "column \"t\": the type Null is not supported; give the column a type"),
    ("struct", "column \"a\" is nested; columns are flat"),
    ("time", "column \"t\": the type Time64(µs) is not supported; write times of day"),
    ("two-names", "columns 1 and 2 are both called \"a\"; rename one"),
];

/// What is read, with its rows and columns.
const READ: [(&str, usize, &str); 12] = [
    ("binary", 1, "a binary"),
    ("case", 1, "a int64, A int64"),
    ("categories", 3, "a text"),
    ("date64", 1, "a date32"),
    ("dots-and-spaces", 1, "a.b int64, c d int64"),
    // As the physical numbers that stand there: what they count stands in Arrow's own metadata.
    ("duration", 1, "t int64"),
    ("float16", 1, "a float64"),
    ("many-empty-groups", 3, "a int64, b text"),
    ("nanoseconds", 1, "a timestamp(ns)"),
    ("no-groups", 0, "a int64, b text"),
    ("no-rows", 0, "a int64, b text"),
    // Arrow's metadata alone knows Berlin; Parquet itself says "an instant".
    ("zone", 1, "a timestamp(ns,UTC)"),
];

fn file(name: &str) -> Bytes {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/odd");
    fs::read(folder.join(format!("{name}.parquet"))).unwrap().into()
}

/// What publication looks at.
fn published(file: &Bytes) -> Result<(), ParquetRefused> {
    let inspection = inspect(file)?;
    inspection.described(&FileDescription::default())?;
    inspection.check_pages(file)?;
    inspection.check_values(file)
}

#[test]
fn what_no_table_holds_is_refused_by_name_with_the_remedy() {
    for (name, words) in REFUSED {
        let error = published(&file(name)).expect_err(name).to_string();
        assert!(error.contains(words), "{name}: {error}");
    }
}

#[test]
fn what_a_table_holds_is_read() {
    for (name, rows, columns) in READ {
        let bytes = file(name);
        published(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (inspection, found) = read_all(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((found.num_rows(), inspection.rows()), (rows, rows as u64), "{name}");
        let schema = inspection.schema().columns().iter();
        let schema: Vec<String> =
            schema.map(|column| format!("{} {}", column.name, column.column_type)).collect();
        assert_eq!(schema.join(", "), columns, "{name}");
    }
}

#[test]
fn every_odd_file_is_looked_at() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/odd");
    assert_eq!(fs::read_dir(folder).unwrap().count(), REFUSED.len() + READ.len());
}
