//! Files inside a bundle: each against the layout that a statement names, and an output's values
//! against its receipt.

use veritrail_provenance::{
    evidence::Report,
    hash::DatasetRoot,
    layout::{FileEntry, FilePath},
    ledger::{queries, rows::RootRow},
};

use super::{
    layouts::{Dataset, Layouts},
    opened::Opened,
    stands, table,
};
use crate::node::{
    bundle::container::{ContainerError, Entry, EntryKind},
    report::{DataCheck, Verification},
};

/// Checks every file; what is wrong is told in `done`.
pub(super) fn check(
    opened: &mut Opened,
    layouts: &Layouts,
    report: &Report,
    done: &mut Verification,
) -> Result<(), ContainerError> {
    let (mut checked, mut found) = (0, Vec::new());
    for entry in std::mem::take(&mut opened.files) {
        let name = entry.listed.name.clone();
        match place(&entry, layouts) {
            Ok((root, dataset, file)) => {
                checked += file.size;
                let mut words = format!("{} of r:{root}", file.path);
                if entry.listed.kind == EntryKind::Output && stands(done) {
                    let bytes = opened.reader.read(&entry)?;
                    for (run, hash) in table_hashes(report, &root) {
                        match table::hash(bytes.clone(), dataset, file) {
                            Ok(Some(found)) if found == hash => {
                                words.push_str(", its values give the receipt's table hash");
                            }
                            Ok(Some(found)) => done.add_finding(format!(
                                "entry {name}: its values have the table hash {found}, the \
                                 receipt run:{run} says {hash}"
                            )),
                            Ok(None) => {}
                            Err(e) => done.add_finding(format!("entry {name}: {e}")),
                        }
                    }
                }
                found.push(words);
            }
            Err(wrong) => done.add_finding(format!("entry {name}: {wrong}")),
        }
    }
    if !found.is_empty() {
        let words =
            format!("{} files inside have the hashes that their datasets state", found.len());
        done.data = Some(DataCheck { checked_bytes: checked, bytes: checked, words });
        done.files.extend(found);
    }
    Ok(())
}

/// The file of a dataset that an entry claims to be; size and SHA-256 are the container's, which
/// were checked against its bytes.
fn place<'a>(
    entry: &Entry,
    layouts: &'a Layouts,
) -> Result<(DatasetRoot, &'a Dataset, &'a FileEntry), String> {
    let folder = if entry.listed.kind == EntryKind::Output { "output" } else { "data" };
    let mut parts = entry.listed.name.splitn(3, '/');
    let (Some(first), Some(root), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("a file stands under {folder}/ROOT/"));
    };
    let root: DatasetRoot = root.parse().map_err(|_| format!("{root} is no root"))?;
    if first != folder {
        return Err(format!("an entry of kind {} stands under {folder}/", entry.listed.kind));
    }
    let dataset = layouts.by_root.get(&root).ok_or("no manifest in the bundle has this root")?;
    let layout = dataset.layout.as_ref().ok_or("the bundle does not hold its list of files")?;
    let path: FilePath = path.parse().map_err(|e| format!("{e}"))?;
    let file = layout.file(&path).ok_or("its dataset has no such file")?;
    if file.size != entry.listed.size || file.sha256 != entry.listed.sha256 {
        return Err(format!(
            "its SHA-256 is {}, its dataset says {}",
            entry.listed.sha256, file.sha256
        ));
    }
    Ok((root, dataset, file))
}

/// The table hashes that receipts in the evidence state for an output.
fn table_hashes(
    report: &Report,
    root: &DatasetRoot,
) -> Vec<(veritrail_provenance::hash::StatementId, veritrail_provenance::hash::TableHash)> {
    let found = queries::find_root(&report.state, root).unwrap_or_default();
    let run = |row| match row {
        RootRow::Output { run } => queries::run(&report.state, &run).ok().flatten(),
        RootRow::Version { .. } => None,
    };
    let runs = found.into_iter().filter_map(|found| run(found.row));
    runs.map(|run| (run.row.at.id, run.row.payload.output.table_hash)).collect()
}
