//! The entries of both lists and their one encoding.

use serde::{Deserialize, Serialize};

use super::path::FilePath;
use crate::cbor::{CborError, Reader, Writer};
use crate::hash::{ChunkId, FileBlake3, FileDigest, sha256};

/// The largest chunk, in bytes. A larger one is refused before anything of it is read.
pub const CHUNK_BYTES_MAX: u32 = 64 << 20;

const FILE_TAG: &[u8] = b"veritrail/layout/1/file\n";
const CHUNK_TAG: &[u8] = b"veritrail/layout/1/chunk\n";

/// One file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path within the dataset.
    pub path: FilePath,
    /// Its length in bytes; may be 0.
    pub size: u64,
    /// Where it begins in the sequence.
    pub offset: u64,
    /// SHA-256 of its bytes.
    pub sha256: FileDigest,
    /// BLAKE3 of its bytes.
    pub blake3: FileBlake3,
}

/// One chunk of a dataset's sequence. It knows no file: a chunk may hold many, and a file take
/// many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkEntry {
    /// Where it begins in the sequence.
    pub offset: u64,
    /// Its length in bytes, 1 to [`CHUNK_BYTES_MAX`].
    pub length: u32,
    /// The BLAKE3 hash of its bytes.
    pub id: ChunkId,
}

impl ChunkEntry {
    /// Where it ends in the sequence.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.length))
    }
}

/// What both kinds of entries have in common.
pub(super) trait Entry: Sized {
    /// The list's byte in a page root.
    const LIST: u8;
    /// The list's name in errors.
    const NAME: &'static str;
    /// What a leaf hash begins with.
    const LEAF_TAG: &'static [u8];

    /// Writes the canonical encoding.
    fn write(&self, writer: &mut Writer);

    /// Reads one entry: an error of CBOR, or a text that says what a value should have been.
    fn read(reader: &mut Reader<'_>) -> Result<Result<Self, String>, CborError>;
}

/// The leaf hash of an entry's canonical encoding.
pub(super) fn leaf_of_encoding<E: Entry>(encoding: &[u8]) -> [u8; 32] {
    sha256(&[E::LEAF_TAG, encoding])
}

/// The leaf hash of an entry.
pub(super) fn leaf<E: Entry>(entry: &E) -> [u8; 32] {
    let mut writer = Writer::new();
    entry.write(&mut writer);
    leaf_of_encoding::<E>(&writer.into_bytes())
}

impl Entry for FileEntry {
    const LIST: u8 = 0;
    const NAME: &'static str = "files";
    const LEAF_TAG: &'static [u8] = FILE_TAG;

    fn write(&self, writer: &mut Writer) {
        writer.array(5);
        writer.text(self.path.as_str());
        writer.uint(self.size);
        writer.uint(self.offset);
        writer.bytes(self.sha256.as_bytes());
        writer.bytes(self.blake3.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Result<Self, String>, CborError> {
        reader.array_of(5, "a file of five elements")?;
        let path = reader.text("a path")?.parse::<FilePath>();
        let size = reader.uint("a size")?;
        let offset = reader.uint("an offset")?;
        let sha256 = FileDigest::from_bytes(reader.hash("a SHA-256")?);
        let blake3 = FileBlake3::from_bytes(reader.hash("a BLAKE3")?);
        Ok(path
            .map(|path| Self { path, size, offset, sha256, blake3 })
            .map_err(|error| error.to_string()))
    }
}

impl Entry for ChunkEntry {
    const LIST: u8 = 1;
    const NAME: &'static str = "chunks";
    const LEAF_TAG: &'static [u8] = CHUNK_TAG;

    fn write(&self, writer: &mut Writer) {
        writer.array(3);
        writer.uint(self.offset);
        writer.uint(u64::from(self.length));
        writer.bytes(self.id.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Result<Self, String>, CborError> {
        reader.array_of(3, "a chunk of three elements")?;
        let offset = reader.uint("an offset")?;
        let length = reader.uint("a length")?;
        let id = ChunkId::from_bytes(reader.hash("a BLAKE3")?);
        Ok(u32::try_from(length)
            .map(|length| Self { offset, length, id })
            .map_err(|_| format!("a chunk of {length} bytes")))
    }
}
