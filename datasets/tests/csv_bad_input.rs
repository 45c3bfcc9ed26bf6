//! Bad input: each a clear error that names the place, and the remedy where there is one.

use std::io::{self, Read};

use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::csv::{CsvDialect, CsvError, Encoding, MAX_ROW_BYTES, Scan, infer};
use veritrail_datasets::schema::{Column, ColumnType, MAX_COLUMNS, TableSchema};

fn refused(bytes: &[u8]) -> CsvError {
    let error = infer(bytes, &FileDescription::default()).unwrap_err();
    // Whatever inference refuses, a scan with two text columns refuses too, or reads as text.
    assert!(!error.to_string().is_empty());
    error
}

#[test]
fn an_empty_file_is_refused() {
    for bytes in [&b""[..], b"\xef\xbb\xbf", b"\n\n\r\n", b"\r"] {
        assert!(matches!(refused(bytes), CsvError::Empty), "{bytes:?}");
    }
}

#[test]
fn a_ragged_row_is_named_with_both_counts() {
    let error = refused(b"a,b\n1,2\n3\n");
    assert!(matches!(error, CsvError::Ragged { line: 3, expected: 2, found: 1 }), "{error}");
    let error = refused(b"a,b\n\"x\ny\",2\n\n3,4,5\n");
    assert!(matches!(error, CsvError::Ragged { line: 5, expected: 2, found: 3 }), "{error}");
    assert_eq!(
        error.to_string(),
        "line 5: 3 fields, but 2 columns; is a delimiter or a quote missing?"
    );
    let error = refused(b"569,30,malignant,benign\n17.99,10.38,122.8,1001,0.1\n");
    assert!(matches!(error, CsvError::Ragged { line: 2, expected: 4, found: 5 }), "{error}");
}

#[test]
fn the_line_of_an_open_quote_is_named() {
    let error = refused(b"a,b\n1,2\n3,\"open\n4,5\n");
    assert!(matches!(error, CsvError::OpenQuote { line: 3 }), "{error}");
    let error = refused(b"a,b\r\n\"x\r\ny\",\"open\r\n4,5\r\n");
    assert!(matches!(error, CsvError::OpenQuote { line: 3 }), "{error}");
}

#[test]
fn a_row_beyond_the_limit_names_the_line_of_its_quote() {
    let mut bytes = b"a,b\n1,\"open\n".to_vec();
    bytes.resize(MAX_ROW_BYTES + (1 << 20), b'x');
    let error = refused(&bytes);
    assert!(matches!(error, CsvError::RowTooLong { line: 2, quote: Some(2) }), "{error}");
    assert!(error.to_string().contains("16 MiB"), "{error}");
    let mut bytes = b"a,b\n1,".to_vec();
    bytes.resize(MAX_ROW_BYTES + (1 << 20), b'x');
    let error = refused(&bytes);
    assert!(matches!(error, CsvError::RowTooLong { line: 2, quote: None }), "{error}");
}

#[test]
fn a_row_of_the_limit_is_read() {
    let mut bytes = b"a,b\n1,".to_vec();
    bytes.resize(4 + MAX_ROW_BYTES, b'x');
    let found = infer(&bytes[..], &FileDescription::default()).unwrap();
    assert_eq!(found.rows, 1);
}

#[test]
fn more_columns_than_a_table_has_are_refused() {
    let header = vec!["c"; MAX_COLUMNS].join(",");
    let found = infer(format!("{header}\n").as_bytes(), &FileDescription::default()).unwrap();
    assert_eq!(found.schema.columns().len(), MAX_COLUMNS);
    let error = refused(format!("{header},c\n").as_bytes());
    assert!(matches!(error, CsvError::TooManyColumns { line: 1 }), "{error}");
}

