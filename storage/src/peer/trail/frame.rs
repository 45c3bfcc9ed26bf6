//! Frames of `veritrail/trail/1`: lengths are checked before anything is allocated for them.

use std::io;

use bytes::Bytes;
use iroh_blobs::util::{RecvStream, SendStream};

use super::{REASON_LEN_MAX, Refusal, RefusalCode};
use crate::peer::pace::{PacedRecv, PacedSend, Stalled};

/// Status byte of an answer.
const ANSWERED: u8 = 0;

/// Bytes handed to QUIC at once, so that a stalled reader is noticed within them.
const SLICE_LEN: usize = 64 * 1024;

/// What is wrong with what arrived.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Refused before a byte of it was read.
    #[error("announces {claimed} bytes; at most {max} are allowed")]
    TooLong {
        /// The announced length.
        claimed: u64,
        /// The limit.
        max: usize,
    },
    /// The stream ended before the announced length.
    #[error("ended after {found} of {expected} bytes")]
    Truncated {
        /// Bytes that arrived.
        found: usize,
        /// Bytes announced.
        expected: usize,
    },
    /// More than was announced.
    #[error("goes on after its announced {expected} bytes")]
    Trailing {
        /// Bytes announced.
        expected: usize,
    },
    /// A status of a newer version, or nonsense.
    #[error("has the unknown status {0}")]
    UnknownStatus(u8),
    /// A reason that is no text.
    #[error("has a reason that is not UTF-8")]
    NotText,
    /// Nothing came for too long.
    #[error("stopped sending after {bytes} bytes")]
    Stalled {
        /// Bytes that arrived.
        bytes: u64,
    },
    /// The connection or stream broke.
    #[error("broke off: {0}")]
    Lost(io::Error),
}

impl From<io::Error> for FrameError {
    fn from(e: io::Error) -> Self {
        match e.get_ref().and_then(|inner| inner.downcast_ref::<Stalled>()) {
            Some(stalled) => Self::Stalled { bytes: stalled.bytes },
            None => Self::Lost(e),
        }
    }
}

/// Reads `u32be length ‖ bytes` and the end of the stream.
pub(super) async fn read_sized(recv: &mut PacedRecv, max: usize) -> Result<Bytes, FrameError> {
    let claimed = u32::from_be_bytes(read_array(recv).await?);
    read_rest(recv, u64::from(claimed), max).await
}

/// Sends `u32be length ‖ bytes`.
pub(super) async fn send_sized(send: &mut PacedSend, mut bytes: Bytes) -> io::Result<()> {
    let too_long = |_| io::Error::new(io::ErrorKind::InvalidInput, "longer than 4 GiB");
    let len = u32::try_from(bytes.len()).map_err(too_long)?;
    send.send(&len.to_be_bytes()).await?;
    while !bytes.is_empty() {
        let slice = bytes.split_to(SLICE_LEN.min(bytes.len()));
        send.send_bytes(slice).await?;
    }
    Ok(())
}

/// Sends an answer or a refusal.
pub(super) async fn send_answer(
    send: &mut PacedSend,
    answer: Result<Bytes, Refusal>,
) -> io::Result<()> {
    match answer {
        Ok(bytes) => {
            send.send(&[ANSWERED]).await?;
            send_sized(send, bytes).await
        }
        Err(refusal) => {
            let reason = refusal.reason.as_bytes();
            // `Refusal::new` has cut it, so it fits.
            let len = u16::try_from(reason.len()).unwrap_or(0);
            send.send(&[refusal.code as u8]).await?;
            send.send(&len.to_be_bytes()).await?;
            send.send(reason).await
        }
    }
}

/// Reads what follows an answer's `status` byte.
pub(super) async fn read_answer(
    recv: &mut PacedRecv,
    status: u8,
    max: usize,
) -> Result<Result<Bytes, Refusal>, FrameError> {
    if status == ANSWERED {
        return Ok(Ok(read_sized(recv, max).await?));
    }
    let code = RefusalCode::from_wire(status).ok_or(FrameError::UnknownStatus(status))?;
    let claimed = u16::from_be_bytes(read_array(recv).await?);
    let reason = read_rest(recv, u64::from(claimed), REASON_LEN_MAX).await?;
    let reason = std::str::from_utf8(&reason).map_err(|_| FrameError::NotText)?;
    Ok(Err(Refusal::new(code, reason)))
}

async fn read_rest(recv: &mut PacedRecv, claimed: u64, max: usize) -> Result<Bytes, FrameError> {
    let expected = usize::try_from(claimed).ok().filter(|len| *len <= max);
    let expected = expected.ok_or(FrameError::TooLong { claimed, max })?;
    let bytes = recv.recv_bytes(expected).await?;
    if bytes.len() < expected {
        return Err(FrameError::Truncated { found: bytes.len(), expected });
    }
    match recv.some(1).await? {
        None => Ok(bytes),
        Some(_) => Err(FrameError::Trailing { expected }),
    }
}

async fn read_array<const N: usize>(recv: &mut PacedRecv) -> Result<[u8; N], FrameError> {
    let bytes = recv.recv_bytes(N).await?;
    let truncated = FrameError::Truncated { found: bytes.len(), expected: N };
    <[u8; N]>::try_from(&bytes[..]).map_err(|_| truncated)
}
