//! Encodes a range of a blob as iroh-blobs sends it, one window of bytes in memory at a time.
//!
//! This is bao-tree's `traverse_ranges_validated` with asynchronous reads, because that one wants
//! all bytes at hand, and a blob may have 64 MiB. Every pair and every group is hashed before it
//! is sent: of a file that changed under us the peer sees an aborted stream and never a wrong
//! byte, for which it would take us for a liar. A test compares the result with iroh-blobs' own
//! store, byte for byte.

use std::{io, ops::Range, sync::Arc};

use bao_tree::{
    BaoTree, BlockSize, ChunkNum, ChunkRangesRef,
    io::{
        EncodeError, Leaf, Parent,
        mixed::{EncodedItem, traverse_selected_rec},
        outboard::PreOrderMemOutboard,
        sync::{Outboard, truncate_ranges},
    },
    iter::BaoChunk,
};
use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};
use bytes::Bytes;
use iroh_blobs::store::IROH_BLOCK_SIZE;
use irpc::channel::{SendError, mpsc};
use veritrail_provenance::hash::ChunkId;

use crate::blob::{BlobError, Blobs, outboard_len};

/// Bytes read at once, and so held in memory per stream in service.
const WINDOW_LEN: u64 = 1 << 20;

const BLOCK_SIZE: BlockSize = IROH_BLOCK_SIZE;

type Sent = Result<(), SendError>;

/// A blob that exists for the peer who asks.
pub(super) struct Readable {
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) id: ChunkId,
    /// Length in bytes.
    pub(super) len: u64,
}

/// Sends the size, then hash pairs and bytes in pre-order, then `Done`, or the error that ended
/// it. An error from here means that the reader is gone.
pub(super) async fn export_bao(
    blob: Readable,
    ranges: &ChunkRangesRef,
    tx: mpsc::Sender<EncodedItem>,
) -> Sent {
    match encode(blob, ranges, &tx).await {
        Ok(()) => tx.send(EncodedItem::Done).await,
        Err(Ended::Failed(e)) => tx.send(e.into()).await,
        Err(Ended::Left(e)) => Err(e),
    }
}

/// What a failing store is for the encoding. The reason stays on this side of the wire.
pub(super) fn as_io(e: BlobError) -> io::Error {
    let kind = match e {
        BlobError::NotFound { .. } => io::ErrorKind::NotFound,
        BlobError::Corrupt { .. } => io::ErrorKind::InvalidData,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, e)
}

enum Ended {
    Failed(EncodeError),
    Left(SendError),
}

impl From<EncodeError> for Ended {
    fn from(e: EncodeError) -> Self {
        Self::Failed(e)
    }
}

impl From<SendError> for Ended {
    fn from(e: SendError) -> Self {
        Self::Left(e)
    }
}

async fn encode(
    blob: Readable,
    ranges: &ChunkRangesRef,
    tx: &mpsc::Sender<EncodedItem>,
) -> Result<(), Ended> {
    let tree = BaoTree::new(blob.len, BLOCK_SIZE);
    tx.send(EncodedItem::Size(tree.size())).await?;
    let root = blake3::Hash::from_bytes(*blob.id.as_bytes());
    let outboard = read_outboard(&blob, tree, root).await?;
    // Ranges beyond the end stand for the last chunk, and chunk numbers from a peer may overflow
    // as offsets: so no arithmetic on ranges, only the iteration that reads them.
    let ranges = truncate_ranges(ranges, tree.size());
    let mut windows = Windows::new(blob, hull_end(&tree, ranges));
    let mut expected = vec![root];
    for item in tree.ranges_pre_order_chunks_iter_ref(ranges, 0) {
        match item {
            BaoChunk::Parent { is_root, left, right, node, .. } => {
                let mismatch = || EncodeError::ParentHashMismatch(node);
                let pair = outboard.load(node).map_err(EncodeError::Io)?.ok_or_else(mismatch)?;
                if Some(parent_hash(&pair, is_root)) != expected.pop() {
                    return Err(mismatch().into());
                }
                expected.extend(right.then_some(pair.1));
                expected.extend(left.then_some(pair.0));
                tx.send(Parent { node, pair }.into()).await?;
            }
            BaoChunk::Leaf { start_chunk, size, is_root, ranges } => {
                let bytes = windows.read(start_chunk.to_bytes(), size).await?;
                let (hash, items) = leaf(start_chunk, bytes, is_root, ranges);
                if Some(hash) != expected.pop() {
                    return Err(EncodeError::LeafHashMismatch(start_chunk).into());
                }
                for item in items {
                    tx.send(item).await?;
                }
            }
        }
    }
    Ok(())
}

