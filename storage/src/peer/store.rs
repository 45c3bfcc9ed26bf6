//! A read-only iroh-blobs store over our own blobs: the only file that names `api::proto`.
//!
//! iroh-blobs talks to a store by messages. This actor answers the ones a provider sends when it
//! serves reads, from one peer's [`View`], and refuses all others aloud, so that no caller hangs.
//! The message types are public but hidden from iroh-blobs' documentation, and its version is
//! pinned; the test that compares encodings with its memory store guards an upgrade.

use std::io;

use bao_tree::io::{EncodeError, Leaf, mixed::EncodedItem};
use bytes::Bytes;
use iroh_blobs::{
    Hash,
    api::{
        Store,
        proto::{
            self, AddProgressItem, Bitfield, BlobStatus, Command, ExportProgressItem,
            ExportRangesItem,
        },
    },
};
use irpc::channel::mpsc;
use ref_cast::RefCast;
use veritrail_provenance::hash::ChunkId;

use super::{
    export::{Readable, as_io, export_bao},
    view::View,
};

/// Messages waiting for the actor.
const INBOX: usize = 32;

/// Starts a read-only store that holds what `view` shows, for as long as a clone of the returned
/// store lives. Must be called within a tokio runtime.
pub fn open(view: View) -> Store {
    let (tx, mut rx) = tokio::sync::mpsc::channel::<Command>(INBOX);
    tokio::spawn(async move {
        while let Some(command) = rx.recv().await {
            // Each on its own: neither a slow gate nor a slow disk holds up the others. How many
            // there can be at once is bounded by the streams in service.
            tokio::spawn(answer(command, view.clone()));
        }
    });
    // `Store::from_sender` is private, but the derived RefCast is not.
    Store::ref_cast(&irpc::Client::<proto::Request>::from(tx)).clone()
}

/// The blob that an iroh-blobs hash names: the same 32 bytes.
pub(super) fn chunk_id(hash: &Hash) -> ChunkId {
    ChunkId::from_bytes(*hash.as_bytes())
}

async fn answer(command: Command, view: View) {
    match command {
        Command::ExportBao(c) => match readable(&view, &c.inner.hash).await {
            Ok(blob) => drop(export_bao(blob, &c.inner.ranges, c.tx).await),
            // The serving loop has looked for the blob before, so this is a child of a hash list.
            Err(e) => drop(c.tx.send(EncodedItem::Error(EncodeError::Io(e))).await),
        },
        Command::ExportRanges(c) => {
            let sent = match readable(&view, &c.inner.hash).await {
                Ok(blob) => export_ranges(&blob, c.inner.ranges.boundaries(), &c.tx).await,
                Err(e) => Err(e),
            };
            if let Err(e) = sent {
                c.tx.send(ExportRangesItem::Error(e.into())).await.ok();
            }
        }
        Command::Observe(c) => {
            let found = readable(&view, &c.inner.hash).await;
            let bits = found.map_or_else(|_| Bitfield::empty(), |b| Bitfield::complete(b.len));
            c.tx.send(bits).await.ok();
            // Nothing will change, but closing the stream would read as a failure.
            c.tx.closed().await;
        }
        Command::BlobStatus(c) => {
            let status = match readable(&view, &c.inner.hash).await {
                Ok(blob) => BlobStatus::Complete { size: blob.len },
                Err(_) => BlobStatus::NotFound,
            };
            c.tx.send(status).await.ok();
        }
        Command::WaitIdle(c) => drop(c.tx.send(()).await),
        Command::Shutdown(c) => drop(c.tx.send(()).await),
        other => refuse(other).await,
    }
}

/// Whatever writes or lists. A reply that is dropped is an error too, but a dropped list would
/// read as an empty one, and a dropped import as one under way.
async fn refuse(command: Command) {
    let refused = || io::Error::new(io::ErrorKind::Unsupported, "read-only store");
    match command {
        Command::ImportBao(c) => drop(c.tx.send(Err(refused().into())).await),
        Command::ImportBytes(c) => drop(c.tx.send(AddProgressItem::Error(refused())).await),
        Command::ImportByteStream(c) => drop(c.tx.send(AddProgressItem::Error(refused())).await),
        Command::ImportPath(c) => drop(c.tx.send(AddProgressItem::Error(refused())).await),
        Command::ExportPath(c) => {
            c.tx.send(ExportProgressItem::Error(refused().into())).await.ok();
        }
        Command::ListBlobs(c) => drop(c.tx.send(Err(refused().into())).await),
        // Tags, batches, temporary tags, deletion: no request from the wire leads there.
        _ => {}
    }
}

async fn readable(view: &View, hash: &Hash) -> io::Result<Readable> {
    let id = chunk_id(hash);
    let len = view.find(&id).await.map_err(as_io)?;
    let len = len.ok_or(io::ErrorKind::NotFound)?;
    Ok(Readable { blobs: view.blobs().clone(), id, len })
}

/// Bytes without hashes, for the provider itself, which reads hash lists so. `bounds` alternates
/// between the start and the end of a range; an odd count is an open end.
async fn export_ranges(
    blob: &Readable,
    bounds: &[u64],
    tx: &mpsc::Sender<ExportRangesItem>,
) -> io::Result<()> {
    tx.send(ExportRangesItem::Size(blob.len)).await?;
    for pair in bounds.chunks(2) {
        let start = pair.first().copied().unwrap_or(0).min(blob.len);
        let end = pair.get(1).map_or(blob.len, |end| *end.min(&blob.len));
        let data = match start < end {
            true => blob.blobs.read(&blob.id, start..end).await.map_err(as_io)?,
            false => Bytes::new(),
        };
        tx.send(Leaf { offset: start, data }.into()).await?;
    }
    Ok(())
}
