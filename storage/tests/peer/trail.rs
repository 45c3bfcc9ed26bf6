//! `veritrail/trail/1`: questions and answers, and hostile parties on either side.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use iroh::endpoint::{Connection, RecvStream, SendStream, VarInt};
use tokio::sync::Notify;
use veritrail_storage::peer::{
    EndpointId,
    connect::ConnectError,
    endpoint::node_did,
    limits::Limits,
    trail::{
        ALPN, ANSWER_LEN_MAX, FrameError, QUESTION_LEN_MAX, REASON_LEN_MAX, Refusal, RefusalCode,
        TrailError, TrailSource, ask,
    },
};

use super::net::{
    Listed, Node, Open, Raw, data, endpoint, impatient, quick_to_give_up, quick_to_refuse,
    raw_connect, raw_endpoint,
};

/// Answers by what is asked, so that each way of answering can be asked for.
#[derive(Debug, Default)]
struct Scripted {
    asked: AtomicUsize,
    release: Notify,
}

#[async_trait]
impl TrailSource for Scripted {
    async fn evidence(&self, peer: &EndpointId, question: Bytes) -> Result<Bytes, Refusal> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match &question[..] {
            b"who" => Ok(node_did(peer).unwrap().to_string().into()),
            b"much" => Ok(data("much", 5 << 20)),
            b"most" => Ok(Bytes::from(vec![7; ANSWER_LEN_MAX])),
            b"too much" => Ok(Bytes::from(vec![7; ANSWER_LEN_MAX + 1])),
            b"absent" => Err(Refusal::new(RefusalCode::NotFound, "nothing here has that root")),
            b"private" => Err(Refusal::new(RefusalCode::NotAuthorised, "not for you")),
            b"never" => std::future::pending().await,
            b"wait" => {
                self.release.notified().await;
                Ok(Bytes::from_static(b"waited"))
            }
            b"panic" => panic!("a fault in the source"),
            b"rude" => {
                Err(Refusal::new(RefusalCode::Failed, &format!("\x1b[2J{}", "é".repeat(5000))))
            }
            other => Ok(Bytes::copy_from_slice(other)),
        }
    }
}

async fn node(limits: Limits) -> (Node, Arc<Scripted>) {
    let source = Arc::new(Scripted::default());
    let node = Node::with_trails(Arc::new(Open), source.clone(), limits).await;
    (node, source)
}

