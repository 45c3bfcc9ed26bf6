//! A node's place on the network: a QUIC endpoint under the node's own key.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use iroh::{
    Endpoint, EndpointAddr, EndpointId, RelayMode, RelayUrl, SecretKey, TransportAddr,
    endpoint::{BindError, Builder, Connection, QuicTransportConfig, VarInt, presets},
};
use veritrail_provenance::identity::{Did, KeyError, PublicKey};

use super::limits::Limits;

/// The most addresses of one node, as in a ticket.
pub const ADDRESSES_MAX: usize = 8;

/// The did:key of an endpoint: the same Ed25519 key, written as a DID.
///
/// A node's DID names a machine, never a person: it acts only for those that bound it by an
/// `identity` statement.
pub fn node_did(node: &EndpointId) -> Result<Did, KeyError> {
    Ok(Did::of_key(&PublicKey::from_bytes(*node.as_bytes())?))
}

/// Help from others in reaching a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relay {
    /// None: no relay, no address lookup. Nobody but the two peers sees a packet.
    #[default]
    Off,
    /// The public relays and address lookup of number 0, which learn who talks to whom and when,
    /// but nothing of what is said.
    N0,
}

/// How to bind an endpoint. The default is loopback, any port, no relay.
#[derive(Debug, Clone)]
pub struct EndpointOptions {
    /// The UDP address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Relays and address lookup.
    pub relay: Relay,
    /// What peers may take of us.
    pub limits: Limits,
}

impl Default for EndpointOptions {
    fn default() -> Self {
        Self {
            bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            relay: Relay::Off,
            limits: Limits::default(),
        }
    }
}

/// Why no endpoint could be bound.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Most often another process listens on that port.
    #[error("cannot listen on {bind} (UDP): {reason}; choose another address or port")]
    Bind {
        /// The address that was asked for.
        bind: SocketAddr,
        /// The system's words.
        reason: String,
    },
}

/// A bound endpoint: dials other nodes, and is what [`serve`](super::serve::serve) listens on.
///
/// Cheap to clone. Close it with [`close`](Self::close) before the program ends, or peers see the
/// connection time out and not end.
#[derive(Debug, Clone)]
pub struct PeerEndpoint {
    endpoint: Endpoint,
    limits: Arc<Limits>,
    relay: Relay,
    received: Arc<AtomicU64>,
}

impl PeerEndpoint {
    /// Binds under the node's key, given as its 32-byte Ed25519 seed.
    pub async fn bind(seed: &[u8; 32], options: EndpointOptions) -> Result<Self, EndpointError> {
        let bind = options.bind;
        let failed = |reason: String| EndpointError::Bind { bind, reason };
        let endpoint = builder(&options)
            .secret_key(SecretKey::from_bytes(seed))
            .clear_ip_transports()
            .bind_addr(bind)
            .map_err(|e| failed(e.to_string()))?
            .bind()
            .await
            .map_err(|e| failed(bind_reason(&e)))?;
        Ok(Self {
            endpoint,
            limits: Arc::new(options.limits),
            relay: options.relay,
            received: Arc::default(),
        })
    }

    /// The node's public key.
    pub fn id(&self) -> EndpointId {
        self.endpoint.id()
    }

    /// Where others can reach this node now: at most [`ADDRESSES_MAX`] addresses.
    ///
    /// An endpoint bound to one address is reachable there; one bound to all of them (`0.0.0.0`)
    /// at those of the machine's interfaces.
    pub fn address(&self) -> NodeAddress {
        let found = self.endpoint.addr();
        let bound = self.endpoint.bound_sockets();
        let mut sockets: Vec<SocketAddr> =
            bound.iter().filter(|socket| !socket.ip().is_unspecified()).copied().collect();
        if sockets.is_empty() {
            sockets = found.ip_addrs().copied().collect();
        }
        if sockets.is_empty() {
            // No interface but loopback: others on this machine still can.
            sockets = bound.iter().map(|socket| loopback(*socket)).collect();
        }
        let relay = found.relay_urls().next().cloned();
        sockets.sort();
        sockets.dedup();
        sockets.truncate(ADDRESSES_MAX - usize::from(relay.is_some()));
        NodeAddress { node: self.id(), sockets, relay }
    }

    /// Bytes received in UDP datagrams over connections that have ended, both those this endpoint
    /// opened and those it accepted: payload, hashes, acknowledgements and QUIC's own framing,
    /// without IP and UDP headers.
    pub fn received_bytes(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// What peers may take of us.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether others help in reaching nodes.
    pub fn relay(&self) -> Relay {
        self.relay
    }

    /// Tells all peers that this node is gone, and frees the socket.
    pub async fn close(&self) {
        self.endpoint.close().await;
    }

    pub(super) fn iroh(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Counts what a connection receives, once it is dropped.
    pub(super) fn metered(&self, connection: Connection) -> Metered {
        Metered { connection, received: self.received.clone() }
    }
}

/// A connection whose received bytes are added to its endpoint's when it is dropped.
#[derive(Debug)]
pub(super) struct Metered {
    connection: Connection,
    received: Arc<AtomicU64>,
}

impl Metered {
    /// Bytes received in UDP datagrams so far.
    pub(super) fn received_bytes(&self) -> u64 {
        self.connection.stats().udp_rx.bytes
    }
}

impl std::ops::Deref for Metered {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        self.received.fetch_add(self.received_bytes(), Ordering::Relaxed);
    }
}

/// A node and where it may be reached.
///
/// Unlike iroh's `EndpointAddr` it is bounded and ordered as it was given, and holds at most one
/// relay. It says nothing about what the node serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeAddress {
    /// Whose key must answer.
    pub node: EndpointId,
    /// UDP addresses to try.
    pub sockets: Vec<SocketAddr>,
    /// The relay that the node is connected to, if any.
    pub relay: Option<RelayUrl>,
}

impl NodeAddress {
    pub(super) fn to_iroh(&self) -> EndpointAddr {
        let sockets = self.sockets.iter().copied().map(TransportAddr::Ip);
        let relay = self.relay.iter().cloned().map(TransportAddr::Relay);
        EndpointAddr::from_parts(self.node, sockets.chain(relay))
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places: Vec<String> = self.sockets.iter().map(ToString::to_string).collect();
        places.extend(self.relay.as_ref().map(|url| format!("relay {url}")));
        if places.is_empty() {
            places.push("no known address".into());
        }
        write!(f, "{} (node {})", places.join(", "), self.node)
    }
}

fn loopback(socket: SocketAddr) -> SocketAddr {
    let ip = match socket {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    SocketAddr::new(ip, socket.port())
}

fn builder(options: &EndpointOptions) -> Builder {
    let builder = match options.relay {
        Relay::Off => Endpoint::builder(presets::Minimal)
            .relay_mode(RelayMode::Disabled)
            .clear_address_lookup(),
        Relay::N0 => Endpoint::builder(presets::N0),
    };
    let transport = QuicTransportConfig::builder()
        .max_concurrent_bidi_streams(VarInt::from_u32(options.limits.streams_per_connection))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .build();
    builder.transport_config(transport)
}

/// The cause inside, since "Failed to bind sockets" alone helps nobody.
fn bind_reason(e: &BindError) -> String {
    match e {
        BindError::Sockets { source, .. } | BindError::CreateQuicEndpoint { source, .. } => {
            source.to_string()
        }
        _ => e.to_string(),
    }
}
