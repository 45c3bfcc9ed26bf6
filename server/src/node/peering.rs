//! This node's place on the network: one endpoint under the node's key, on loopback unless told
//! otherwise.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use serde::Serialize;
use veritrail_storage::{
    peer::endpoint::{self, EndpointError, EndpointOptions, NodeAddress, PeerEndpoint},
    settings::Peer,
};
use zeroize::Zeroizing;

use super::Node;
use crate::error::{NodeError, OrKind as _, Result};

/// Help from others in reaching a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relay {
    /// None: nobody but the two nodes sees a packet.
    #[default]
    Off,
    /// The public relays of number 0, which learn who talks to whom, and nothing of what is said.
    N0,
}

impl FromStr for Relay {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "n0" => Ok(Self::N0),
            _ => Err("write n0, or off".to_owned()),
        }
    }
}

impl std::fmt::Display for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::N0 => "n0",
        })
    }
}

impl Relay {
    fn of_endpoint(self) -> endpoint::Relay {
        match self {
            Self::Off => endpoint::Relay::Off,
            Self::N0 => endpoint::Relay::N0,
        }
    }
}

impl Node {
    /// An endpoint that listens on `bind`.
    pub(super) async fn endpoint(&self, bind: SocketAddr, relay: Relay) -> Result<PeerEndpoint> {
        let seed = self.node_seed()?;
        let seed = Zeroizing::new(*seed.expose());
        let options = EndpointOptions { bind, relay: relay.of_endpoint(), ..Default::default() };
        PeerEndpoint::bind(&seed, options).await.map_err(|EndpointError::Bind { bind, reason }| {
            NodeError::failed(format!("cannot listen here (UDP): {reason}")).at(bind).hint(
                "name a free port of an address that this machine has: veritrail serve --bind \
                 IP:PORT",
            )
        })
    }

    /// An endpoint to dial `to` from: it can be reached from no farther away than `to` is.
    pub(super) async fn dialler(&self, to: &NodeAddress, relay: Relay) -> Result<PeerEndpoint> {
        let far = |socket: &SocketAddr| !socket.ip().is_loopback();
        let ip: IpAddr = if relay == Relay::Off && !to.sockets.iter().any(far) {
            let v6 = to.sockets.iter().all(SocketAddr::is_ipv6) && !to.sockets.is_empty();
            if v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() }
        } else if to.sockets.iter().any(SocketAddr::is_ipv4) || to.sockets.is_empty() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        self.endpoint(SocketAddr::new(ip, 0), relay).await
    }

    /// The addresses at which this home was last served, if it ever was.
    pub(super) fn last_served(&self) -> Result<Vec<SocketAddr>> {
        let own = self.settings().peer(&self.node_did()?).or_failed()?;
        let addresses = own.map(|own| own.addresses).unwrap_or_default();
        // What does not read as an address was written by another version: no address then.
        Ok(addresses.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// Remembers where a node was reached, or where this one is served: tickets that other
    /// processes make lead there.
    pub(super) fn remember(&self, at: &NodeAddress) -> Result<()> {
        let node = veritrail_storage::peer::endpoint::node_did(&at.node).or_failed()?;
        let addresses = at.sockets.iter().map(ToString::to_string).collect();
        let seen = super::clock::now();
        self.settings().remember_peer(&Peer { node, addresses, seen }).or_failed()
    }
}
