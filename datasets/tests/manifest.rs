//! Manifests: one spelling each, and nothing in them that contradicts itself.

use veritrail_datasets::ingest::csv::{CsvDialect, Delimiter};
use veritrail_datasets::manifest::{
    About, MAX_HEAD_BYTES, Manifest, ManifestError, Table, TableFile, TableFormat, TablesError,
};
use veritrail_datasets::schema::{Column, ColumnType, TableSchema};
use veritrail_provenance::hash::ChunkId;

use crate::layouts::layout;

fn schema(names: &[&str]) -> TableSchema {
    TableSchema::new(names.iter().map(|n| Column::new(*n, ColumnType::Int64)).collect()).unwrap()
}

fn file(path: &str, format: TableFormat, schema: TableSchema) -> TableFile {
    TableFile { path: path.parse().unwrap(), rows: 10, format, schema }
}

fn csv() -> TableFormat {
    TableFormat::Csv(CsvDialect::default())
}

fn manifest() -> Manifest {
    let layout = layout(&["a.csv", "b.csv", "c.bin", "d.csv", "e.parquet", "f.csv"]);
    let semicolon =
        CsvDialect { delimiter: Delimiter::new(b';').unwrap(), ..CsvDialect::default() };
    let files = vec![
        file("e.parquet", TableFormat::Parquet, schema(&["x"])),
        file("d.csv", csv(), schema(&["x"])),
        file("a.csv", csv(), schema(&["x"])),
        file("b.csv", csv(), schema(&["x"])),
        file("f.csv", TableFormat::Csv(semicolon), schema(&["x"])),
    ];
    let tables = Table::group(&layout, files).unwrap();
    let about = About {
        title: "Größen".into(),
        licence: Some("CC0-1.0".into()),
        keywords: vec!["k".into()],
        ..About::default()
    };
    Manifest::new(layout.head().clone(), tables, about).unwrap()
}

#[test]
fn files_of_one_format_and_schema_are_one_table() {
    let manifest = manifest();
    let layout = layout(&["a.csv", "b.csv", "c.bin", "d.csv", "e.parquet", "f.csv"]);
    let paths: Vec<Vec<String>> = manifest
        .tables()
        .iter()
        .map(|table| table.files(&layout).map(|file| file.path.to_string()).collect())
        .collect();
    assert_eq!(paths, [vec!["a.csv", "b.csv", "d.csv"], vec!["e.parquet"], vec!["f.csv"]]);
    assert_eq!(manifest.tables()[0].rows(), 30);
    assert_eq!(manifest.tables()[0].ranges().len(), 2);
}

#[test]
fn what_is_encoded_decodes_to_itself_and_nothing_else_does() {
    let manifest = manifest();
    let bytes = manifest.encode().unwrap();
    assert_eq!(Manifest::decode(&bytes).unwrap(), manifest);
    assert_eq!(manifest.id().unwrap(), ChunkId::of(&bytes));
    let text = String::from_utf8(bytes.clone()).unwrap();
    for (from, to) in [
        ("{\"v\":1,", "{ \"v\":1,"),
        ("Größen", "Gr\\u00f6\\u00dfen"),
        ("\"rows\":30", "\"rows\":3.0e1"),
        ("\"keywords\":[\"k\"]", "\"keywords\":[\"k\"],\"keywords\":[\"k\"]"),
        ("\"keywords\":[\"k\"]", "\"keywords\":[\"k\"],\"colour\":1"),
        ("\"title\":\"Größen\",", "\"title\":\"Größen\",\"creators\":[],"),
        ("\"type\":\"int64\"", "\"type\":\"int64\",\"unit\":null"),
        ("\"header_rows\":1", "\"header_rows\":99"),
        ("\"delimiter\":\",\"", "\"delimiter\":\"a\""),
        ("\"nulls\":[\"\"]", "\"nulls\":[\"b\",\"a\"]"),
        ("[[0,2],[3,4]]", "[[0,2],[2,4]]"),
        ("[[0,2],[3,4]]", "[[3,4],[0,2]]"),
        ("[[0,2],[3,4]]", "[[0,2],[3,9]]"),
        ("[[0,2],[3,4]]", "[[0,2],[4,4]]"),
        ("[[0,2],[3,4]]", "[[0,2],[4,5]]"),
        ("[[0,2],[3,4]]", "[]"),
        ("\"type\":\"int64\"", "\"type\":\"integer\""),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from} does not occur in {text}");
        assert!(Manifest::decode(changed.as_bytes()).is_err(), "{from} to {to} is accepted");
    }
}

