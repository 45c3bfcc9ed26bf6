//! Files of other writers are read as what they wrote (tests/foreign/README.md).

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use bytes::Bytes;
use veritrail_datasets::ingest::parquet::inspect;

use crate::parquet_files::read_all;

#[test]
fn every_writer_is_understood() {
    let some = |row: &i64| row % 7 != 3;
    let n: Int64Array = (0..100).map(|row| some(&row).then_some(row * 1_000_003 - 5)).collect();
    let x: Float64Array = (0..100).map(|row| Some(f64::from(row) / 7.0)).collect();
    let t: StringArray =
        (0..100i64).map(|row| some(&row).then(|| format!("value é {}", row % 5))).collect();
    let expected: [ArrayRef; 3] = [Arc::new(n), Arc::new(x), Arc::new(t)];
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "parquet") {
            continue;
        }
        let bytes = Bytes::from(fs::read(&path).unwrap());
        inspect(&bytes).unwrap().check_pages(&bytes).unwrap();
        let (_, found) = read_all(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for (found, expected) in found.columns().iter().zip(&expected) {
            assert_eq!(found, expected, "{}", path.display());
        }
        files += 1;
    }
    assert_eq!(files, 5);
}

#[test]
fn a_row_group_without_rows_is_understood() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/foreign/empty/pyarrow-26-no-rows.parquet");
    let bytes = Bytes::from(fs::read(path).unwrap());
    inspect(&bytes).unwrap().check_pages(&bytes).unwrap();
    let (_, found) = read_all(&bytes).unwrap();
    assert_eq!((found.num_rows(), found.num_columns()), (0, 3));
}
