//! Accepts connections and serves blobs and evidence to each peer within its view.
//!
//! The loop over streams is our own and not iroh-blobs' `handle_connection`, for three reasons:
//! "not found" must be an empty stream and never a reset, which a peer cannot tell from a broken
//! disk; the streams in service must be bounded; and a peer that stalls must be let go.

use std::sync::Arc;

use iroh::{
    endpoint::{Connection, VarInt},
    protocol::{AcceptError, ProtocolHandler, Router},
};
use iroh_blobs::{
    api::Store,
    protocol::{ERR_INTERNAL, ERR_LIMIT, ERR_PERMISSION, Request},
    provider::{StreamPair, events::EventSender, handle_get, handle_observe},
    util::{RecvStream, SendStream},
};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use super::{
    admission::{Admission, Place},
    endpoint::{NodeAddress, PeerEndpoint},
    limits::Limits,
    pace::{PacedRecv, PacedSend},
    store,
    trail::{self, TrailSource},
    view::{Gate, View},
};
use crate::blob::Blobs;

/// Close code: nothing more to do.
pub(super) const CLOSE_DONE: u32 = 0;
/// Close code: this peer is not served at all.
pub(super) const CLOSE_UNKNOWN_PEER: u32 = 1;
/// Close code: too many connections.
pub(super) const CLOSE_LIMIT: u32 = 2;

/// The longest request for a blob, in bytes. One for a whole blob takes less than 100; iroh-blobs
/// would take 1 MiB.
const BLOB_REQUEST_LEN_MAX: usize = 64 * 1024;

/// What a node offers to its peers.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Who may read which blob.
    pub gate: Arc<dyn Gate>,
    /// Where the blobs are.
    pub blobs: Arc<dyn Blobs>,
    /// Who answers questions about evidence.
    pub trails: Arc<dyn TrailSource>,
}

/// A node that is being served. Dropping it stops serving without a word to the peers;
/// [`stop`](Self::stop) tells them.
#[derive(Debug)]
pub struct Serving {
    router: Router,
    endpoint: PeerEndpoint,
}

impl Serving {
    /// Where peers reach this node now.
    pub fn address(&self) -> NodeAddress {
        self.endpoint.address()
    }

    /// Ends all connections and closes the endpoint, which cannot be used after that.
    pub async fn stop(self) {
        // An error means that the accepting task panicked: nothing is served then either.
        self.router.shutdown().await.ok();
    }
}

/// Serves `offer` on `endpoint` until the returned handle is dropped or stopped. Must be called
/// within a tokio runtime.
pub fn serve(endpoint: &PeerEndpoint, offer: Offer) -> Serving {
    let admission = Admission::new(endpoint.limits());
    let limits = Arc::new(endpoint.limits().clone());
    let door =
        Door { endpoint: endpoint.clone(), gate: offer.gate, admission, limits: limits.clone() };
    let blobs = BlobsHandler { door: door.clone(), blobs: offer.blobs };
    let trails = TrailHandler {
        door,
        source: offer.trails,
        in_flight: Arc::new(Semaphore::new(limits.answers_in_flight)),
    };
    let router = Router::builder(endpoint.iroh().clone())
        .accept(iroh_blobs::ALPN, blobs)
        .accept(trail::ALPN, trails)
        .spawn();
    Serving { router, endpoint: endpoint.clone() }
}

/// What both protocols check before the first stream.
#[derive(Debug, Clone)]
struct Door {
    endpoint: PeerEndpoint,
    gate: Arc<dyn Gate>,
    admission: Arc<Admission>,
    limits: Arc<Limits>,
}

impl Door {
    /// A place for the connection, or `None` after it was closed with the reason.
    async fn admit(&self, connection: &Connection) -> Option<Place> {
        let peer = connection.remote_id();
        let Some(place) = self.admission.admit(peer) else {
            connection.close(VarInt::from_u32(CLOSE_LIMIT), b"too many connections");
            return None;
        };
        if !self.gate.admits(&peer).await {
            connection.close(VarInt::from_u32(CLOSE_UNKNOWN_PEER), b"not served here");
            return None;
        }
        Some(place)
    }
}

#[derive(Debug)]
struct BlobsHandler {
    door: Door,
    blobs: Arc<dyn Blobs>,
}

