//! `proof.release`: a controller publishes a proven statistic of a private version.

use serde::{Deserialize, Serialize};

use super::cose::Content;
use super::payload::{Body, claim_is};
use super::reference::StatementRef;
use super::refused::Refused;
use super::text::{Broken, broken};
use crate::hash::{ChunkId, QuestionHash, StatementId};
use crate::identity::Did;

/// The payload. `iss` is a controller, `sub` the dataset's DID. All releases of a version are one
/// chain in its log: what they give away adds up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRelease {
    /// 1 for the version's first release, then one more each time.
    pub number: u64,
    /// The id of release `number - 1`; absent for the first alone. The proof is bound to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<StatementId>,
    /// The version that the proof is about; it stands in the same log.
    pub version: StatementRef,
    /// That version's number.
    pub version_number: u64,
    /// The blob of the proof file.
    pub proof: ChunkId,
    /// How many bytes the proof file has.
    pub bytes: u64,
    /// Says that the file holds no results but commits to the noise of an answer to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<CommittedNoise>,
    /// The release that committed to the noise of what this one tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<StatementId>,
}

/// Noise that was committed to: of a version each question is asked once, and answered once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedNoise {
    /// The hash of the nonce that somebody will tell.
    pub question: QuestionHash,
    /// ε of the answer, in thousandths; at least 1.
    pub epsilon_thousandths: u64,
    /// d of its δ = 10^−d; at least 1.
    pub delta_exponent: u64,
}

impl Body for ProofRelease {
    const MEMBERS: &'static [&'static str] =
        &["number", "previous", "version", "version_number", "proof", "bytes", "noise", "answers"];

    fn check(&self) -> Result<(), Broken> {
        match (self.number, &self.previous) {
            (0, _) => return Err(broken("number", "is 0; releases count from 1")),
            (1, Some(_)) => return Err(broken("previous", "stands in the first release")),
            (2.., None) => return Err(broken("previous", "is missing after the first release")),
            _ => {}
        }
        if self.version_number == 0 {
            return Err(broken("version_number", "is 0; versions count from 1"));
        }
        if self.bytes == 0 {
            return Err(broken("bytes", "is 0; a proof file is never empty"));
        }
        if let Some(noise) = &self.noise {
            if self.answers.is_some() {
                return Err(broken("answers", "stands beside noise that is committed to"));
            }
            if noise.epsilon_thousandths == 0 || noise.delta_exponent == 0 {
                return Err(broken("noise", "has an epsilon or delta exponent of 0"));
            }
        }
        Ok(())
    }

    fn check_claims(&self, claims: &Content) -> Result<(), Refused> {
        claims.sub.parse::<Did>().map_err(|error| Refused::Claims {
            claim: "2 (sub)",
            cause: format!("it must be the dataset's DID: {error}"),
        })?;
        claim_is("3 (aud)", claims.aud.as_str(), self.version.origin.as_str())
    }
}
