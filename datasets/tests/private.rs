//! Private datasets on the holder's side: manifests that say little, packs, and rows as numbers.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};
use std::str::FromStr as _;

use proptest::prelude::*;
use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::csv::{Inference, Scan, infer};
use veritrail_datasets::manifest::{
    About, COMMITMENTS_BYTES_MAX, CommitmentsRef, Manifest, ManifestError, PART_BYTES, Private,
    PrivateColumn, PrivateError, TableFormat,
};
use veritrail_datasets::private::{
    Committing, PackError, PackHeader, PackedFile, PackedTable, Suggesting, Unpacking, positions,
};
use veritrail_proof::columns::{Role, build::EncodedColumn};
use veritrail_proof::schema::Schema;
use veritrail_provenance::hash::{ChunkId, FileBlake3, FileDigest};
use veritrail_provenance::layout::{ChunkEntry, FileEntry, Layout, LayoutHead, PRIVATE_PATH};
use veritrail_storage::private::padded_len;

use crate::formats::golden;
use crate::layouts::layout;

const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

fn private_head() -> LayoutHead {
    let bytes = b"ciphertext";
    let file = FileEntry {
        path: PRIVATE_PATH.parse().unwrap(),
        size: bytes.len() as u64,
        offset: 0,
        sha256: FileDigest::of(bytes),
        blake3: FileBlake3::of(bytes),
    };
    let chunk = ChunkEntry { offset: 0, length: 10, id: ChunkId::of(bytes) };
    Layout::private(vec![file], vec![chunk]).unwrap().head().clone()
}

fn private() -> Private {
    Private {
        recipient: RECIPIENT.to_owned(),
        commitments: CommitmentsRef::of(b"commitments"),
        columns: vec![PrivateColumn {
            name: "wt82_71".to_owned(),
            unit: Some("kg".to_owned()),
            description: None,
        }],
    }
}

fn about() -> About {
    About { title: "A trial".into(), licence: Some("CC0-1.0".into()), ..About::default() }
}

fn manifest() -> Manifest {
    Manifest::new_private(private_head(), about(), private()).unwrap()
}

