//! The envelope: a tagged COSE_Sign1 with all its headers protected.

use ciborium::value::Value;
use coset::cbor::value::Integer;
use coset::cwt::ClaimsSet;
use coset::iana::{self, CwtClaimName, EnumI64};
use coset::{
    AsCborValue, ContentType, CoseSign1, CoseSign1Builder, Header, HeaderBuilder,
    RegisteredLabelWithPrivate, TaggedCborSerializable,
};

use super::kind::Kind;
use super::origin::Origin;
use super::refused::{Refused, SignError};
use super::text::is_unprintable;
use super::{Draft, StatementId};
use crate::cbor::{self, Limits};
use crate::hash::sha256;
use crate::identity::{Did, Signature, Signer};

/// The longest envelope: a log frames each entry with a 16-bit length.
pub const ENVELOPE_BYTES_MAX: usize = 65_535;
/// The longest subject, in bytes.
pub const SUBJECT_BYTES_MAX: usize = 1_024;
/// The latest issue time, the last second of the year 9999.
pub const IAT_MAX: u64 = 253_402_300_799;

/// Label of the CWT claims in a COSE header (RFC 9597).
const CWT_CLAIMS: i64 = 15;

/// What an envelope holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) iss: Did,
    pub(super) sub: String,
    pub(super) aud: Origin,
    pub(super) iat: u64,
    pub(super) kind: Kind,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Signature,
    /// The Sig_structure (RFC 9052 section 4.4) with empty external data.
    pub(super) signed: Vec<u8>,
}

impl Content {
    pub(super) fn id(&self) -> StatementId {
        StatementId::from_bytes(sha256(&[&self.signed]))
    }
}

pub(super) fn decode(envelope: &[u8]) -> Result<Content, Refused> {
    if envelope.len() > ENVELOPE_BYTES_MAX {
        return Err(Refused::TooLong(envelope.len()));
    }
    let limits = Limits::bytes(ENVELOPE_BYTES_MAX);
    check_shape(&cbor::decode(envelope, limits).map_err(Refused::Envelope)?, limits)?;
    let sign1 = CoseSign1::from_tagged_slice(envelope)
        .map_err(|error| Refused::NotSign1(error.to_string()))?;
    let header = &sign1.protected.header;
    check_algorithm(header)?;
    let kind = match &header.content_type {
        Some(ContentType::Text(text)) => Kind::from_content_type(text)?,
        _ => return Err(header_error("3 (content type)", "is missing or no text")),
    };
    let claims = claims(header)?;
    let iss: Did = claims.iss.parse().map_err(Refused::Issuer)?;
    if header.key_id != iss.as_str().as_bytes() {
        return Err(header_error("4 (kid)", "must be the issuer's DID"));
    }
    Ok(Content {
        aud: claims.aud.parse().map_err(Refused::Audience)?,
        signed: sign1.tbs_data(&[]),
        signature: Signature::from_slice(&sign1.signature)?,
        payload: sign1.payload.ok_or(Refused::Detached)?,
        iss,
        sub: claims.sub,
        iat: claims.iat,
        kind,
    })
}

pub(super) fn sign(
    draft: &Draft,
    kind: &Kind,
    payload: Vec<u8>,
    signer: &dyn Signer,
) -> Result<Vec<u8>, SignError> {
    let claim = |name: CwtClaimName, value: Value| (Value::from(name.to_i64()), value);
    let claims = Value::Map(vec![
        claim(CwtClaimName::Iss, Value::from(draft.iss.as_str())),
        claim(CwtClaimName::Sub, Value::from(draft.sub.as_str())),
        claim(CwtClaimName::Aud, Value::from(draft.aud.as_str())),
        claim(CwtClaimName::Iat, Value::Integer(Integer::from(draft.iat))),
    ]);
    let header = HeaderBuilder::new()
        .algorithm(iana::Algorithm::EdDSA)
        .content_type(kind.content_type())
        .key_id(draft.iss.as_str().as_bytes().to_vec())
        .value(CWT_CLAIMS, claims)
        .build();
    CoseSign1Builder::new()
        .protected(header)
        .payload(payload)
        .create_signature(&[], |signed| signer.sign(signed).as_bytes().to_vec())
        .build()
        .to_tagged_vec()
        .map_err(|error| SignError::Refused(Refused::NotSign1(error.to_string())))
}

