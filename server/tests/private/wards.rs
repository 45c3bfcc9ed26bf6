//! A ward: a node with a private table, and what the tests look for of it elsewhere.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use veritrail_provenance::hash::ChunkId;
use veritrail_server::{
    error::NodeError,
    node::{
        publish::{PrivateRequest, PublishRequest, Published},
        resolve::{FoundVersion, Resolved},
    },
    progress::{Progress, Silent},
};

use crate::labs::Lab;

/// What is committed of [`patients`].
pub const COLUMNS: &str =
    "age:int[0..127],change:fixed(2)?[-200..200],group:category(drug|placebo)";

/// Values that stand in the table and nowhere else: names, a date, a rare number.
pub const CANARIES: [&str; 4] = ["Kestrelwing", "1931-07-19", "90817263", "quokkafever"];

/// Patients with canaries in columns that are not committed, and in one file name.
pub fn patients(rows: u32) -> String {
    let mut csv = "name,born,code,illness,age,change,group\n".to_owned();
    for row in 0..rows {
        let change = if row % 9 == 0 { String::new() } else { format!("{}.25", row % 20) };
        let group = ["drug", "placebo"][(row % 2) as usize];
        let [name, born, code, illness] = CANARIES;
        csv += &format!("{name}{row},{born},{code},{illness},{},{change},{group}\n", 20 + row % 70);
    }
    csv
}

/// How the table of `csv` is published privately.
pub fn request(path: PathBuf, name: &str) -> PublishRequest {
    let commit = Some(COLUMNS.to_owned());
    PublishRequest {
        paths: vec![path],
        name: Some(name.to_owned()),
        title: Some("A trial".to_owned()),
        licence: Some("CC0-1.0".to_owned()),
        private: Some(PrivateRequest { commit, minimum_cell: None }),
        ..PublishRequest::default()
    }
}

/// Publishes a table privately under `trial`.
pub async fn publish(lab: &Lab, csv: &str) -> Published {
    try_publish(lab, csv, &Silent).await.unwrap()
}

/// As [`publish`], which may fail.
pub async fn try_publish(
    lab: &Lab,
    csv: &str,
    progress: &dyn Progress,
) -> Result<Published, NodeError> {
    let path = lab.file("kestrelwing-ward.csv", csv);
    lab.node.publish(request(path, "trial"), progress).await
}

/// The version that a reference names.
pub fn version(lab: &Lab, reference: &str) -> FoundVersion {
    match lab.node.resolve(reference).unwrap() {
        Resolved::Version(found) => *found,
        other => panic!("{other:?}"),
    }
}

/// Every place below `folder` that holds a canary, in its bytes or its name, in any of the forms in
/// which one could be written: text, hex of it, and its plain hashes.
pub fn leaks(folder: &Path, canaries: &[&str], skipped: &[&str]) -> Vec<String> {
    let mut needles: Vec<(String, Vec<u8>)> = Vec::new();
    for canary in canaries {
        let digests =
            [Sha256::digest(canary).to_vec(), ChunkId::of(canary.as_bytes()).as_bytes().to_vec()];
        let plain = [canary.as_bytes().to_vec(), canary.to_lowercase().into_bytes()];
        for form in plain.into_iter().chain(digests) {
            let hex = hex::encode(&form).into_bytes();
            needles.extend([form, hex].map(|form| ((*canary).to_owned(), form)));
        }
    }
    let (mut open, mut found, mut looked) = (vec![folder.to_owned()], Vec::new(), 0);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let entry = entry.unwrap();
            let within = entry.path().strip_prefix(folder).unwrap().display().to_string();
            if skipped.iter().any(|skip| within.starts_with(skip)) {
                continue;
            }
            let bytes = match entry.file_type().unwrap().is_dir() {
                true => {
                    open.push(entry.path());
                    Vec::new()
                }
                false => std::fs::read(entry.path()).unwrap(),
            };
            looked += 1;
            for (canary, needle) in &needles {
                let holds =
                    |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
                if holds(&bytes) || holds(within.as_bytes()) {
                    found.push(format!("{canary} in {within}"));
                }
            }
        }
    }
    assert!(looked >= 1, "nothing below {}", folder.display());
    let home = folder.join("format").exists();
    assert!(!home || looked >= 10, "only {looked} files and folders of a home");
    found
}
