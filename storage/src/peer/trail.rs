//! The protocol `veritrail/trail/1`: one question about evidence, one answer.
//!
//! This file knows lengths, codes and patience, and not what a question or an answer means: both
//! are opaque bytes here (`provenance::evidence` has their encodings). docs/formats/
//! trail-protocol.md describes the wire.

mod answer;
mod ask;
mod frame;

use std::{fmt, fmt::Debug};

use async_trait::async_trait;
use bytes::Bytes;
use iroh::EndpointId;

pub(super) use answer::answer;
pub use ask::{TrailError, ask};
pub use frame::FrameError;

/// The protocol's name in TLS.
pub const ALPN: &[u8] = b"veritrail/trail/1";

/// The longest question, in bytes.
pub const QUESTION_LEN_MAX: usize = 64 * 1024;

/// The longest answer, in bytes: the limit of evidence itself.
pub const ANSWER_LEN_MAX: usize = 64 << 20;

/// The longest reason of a refusal, in bytes of UTF-8; longer ones are cut.
pub const REASON_LEN_MAX: usize = 1024;

/// Who answers questions about evidence.
#[async_trait]
pub trait TrailSource: Debug + Send + Sync + 'static {
    /// Answers one question of `peer`: an encoded `EvidenceRequest` of at most
    /// [`QUESTION_LEN_MAX`] bytes by an encoded `Evidence` of at most [`ANSWER_LEN_MAX`].
    ///
    /// Dropped when the peer leaves or [`Limits::answer`](super::limits::Limits) has passed.
    async fn evidence(&self, peer: &EndpointId, question: Bytes) -> Result<Bytes, Refusal>;
}

/// Why a question has no answer, for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RefusalCode {
    /// Nothing here is named so, or nothing that the peer may know of.
    NotFound = 1,
    /// The peer must be known to ask this.
    NotAuthorised = 2,
    /// The question, or what would answer it, is longer than the protocol allows.
    TooLarge = 3,
    /// Too much is being asked at once; the same question may be answered later.
    Busy = 4,
    /// The question is not well-formed, or of a newer version.
    NotUnderstood = 5,
    /// The answering node is at fault.
    Failed = 6,
}

impl RefusalCode {
    fn from_wire(code: u8) -> Option<Self> {
        [
            Self::NotFound,
            Self::NotAuthorised,
            Self::TooLarge,
            Self::Busy,
            Self::NotUnderstood,
            Self::Failed,
        ]
        .into_iter()
        .find(|known| *known as u8 == code)
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::NotAuthorised => "not authorised",
            Self::TooLarge => "too large",
            Self::Busy => "busy",
            Self::NotUnderstood => "not understood",
            Self::Failed => "failed there",
        })
    }
}

/// A refusal: a code for the program, a reason for the person.
///
/// The reason is another party's text, whoever reads it; [`Refusal::new`] makes it one line of
/// bounded length without control characters, so that it can be shown on a terminal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {reason}")]
pub struct Refusal {
    code: RefusalCode,
    reason: String,
}

impl Refusal {
    /// A refusal with a reason of at most [`REASON_LEN_MAX`] bytes; the rest is cut off.
    pub fn new(code: RefusalCode, reason: &str) -> Self {
        let mut shown = String::new();
        for c in reason.chars().map(|c| if c.is_control() { ' ' } else { c }) {
            if shown.len() + c.len_utf8() > REASON_LEN_MAX {
                break;
            }
            shown.push(c);
        }
        Self { code, reason: shown }
    }

    /// Why, for a program.
    pub fn code(&self) -> RefusalCode {
        self.code
    }

    /// Why, for a person.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}
