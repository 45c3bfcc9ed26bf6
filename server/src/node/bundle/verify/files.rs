//! Files inside a bundle: each against the layout that a statement names, and an output's values
//! against its receipt.

use veritrail_provenance::{
    evidence::Report,
    hash::DatasetRoot,
    layout::{FileEntry, FilePath},
};

use super::{layouts::Layouts, opened::Opened, outputs::Outputs, stands};
use crate::node::{
    bundle::{
        OUTPUT_BYTES_MAX,
        container::{ContainerError, Entry, EntryKind},
    },
    report::Verification,
};

/// Checks every file; what is wrong is told in `done`.
pub(super) fn check(
    opened: &mut Opened,
    layouts: &Layouts,
    report: &Report,
    done: &mut Verification,
) -> Result<(), ContainerError> {
    let (mut checked, mut found) = (0, Vec::new());
    let mut outputs = Outputs::default();
    for entry in std::mem::take(&mut opened.files) {
        let name = entry.listed.name.clone();
        match place(&entry, layouts) {
            Ok((root, file)) => {
                checked += file.size;
                let mut words = format!("{} of r:{root}", file.path);
                // Not by kind alone: that is the bundle's word, and would hide values.
                let small = file.size <= OUTPUT_BYTES_MAX;
                let read = small || entry.listed.kind == EntryKind::Output;
                if read && stands(done) && Outputs::is_output(report, &root) {
                    let bytes = opened.reader.read(&entry)?;
                    match outputs.take(bytes, (&root, &file.path), layouts, report) {
                        Ok(more) => words.push_str(more),
                        Err(wrong) => done.add_finding(format!("entry {name}: {wrong}")),
                    }
                }
                found.push(words);
            }
            Err(wrong) => done.add_finding(format!("entry {name}: {wrong}")),
        }
    }
    if !found.is_empty() {
        let words = match found.len() {
            1 => "1 file inside has the hash that its dataset states".to_owned(),
            n => format!("{n} files inside have the hashes that their datasets state"),
        };
        done.add_data(checked, checked, words);
        done.files.extend(found);
    }
    outputs.tell(opened, layouts, report, done);
    Ok(())
}

/// The file of a dataset that an entry claims to be; size and SHA-256 are the container's, which
/// were checked against its bytes.
fn place<'a>(entry: &Entry, layouts: &'a Layouts) -> Result<(DatasetRoot, &'a FileEntry), String> {
    let folder = if entry.listed.kind == EntryKind::Output { "output" } else { "data" };
    let mut parts = entry.listed.name.splitn(3, '/');
    let (Some(first), Some(root), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("a file stands under {folder}/ROOT/"));
    };
    let root: DatasetRoot = root.parse().map_err(|_| format!("{root} is no root"))?;
    if first != folder {
        return Err(format!("an entry of kind {} stands under {folder}/", entry.listed.kind));
    }
    let layout = layouts.by_root.get(&root).ok_or("no manifest in the bundle has this root")?;
    let layout = layout.as_ref().ok_or("the bundle does not hold its list of files")?;
    let path: FilePath = path.parse().map_err(|e| format!("{e}"))?;
    let file = layout.file(&path).ok_or("its dataset has no such file")?;
    if file.size != entry.listed.size || file.sha256 != entry.listed.sha256 {
        return Err(format!(
            "its SHA-256 is {}, its dataset says {}",
            entry.listed.sha256, file.sha256
        ));
    }
    Ok((root, file))
}
