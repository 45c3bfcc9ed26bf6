//! The reader's side: whether a proof file shows what it claims.

use thiserror::Error;
use veritrail_proof::ingest::Checked;
use veritrail_proof::statement::verify::RefusedStatement;
use veritrail_proof::statement::{Statement, StatementError, Statistic, verify};
use veritrail_provenance::hash::ChunkId;
use veritrail_provenance::statement::{ProofRelease, StatementRef};

use super::answers::{Row, answers};
use super::compile::Claim;
use super::measures::{Function, Item};
use super::proof_file::{ProofFile, ProofFileError};
use super::prove::LogPlace;
use super::refused::Refused;

/// A claim that is shown. Can only be had from [`check`].
#[derive(Debug, Clone)]
pub struct Proven {
    file: ProofFile,
    blob: ChunkId,
    bytes: u64,
    claim: Claim,
    statistic: Statistic,
    rows: Vec<Row>,
}

/// Why a proof file shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] ProofFileError),
    /// It is about another version than the one at hand.
    #[error("it is about another version: its {0} is not that of the version's commitments")]
    OtherVersion(&'static str),
    /// It is bound to another place than the one that the version has.
    #[error("it is bound to another {0} than the version has in its log")]
    OtherPlace(&'static str),
    /// Its claim does not compile.
    #[error("its claim cannot be proven: {0}")]
    Claim(#[from] Refused),
    /// Its claim is written otherwise than what it means.
    #[error("its claim is not in the one text that it has")]
    Text,
    /// Its statement cannot be read.
    #[error("its statement: {0}")]
    Statement(#[from] StatementError),
    /// Its claim compiles to another statement.
    #[error("its claim says something else than its statement")]
    OtherStatement,
    /// Its argument, or the policy, refuses it.
    #[error(transparent)]
    Refused(#[from] RefusedStatement),
    /// A release names another file, version or predecessor.
    #[error("the release in the log is of another {0}")]
    OtherRelease(&'static str),
}

impl Proven {
    /// The file.
    pub fn file(&self) -> &ProofFile {
        &self.file
    }

    /// The claim, compiled here.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The verified integers.
    pub fn statistic(&self) -> &Statistic {
        &self.statistic
    }

    /// What they say.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether least squares were asked for and have no coefficients: the columns depend on each
    /// other.
    pub fn is_unsolved(&self) -> bool {
        let is_fit = |item: &Item| matches!(item, Item::Measured(one) if one.function == Function::LeastSquares);
        let mut answers = self.rows.iter().flat_map(|row| &row.answers);
        self.claim.items().iter().any(is_fit)
            && !answers.any(|answer| answer.standard_error.is_some())
    }

    /// Holds the file against what the log says was released.
    ///
    /// # Errors
    /// When the release is of another file, version or predecessor.
    pub fn check_release(&self, release: &ProofRelease) -> Result<(), CheckError> {
        let ProofRelease { number: _, previous, version, version_number, proof, bytes } = release;
        let StatementRef { origin, index, id: _ } = version;
        let context = &self.file.context;
        let parts = [
            ("file", *proof == self.blob && *bytes == self.bytes),
            ("version", *version_number == self.file.version),
            ("version", *origin == context.origin && *index == context.index),
            ("predecessor", *previous == context.predecessor),
        ];
        match parts.iter().find(|(_, same)| !same) {
            Some((what, _)) => Err(CheckError::OtherRelease(what)),
            None => Ok(()),
        }
    }
}

/// Checks a proof file's bytes against a version whose ingest proofs were checked, and the place
/// that its statement has in a log that the reader knows. The claim is compiled again, so what is
/// said is what was proven; the release policy is applied again.
///
/// # Errors
/// When it does not show its claim.
pub fn check(bytes: &[u8], version: &Checked, place: &LogPlace) -> Result<Proven, CheckError> {
    let file = ProofFile::decode(bytes)?;
    let body = version.body();
    let own = [
        ("dataset", file.dataset == body.dataset),
        ("number", file.version == body.version),
        ("body", file.body == *body.hash().as_bytes()),
    ];
    if let Some((what, _)) = own.iter().find(|(_, same)| !same) {
        return Err(CheckError::OtherVersion(what));
    }
    let context = &file.context;
    let places = [
        ("log", context.origin == place.origin),
        ("index", context.index == place.index),
        ("leaf", context.leaf == place.leaf),
    ];
    if let Some((what, _)) = places.iter().find(|(_, same)| !same) {
        return Err(CheckError::OtherPlace(what));
    }
    let claim = Claim::compile(&file.claim, &body.schema)?;
    if claim.text() != file.claim {
        return Err(CheckError::Text);
    }
    let statement = Statement::decode(&file.statement)?;
    if statement != *claim.statement() {
        return Err(CheckError::OtherStatement);
    }
    let statistic = verify(version, &statement, context, &file.results, &file.argument)?;
    // The statement is the claim's, so there are rows.
    let rows = answers(&claim, &statistic).ok_or(CheckError::OtherStatement)?;
    let blob = ChunkId::of(bytes);
    Ok(Proven { blob, bytes: bytes.len() as u64, claim, statistic, rows, file })
}
