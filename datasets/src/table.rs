//! From a dataset to the one table that a query names.
//!
//! `--input NAME=REF[/path-or-glob]`: one table file is a table; several of one schema are one
//! table; anything else is an error that lists what there is, since choosing would be guessing.

use veritrail_provenance::layout::{FilePath, Layout};

use crate::manifest::{Manifest, TableFormat};
use crate::schema::TableSchema;

/// Names listed in an error at most.
const LISTED: usize = 12;

/// One table of a query: its schema and the files that hold its rows, in path order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInput {
    /// The columns of all parts; descriptions are those of the first part.
    pub schema: TableSchema,
    /// The files; at least one.
    pub parts: Vec<TablePart>,
}

/// One file of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePart {
    /// Its path in the dataset.
    pub path: FilePath,
    /// Its length in bytes.
    pub bytes: u64,
    /// How it is written.
    pub format: TableFormat,
}

/// Why no single table could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// The dataset has no tables at all.
    #[error("the dataset holds no tables, only files of bytes")]
    NoTables,
    /// Neither a path nor a glob of the dataset.
    #[error("{pattern:?} matches no table; the tables are {tables}")]
    NothingMatches {
        /// What was asked for.
        pattern: String,
        /// What there is.
        tables: String,
    },
    /// The path is a file, but no table.
    #[error("{path} is a file of bytes, no table; the tables are {tables}")]
    NotATable {
        /// The file.
        path: String,
        /// What there is.
        tables: String,
    },
    /// Not a glob.
    #[error("{pattern:?} is no path or glob: {reason}")]
    BadGlob {
        /// What was asked for.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The files are not of one schema.
    #[error(
        "these are not one table: in {other} {difference} ({first} is \"here\"); choose by a path \
         or a glob among {tables}"
    )]
    SeveralSchemas {
        /// The first file.
        first: String,
        /// A file with another schema.
        other: String,
        /// The first place where they differ.
        difference: String,
        /// What there is.
        tables: String,
    },
}

/// The table that `pattern` names in a dataset: a path, or a glob over paths (`*` stays within a
/// folder, `**` does not); without one, all tables. `layout` must be the manifest's own.
pub fn select(
    manifest: &Manifest,
    layout: &Layout,
    pattern: Option<&str>,
) -> Result<TableInput, SelectError> {
    let all = all_parts(manifest, layout);
    if all.is_empty() {
        return Err(SelectError::NoTables);
    }
    let listed = || list(&all);
    let chosen: Vec<&(TablePart, &TableSchema)> = match pattern {
        None => all.iter().collect(),
        Some(pattern) => {
            let exact: Vec<_> =
                all.iter().filter(|(part, _)| part.path.as_str() == pattern).collect();
            if exact.is_empty() { matching(&all, layout, pattern)? } else { exact }
        }
    };
    let Some((first, schema)) = chosen.first() else {
        let pattern = pattern.unwrap_or_default().to_owned();
        return Err(SelectError::NothingMatches { pattern, tables: listed() });
    };
    for (part, other) in &chosen {
        if let Some(difference) = schema.first_difference(other) {
            let (first, other) = (first.path.to_string(), part.path.to_string());
            return Err(SelectError::SeveralSchemas { first, other, difference, tables: listed() });
        }
    }
    let parts = chosen.iter().map(|(part, _)| part.clone()).collect();
    Ok(TableInput { schema: (*schema).clone(), parts })
}

fn all_parts<'a>(manifest: &'a Manifest, layout: &Layout) -> Vec<(TablePart, &'a TableSchema)> {
    let mut all: Vec<(TablePart, &TableSchema)> = Vec::new();
    for table in manifest.tables() {
        for file in table.files(layout) {
            let (path, bytes, format) = (file.path.clone(), file.size, table.format().clone());
            all.push((TablePart { path, bytes, format }, table.schema()));
        }
    }
    all.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    all
}

fn matching<'a, 'b>(
    all: &'a [(TablePart, &'b TableSchema)],
    layout: &Layout,
    pattern: &str,
) -> Result<Vec<&'a (TablePart, &'b TableSchema)>, SelectError> {
    if layout.files().iter().any(|file| file.path.as_str() == pattern) {
        return Err(SelectError::NotATable { path: pattern.to_owned(), tables: list(all) });
    }
    let glob = globset::GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(false)
        .build()
        .map_err(|error| {
            let (pattern, reason) = (pattern.to_owned(), error.kind().to_string());
            SelectError::BadGlob { pattern, reason }
        })?
        .compile_matcher();
    Ok(all.iter().filter(|(part, _)| glob.is_match(part.path.as_str())).collect())
}

fn list(all: &[(TablePart, &TableSchema)]) -> String {
    let mut names: Vec<String> =
        all.iter().take(LISTED).map(|(part, _)| part.path.to_string()).collect();
    if all.len() > LISTED {
        names.push(format!("and {} more", all.len() - LISTED));
    }
    names.join(", ")
}
