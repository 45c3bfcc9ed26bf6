//! Tickets: one line of text by which a person tells another where something is to be had.
//!
//! A ticket is never a permission and carries no secret: whoever holds one may ask, and the node
//! decides. What it says of a log is a hint for the first contact, never a root of trust.
//! docs/formats/ticket.md describes the bytes.

mod wire;

use std::{fmt, net::SocketAddr, str::FromStr};

use iroh_tickets::ParseError;
use veritrail_provenance::{
    cbor::CborError,
    hash::{DatasetRoot, StatementId},
    identity::{Did, DidError},
    log::note::{VKey, VKeyError},
    statement::{Origin, OriginError},
};

use super::endpoint::{ADDRESSES_MAX, NodeAddress};

/// The first characters of a ticket's text; lowercase base32 follows.
pub const KIND: &str = "veritrail";

/// The longest ticket, in bytes before base32.
pub const TICKET_LEN_MAX: usize = 2048;

/// The most log keys in a ticket.
pub const VKEYS_MAX: usize = 8;

/// The longest text of a ticket: base32 takes 8 characters for 5 bytes.
const TEXT_LEN_MAX: usize = KIND.len() + (TICKET_LEN_MAX * 8).div_ceil(5);

/// What a ticket leads to, named so that it means the same at every node.
///
/// Unlike the references that a person types, it is never a local name, an index in one's own log
/// or "the newest".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortableReference {
    /// One version of a dataset, by the root over its bytes.
    Version {
        /// The dataset.
        dataset: Did,
        /// The version's root.
        root: DatasetRoot,
    },
    /// One statement: a run by its receipt, for instance.
    Statement {
        /// The log it is meant for.
        origin: Origin,
        /// The SHA-256 of what was signed.
        id: StatementId,
    },
}

/// As a REF: `DID@r:HEX`, or `run:HEX` for the run whose receipt the statement is.
impl fmt::Display for PortableReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { dataset, root } => write!(f, "{dataset}@r:{root}"),
            Self::Statement { id, .. } => write!(f, "run:{id}"),
        }
    }
}

/// A decoded ticket: which node to ask, where, for what, and which log it is to be found in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    node: NodeAddress,
    reference: PortableReference,
    origin: Origin,
    vkeys: Vec<VKey>,
}

