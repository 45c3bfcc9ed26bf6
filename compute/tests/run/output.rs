//! The file of a result: the same bytes every time, and the same values when read back.

use veritrail_compute::run::canonical::table_hash;
use veritrail_compute::run::output::{read_parquet, write_parquet};

use super::table_hash::every_type;

#[test]
fn one_table_has_one_file_and_reads_back() {
    let table = every_type();
    let first = write_parquet(&table).unwrap();
    assert_eq!(first, write_parquet(&table).unwrap());
    let back = read_parquet(&first).unwrap();
    let hash =
        |t: &arrow::array::RecordBatch| table_hash(&t.schema(), std::slice::from_ref(t)).unwrap();
    assert_eq!(hash(&back), hash(&table));
    let empty = table.slice(0, 0);
    let bytes = write_parquet(&empty).unwrap();
    assert_eq!(hash(&read_parquet(&bytes).unwrap()), hash(&empty));
}

#[test]
fn the_file_names_no_program_version() {
    let bytes = write_parquet(&every_type()).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("veritrail output 1"));
    assert!(!text.contains("parquet-rs") && !text.contains("ARROW:schema"));
}

#[test]
fn a_bent_file_is_refused_or_reads_as_another_table() {
    let table = every_type();
    let bytes = write_parquet(&table).unwrap();
    let mut refused = 0;
    for at in 0..bytes.len() {
        let mut bent = bytes.to_vec();
        bent[at] ^= 0x55;
        refused += usize::from(read_parquet(&bent.into()).is_err());
    }
    assert!(refused > bytes.len() / 4, "{refused} of {} refused", bytes.len());
    for end in [0, 3, 8, bytes.len() / 2, bytes.len() - 1] {
        assert!(read_parquet(&bytes.slice(..end)).is_err(), "{end} bytes");
    }
}
