//! The outputs of runs inside a bundle, against what receipts state: the values of each file, or of
//! all files together where a run has several outputs.

use std::collections::{BTreeMap, BTreeSet};

use veritrail_compute::run::{canonical::outputs_hash, resolved::ResolvedSpec};
use veritrail_provenance::{
    evidence::Report,
    hash::{DatasetRoot, StatementId, TableHash},
    layout::{FilePath, Layout},
    ledger::{
        queries,
        rows::{InLog, RootRow, RunRow},
    },
};

use super::{layouts::Layouts, opened::Opened, table};
use crate::node::report::Verification;

/// What files give the values of a run's outputs.
#[derive(Default)]
pub(super) struct Outputs {
    /// The files of runs with several outputs, as far as they are inside.
    several: BTreeMap<DatasetRoot, BTreeMap<FilePath, (TableHash, u64)>>,
    /// Runs whose values were computed again.
    counted: BTreeSet<StatementId>,
}

impl Outputs {
    /// Whether receipts speak of a root at all.
    pub(super) fn is_output(report: &Report, root: &DatasetRoot) -> bool {
        !runs(report, root).is_empty()
    }

    /// Takes one file of a root that receipts speak of. Of the only file of its dataset the values
    /// are compared at once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn take(
        &mut self,
        bytes: Vec<u8>,
        (root, path): (&DatasetRoot, &FilePath),
        layouts: &Layouts,
        report: &Report,
    ) -> Result<&'static str, String> {
        let found = table::hash(bytes)?;
        let layout = layouts.by_root.get(root).and_then(Option::as_ref);
        if layout.is_some_and(|layout| layout.files().len() > 1) {
            self.several.entry(*root).or_default().insert(path.clone(), found);
            return Ok("");
        }
        for run in runs(report, root) {
            self.counted.insert(run.row.at.id);
            agrees(found, &run)?;
        }
        Ok(", its values give the receipt's table hash")
    }

    /// Compares runs of several outputs, and tells of every run whose values were not computed
    /// again: a receipt without its output is what somebody signed, and no more. Large outputs are
    /// left out of bundles, so it is no fault.
    pub(super) fn tell(
        mut self,
        opened: &Opened,
        layouts: &Layouts,
        report: &Report,
        done: &mut Verification,
    ) {
        for (root, files) in &self.several {
            let layout = layouts.by_root.get(root).and_then(Option::as_ref);
            if layout.is_none_or(|layout| layout.files().len() != files.len()) {
                continue;
            }
            for run in runs(report, root) {
                self.counted.insert(run.row.at.id);
                match together(files).and_then(|found| agrees(found, &run)) {
                    Ok(()) => done.files.push(format!(
                        "the {} files of r:{root}: their values give the receipt's table hash",
                        files.len()
                    )),
                    Err(wrong) => done.add_finding(format!("the files of r:{root}: {wrong}")),
                }
            }
        }
        for run in queries::all_runs(&report.state).unwrap_or_default() {
            let id = run.row.at.id;
            if let Err(wrong) = names_agree(opened, layouts, &run) {
                done.add_finding(format!("run:{id}/output: {wrong}"));
            }
            if !self.counted.contains(&id) {
                done.missing.push(format!(
                    "the values of run:{id}: its output is not inside, so they rest on its \
                     signer's word"
                ));
            }
        }
    }
}

/// The hash over several outputs, each named by its file.
fn together(files: &BTreeMap<FilePath, (TableHash, u64)>) -> Result<(TableHash, u64), String> {
    let mut hashes = BTreeMap::new();
    for (path, (hash, _)) in files {
        hashes.insert(output_name(path)?, *hash);
    }
    Ok((outputs_hash(&hashes), files.values().map(|(_, rows)| rows).sum()))
}

fn output_name(path: &FilePath) -> Result<&str, String> {
    let name = path.as_str().strip_suffix(".parquet");
    name.ok_or_else(|| format!("{path} is no output's file"))
}

/// Whether values are those that a receipt states.
fn agrees((hash, rows): (TableHash, u64), run: &InLog<RunRow>) -> Result<(), String> {
    let (id, output) = (run.row.at.id, &run.row.payload.output);
    if hash != output.table_hash {
        let stated = output.table_hash;
        return Err(format!(
            "its values have the table hash {hash}, the receipt run:{id} says {stated}"
        ));
    }
    if rows != output.rows {
        return Err(format!("it has {rows} rows, the receipt run:{id} says {}", output.rows));
    }
    Ok(())
}

/// The files of an output must be those that the spec names, where both are inside; a spec that is
/// false or not there is told elsewhere.
fn names_agree(opened: &Opened, layouts: &Layouts, run: &InLog<RunRow>) -> Result<(), String> {
    let receipt = &run.row.payload;
    let layout: Option<&Layout> =
        layouts.by_root.get(&receipt.output.root).and_then(Option::as_ref);
    let spec = opened.blobs.get(&receipt.spec_blob);
    let spec = spec.and_then(|(_, bytes)| ResolvedSpec::from_bytes(bytes).ok());
    let (Some(layout), Some(spec)) = (layout, spec) else { return Ok(()) };
    let made: BTreeSet<String> =
        layout.files().iter().map(|file| file.path.as_str().to_owned()).collect();
    let asked: BTreeSet<String> =
        spec.work.outputs().into_keys().map(|name| format!("{name}.parquet")).collect();
    if made == asked {
        return Ok(());
    }
    let list = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    Err(format!("its files are {}, and the spec's outputs are {}", list(made), list(asked)))
}

/// What receipts in the evidence state of an output.
fn runs(report: &Report, root: &DatasetRoot) -> Vec<InLog<RunRow>> {
    let found = queries::find_root(&report.state, root).unwrap_or_default();
    let run = |row| match row {
        RootRow::Output { run } => queries::run(&report.state, &run).ok().flatten(),
        RootRow::Version { .. } => None,
    };
    found.into_iter().filter_map(|found| run(found.row)).collect()
}
