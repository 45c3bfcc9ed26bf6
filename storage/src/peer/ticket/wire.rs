//! The bytes of a ticket: a version byte and a deterministic CBOR map with integer keys.

use std::net::{IpAddr, SocketAddr};

use ciborium::Value;
use iroh::{EndpointId, RelayUrl};
use veritrail_provenance::{
    cbor::{self, Limits},
    hash::{DatasetRoot, StatementId},
};

use super::{PortableReference, TICKET_LEN_MAX, Ticket, TicketError, wrong};
use crate::peer::endpoint::NodeAddress;

const VERSION: u8 = 1;

/// Keys from here on may be ignored by whoever does not know them.
const IGNORABLE_FROM: i128 = 64;

const NODE: i128 = 0;
const SOCKETS: i128 = 1;
const RELAY: i128 = 2;
const REFERENCE: i128 = 3;
const ORIGIN: i128 = 4;
const VKEYS: i128 = 5;

const REFERENCE_VERSION: i128 = 0;
const REFERENCE_STATEMENT: i128 = 1;

/// The longest relay URL, in bytes.
const RELAY_LEN_MAX: usize = 256;

pub(super) fn encode(ticket: &Ticket) -> Vec<u8> {
    let NodeAddress { node, sockets, relay } = &ticket.node;
    let sockets = sockets.iter().map(|socket| Value::Bytes(encode_socket(socket))).collect();
    let vkeys = ticket.vkeys.iter().map(|vkey| Value::Text(vkey.to_string())).collect();
    let mut fields = vec![
        (NODE, Value::Bytes(node.as_bytes().to_vec())),
        (SOCKETS, Value::Array(sockets)),
        (REFERENCE, encode_reference(&ticket.reference)),
        (ORIGIN, Value::Text(ticket.origin.as_str().into())),
        (VKEYS, Value::Array(vkeys)),
    ];
    fields.extend(relay.as_ref().map(|url| (RELAY, Value::Text(url.to_string()))));
    let fields = fields.into_iter().map(|(key, value)| (integer(key), value)).collect();
    let mut bytes = vec![VERSION];
    bytes.extend(cbor::encode(&Value::Map(fields)));
    bytes
}

/// Checks each field on its own; what must hold of all together is checked by the caller.
pub(super) fn decode(bytes: &[u8]) -> Result<Ticket, TicketError> {
    let (version, rest) = bytes.split_first().ok_or(TicketError::Empty)?;
    if *version != VERSION {
        return Err(TicketError::Version(*version));
    }
    let Value::Map(pairs) = cbor::decode(rest, Limits::bytes(TICKET_LEN_MAX))? else {
        return Err(wrong("body", "it is not a map".into()));
    };
    let mut fields = Fields::default();
    for (key, value) in pairs {
        let Value::Integer(key) = key else {
            return Err(wrong("body", "a key is not an integer".into()));
        };
        match i128::from(key) {
            NODE => fields.node = Some(node(&value)?),
            SOCKETS => fields.sockets = Some(list("addresses", value, socket)?),
            RELAY => fields.relay = Some(relay(&value)?),
            REFERENCE => fields.reference = Some(reference(value)?),
            ORIGIN => fields.origin = Some(text("log", &value)?.parse()?),
            VKEYS => fields.vkeys = Some(list("log keys", value, vkey)?),
            key if key >= IGNORABLE_FROM => {}
            key => return Err(TicketError::UnknownField(key)),
        }
    }
    fields.ticket()
}

#[derive(Default)]
struct Fields {
    node: Option<EndpointId>,
    sockets: Option<Vec<SocketAddr>>,
    relay: Option<RelayUrl>,
    reference: Option<PortableReference>,
    origin: Option<veritrail_provenance::statement::Origin>,
    vkeys: Option<Vec<veritrail_provenance::log::note::VKey>>,
}

impl Fields {
    fn ticket(self) -> Result<Ticket, TicketError> {
        Ok(Ticket {
            node: NodeAddress {
                node: self.node.ok_or(TicketError::Missing("node"))?,
                sockets: self.sockets.ok_or(TicketError::Missing("list of addresses"))?,
                relay: self.relay,
            },
            reference: self.reference.ok_or(TicketError::Missing("reference"))?,
            origin: self.origin.ok_or(TicketError::Missing("log"))?,
            vkeys: self.vkeys.ok_or(TicketError::Missing("log keys"))?,
        })
    }
}

