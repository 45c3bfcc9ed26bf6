//! Finding out what the files are, before a byte is stored: tables and their schemas, what was
//! decided for the publisher, and where formats want chunks to end.

use std::{
    collections::BTreeMap,
    fmt::Display,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use veritrail_datasets::{
    describe::{DescribedFormat, Description, FileDescription, TemplateFile},
    ingest::{
        bytes::{Digesting, Seen},
        csv, format_of, parquet,
    },
    manifest::{TableFile, TableFormat},
    private::{PackedFile, PackedTable},
    schema::TableSchema,
    walk::{self, Source, WalkError},
};

use crate::{
    error::{Kind, NodeError, Result},
    progress::Progress,
};

/// What may always be done with a file that is no table.
const AS_BYTES: &str = "or declare format = \"bytes\" in --describe to publish it as it stands";

/// One file and what it was found to be.
#[derive(Debug)]
pub(super) struct Inspected {
    pub(super) source: Source,
    /// What the first pass saw of it, if there was one.
    pub(super) seen: Option<Seen>,
    /// Where its format wants chunks to end, from its own start.
    pub(super) cut_points: Vec<u64>,
    table: Option<FoundTable>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct FoundTable {
    format: TableFormat,
    schema: TableSchema,
    rows: u64,
}

impl Inspected {
    pub(super) fn for_template(&self) -> TemplateFile<'_> {
        TemplateFile { path: self.source.path.as_str(), table: self.table(), notes: &self.notes }
    }

    /// How it is listed within encrypted bytes.
    pub(super) fn packed(&self) -> PackedFile {
        let table = self.table.as_ref().map(|table| PackedTable {
            rows: table.rows,
            format: table.format.clone(),
            columns: table.schema.clone(),
        });
        PackedFile { path: self.source.path.clone(), size: self.source.stamp.size, table }
    }

    /// Format and schema, if it is a table.
    pub(super) fn table(&self) -> Option<(&TableFormat, &TableSchema)> {
        self.table.as_ref().map(|table| (&table.format, &table.schema))
    }

    pub(super) fn into_table(self) -> Option<TableFile> {
        let FoundTable { format, schema, rows } = self.table?;
        Some(TableFile { path: self.source.path, rows, format, schema })
    }
}

/// What was decided for the publisher, with the file's name; what was decided alike for several
/// files, once.
pub(super) fn notes(found: &[Inspected]) -> Vec<String> {
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for note in found.iter().flat_map(|file| &file.notes) {
        *files.entry(note).or_default() += 1;
    }
    let mut said = Vec::new();
    for file in found {
        for note in &file.notes {
            let place = shown(&file.source.on_disk);
            match files.remove(note.as_str()) {
                Some(1) => said.push(format!("{place}: {note}")),
                Some(2) => said.push(format!("{place} and another file: {note}")),
                Some(count) => said.push(format!("{place} and {} more files: {note}", count - 1)),
                None => {}
            }
        }
    }
    if said.iter().any(|note| note.contains("declare")) {
        said.push(
            "to declare columns: veritrail publish --describe-template PATH > FILE.toml, then \
             publish with --describe FILE.toml"
                .to_owned(),
        );
    }
    said
}

/// Walks the paths and finds out every file. Blocks; reads each CSV whole, of a Parquet file its
/// footer and the bytes for a digest, of others nothing.
pub(super) fn inspect(
    paths: &[PathBuf],
    description: &Description,
    progress: &dyn Progress,
) -> Result<Vec<Inspected>> {
    let walked = walk::walk(paths).map_err(|e| walk_error(&e))?;
    for left_out in &walked.left_out {
        progress.say(&format!("left out {}: {}", left_out.path.display(), left_out.reason));
    }
    let described = |e: veritrail_datasets::describe::DescribeError| {
        NodeError::usage(e.to_string()).at("--describe").hint("correct the file's path in it")
    };
    let names = walked.sources.iter().map(|source| source.path.as_str());
    description.check_files(names).map_err(described)?;
    let total = walked.sources.iter().map(|source| source.stamp.size).sum();
    progress.begin("looking", Some(total));
    let mut found = Vec::with_capacity(walked.sources.len());
    for source in walked.sources {
        let nothing = FileDescription::default();
        let declared = description.file(source.path.as_str()).map_err(described)?;
        found.push(inspect_one(source, declared.unwrap_or(&nothing), progress)?);
    }
    progress.end();
    Ok(found)
}

fn inspect_one(
    source: Source,
    declared: &FileDescription,
    progress: &dyn Progress,
) -> Result<Inspected> {
    let format = format_of(source.path.as_str(), declared)
        .map_err(|e| NodeError::usage(e.to_string()).at(&source.path).hint("correct --describe"))?;
    match format {
        DescribedFormat::Csv => inspect_csv(source, declared, progress),
        DescribedFormat::Parquet => inspect_parquet(source, declared, progress),
        DescribedFormat::Bytes => {
            progress.advance(source.stamp.size);
            let (cut_points, notes) = (Vec::new(), Vec::new());
            Ok(Inspected { source, seen: None, cut_points, table: None, notes })
        }
    }
}

fn inspect_csv(
    source: Source,
    declared: &FileDescription,
    progress: &dyn Progress,
) -> Result<Inspected> {
    let file = source.open().map_err(|e| at_path(&source.on_disk, &e))?;
    let counted = Counted { file: &file, progress };
    let found = csv::infer(counted, declared).map_err(|e| {
        at_path(&source.on_disk, &e).and_hint(
            "declare how it is written (--describe FILE.toml, see --describe-template), or \
             format = \"bytes\" to publish it as it stands",
        )
    })?;
    source.check_unchanged(&file).map_err(|e| at_path(&source.on_disk, &e))?;
    let csv::Inference { dialect, schema, rows, seen, notes } = found;
    let table = Some(FoundTable { format: TableFormat::Csv(dialect), schema, rows });
    let notes = notes.iter().map(ToString::to_string).collect();
    Ok(Inspected { source, seen: Some(seen), cut_points: Vec::new(), table, notes })
}

fn inspect_parquet(
    source: Source,
    declared: &FileDescription,
    progress: &dyn Progress,
) -> Result<Inspected> {
    let file = source.open().map_err(|e| at_path(&source.on_disk, &e))?;
    let refused = |e: &dyn Display| {
        let found = at_path(&source.on_disk, e);
        let make_anew = found.hint.is_none().then(|| format!("make it anew, {AS_BYTES}"));
        found.and_hint(make_anew.as_deref().unwrap_or(AS_BYTES))
    };
    let found = parquet::inspect(&file).map_err(|e| refused(&e))?;
    let schema = found.described(declared).map_err(|e| refused(&e))?;
    found.check_pages(&file).map_err(|e| refused(&e))?;
    found.check_values(&file).map_err(|e| refused(&e))?;
    let cut_points = parquet::cut_points(&file);
    let counted = Counted { file: &file, progress };
    let seen = Digesting::new(counted).finish().map_err(|e| at_path(&source.on_disk, &e))?;
    source.check_unchanged(&file).map_err(|e| at_path(&source.on_disk, &e))?;
    let table = Some(FoundTable { format: TableFormat::Parquet, schema, rows: found.rows() });
    Ok(Inspected { source, seen: Some(seen), cut_points, table, notes: Vec::new() })
}

/// A file that tells how far it was read.
struct Counted<'a> {
    file: &'a File,
    progress: &'a dyn Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(space)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// A path on one line: a name may hold line breaks, and what a terminal obeys.
pub(super) fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    let shown = text.chars().map(|c| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    });
    shown.collect()
}

