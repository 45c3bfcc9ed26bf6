//! Fetches missing blobs from one node into our own store.
//!
//! Several blobs are in flight at once over one connection. Each group of 16 KiB is verified as
//! it arrives, nothing is kept of a blob before all of it is, and blobs become durable in
//! batches. A fetch that fails or is dropped leaves whole blobs or nothing, and the next one asks
//! only for what is not there.

mod error;
mod one;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use iroh::endpoint::VarInt;
use tokio::task::{Id, JoinSet};
use veritrail_provenance::hash::ChunkId;

pub use error::{FetchError, Lie};

use super::{
    connect::{close_reason, dial},
    endpoint::{Metered, NodeAddress, PeerEndpoint},
    serve::CLOSE_DONE,
};
use crate::blob::{BLOB_LEN_MAX, Batch, BlobError, Blobs, Sealed};
use error::Failure;

/// What is known of a blob's length before it arrives. A peer's word on it is never enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As a layout says, in bytes.
    Exactly(u64),
    /// Only a limit is known, in bytes: a manifest's head, a spec.
    AtMost(u64),
}

impl Length {
    /// Whether a blob of `len` bytes fits.
    pub fn admits(self, len: u64) -> bool {
        match self {
            Self::Exactly(exactly) => len == exactly,
            Self::AtMost(most) => len <= most,
        }
    }

    /// The most bytes that may arrive.
    pub fn most(self) -> u64 {
        let (Self::Exactly(most) | Self::AtMost(most)) = self;
        most
    }
}

/// A blob to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Its hash.
    pub id: ChunkId,
    /// What is known of its length.
    pub length: Length,
}

/// How much is in flight, and how much is written at a time.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Blobs asked for at once.
    pub blobs_in_flight: usize,
    /// Bytes asked for at once, by what is known of the lengths; one blob always is. The memory
    /// that a fetch takes is at most this and one batch.
    pub bytes_in_flight: u64,
    /// Bytes after which what has arrived is made durable.
    pub batch_bytes: u64,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self { blobs_in_flight: 8, bytes_in_flight: 64 << 20, batch_bytes: 64 << 20 }
    }
}

/// How far a fetch is. Blobs that were there before count as done, with no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Blobs that arrived or were there.
    pub blobs_done: u64,
    /// All blobs that were asked for, each once.
    pub blobs: u64,
    /// Bytes of content that arrived.
    pub bytes_done: u64,
    /// Bytes of content that are missing at the start, at most.
    pub bytes_max: u64,
}

/// What a fetch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fetched {
    /// Blobs that arrived and are durable.
    pub blobs: u64,
    /// Blobs that were there before.
    pub present: u64,
    /// Bytes of content that arrived and were verified.
    pub content_bytes: u64,
    /// Bytes of hashes and lengths that came along.
    pub hash_bytes: u64,
    /// Bytes in UDP datagrams that this endpoint received for it: all of the above,
    /// acknowledgements, and QUIC's own framing. 0 if nothing was missing.
    pub received_bytes: u64,
}

/// Fetches those of `wanted` that `blobs` does not have from the node at `from`.
///
/// All that arrive before an error are kept. A node that lies is named with what it lied about,
/// and nothing more is asked of it. `progress` is called after each blob.
///
/// # Errors
/// [`FetchError`]; which blobs are missing at the node is one error that names them, after all
/// others have been fetched.
pub async fn fetch(
    endpoint: &PeerEndpoint,
    from: &NodeAddress,
    wanted: &[Wanted],
    blobs: &Arc<dyn Blobs>,
    options: &FetchOptions,
    progress: &mut (dyn FnMut(&Progress) + Send),
) -> Result<Fetched, FetchError> {
    let (queue, mut done) = missing(wanted, blobs).await?;
    progress(&done);
    let mut fetched = Fetched { present: done.blobs_done, ..Fetched::default() };
    if queue.is_empty() {
        return Ok(fetched);
    }
    let connection = Arc::new(dial(endpoint, from, iroh_blobs::ALPN).await?);
    let mut arriving = Arriving::new(&connection, endpoint, queue, options);
    let mut writing = Writing::new(blobs.clone(), options.batch_bytes);
    let result = loop {
        match arriving.next().await {
            None => break Ok(()),
            Some(Ok(one)) => {
                fetched.blobs += 1;
                fetched.content_bytes += one.bytes.len() as u64;
                fetched.hash_bytes += one.hash_bytes;
                done.blobs_done += 1;
                done.bytes_done += one.bytes.len() as u64;
                if let Err(e) = writing.put(one.wanted, one.bytes).await {
                    break Err(e);
                }
                progress(&done);
            }
            Some(Err((id, failure))) => {
                break Err(failure.name(from, id, close_reason(&connection)));
            }
        }
    };
    let absent = std::mem::take(&mut arriving.absent);
    drop(arriving); // gives up what is still in flight
    // Also after an error: what has arrived need not be fetched again.
    let committed = writing.finish().await;
    fetched.received_bytes = connection.received_bytes();
    connection.close(VarInt::from_u32(CLOSE_DONE), b"done");
    result?;
    committed?;
    match absent.is_empty() {
        true => Ok(fetched),
        false => Err(FetchError::Missing { node: Box::new(from.clone()), ids: absent }),
    }
}

