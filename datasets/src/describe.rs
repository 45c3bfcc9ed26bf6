//! What a publisher says about a dataset: `--describe FILE.toml`.
//!
//! Strict, so that a typing error is an error and never a silently ignored wish: an unknown key,
//! a file that is not published or a column that does not exist is refused with its place. What
//! is not said is inferred. docs/formats/describe.md has the whole grammar.

mod template;

use std::collections::BTreeMap;

use serde::Deserialize;
use veritrail_provenance::identity::Did;

pub use template::{TemplateFile, template};

use crate::ingest::csv::{DecimalMark, Delimiter, Encoding};
use crate::schema::ColumnType;

/// Bytes a description may have at most: the template of a table with as many columns as a table
/// may have fits.
pub const MAX_DESCRIPTION_BYTES: usize = 16 << 20;

/// A description, as far as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The version of this grammar: 1 if it is there.
    #[serde(default)]
    pub version: Option<u32>,
    /// The dataset's title; an empty one is none.
    #[serde(default)]
    pub title: Option<String>,
    /// Who made it.
    #[serde(default, rename = "creator")]
    pub creators: Vec<DescribedCreator>,
    /// An SPDX expression, or one with `LicenseRef-…`.
    #[serde(default)]
    pub licence: Option<String>,
    /// The text that a `LicenseRef-…` stands for.
    #[serde(default)]
    pub licence_text: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Of a private dataset, what is committed of it: `age:int[0..127],sex:category(f|m)`.
    #[serde(default)]
    pub commit: Option<String>,
    /// Of a private dataset, the least number of rows that a released count may have.
    #[serde(default)]
    pub minimum_cell: Option<u32>,
    /// What is said about files: by path, or by a glob that matches paths.
    #[serde(default, rename = "file")]
    pub files: BTreeMap<String, FileDescription>,
}

/// A person or institution that made the dataset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribedCreator {
    /// The name as it is to be cited.
    pub name: String,
    /// A DID of theirs.
    #[serde(default)]
    pub did: Option<Did>,
}

/// How a file is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DescribedFormat {
    /// As comma-separated values, whatever its name.
    Csv,
    /// As Parquet, whatever its name.
    Parquet,
    /// As bytes: no table.
    Bytes,
}

/// What is said about one file, or about all files that a glob matches. Everything left out is
/// inferred.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDescription {
    /// How to read it; by its name if not said.
    #[serde(default)]
    pub format: Option<DescribedFormat>,
    /// CSV: what stands between fields.
    #[serde(default)]
    pub delimiter: Option<Delimiter>,
    /// CSV: the decimal mark.
    #[serde(default)]
    pub decimal: Option<DecimalMark>,
    /// CSV: how bytes are text.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// CSV: all fields that are null if not quoted; `""` is the empty field.
    #[serde(default)]
    pub nulls: Option<Vec<String>>,
    /// CSV: lines before the header that are not read.
    #[serde(default)]
    pub skip_lines: Option<u32>,
    /// CSV: rows that name the columns.
    #[serde(default)]
    pub header_rows: Option<u32>,
    /// What is said about columns, by name.
    #[serde(default, rename = "column")]
    pub columns: BTreeMap<String, ColumnDescription>,
}

/// What is said about one column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnDescription {
    /// Its type; every value is checked against it.
    #[serde(default, rename = "type")]
    pub column_type: Option<ColumnType>,
    /// Its unit.
    #[serde(default)]
    pub unit: Option<String>,
    /// What it means.
    #[serde(default)]
    pub description: Option<String>,
}

/// Why a description was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescribeError {
    /// Larger than any description.
    #[error("the description has {bytes} bytes; {MAX_DESCRIPTION_BYTES} at most")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not UTF-8.
    #[error("the description is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that is not.
        offset: usize,
    },
    /// Not TOML, or with a key or value that the grammar does not have.
    #[error("line {line}, column {column}: {message}")]
    Toml {
        /// The line, from 1.
        line: usize,
        /// The character in it, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A later grammar.
    #[error("version = {0}: this program reads version 1")]
    Version(u32),
    /// A key of `[file]` that is no glob.
    #[error("[file.{pattern:?}]: {reason}")]
    BadGlob {
        /// The key.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two globs claim one file.
    #[error("[file.{first:?}] and [file.{second:?}] both match {path:?}; name the file itself")]
    Ambiguous {
        /// The file.
        path: String,
        /// One glob.
        first: String,
        /// The other.
        second: String,
    },
    /// A file is described that is not published.
    #[error("[file.{pattern:?}] matches none of the published files")]
    Unmatched {
        /// The key.
        pattern: String,
    },
}

impl Description {
    /// Reads a description.
    pub fn parse(bytes: &[u8]) -> Result<Self, DescribeError> {
        if bytes.len() > MAX_DESCRIPTION_BYTES {
            return Err(DescribeError::TooLarge { bytes: bytes.len() });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| DescribeError::NotUtf8 { offset: error.valid_up_to() })?;
        let mut description: Description = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let (line, column) = place(text, at);
            DescribeError::Toml { line, column, message: error.message().to_owned() }
        })?;
        description.title = description.title.filter(|title| !title.trim().is_empty());
        match description.version {
            None | Some(1) => Ok(description),
            Some(version) => Err(DescribeError::Version(version)),
        }
    }

    /// What is said about the file at `path`: by its own name before any glob. Two globs that
    /// match are an error, since neither comes first.
    pub fn file(&self, path: &str) -> Result<Option<&FileDescription>, DescribeError> {
        if let Some(said) = self.files.get(path) {
            return Ok(Some(said));
        }
        let mut found: Option<(&String, &FileDescription)> = None;
        for (pattern, said) in &self.files {
            if !glob(pattern)?.is_match(path) {
                continue;
            }
            if let Some((first, _)) = found {
                let (first, second) = (first.clone(), pattern.clone());
                return Err(DescribeError::Ambiguous { path: path.to_owned(), first, second });
            }
            found = Some((pattern, said));
        }
        Ok(found.map(|(_, said)| said))
    }

    /// Refuses a description of files that are not among `paths`. Costs one match per path and
    /// described file.
    pub fn check_files<'a>(
        &self,
        paths: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), DescribeError> {
        for pattern in self.files.keys() {
            let matcher = glob(pattern)?;
            if !paths.clone().any(|path| path == pattern || matcher.is_match(path)) {
                return Err(DescribeError::Unmatched { pattern: pattern.clone() });
            }
        }
        Ok(())
    }
}

/// A glob over `/`-separated paths: `*` stays within a folder, `**` does not.
fn glob(pattern: &str) -> Result<globset::GlobMatcher, DescribeError> {
    globset::GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(false)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| {
            let (pattern, reason) = (pattern.to_owned(), error.kind().to_string());
            DescribeError::BadGlob { pattern, reason }
        })
}

/// Line and character of a byte, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