/// A file that was written to while it was read.
pub(super) fn changed(path: &Path) -> NodeError {
    NodeError::failed("changed while being read")
        .at(shown(path))
        .hint("publish again when nothing writes to it")
}

/// A lower module's error about a file. What it says behind a semicolon is the remedy.
pub(super) fn at_path(path: &Path, error: &dyn Display) -> NodeError {
    let words = error.to_string();
    let quoted = format!("{path:?}");
    let words = words
        .strip_prefix(&quoted)
        .map_or(words.as_str(), |rest| rest.trim_start_matches([':', ' ']));
    let place = NodeError::failed("").at(shown(path));
    match words.split_once("; ") {
        Some((message, remedy)) => NodeError { message: message.to_owned(), ..place }.hint(remedy),
        None => NodeError { message: words.to_owned(), ..place },
    }
}

impl NodeError {
    /// With this remedy, unless the error brought its own.
    fn or_hint(self, hint: &str) -> Self {
        if self.hint.is_some() { self } else { self.hint(hint) }
    }

    /// With this remedy, behind its own.
    fn and_hint(self, hint: &str) -> Self {
        match &self.hint {
            Some(own) => {
                let join = if own.ends_with(['?', '.', '!']) { "" } else { ";" };
                let both = format!("{own}{join} {hint}");
                self.hint(both)
            }
            None => self.hint(hint),
        }
    }
}

fn walk_error(error: &WalkError) -> NodeError {
    let (kind, path, remedy) = match error {
        WalkError::NoPaths => return NodeError::usage(error.to_string()),
        WalkError::NotFound(path) => (Kind::NotFound, path, "check its spelling"),
        WalkError::EmptyFolder(path) => (Kind::Failed, path, "name a folder that holds files"),
        WalkError::NotUtf8(path) | WalkError::BadName { path, .. } => {
            (Kind::Failed, path, "rename it")
        }
        WalkError::SymlinkLoop(path) | WalkError::DanglingSymlink(path) => {
            (Kind::Failed, path, "remove the link, or let it name a file")
        }
        WalkError::SymlinkOutside { path, .. } => {
            (Kind::Failed, path, "name that path too, or copy it here")
        }
        WalkError::Special { path, .. } => (Kind::Failed, path, "name files and folders alone"),
        WalkError::SamePath { second, .. } => (Kind::Failed, second, "rename one of them"),
        WalkError::TooDeep(path) => (Kind::Failed, path, "publish its folders one by one"),
        WalkError::Io { path, .. } => (Kind::Failed, path, "make it readable, then publish again"),
        WalkError::TooManyFiles => {
            return NodeError::failed(error.to_string()).hint("publish it in parts");
        }
    };
    let found = at_path(path, error).or_hint(remedy);
    NodeError { kind, ..found }
}