/// coset reads lengths and orders leniently, so the shape is checked on our own strict decoding.
fn check_shape(value: &Value, limits: Limits) -> Result<(), Refused> {
    let not_sign1 = |cause: &str| Refused::NotSign1(cause.to_owned());
    let Value::Tag(18, inner) = value else {
        return Err(not_sign1("tag 18 is missing"));
    };
    let Value::Array(elements) = &**inner else {
        return Err(not_sign1("the tagged value is no array"));
    };
    let [protected, unprotected, payload, signature] = elements.as_slice() else {
        return Err(not_sign1("the array has another length"));
    };
    let Value::Bytes(protected) = protected else {
        return Err(not_sign1("the protected header is no byte string"));
    };
    let Value::Map(labels) = cbor::decode(protected, limits).map_err(Refused::Protected)? else {
        return Err(not_sign1("the protected header is no map"));
    };
    check_labels(&labels)?;
    match (unprotected, payload, signature) {
        (Value::Map(map), _, _) if !map.is_empty() => Err(Refused::Unprotected),
        (Value::Map(_), Value::Bytes(_), Value::Bytes(_)) => Ok(()),
        (Value::Map(_), Value::Null, Value::Bytes(_)) => Err(Refused::Detached),
        _ => Err(not_sign1("an element has another type")),
    }
}

/// Labels 2 and 5 to 7 would change what the signature means; unknown labels do not, unless `crit`
/// says so, and then they are refused with it.
fn check_labels(labels: &[(Value, Value)]) -> Result<(), Refused> {
    for (label, value) in labels {
        let Some(label) = label.as_integer().map(i128::from) else { continue };
        match label {
            2 => return Err(Refused::Critical(name_critical(value))),
            5..=7 => {
                return Err(Refused::Header {
                    place: "5 to 7 (IV, partial IV, countersignature)",
                    cause: format!("label {label} has no meaning in a statement"),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn name_critical(value: &Value) -> String {
    let Value::Array(labels) = value else {
        return "nothing that can be read".to_owned();
    };
    let name = |label: &Value| match label {
        Value::Integer(n) => i128::from(*n).to_string(),
        Value::Text(text) => format!("{text:?}"),
        _ => "an odd label".to_owned(),
    };
    match labels.as_slice() {
        [] => "an empty list".to_owned(),
        labels => labels.iter().take(8).map(name).collect::<Vec<_>>().join(", "),
    }
}

/// A closed list, of one: others are added here when their signatures can be checked.
fn check_algorithm(header: &Header) -> Result<(), Refused> {
    match &header.alg {
        Some(RegisteredLabelWithPrivate::Assigned(iana::Algorithm::EdDSA)) => Ok(()),
        Some(other) => Err(Refused::Algorithm(format!("{other:?}"))),
        None => Err(Refused::Algorithm("missing".to_owned())),
    }
}

struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: u64,
}

fn claims(header: &Header) -> Result<Claims, Refused> {
    let label = coset::Label::Int(CWT_CLAIMS);
    let value = header.rest.iter().find(|(found, _)| *found == label).map(|(_, value)| value);
    let value = value.ok_or_else(|| header_error("15 (CWT claims)", "is missing"))?;
    let set = ClaimsSet::from_cbor_value(value.clone())
        .map_err(|error| header_error("15 (CWT claims)", &error.to_string()))?;
    if set.expiration_time.is_some() || set.not_before.is_some() {
        let cause = "exp and nbf are refused: validity is judged by log index, never by a clock";
        return Err(header_error("15 (CWT claims)", cause));
    }
    let iat = match set.issued_at {
        Some(coset::cwt::Timestamp::WholeSeconds(seconds)) => u64::try_from(seconds).ok(),
        _ => None,
    };
    let sub = set.subject.ok_or(Refused::Subject)?;
    let is_refused = |c: char| c.is_whitespace() || is_unprintable(c);
    if sub.is_empty() || sub.len() > SUBJECT_BYTES_MAX || sub.chars().any(is_refused) {
        return Err(Refused::Subject);
    }
    Ok(Claims {
        iss: set.issuer.ok_or_else(|| header_error("15 (CWT claims)", "iss is missing"))?,
        sub,
        aud: set.audience.ok_or_else(|| header_error("15 (CWT claims)", "aud is missing"))?,
        iat: iat.filter(|seconds| *seconds <= IAT_MAX).ok_or(Refused::IssuedAt)?,
    })
}

fn header_error(place: &'static str, cause: &str) -> Refused {
    Refused::Header { place, cause: cause.to_owned() }
}
