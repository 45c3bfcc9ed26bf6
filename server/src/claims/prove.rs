//! The holder's side: from a claim and the rows to a proof file.

use thiserror::Error;
use veritrail_proof::body::manifest::{Manifest, ManifestError};
use veritrail_proof::columns::build::EncodedColumn;
use veritrail_proof::commit::blinds::VersionSeed;
use veritrail_proof::ingest::prove::OpenVersion;
use veritrail_proof::ingest::reopen::{ReopenError, reopen};
use veritrail_proof::noise::NoiseError;
use veritrail_proof::policy::Refusal;
use veritrail_proof::statement::{self, Audience, Comparison, Context, Statement, StatementError};
use veritrail_proof::transcript::Entropy;
use veritrail_provenance::Origin;
use veritrail_provenance::hash::{LogHash, StatementId};

use super::compile::Claim;
use super::proof_file::ProofFile;
use super::refused::Refused;

/// Where the statement of a version stands, which names the hash of what was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPlace {
    /// The log.
    pub origin: Origin,
    /// The index of its entry.
    pub index: u64,
    /// The RFC 6962 hash of its leaf.
    pub leaf: LogHash,
}

/// Why a claim was not proven.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProveError {
    /// No statement of this version says it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The release policy forbids the result. That depends on the rows: it is for the holder's eyes
    /// and must not be logged.
    #[error("the release policy forbids this result: {0}")]
    Policy(Refusal),
    /// The claim and an earlier release, at this place of those that were given, together tell of too
    /// few rows. That depends on the rows as well.
    #[error("together with an earlier release it tells of too few rows")]
    Earlier(usize),
    /// No proof could be made.
    #[error(transparent)]
    Statement(StatementError),
    /// No noise could be committed to, or it is not to be answered.
    #[error(transparent)]
    Noise(NoiseError),
    /// The manifest cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The rows or the seed are not those of the version.
    #[error(transparent)]
    Rows(#[from] ReopenError),
}

impl From<StatementError> for ProveError {
    fn from(error: StatementError) -> Self {
        match error {
            StatementError::Policy(refusal) => Self::Policy(refusal),
            other => Self::Statement(other),
        }
    }
}

/// Opens a version from what its holder keeps: the published manifest, the rows in the order of its
/// schema, and the version's seed.
///
/// The rows are committed to again, so that nothing is proven about others than those that were
/// published; what was proven of them when they were is not proven again.
///
/// # Errors
/// When rows or seed are others.
pub fn open(
    manifest: &[u8],
    columns: Vec<EncodedColumn>,
    seed: VersionSeed,
) -> Result<OpenVersion, ProveError> {
    Ok(reopen(&Manifest::parse(manifest)?, columns, seed)?)
}

/// Holds a claim against what was released of the version before, two statements at a time.
///
/// # Errors
/// When what one of them tells and what the claim would tell differ in too few rows. That depends on
/// the rows: it is for the holder's eyes and must not be logged.
pub fn compare(
    version: &OpenVersion,
    claim: &Claim,
    earlier: &[Statement],
) -> Result<(), ProveError> {
    let statement = claim.statement();
    match Comparison::new(version, statement, earlier)?.conflict(&statement.withheld)? {
        None => Ok(()),
        Some(at) => Err(ProveError::Earlier(at)),
    }
}

/// Proves a claim about a version, as the release after `predecessor`, for `audience` if somebody
/// asked.
///
/// # Errors
/// When the claim does not fit the version, or the policy forbids its result.
pub fn prove(
    version: &OpenVersion,
    place: &LogPlace,
    claim: &Claim,
    predecessor: Option<StatementId>,
    audience: Option<Audience>,
    entropy: &Entropy,
) -> Result<ProofFile, ProveError> {
    claim.check_against(&version.body)?;
    let LogPlace { origin, index, leaf } = place.clone();
    let context = Context { origin, index, leaf, predecessor, audience };
    let proven = statement::prove(version, claim.statement(), &context, entropy)?;
    Ok(ProofFile {
        dataset: version.body.dataset.clone(),
        version: version.body.version,
        body: *version.body.hash().as_bytes(),
        context,
        claim: claim.text().to_owned(),
        statement: claim.statement().encode(),
        results: proven.results,
        argument: proven.proof,
        noise: None,
    })
}
