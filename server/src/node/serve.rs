//! Serving: this home's public blobs and the evidence about them, to whoever asks, until it is
//! dropped or stopped.

pub(super) mod gate;
mod source;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use serde::Serialize;
use veritrail_provenance::identity::Did;
use veritrail_storage::peer::{
    endpoint::{NodeAddress, PeerEndpoint},
    serve::{self, Offer},
};

use self::{gate::PublicGate, source::Evidences};
use super::{Node, peering::Relay};
use crate::error::Result;

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    /// Where to listen; loopback and the port of last time, where it is free, by default.
    pub bind: Option<SocketAddr>,
    /// Relays and address lookup; off by default.
    pub relay: Relay,
}

/// What is being served, and where.
#[derive(Debug, Clone, Serialize)]
pub struct ServeStarted {
    /// The node.
    pub node: Did,
    /// The log, and what its owner reads to whoever meets it for the first time.
    pub fingerprint: String,
    /// Where it is to be reached.
    pub addresses: Vec<String>,
    /// `off` or `n0`.
    pub relay: String,
    /// Blobs that anybody may read now; what is published meanwhile adds to them.
    pub blobs: u64,
}

/// A home that is being served; dropping it stops.
#[derive(Debug)]
pub struct Serving {
    started: ServeStarted,
    serving: serve::Serving,
}

impl Serving {
    /// What is being served.
    pub fn started(&self) -> &ServeStarted {
        &self.started
    }

    /// Where peers reach this node now.
    pub fn address(&self) -> NodeAddress {
        self.serving.address()
    }

    /// Ends all connections and tells the peers.
    pub async fn stop(self) {
        self.serving.stop().await;
    }
}

impl Node {
    /// Begins to serve. Tickets made from now on, by any process on this home, lead here.
    ///
    /// # Errors
    /// Nothing can listen there.
    pub async fn serve(self: &Arc<Self>, options: ServeOptions) -> Result<Serving> {
        let endpoint = self.listen(&options).await?;
        let gate = Arc::new(PublicGate::new(Arc::clone(self)));
        let blobs = gate.refresh().await?;
        let trails = Arc::new(Evidences::new(Arc::clone(self)));
        let offer = Offer { gate, blobs: self.blobs(), trails };
        let serving = serve::serve(&endpoint, offer);
        let address = serving.address();
        self.remember(&address)?;
        let started = ServeStarted {
            node: self.node_did()?,
            fingerprint: self.fingerprint()?,
            addresses: address.sockets.iter().map(ToString::to_string).collect(),
            relay: options.relay.to_string(),
            blobs,
        };
        Ok(Serving { started, serving })
    }

    /// At the address that was asked for; else on loopback, at the port of last time so that
    /// earlier tickets still lead here, or at any.
    async fn listen(&self, options: &ServeOptions) -> Result<PeerEndpoint> {
        if let Some(bind) = options.bind {
            return self.endpoint(bind, options.relay).await;
        }
        let last = self.last_served()?.into_iter().find(|socket| socket.ip().is_loopback());
        if let Some(last) = last
            && let Ok(endpoint) = self.endpoint(last, options.relay).await
        {
            return Ok(endpoint);
        }
        self.endpoint(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), options.relay).await
    }
}