/// Each wanted blob once, without those that are here.
async fn missing(
    wanted: &[Wanted],
    blobs: &Arc<dyn Blobs>,
) -> Result<(VecDeque<Wanted>, Progress), FetchError> {
    let mut seen = HashSet::new();
    let mut queue = VecDeque::new();
    let mut progress = Progress::default();
    for want in wanted {
        if !seen.insert(want.id) {
            continue;
        }
        if want.length.most() > BLOB_LEN_MAX {
            return Err(BlobError::TooLong { len: want.length.most() }.into());
        }
        progress.blobs += 1;
        if blobs.has(&want.id).await? {
            progress.blobs_done += 1;
        } else {
            progress.bytes_max += want.length.most();
            queue.push_back(*want);
        }
    }
    Ok((queue, progress))
}

/// A blob that arrived and was verified.
struct Arrived {
    wanted: Wanted,
    bytes: Bytes,
    hash_bytes: u64,
}

/// The blobs in flight. Dropping it ends them all.
struct Arriving<'a> {
    connection: &'a Arc<Metered>,
    endpoint: &'a PeerEndpoint,
    options: &'a FetchOptions,
    queue: VecDeque<Wanted>,
    in_flight: JoinSet<Result<one::Received, Failure>>,
    wanted_by: HashMap<Id, Wanted>,
    bytes_in_flight: u64,
    /// What the node does not have, or does not show.
    absent: Vec<ChunkId>,
}

impl<'a> Arriving<'a> {
    fn new(
        connection: &'a Arc<Metered>,
        endpoint: &'a PeerEndpoint,
        queue: VecDeque<Wanted>,
        options: &'a FetchOptions,
    ) -> Self {
        Self {
            connection,
            endpoint,
            options,
            queue,
            in_flight: JoinSet::new(),
            wanted_by: HashMap::new(),
            bytes_in_flight: 0,
            absent: Vec::new(),
        }
    }

    /// The next blob to arrive, in any order; `None` after the last.
    async fn next(&mut self) -> Option<Result<Arrived, (ChunkId, Failure)>> {
        loop {
            self.ask();
            let (task, result) = match self.in_flight.join_next_with_id().await? {
                Ok((task, result)) => (task, result),
                // The decoder panicked over what the peer sent.
                Err(e) => (e.id(), Err(Failure::Decoder)),
            };
            let Some(wanted) = self.wanted_by.remove(&task) else { continue };
            self.bytes_in_flight -= wanted.length.most();
            match result {
                Ok(one::Received { bytes, hash_bytes }) => {
                    return Some(Ok(Arrived { wanted, bytes, hash_bytes }));
                }
                Err(Failure::Absent) => self.absent.push(wanted.id),
                Err(failure) => return Some(Err((wanted.id, failure))),
            }
        }
    }

    /// Asks for as many more as may be in flight.
    fn ask(&mut self) {
        while let Some(wanted) = self.queue.front().copied() {
            let bytes = self.bytes_in_flight + wanted.length.most();
            let full = self.in_flight.len() >= self.options.blobs_in_flight.max(1)
                || bytes > self.options.bytes_in_flight;
            if full && !self.in_flight.is_empty() {
                return;
            }
            self.queue.pop_front();
            self.bytes_in_flight = bytes;
            let (connection, limits) = (self.connection.clone(), self.endpoint.limits().clone());
            let task = self
                .in_flight
                .spawn(async move { one::receive(&connection, wanted, &limits).await });
            self.wanted_by.insert(task.id(), wanted);
        }
    }
}

/// The batch that takes what has arrived.
struct Writing {
    blobs: Arc<dyn Blobs>,
    batch: Option<Box<dyn Batch>>,
    bytes: u64,
    bytes_max: u64,
}

impl Writing {
    fn new(blobs: Arc<dyn Blobs>, bytes_max: u64) -> Self {
        Self { blobs, batch: None, bytes: 0, bytes_max }
    }

    /// Takes a blob. Hashes it once more, for the outboard, off the async threads.
    async fn put(&mut self, wanted: Wanted, bytes: Bytes) -> Result<(), FetchError> {
        let mut batch = self.batch.take().unwrap_or_else(|| self.blobs.batch());
        self.bytes += bytes.len() as u64;
        let put = tokio::task::spawn_blocking(move || {
            let sealed = Sealed::new(bytes)?;
            let id = sealed.id();
            batch.put_sealed(sealed)?;
            Ok::<_, BlobError>((batch, id))
        });
        let (batch, id) = put.await.map_err(|_| BlobError::Stopped)??;
        if id != wanted.id {
            // The decoder has verified it, so only a fault of ours leads here. Nothing of this
            // batch is acknowledged.
            return Err(FetchError::NotWhatArrived { id: wanted.id, found: id });
        }
        self.batch = Some(batch);
        match self.bytes >= self.bytes_max {
            true => self.finish().await,
            false => Ok(()),
        }
    }

    /// Makes durable what was put.
    async fn finish(&mut self) -> Result<(), FetchError> {
        self.bytes = 0;
        match self.batch.take() {
            Some(batch) => Ok(batch.commit().await?),
            None => Ok(()),
        }
    }
}
