//! Executing a run again and comparing what comes out.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;
use bytes::{Bytes, BytesMut};
use veritrail_compute::run::{
    Finished,
    canonical::{outputs_hash, table_hash},
    compare::{OutputPair, compare_outputs},
    output::read_parquet,
    resolved::ResolvedSpec,
};
use veritrail_provenance::{
    hash::TableHash,
    ledger::rows::RunRow,
    statement::{Difference, Outcome, RunInput},
};

use crate::{
    error::{NodeError, OrKind as _, Result},
    node::{
        claims::spec_agrees,
        file_bytes::FilePieces,
        run::{execute, means::Setting, output::path},
        shelf::Shelf,
        tables::Opened,
    },
    progress::Progress,
};

/// Characters of what a verdict says was missing.
const MISSING_CHARS: usize = 1_000;

/// What a repetition comes to.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    pub(super) found: Option<TableHash>,
    pub(super) difference: Option<Difference>,
    pub(super) missing: Option<String>,
}

impl Judged {
    /// It could not be repeated.
    pub(super) fn could_not_check(why: &NodeError) -> Self {
        let missing = Some(printable(why));
        Self { outcome: Outcome::CouldNotCheck, found: None, difference: None, missing }
    }
}

/// Repeats a run from what `shelf` holds. Whatever stands in the way is part of the judgement.
pub(super) async fn run(
    shelf: &Shelf,
    run: &RunRow,
    setting: &Setting,
    progress: &dyn Progress,
) -> Judged {
    let repeated = repeat(shelf, run, setting, progress).await;
    repeated.unwrap_or_else(|e| Judged::could_not_check(&e))
}

async fn repeat(
    shelf: &Shelf,
    run: &RunRow,
    setting: &Setting,
    progress: &dyn Progress,
) -> Result<Judged> {
    let receipt = &run.payload;
    let spec = shelf.held(&receipt.spec_blob).await?.ok_or_else(|| missing("the spec"))?;
    let spec = ResolvedSpec::from_bytes(&spec).or_refused()?;
    spec_agrees(&spec, receipt)
        .map_err(|what| NodeError::refused(format!("the receipt's {what} is not the spec's")))?;
    let mut datasets = BTreeMap::new();
    for input in &receipt.inputs {
        let opened = open(shelf, input).await?;
        datasets.insert(input.name.clone(), opened);
    }
    let published = published(shelf, run, &spec).await;
    progress.begin("run again", None);
    let done = execute::run(&spec, &datasets, setting, progress).await;
    progress.end();
    judge(&done?, published, run, &spec, progress)
}

/// Holds what came out against the receipt, and against the rows that were published.
fn judge(
    done: &Finished,
    published: Result<Published>,
    run: &RunRow,
    spec: &ResolvedSpec,
    progress: &dyn Progress,
) -> Result<Judged> {
    let (stated, found) = (run.payload.output.table_hash, done.table_hash);
    let published = match published {
        Ok(rows) => rows,
        Err(e) => {
            progress.say(&format!("the published output is not at hand to compare with: {e}"));
            return Ok(if found == stated { identical(found) } else { different(found, None) });
        }
    };
    let mut hashes = BTreeMap::new();
    for (name, rows) in &published {
        let hash = table_hash(&rows.schema(), std::slice::from_ref(rows)).or_refused()?;
        hashes.insert(name.as_str(), hash);
    }
    let of_rows = outputs_hash(&hashes);
    let what = "(table hash of the published rows)";
    match (of_rows == stated, found == stated) {
        (true, true) => Ok(identical(found)),
        // The receipt is true and the bytes that it names are not its output.
        (false, true) => Err(NodeError::refused(format!(
            "the published rows have the table hash {of_rows}, the receipt says {stated}"
        ))
        .at(format!("run:{}/output", run.at.id))),
        // The receipt is false by itself.
        (false, false) => {
            let difference = Difference::clipped(what, 0, &stated.to_hex(), &of_rows.to_hex());
            Ok(different(found, Some(difference)))
        }
        // The published rows tell where it differs, and whether that is tolerable.
        (true, false) => {
            let comparison = compare_outputs(&pairs(&published, done, spec)).or_failed()?;
            let judged = different(found, comparison.difference);
            Ok(match comparison.outcome {
                Outcome::WithinTolerance => Judged { outcome: Outcome::WithinTolerance, ..judged },
                _ => judged,
            })
        }
    }
}

/// The outputs that were published, by name.
type Published = BTreeMap<String, RecordBatch>;

/// Each output as it was published and as it came out; both have all that the spec names.
fn pairs<'a>(
    published: &'a Published,
    done: &'a Finished,
    spec: &'a ResolvedSpec,
) -> Vec<OutputPair<'a>> {
    let pair = |(name, tolerance)| {
        let (expected, found) = (published.get(name)?, &done.outputs.get(name)?.table);
        Some(OutputPair { name, expected, found, tolerance })
    };
    spec.work.outputs().into_iter().filter_map(pair).collect()
}

async fn open(shelf: &Shelf, input: &RunInput) -> Result<Opened> {
    let name = &input.name;
    let opened = shelf.open(&input.manifest).await?;
    let opened = opened.ok_or_else(|| missing(&format!("the list of files of input {name}")))?;
    if *opened.layout.root() != input.root {
        return Err(
            NodeError::refused("its manifest is of another root").at(format!("input {name}"))
        );
    }
    Ok(opened)
}

/// The rows that the run published: one file for each output, and no other.
async fn published(shelf: &Shelf, run: &RunRow, spec: &ResolvedSpec) -> Result<Published> {
    let output = &run.payload.output;
    let opened = shelf.open(&output.manifest).await?.ok_or_else(|| missing("the output"))?;
    let mut published = Published::new();
    for name in spec.work.outputs().into_keys() {
        published.insert(name.to_owned(), rows_of(shelf, &opened, name).await?);
    }
    Ok(published)
}

async fn rows_of(shelf: &Shelf, opened: &Opened, output: &str) -> Result<RecordBatch> {
    let path = path(output)?;
    let file = opened.layout.file(&path).ok_or_else(|| missing(&format!("the file {path}")))?;
    let mut bytes = BytesMut::with_capacity(usize::try_from(file.size).unwrap_or(0).min(1 << 20));
    let mut pieces =
        FilePieces::new(&opened.layout, &path, std::sync::Arc::clone(&shelf.0)).or_failed()?;
    while let Some(piece) = pieces.next().await.or_refused()? {
        bytes.extend_from_slice(&piece);
    }
    read_parquet(&Bytes::from(bytes)).or_refused()
}

fn identical(found: TableHash) -> Judged {
    Judged { outcome: Outcome::Identical, found: Some(found), difference: None, missing: None }
}

fn different(found: TableHash, difference: Option<Difference>) -> Judged {
    Judged { outcome: Outcome::Different, found: Some(found), difference, missing: None }
}

fn missing(what: &str) -> NodeError {
    NodeError::not_found(format!("{what} is not held here"))
        .hint("use the run's ticket: veritrail reproduce TICKET")
}

/// What a verdict states: one line of bounded length.
fn printable(error: &NodeError) -> String {
    let text = error.to_string();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MISSING_CHARS).collect()
}
