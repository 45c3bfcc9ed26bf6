//! What a serving node does for strangers, for many, for nonsense, and for what changes under it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bao_tree::ChunkRanges;
use bytes::Bytes;
use iroh::endpoint::RecvStream;
use iroh_blobs::{
    Hash,
    get::{
        GetError,
        fsm::{self, AtBlobHeaderNextError, ConnectedNext},
    },
    protocol::{ChunkRangesExt, GetManyRequest, GetRequest, PushRequest},
    store::mem::MemStore,
};
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::{
    blob::{Batch, BlobError, Blobs, MemoryBlobs},
    peer::{
        fetch::{FetchError, Length, Wanted},
        limits::Limits,
        serve::{Offer, serve},
    },
};

use super::net::{
    Listed, NoTrails, Node, Open, Raw, Reader, data, endpoint, impatient, quick_to_refuse,
    raw_connect, raw_endpoint,
};

fn hash(wanted: &Wanted) -> Hash {
    Hash::from_bytes(*wanted.id.as_bytes())
}

fn unknown() -> Wanted {
    Wanted { id: ChunkId::of(b"nobody has this"), length: Length::AtMost(100) }
}

/// One get by iroh-blobs' own client.
async fn stock_get(
    connection: &iroh::endpoint::Connection,
    hash: Hash,
) -> Result<Vec<u8>, GetError> {
    let start = fsm::start(connection.clone(), GetRequest::blob(hash), Default::default());
    let ConnectedNext::StartRoot(root) = start.next().await?.next().await? else {
        panic!("asked for the root")
    };
    let (content, _size) = root.next().next().await?;
    let (_end, bytes) = content.concatenate_into_vec().await?;
    Ok(bytes)
}

