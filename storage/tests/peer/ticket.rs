//! Tickets: one text each, bounded, strict, and open to what later versions add.

use std::{net::SocketAddr, str::FromStr};

use ciborium::Value;
use veritrail_provenance::{
    cbor,
    hash::{DatasetRoot, StatementId},
    identity::{Did, SeedSigner, Signer},
    log::note::VKey,
    reference::Reference,
    statement::Origin,
};
use veritrail_storage::peer::{
    EndpointId,
    endpoint::NodeAddress,
    ticket::{KIND, PortableReference, TICKET_LEN_MAX, Ticket, TicketError, VKEYS_MAX},
};
use zeroize::Zeroizing;

fn signer(n: u8) -> SeedSigner {
    SeedSigner::from_seed(Zeroizing::new([n; 32]))
}

fn node_key() -> EndpointId {
    EndpointId::from_bytes(signer(2).public_key().as_bytes()).unwrap()
}

fn origin() -> Origin {
    "ada-7f3a".parse().unwrap()
}

fn vkeys() -> Vec<VKey> {
    vec![VKey::ed25519("ada-7f3a", signer(3).public_key()).unwrap()]
}

fn sockets() -> Vec<SocketAddr> {
    vec!["127.0.0.1:4433".parse().unwrap(), "[2001:db8::1]:4434".parse().unwrap()]
}

fn address() -> NodeAddress {
    NodeAddress { node: node_key(), sockets: sockets(), relay: None }
}

fn version() -> PortableReference {
    PortableReference::Version {
        dataset: Did::of_key(signer(4).public_key()),
        root: DatasetRoot::from_bytes([0xab; 32]),
    }
}

fn statement() -> PortableReference {
    PortableReference::Statement { origin: origin(), id: StatementId::from_bytes([0xcd; 32]) }
}

fn ticket() -> Ticket {
    Ticket::new(address(), version(), origin(), vkeys()).unwrap()
}

/// The same tickets, in the same bytes, for good.
#[test]
fn tickets_are_as_the_golden_file_says() {
    let relay = Some("https://relay.example.org./".parse().unwrap());
    let made = [
        ticket(),
        Ticket::new(address(), statement(), origin(), vkeys()).unwrap(),
        Ticket::new(
            NodeAddress { relay, sockets: vec![], ..address() },
            version(),
            origin(),
            vkeys(),
        )
        .unwrap(),
    ];
    let golden = include_str!("../../../docs/formats/golden/ticket.txt");
    let lines: Vec<&str> = golden.lines().filter(|line| !line.starts_with('#')).collect();
    let found: Vec<String> = made.iter().map(ToString::to_string).collect();
    assert_eq!(found, lines);
    for (made, line) in made.iter().zip(&lines) {
        assert_eq!(Ticket::from_str(line).unwrap(), *made);
        assert!(line.starts_with(KIND));
    }
}

/// The bytes as the document describes them, put together by hand.
#[test]
fn bytes_are_as_documented() {
    let ticket = ticket();
    let mut expected = vec![1, 0xa5];
    expected.extend([0x00, 0x58, 32]);
    expected.extend(node_key().as_bytes());
    expected.extend([0x01, 0x82, 0x46, 127, 0, 0, 1, 0x11, 0x51, 0x52]);
    expected.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x11, 0x52]);
    let did = Did::of_key(signer(4).public_key());
    expected.extend([0x03, 0x83, 0x00, 0x78, did.as_str().len() as u8]);
    expected.extend(did.as_str().as_bytes());
    expected.extend([0x58, 32]);
    expected.extend([0xab; 32]);
    expected.extend([0x04, 0x68]);
    expected.extend(b"ada-7f3a");
    let vkey = vkeys()[0].to_string();
    expected.extend([0x05, 0x81, 0x78, vkey.len() as u8]);
    expected.extend(vkey.as_bytes());
    assert_eq!(hex::encode(ticket.to_bytes()), hex::encode(&expected));
    assert_eq!(ticket.node(), &address());
    assert_eq!(ticket.reference(), &version());
    let root = "ab".repeat(32);
    assert_eq!(ticket.reference().to_string(), format!("{}@r:{root}", did.as_str()));
    assert_eq!(statement().to_string(), format!("run:{}", "cd".repeat(32)));
    for portable in [version(), statement()] {
        let text = portable.to_string();
        assert_eq!(Reference::parse(&text).unwrap().to_string(), text);
    }
    assert_eq!(ticket.origin(), &origin());
    assert_eq!(ticket.vkeys(), vkeys());
}

