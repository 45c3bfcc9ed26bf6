//! The holder's two steps: commit to noise for a claim, then answer it.

use veritrail_proof::ingest::prove::OpenVersion;
use veritrail_proof::noise::{self, Ask, NoiseError};
use veritrail_proof::statement::{Audience, Context};
use veritrail_proof::transcript::Entropy;
use veritrail_provenance::hash::StatementId;
use veritrail_provenance::identity::{Did, Signature};

use super::super::compile::Claim;
use super::super::proof_file::{AnsweredNoise, ProofFile};
use super::super::prove::{LogPlace, ProveError};
use super::calibrate::Enough;
use super::check::CheckedNoise;
use super::file::NoiseFile;

/// What is to be told with noise.
pub struct NoiseOrder<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// What the noise has to hide, and the coins that do.
    pub enough: Enough,
    /// Who will tell a nonce.
    pub audience: Did,
    /// The hash of that nonce.
    pub question: [u8; 32],
    /// Theirs of it.
    pub signature: Signature,
    /// Fresh bytes.
    pub salt: [u8; 32],
    /// The release before.
    pub predecessor: Option<StatementId>,
}

/// Commits to the noise of a claim.
///
/// # Errors
/// When the claim cannot be told with noise that hides a row so well.
pub fn commit(
    version: &OpenVersion,
    place: &LogPlace,
    order: NoiseOrder<'_>,
    entropy: &Entropy,
) -> Result<NoiseFile, ProveError> {
    let NoiseOrder { claim, enough, audience, question, signature, salt, predecessor } = order;
    claim.check_against(&version.body)?;
    let Enough { privacy, coins, order } = enough;
    let statement = claim.statement().clone();
    let ask = Ask { statement, privacy, coins, order, audience, question, signature, salt };
    let LogPlace { origin, index, leaf } = place.clone();
    let context = Context { origin, index, leaf, predecessor, audience: None };
    let bits = noise::commit(version, &ask, &context, entropy)?;
    Ok(NoiseFile {
        dataset: version.body.dataset.clone(),
        version: version.body.version,
        body: *version.body.hash().as_bytes(),
        context,
        claim: claim.text().to_owned(),
        ask: ask.encode(),
        bits,
    })
}

/// Answers a claim whose noise was committed to and logged as `release`, now that its audience has
/// told the nonce.
///
/// # Errors
/// When the nonce is another than the one that was asked with, or the noise is of other rows.
pub fn answer(
    version: &OpenVersion,
    noise: &CheckedNoise,
    release: StatementId,
    predecessor: StatementId,
    nonce: [u8; 32],
    entropy: &Entropy,
) -> Result<ProofFile, ProveError> {
    let ask = noise.committed().ask();
    let audience = Some(Audience { did: ask.audience.clone(), nonce });
    let predecessor = Some(predecessor);
    let context = Context { predecessor, audience, ..noise.file().context.clone() };
    let proven = noise::answer(version, noise.committed(), &release, &context, entropy)?;
    let file = noise.file();
    Ok(ProofFile {
        dataset: file.dataset.clone(),
        version: file.version,
        body: file.body,
        context,
        claim: file.claim.clone(),
        statement: ask.statement.encode(),
        results: proven.results,
        argument: proven.proof,
        noise: Some(AnsweredNoise { file: file.encode(), release }),
    })
}

impl From<NoiseError> for ProveError {
    fn from(error: NoiseError) -> Self {
        match error {
            NoiseError::Statement(error) => error.into(),
            other => Self::Noise(other),
        }
    }
}