async fn read_outboard(
    blob: &Readable,
    tree: BaoTree,
    root: blake3::Hash,
) -> Result<PreOrderMemOutboard<Bytes>, EncodeError> {
    let data = blob.blobs.outboard(&blob.id).await.map_err(as_io)?;
    // A short one would make `load` index beyond its end.
    if data.len() as u64 != outboard_len(blob.len) {
        return Err(EncodeError::Io(io::ErrorKind::InvalidData.into()));
    }
    Ok(PreOrderMemOutboard { root, tree, data })
}

fn parent_hash(pair: &(blake3::Hash, blake3::Hash), is_root: bool) -> blake3::Hash {
    let (left, right) = (pair.0.as_bytes(), pair.1.as_bytes());
    if is_root {
        merge_subtrees_root(left, right, Mode::Hash)
    } else {
        merge_subtrees_non_root(left, right, Mode::Hash).into()
    }
}

/// The hash of a group, and what of it is sent: all of it as one leaf, or, where a range cuts
/// it, the chosen chunks with the pairs that lead to them.
fn leaf(
    start: ChunkNum,
    data: Bytes,
    is_root: bool,
    ranges: &ChunkRangesRef,
) -> (blake3::Hash, Vec<EncodedItem>) {
    if !ranges.is_all() {
        let mut items = Vec::new();
        let level = u32::from(BLOCK_SIZE.chunk_log());
        let hash = traverse_selected_rec(start, data, is_root, ranges, level, true, &mut items);
        return (hash, items);
    }
    let hash = if is_root {
        blake3::hash(&data)
    } else {
        let mut hasher = blake3::Hasher::new();
        hasher.set_input_offset(start.to_bytes()).update(&data);
        hasher.finalize_non_root().into()
    };
    let offset = start.to_bytes();
    (hash, vec![Leaf { data, offset }.into()])
}

/// Where the last byte that encoding `ranges` reads ends.
fn hull_end(tree: &BaoTree, ranges: &ChunkRangesRef) -> u64 {
    let mut end = 0;
    for item in tree.ranges_pre_order_chunks_iter_ref(ranges, 0) {
        if let BaoChunk::Leaf { start_chunk, size, .. } = item {
            end = start_chunk.to_bytes() + size as u64; // leaves come in ascending order
        }
    }
    end
}

/// Reads ahead, a window at a time, since groups of 16 KiB are too small to be read singly.
struct Windows {
    blob: Readable,
    end: u64,
    held: Range<u64>,
    bytes: Bytes,
}

impl Windows {
    fn new(blob: Readable, end: u64) -> Self {
        Self { blob, end, held: 0..0, bytes: Bytes::new() }
    }

    /// Shares the window's bytes, copies none.
    async fn read(&mut self, offset: u64, size: usize) -> Result<Bytes, EncodeError> {
        let until = offset + size as u64;
        if offset < self.held.start || until > self.held.end {
            let range = offset..until.max(self.end.min(offset + WINDOW_LEN));
            let read = self.blob.blobs.read(&self.blob.id, range.clone()).await;
            self.bytes = read.map_err(as_io)?;
            self.held = range;
        }
        let from = (offset - self.held.start) as usize;
        let share = self.bytes.get(from..from + size);
        let share = share.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        Ok(self.bytes.slice_ref(share))
    }
}