fn integer(n: i128) -> Value {
    // All keys and tags of this format are small.
    Value::Integer(u8::try_from(n).unwrap_or(u8::MAX).into())
}

fn encode_socket(socket: &SocketAddr) -> Vec<u8> {
    let mut bytes = match socket.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    bytes.extend(socket.port().to_be_bytes());
    bytes
}

fn socket(value: Value) -> Result<SocketAddr, TicketError> {
    let bytes = value.as_bytes().map(Vec::as_slice).unwrap_or_default();
    let (ip, port) = bytes.split_at_checked(bytes.len().saturating_sub(2)).unwrap_or_default();
    let ip = <[u8; 4]>::try_from(ip).map(IpAddr::from).ok();
    let ip = ip.or_else(|| {
        let ip = bytes.get(..16).filter(|_| bytes.len() == 18)?;
        <[u8; 16]>::try_from(ip).map(IpAddr::from).ok()
    });
    match (ip, <[u8; 2]>::try_from(port)) {
        (Some(ip), Ok(port)) => Ok(SocketAddr::new(ip, u16::from_be_bytes(port))),
        _ => Err(wrong("addresses", "one is not 6 or 18 bytes".into())),
    }
}

fn node(value: &Value) -> Result<EndpointId, TicketError> {
    let bytes = bytes32("node", value)?;
    let key = EndpointId::from_bytes(&bytes).map_err(|e| wrong("node", e.to_string()))?;
    // A key with two encodings would give one ticket two texts.
    crate::peer::endpoint::node_did(&key).map_err(|e| wrong("node", e.to_string()))?;
    Ok(key)
}

fn relay(value: &Value) -> Result<RelayUrl, TicketError> {
    let text = text("relay", value)?;
    if text.len() > RELAY_LEN_MAX || !text.starts_with("https://") {
        let reason = format!("an https URL of at most {RELAY_LEN_MAX} bytes is expected");
        return Err(wrong("relay", reason));
    }
    let url: RelayUrl = text.parse().map_err(|_| wrong("relay", "it is not a URL".into()))?;
    if url.to_string() != text {
        return Err(wrong("relay", format!("its one form is {url}")));
    }
    Ok(url)
}

fn vkey(value: Value) -> Result<veritrail_provenance::log::note::VKey, TicketError> {
    Ok(text("log keys", &value)?.parse()?)
}

fn encode_reference(reference: &PortableReference) -> Value {
    let (kind, whose, hash) = match reference {
        PortableReference::Version { dataset, root } => {
            (REFERENCE_VERSION, dataset.as_str(), root.as_bytes())
        }
        PortableReference::Statement { origin, id } => {
            (REFERENCE_STATEMENT, origin.as_str(), id.as_bytes())
        }
    };
    Value::Array(vec![integer(kind), Value::Text(whose.into()), Value::Bytes(hash.to_vec())])
}

fn reference(value: Value) -> Result<PortableReference, TicketError> {
    let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let [Value::Integer(kind), whose, hash] = parts else {
        return Err(wrong("reference", "it is not a kind, a name and a hash".into()));
    };
    let hash = bytes32("reference", hash)?;
    let whose = text("reference", whose)?;
    match i128::from(*kind) {
        REFERENCE_VERSION => Ok(PortableReference::Version {
            dataset: whose.parse()?,
            root: DatasetRoot::from_bytes(hash),
        }),
        REFERENCE_STATEMENT => Ok(PortableReference::Statement {
            origin: whose.parse()?,
            id: StatementId::from_bytes(hash),
        }),
        kind => Err(wrong("reference", format!("it is of kind {kind}, which is not known"))),
    }
}

fn text<'a>(field: &'static str, value: &'a Value) -> Result<&'a str, TicketError> {
    value.as_text().ok_or_else(|| wrong(field, "it is not a text".into()))
}

fn bytes32(field: &'static str, value: &Value) -> Result<[u8; 32], TicketError> {
    let bytes = value.as_bytes().map(Vec::as_slice).unwrap_or_default();
    bytes.try_into().map_err(|_| wrong(field, "it is not 32 bytes".into()))
}

fn list<T>(
    field: &'static str,
    value: Value,
    item: impl Fn(Value) -> Result<T, TicketError>,
) -> Result<Vec<T>, TicketError> {
    match value {
        Value::Array(items) => items.into_iter().map(item).collect(),
        _ => Err(wrong(field, "it is not a list".into())),
    }
}
