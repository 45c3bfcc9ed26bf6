//! The asking side of `veritrail/trail/1`.

use bytes::Bytes;
use iroh::endpoint::{ReadExactError, VarInt};
use tokio::time::timeout;

use super::{
    ALPN, ANSWER_LEN_MAX, QUESTION_LEN_MAX, Refusal,
    frame::{FrameError, read_answer, send_sized},
};
use crate::peer::{
    connect::{ConnectError, close_reason, dial},
    endpoint::{Metered, NodeAddress, PeerEndpoint},
    pace::{PacedRecv, PacedSend},
    serve::CLOSE_DONE,
};

/// Why a question had no answer.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The node said no.
    #[error("{node} refuses: {refusal}")]
    Refused {
        /// Who refused.
        node: Box<NodeAddress>,
        /// Why.
        refusal: Refusal,
    },
    /// The node does not serve this peer, or no more peers.
    #[error("{node} ended the connection: {reason}")]
    TurnedAway {
        /// Who ended it.
        node: Box<NodeAddress>,
        /// As the node says it.
        reason: String,
    },
    /// What came back is no answer of this protocol.
    #[error("the answer of {node} {source}")]
    BadAnswer {
        /// Who answered.
        node: Box<NodeAddress>,
        /// What is wrong with it.
        source: FrameError,
    },
    /// Nothing came back in time.
    #[error("{node} took the question and gave no answer in time; try again later")]
    NoAnswer {
        /// Who was asked.
        node: Box<NodeAddress>,
    },
    /// The question names more logs than fit.
    #[error("a question of {len} bytes; at most {QUESTION_LEN_MAX} are allowed")]
    QuestionTooLong {
        /// Its length.
        len: usize,
    },
}

/// Asks the node at `at` one question. The answer is bytes that somebody sent: nothing in it is
/// checked here but its length.
pub async fn ask(
    endpoint: &PeerEndpoint,
    at: &NodeAddress,
    question: Bytes,
) -> Result<Bytes, TrailError> {
    if question.len() > QUESTION_LEN_MAX {
        return Err(TrailError::QuestionTooLong { len: question.len() });
    }
    let connection = dial(endpoint, at, ALPN).await?;
    let answer = exchange(&connection, endpoint, at, question).await;
    let answer = answer.map_err(|e| turned_away(&connection, at).unwrap_or(e));
    connection.close(VarInt::from_u32(CLOSE_DONE), b"done");
    answer
}

async fn exchange(
    connection: &Metered,
    endpoint: &PeerEndpoint,
    at: &NodeAddress,
    question: Bytes,
) -> Result<Bytes, TrailError> {
    let limits = endpoint.limits();
    let node = || Box::new(at.clone());
    let bad = |source| TrailError::BadAnswer { node: node(), source };
    let lost = |e: std::io::Error| bad(FrameError::from(e));
    // A peer that grants no streams would hold us here.
    let opened = timeout(limits.stall, connection.open_bi()).await;
    let opened = opened.map_err(|_| TrailError::NoAnswer { node: node() })?;
    let (send, mut recv) = opened.map_err(|e| lost(e.into()))?;
    let mut send = PacedSend::new(send, limits);
    send_sized(&mut send, question).await.map_err(lost)?;
    drop(send); // finishes the question
    // The answer may have to be gathered first, so its first byte has more time than the rest.
    let mut status = [0];
    match timeout(limits.answer + limits.stall, recv.read_exact(&mut status)).await {
        Ok(Ok(())) => {}
        Ok(Err(ReadExactError::FinishedEarly(_))) => {
            return Err(bad(FrameError::Truncated { found: 0, expected: 1 }));
        }
        Ok(Err(ReadExactError::ReadError(e))) => return Err(lost(e.into())),
        Err(_) => return Err(TrailError::NoAnswer { node: node() }),
    }
    let mut recv = PacedRecv::new(recv, limits);
    match read_answer(&mut recv, status[0], ANSWER_LEN_MAX).await.map_err(bad)? {
        Ok(answer) => Ok(answer),
        Err(refusal) => Err(TrailError::Refused { node: node(), refusal }),
    }
}

/// A connection that the node closed says why; that beats what broke because of it.
fn turned_away(connection: &Metered, at: &NodeAddress) -> Option<TrailError> {
    let reason = close_reason(connection)?;
    Some(TrailError::TurnedAway { node: Box::new(at.clone()), reason })
}
