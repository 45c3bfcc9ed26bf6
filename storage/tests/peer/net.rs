//! Two nodes on one machine: real endpoints, real QUIC, no network.

use std::{
    collections::HashSet,
    future::Future,
    sync::{Arc, Mutex, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use iroh::{
    Endpoint,
    endpoint::{Connection, RecvStream, SendStream},
    protocol::{AcceptError, ProtocolHandler, Router},
};
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::{
    blob::{Blobs, MemoryBlobs},
    peer::{
        EndpointId,
        endpoint::{EndpointOptions, NodeAddress, PeerEndpoint},
        fetch::{FetchError, FetchOptions, Fetched, Length, Wanted, fetch},
        limits::Limits,
        serve::{Offer, Serving, serve},
        trail::{Refusal, RefusalCode, TrailSource},
        view::Gate,
    },
};
use zeroize::Zeroizing;

pub(crate) const MIB: usize = 1 << 20;

/// Bytes that look random, the same for the same seed.
pub(crate) fn data(seed: &str, len: usize) -> Bytes {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(seed.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes.into()
}

/// A node key that no other test has.
pub(crate) fn fresh_seed() -> Zeroizing<[u8; 32]> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut seed[..]).unwrap();
    seed
}

/// Little patience with a peer that stalls. Only for tests in which one does: a loaded machine
/// may keep an honest peer waiting, too.
pub(crate) fn impatient() -> Limits {
    let short = Duration::from_millis(300);
    Limits { stall: short, answer: short, ..Limits::default() }
}

/// Little patience with requests that do not arrive.
pub(crate) fn quick_to_refuse() -> Limits {
    Limits { request: Duration::from_secs(1), ..Limits::default() }
}

/// Little patience with nodes that do not answer at all.
pub(crate) fn quick_to_give_up() -> Limits {
    Limits { connect: Duration::from_secs(1), ..Limits::default() }
}

pub(crate) async fn endpoint(limits: Limits) -> PeerEndpoint {
    let options = EndpointOptions { limits, ..EndpointOptions::default() };
    PeerEndpoint::bind(&fresh_seed(), options).await.unwrap()
}

/// Everybody may read everything.
#[derive(Debug)]
pub(crate) struct Open;

#[async_trait]
impl Gate for Open {
    async fn may_read(&self, _peer: &EndpointId, _id: &ChunkId) -> bool {
        true
    }
}

/// Who may read what, and who may connect; both change while it serves.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) readable: RwLock<HashSet<(EndpointId, ChunkId)>>,
    pub(crate) turned_away: RwLock<HashSet<EndpointId>>,
}

impl Listed {
    pub(crate) fn allow(&self, peer: EndpointId, id: ChunkId) {
        self.readable.write().unwrap().insert((peer, id));
    }
}

#[async_trait]
impl Gate for Listed {
    async fn may_read(&self, peer: &EndpointId, id: &ChunkId) -> bool {
        self.readable.read().unwrap().contains(&(*peer, *id))
    }

    async fn admits(&self, peer: &EndpointId) -> bool {
        !self.turned_away.read().unwrap().contains(peer)
    }
}

/// Knows no trail at all.
#[derive(Debug)]
pub(crate) struct NoTrails;

#[async_trait]
impl TrailSource for NoTrails {
    async fn evidence(&self, _peer: &EndpointId, _question: Bytes) -> Result<Bytes, Refusal> {
        Err(Refusal::new(RefusalCode::NotFound, "no trails here"))
    }
}

/// A serving node over blobs in memory.
pub(crate) struct Node {
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) serving: Serving,
}

impl Node {
    pub(crate) async fn start(gate: Arc<dyn Gate>, limits: Limits) -> Self {
        Self::with_trails(gate, Arc::new(NoTrails), limits).await
    }

