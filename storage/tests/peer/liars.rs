//! Nodes that lie: each is named with what it lied about, and leaves nothing behind.

use std::sync::Arc;

use bytes::Bytes;
use iroh::endpoint::{RecvStream, SendStream, VarInt};
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::{
    blob::Sealed,
    peer::{
        fetch::{FetchError, Length, Lie, Wanted},
        limits::Limits,
    },
};

use super::net::{Raw, Reader, data, impatient};

const LEN: usize = 100_001;

/// What an honest node sends for `bytes`: length, then pairs and groups in pre-order.
async fn honest(bytes: &Bytes) -> Vec<u8> {
    let store = iroh_blobs::store::mem::MemStore::new();
    let tag = store.add_bytes(bytes.clone()).await.unwrap();
    let ranges = bao_tree::ChunkRanges::all();
    let answer = store.export_bao(tag.hash, ranges).bao_to_vec().await.unwrap();
    assert_eq!(answer[..8], (bytes.len() as u64).to_le_bytes());
    answer
}

/// How a stream ends after the lie.
#[derive(Clone, Copy)]
enum End {
    Finish,
    Stall,
    Reset(u32),
}

async fn answering(answer: Vec<u8>, end: End) -> Raw {
    let answer = Arc::new(answer);
    Raw::listen(iroh_blobs::ALPN, move |mut send: SendStream, mut recv: RecvStream| {
        let answer = answer.clone();
        async move {
            recv.read_to_end(4096).await.ok();
            send.write_all(&answer).await.ok();
            match end {
                End::Finish => drop(send.finish()),
                End::Stall => drop(send.stopped().await),
                End::Reset(code) => {
                    send.reset(VarInt::from_u32(code)).ok();
                }
            }
        }
    })
    .await
}

fn the_blob() -> (Bytes, Wanted) {
    let bytes = data("truth", LEN);
    let id = ChunkId::of(&bytes);
    (bytes, Wanted { id, length: Length::Exactly(LEN as u64) })
}

/// Fetches the blob from a node that answers so, and checks that nothing was kept.
async fn fetch_from(answer: Vec<u8>, end: End, wanted: Wanted) -> FetchError {
    fetch_with(Limits::default(), answer, end, wanted).await
}

async fn fetch_with(limits: Limits, answer: Vec<u8>, end: End, wanted: Wanted) -> FetchError {
    let liar = answering(answer, end).await;
    let reader = Reader::start(limits).await;
    let e = reader.fetch(&liar.address, &[wanted]).await.unwrap_err();
    assert!(reader.blobs.list().await.unwrap().is_empty());
    // Whoever failed is named.
    assert!(e.to_string().contains(&liar.address.node.to_string()), "{e}");
    liar.stop().await;
    e
}

fn lie(e: FetchError, wanted: &Wanted) -> Lie {
    match e {
        FetchError::Lied { id, lie, .. } if id == wanted.id => lie,
        other => panic!("{other}"),
    }
}