fn refusal(e: TrailError) -> Refusal {
    match e {
        TrailError::Refused { refusal, .. } => refusal,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered() {
    let (node, _) = node(Limits::default()).await;
    let (asker, at) = (endpoint(Limits::default()).await, node.address());
    let ask = |question: Bytes| ask(&asker, &at, question);
    assert_eq!(ask(Bytes::new()).await.unwrap(), Bytes::new());
    assert_eq!(ask(Bytes::from_static(b"echo")).await.unwrap(), "echo");
    let me = node_did(&asker.id()).unwrap().to_string();
    assert_eq!(ask(Bytes::from_static(b"who")).await.unwrap(), me);
    assert_eq!(ask(Bytes::from_static(b"much")).await.unwrap(), data("much", 5 << 20));
    let longest = data("longest", QUESTION_LEN_MAX);
    assert_eq!(ask(longest.clone()).await.unwrap(), longest);
    assert!(asker.received_bytes() > 5 << 20);
    let too_long = data("too long", QUESTION_LEN_MAX + 1);
    let e = ask(too_long).await.unwrap_err();
    assert!(matches!(e, TrailError::QuestionTooLong { .. }), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_answer_arrives_and_a_longer_one_is_refused() {
    let (node, _) = node(Limits::default()).await;
    let asker = endpoint(Limits::default()).await;
    let most = ask(&asker, &node.address(), Bytes::from_static(b"most")).await.unwrap();
    assert_eq!(most.len(), ANSWER_LEN_MAX);
    let e = ask(&asker, &node.address(), Bytes::from_static(b"too much")).await.unwrap_err();
    assert_eq!(refusal(e).code(), RefusalCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_carry_a_code_and_a_reason() {
    let (node, _) = node(Limits::default()).await;
    let asker = endpoint(Limits::default()).await;
    let refused = async |question: &'static [u8]| {
        let question = Bytes::from_static(question);
        refusal(ask(&asker, &node.address(), question).await.unwrap_err())
    };
    let absent = refused(b"absent").await;
    assert_eq!(absent.code(), RefusalCode::NotFound);
    assert_eq!(absent.reason(), "nothing here has that root");
    assert_eq!(refused(b"private").await.code(), RefusalCode::NotAuthorised);
    // Neither length nor control characters of a stranger's text reach the terminal.
    let rude = refused(b"rude").await;
    assert_eq!(rude.code(), RefusalCode::Failed);
    assert!(rude.reason().len() <= REASON_LEN_MAX, "{}", rude.reason().len());
    assert!(!rude.reason().contains(char::is_control));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_hangs_or_panics_hurts_nobody_else() {
    let (node, _) = node(impatient()).await;
    let asker = endpoint(Limits::default()).await;
    let e = ask(&asker, &node.address(), Bytes::from_static(b"never")).await.unwrap_err();
    assert_eq!(refusal(e).code(), RefusalCode::Busy);
    let e = ask(&asker, &node.address(), Bytes::from_static(b"panic")).await.unwrap_err();
    assert!(matches!(e, TrailError::BadAnswer { .. }), "{e}");
    assert_eq!(ask(&asker, &node.address(), Bytes::from_static(b"on")).await.unwrap(), "on");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_at_once_are_told_that_the_node_is_busy() {
    let limits = Limits { answers_in_flight: 1, ..Limits::default() };
    let (node, source) = node(limits).await;
    let (a, b) = (endpoint(Limits::default()).await, endpoint(Limits::default()).await);
    let at = node.address();
    let waiting = tokio::spawn({
        let (a, at) = (a.clone(), at.clone());
        async move { ask(&a, &at, Bytes::from_static(b"wait")).await }
    });
    while source.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let e = ask(&b, &at, Bytes::from_static(b"echo")).await.unwrap_err();
    assert_eq!(refusal(e).code(), RefusalCode::Busy);
    source.release.notify_one();
    assert_eq!(waiting.await.unwrap().unwrap(), "waited");
    assert_eq!(ask(&b, &at, Bytes::from_static(b"echo")).await.unwrap(), "echo");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_and_turned_away() {
    let gate = Arc::new(Listed::default());
    let node = Node::start(gate.clone(), Limits::default()).await;
    let asker = endpoint(Limits::default()).await;
    gate.turned_away.write().unwrap().insert(asker.id());
    let e = ask(&asker, &node.address(), Bytes::new()).await.unwrap_err();
    assert!(matches!(e, TrailError::TurnedAway { .. }), "{e}");
    let at = node.address();
    node.serving.stop().await;
    let hasty = endpoint(quick_to_give_up()).await;
    let e = ask(&hasty, &at, Bytes::new()).await.unwrap_err();
    assert!(matches!(e, TrailError::Connect(ConnectError::NobodyAnswers { .. })), "{e:?}");
    // Somebody who speaks only the other protocol.
    let blobs_only = Raw::listen(iroh_blobs::ALPN, |_, _| async {}).await;
    let e = ask(&asker, &blobs_only.address, Bytes::new()).await.unwrap_err();
    assert!(matches!(e, TrailError::Connect(ConnectError::OtherProtocol { .. })), "{e:?}");
    assert!(e.to_string().contains("veritrail/trail/1"), "{e}");
}

/// A client without any code of ours sends `question` and reads all of the answer.
async fn raw_ask(connection: &Connection, question: &[u8]) -> Vec<u8> {
    let (mut send, mut recv) = connection.open_bi().await.unwrap();
    send.write_all(question).await.unwrap();
    send.finish().unwrap();
    recv.read_to_end(1 << 20).await.unwrap()
}

/// The bytes of the protocol, pinned: question and answer, as docs/formats has them.
#[tokio::test(flavor = "multi_thread")]
async fn the_wire_is_as_the_golden_file_says() {
    let golden = include_str!("../../../docs/formats/golden/trail-protocol.hex");
    let (node, _) = node(Limits::default()).await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &node.address(), ALPN).await;
    let mut pairs = 0;
    for line in golden.lines().filter(|line| !line.starts_with('#')) {
        let (question, answer) = line.split_once(" -> ").unwrap();
        let found = raw_ask(&connection, &hex::decode(question).unwrap()).await;
        assert_eq!(hex::encode(found), answer, "{question}");
        pairs += 1;
    }
    assert_eq!(pairs, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_questions_are_refused() {
    let (node, source) = node(quick_to_refuse()).await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &node.address(), ALPN).await;
    // Announced too long, by one and by far; nothing is allocated for it.
    for len in [QUESTION_LEN_MAX as u32 + 1, u32::MAX] {
        let answer = raw_ask(&connection, &len.to_be_bytes()).await;
        assert_eq!(answer[0], RefusalCode::TooLarge as u8);
    }
    // Cut off within the length, within the question; more than announced.
    for question in [&[][..], &[0, 0], &[0, 0, 0, 9, 1, 2], &[0, 0, 0, 1, 1, 2]] {
        let answer = raw_ask(&connection, question).await;
        assert_eq!(answer[0], RefusalCode::NotUnderstood as u8, "{question:?}");
    }
    // Begun and never finished: let go, without an answer.
    let (mut send, _recv) = connection.open_bi().await.unwrap();
    send.write_all(&[0, 0, 0, 9, 1]).await.unwrap();
    assert!(send.stopped().await.unwrap().is_some());
    assert_eq!(source.asked.load(Ordering::SeqCst), 0);
    assert_eq!(raw_ask(&connection, &[0, 0, 0, 1, b'x']).await, [0, 0, 0, 0, 1, b'x']);
}

/// One that asks and takes nothing of the answer holds neither a place nor its bytes for long.
#[tokio::test(flavor = "multi_thread")]
async fn an_asker_that_stalls_is_let_go() {
    let limits = Limits { answers_in_flight: 1, ..impatient() };
    let (node, _) = node(limits).await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &node.address(), ALPN).await;
    let (mut send, recv) = connection.open_bi().await.unwrap();
    send.write_all(&[&[0, 0, 0, 4][..], b"most"].concat()).await.unwrap();
    send.finish().unwrap();
    let asker = endpoint(Limits::default()).await;
    // The one place is free again once the node has lost patience.
    loop {
        match ask(&asker, &node.address(), Bytes::from_static(b"echo")).await {
            Ok(answer) => break assert_eq!(answer, "echo"),
            Err(e) => assert_eq!(refusal(e).code(), RefusalCode::Busy),
        }
    }
    drop(recv);
}

/// Asks a node that sends `answer` and ends so.
async fn ask_liar(limits: Limits, answer: &'static [u8], end: fn(&mut SendStream)) -> TrailError {
    let liar = Raw::listen(ALPN, move |mut send: SendStream, mut recv: RecvStream| async move {
        recv.read_to_end(QUESTION_LEN_MAX + 4).await.ok();
        send.write_all(answer).await.ok();
        end(&mut send);
        send.stopped().await.ok();
    })
    .await;
    let asker = endpoint(limits).await;
    let e = ask(&asker, &liar.address, Bytes::from_static(b"?")).await.unwrap_err();
    assert!(e.to_string().contains(&liar.address.node.to_string()), "{e}");
    liar.stop().await;
    e
}

fn bad(e: TrailError) -> FrameError {
    match e {
        TrailError::BadAnswer { source, .. } => source,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_answers_are_refused() {
    let patient = Limits::default;
    let finish = |send: &mut SendStream| drop(send.finish());
    let stall = |_: &mut SendStream| {};
    let reset = |send: &mut SendStream| drop(send.reset(VarInt::from_u32(9)));
    // Longer than allowed: refused at the announcement, though nothing follows.
    let e = bad(ask_liar(patient(), &[0, 4, 0, 0, 1], stall).await);
    assert!(matches!(e, FrameError::TooLong { claimed: 67_108_865, .. }), "{e}");
    let e = bad(ask_liar(patient(), &[0, 255, 255, 255, 255], stall).await);
    assert!(matches!(e, FrameError::TooLong { .. }), "{e}");
    // As long as allowed, and then nothing.
    let e = bad(ask_liar(impatient(), &[0, 4, 0, 0, 0, 1, 2, 3], stall).await);
    assert!(matches!(e, FrameError::Stalled { .. }), "{e}");
    let e = bad(ask_liar(patient(), &[0, 4, 0, 0, 0, 1, 2, 3], finish).await);
    assert!(matches!(e, FrameError::Truncated { found: 3, expected: ANSWER_LEN_MAX }), "{e}");
    for cut in [&[][..], &[0], &[0, 0, 0], &[2], &[2, 0], &[2, 0, 5, b'a']] {
        let e = bad(ask_liar(patient(), cut, finish).await);
        assert!(matches!(e, FrameError::Truncated { .. }), "{cut:?}: {e}");
    }
    let e = bad(ask_liar(patient(), &[0, 0, 0, 0, 1, 1, 2], finish).await);
    assert!(matches!(e, FrameError::Trailing { expected: 1 }), "{e}");
    for status in [7, 42, 255] {
        let answer: &'static [u8] = Box::leak(vec![status, 0, 0].into_boxed_slice());
        let e = bad(ask_liar(patient(), answer, finish).await);
        assert!(matches!(e, FrameError::UnknownStatus(found) if found == status), "{e}");
    }
    let e = bad(ask_liar(patient(), &[1, 0, 1, 0xff], finish).await);
    assert!(matches!(e, FrameError::NotText), "{e}");
    let e = bad(ask_liar(patient(), &[1, 255, 255], stall).await);
    assert!(matches!(e, FrameError::TooLong { max: REASON_LEN_MAX, .. }), "{e}");
    let e = bad(ask_liar(patient(), &[0, 0], reset).await);
    assert!(matches!(e, FrameError::Lost(_) | FrameError::Truncated { .. }), "{e}");
    // Never a word.
    let e = ask_liar(impatient(), &[], stall).await;
    assert!(matches!(e, TrailError::NoAnswer { .. }), "{e}");
}
