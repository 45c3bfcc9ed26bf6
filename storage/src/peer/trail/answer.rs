//! The answering side of `veritrail/trail/1`.

use bytes::Bytes;
use iroh::EndpointId;
use iroh_blobs::{protocol::ERR_LIMIT, util::RecvStream};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    ANSWER_LEN_MAX, QUESTION_LEN_MAX, Refusal, RefusalCode, TrailSource,
    frame::{FrameError, read_sized, send_answer},
};
use crate::peer::{
    limits::Limits,
    pace::{PacedRecv, PacedSend},
};

/// Reads one question from `recv` and answers it on `send`. Of a peer that leaves or stalls
/// nothing remains but this function's end.
pub(in crate::peer) async fn answer(
    mut send: PacedSend,
    mut recv: PacedRecv,
    peer: EndpointId,
    source: &dyn TrailSource,
    in_flight: &Semaphore,
    limits: &Limits,
) {
    let question = read_question(&mut recv, limits).await;
    let Some(question) = question else {
        // The peer left or stalls: there is nobody to tell.
        recv.stop(ERR_LIMIT).ok();
        return;
    };
    // Held until the answer is sent: that is how long its bytes are in memory.
    let permit = in_flight.try_acquire();
    let answer = match (question, &permit) {
        (Err(refusal), _) => Err(refusal),
        (Ok(_), Err(_)) => {
            Err(Refusal::new(RefusalCode::Busy, "too many questions at once; ask again later"))
        }
        (Ok(question), Ok(_)) => ask_source(source, &peer, question, limits).await,
    };
    send_answer(&mut send, answer).await.ok();
}

/// The question, or how to refuse it, or `None` where nobody listens any more.
async fn read_question(recv: &mut PacedRecv, limits: &Limits) -> Option<Result<Bytes, Refusal>> {
    let read = timeout(limits.request, read_sized(recv, QUESTION_LEN_MAX)).await;
    match read.ok()? {
        Ok(question) => Some(Ok(question)),
        Err(FrameError::Stalled { .. } | FrameError::Lost(_)) => None,
        Err(e @ FrameError::TooLong { .. }) => {
            recv.stop(ERR_LIMIT).ok();
            Some(Err(Refusal::new(RefusalCode::TooLarge, &format!("the question {e}"))))
        }
        Err(e) => Some(Err(Refusal::new(RefusalCode::NotUnderstood, &format!("the question {e}")))),
    }
}

async fn ask_source(
    source: &dyn TrailSource,
    peer: &EndpointId,
    question: Bytes,
    limits: &Limits,
) -> Result<Bytes, Refusal> {
    let asked = timeout(limits.answer, source.evidence(peer, question)).await;
    let late = |_| Refusal::new(RefusalCode::Busy, "gathering the answer takes too long");
    let answer = asked.map_err(late)??;
    if answer.len() > ANSWER_LEN_MAX {
        let reason = format!("the answer has {} bytes, {ANSWER_LEN_MAX} are allowed", answer.len());
        return Err(Refusal::new(RefusalCode::TooLarge, &reason));
    }
    Ok(answer)
}