/// No altered byte or character is taken for the same ticket, and none panics.
#[test]
fn flips_never_pass_for_the_original() {
    let original = ticket();
    let bytes = original.to_bytes();
    let mut tried = 0;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(other) = Ticket::from_bytes(&flipped) {
                assert_ne!(other, original);
                assert_eq!(other.to_bytes(), flipped, "one ticket, two encodings");
            }
            tried += 1;
        }
    }
    assert_eq!(tried, bytes.len() * 8);
    for len in 0..bytes.len() {
        assert!(Ticket::from_bytes(&bytes[..len]).is_err(), "{len}");
    }
    let text = original.to_string();
    for at in 0..text.len() {
        for c in ["a", "7", "A", "=", " ", "é", "\0"] {
            let mut altered = text.clone();
            altered.replace_range(at..=at, c);
            if altered != text
                && let Ok(other) = Ticket::from_str(&altered)
            {
                assert_ne!(other, original);
                assert_eq!(other.to_string(), altered);
            }
        }
        assert!(Ticket::from_str(&text[..at]).is_err());
    }
    assert!(Ticket::from_str(&format!("{text} ")).is_err());
    assert!(Ticket::from_str(&text.to_ascii_uppercase()).is_err());
    let mixed = format!("{KIND}{}", text[KIND.len()..].to_ascii_uppercase());
    assert!(matches!(Ticket::from_str(&mixed), Err(TicketError::Text(_))));
}

/// The map of a ticket, to be altered.
fn fields() -> Vec<(Value, Value)> {
    let bytes = ticket().to_bytes();
    let Value::Map(pairs) = cbor::decode(&bytes[1..], cbor::Limits::bytes(4096)).unwrap() else {
        panic!("a map")
    };
    pairs
}

fn encoded(pairs: Vec<(Value, Value)>) -> Vec<u8> {
    [vec![1], cbor::encode(&Value::Map(pairs))].concat()
}

fn with(key: u8, value: Value) -> Result<Ticket, TicketError> {
    let mut pairs = fields();
    pairs.retain(|(k, _)| *k != Value::from(key));
    pairs.push((Value::from(key), value));
    Ticket::from_bytes(&encoded(pairs))
}

#[test]
fn unknown_keys_from_64_on_are_ignored_others_refused() {
    for key in [64u8, 65, 200, 255] {
        assert_eq!(with(key, Value::from("later")).unwrap(), ticket(), "{key}");
    }
    for key in 6u8..64 {
        let e = with(key, Value::Null).unwrap_err();
        assert!(matches!(e, TicketError::UnknownField(found) if found == i128::from(key)), "{e}");
    }
    let mut pairs = fields();
    pairs.push((Value::from(-1), Value::Null));
    let e = Ticket::from_bytes(&encoded(pairs)).unwrap_err();
    assert!(matches!(e, TicketError::UnknownField(-1)), "{e}");
    let mut pairs = fields();
    pairs.push((Value::from("text"), Value::Null));
    assert!(Ticket::from_bytes(&encoded(pairs)).is_err());
}

#[test]
fn other_versions_are_named() {
    for version in [0u8, 2, 255] {
        let mut bytes = ticket().to_bytes();
        bytes[0] = version;
        let e = Ticket::from_bytes(&bytes).unwrap_err();
        assert!(matches!(e, TicketError::Version(found) if found == version), "{e}");
    }
    assert!(matches!(Ticket::from_bytes(&[]), Err(TicketError::Empty)));
    assert!(matches!(Ticket::from_str("veritrail"), Err(TicketError::Empty)));
    assert!(matches!(Ticket::from_str("did:key:z6Mk"), Err(TicketError::Kind)));
}

#[test]
fn every_field_is_needed_but_the_relay() {
    for key in [0u8, 1, 3, 4, 5] {
        let mut pairs = fields();
        pairs.retain(|(k, _)| *k != Value::from(key));
        let e = Ticket::from_bytes(&encoded(pairs)).unwrap_err();
        assert!(matches!(e, TicketError::Missing(_)), "{key}: {e}");
    }
}

