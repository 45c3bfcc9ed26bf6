//! Deterministic CBOR (RFC 8949 section 4.2.1): each value has exactly one encoding, so what is
//! hashed or signed cannot be written in a second way.
//!
//! The decoder is our own because ciborium accepts every form of a number, a length or a map.
//! Accepted are integers, byte strings, texts, arrays, maps, tags, `false`, `true` and `null`.

mod reader;
mod writer;

use ciborium::value::{Integer, Value};
use thiserror::Error;

pub(crate) use reader::Reader;
pub(crate) use writer::Writer;

use reader::Head;

/// What a decoder allows. All limits are checked before anything is allocated for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest input, in bytes.
    pub bytes_max: usize,
    /// How deep arrays, maps and tags may nest; an integer on its own has depth 1.
    pub depth_max: u8,
    /// How many values may stand in the input, each key and each element counted.
    pub items_max: usize,
}

impl Limits {
    /// Depth 16 and 2^20 items, in at most `bytes_max` bytes.
    pub const fn bytes(bytes_max: usize) -> Self {
        Self { bytes_max, depth_max: 16, items_max: 1 << 20 }
    }
}

/// Why bytes are not deterministic CBOR within the limits. `at` is the byte offset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CborError {
    /// The input is longer than allowed.
    #[error("{size} bytes of CBOR where at most {max} are allowed")]
    TooLong {
        /// Bytes given.
        size: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A length says that more follows than there is.
    #[error("the CBOR ends early: the item at byte {at} says that more follows")]
    Truncated {
        /// Where the item begins.
        at: usize,
    },
    /// Bytes follow the one value that was expected.
    #[error("bytes follow the CBOR value, from byte {at} on")]
    Trailing {
        /// Where the surplus begins.
        at: usize,
    },
    /// A number or length is written longer than needed.
    #[error("the number at byte {at} is not in its shortest form")]
    NotShortest {
        /// Where the number begins.
        at: usize,
    },
    /// An indefinite length, or its end marker.
    #[error("indefinite length at byte {at}: only definite lengths are deterministic")]
    Indefinite {
        /// Where the item begins.
        at: usize,
    },
    /// A float, an undefined or an unassigned simple value.
    #[error("the value at byte {at} is a float or a simple value that this format does not use")]
    Simple {
        /// Where the value begins.
        at: usize,
    },
    /// A reserved form of the first byte.
    #[error("the first byte of the item at byte {at} is reserved by RFC 8949")]
    Reserved {
        /// Where the item begins.
        at: usize,
    },
    /// A text that is not UTF-8.
    #[error("the text at byte {at} is not UTF-8")]
    Utf8 {
        /// Where the text begins.
        at: usize,
    },
    /// Keys of a map out of order, or one twice.
    #[error("the map key at byte {at} is out of order or stands twice")]
    KeyOrder {
        /// Where the offending key begins.
        at: usize,
    },
    /// Too deep.
    #[error("nesting at byte {at} is deeper than {max}")]
    TooDeep {
        /// Where the item begins.
        at: usize,
        /// Levels allowed.
        max: u8,
    },
    /// Too many values.
    #[error("more than {max} values, counted up to byte {at}")]
    TooMany {
        /// Where the first surplus value begins.
        at: usize,
        /// Values allowed.
        max: usize,
    },
    /// Another type than the format has at this place.
    #[error("the value at byte {at} is not {expected}")]
    Unexpected {
        /// Where the value begins.
        at: usize,
        /// What the format has here.
        expected: &'static str,
    },
}

/// Decodes one value that fills `bytes` exactly.
///
/// # Errors
/// Anything but the deterministic encoding of one value within `limits`. A hostile length costs
/// nothing: memory grows only with the items that are really there.
pub fn decode(bytes: &[u8], limits: Limits) -> Result<Value, CborError> {
    if bytes.len() > limits.bytes_max {
        return Err(CborError::TooLong { size: bytes.len(), max: limits.bytes_max });
    }
    let mut reader = Reader::new(bytes);
    let mut items_left = limits.items_max;
    let value = decode_value(&mut reader, &limits, 1, &mut items_left)?;
    reader.finish()?;
    Ok(value)
}