#[test]
fn every_flipped_byte_is_refused_or_another_manifest() {
    let manifest = manifest();
    let bytes = manifest.encode().unwrap();
    let (mut refused, mut other) = (0, 0);
    for at in 0..bytes.len() {
        for flip in [1, 0x20, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            match Manifest::decode(&changed) {
                Ok(found) => {
                    assert_ne!(found, manifest);
                    assert_eq!(found.encode().unwrap(), changed, "one spelling each");
                    other += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > other && other > 0, "{refused} refused, {other} others");
    for length in 0..bytes.len() {
        assert!(Manifest::decode(&bytes[..length]).is_err());
    }
}

#[test]
fn the_root_in_the_layout_must_be_its_own() {
    let manifest = manifest();
    let text = String::from_utf8(manifest.encode().unwrap()).unwrap();
    let root = manifest.layout().root.to_hex();
    let lie = format!("{}{}", if root.starts_with('0') { '1' } else { '0' }, &root[1..]);
    let changed = text.replacen(&root, &lie, 1);
    assert!(matches!(Manifest::decode(changed.as_bytes()), Err(ManifestError::Layout(_))));
}

#[test]
fn a_later_version_is_told_from_a_broken_one() {
    let error = Manifest::decode(b"{\"v\":3,\"news\":[1.5]}").unwrap_err();
    assert!(matches!(error, ManifestError::Version(3)), "{error}");
    assert!(matches!(Manifest::decode(b"{\"v\":1}"), Err(ManifestError::Json(_))));
    assert!(matches!(Manifest::decode(b""), Err(ManifestError::Json(_))));
    let deep = format!("{{\"v\":1,\"layout\":{}", "[".repeat(500_000));
    assert!(matches!(Manifest::decode(deep.as_bytes()), Err(ManifestError::Json(_))));
}

#[test]
fn a_head_beyond_its_limit_is_refused_before_it_is_parsed() {
    let large = vec![b' '; MAX_HEAD_BYTES + 1];
    assert!(matches!(Manifest::decode(&large), Err(ManifestError::TooLarge { .. })));
    let layout = layout(&["a.csv"]);
    let columns = (0..2_000).map(|n| {
        let mut column = Column::new(format!("c{n}"), ColumnType::Text);
        column.description = Some("d".repeat(600));
        column
    });
    let schema = TableSchema::new(columns.collect()).unwrap();
    let tables = Table::group(&layout, vec![file("a.csv", csv(), schema)]).unwrap();
    let error = Manifest::new(layout.head().clone(), tables, About::default()).unwrap_err();
    assert!(matches!(error, ManifestError::TooLarge { .. }), "{error}");
}

#[test]
fn tables_must_be_files_of_the_layout() {
    let layout = layout(&["a.csv"]);
    let error = Table::group(&layout, vec![file("b.csv", csv(), schema(&["x"]))]).unwrap_err();
    assert!(matches!(error, TablesError::NoSuchFile(_)));
    let twice = vec![file("a.csv", csv(), schema(&["x"])), file("a.csv", csv(), schema(&["x"]))];
    assert!(matches!(Table::group(&layout, twice), Err(TablesError::InTwoTables(0))));
    let twice = vec![file("a.csv", csv(), schema(&["x"])), file("a.csv", csv(), schema(&["y"]))];
    assert!(matches!(
        Table::group(&layout, twice),
        Err(TablesError::InTwoTables(0) | TablesError::NotGrouped { .. })
    ));
}

#[test]
fn texts_have_limits() {
    let layout = layout(&["a.csv"]);
    let about = About { title: "x".repeat(1_025), ..About::default() };
    let error = Manifest::new(layout.head().clone(), vec![], about).unwrap_err();
    assert!(matches!(error, ManifestError::AboutTooLong { what: "title", .. }));
    let about = About { keywords: vec!["x".into(); 257], ..About::default() };
    assert!(Manifest::new(layout.head().clone(), vec![], about).is_err());
}
