//! Our tokenizer and csv-core say the same on everything that both accept.

use arrow::array::{Array, AsArray};
use proptest::prelude::*;
use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::csv::{CsvDialect, Scan, infer};
use veritrail_datasets::schema::{Column, ColumnType, TableSchema};

/// All records of `bytes` by csv-core, empty lines left out.
fn by_csv_core(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut reader = csv_core::Reader::new();
    let (mut records, mut record) = (Vec::new(), Vec::new());
    let (mut input, mut field) = (bytes, Vec::new());
    loop {
        let mut out = [0; 64];
        let (result, read, written) = reader.read_field(input, &mut out);
        input = &input[read..];
        field.extend_from_slice(&out[..written]);
        match result {
            csv_core::ReadFieldResult::InputEmpty | csv_core::ReadFieldResult::OutputFull => {}
            csv_core::ReadFieldResult::Field { record_end } => {
                record.push(std::mem::take(&mut field));
                if record_end {
                    records.push(std::mem::take(&mut record));
                }
            }
            csv_core::ReadFieldResult::End => return records,
        }
    }
}

/// All records of `text` by a scan of `width` text columns, without nulls.
fn by_scan(text: &str, width: usize) -> Option<Vec<Vec<Vec<u8>>>> {
    let columns = (0..width).map(|n| Column::new(format!("c{n}"), ColumnType::Text)).collect();
    let schema = TableSchema::new(columns).unwrap();
    let dialect = CsvDialect { nulls: vec![], header_rows: 0, ..CsvDialect::default() };
    let mut records = Vec::new();
    for batch in Scan::new(text.as_bytes(), &dialect, &schema).unwrap() {
        let batch = batch.ok()?;
        for row in 0..batch.num_rows() {
            let field = |column: &arrow::array::ArrayRef| {
                assert!(column.is_valid(row));
                column.as_string::<i32>().value(row).as_bytes().to_vec()
            };
            records.push(batch.columns().iter().map(field).collect());
        }
    }
    Some(records)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn both_find_the_same_fields(text in "[a\",\n\r é]{0,40}") {
        let expected = by_csv_core(text.as_bytes());
        let width = expected.first().map_or(1, Vec::len);
        if let Some(found) = by_scan(&text, width) {
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn most_plain_tables_are_accepted() {
    for text in ["a,b\n", "\"a\"\"b\",\"\n\"\r\nx,y", "a,b\rc,d\r", "\"\",\"\"\n"] {
        assert!(by_scan(text, 2).is_some(), "{text:?}");
    }
}

#[test]
fn fields_that_straddle_every_read_are_whole() {
    // One byte at a time: no state may be lost between reads.
    struct Slow<'a>(&'a [u8]);
    impl std::io::Read for Slow<'_> {
        fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(space.len()).min(1);
            space[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }
    let text = "\u{feff}name,\"x\"\r\n\"a\"\"b\",1\r\n\"c\r\nd\",2\r\n\r\né,3";
    let fast = infer(text.as_bytes(), &FileDescription::default()).unwrap();
    let slow = infer(Slow(text.as_bytes()), &FileDescription::default()).unwrap();
    assert_eq!(fast, slow);
    let scan = |input: Box<dyn std::io::Read + '_>| -> Vec<_> {
        Scan::new(input, &fast.dialect, &fast.schema).unwrap().map(Result::unwrap).collect()
    };
    let batches = scan(Box::new(Slow(text.as_bytes())));
    assert_eq!(batches, scan(Box::new(text.as_bytes())));
    let names = batches[0].column(0).as_string::<i32>();
    assert_eq!(names.iter().flatten().collect::<Vec<_>>(), ["a\"b", "c\r\nd", "é"]);
}
