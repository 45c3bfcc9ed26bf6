//! What can go wrong while fetching, with the node and the blob named.

use veritrail_provenance::hash::ChunkId;

use super::Length;
use crate::{
    blob::BlobError,
    peer::{connect::ConnectError, endpoint::NodeAddress},
};

/// Ids named in a message; the rest is counted.
const IDS_NAMED_MAX: usize = 4;

/// Why not all blobs were fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The node sent what a BLAKE3 hash proves wrong, or a length that cannot be. Nothing of it
    /// was stored.
    #[error("{node} lied about blob {id}: {lie}; nothing of it was kept")]
    Lied {
        /// Who.
        node: Box<NodeAddress>,
        /// About what.
        id: ChunkId,
        /// How it shows.
        lie: Lie,
    },
    /// The node does not have these, or does not show them to us: it says the same in both cases.
    #[error("{node} does not have, or does not show, {}", name(ids))]
    Missing {
        /// Who.
        node: Box<NodeAddress>,
        /// Which.
        ids: Vec<ChunkId>,
    },
    /// The node began, or did not, and then sent nothing for too long.
    #[error(
        "{node} stopped sending blob {id} after {bytes} bytes; try again, what arrived is kept"
    )]
    Stalled {
        /// Who.
        node: Box<NodeAddress>,
        /// Within which.
        id: ChunkId,
        /// Bytes of it, with hashes, that had arrived.
        bytes: u64,
    },
    /// The node says that it cannot: most often it found its own copy damaged.
    #[error("{node} cannot send blob {id}: {reason}")]
    Failed {
        /// Who.
        node: Box<NodeAddress>,
        /// Which.
        id: ChunkId,
        /// In words.
        reason: String,
    },
    /// The node does not serve this peer, or no more peers.
    #[error("{node} ended the connection: {reason}")]
    TurnedAway {
        /// Who.
        node: Box<NodeAddress>,
        /// As the node says it.
        reason: String,
    },
    /// The connection broke.
    #[error(
        "the connection to {node} broke within blob {id}: {reason}; try again, what arrived is kept"
    )]
    Lost {
        /// To whom.
        node: Box<NodeAddress>,
        /// Within which.
        id: ChunkId,
        /// In QUIC's words.
        reason: String,
    },
    /// A fault of this program: verified bytes that hash to something else.
    #[error("blob {id} was verified while it arrived, but hashes to {found}; please report this")]
    NotWhatArrived {
        /// Which.
        id: ChunkId,
        /// What it hashes to.
        found: ChunkId,
    },
    /// Our own store.
    #[error(transparent)]
    Store(#[from] BlobError),
}

/// How a lie shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    /// Bytes that are not of this blob.
    #[error("the bytes from offset {offset} on are not its bytes")]
    Bytes {
        /// Where the first wrong group begins.
        offset: u64,
    },
    /// Hashes that do not lead to the blob's own.
    #[error("the hashes that came along are not its hashes")]
    Hashes,
    /// A length that it cannot have.
    #[error("a length of {claimed} bytes was claimed where {} expected", expected(.length))]
    Length {
        /// What was claimed, in bytes.
        claimed: u64,
        /// What was known.
        length: Length,
    },
    /// The stream ended as if all had been sent.
    #[error("it ended early, after {bytes} bytes")]
    Truncated {
        /// Bytes of it, with hashes, that arrived.
        bytes: u64,
    },
}

fn expected(length: &Length) -> String {
    match length {
        Length::Exactly(len) => format!("{len} are"),
        Length::AtMost(len) => format!("at most {len} are"),
    }
}

fn name(ids: &[ChunkId]) -> String {
    let named: Vec<String> = ids.iter().take(IDS_NAMED_MAX).map(ChunkId::to_hex).collect();
    let more = match ids.len().saturating_sub(IDS_NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} blobs: {}{more}", ids.len(), named.join(", "))
}

/// As [`FetchError`], before node and blob are known.
#[derive(Debug)]
pub(super) enum Failure {
    Absent,
    Lie(Lie),
    Stalled { bytes: u64 },
    Reset { code: u64 },
    Lost(String),
    Decoder,
}

impl Failure {
    /// `turned_away` is why the node closed the connection, if it did: that beats what broke
    /// because of it.
    pub(super) fn name(
        self,
        node: &NodeAddress,
        id: ChunkId,
        turned_away: Option<String>,
    ) -> FetchError {
        let node = Box::new(node.clone());
        if let Some(reason) = turned_away {
            return FetchError::TurnedAway { node, reason };
        }
        match self {
            Self::Absent => FetchError::Missing { node, ids: vec![id] },
            Self::Lie(lie) => FetchError::Lied { node, id, lie },
            Self::Stalled { bytes } => FetchError::Stalled { node, id, bytes },
            Self::Reset { code } => FetchError::Failed { node, id, reason: reset_reason(code) },
            Self::Lost(reason) => FetchError::Lost { node, id, reason },
            Self::Decoder => {
                let reason = "its answer could not be decoded".to_owned();
                FetchError::Failed { node, id, reason }
            }
        }
    }
}

/// iroh-blobs' codes: 1 permission, 2 limit, 3 internal.
fn reset_reason(code: u64) -> String {
    match code {
        1 => "it does not permit this request".into(),
        2 => "this node asks too much of it, or too slowly".into(),
        3 => "it failed there; its copy may be damaged (`veritrail store fsck` there tells)".into(),
        other => format!("it gave up with code {other}"),
    }
}
