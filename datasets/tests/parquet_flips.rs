//! Bytes flipped in files of other writers: refused with a place, or read as a table of the same
//! shape; and as the same values wherever the writer protected them. Never a panic, never a hang,
//! never a batch beyond its bound.
//!
//! A flipped byte of a plain value in a file without checksums is another file, and nobody can
//! tell: what protects a published file are the hashes of its chunks, which the tests of the node
//! flip.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use veritrail_datasets::describe::FileDescription;
use veritrail_datasets::ingest::parquet::{BATCH_BYTES, ParquetRefused, cut_points, inspect};

/// The longest that a file of five kilobytes may take, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(10);

/// What publication and a query of all columns do with a file.
fn publish_and_read(file: &Bytes) -> Result<Vec<RecordBatch>, ParquetRefused> {
    let inspection = inspect(file)?;
    inspection.described(&FileDescription::default())?;
    inspection.check_pages(file)?;
    inspection.check_values(file)?;
    cut_points(file);
    let all: Vec<usize> = (0..inspection.schema().columns().len()).collect();
    let mut batches = Vec::new();
    for group in 0..inspection.row_groups() {
        for batch in inspection.read(file, group, &all)? {
            batches.push(batch?);
        }
    }
    Ok(batches)
}

fn samples() -> Vec<(String, Bytes)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((name, fs::read(&path).unwrap().into()));
        }
    }
    files.sort();
    assert_eq!(files.len(), 5);
    files
}

fn footer_start(file: &Bytes) -> usize {
    let tail: [u8; 4] = file[file.len() - 8..file.len() - 4].try_into().unwrap();
    file.len() - 8 - u32::from_le_bytes(tail) as usize
}

#[derive(Default, Debug)]
struct Found {
    refused: u32,
    same: u32,
    other_values: u32,
    other_names: u32,
}

/// Reads `changed`, and compares it with what `truth` has.
fn judge(changed: &Bytes, truth: &[RecordBatch], how: &str, found: &mut Found) {
    let began = Instant::now();
    let outcome = publish_and_read(changed);
    assert!(began.elapsed() < PATIENCE, "{how}: {:?}", began.elapsed());
    match outcome {
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && text.len() < 700, "{how}: {text}");
            found.refused += 1;
        }
        Ok(batches) => {
            let bytes = |b: &RecordBatch| b.get_array_memory_size() as u64;
            assert!(batches.iter().map(bytes).all(|bytes| bytes <= 2 * BATCH_BYTES), "{how}");
            let rows = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum();
            let (found_rows, true_rows): (usize, usize) = (rows(&batches), rows(truth));
            assert_eq!(found_rows, true_rows, "{how}: rows were lost or made up");
            if batches == truth {
                found.same += 1;
            } else if batches[0].schema() == truth[0].schema() {
                found.other_values += 1;
            } else {
                found.other_names += 1;
            }
        }
    }
}

#[test]
fn every_flipped_byte_of_a_page_is_refused_or_keeps_the_tables_shape() {
    for (name, file) in samples() {
        let truth = publish_and_read(&file).unwrap();
        let mut rng = StdRng::seed_from_u64(20_260_729);
        let mut found = Found::default();
        for at in 0..footer_start(&file) {
            for mask in [1 << rng.random_range(0..8), rng.random_range(1..=255u8)] {
                let mut changed = file.to_vec();
                changed[at] ^= mask;
                let how = format!("{name}, byte {at} ^ {mask:#04x}");
                judge(&changed.into(), &truth, &how, &mut found);
            }
        }
        assert!(found.refused > 300 && found.same > 10, "{name}: {found:?}");
        assert_eq!(found.other_names, 0, "{name}: {found:?}");
        // Checksums of pages, or of what GZIP packed, leave nothing to chance.
        if name.contains("crc") || name.contains("gzip") {
            assert_eq!(found.other_values, 0, "{name}: {found:?}");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_footer_is_refused_or_keeps_the_values() {
    for (name, file) in samples() {
        let truth = publish_and_read(&file).unwrap();
        let mut found = Found::default();
        for at in footer_start(&file)..file.len() {
            for bit in 0..8 {
                let mut changed = file.to_vec();
                changed[at] ^= 1 << bit;
                let how = format!("{name}, byte {at}, bit {bit}");
                judge(&changed.into(), &truth, &how, &mut found);
            }
        }
        assert!(found.refused > 300 && found.same > 300, "{name}: {found:?}");
        // Another schema over the same pages is another file, which its author may write.
        assert!(found.other_names > 5, "{name}: {found:?}");
    }
}

#[test]
fn many_changed_bytes_at_once_never_break_the_reader() {
    let mut found = Found::default();
    for (name, file) in samples() {
        let truth = publish_and_read(&file).unwrap();
        for seed in 0..800u64 {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut changed = file.to_vec();
            for _ in 0..rng.random_range(1..8) {
                let at = rng.random_range(4..file.len() - 8);
                changed[at] = rng.random();
            }
            judge(&changed.into(), &truth, &format!("{name}, seed {seed}"), &mut found);
        }
    }
    assert!(found.refused > 2_000, "{found:?}");
}