#[test]
fn a_private_manifest_has_one_spelling() {
    let head = manifest().encode().unwrap();
    assert_eq!(Manifest::decode(&golden("manifest-private.json", &head)).unwrap(), manifest());
    let text = String::from_utf8(head.clone()).unwrap();
    assert!(text.starts_with("{\"v\":2,"), "{text}");
    for (from, to) in [
        ("{\"v\":2", "{\"v\":1"),
        ("{\"v\":2", "{\"v\":3"),
        ("\"encoding\":1", "\"encoding\":0"),
        ("\"unit\":\"kg\"", "\"unit\":\"\""),
        ("\"name\":\"wt82_71\",\"unit\":\"kg\"", "\"name\":\"wt82_71\""),
        ("\"bytes\":11", "\"bytes\":0"),
        ("\"bytes\":11", "\"bytes\":9000000"),
        ("age1", "age2"),
        (RECIPIENT, "age1../../keys/person"),
        ("\"private\":{", "\"private\":{\"x\":1,"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        assert!(Manifest::decode(other.as_bytes()).is_err(), "{from} to {to}");
    }
    for at in 0..head.len() {
        let mut flipped = head.clone();
        flipped[at] ^= 1;
        if let Ok(read) = Manifest::decode(&flipped) {
            assert_eq!(read.encode().unwrap(), flipped, "byte {at}");
        }
    }
}

#[test]
fn private_bytes_and_what_is_said_of_them_belong_together() {
    let refused = |made: Result<Manifest, ManifestError>| match made.unwrap_err() {
        ManifestError::Private(e) => e,
        other => panic!("{other}"),
    };
    let plain = layout(&["a.csv"]).head().clone();
    assert_eq!(refused(Manifest::new(private_head(), Vec::new(), about())), PrivateError::Missing);
    assert_eq!(refused(Manifest::new_private(plain, about(), private())), PrivateError::Plain);
    let with = |change: fn(&mut Private)| {
        let mut private = private();
        change(&mut private);
        refused(Manifest::new_private(private_head(), about(), private))
    };
    assert_eq!(with(|p| p.recipient = RECIPIENT.to_uppercase()), PrivateError::Recipient);
    assert_eq!(with(|p| p.commitments.parts.clear()), PrivateError::Parts);
    assert_eq!(with(|p| p.commitments.bytes = PART_BYTES + 1), PrivateError::Parts);
    assert_eq!(with(|p| p.commitments.bytes = COMMITMENTS_BYTES_MAX + 1), PrivateError::Parts);
    assert_eq!(with(|p| p.columns.push(p.columns[0].clone())), PrivateError::Columns);
    assert_eq!(with(|p| p.columns[0].unit = None), PrivateError::Columns);
    assert_eq!(with(|p| p.columns[0].unit = Some("u".repeat(257))), PrivateError::Columns);
    let parts = CommitmentsRef::of(&vec![7; PART_BYTES as usize * 2 + 3]);
    let lengths: Vec<u64> = parts.lengths().map(|(_, length)| length).collect();
    assert_eq!(lengths, [PART_BYTES, PART_BYTES, 3]);
}

fn found(csv: &str) -> Inference {
    infer(csv.as_bytes(), &FileDescription::default()).unwrap()
}

fn packed(path: &str, csv: &str) -> PackedFile {
    let Inference { dialect, schema: columns, rows, .. } = found(csv);
    let table = Some(PackedTable { rows, format: TableFormat::Csv(dialect), columns });
    PackedFile { path: path.parse().unwrap(), size: csv.len() as u64, table }
}

const PEOPLE: &str = "age,group\n41,a\n37,b\n";

/// The pack of two files, padded.
fn pack() -> Vec<u8> {
    let readme = PackedFile { path: "z.txt".parse().unwrap(), size: 4, table: None };
    let header = PackHeader { files: vec![packed("people.csv", PEOPLE), readme] };
    let mut bytes = header.encode().unwrap();
    golden("private-pack-header.bin", &bytes);
    bytes.extend_from_slice(PEOPLE.as_bytes());
    bytes.extend_from_slice(b"what");
    bytes.resize(usize::try_from(padded_len(bytes.len() as u64).unwrap()).unwrap(), 0);
    bytes
}

#[test]
fn a_pack_is_read_file_by_file() {
    let pack = pack();
    let mut reading = Unpacking::begin(Cursor::new(&pack)).unwrap();
    assert_eq!(reading.header().files.len(), 2);
    let (file, mut bytes) = reading.next_file().unwrap().unwrap();
    let mut text = String::new();
    bytes.read_to_string(&mut text).unwrap();
    assert_eq!((file.path.as_str(), text.as_str()), ("people.csv", PEOPLE));
    reading.finish().unwrap();
    // A file that is not read is passed over.
    let mut reading = Unpacking::begin(Cursor::new(&pack)).unwrap();
    reading.next_file().unwrap().unwrap();
    let (file, mut bytes) = reading.next_file().unwrap().unwrap();
    let mut text = String::new();
    bytes.read_to_string(&mut text).unwrap();
    assert_eq!((file.path.as_str(), text.as_str()), ("z.txt", "what"));
    assert!(reading.next_file().unwrap().is_none());
    reading.finish().unwrap();
}

#[test]
fn what_is_no_pack_is_refused() {
    let pack = pack();
    let read = |bytes: &[u8]| Unpacking::begin(Cursor::new(bytes)).and_then(Unpacking::finish);
    read(&pack).unwrap();
    let mut dirty = pack.clone();
    *dirty.last_mut().unwrap() = 1;
    assert!(matches!(read(&dirty), Err(PackError::Padding)));
    assert!(matches!(read(&pack[..pack.len() - 1]), Err(PackError::Padding)));
    assert!(matches!(read(&[&pack[..], &[0]].concat()), Err(PackError::Padding)));
    assert!(matches!(read(&pack[..100]), Err(PackError::Header(_) | PackError::Io(_))));
    let mut other = pack.clone();
    other[0] ^= 1;
    assert!(matches!(read(&other), Err(PackError::NotAPack)));
    let mut long = pack.clone();
    long[16] = 0xff;
    assert!(matches!(read(&long), Err(PackError::Header(_))));
    // Sizes that overflow together.
    let huge = |path: &str| PackedFile { path: path.parse().unwrap(), size: u64::MAX, table: None };
    let header = PackHeader { files: vec![huge("a"), huge("b")] };
    assert!(matches!(header.file_bytes(), Err(PackError::TooLong)));
    assert!(matches!(read(&header.encode().unwrap()), Err(PackError::TooLong)));
}

/// The committed columns of a CSV.
fn committed(csv: &str, schema: &Schema) -> Result<Vec<EncodedColumn>, String> {
    let Inference { dialect, schema: table, .. } = found(csv);
    let at = positions(schema, &table).map_err(|e| e.to_string())?;
    let mut committing = Committing::new(schema);
    committing.begin_file();
    for batch in Scan::as_written(csv.as_bytes(), &dialect, &table, &at).unwrap() {
        committing.take(&batch.unwrap()).map_err(|e| e.to_string())?;
    }
    Ok(committing.finish())
}

fn values(column: &EncodedColumn, role: Role) -> Vec<u32> {
    let cells = column.cells(role);
    (0..column.rows()).map(|row| cells.word(row)).collect()
}

#[test]
fn decimals_are_taken_as_they_are_written() {
    // 2.675 and 0.285 are no binary fractions: as floats they would round down.
    let csv = "x,g,b\n2.675,yes,true\n0.285,no,false\n-1e0,yes,TRUE\n,no,true\n";
    let schema = Schema::from_str("x:fixed(2)?[-10..10],g:category(no|yes),b:bool").unwrap();
    let columns = committed(csv, &schema).unwrap();
    assert_eq!(values(&columns[0], Role::Value), [1268, 1028, 900, 0]);
    assert_eq!(values(&columns[0], Role::Valid), [1, 1, 1, 0]);
    assert_eq!(values(&columns[1], Role::Level(0)), [0, 1, 0, 1]);
    assert_eq!(values(&columns[2], Role::Value), [1, 0, 1, 1]);
    // A decimal comma is a point; zeros and ones are booleans and levels where that is declared.
    let schema = Schema::from_str("x:fixed(3)[0..10],k:category(0|1),f:bool").unwrap();
    let columns = committed("x;k;f\n2,675;1;0\n0,2851;0;1\n", &schema).unwrap();
    assert_eq!(values(&columns[0], Role::Value), [2675, 285]);
    assert_eq!(values(&columns[1], Role::Level(0)), [0, 1]);
    assert_eq!(values(&columns[2], Role::Value), [0, 1]);
}

#[test]
fn what_is_not_as_declared_names_its_row_and_never_its_value() {
    let csv = "age,g\n41,a\n37,b\n777123,c\n";
    for (text, words) in [
        ("age:int[0..127]", "row 3, column \"age\": is outside the declared range"),
        ("g:category(a|b)", "row 3, column \"g\": is none of the declared levels"),
        ("age:bool", "row 1, column \"age\": is of another type than declared"),
        ("weight:int[0..1]", "there is no column \"weight\"; the table has age, g"),
    ] {
        let error = committed(csv, &Schema::from_str(text).unwrap()).err().unwrap();
        assert_eq!(error, words);
        assert!(!error.contains("777123"));
    }
    let schema = Schema::from_str("x:int[0..9]").unwrap();
    let error = committed("x,y\n1,1\n,1\n", &schema).err().unwrap();
    assert!(error.contains("row 2") && error.contains("nullable"), "{error}");
}

proptest! {
    /// Whatever type is found for a column, what is committed is the text's own decimal.
    #[test]
    fn any_decimals_are_committed_exactly(cents in prop::collection::vec(-99_999_i64..99_999, 1..40)) {
        let text = |c: &i64| {
            let sign = if *c < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", c.abs() / 100, c.abs() % 100)
        };
        let lines: Vec<String> = cents.iter().map(text).collect();
        let csv = format!("x,k\n{}\n", lines.join(",1\n") + ",1");
        let schema = Schema::from_str("x:fixed(2)[-1000..1000]").unwrap();
        let columns = committed(&csv, &schema).unwrap();
        let expected: Vec<u32> = cents.iter().map(|c| u32::try_from(c + 100_000).unwrap()).collect();
        prop_assert_eq!(values(&columns[0], Role::Value), expected);
    }
}

#[test]
fn a_guess_fits_the_rows_and_is_rounded_outward() {
    let mut csv = "id,age,change,group,flag,note\n".to_owned();
    for row in 0..40 {
        let group = ["drug", "placebo"][row % 2];
        csv +=
            &format!("{row},{},{}.5,{group},{},n{row}\n", 20 + row, row as i64 - 20, row % 2 == 0);
    }
    let Inference { dialect, schema: table, .. } = found(&csv);
    let all: Vec<usize> = (0..table.columns().len()).collect();
    let mut suggesting = Suggesting::new(&table);
    for batch in Scan::as_written(csv.as_bytes(), &dialect, &table, &all).unwrap() {
        suggesting.see(&batch.unwrap());
    }
    let (schema, others) = suggesting.finish();
    let schema = schema.unwrap();
    assert_eq!(others, ["note"]);
    committed(&csv, &schema).unwrap();
    let text = schema.to_string();
    assert!(text.contains("age:int[0..100]"), "{text}");
    assert!(text.contains("group:category(drug|placebo)"), "{text}");
    assert!(text.contains("flag:bool"), "{text}");
    let names: BTreeSet<_> = schema.columns().iter().map(|c| c.name.clone()).collect();
    assert!(names.contains("change"), "{text}");
}