#[test]
fn text_after_a_closing_quote_is_refused() {
    let error = refused(b"a,b\n\"x\"y,2\n");
    assert!(matches!(error, CsvError::TextAfterQuote { line: 2, field: 1 }), "{error}");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_the_offset() {
    let error = refused(b"a,b\n1,caf\xe9\n");
    assert!(matches!(error, CsvError::NotUtf8 { line: 2, offset: 9 }), "{error}");
    assert!(error.to_string().contains("windows-1252"), "{error}");
    let error = refused(b"a,b\n1,\x00\n");
    assert!(matches!(error, CsvError::ZeroByte { offset: 6 }), "{error}");
    let mut late = b"a,b\n".repeat(200_000);
    late.extend_from_slice(b"1,\xff\n");
    let error = refused(&late);
    assert!(matches!(error, CsvError::NotUtf8 { line: 200_001, offset: 800_002 }), "{error}");
}

#[test]
fn utf16_is_refused_with_the_remedy() {
    for bytes in [&b"\xff\xfea\x00,\x00b\x00\n\x00"[..], b"\xfe\xff\x00a\x00,\x00b\x00\n"] {
        let error = refused(bytes);
        assert!(matches!(error, CsvError::Utf16), "{error}");
        assert!(error.to_string().contains("iconv"), "{error}");
    }
    assert!(matches!(refused(b"a\x00,\x00b\x00\n\x00"), CsvError::ZeroByte { offset: 1 }));
}

#[test]
fn declared_encodings_are_read_and_their_gaps_refused() {
    let said =
        FileDescription { encoding: Some(Encoding::Windows1252), ..FileDescription::default() };
    let found = infer(&b"name,pr\x80is\nr,caf\xe9\n"[..], &said).unwrap();
    assert_eq!(found.schema.columns()[1].name, "pr\u{20ac}is");
    let error = infer(&b"name,b\nr,\x81\n"[..], &said).unwrap_err();
    assert!(matches!(error, CsvError::UndefinedByte { offset: 9, byte: 0x81 }), "{error}");
    let said = FileDescription { encoding: Some(Encoding::Latin1), ..FileDescription::default() };
    let found = infer(&b"name,b\xe9\nr,\x81\n"[..], &said).unwrap();
    let scanned = Scan::new(&b"name,b\xe9\nr,\x81\n"[..], &found.dialect, &found.schema).unwrap();
    let batches: Vec<_> = scanned.collect::<Result<_, _>>().unwrap();
    let text = arrow::array::AsArray::as_string::<i32>(batches[0].column(1)).value(0).to_owned();
    assert_eq!(text, "\u{81}");
}

#[test]
fn a_header_beyond_the_end_is_refused() {
    let said = FileDescription { skip_lines: Some(5), ..FileDescription::default() };
    let error = infer(&b"a,b\n1,2\n"[..], &said).unwrap_err();
    assert!(matches!(error, CsvError::Empty | CsvError::NoHeader { .. }), "{error}");
    let said = FileDescription { header_rows: Some(3), ..FileDescription::default() };
    let error = infer(&b"a,b\n1,2\n"[..], &said).unwrap_err();
    assert!(matches!(error, CsvError::NoHeader { rows: 3, .. }), "{error}");
}

#[test]
fn a_dialect_that_contradicts_itself_is_refused() {
    for text in
        ["delimiter = \"a\"", "delimiter = \"\\\"\"", "delimiter = \",,\"", "decimal = \";\""]
    {
        let text = format!("[file.x]\n{text}\n");
        assert!(
            veritrail_datasets::describe::Description::parse(text.as_bytes()).is_err(),
            "{text}"
        );
    }
    let said = FileDescription {
        decimal: Some(veritrail_datasets::ingest::csv::DecimalMark::Comma),
        delimiter: Some(veritrail_datasets::ingest::csv::Delimiter::COMMA),
        ..FileDescription::default()
    };
    assert!(matches!(infer(&b"a,b\n"[..], &said).unwrap_err(), CsvError::Dialect(_)));
    let said = FileDescription { header_rows: Some(17), ..FileDescription::default() };
    assert!(matches!(infer(&b"a,b\n"[..], &said).unwrap_err(), CsvError::Dialect(_)));
    let nulls = Some((0..65).map(|n| n.to_string()).collect());
    let said = FileDescription { nulls, ..FileDescription::default() };
    assert!(matches!(infer(&b"a,b\n"[..], &said).unwrap_err(), CsvError::Dialect(_)));
}

#[test]
fn a_file_that_shrank_or_changed_its_columns_is_refused_by_the_scan() {
    let schema = TableSchema::new(vec![
        Column::new("a", ColumnType::Int64),
        Column::new("b", ColumnType::Int64),
    ])
    .unwrap();
    let scan = |text: &'static str| {
        Scan::new(text.as_bytes(), &CsvDialect::default(), &schema)
            .unwrap()
            .collect::<Result<Vec<_>, _>>()
    };
    assert!(matches!(scan("").unwrap_err(), CsvError::NoHeader { .. }));
    assert!(matches!(scan("a\n1\n").unwrap_err(), CsvError::HeaderDiffers { found: 1, .. }));
    assert!(matches!(scan("a,b\n1\n").unwrap_err(), CsvError::Ragged { line: 2, .. }));
    let error = scan("a,b\n1,2\n3,NA\n").unwrap_err();
    assert!(matches!(&error, CsvError::Value { line: 3, column, .. } if column == "b"), "{error}");
    assert!(error.to_string().contains("nulls"), "{error}");
    assert!(scan("a,b\n1,2\n").is_ok());
}

/// Fails after some bytes, as a disk does.
struct Failing(usize);

impl Read for Failing {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the disk is gone"));
        }
        let count = space.len().min(self.0).min(7);
        space[..count].copy_from_slice(&b"a,b\n1,2"[..count]);
        self.0 -= count;
        Ok(count)
    }
}

#[test]
fn a_failing_read_is_no_end_of_file() {
    let error = infer(Failing(7), &FileDescription::default()).unwrap_err();
    assert!(matches!(error, CsvError::Io(_)), "{error}");
}

#[test]
fn nonsense_of_every_kind_never_panics() {
    let alphabet = b"a1,;\"\n\r\t |\x00\xff\xc3\xa9.-+eN";
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let (mut read, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = Vec::new();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        for shift in 0..(state % 24) {
            let at = (state.rotate_left(shift as u32 * 5) % alphabet.len() as u64) as usize;
            bytes.push(alphabet[at]);
        }
        match infer(&bytes[..], &FileDescription::default()) {
            Ok(found) => {
                read += 1;
                let scan = Scan::new(&bytes[..], &found.dialect, &found.schema).unwrap();
                let rows: usize = scan.map(|batch| batch.unwrap().num_rows()).sum();
                assert_eq!(rows as u64, found.rows, "{bytes:?}");
            }
            Err(_) => refused += 1,
        }
    }
    assert!(read > 1_000 && refused > 1_000, "{read} read, {refused} refused");
}
