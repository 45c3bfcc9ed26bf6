//! From a payload's JSON to its kind's struct, and back.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cose::Content;
use super::dataset_genesis::DatasetGenesis;
use super::dataset_version::DatasetVersion;
use super::identity::Identity;
use super::json;
use super::kind::Kind;
use super::proof_release::ProofRelease;
use super::refused::{Refused, SignError};
use super::run_receipt::RunReceipt;
use super::run_verdict::RunVerdict;
use super::text::{Broken, LIST_MAX, broken};

/// The only version of every payload so far.
const VERSION: u64 = 1;

/// A decoded payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Binds a DID, a node and log keys to a log.
    Identity(Identity),
    /// The first statement of a dataset.
    DatasetGenesis(DatasetGenesis),
    /// A version of a dataset.
    DatasetVersion(DatasetVersion),
    /// What was computed from what.
    RunReceipt(RunReceipt),
    /// What came out when a run was repeated.
    RunVerdict(RunVerdict),
    /// A proven statistic of a private version.
    ProofRelease(ProofRelease),
    /// An unknown kind, an unknown `v`, or a `must` member that this version does not know: to be
    /// carried, never to be acted on.
    Unknown,
}

/// What each kind's struct says about itself.
pub(super) trait Body: Serialize + DeserializeOwned {
    /// The names of the members that this version acts on, besides `v` and `must`.
    const MEMBERS: &'static [&'static str];

    /// Rules and limits that types alone do not express.
    fn check(&self) -> Result<(), Broken>;

    /// What the claims must say, given this payload.
    fn check_claims(&self, claims: &Content) -> Result<(), Refused>;
}

/// The members that every payload has.
#[derive(Deserialize)]
struct Frame {
    v: u64,
    #[serde(default)]
    must: Vec<String>,
}

impl Payload {
    pub(super) fn decode(kind: &Kind, bytes: &[u8]) -> Result<Self, Refused> {
        json::check(bytes)?;
        let frame: Frame =
            serde_json::from_slice(bytes).map_err(|e| unfit(kind, &e.to_string()))?;
        if frame.must.len() > LIST_MAX {
            return Err(broken("must", format!("has more than {LIST_MAX} names")).into());
        }
        Ok(match kind {
            Kind::Identity => body(kind, &frame, bytes)?.map_or(Self::Unknown, Self::Identity),
            Kind::DatasetGenesis => {
                body(kind, &frame, bytes)?.map_or(Self::Unknown, Self::DatasetGenesis)
            }
            Kind::DatasetVersion => {
                body(kind, &frame, bytes)?.map_or(Self::Unknown, Self::DatasetVersion)
            }
            Kind::RunReceipt => body(kind, &frame, bytes)?.map_or(Self::Unknown, Self::RunReceipt),
            Kind::RunVerdict => body(kind, &frame, bytes)?.map_or(Self::Unknown, Self::RunVerdict),
            Kind::ProofRelease => {
                body(kind, &frame, bytes)?.map_or(Self::Unknown, Self::ProofRelease)
            }
            Kind::Other(_) => Self::Unknown,
        })
    }

    pub(super) fn encode(&self) -> Result<(Kind, Vec<u8>), SignError> {
        match self {
            Self::Identity(body) => to_json(Kind::Identity, body),
            Self::DatasetGenesis(body) => to_json(Kind::DatasetGenesis, body),
            Self::DatasetVersion(body) => to_json(Kind::DatasetVersion, body),
            Self::RunReceipt(body) => to_json(Kind::RunReceipt, body),
            Self::RunVerdict(body) => to_json(Kind::RunVerdict, body),
            Self::ProofRelease(body) => to_json(Kind::ProofRelease, body),
            Self::Unknown => Err(SignError::Unknown),
        }
    }

    pub(super) fn check_claims(&self, claims: &Content) -> Result<(), Refused> {
        match self {
            Self::Identity(body) => body.check_claims(claims),
            Self::DatasetGenesis(body) => body.check_claims(claims),
            Self::DatasetVersion(body) => body.check_claims(claims),
            Self::RunReceipt(body) => body.check_claims(claims),
            Self::RunVerdict(body) => body.check_claims(claims),
            Self::ProofRelease(body) => body.check_claims(claims),
            Self::Unknown => Ok(()),
        }
    }
}

/// `None` where this version must not act on the payload.
fn body<T: Body>(kind: &Kind, frame: &Frame, bytes: &[u8]) -> Result<Option<T>, Refused> {
    let is_known =
        |name: &String| T::MEMBERS.contains(&name.as_str()) || name == "v" || name == "must";
    if frame.v != VERSION || !frame.must.iter().all(is_known) {
        return Ok(None);
    }
    let body: T = serde_json::from_slice(bytes).map_err(|e| unfit(kind, &e.to_string()))?;
    let given: Value = serde_json::from_slice(bytes).map_err(|e| unfit(kind, &e.to_string()))?;
    let ours = serde_json::to_value(&body).map_err(|e| unfit(kind, &e.to_string()))?;
    check_same(&ours, &given, "").map_err(|place| {
        unfit(kind, &format!("member {place} is not written in the one form that it has"))
    })?;
    body.check()?;
    Ok(Some(body))
}

/// serde accepts some values in several forms (a struct as a list, a variant as an object). What
/// we decoded, written again, must stand in what was given.
fn check_same(ours: &Value, given: &Value, place: &str) -> Result<(), String> {
    match (ours, given) {
        (Value::Object(ours), Value::Object(given)) => ours.iter().try_for_each(|(name, value)| {
            let place = format!("{place}.{name}");
            match given.get(name) {
                Some(given) => check_same(value, given, &place),
                None => Err(place),
            }
        }),
        (Value::Array(ours), Value::Array(given)) if ours.len() == given.len() => {
            ours.iter().zip(given).enumerate().try_for_each(|(index, (ours, given))| {
                check_same(ours, given, &format!("{place}[{index}]"))
            })
        }
        (ours, given) if ours == given => Ok(()),
        _ => Err(place.to_owned()),
    }
}

/// A payload on its way out: `v` first, then the members in the order of the struct.
#[derive(Serialize)]
struct Framed<'a, T> {
    v: u64,
    #[serde(flatten)]
    body: &'a T,
}

fn to_json<T: Body>(kind: Kind, body: &T) -> Result<(Kind, Vec<u8>), SignError> {
    body.check().map_err(Refused::from)?;
    let json = serde_json::to_vec(&Framed { v: VERSION, body })
        .map_err(|error| SignError::Json(error.to_string()))?;
    Ok((kind, json))
}

fn unfit(kind: &Kind, cause: &str) -> Refused {
    Refused::Payload { kind: kind.name().to_owned(), cause: cause.to_owned() }
}

/// For `check_claims`: an error unless two claims are equal.
pub(super) fn claim_is(claim: &'static str, given: &str, expected: &str) -> Result<(), Refused> {
    if given == expected {
        return Ok(());
    }
    Err(Refused::Claims { claim, cause: format!("it is {given}, the payload asks for {expected}") })
}
