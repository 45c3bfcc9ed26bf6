//! Streams that lose patience: each wait on a peer is bounded, and so is the whole of them.
//!
//! A timeout per read alone lets a peer hold us for ever with one byte at a time; a timeout for
//! the whole cannot be right for both 1 KiB and 64 MiB. So the time spent waiting may be `stall`
//! plus what the bytes moved so far would take at the slowest rate borne.

use std::{
    future::Future,
    io,
    time::{Duration, Instant},
};

use bytes::Bytes;
use iroh::endpoint::{self, ReadExactError, VarInt};
use iroh_blobs::util::{RecvStream, SendStream};

use super::{fetch::Length, limits::Limits};

/// The peer kept us waiting for longer than [`Limits`] allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing moved for {waited:?} after {bytes} bytes")]
pub(super) struct Stalled {
    /// Bytes moved before.
    pub(super) bytes: u64,
    /// All time spent waiting on this stream.
    pub(super) waited: Duration,
}

/// The header of a blob claims a length that the blob cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("claims {claimed} bytes")]
pub(super) struct WrongLength {
    /// The length that the peer sent, in bytes.
    pub(super) claimed: u64,
}

/// Time spent waiting on a peer, against the bytes it moved.
#[derive(Debug)]
pub(super) struct Pace {
    stall: Duration,
    bytes_per_second_min: u64,
    bytes: u64,
    waited: Duration,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            stall: limits.stall,
            bytes_per_second_min: limits.bytes_per_second_min.max(1),
            bytes: 0,
            waited: Duration::ZERO,
        }
    }

    /// Waits for `step`, which moves at most `bytes`.
    pub(super) async fn step<T>(
        &mut self,
        bytes: usize,
        step: impl Future<Output = T>,
    ) -> Result<T, Stalled> {
        let began = Instant::now();
        let done = tokio::time::timeout(self.allowance(), step).await;
        self.waited += began.elapsed();
        match done {
            Ok(done) => {
                self.bytes += bytes as u64;
                Ok(done)
            }
            Err(_) => Err(Stalled { bytes: self.bytes, waited: self.waited }),
        }
    }

    fn allowance(&self) -> Duration {
        let earned = Duration::from_secs(self.bytes / self.bytes_per_second_min);
        let left = (self.stall + earned).saturating_sub(self.waited);
        left.min(self.stall)
    }
}

impl From<Stalled> for io::Error {
    fn from(stalled: Stalled) -> Self {
        Self::new(io::ErrorKind::TimedOut, stalled)
    }
}

/// The receiving half of a stream, paced.
///
/// Where it [`expects`](Self::expecting) a blob, it looks at the 8 bytes of its header too: they
/// are only a claim until the last byte is verified, and nothing may be sized by them.
#[derive(Debug)]
pub(super) struct PacedRecv {
    inner: endpoint::RecvStream,
    pace: Pace,
    header: Option<Length>,
    most: usize,
}

impl PacedRecv {
    pub(super) fn new(inner: endpoint::RecvStream, limits: &Limits) -> Self {
        Self { inner, pace: Pace::new(limits), header: None, most: usize::MAX }
    }

    /// Refuses a blob whose header does not fit to `length`.
    pub(super) fn expecting(mut self, length: Length) -> Self {
        self.header = Some(length);
        self
    }

    /// Takes no more than `most` bytes for one item of unknown length, such as a request, however
    /// many its reader would.
    pub(super) fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// Reads until `buf` is full. A stream that ends before the first byte is `UnexpectedEof`,
    /// which iroh-blobs reads as "not found"; one that ends within is `InvalidData`.
    async fn fill(&mut self, buf: &mut [u8]) -> io::Result<()> {
        let want = buf.len();
        match self.pace.step(want, self.inner.read_exact(buf)).await? {
            Ok(()) => Ok(()),
            Err(ReadExactError::FinishedEarly(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(ReadExactError::FinishedEarly(_)) => Err(io::ErrorKind::InvalidData.into()),
            Err(ReadExactError::ReadError(e)) => Err(e.into()),
        }
    }

    /// What has arrived of the next `max` bytes, or `None` at the end of the stream.
    pub(super) async fn some(&mut self, max: usize) -> io::Result<Option<Bytes>> {
        let chunk = self.pace.step(0, self.inner.read_chunk(max)).await??;
        self.pace.bytes += chunk.as_ref().map_or(0, |c| c.len() as u64);
        Ok(chunk)
    }
}

impl RecvStream for PacedRecv {
    async fn recv_bytes(&mut self, len: usize) -> io::Result<Bytes> {
        // Grows with what arrives: `len` is what a peer may send, not what it did.
        let len = len.min(self.most);
        let mut all = Vec::new();
        while all.len() < len {
            match self.some(len - all.len()).await? {
                Some(chunk) => all.extend_from_slice(&chunk),
                None => break,
            }
        }
        Ok(all.into())
    }

    async fn recv_bytes_exact(&mut self, len: usize) -> io::Result<Bytes> {
        let mut buf = vec![0; len];
        self.fill(&mut buf).await?;
        Ok(buf.into())
    }

    async fn recv_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        self.fill(buf).await?;
        if let Some(length) = self.header.take()
            && let Ok(header) = <[u8; 8]>::try_from(&*buf)
        {
            let claimed = u64::from_le_bytes(header);
            if !length.admits(claimed) {
                return Err(io::Error::other(WrongLength { claimed }));
            }
        }
        Ok(())
    }

    fn stop(&mut self, code: VarInt) -> io::Result<()> {
        Ok(self.inner.stop(code)?)
    }

    fn id(&self) -> u64 {
        self.inner.id().index()
    }
}

/// The sending half of a stream, paced. Dropping it finishes the stream.
#[derive(Debug)]
pub(super) struct PacedSend {
    inner: endpoint::SendStream,
    pace: Pace,
}

impl PacedSend {
    pub(super) fn new(inner: endpoint::SendStream, limits: &Limits) -> Self {
        Self { inner, pace: Pace::new(limits) }
    }
}

impl SendStream for PacedSend {
    async fn send_bytes(&mut self, bytes: Bytes) -> io::Result<()> {
        Ok(self.pace.step(bytes.len(), self.inner.write_chunk(bytes)).await??)
    }

    async fn send(&mut self, buf: &[u8]) -> io::Result<()> {
        Ok(self.pace.step(buf.len(), self.inner.write_all(buf)).await??)
    }

    async fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn reset(&mut self, code: VarInt) -> io::Result<()> {
        Ok(self.inner.reset(code)?)
    }

    async fn stopped(&mut self) -> io::Result<Option<VarInt>> {
        Ok(self.inner.stopped().await?)
    }

    fn id(&self) -> u64 {
        self.inner.id().index()
    }
}