/// The twin of every test here: the same bytes, unaltered, are taken.
#[tokio::test(flavor = "multi_thread")]
async fn the_truth_is_taken() {
    let (bytes, wanted) = the_blob();
    let node = answering(honest(&bytes).await, End::Finish).await;
    let reader = Reader::start(Limits::default()).await;
    reader.fetch(&node.address, &[wanted]).await.unwrap();
    assert_eq!(reader.blobs.read_all(&wanted.id).await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_byte_is_noticed() {
    let (bytes, wanted) = the_blob();
    let truth = honest(&bytes).await;
    let mut flips = 0;
    // Every part of it: the length, each pair of hashes, each group; the last byte too.
    for at in (0..truth.len()).step_by(4099).chain([3, 8, 71, truth.len() - 1]) {
        let mut answer = truth.clone();
        answer[at] ^= 0x10;
        let found = lie(fetch_from(answer, End::Finish, wanted).await, &wanted);
        match at {
            0..8 => assert!(matches!(found, Lie::Length { .. }), "{at}: {found}"),
            _ => assert!(matches!(found, Lie::Bytes { .. } | Lie::Hashes), "{at}: {found}"),
        }
        flips += 1;
    }
    assert!(flips > 25, "{flips}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_blob_is_noticed() {
    let (_, wanted) = the_blob();
    let other = honest(&data("another", LEN)).await;
    assert_eq!(lie(fetch_from(other, End::Finish, wanted).await, &wanted), Lie::Hashes);
    // In one group there are no hashes to lie about.
    let small = data("small", 1000);
    let wanted = Wanted { id: ChunkId::of(&small), length: Length::AtMost(2000) };
    let other = honest(&data("another", 1000)).await;
    let found = lie(fetch_from(other, End::Finish, wanted).await, &wanted);
    assert_eq!(found, Lie::Bytes { offset: 0 });
}

/// The length is looked at before anything is sized by it, whatever it claims.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_length_is_noticed_at_the_header() {
    let (bytes, exactly) = the_blob();
    let truth = honest(&bytes).await;
    let claims = [0, 1, LEN as u64 - 1, LEN as u64 + 1, 1 << 40, u64::MAX - 1, u64::MAX];
    for claimed in claims {
        let answer = [&claimed.to_le_bytes()[..], &truth[8..]].concat();
        // Stalling after it shows that the header alone was enough.
        let found = lie(fetch_from(answer, End::Stall, exactly).await, &exactly);
        assert_eq!(found, Lie::Length { claimed, length: exactly.length });
    }
    // Where only a limit is known, a wrong length within it shows in the hashes.
    let at_most = Wanted { length: Length::AtMost(200_000), ..exactly };
    for claimed in [0u64, 1, LEN as u64 - 1, LEN as u64 + 1, 150_000] {
        let answer = [&claimed.to_le_bytes()[..], &truth[8..]].concat();
        let e = fetch_from(answer, End::Finish, at_most).await;
        assert!(matches!(e, FetchError::Lied { .. }), "{claimed}: {e}");
    }
    for claimed in [200_001, u64::MAX] {
        let answer = [&claimed.to_le_bytes()[..], &truth[8..]].concat();
        let found = lie(fetch_from(answer, End::Finish, at_most).await, &at_most);
        assert_eq!(found, Lie::Length { claimed, length: at_most.length });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn truncation_is_noticed_wherever_it_is() {
    let (bytes, wanted) = the_blob();
    let truth = honest(&bytes).await;
    for len in [1, 7, 8, 9, 72, 8 + 64 * 3, 20_000, truth.len() / 2, truth.len() - 1] {
        let found = lie(fetch_from(truth[..len].to_vec(), End::Finish, wanted).await, &wanted);
        assert!(matches!(found, Lie::Truncated { .. }), "{len}: {found}");
    }
    // Nothing at all is the wire's "not found", and no lie.
    let e = fetch_from(Vec::new(), End::Finish, wanted).await;
    assert!(matches!(&e, FetchError::Missing { ids, .. } if *ids == [wanted.id]), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stalls_is_let_go() {
    let (bytes, wanted) = the_blob();
    let truth = honest(&bytes).await;
    for len in [0, 5, 8, 72, truth.len() / 2] {
        let e = fetch_with(impatient(), truth[..len].to_vec(), End::Stall, wanted).await;
        assert!(matches!(&e, FetchError::Stalled { id, .. } if *id == wanted.id), "{len}: {e}");
    }
}

/// One byte at a time is not progress: the slowest rate borne bounds the whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_trickles_is_let_go() {
    let (bytes, wanted) = the_blob();
    let truth = Arc::new(honest(&bytes).await);
    let trickler = Raw::listen(iroh_blobs::ALPN, move |mut send: SendStream, mut recv| {
        let truth = truth.clone();
        async move {
            recv.read_to_end(4096).await.ok();
            // Far below the stall, each.
            let mut beat = tokio::time::interval(std::time::Duration::from_millis(10));
            for byte in truth.iter() {
                beat.tick().await;
                if send.write_all(&[*byte]).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    let reader = Reader::start(impatient()).await;
    let e = reader.fetch(&trickler.address, &[wanted]).await.unwrap_err();
    assert!(matches!(e, FetchError::Stalled { .. }), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_gives_up_is_no_liar() {
    let (bytes, wanted) = the_blob();
    let truth = honest(&bytes).await;
    for (code, word) in [(1, "permit"), (2, "too much"), (3, "damaged"), (77, "77")] {
        let e = fetch_from(truth[..30_000].to_vec(), End::Reset(code), wanted).await;
        assert!(matches!(e, FetchError::Failed { .. }), "{e}");
        assert!(e.to_string().contains(word), "{e}");
    }
}

/// Bytes after the blob change nothing: the blob is what its hash says.
#[tokio::test(flavor = "multi_thread")]
async fn surplus_bytes_are_not_read() {
    let (bytes, wanted) = the_blob();
    let mut answer = honest(&bytes).await;
    answer.extend_from_slice(&data("surplus", 1 << 20));
    let node = answering(answer, End::Finish).await;
    let reader = Reader::start(Limits::default()).await;
    let fetched = reader.fetch(&node.address, &[wanted]).await.unwrap();
    assert_eq!(fetched.content_bytes, LEN as u64);
    assert_eq!(reader.blobs.list().await.unwrap(), [wanted.id]);
}

/// What arrived before the lie is kept, the lie is not.
#[tokio::test(flavor = "multi_thread")]
async fn what_arrived_before_a_lie_is_kept() {
    let (bytes, good) = the_blob();
    let truth = Arc::new(honest(&bytes).await);
    let liar = Raw::listen(iroh_blobs::ALPN, move |mut send: SendStream, mut recv: RecvStream| {
        let truth = truth.clone();
        async move {
            // The same answer to whatever is asked: right for one of two.
            recv.read_to_end(4096).await.ok();
            send.write_all(&truth).await.ok();
            send.finish().ok();
        }
    })
    .await;
    let other = Sealed::new(data("other", LEN)).unwrap();
    let bad = Wanted { id: other.id(), length: good.length };
    let reader = Reader::start(Limits::default()).await;
    let options =
        veritrail_storage::peer::fetch::FetchOptions { blobs_in_flight: 1, ..Default::default() };
    let e = veritrail_storage::peer::fetch::fetch(
        &reader.endpoint,
        &liar.address,
        &[good, bad],
        &reader.blobs,
        &options,
        &mut |_| {},
    )
    .await
    .unwrap_err();
    assert_eq!(lie(e, &bad), Lie::Hashes);
    assert_eq!(reader.blobs.list().await.unwrap(), [good.id]);
}
