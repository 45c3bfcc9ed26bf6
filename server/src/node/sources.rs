//! Whom to ask for something that is known here: the nodes that showed its log, or a log that it
//! rests on, at an earlier time. What they say is verified like a stranger's word.

use std::{collections::BTreeSet, net::SocketAddr};

use serde::Serialize;
use veritrail_provenance::{
    evidence::Evidence, identity::Did, ledger::queries, log::note::VKey, statement::Origin,
};
use veritrail_storage::{
    peer::{
        EndpointId,
        endpoint::{NodeAddress, node_did},
        ticket::{PortableReference, Ticket},
    },
    settings::Peer,
};

use super::{Node, resolve::Resolved};
use crate::error::{Kind, NodeError, OrKind as _, Result};

/// Nodes that are asked for one thing, one after the other. A node that is gone takes ten seconds.
const ASKED_MAX: usize = 8;

/// What a node is asked for, and the log that it must be in.
#[derive(Debug, Clone)]
pub(super) struct Sought {
    pub(super) reference: PortableReference,
    pub(super) origin: Origin,
    /// Keys of which one must be that log's.
    pub(super) vkeys: Vec<VKey>,
}

impl From<&Ticket> for Sought {
    fn from(ticket: &Ticket) -> Self {
        Self {
            reference: ticket.reference().clone(),
            origin: ticket.origin().clone(),
            vkeys: ticket.vkeys().to_vec(),
        }
    }
}

/// A node that was asked, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// The node.
    pub node: Did,
    /// Where it was looked for.
    pub addresses: Vec<String>,
    /// In words: that it gave all, or why it did not.
    pub answer: String,
    /// What kind of failure that was, if it was one.
    #[serde(skip)]
    pub(super) failed: Option<Kind>,
}

impl Asked {
    /// `at` gave all that was asked for.
    pub(super) fn gave_all(at: &NodeAddress) -> Result<Self> {
        Self::new(at, "gave all of it".to_owned(), None)
    }

    /// `at` did not give it, or not all.
    pub(super) fn failed(at: &NodeAddress, error: &NodeError) -> Result<Self> {
        Self::new(at, error.message.clone(), Some(error.kind))
    }

    fn new(at: &NodeAddress, answer: String, failed: Option<Kind>) -> Result<Self> {
        let addresses = at.sockets.iter().map(SocketAddr::to_string).collect();
        Ok(Self { node: node_did(&at.node).or_failed()?, addresses, answer, failed })
    }

    fn words(&self) -> String {
        format!("{} ({})", self.node, self.answer)
    }
}

/// That none of the nodes gave what they were asked for: who they are, and what each said. One that
/// lied weighs most.
pub(super) fn nobody_gave(what: &str, asked: &[Asked]) -> NodeError {
    let lied = asked.iter().any(|asked| asked.failed == Some(Kind::VerificationFailed));
    let kind = if lied { Kind::VerificationFailed } else { Kind::CouldNotCheck };
    let words: Vec<String> = asked.iter().map(Asked::words).collect();
    let each = match words.is_empty() {
        true => "no node is remembered that it came from".to_owned(),
        false => format!("asked: {}", words.join("; ")),
    };
    NodeError::new(kind, format!("{what}; {each}"))
}

impl Node {
    /// What other nodes are asked for to have `resolved` from them.
    pub(super) fn sought(&self, resolved: &Resolved) -> Result<Sought> {
        let (reference, origin) = self.portable(resolved)?;
        let log = queries::log(self.view(), &origin).or_failed()?;
        let vkeys = log.into_iter().flat_map(|log| log.keys).map(|key| key.vkey).collect();
        Ok(Sought { reference, origin, vkeys })
    }

    /// The nodes that showed the log of `resolved`, newest first; then those that showed a log that
    /// it rests on.
    pub(super) fn sources_of(&self, resolved: &Resolved) -> Result<Vec<NodeAddress>> {
        let (_, origin) = self.portable(resolved)?;
        let lineage = self.walk(resolved)?;
        let others: BTreeSet<&Origin> = lineage.statements.keys().map(|(log, _)| log).collect();
        let logs = [&origin].into_iter().chain(others.into_iter().filter(|log| **log != origin));
        let own = self.node_did()?;
        let mut sources: Vec<NodeAddress> = Vec::new();
        for log in logs {
            for node in self.settings().sources(log).or_failed()? {
                let Some(peer) = self.settings().peer(&node).or_failed()? else { continue };
                let Some(at) = address(&peer) else { continue };
                if node != own && !sources.contains(&at) && sources.len() < ASKED_MAX {
                    sources.push(at);
                }
            }
        }
        Ok(sources)
    }

    /// Remembers that `at` showed these logs, and where it was reached.
    pub(super) fn remember_source(&self, at: &NodeAddress, shown: &Evidence) -> Result<()> {
        self.remember(at)?;
        let node = node_did(&at.node).or_failed()?;
        for log in &shown.logs {
            self.settings().add_source(&log.origin, &node).or_failed()?;
        }
        Ok(())
    }
}

/// Where a remembered peer is to be reached. A row that does not read as one was written by another
/// version: nobody then.
fn address(peer: &Peer) -> Option<NodeAddress> {
    let key = peer.node.public_key().ok()?;
    let node = EndpointId::from_bytes(key.as_bytes()).ok()?;
    let sockets = peer.addresses.iter().filter_map(|text| text.parse().ok()).collect();
    Some(NodeAddress { node, sockets, relay: None })
}
