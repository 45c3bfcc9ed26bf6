//! A blob on its way into a store: bytes whose hash and outboard are known to be theirs.

use bao_tree::{BlockSize, io::outboard::PreOrderMemOutboard};
use bytes::Bytes;
use veritrail_provenance::hash::ChunkId;

use super::{BLOB_LEN_MAX, BlobError};

/// 16 BLAKE3 chunks of 1 KiB, as iroh-blobs has it.
const BLOCK_SIZE: BlockSize = BlockSize::from_chunk_log(4);

/// Bytes with their hash and outboard, both computed here in one pass and so known to fit.
#[derive(Clone, Debug)]
pub struct Sealed {
    id: ChunkId,
    bytes: Bytes,
    outboard: Bytes,
}

impl Sealed {
    /// Hashes `bytes`; more than [`BLOB_LEN_MAX`] of them are refused. About 0.3 s a GiB.
    pub fn new(bytes: Bytes) -> Result<Self, BlobError> {
        let len = bytes.len() as u64;
        if len > BLOB_LEN_MAX {
            return Err(BlobError::TooLong { len });
        }
        let tree = PreOrderMemOutboard::create(&bytes, BLOCK_SIZE);
        let id = ChunkId::from_bytes(*tree.root.as_bytes());
        Ok(Self { id, bytes, outboard: tree.data.into() })
    }

    /// The BLAKE3 hash of the bytes.
    pub fn id(&self) -> ChunkId {
        self.id
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Hash pairs above the 16 KiB groups, in pre-order.
    pub fn outboard(&self) -> &Bytes {
        &self.outboard
    }
}
