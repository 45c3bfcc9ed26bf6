//! Opening a version that was published before, from what its holder keeps.
//!
//! Statements are about the published columns alone, so these are committed to again and held
//! against the manifest. The proofs in it were made when it was published and are not made anew:
//! that leaves the commitments, a fraction of what [`super::publish`] costs, and needs no entropy.

use thiserror::Error;

use super::prove::{OpenVersion, Opener};
use crate::argument::ProveError;
use crate::body::manifest::Manifest;
use crate::columns::build::EncodedColumn;
use crate::commit::blinds::VersionSeed;

/// Why a version cannot be opened. These are words for its holder: which column differs says
/// something about rows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReopenError {
    /// Other columns than the schema declares, or in another order.
    #[error("the columns are not those that the version declares, in its order")]
    Schema,
    /// Some column is longer or shorter than the version.
    #[error("{read} rows were read, {committed} were committed to")]
    Rows {
        /// Rows of that column.
        read: u64,
        /// Rows of the version.
        committed: u64,
    },
    /// What comes out is not what was published.
    #[error("column {0:?}: these rows under this seed are not what the version committed to")]
    OtherRows(String),
    /// The rows cannot be committed.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

/// Opens a version from its manifest, its rows in the order of its schema, and its seed. Whatever
/// is proven from it is what would have been proven right after it was published.
///
/// Costs one commitment per 2,048 rows and published column. Beside the rows it holds about 140
/// bytes for each of them; one column is worked on at a time.
///
/// # Errors
/// When rows, schema or seed are others.
pub fn reopen(
    manifest: &Manifest<'_>,
    columns: Vec<EncodedColumn>,
    seed: VersionSeed,
) -> Result<OpenVersion, ReopenError> {
    let body = manifest.body.clone();
    if !columns.iter().map(EncodedColumn::column).eq(body.schema.columns()) {
        return Err(ReopenError::Schema);
    }
    let rows = columns.iter().map(|column| column.rows() as u64);
    if let Some(read) = rows.into_iter().find(|rows| *rows != body.rows) {
        return Err(ReopenError::Rows { read, committed: body.rows });
    }
    let opener = Opener {
        dataset: &body.dataset,
        version: body.version,
        seed: &seed,
        chunks: body.chunks(),
    };
    let mut published = Vec::with_capacity(manifest.published().len());
    for (column, role, bytes) in manifest.published() {
        let rows = &columns[usize::from(*column)];
        let open = opener.open(*column, *role, rows)?;
        if open.commitments.bytes() != *bytes {
            return Err(ReopenError::OtherRows(rows.column().name.clone()));
        }
        published.push((*column, *role, open));
    }
    Ok(OpenVersion { body, columns, published, seed })
}
