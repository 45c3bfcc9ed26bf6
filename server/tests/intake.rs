//! Parquet through the whole node: large files, and files in which bytes were changed.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};
use veritrail_server::{
    error::{NodeError, Result},
    node::publish::{PublishRequest, Published},
    progress::Silent,
};

use crate::labs::{Lab, query};

async fn publish(lab: &Lab, path: &Path) -> Result<Published> {
    let request = PublishRequest {
        paths: vec![path.to_owned()],
        licence: Some("CC0-1.0".to_owned()),
        ..PublishRequest::default()
    };
    lab.node.publish(request, &Silent).await
}

const ROWS: i64 = 3_000_000;
const GROUPS: usize = 11;

/// Ten leading digits that all rows share.
fn leading(row: i64) -> f64 {
    1e9 + [0.2, 0.1, 0.3][(row % 3) as usize]
}

fn large() -> Vec<u8> {
    let columns: [(&str, ArrayRef); 2] = [
        ("id", Arc::new((0..ROWS).collect::<Int64Array>())),
        ("x", Arc::new((0..ROWS).map(|row| Some(leading(row))).collect::<Float64Array>())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let group_rows = (ROWS as usize).div_ceil(GROUPS);
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group_rows));
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn three_million_rows_in_eleven_groups_are_published_and_summed_exactly() {
    let lab = Lab::new("Ada");
    let path = lab.file("large.parquet", large());
    let published = publish(&lab, &path).await.unwrap();
    assert_eq!(published.tables[0].rows, ROWS as u64);
    // Each column of each row group is chunks of its own.
    assert!(published.chunks >= 2 * GROUPS as u64, "{}", published.chunks);
    let sql = "SELECT count(*) AS n, sum(x) AS s, sum(id) AS i FROM t";
    let ran = lab.run(sql, &[&format!("t={}", published.dataset)]).await;
    // The values are multiples of 2^-23: integers are their oracle.
    let unit = f64::from(1 << 23);
    let sum: i128 = (0..ROWS).map(|row| (leading(row) * unit) as i128).sum();
    let ids = ROWS * (ROWS - 1) / 2;
    let found: Vec<f64> = ran.preview.rows[0].iter().map(|cell| cell.parse().unwrap()).collect();
    assert_eq!(found, [ROWS as f64, sum as f64 / unit, ids as f64]);
}

/// The files of other writers that the tests of datasets keep.
fn samples() -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../datasets/tests/foreign");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "parquet"));
    paths.sort();
    assert_eq!(paths.len(), 5);
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_bytes_are_refused_with_the_place_or_make_a_table_of_as_many_rows() {
    let lab = Lab::new("Ada");
    let (mut refused, mut refused_later, mut read) = (0, 0, 0);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for (number, file) in samples().into_iter().enumerate() {
        for round in 0..14 {
            let mut changed = file.clone();
            let at = random(changed.len());
            changed[at] ^= 1 << random(8);
            let path = lab.file(&format!("{number}-{round}.parquet"), &changed);
            let published = match publish(&lab, &path).await {
                Ok(published) => published,
                Err(NodeError { message, place, hint, .. }) => {
                    assert!(place.unwrap().ends_with(&format!("{number}-{round}.parquet")));
                    assert!(!message.is_empty() && hint.is_some());
                    refused += 1;
                    continue;
                }
            };
            let input = format!("t={}@r:{}", published.dataset, published.root);
            let run = query("SELECT * FROM t", &[&input]);
            match lab.node.run(run, &Silent).await {
                Ok(ran) => {
                    assert_eq!(ran.rows, 100, "byte {at} of file {number}");
                    read += 1;
                }
                Err(error) => {
                    let words = error.to_string();
                    let path = format!("{number}-{round}.parquet");
                    assert!(words.contains(&path) && words.contains("row group"), "{words}");
                    assert_eq!(words.matches("row group").count(), 1, "{words}");
                    refused_later += 1;
                }
            }
        }
    }
    assert!(refused > 8 && refused_later > 3 && read > 8, "{refused} {refused_later} {read}");
}
