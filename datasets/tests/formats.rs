//! The formats' golden files: written here byte for byte, and read back.
//!
//! A file that differs is an error: version 1 of a format does not change. `VERITRAIL_BLESS=1`
//! writes files that are missing, never one that is there.

use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use veritrail_datasets::describe::{Description, FileDescription, TemplateFile, template};
use veritrail_datasets::ingest::csv::{CsvDialect, Scan, infer};
use veritrail_datasets::manifest::{About, Manifest, Table, TableFile, TableFormat};
use veritrail_datasets::schema::{Column, TableSchema};

use crate::layouts::layout;
use crate::parquet_files::{read_all, small, written};

pub fn golden(name: &str, made: &[u8]) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/golden");
    let path = folder.join(name);
    let bless = std::env::var("VERITRAIL_BLESS").is_ok_and(|value| value == "1");
    if bless && !path.exists() {
        std::fs::write(&path, made).unwrap();
    }
    let found = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(
        found == made,
        "{name} is not what version 1 makes:\n{}",
        String::from_utf8_lossy(made)
    );
    found
}

/// One line per row, nulls as `∅`, texts as Rust writes them.
fn rows(batches: &[RecordBatch]) -> String {
    let options = FormatOptions::default().with_null("∅");
    let mut text = String::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let fields: Vec<String> = columns
                .iter()
                .map(|column| format!("{:?}", column.value(row).to_string()))
                .collect();
            text.push_str(&fields.join(" | "));
            text.push('\n');
        }
    }
    text
}

/// Most rules of docs/formats/csv.md in one file.
fn odd_csv() -> String {
    // A concatenation keeps the odd characters readable.
    let mut text = String::from("\u{feff}id; name ;;x;x;\"the\nday\";at;flag\r\n");
    text.push_str("007;\"a \"\"b\"\"; c\";;1,5;NA;2012-02-29;2012-02-29T12:00:00.5+01:00;TRUE\r\n");
    text.push_str("\r\n");
    text.push_str("42;\"\";;-0,25; 7 ;;;\r\n");
    text.push_str("43;;;nan;\"8\";1969-12-31;1970-01-01t00:00:00Z;false");
    text
}

#[test]
fn manifest_heads() {
    let layout = layout(&["data/a.csv", "data/b.csv", "readme.txt", "z.parquet"]);
    let mut weight = Column::new("weight", "float64".parse().unwrap());
    weight.unit = Some("kg".into());
    weight.description = Some("measured, \"not\" asked".into());
    let columns = vec![Column::new("id", "int64".parse().unwrap()), weight];
    let schema = TableSchema::new(columns).unwrap();
    let types = [
        "bool",
        "uint64",
        "decimal(10,2)",
        "text",
        "binary",
        "date32",
        "timestamp(ns)",
        "timestamp(ns,UTC)",
    ];
    let every = types.iter().map(|kind| Column::new(*kind, kind.parse().unwrap())).collect();
    let file = |path: &str, rows, format: &TableFormat, schema: &TableSchema| TableFile {
        path: path.parse().unwrap(),
        rows,
        format: format.clone(),
        schema: schema.clone(),
    };
    let nulls = vec!["".into(), "NA".into()];
    let csv = TableFormat::Csv(CsvDialect { nulls, ..CsvDialect::default() });
    let files = vec![
        file("data/a.csv", 3, &csv, &schema),
        file("data/b.csv", 4, &csv, &schema),
        file("z.parquet", 5, &TableFormat::Parquet, &TableSchema::new(every).unwrap()),
    ];
    let about = About {
        title: "Weights".into(),
        creators: vec![veritrail_provenance::statement::Creator {
            name: "Ada, Lab X".into(),
            did: None,
        }],
        licence: Some("LicenseRef-Own".into()),
        licence_text: Some("As you like.\n".into()),
        keywords: vec!["weight".into(), "größe".into()],
    };
    let tables = Table::group(&layout, files).unwrap();
    let manifest = Manifest::new(layout.head().clone(), tables, about).unwrap();
    let bytes = golden("manifest-head.json", &manifest.encode().unwrap());
    assert_eq!(Manifest::decode(&bytes).unwrap(), manifest);
}

/// What is found out of a CSV.
#[derive(serde::Serialize)]
struct Facts<'a> {
    dialect: &'a CsvDialect,
    columns: &'a TableSchema,
    rows: u64,
    notes: &'a [String],
}

#[test]
fn csv_and_its_description() {
    let text = golden("csv-odd.csv", odd_csv().as_bytes());
    let found = infer(&text[..], &FileDescription::default()).unwrap();
    let notes: Vec<String> = found.notes.iter().map(ToString::to_string).collect();
    let (dialect, columns, rows_found) = (&found.dialect, &found.schema, found.rows);
    let facts = Facts { dialect, columns, rows: rows_found, notes: &notes };
    let json = serde_json::to_string_pretty(&facts).unwrap() + "\n";
    golden("csv-odd.json", json.as_bytes());
    let scan = Scan::new(&text[..], &found.dialect, &found.schema).unwrap();
    let batches: Vec<RecordBatch> = scan.map(Result::unwrap).collect();
    golden("csv-odd-rows.txt", rows(&batches).as_bytes());

    let format = TableFormat::Csv(found.dialect.clone());
    let table = Some((&format, &found.schema));
    let made = template(&[TemplateFile { path: "csv-odd.csv", table, notes: &notes }]);
    let read = golden("describe.toml", made.as_bytes());
    let description = Description::parse(&read).unwrap();
    let again = infer(&text[..], description.file("csv-odd.csv").unwrap().unwrap()).unwrap();
    assert_eq!((again.dialect, again.schema), (found.dialect, found.schema));
}

#[test]
fn parquet_files() {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(4))
        .set_compression(Compression::SNAPPY)
        .set_created_by("golden".to_owned())
        .build();
    // Another version of the writer may write other bytes: the file is read, not compared.
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/golden");
    let path = folder.join("parquet-table.parquet");
    let bless = std::env::var("VERITRAIL_BLESS").is_ok_and(|value| value == "1");
    if bless && !path.exists() {
        std::fs::write(&path, written(&small(), properties)).unwrap();
    }
    let file = Bytes::from(std::fs::read(path).unwrap());
    let (inspection, whole) = read_all(&file).unwrap();
    assert_eq!((inspection.row_groups(), inspection.rows()), (2, 8));
    golden("parquet-table-rows.txt", rows(&[whole]).as_bytes());
}
