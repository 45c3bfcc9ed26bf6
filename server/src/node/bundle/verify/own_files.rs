//! Files that the reader already has: are they those that the bundle's datasets list?

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use veritrail_datasets::walk::walk;
use veritrail_provenance::{hash::FileDigest, layout::FileEntry};

use super::layouts::Layouts;
use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    node::report::Verification,
    progress::Progress,
};

/// Files of datasets that are named one by one when they are not at hand.
const MISSING_NAMED: usize = 20;

/// Hashes the reader's files. A file that has the name of a listed one and other bytes was altered;
/// one that was named by itself and is none of those listed is an error too; further files in a
/// folder are nobody's business.
pub(super) fn check(
    paths: &[PathBuf],
    layouts: &Layouts,
    done: &mut Verification,
    progress: &dyn Progress,
) -> Result<()> {
    let listed = Listed::of(layouts);
    if listed.by_hash.is_empty() {
        done.missing.push("the bundle holds no list of files to check yours against".to_owned());
        return Ok(());
    }
    let walked = walk(paths).or_kind(Kind::Usage)?;
    let total = walked.sources.iter().map(|source| source.stamp.size).sum();
    progress.begin("hash your files", Some(total));
    let (mut checked, mut bytes, mut seen) = (0, 0, BTreeSet::new());
    for source in &walked.sources {
        let read = digest(&source.on_disk, progress);
        let (sha256, size) =
            read.map_err(|e| NodeError::failed(e.to_string()).at(source.on_disk.display()))?;
        let shown = source.on_disk.display();
        if let Some(places) = listed.by_hash.get(&(sha256, size)) {
            done.files.push(format!("{shown}: {}", places.join(", ")));
            seen.insert((sha256, size));
            checked += 1;
            bytes += size;
        } else if let Some(expected) = listed.by_path.get(source.path.as_str()) {
            done.add_finding(format!(
                "{shown}: its SHA-256 is {sha256}, the dataset says {expected}"
            ));
        } else if paths.iter().any(|path| path == &source.on_disk) {
            done.add_finding(format!(
                "{shown}: its SHA-256 is {sha256}, which is no file of the bundle's datasets"
            ));
        }
    }
    progress.end();
    let missing: Vec<&Vec<String>> =
        listed.by_hash.iter().filter(|(key, _)| !seen.contains(*key)).map(|(_, p)| p).collect();
    for places in missing.iter().take(MISSING_NAMED) {
        done.missing.push(format!("not among your files: {}", places.join(", ")));
    }
    if missing.len() > MISSING_NAMED {
        done.missing.push(format!("further files: {}", missing.len() - MISSING_NAMED));
    }
    let all: u64 = listed.by_hash.keys().map(|(_, size)| size).sum();
    let words = format!("{checked} of your files are those that the datasets list");
    done.add_data(bytes, all, words);
    Ok(())
}

/// What the bundle's datasets list.
struct Listed {
    by_hash: BTreeMap<(FileDigest, u64), Vec<String>>,
    by_path: BTreeMap<String, FileDigest>,
}

impl Listed {
    fn of(layouts: &Layouts) -> Self {
        let mut listed = Self { by_hash: BTreeMap::new(), by_path: BTreeMap::new() };
        for (root, layout) in &layouts.by_root {
            for file in layout.iter().flat_map(|layout| layout.files()) {
                let FileEntry { path, size, sha256, .. } = file;
                let place = format!("{path} of r:{root}");
                listed.by_hash.entry((*sha256, *size)).or_default().push(place);
                listed.by_path.insert(path.as_str().to_owned(), *sha256);
            }
        }
        listed
    }
}

fn digest(path: &Path, progress: &dyn Progress) -> std::io::Result<(FileDigest, u64)> {
    let mut file = File::open(path)?;
    let (mut sha256, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((FileDigest::from_bytes(sha256.finalize().into()), size));
        }
        sha256.update(buffer.get(..read).unwrap_or_default());
        size += read as u64;
        progress.advance(read as u64);
    }
}
