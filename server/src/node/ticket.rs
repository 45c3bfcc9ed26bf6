//! Making tickets: one line of text that says where something of this home is to be had.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use serde::Serialize;
use veritrail_provenance::{
    identity::Signer as _, ledger::queries, reference::Reference, statement::Origin,
};
use veritrail_storage::peer::{
    EndpointId,
    endpoint::NodeAddress,
    ticket::{PortableReference, Ticket, TicketError},
};

use super::{Node, resolve::Resolved};
use crate::error::{Kind, NodeError, OrKind as _, Result};

/// A ticket, and what it leads to.
#[derive(Debug, Clone, Serialize)]
pub struct TicketShown {
    /// The ticket's text.
    pub ticket: String,
    /// What it leads to, in portable form.
    pub subject: String,
    /// Where the node is to be reached.
    pub addresses: Vec<String>,
    /// The log that holds the statement.
    pub origin: Origin,
}

impl Node {
    /// A ticket for what `reference` names, at the address where this home is served or was served
    /// last. Making one reaches nobody: somebody must be serving when it is used.
    pub fn ticket(&self, reference: &str) -> Result<TicketShown> {
        let resolved = self.resolve(reference)?;
        self.ticket_of(&resolved)
    }

    /// As [`Node::ticket`], for what is resolved already.
    pub(super) fn ticket_of(&self, resolved: &Resolved) -> Result<TicketShown> {
        let sockets = self.served_at()?;
        let (reference, origin) = self.portable(resolved)?;
        let node = self.endpoint_id()?;
        let vkeys = queries::log(self.view(), &origin).or_failed()?.map(|log| log.keys);
        let vkeys = vkeys.unwrap_or_default().into_iter().map(|key| key.vkey).collect();
        let addresses = sockets.iter().map(SocketAddr::to_string).collect();
        let at = NodeAddress { node, sockets, relay: None };
        let ticket = Ticket::new(at, reference.clone(), origin.clone(), vkeys).or_failed()?;
        let subject = written(&reference);
        Ok(TicketShown { ticket: ticket.to_string(), subject, addresses, origin })
    }

    /// Where this home is served or was served last. A home that never was gets a port now, which
    /// `serve` will listen on, so that a ticket that is made first leads there too.
    fn served_at(&self) -> Result<Vec<SocketAddr>> {
        let last = self.last_served()?;
        if !last.is_empty() {
            return Ok(last);
        }
        let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr());
        let sockets = vec![free.or_failed()?];
        self.remember(&NodeAddress { node: self.endpoint_id()?, sockets, relay: None })?;
        self.last_served()
    }

    fn endpoint_id(&self) -> Result<EndpointId> {
        let seed = self.node_seed()?;
        EndpointId::from_bytes(seed.signer().public_key().as_bytes()).or_failed()
    }

    /// The form that means the same at every node, and the log that it is to be found in.
    pub(super) fn portable(&self, resolved: &Resolved) -> Result<(PortableReference, Origin)> {
        Ok(match resolved {
            Resolved::Version(version) => {
                let root = version.row.payload.root;
                let reference = PortableReference::Version { dataset: version.did.clone(), root };
                (reference, version.origin.clone())
            }
            Resolved::Run(run) | Resolved::Output(run) => {
                let (origin, id) = (run.origin.clone(), run.row.at.id);
                (PortableReference::Statement { origin: origin.clone(), id }, origin)
            }
            Resolved::Entry { origin, index } => {
                return Err(NodeError::usage("tickets lead to datasets, runs and outputs")
                    .at(format!("{origin}#{index}"))
                    .hint("name what the entry is about: see veritrail show"));
            }
        })
    }

    /// What a ticket leads to, once its evidence was imported.
    pub(super) fn resolve_portable(&self, reference: &PortableReference) -> Result<Resolved> {
        self.resolve(&written(reference))
    }
}

/// Reads a ticket, or says what is wrong with the text.
pub(super) fn read(text: &str) -> Result<Ticket> {
    text.parse::<Ticket>().map_err(|e| {
        let (kind, hint) = match e {
            TicketError::Version(_) => {
                (Kind::CouldNotCheck, "a newer version of this program may read it")
            }
            _ => (Kind::Usage, "copy all of it again, or ask for a new one"),
        };
        NodeError::new(kind, e.to_string()).at("the ticket").hint(hint)
    })
}

/// Whether a text is meant to be a ticket, by the grammar of references.
pub(super) fn is_ticket(text: &str) -> bool {
    matches!(Reference::parse(text), Ok(Reference::Ticket(_)))
}

/// The portable reference as a REF in full length. The one kind of statement that a ticket leads
/// to is a run's receipt.
pub(super) fn written(reference: &PortableReference) -> String {
    match reference {
        PortableReference::Version { dataset, root } => format!("{dataset}@r:{root}"),
        PortableReference::Statement { id, .. } => format!("run:{id}"),
    }
}