fn is_not_found(e: &GetError) -> bool {
    matches!(e, GetError::AtBlobHeaderNext { source: AtBlobHeaderNextError::NotFound { .. }, .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_client_is_served() {
    let node = Node::start(Arc::new(Open), Limits::default()).await;
    let bytes = data("stock", 300_000);
    let wanted = node.put(&bytes).await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &node.address(), iroh_blobs::ALPN).await;
    assert_eq!(stock_get(&connection, hash(&wanted)).await.unwrap(), bytes);
    let e = stock_get(&connection, hash(&unknown())).await.unwrap_err();
    assert!(is_not_found(&e), "{e:?}");
    client.close().await;
    node.serving.stop().await;
}

/// Two peers, two views, one store: the blob that one reads does not exist for the other.
#[tokio::test(flavor = "multi_thread")]
async fn each_peer_has_its_own_view() {
    let gate = Arc::new(Listed::default());
    let node = Node::start(gate.clone(), Limits::default()).await;
    let (a, b) = (Reader::start(Limits::default()).await, Reader::start(Limits::default()).await);
    let wanted = node.put(&data("view", 70_000)).await;
    gate.allow(a.endpoint.id(), wanted.id);
    a.fetch(&node.address(), &[wanted]).await.unwrap();
    let e = b.fetch(&node.address(), &[wanted]).await.unwrap_err();
    assert!(matches!(&e, FetchError::Missing { ids, .. } if *ids == [wanted.id]), "{e}");
    // The same words as for what nobody has.
    let nothing = b.fetch(&node.address(), &[unknown()]).await.unwrap_err().to_string();
    let e = e.to_string().replace(&wanted.id.to_hex(), &unknown().id.to_hex());
    assert_eq!(e, nothing);
    assert!(b.blobs.list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_turned_away_is_told_so() {
    let gate = Arc::new(Listed::default());
    let node = Node::start(gate.clone(), Limits::default()).await;
    let stranger = Reader::start(Limits::default()).await;
    let wanted = node.put(&data("stranger", 70_000)).await;
    gate.allow(stranger.endpoint.id(), wanted.id);
    gate.turned_away.write().unwrap().insert(stranger.endpoint.id());
    let e = stranger.fetch(&node.address(), &[wanted]).await.unwrap_err();
    assert!(matches!(e, FetchError::TurnedAway { .. }), "{e}");
}

/// `publish` while `serve` runs: on a connection that stood before, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_appears_while_serving_is_served() {
    let gate = Arc::new(Listed::default());
    let node = Node::start(gate.clone(), Limits::default()).await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &node.address(), iroh_blobs::ALPN).await;
    let bytes = data("later", 50_000);
    let later = Wanted { id: ChunkId::of(&bytes), length: Length::Exactly(50_000) };
    assert!(is_not_found(&stock_get(&connection, hash(&later)).await.unwrap_err()));
    node.put(&bytes).await;
    assert!(is_not_found(&stock_get(&connection, hash(&later)).await.unwrap_err()));
    gate.allow(client.id(), later.id);
    assert_eq!(stock_get(&connection, hash(&later)).await.unwrap(), bytes);
    // And what is withdrawn is gone.
    gate.readable.write().unwrap().clear();
    assert!(is_not_found(&stock_get(&connection, hash(&later)).await.unwrap_err()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_to_us_and_lists_of_requests_are_refused() {
    let node = Node::start(Arc::new(Open), Limits::default()).await;
    let wanted = node.put(&data("push", 1000)).await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &node.address(), iroh_blobs::ALPN).await;
    let scratch = MemStore::new();
    let tag = scratch.add_bytes(vec![7; 1 << 20]).await.unwrap();
    let push = PushRequest::from(GetRequest::blob(tag.hash));
    // Whether the pushing side notices depends on timing; that we have nothing is what counts.
    scratch.remote().execute_push(connection.clone(), push).await.ok();
    assert_eq!(node.blobs.list().await.unwrap(), [wanted.id]);
    let many = GetManyRequest::from_iter([hash(&wanted)]);
    let child = fsm::start_get_many(connection.clone(), many, Default::default()).await;
    let child = child.unwrap().unwrap();
    let e = GetError::from(child.next(hash(&wanted)).next().await.map(drop).unwrap_err());
    assert_eq!(e.iroh_error_code().map(u64::from), Some(1), "{e:?}");
    assert!(stock_get(&connection, hash(&wanted)).await.is_ok());
}

/// A thousand requests of random bytes, of all lengths, some never finished: none panics, none
/// takes the node down, none leaks a place.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_nonsense_requests() {
    let node = Node::start(Arc::new(Open), quick_to_refuse()).await;
    let bytes = data("sense", 50_000);
    let wanted = node.put(&bytes).await;
    let client = raw_endpoint().await;
    let nonsense = data("nonsense", 1000 * 64);
    let mut sent = 0;
    for alpn in [iroh_blobs::ALPN, veritrail_storage::peer::trail::ALPN] {
        let connection = raw_connect(&client, &node.address(), alpn).await;
        for (n, bytes) in nonsense.chunks(64).enumerate().take(500) {
            let (mut send, mut recv) = connection.open_bi().await.unwrap();
            let mut request = bytes[..n % 64].to_vec();
            if n % 3 == 0 {
                // A known kind of request, then nonsense.
                request.insert(0, (n % 10) as u8);
            }
            send.write_all(&request).await.unwrap();
            if n % 50 == 7 {
                // Never finished, never read: the node must let it go.
                tokio::spawn(async move {
                    let _held = (send.stopped().await, recv);
                });
            } else {
                send.finish().unwrap();
                recv.read_to_end(4096).await.ok();
            }
            sent += 1;
        }
    }
    assert_eq!(sent, 1000);
    // And one that is longer than any request needs to be.
    let connection = raw_connect(&client, &node.address(), iroh_blobs::ALPN).await;
    let (mut send, mut recv) = connection.open_bi().await.unwrap();
    send.write_all(&[0; 100_000]).await.ok();
    send.finish().ok();
    assert!(recv.read_to_end(4096).await.is_err());
    let reader = Reader::start(Limits::default()).await;
    reader.fetch(&node.address(), &[wanted]).await.unwrap();
    assert_eq!(reader.blobs.read_all(&wanted.id).await.unwrap(), bytes);
}

/// A hundred fetches given up half way leave all streams free.
#[tokio::test(flavor = "multi_thread")]
async fn fetches_given_up_leak_nothing() {
    let node = Node::start(Arc::new(Open), Limits::default()).await;
    let bytes = data("given up", 4 << 20);
    let wanted = node.put(&bytes).await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &node.address(), iroh_blobs::ALPN).await;
    for _ in 0..100 {
        let request = GetRequest::blob(hash(&wanted));
        let start = fsm::start(connection.clone(), request, Default::default());
        let ConnectedNext::StartRoot(root) = start.next().await.unwrap().next().await.unwrap()
        else {
            panic!("asked for the root")
        };
        drop(root.next().next().await.unwrap());
    }
    assert_eq!(stock_get(&connection, hash(&wanted)).await.unwrap(), bytes);
}

/// The bytes of a request as iroh-blobs' client writes them.
async fn request_bytes(hash: Hash) -> Vec<u8> {
    let (tx, mut rx) = tokio::sync::mpsc::channel(1);
    let ear = Raw::listen(iroh_blobs::ALPN, move |_send, mut recv: RecvStream| {
        let tx = tx.clone();
        async move { tx.send(recv.read_to_end(4096).await.unwrap()).await.unwrap() }
    })
    .await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &ear.address, iroh_blobs::ALPN).await;
    stock_get(&connection, hash).await.unwrap_err();
    rx.recv().await.unwrap()
}

/// A reader that takes nothing is let go, so that it holds neither a stream nor a window.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stalls_is_let_go() {
    let node = Node::start(Arc::new(Open), impatient()).await;
    // More than QUIC's windows take without being read.
    let wanted = node.put(&data("stalled reader", 32 << 20)).await;
    let request = request_bytes(hash(&wanted)).await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &node.address(), iroh_blobs::ALPN).await;
    let (mut send, mut recv) = connection.open_bi().await.unwrap();
    send.write_all(&request).await.unwrap();
    send.finish().unwrap();
    // It reads nothing, and the node ends the stream.
    let reset = recv.received_reset().await.unwrap();
    assert_eq!(reset.map(u64::from), Some(3));
    // The connection goes on.
    let small = node.put(&data("small", 1000)).await;
    assert!(stock_get(&connection, hash(&small)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_all_peers_together_are_bounded() {
    let limits = Limits { connections: 3, ..Limits::default() };
    let node = Node::start(Arc::new(Open), limits).await;
    let wanted = node.put(&data("bounded together", 1000)).await;
    let address = node.address();
    let mut open = Vec::new();
    for _ in 0..3 {
        let client = raw_endpoint().await;
        let connection = raw_connect(&client, &address, iroh_blobs::ALPN).await;
        assert!(stock_get(&connection, hash(&wanted)).await.is_ok());
        open.push((client, connection));
    }
    let late = raw_endpoint().await;
    let refused = raw_connect(&late, &address, iroh_blobs::ALPN).await.closed().await;
    assert!(refused.to_string().contains("too many connections"), "{refused}");
    // Whoever goes gives the place back.
    let (client, connection) = open.pop().unwrap();
    connection.close(0_u32.into(), b"done");
    client.close().await;
    let served = async {
        loop {
            let connection = raw_connect(&late, &address, iroh_blobs::ALPN).await;
            if stock_get(&connection, hash(&wanted)).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), served).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_peer_are_bounded() {
    let limits = Limits { connections_per_peer: 2, ..Limits::default() };
    let node = Node::start(Arc::new(Open), limits).await;
    let wanted = node.put(&data("bounded", 1000)).await;
    let client = raw_endpoint().await;
    let address = node.address();
    let first = raw_connect(&client, &address, iroh_blobs::ALPN).await;
    let second = raw_connect(&client, &address, veritrail_storage::peer::trail::ALPN).await;
    assert!(stock_get(&first, hash(&wanted)).await.is_ok());
    // The second is counted once its handshake is done there, which a stream shows.
    let (mut send, mut recv) = second.open_bi().await.unwrap();
    send.write_all(&[0, 0, 0, 0]).await.unwrap();
    send.finish().unwrap();
    assert!(!recv.read_to_end(4096).await.unwrap().is_empty());
    let third = raw_connect(&client, &address, iroh_blobs::ALPN).await;
    let closed = third.closed().await;
    assert!(closed.to_string().contains("too many connections"), "{closed}");
    // Another peer is not affected.
    let other = Reader::start(Limits::default()).await;
    other.fetch(&address, &[wanted]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed() {
    let limits = Limits { idle: Duration::from_millis(200), ..Limits::default() };
    let node = Node::start(Arc::new(Open), limits).await;
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &node.address(), iroh_blobs::ALPN).await;
    let closed = connection.closed().await;
    assert!(closed.to_string().contains("idle"), "{closed}");
}

/// A store whose disk flips a bit: reads are handed out as they stand, hash or not.
#[derive(Debug)]
struct Damaged {
    inner: MemoryBlobs,
    flip_at: u64,
}

#[async_trait]
impl Blobs for Damaged {
    fn batch(&self) -> Box<dyn Batch> {
        self.inner.batch()
    }

    async fn read(&self, id: &ChunkId, range: std::ops::Range<u64>) -> Result<Bytes, BlobError> {
        let mut bytes = self.inner.read(id, range.clone()).await?.to_vec();
        if range.contains(&self.flip_at) {
            bytes[(self.flip_at - range.start) as usize] ^= 1;
        }
        Ok(bytes.into())
    }

    async fn read_all(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        self.inner.read_all(id).await
    }

    async fn len(&self, id: &ChunkId) -> Result<Option<u64>, BlobError> {
        self.inner.len(id).await
    }

    async fn outboard(&self, id: &ChunkId) -> Result<Bytes, BlobError> {
        self.inner.outboard(id).await
    }

    async fn list(&self) -> Result<Vec<ChunkId>, BlobError> {
        self.inner.list().await
    }

    async fn remove(&self, id: &ChunkId) -> Result<bool, BlobError> {
        self.inner.remove(id).await
    }
}

/// The node notices its own damage and says that it failed: it must not look like a liar.
#[tokio::test(flavor = "multi_thread")]
async fn damage_is_noticed_before_it_is_sent() {
    let blobs = Arc::new(Damaged { inner: MemoryBlobs::new(), flip_at: 2_500_000 });
    let offer = Offer { gate: Arc::new(Open), blobs: blobs.clone(), trails: Arc::new(NoTrails) };
    let serving = serve(&endpoint(Limits::default()).await, offer);
    let bytes = data("damaged", 3_000_000);
    let id = blobs.put(bytes).await.unwrap();
    let whole = blobs.put(data("whole", 1_000_000)).await.unwrap();
    let reader = Reader::start(Limits::default()).await;
    let wanted = |id, len| Wanted { id, length: Length::Exactly(len) };
    let e = reader.fetch(&serving.address(), &[wanted(id, 3_000_000)]).await.unwrap_err();
    assert!(matches!(&e, FetchError::Failed { id: named, .. } if *named == id), "{e}");
    assert!(e.to_string().contains("store fsck"), "{e}");
    reader.fetch(&serving.address(), &[wanted(whole, 1_000_000)]).await.unwrap();
    assert_eq!(reader.blobs.list().await.unwrap(), [whole]);
    // Ranges of it that are not damaged are still served.
    let client = raw_endpoint().await;
    let connection = raw_connect(&client, &serving.address(), iroh_blobs::ALPN).await;
    let request =
        GetRequest::blob_ranges(Hash::from_bytes(*id.as_bytes()), ChunkRanges::bytes(..64 * 1024));
    let start = fsm::start(connection, request, Default::default());
    let ConnectedNext::StartRoot(root) = start.next().await.unwrap().next().await.unwrap() else {
        panic!("asked for the root")
    };
    let (content, _) = root.next().next().await.unwrap();
    let (_, found) = content.concatenate_into_vec().await.unwrap();
    assert_eq!(found, data("damaged", 64 * 1024));
}
