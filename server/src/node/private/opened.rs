//! What the holder alone can do: open a private version and read its committed columns again.

use std::{
    io::{self, Read},
    sync::Arc,
};

use bytes::{Buf as _, Bytes};
use tokio::runtime::Handle;
use veritrail_datasets::{
    manifest::TableFormat,
    private::{Committing, FileBytes, PackError, PackedFile, Unpacking},
};
use veritrail_proof::{columns::build::EncodedColumn, commit::blinds::VersionSeed, schema::Schema};
use veritrail_provenance::layout::{Layout, PRIVATE_PATH};
use veritrail_storage::{blob::Blobs, private};

use super::{commitments::HeldCommitments, rows::Rows, secrets::Make};
use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    node::{Node, file_bytes::FilePieces, resolve::FoundVersion},
    progress::Progress,
};

/// A Parquet file is read out of order, so it is held whole.
const PARQUET_BYTES_MAX: u64 = 4 << 30;

/// A private version with its rows: the holder's view. It never leaves the machine.
pub struct OpenedVersion {
    /// What others have of it.
    pub commitments: HeldCommitments,
    /// The committed columns, in the order of the schema. Whether they are those that were
    /// committed to is not checked.
    pub columns: Vec<EncodedColumn>,
    /// The seed that its blinds come from.
    pub seed: VersionSeed,
}

impl Node {
    /// Opens a private version of this home: decrypts it and reads its rows by the declared schema.
    /// Memory: 8 bytes a row and committed column, and a Parquet file whole.
    ///
    /// # Errors
    /// [`Kind::NotAuthorised`] where this home has no key of it; bytes that are missing or are not
    /// what was published.
    pub async fn open_version(
        &self,
        found: &FoundVersion,
        progress: &dyn Progress,
    ) -> Result<OpenedVersion> {
        let commitments = self.commitments(found).await?;
        let seed = self.version_seed(&found.did, found.row.payload.number, Make::Never)?;
        let schema = commitments.body()?.schema;
        let columns = self.open_columns(found, &schema, progress).await?;
        Ok(OpenedVersion { commitments, columns, seed })
    }

    async fn open_columns(
        &self,
        found: &FoundVersion,
        schema: &Schema,
        progress: &dyn Progress,
    ) -> Result<Vec<EncodedColumn>> {
        let place = found.portable();
        let private = self.private_of(found).await?;
        let recipient = private.map(|private| private.recipient).unwrap_or_default();
        let identity = self.identity_of(&recipient)?;
        let missing = || NodeError::not_found("not all of its bytes are held here").at(&place);
        let manifest = self.manifest(&found.row.payload.manifest).await?.ok_or_else(missing)?;
        let layout = self.layout(&manifest).await?.ok_or_else(missing)?;
        if self.held_bytes(&layout).await? < layout.bytes() {
            return Err(missing());
        }
        let ciphertext = Ciphertext::of(&layout, self.blobs())?;
        progress.begin("opening", Some(layout.bytes()));
        let read = tokio::task::block_in_place(|| {
            let ciphertext = Told { inner: ciphertext, progress };
            let plain = private::open(ciphertext, &identity).or_refused()?;
            read_pack(plain, schema, progress)
        });
        progress.end();
        read.map_err(|e| if e.place.is_none() { e.at(&place) } else { e })
    }
}

/// The committed columns of what was packed.
fn read_pack(
    plain: impl Read,
    schema: &Schema,
    progress: &dyn Progress,
) -> Result<Vec<EncodedColumn>> {
    let mut pack = Unpacking::begin(plain).map_err(|e| damaged(&e))?;
    let mut committing = Committing::new(schema);
    let mut rows = Rows { schema, committing: &mut committing, stop: progress.stop() };
    while let Some((file, bytes)) = pack.next_file().map_err(|e| damaged(&e))? {
        read_file(&file, bytes, &mut rows)?;
    }
    pack.finish().map_err(|e| damaged(&e))?;
    Ok(committing.finish())
}

fn read_file<R: Read>(
    file: &PackedFile,
    mut bytes: FileBytes<'_, R>,
    rows: &mut Rows<'_, '_>,
) -> Result<()> {
    match &file.table {
        None => Ok(()),
        Some(table) if table.format == TableFormat::Parquet => {
            if file.size > PARQUET_BYTES_MAX {
                let words = format!("a Parquet file of more than {PARQUET_BYTES_MAX} bytes");
                return Err(NodeError::failed(words).at(&file.path));
            }
            let mut all = Vec::with_capacity(usize::try_from(file.size).unwrap_or_default());
            bytes.read_to_end(&mut all).or_refused()?;
            rows.parquet(&Bytes::from(all), table, &file.path)
        }
        Some(table) => rows.csv(bytes, table, &file.path),
    }
}

fn damaged(error: &PackError) -> NodeError {
    NodeError::new(Kind::VerificationFailed, error.to_string())
        .hint("look for the damage: veritrail store fsck")
}

/// The encrypted file, as a blocking reader: each piece is checked against its chunk's hash.
struct Ciphertext {
    pieces: FilePieces,
    piece: Bytes,
    runtime: Handle,
}

impl Ciphertext {
    fn of(layout: &Layout, blobs: Arc<dyn Blobs>) -> Result<Self> {
        let path = PRIVATE_PATH.parse().or_failed()?;
        let pieces = FilePieces::new(layout, &path, blobs).or_refused()?;
        Ok(Self { pieces, piece: Bytes::new(), runtime: Handle::current() })
    }
}

impl Read for Ciphertext {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.runtime.block_on(self.pieces.next()).map_err(io::Error::other)? {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let count = space.len().min(self.piece.len());
        self.piece.copy_to_slice(space.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

/// A reader that tells how far it is.
struct Told<'a, R> {
    inner: R,
    progress: &'a dyn Progress,
}

impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(space)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}