#[test]
fn values_that_cannot_be_are_refused() {
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let list = |items: &[Value]| Value::Array(items.to_vec());
    let socket = |port: u16| bytes(&[&[10, 0, 0, 1][..], &port.to_be_bytes()].concat());
    let hash = bytes(&[1; 32]);
    let refused = [
        (0, bytes(&[0; 32])),         // a weak key
        (0, bytes(&[1; 31])),         // too short
        (0, Value::from("node")),     // a text
        (1, list(&[bytes(&[1; 5])])), // neither IPv4 nor IPv6
        (1, list(&[bytes(&[])])),
        (1, list(&[bytes(&[1; 17])])),
        (1, list(&[socket(0)])),                          // no port
        (1, list(&[bytes(&[0, 0, 0, 0, 1, 1])])),         // unspecified
        (1, list(&[bytes(&[224, 0, 0, 1, 1, 1])])),       // multicast
        (1, list(&[bytes(&[255, 255, 255, 255, 1, 1])])), // broadcast
        (1, list(&[socket(1), socket(1)])),               // twice
        (1, Value::Array((1..=9).map(socket).collect())), // nine
        (2, Value::from("http://relay.example.org/")),    // not https
        (2, Value::from("https://relay.example.org")),    // not the one form
        (2, Value::from(format!("https://{}/", "a".repeat(300)))),
        (3, list(&[])),
        (3, list(&[Value::from(0), Value::from("newest"), hash.clone()])), // no DID
        (3, list(&[Value::from(2), Value::from("did:key:z6Mk"), hash.clone()])), // kind
        (3, list(&[Value::from(1), Value::from("a b"), hash.clone()])),    // no origin
        (3, list(&[Value::from(1), Value::from("log"), bytes(&[1; 31])])),
        (3, list(&[Value::from(1), Value::from("log"), hash.clone(), hash])),
        (4, Value::from("")),
        (4, Value::from("another-log")), // whose keys these are not
        (5, list(&[])),
        (5, list(&[Value::from("ada-7f3a+00000000+AQ==")])),
        (5, Value::from("one")),
    ];
    assert!(refused.len() >= 26);
    for (key, value) in refused {
        let shown = format!("{key}: {value:?}");
        assert!(with(key, value).is_err(), "{shown}");
    }
}

#[test]
fn limits_hold_when_made_and_when_read() {
    let many = |n: u16| (1..=n).map(|port| SocketAddr::from(([10, 0, 0, 1], port))).collect();
    let node = |n| NodeAddress { sockets: many(n), ..address() };
    assert!(Ticket::new(node(8), version(), origin(), vkeys()).is_ok());
    assert!(Ticket::new(node(9), version(), origin(), vkeys()).is_err());
    let relayed = NodeAddress { relay: Some("https://r.example/".parse().unwrap()), ..node(8) };
    assert!(Ticket::new(relayed, version(), origin(), vkeys()).is_err());
    // What nobody could read is not made.
    let plain = NodeAddress { relay: Some("http://r.example/".parse().unwrap()), ..node(1) };
    assert!(Ticket::new(plain, version(), origin(), vkeys()).is_err());
    let keys = |n: u8| -> Vec<VKey> {
        let key = |n| VKey::ed25519("ada-7f3a", signer(n).public_key()).unwrap();
        (1..=n).map(key).collect()
    };
    assert!(Ticket::new(address(), version(), origin(), keys(VKEYS_MAX as u8)).is_ok());
    assert!(Ticket::new(address(), version(), origin(), keys(VKEYS_MAX as u8 + 1)).is_err());
    assert!(Ticket::new(address(), version(), origin(), vec![]).is_err());
    let of_other = vec![VKey::ed25519("bob", signer(3).public_key()).unwrap()];
    assert!(Ticket::new(address(), version(), origin(), of_other).is_err());
    // Too long, before a byte of it is decoded.
    let e = Ticket::from_bytes(&vec![1; TICKET_LEN_MAX + 1]).unwrap_err();
    assert!(matches!(e, TicketError::TooLong { .. }), "{e}");
    let e = Ticket::from_str(&format!("{KIND}{}", "a".repeat(1 << 20))).unwrap_err();
    assert!(matches!(e, TicketError::TooLong { .. }), "{e}");
    // A list that claims 2^32 items costs nothing.
    assert!(Ticket::from_bytes(&[1, 0xa1, 1, 0x9a, 0xff, 0xff, 0xff, 0xff]).is_err());
}

/// Two thousand texts of random characters: refused or read, and no panic.
#[test]
fn nonsense_is_refused() {
    let random = super::net::data("tickets", 2000 * 40);
    let alphabet = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut refused = 0;
    for chunk in random.chunks(40) {
        let text: String =
            chunk.iter().map(|byte| char::from(alphabet[usize::from(byte % 32)])).collect();
        refused += usize::from(Ticket::from_str(&format!("{KIND}{text}")).is_err());
        refused += usize::from(Ticket::from_bytes(&[&[1], chunk].concat()).is_err());
    }
    assert_eq!(refused, 4000);
}