impl ProtocolHandler for BlobsHandler {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let connection = self.door.endpoint.metered(connection);
        let Some(_place) = self.door.admit(&connection).await else {
            return Ok(());
        };
        let peer = connection.remote_id();
        let view = View::new(peer, self.door.gate.clone(), self.blobs.clone());
        let store = store::open(view.clone());
        let (limits, connection_id) = (self.door.limits.clone(), connection.stable_id() as u64);
        each_stream(&connection, &self.door.limits, |send, recv| {
            let (view, store, limits) = (view.clone(), store.clone(), limits.clone());
            async move { serve_blob(send, recv, connection_id, view, store, &limits).await }
        })
        .await;
        Ok(())
    }
}

#[derive(Debug)]
struct TrailHandler {
    door: Door,
    source: Arc<dyn TrailSource>,
    in_flight: Arc<Semaphore>,
}

impl ProtocolHandler for TrailHandler {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let connection = self.door.endpoint.metered(connection);
        let Some(_place) = self.door.admit(&connection).await else {
            return Ok(());
        };
        let peer = connection.remote_id();
        each_stream(&connection, &self.door.limits, |send, recv| {
            let (source, in_flight) = (self.source.clone(), self.in_flight.clone());
            let limits = self.door.limits.clone();
            async move { trail::answer(send, recv, peer, &*source, &in_flight, &limits).await }
        })
        .await;
        Ok(())
    }
}

/// Serves each stream that the peer opens, a bounded number at a time, until the connection ends
/// or is idle for too long. What is still in service then is given up.
async fn each_stream<F, S>(connection: &Connection, limits: &Limits, mut serve: F)
where
    F: FnMut(PacedSend, PacedRecv) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(limits.streams_per_connection as usize));
    let mut in_service = JoinSet::new();
    loop {
        while in_service.try_join_next().is_some() {}
        let slot = tokio::select! {
            slot = slots.clone().acquire_owned() => slot,
            _ = connection.closed() => return,
        };
        match timeout(limits.idle, connection.accept_bi()).await {
            Ok(Ok((send, recv))) => {
                let served = serve(PacedSend::new(send, limits), PacedRecv::new(recv, limits));
                in_service.spawn(async move {
                    served.await;
                    drop(slot);
                });
            }
            Ok(Err(_)) => return,
            Err(_) if in_service.is_empty() => {
                connection.close(VarInt::from_u32(CLOSE_DONE), b"idle");
                return;
            }
            Err(_) => {}
        }
    }
}

/// Serves one request for a blob. The handlers tell the peer of their failures by a reset.
async fn serve_blob(
    send: PacedSend,
    recv: PacedRecv,
    connection_id: u64,
    view: View,
    store: Store,
    limits: &Limits,
) {
    let mut recv = recv.at_most(BLOB_REQUEST_LEN_MAX);
    let request = match timeout(limits.request, Request::read_async(&mut recv)).await {
        Ok(Ok((request, _bytes))) => request,
        Ok(Err(_)) => return refuse(send, recv, ERR_PERMISSION),
        Err(_) => return refuse(send, recv, ERR_LIMIT),
    };
    let hash = match &request {
        Request::Get(r) => r.hash,
        Request::Observe(r) => r.hash,
        // Lists of requests save nothing here, and nobody writes to us.
        _ => return refuse(send, recv, ERR_PERMISSION),
    };
    match view.find(&store::chunk_id(&hash)).await {
        Ok(Some(_)) => {}
        // An empty, finished stream is the wire's "not found"; dropping `send` finishes it.
        Ok(None) => return,
        Err(_) => return refuse(send, recv, ERR_INTERNAL),
    }
    let pair = StreamPair::new(connection_id, recv, send, EventSender::DEFAULT);
    match request {
        Request::Get(r) => drop(handle_get(pair, store, r).await),
        Request::Observe(r) => drop(handle_observe(pair, store, r).await),
        _ => {}
    }
}

fn refuse(mut send: PacedSend, mut recv: PacedRecv, code: VarInt) {
    // Errors here mean that the peer has given up the stream before us.
    send.reset(code).ok();
    recv.stop(code).ok();
}
