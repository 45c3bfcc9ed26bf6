//! One blob over one stream, verified as it arrives.

use bao_tree::io::BaoContentItem;
use bytes::{Bytes, BytesMut};
use iroh::endpoint::{ReadError, WriteError};
use iroh_blobs::{
    Hash,
    get::{
        GetError,
        fsm::{
            AtBlobContent, AtBlobHeaderNextError, AtConnected, BlobContentNext, ConnectedNext,
            DecodeError,
        },
    },
    protocol::GetRequest,
};
use tokio::time::{Instant, timeout};

use super::{Lie, Wanted, error::Failure};
use crate::peer::{
    endpoint::Metered,
    limits::Limits,
    pace::{PacedRecv, PacedSend, Stalled, WrongLength},
};

/// A verified blob.
pub(super) struct Received {
    pub(super) bytes: Bytes,
    /// Bytes of hashes and of the length that came along.
    pub(super) hash_bytes: u64,
}

/// Asks for `wanted` and reads all of it. The buffer grows with verified bytes, never by a claim.
pub(super) async fn receive(
    connection: &Metered,
    wanted: Wanted,
    limits: &Limits,
) -> Result<Received, Failure> {
    // A peer that grants no streams would hold us here.
    let opened = timeout(limits.stall, connection.open_bi()).await;
    let opened = opened.map_err(|_| Failure::Stalled { bytes: 0 })?;
    let (send, recv) = opened.map_err(|e| Failure::Lost(e.to_string()))?;
    let send = PacedSend::new(send, limits);
    let recv = PacedRecv::new(recv, limits).expecting(wanted.length);
    let request = GetRequest::blob(Hash::from_bytes(*wanted.id.as_bytes()));
    let began = Instant::now();
    let start = AtConnected::new(began, recv, send, request, Default::default());
    let failed = |e: GetError| explain(&e, &wanted);
    let ConnectedNext::StartRoot(root) = start.next().await.map_err(|e| failed(e.into()))? else {
        return Err(Failure::Decoder);
    };
    let (content, _claimed) = root.next().next().await.map_err(|e| failed(e.into()))?;
    read_content(content, &wanted).await
}

async fn read_content(
    mut content: AtBlobContent<PacedRecv>,
    wanted: &Wanted,
) -> Result<Received, Failure> {
    let mut bytes = BytesMut::new();
    loop {
        match content.next().await {
            BlobContentNext::More((next, item)) => {
                let so_far = next.stats().total_bytes_read();
                match item.map_err(|e| explain_decode(&e, wanted, so_far))? {
                    BaoContentItem::Leaf(leaf) => bytes.extend_from_slice(&leaf.data),
                    BaoContentItem::Parent(_) => {}
                }
                content = next;
            }
            BlobContentNext::Done(end) => {
                // What may follow on the stream is of no interest: all of the blob is here.
                drop(end);
                let hash_bytes = hash_bytes(bytes.len() as u64);
                return Ok(Received { bytes: bytes.freeze(), hash_bytes });
            }
        }
    }
}

/// The header, and a pair for every group but one.
fn hash_bytes(len: u64) -> u64 {
    8 + crate::blob::outboard_len(len)
}

fn explain(e: &GetError, wanted: &Wanted) -> Failure {
    match e {
        GetError::AtBlobHeaderNext { source: AtBlobHeaderNextError::NotFound { .. }, .. } => {
            Failure::Absent
        }
        GetError::AtBlobHeaderNext {
            source: AtBlobHeaderNextError::Read { source, .. }, ..
        } => explain_io(source, wanted, 0),
        GetError::Decode { source, .. } => explain_decode(source, wanted, 0),
        other => match other.remote_write() {
            Some(source) => explain_io(source, wanted, 0),
            None => Failure::Lost(other.to_string()),
        },
    }
}

fn explain_decode(e: &DecodeError, wanted: &Wanted, so_far: u64) -> Failure {
    match e {
        DecodeError::LeafHashMismatch { num, .. } => {
            Failure::Lie(Lie::Bytes { offset: num.to_bytes() })
        }
        DecodeError::ParentHashMismatch { .. } => Failure::Lie(Lie::Hashes),
        DecodeError::ParentNotFound { .. }
        | DecodeError::LeafNotFound { .. }
        | DecodeError::ChunkNotFound { .. } => Failure::Lie(Lie::Truncated { bytes: so_far }),
        DecodeError::Read { source, .. } => explain_io(source, wanted, so_far),
        other => Failure::Lost(other.to_string()),
    }
}

fn explain_io(e: &std::io::Error, wanted: &Wanted, so_far: u64) -> Failure {
    if e.kind() == std::io::ErrorKind::InvalidData {
        // A stream that ends within an item; see `PacedRecv::fill`.
        return Failure::Lie(Lie::Truncated { bytes: so_far });
    }
    let inner = e.get_ref();
    if let Some(stalled) = inner.and_then(|e| e.downcast_ref::<Stalled>()) {
        return Failure::Stalled { bytes: stalled.bytes };
    }
    if let Some(wrong) = inner.and_then(|e| e.downcast_ref::<WrongLength>()) {
        return Failure::Lie(Lie::Length { claimed: wrong.claimed, length: wanted.length });
    }
    match inner.and_then(|e| e.downcast_ref::<ReadError>()) {
        Some(ReadError::Reset(code)) => return Failure::Reset { code: u64::from(*code) },
        Some(other) => return Failure::Lost(other.to_string()),
        None => {}
    }
    match inner.and_then(|e| e.downcast_ref::<WriteError>()) {
        Some(WriteError::Stopped(code)) => Failure::Reset { code: u64::from(*code) },
        Some(other) => Failure::Lost(other.to_string()),
        None => Failure::Lost(e.to_string()),
    }
}
