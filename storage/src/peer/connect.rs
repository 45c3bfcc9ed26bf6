//! Dialling a node, and saying what to do when nobody answers.

use iroh::endpoint::{
    ApplicationClose, ConnectError as IrohError, ConnectWithOptsError, ConnectingError,
    ConnectionError,
};

use super::{
    endpoint::{Metered, NodeAddress, PeerEndpoint, Relay},
    serve::{CLOSE_LIMIT, CLOSE_UNKNOWN_PEER},
};

/// QUIC's transport error for a TLS alert is 0x100 plus the alert (RFC 9001 §4.8).
const TLS_NO_APPLICATION_PROTOCOL: u64 = 0x100 + 120;

/// Why there is no connection to a node.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing listens there, or no packet gets through.
    #[error("nobody answers at {at}")]
    NobodyAnswers {
        /// Who was called, and where.
        at: Box<NodeAddress>,
    },
    /// The ticket or reference is this home's own.
    #[error("{node} is this node itself; what it serves is in this home already")]
    Ourselves {
        /// The node's key, in hex.
        node: String,
    },
    /// Without a relay or lookup service, a key alone leads nowhere.
    #[error("no address of node {node} is known; ask for a fresh ticket, or try `--relay n0`")]
    NoAddress {
        /// The node's key, in hex.
        node: String,
    },
    /// It is there, but speaks another protocol or version.
    #[error("{at} answers, but does not speak {protocol}; it may run another version")]
    OtherProtocol {
        /// Who was called, and where.
        at: Box<NodeAddress>,
        /// The protocol that was asked for.
        protocol: String,
    },
    /// It is there, but ended the connection at once.
    #[error("{at} refused the connection: {reason}")]
    Refused {
        /// Who was called, and where.
        at: Box<NodeAddress>,
        /// As the peer, or QUIC, says it.
        reason: String,
    },
}

/// Connects to `at` for the protocol `alpn`, within [`Limits::connect`](super::limits::Limits).
pub(super) async fn dial(
    endpoint: &PeerEndpoint,
    at: &NodeAddress,
    alpn: &[u8],
) -> Result<Metered, ConnectError> {
    let by_address = !at.sockets.is_empty();
    let by_relay = endpoint.relay() == Relay::N0;
    if !by_address && !by_relay {
        return Err(ConnectError::NoAddress { node: at.node.to_string() });
    }
    let dialling = endpoint.iroh().connect(at.to_iroh(), alpn);
    match tokio::time::timeout(endpoint.limits().connect, dialling).await {
        Ok(Ok(connection)) => Ok(endpoint.metered(connection)),
        Ok(Err(e)) => Err(explain(&e, at, alpn)),
        Err(_) => Err(nobody(at)),
    }
}

/// Why the node closed the connection, in words of ours, if it turned us away.
pub(super) fn close_reason(connection: &Metered) -> Option<String> {
    let Some(ConnectionError::ApplicationClosed(ApplicationClose { error_code, .. })) =
        connection.close_reason()
    else {
        return None;
    };
    match u32::try_from(u64::from(error_code)) {
        Ok(CLOSE_UNKNOWN_PEER) => Some("it does not serve this node".into()),
        Ok(CLOSE_LIMIT) => Some("it has too many connections open; try again later".into()),
        _ => None,
    }
}

fn nobody(at: &NodeAddress) -> ConnectError {
    ConnectError::NobodyAnswers { at: Box::new(at.clone()) }
}

fn explain(e: &IrohError, at: &NodeAddress, alpn: &[u8]) -> ConnectError {
    let node = || at.node.to_string();
    match e {
        IrohError::Connect { source, .. } => match source {
            ConnectWithOptsError::SelfConnect { .. } => ConnectError::Ourselves { node: node() },
            ConnectWithOptsError::NoAddress { .. } => ConnectError::NoAddress { node: node() },
            other => refused(at, &other.to_string()),
        },
        IrohError::Connecting { source, .. } => match source {
            ConnectingError::ConnectionError { source, .. } => lost(source, at, alpn),
            other => refused(at, &other.to_string()),
        },
        IrohError::Connection { source, .. } => lost(source, at, alpn),
        other => refused(at, &other.to_string()),
    }
}

fn lost(e: &ConnectionError, at: &NodeAddress, alpn: &[u8]) -> ConnectError {
    match e {
        ConnectionError::TimedOut => nobody(at),
        ConnectionError::ConnectionClosed(close)
            if u64::from(close.error_code) == TLS_NO_APPLICATION_PROTOCOL =>
        {
            ConnectError::OtherProtocol {
                at: Box::new(at.clone()),
                protocol: String::from_utf8_lossy(alpn).into_owned(),
            }
        }
        other => refused(at, &other.to_string()),
    }
}

fn refused(at: &NodeAddress, reason: &str) -> ConnectError {
    ConnectError::Refused { at: Box::new(at.clone()), reason: reason.to_owned() }
}