/// Why a text or bytes are no ticket, or a ticket cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// It does not begin with [`KIND`].
    #[error("a ticket begins with `{KIND}`; was all of it copied?")]
    Kind,
    /// Longer than any ticket.
    #[error("a ticket has at most {max} {unit}, not {len}")]
    TooLong {
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
        /// Of what.
        unit: &'static str,
    },
    /// Not base32, or not in the one form that this ticket has.
    #[error("a ticket is `{KIND}` and lowercase base32 without gaps; was all of it copied? ({0})")]
    Text(String),
    /// Cut off before its first byte.
    #[error("this ticket is empty; was all of it copied?")]
    Empty,
    /// Made by a program of another version.
    #[error("this ticket is of version {0}, this program reads version 1; a newer one may read it")]
    Version(u8),
    /// Damaged, or made by no program of ours.
    #[error("this ticket is damaged: {0}")]
    Cbor(#[from] CborError),
    /// A key this version does not have, and that is not marked as ignorable.
    #[error("this ticket holds field {0}, which this program must know and does not")]
    UnknownField(i128),
    /// A field that every ticket has.
    #[error("this ticket has no {0}")]
    Missing(&'static str),
    /// A field of a wrong type, length or value.
    #[error("this ticket's {field} is wrong: {reason}")]
    Field {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl Ticket {
    /// A ticket for `reference` in the log `origin`, to be had from `node`.
    ///
    /// # Errors
    /// If it has more than [`ADDRESSES_MAX`] addresses, no log key or more than [`VKEYS_MAX`],
    /// an address that nobody can dial, a relay without https, a key of another log, or takes
    /// over [`TICKET_LEN_MAX`] bytes.
    pub fn new(
        node: NodeAddress,
        reference: PortableReference,
        origin: Origin,
        vkeys: Vec<VKey>,
    ) -> Result<Self, TicketError> {
        let ticket = Self { node, reference, origin, vkeys };
        // Read back, so that nothing is handed out that nobody can read.
        Self::from_bytes(&ticket.to_bytes())
    }

    /// Decodes the bytes that base32 stands for. They are not trusted: all limits hold first.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TicketError> {
        if bytes.len() > TICKET_LEN_MAX {
            let (len, max) = (bytes.len(), TICKET_LEN_MAX);
            return Err(TicketError::TooLong { len, max, unit: "bytes" });
        }
        let ticket = wire::decode(bytes)?;
        ticket.check()?;
        Ok(ticket)
    }

    /// The bytes that base32 stands for. The same ticket gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        wire::encode(self)
    }

    /// Who to ask, and where.
    pub fn node(&self) -> &NodeAddress {
        &self.node
    }

    /// What to ask for.
    pub fn reference(&self) -> &PortableReference {
        &self.reference
    }

    /// The log that the reference is to be found in.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The keys of that log, as the ticket's maker claims: at least one.
    pub fn vkeys(&self) -> &[VKey] {
        &self.vkeys
    }

    /// What holds of every ticket, read or made.
    fn check(&self) -> Result<(), TicketError> {
        let NodeAddress { sockets, relay, .. } = &self.node;
        let count = sockets.len() + usize::from(relay.is_some());
        if count > ADDRESSES_MAX {
            let reason = format!("{count} of them; at most {ADDRESSES_MAX} are allowed");
            return Err(wrong("addresses", reason));
        }
        for (at, socket) in sockets.iter().enumerate() {
            if !can_be_dialled(socket) {
                return Err(wrong("addresses", format!("nobody can dial {socket}")));
            }
            if sockets.iter().take(at).any(|earlier| earlier == socket) {
                return Err(wrong("addresses", format!("{socket} stands twice")));
            }
        }
        if self.vkeys.is_empty() || self.vkeys.len() > VKEYS_MAX {
            let reason = format!("{} of them; 1 to {VKEYS_MAX} are allowed", self.vkeys.len());
            return Err(wrong("log keys", reason));
        }
        for (at, vkey) in self.vkeys.iter().enumerate() {
            if vkey.name() != self.origin.as_str() {
                let reason = format!("{:?} is not the log {:?}", vkey.name(), self.origin.as_str());
                return Err(wrong("log keys", reason));
            }
            if self.vkeys.iter().take(at).any(|earlier| earlier == vkey) {
                return Err(wrong("log keys", "one stands twice".into()));
            }
        }
        Ok(())
    }
}

fn can_be_dialled(socket: &SocketAddr) -> bool {
    let broadcast = matches!(socket, SocketAddr::V4(v4) if v4.ip().is_broadcast());
    socket.port() != 0 && !socket.ip().is_unspecified() && !socket.ip().is_multicast() && !broadcast
}

fn wrong(field: &'static str, reason: String) -> TicketError {
    TicketError::Field { field, reason }
}

impl From<DidError> for TicketError {
    fn from(e: DidError) -> Self {
        wrong("dataset", e.to_string())
    }
}

impl From<OriginError> for TicketError {
    fn from(e: OriginError) -> Self {
        wrong("log", e.to_string())
    }
}

impl From<VKeyError> for TicketError {
    fn from(e: VKeyError) -> Self {
        wrong("log keys", e.to_string())
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&iroh_tickets::Ticket::encode_string(self))
    }
}

impl FromStr for Ticket {
    type Err = TicketError;

    fn from_str(text: &str) -> Result<Self, TicketError> {
        if !text.starts_with(KIND) {
            return Err(TicketError::Kind);
        }
        if text.len() > TEXT_LEN_MAX {
            let (len, max) = (text.len(), TEXT_LEN_MAX);
            return Err(TicketError::TooLong { len, max, unit: "characters" });
        }
        let raw: RawTicket = iroh_tickets::Ticket::decode_string(text)
            .map_err(|e: ParseError| TicketError::Text(e.to_string()))?;
        // iroh-tickets reads uppercase too; a ticket has one text.
        if iroh_tickets::Ticket::encode_string(&raw) != text {
            return Err(TicketError::Text("not in lowercase".into()));
        }
        Self::from_bytes(&raw.0)
    }
}

impl iroh_tickets::Ticket for Ticket {
    const KIND: &'static str = KIND;

    fn encode_bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }

    /// As [`Ticket::from_bytes`], but iroh's error has no room for the reason.
    fn decode_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::from_bytes(bytes).map_err(|_| ParseError::verification_failed("no veritrail ticket"))
    }
}

/// The bytes of a ticket before they are understood, so that the reason of a failure is not lost
/// in iroh's error type.
struct RawTicket(Vec<u8>);

impl iroh_tickets::Ticket for RawTicket {
    const KIND: &'static str = KIND;

    fn encode_bytes(&self) -> Vec<u8> {
        self.0.clone()
    }

    fn decode_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        Ok(Self(bytes.to_vec()))
    }
}