    pub(crate) async fn with_trails(
        gate: Arc<dyn Gate>,
        trails: Arc<dyn TrailSource>,
        limits: Limits,
    ) -> Self {
        let blobs: Arc<dyn Blobs> = Arc::new(MemoryBlobs::new());
        Self::offering(Offer { gate, blobs, trails }, limits).await
    }

    pub(crate) async fn over(blobs: Arc<dyn Blobs>, gate: Arc<dyn Gate>, limits: Limits) -> Self {
        Self::offering(Offer { gate, blobs, trails: Arc::new(NoTrails) }, limits).await
    }

    async fn offering(offer: Offer, limits: Limits) -> Self {
        let blobs = offer.blobs.clone();
        let serving = serve(&endpoint(limits).await, offer);
        Self { blobs, serving }
    }

    pub(crate) async fn put(&self, bytes: &Bytes) -> Wanted {
        let id = self.blobs.put(bytes.clone()).await.unwrap();
        Wanted { id, length: Length::Exactly(bytes.len() as u64) }
    }

    pub(crate) fn address(&self) -> NodeAddress {
        self.serving.address()
    }
}

/// A node that fetches, with an empty store.
pub(crate) struct Reader {
    pub(crate) endpoint: PeerEndpoint,
    pub(crate) blobs: Arc<dyn Blobs>,
}

impl Reader {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self { endpoint: endpoint(limits).await, blobs: Arc::new(MemoryBlobs::new()) }
    }

    pub(crate) async fn fetch(
        &self,
        from: &NodeAddress,
        wanted: &[Wanted],
    ) -> Result<Fetched, FetchError> {
        let options = FetchOptions::default();
        fetch(&self.endpoint, from, wanted, &self.blobs, &options, &mut |_| {}).await
    }
}

/// A peer that does as a test tells it, stream by stream, over iroh alone.
pub(crate) struct Raw {
    pub(crate) address: NodeAddress,
    router: Router,
}

impl Raw {
    /// Listens for `alpn`; `act` has each stream.
    pub(crate) async fn listen<F, S>(alpn: &[u8], act: F) -> Self
    where
        F: Fn(SendStream, RecvStream) -> S + Send + Sync + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let endpoint = raw_endpoint().await;
        let act = Acting(Arc::new(move |send, recv| Box::pin(act(send, recv))));
        let sockets = endpoint.bound_sockets();
        let address = NodeAddress { node: endpoint.id(), sockets, relay: None };
        let router = Router::builder(endpoint).accept(alpn, act).spawn();
        Self { address, router }
    }

    pub(crate) async fn stop(self) {
        self.router.shutdown().await.unwrap();
    }
}

type Act = dyn Fn(SendStream, RecvStream) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>
    + Send
    + Sync;

struct Acting(Arc<Act>);

impl std::fmt::Debug for Acting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acting")
    }
}

impl ProtocolHandler for Acting {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        while let Ok((send, recv)) = connection.accept_bi().await {
            tokio::spawn((self.0)(send, recv));
        }
        Ok(())
    }
}

/// An endpoint of iroh's own, on loopback.
pub(crate) async fn raw_endpoint() -> Endpoint {
    Endpoint::builder(iroh::endpoint::presets::Minimal)
        .relay_mode(iroh::RelayMode::Disabled)
        .clear_address_lookup()
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .unwrap()
        .bind()
        .await
        .unwrap()
}

/// Connects to `node` without any code of ours.
pub(crate) async fn raw_connect(
    endpoint: &Endpoint,
    node: &NodeAddress,
    alpn: &[u8],
) -> Connection {
    let address = iroh::EndpointAddr::new(node.node).with_ip_addr(node.sockets[0]);
    endpoint.connect(address, alpn).await.unwrap()
}

/// What the progress callback saw.
#[derive(Default, Clone)]
pub(crate) struct Seen<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone> Seen<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Vec::new())))
    }

    pub(crate) fn push(&self, item: T) {
        self.0.lock().unwrap().push(item);
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.0.lock().unwrap().clone()
    }
}
