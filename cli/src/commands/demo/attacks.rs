//! The demo's sixth chapter: a byte of a chunk, a number in the output and a tile of the log are
//! altered, and a whole bundle is forged with other keys. Each must be caught, and named.

use std::{
    collections::BTreeMap,
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use serde_json::Value;
use veritrail_provenance::hash::FileDigest;
use veritrail_server::{
    error::{NodeError, Result},
    node::bundle::container::{ContainerError, EntryKind, Listed, Listing, Reader, Writer},
};

use super::{
    stage::{Stage, text, words},
    story::{Story, TABLE_12_1},
    tell,
};

/// One thing that was altered.
#[derive(serde::Serialize)]
pub(super) struct Caught {
    /// What was altered.
    altered: &'static str,
    /// The exit code of the check.
    code: i32,
    /// What the check said.
    said: String,
}

/// Plays all four.
pub(super) fn play(stage: &Stage, story: &Story) -> Result<Vec<Caught>> {
    tell("\n6. Now somebody lies.");
    Ok(vec![chunk(stage)?, output(stage, story)?, tile(stage)?, forged(stage, story)?])
}

fn chunk(stage: &Stage) -> Result<Caught> {
    let reviewer = stage.actor("reviewer");
    let largest = files(&reviewer.home().join("blobs"))?
        .into_iter()
        .max_by_key(|path| fs::metadata(path).map_or(0, |meta| meta.len()))
        .ok_or_else(|| NodeError::not_found("no chunk in the reviewer's home"))?;
    let altered = Altered::flip(&largest, 1_000)?;
    let caught = reviewer.must_end_with(3, &["store", "fsck"])?;
    altered.restore()?;
    Ok(named("a byte of a chunk on disk", 3, &caught.value, &caught.error))
}

/// By somebody who knows the format: every size, checksum and list of the bundle fits what was put
/// in, so that only what was signed can tell.
fn output(stage: &Stage, story: &Story) -> Result<Caught> {
    let altered = rebuilt(&stage.read("result.veritrail")?, |kind, bytes| {
        // The output is a Parquet file; its first column chunk follows the magic.
        if let (EntryKind::Output, Some(byte)) = (kind, bytes.get_mut(40)) {
            *byte ^= 1;
        }
    });
    let altered = altered.map_err(|e| NodeError::failed(e.to_string()).at("result.veritrail"))?;
    stage.write("altered.veritrail", &altered)?;
    let check = ["verify", "altered.veritrail", "--trust", &story.lab, "--trust", &story.reviewer];
    let caught = stage.actor("outsider").must_end_with(3, &check)?;
    Ok(named("a number in the output", 3, &caught.value, &caught.error))
}

fn tile(stage: &Stage) -> Result<Caught> {
    let reviewer = stage.actor("reviewer");
    let log = reviewer.home().join("log");
    let tile = files(&log.join("tile/0"))?
        .into_iter()
        .max()
        .ok_or_else(|| NodeError::not_found("no tile in the reviewer's log"))?;
    let altered = Altered::flip(&tile, 5)?;
    // By an outsider: the reviewer's own node would mend what its last batch wrote.
    let caught = stage.actor("outsider").must_end_with(3, &["log", "audit", "reviewer/log"])?;
    altered.restore()?;
    Ok(named("a tile of the log", 3, &caught.value, &caught.error))
}

/// Somebody with keys of their own, who calls himself Ada and makes the quitters lose weight.
fn forged(stage: &Stage, story: &Story) -> Result<Caught> {
    let data = stage.read("nhefs.csv")?;
    let rosier = String::from_utf8_lossy(&data).replace(",-10.093959760000004,", ",-40.0,");
    stage.write("rosier.csv", rosier.as_bytes())?;
    let forger = stage.actor("forger");
    forger.quietly(&["init", "--name", "Ada, Lab North"])?;
    let publish = ["publish", "rosier.csv", "--name", "nhefs", "--title", "NHEFS"];
    forger.quietly(&[&publish[..], &["--licence", "CC0-1.0"]].concat())?;
    let ran = forger.quietly(&["run", "--sql", TABLE_12_1, "--input", "nhefs=nhefs"])?;
    forger.run(&["bundle", text(&ran, "/reference")?, "-o", "forged.veritrail"])?;
    let check = ["verify", "forged.veritrail", "--trust", &story.lab, "--trust", &story.reviewer];
    let caught = stage.actor("outsider").must_end_with(1, &check)?;
    Ok(named("a whole bundle, forged with other keys", 1, &caught.value, &caught.error))
}

/// The bundle with altered entries and a listing that fits them.
fn rebuilt(
    bundle: &[u8],
    alter: impl Fn(&EntryKind, &mut Vec<u8>),
) -> std::result::Result<Vec<u8>, ContainerError> {
    let mut reader = Reader::open(Cursor::new(bundle))?;
    let (mut listed, mut parts) = (Vec::new(), BTreeMap::new());
    for entry in reader.entries().to_vec() {
        let mut bytes = reader.read(&entry)?;
        alter(&entry.listed.kind, &mut bytes);
        let (size, sha256) = (bytes.len() as u64, FileDigest::of(&bytes));
        parts.insert(entry.listed.name.clone(), bytes);
        listed.push(Listed { size, sha256, ..entry.listed });
    }
    let listing = Listing::new(reader.subject().to_owned(), listed)?;
    let mut writer = Writer::begin(Cursor::new(Vec::new()), &listing)?;
    for entry in &listing.entries {
        writer.entry(&entry.name)?;
        writer.write(parts.get(&entry.name).map_or(&[][..], Vec::as_slice))?;
    }
    Ok(writer.finish()?.into_inner())
}

/// What was altered and how it was caught, told as it is kept.
pub(super) fn named(altered: &'static str, code: i32, value: &Value, error: &Value) -> Caught {
    let mut said = ["/findings/0", "/unnamed/0", "/conclusion"]
        .iter()
        .find_map(|at| value.pointer(at)?.as_str())
        .map_or_else(|| words(error, "/message"), str::to_owned);
    if let Some(place) = error.pointer("/place").and_then(Value::as_str) {
        said = format!("{place}: {said}");
    }
    if code == 1 {
        said = format!("consistent, but signed by parties that nobody here has named: {said}");
    }
    tell(&format!("     {altered}: caught (exit {code}): {said}"));
    Caught { altered, code, said }
}

/// A file with one bit changed, and what it was.
struct Altered {
    path: PathBuf,
    before: Vec<u8>,
}

impl Altered {
    fn flip(path: &Path, at: usize) -> Result<Self> {
        let before = fs::read(path).map_err(|e| io(path, &e))?;
        let mut after = before.clone();
        let at = at.min(after.len().saturating_sub(1));
        if let Some(byte) = after.get_mut(at) {
            *byte ^= 1;
        }
        overwrite(path, &after)?;
        Ok(Self { path: path.to_owned(), before })
    }

    fn restore(self) -> Result<()> {
        overwrite(&self.path, &self.before)
    }
}

/// Writes over a file that may be read-only, as a chunk is.
fn overwrite(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::remove_file(path).and_then(|()| fs::write(path, bytes)).map_err(|e| io(path, &e))
}

/// All files beneath a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| io(folder, &e))? {
        let path = entry.map_err(|e| io(folder, &e))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

fn io(path: &Path, error: &std::io::Error) -> NodeError {
    NodeError::failed(error.to_string()).at(path.display())
}
