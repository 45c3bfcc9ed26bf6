//! The data that ships with us is found out as what it is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int64Type};
use veritrail_datasets::describe::{Description, FileDescription};
use veritrail_datasets::ingest::csv::{Inference, Note, Scan, infer};
use veritrail_datasets::schema::ColumnType;

fn sample(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(path)
}

fn inferred(path: &str) -> Inference {
    infer(File::open(sample(path)).unwrap(), &FileDescription::default()).unwrap()
}

fn types(found: &Inference) -> Vec<(&str, String)> {
    let columns = found.schema.columns().iter();
    columns.map(|column| (column.name.as_str(), column.column_type.to_string())).collect()
}

#[test]
fn nhefs_is_1629_rows_of_67_numbers() {
    let found = inferred("nhefs/nhefs.csv");
    assert_eq!((found.rows, found.schema.columns().len()), (1_629, 67));
    let floats: Vec<&str> = types(&found)
        .into_iter()
        .filter(|(_, kind)| kind == "float64")
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        floats,
        [
            "ht",
            "wt71",
            "wt82",
            "wt82_71",
            "price71",
            "price82",
            "tax71",
            "tax82",
            "price71_82",
            "tax71_82"
        ]
    );
    assert_eq!(types(&found).iter().filter(|(_, kind)| kind == "int64").count(), 57);
    let notes: Vec<String> = found.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "\"ht\", \"wt71\" are read as float64, the nearest binary fraction; to keep every digit, \
          declare them as decimals, the first as decimal(8,5)"
        ]
    );
}

#[test]
fn nhefs_scans_to_the_published_numbers() {
    let found = inferred("nhefs/nhefs.csv");
    let place = |name| found.schema.index_of(name).unwrap();
    let columns = [place("qsmk"), place("wt82_71")];
    let file = File::open(sample("nhefs/nhefs.csv")).unwrap();
    let mut scan = Scan::of_columns(file, &found.dialect, &found.schema, &columns).unwrap();
    let mut sums = [(0u32, 0.0f64); 2];
    for batch in &mut scan {
        let batch = batch.unwrap();
        let quit = batch.column(0).as_primitive::<Int64Type>();
        let change = batch.column(1).as_primitive::<Float64Type>();
        for row in (0..batch.num_rows()).filter(|row| change.is_valid(*row)) {
            let sum = &mut sums[usize::try_from(quit.value(row)).unwrap()];
            *sum = (sum.0 + 1, sum.1 + change.value(row));
        }
    }
    assert_eq!(scan.finish().unwrap(), found.seen);
    // Hernán and Robins, table 12.1: 1,163 did not quit and gained 2.0 kg, 403 did and gained 4.5.
    assert_eq!((sums[0].0, sums[1].0), (1_163, 403));
    assert_eq!(format!("{:.1}", sums[0].1 / f64::from(sums[0].0)), "2.0");
    assert_eq!(format!("{:.1}", sums[1].1 / f64::from(sums[1].0)), "4.5");
}

#[test]
fn the_weather_has_days_numbers_and_words() {
    let found = inferred("climate/seattle-weather.csv");
    assert_eq!(found.rows, 1_461);
    let kinds: Vec<String> = types(&found).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["date32", "float64", "float64", "float64", "float64", "text"]);
}

#[test]
fn the_penguins_missing_values_are_found_and_told() {
    let found = inferred("penguins/penguins.csv");
    assert_eq!(found.rows, 344);
    assert_eq!(found.dialect.nulls, ["", "NA"]);
    let missing = found.notes.iter().filter(|note| matches!(note, Note::NullTokens(_)));
    assert_eq!(missing.count(), 1, "{:?}", found.notes);
    let kinds: Vec<String> = types(&found).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["text", "text", "float64", "float64", "int64", "int64", "text", "int64"]);
    let file = File::open(sample("penguins/penguins.csv")).unwrap();
    let batch = Scan::new(file, &found.dialect, &found.schema).unwrap().next().unwrap().unwrap();
    assert_eq!(batch.column(6).null_count(), 11, "of 344 penguins, 11 were not sexed");
    let species = batch.column(0).as_string::<i32>();
    let count = |name| species.iter().filter(|found| *found == Some(name)).count();
    assert_eq!((count("Adelie"), count("Gentoo"), count("Chinstrap")), (152, 124, 68));
}

#[test]
fn longley_has_a_quoted_header() {
    let found = inferred("nist/longley.csv");
    assert_eq!((found.rows, found.schema.columns()[0].name.as_str()), (16, "Obs"));
    assert_eq!(found.schema.columns()[2].column_type, ColumnType::Float64);
}

#[test]
fn every_description_fits_its_data() {
    for (folder, file, columns) in
        [("nhefs", "nhefs.csv", 67), ("climate", "seattle-weather.csv", 6)]
    {
        let text = fs::read(sample(&format!("{folder}/describe.toml"))).unwrap();
        let description = Description::parse(&text).unwrap();
        description.check_files([file].into_iter()).unwrap();
        let said = description.file(file).unwrap().unwrap();
        assert_eq!(said.columns.len(), columns, "every column is described");
        let path = format!("{folder}/{file}");
        let found = infer(File::open(sample(&path)).unwrap(), said).unwrap();
        assert!(found.schema.same_table(&found.schema));
        let bare = inferred(&path);
        let kinds = |found: &Inference| -> Vec<ColumnType> {
            found.schema.columns().iter().map(|column| column.column_type.clone()).collect()
        };
        assert_eq!(kinds(&found), kinds(&bare), "what is declared is what is there");
        assert!(found.schema.columns().iter().all(|column| column.description.is_some()));
        veritrail_datasets::licence::Licence::check(
            description.licence.as_deref().unwrap(),
            description.licence_text.as_deref(),
        )
        .unwrap();
    }
}
