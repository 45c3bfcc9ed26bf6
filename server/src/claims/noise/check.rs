//! The reader's side: whether noise was committed to, and whether a proof file answers with it.

use veritrail_proof::body::Body;
use veritrail_proof::ingest::Checked;
use veritrail_proof::noise::{self, Ask, Committed, NoisyStatistic};
use veritrail_provenance::hash::{ChunkId, QuestionHash};
use veritrail_provenance::statement::{ProofRelease, StatementRef};

use super::super::answers::Row;
use super::super::check::{CheckError, check_place, compile};
use super::super::compile::Claim;
use super::super::proof_file::{AnsweredNoise, ProofFile};
use super::super::prove::LogPlace;
use super::calibrate::check_items;
use super::file::NoiseFile;
use super::rows::rows;

/// A noise file that was checked. Can only be had from [`check_committed`].
#[derive(Debug, Clone)]
pub struct CheckedNoise {
    file: NoiseFile,
    blob: ChunkId,
    bytes: u64,
    claim: Claim,
    committed: Committed,
}

impl CheckedNoise {
    /// The file.
    pub fn file(&self) -> &NoiseFile {
        &self.file
    }

    /// The claim, compiled here.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// What was committed to.
    pub fn committed(&self) -> &Committed {
        &self.committed
    }

    /// Whether it is for this question.
    pub fn asks(&self, question: &QuestionHash) -> bool {
        self.committed.ask().question == *question.as_bytes()
    }

    /// Whether this is the nonce that it was asked with.
    pub fn asks_with(&self, nonce: &[u8; 32]) -> bool {
        let (ask, body) = (self.committed.ask(), self.committed.body());
        let origin = self.file.context.origin.as_str();
        noise::question(nonce, &ask.audience, body, origin) == ask.question
    }

    /// Holds the file against what the log says was released.
    ///
    /// # Errors
    /// When the release is of another file, version, predecessor or question.
    pub fn check_release(&self, release: &ProofRelease) -> Result<(), CheckError> {
        let StatementRef { origin, index, id: _ } = &release.version;
        let (context, ask) = (&self.file.context, self.committed.ask());
        let (epsilon, delta) = (ask.privacy.epsilon_thousandths(), ask.privacy.delta_exponent());
        let said = release.noise.as_ref().is_some_and(|noise| {
            *noise.question.as_bytes() == ask.question
                && noise.epsilon_thousandths == u64::from(epsilon)
                && noise.delta_exponent == u64::from(delta)
        });
        let parts = [
            ("file", release.proof == self.blob && release.bytes == self.bytes),
            ("version", release.version_number == self.file.version),
            ("version", *origin == context.origin && *index == context.index),
            ("predecessor", release.previous == context.predecessor),
            ("question", said),
        ];
        match parts.iter().find(|(_, same)| !same) {
            Some((what, _)) => Err(CheckError::OtherRelease(what)),
            None => Ok(()),
        }
    }
}

/// Checks a noise file's bytes against what was committed of a version, and the place that its
/// statement has in a log that the reader knows.
///
/// # Errors
/// When it does not show that noise was committed to that hides a row as well as it says.
pub fn check_committed(
    bytes: &[u8],
    body: &Body,
    place: &LogPlace,
) -> Result<CheckedNoise, CheckError> {
    let file = NoiseFile::decode(bytes)?;
    let own = (&file.dataset, file.version, &file.body);
    check_place(own, &file.context, body, place)?;
    let claim = compile(&file.claim, body)?;
    check_items(&claim, &body.schema)?;
    let ask = Ask::decode(&file.ask).map_err(noise::committed::NoiseRefused::from)?;
    if ask.statement != *claim.statement() {
        return Err(CheckError::OtherStatement);
    }
    let committed = Committed::check(body, &ask, &file.context, &file.bits)?;
    let blob = ChunkId::of(bytes);
    Ok(CheckedNoise { blob, bytes: bytes.len() as u64, claim, committed, file })
}

/// What a proof file with noise shows.
#[derive(Debug, Clone)]
pub(in super::super) struct NoisyRows {
    pub(in super::super) noise: CheckedNoise,
    pub(in super::super) statistic: NoisyStatistic,
    pub(in super::super) rows: Vec<Row>,
}

/// Checks a proof file that bears noise: what it commits to, and that it answers with it.
pub(in super::super) fn check_answer(
    file: &ProofFile,
    answered: &AnsweredNoise,
    version: &Checked,
    place: &LogPlace,
) -> Result<NoisyRows, CheckError> {
    let noise = check_committed(&answered.file, version.body(), place)?;
    if file.claim != noise.file.claim || file.statement != noise.committed.ask().statement.encode()
    {
        return Err(CheckError::OtherStatement);
    }
    let (committed, release) = (&noise.committed, &answered.release);
    let statistic =
        noise::verify(version, committed, release, &file.context, &file.results, &file.argument)?;
    // The statement is the claim's, so there are rows.
    let rows = rows(&noise.claim, &statistic).ok_or(CheckError::OtherStatement)?;
    Ok(NoisyRows { noise, statistic, rows })
}