/// Encodes a value deterministically: shortest forms, definite lengths, map keys sorted by their
/// encoding.
///
/// A float, or a key that stands twice, has no deterministic form here: it is written so that
/// [`decode`] refuses the result. Never fails, so that callers who build the value themselves need
/// no error path.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut writer = Writer::new();
    encode_value(value, &mut writer);
    writer.into_bytes()
}

fn decode_value(
    reader: &mut Reader<'_>,
    limits: &Limits,
    depth: u8,
    items_left: &mut usize,
) -> Result<Value, CborError> {
    let at = reader.position();
    if depth > limits.depth_max {
        return Err(CborError::TooDeep { at, max: limits.depth_max });
    }
    *items_left =
        items_left.checked_sub(1).ok_or(CborError::TooMany { at, max: limits.items_max })?;
    Ok(match reader.head()? {
        Head::Unsigned(n) => Value::Integer(Integer::from(n)),
        // -1 - n is at least -2^64, which every CBOR integer can hold.
        Head::Negative(n) => Integer::try_from(-1 - i128::from(n))
            .map(Value::Integer)
            .map_err(|_| CborError::Unexpected { at, expected: "a 64-bit integer" })?,
        Head::Bytes(n) => Value::Bytes(reader.take(n, at)?.to_vec()),
        Head::Text(n) => Value::Text(reader.take_text(n, at)?.to_owned()),
        Head::Array(n) => {
            let mut items = Vec::new();
            for _ in 0..n {
                items.push(decode_value(reader, limits, depth + 1, items_left)?);
            }
            Value::Array(items)
        }
        Head::Map(n) => decode_map(reader, n, limits, depth, items_left)?,
        Head::Tag(tag) => {
            Value::Tag(tag, Box::new(decode_value(reader, limits, depth + 1, items_left)?))
        }
        Head::Bool(b) => Value::Bool(b),
        Head::Null => Value::Null,
    })
}

fn decode_map(
    reader: &mut Reader<'_>,
    n: u64,
    limits: &Limits,
    depth: u8,
    items_left: &mut usize,
) -> Result<Value, CborError> {
    let mut pairs = Vec::new();
    let mut last_key: Option<&[u8]> = None;
    for _ in 0..n {
        let at = reader.position();
        let key = decode_value(reader, limits, depth + 1, items_left)?;
        let key_bytes = reader.since(at);
        if last_key.is_some_and(|last| last >= key_bytes) {
            return Err(CborError::KeyOrder { at });
        }
        last_key = Some(key_bytes);
        pairs.push((key, decode_value(reader, limits, depth + 1, items_left)?));
    }
    Ok(Value::Map(pairs))
}

fn encode_value(value: &Value, writer: &mut Writer) {
    match value {
        Value::Integer(integer) => writer.integer(i128::from(*integer)),
        Value::Bytes(bytes) => writer.bytes(bytes),
        Value::Text(text) => writer.text(text),
        Value::Bool(b) => writer.bool(*b),
        Value::Float(float) => writer.float(*float),
        Value::Tag(tag, inner) => {
            writer.tag(*tag);
            encode_value(inner, writer);
        }
        Value::Array(items) => {
            writer.array(items.len());
            for item in items {
                encode_value(item, writer);
            }
        }
        Value::Map(pairs) => {
            let mut encoded: Vec<_> = pairs.iter().map(|(k, v)| (encode(k), v)).collect();
            encoded.sort_by(|(a, _), (b, _)| a.cmp(b));
            writer.map(encoded.len());
            for (key, value) in encoded {
                writer.raw(&key);
                encode_value(value, writer);
            }
        }
        // ciborium's Value is non-exhaustive; Null is the last variant that it has.
        _ => writer.null(),
    }
}
