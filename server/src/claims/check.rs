//! The reader's side: whether a proof file shows what it claims.

use thiserror::Error;
use veritrail_proof::body::Body;
use veritrail_proof::ingest::Checked;
use veritrail_proof::noise::committed::NoiseRefused;
use veritrail_proof::statement::verify::RefusedStatement;
use veritrail_proof::statement::{Context, Statement, StatementError, Statistic, verify};
use veritrail_provenance::hash::ChunkId;
use veritrail_provenance::identity::Did;
use veritrail_provenance::statement::{ProofRelease, StatementRef};

use super::answers::{Row, answers};
use super::compile::Claim;
use super::measures::{Function, Item};
use super::noise::{CheckedNoise, NoisyRows, check_answer};
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
    shown: Shown,
    rows: Vec<Row>,
}

/// What the integers of a file are.
#[derive(Debug, Clone)]
enum Shown {
    /// The true ones.
    Exact(Box<Statistic>),
    /// The true ones with noise.
    Noisy(Box<NoisyRows>),
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
    /// The noise is not what was committed to, or hides too little.
    #[error(transparent)]
    Noise(#[from] NoiseRefused),
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

    /// The version that it is about.
    pub fn body(&self) -> &Body {
        match &self.shown {
            Shown::Exact(statistic) => statistic.body(),
            Shown::Noisy(noisy) => noisy.statistic.body(),
        }
    }

    /// The verified integers, where they are the true ones.
    pub fn statistic(&self) -> Option<&Statistic> {
        match &self.shown {
            Shown::Exact(statistic) => Some(statistic),
            Shown::Noisy(_) => None,
        }
    }

    /// The noise that the integers bear, if they do.
    pub fn noise(&self) -> Option<&CheckedNoise> {
        match &self.shown {
            Shown::Exact(_) => None,
            Shown::Noisy(noisy) => Some(&noisy.noise),
        }
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
        let ProofRelease { previous, version, version_number, proof, bytes, .. } = release;
        let StatementRef { origin, index, id: _ } = version;
        let context = &self.file.context;
        let answers = self.file.noise.as_ref().map(|noise| noise.release);
        let parts = [
            ("file", *proof == self.blob && *bytes == self.bytes),
            ("version", *version_number == self.file.version),
            ("version", *origin == context.origin && *index == context.index),
            ("predecessor", *previous == context.predecessor),
            ("noise", release.answers == answers && release.noise.is_none()),
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
    check_place((&file.dataset, file.version, &file.body), &file.context, body, place)?;
    let claim = compile(&file.claim, body)?;
    let statement = Statement::decode(&file.statement)?;
    if statement != *claim.statement() {
        return Err(CheckError::OtherStatement);
    }
    let (shown, rows) = match &file.noise {
        None => {
            let (context, results) = (&file.context, &file.results);
            let statistic = verify(version, &statement, context, results, &file.argument)?;
            // The statement is the claim's, so there are rows.
            let rows = answers(&claim, &statistic).ok_or(CheckError::OtherStatement)?;
            (Shown::Exact(Box::new(statistic)), rows)
        }
        Some(answered) => {
            let noisy = check_answer(&file, answered, version, place)?;
            let rows = noisy.rows.clone();
            (Shown::Noisy(Box::new(noisy)), rows)
        }
    };
    let blob = ChunkId::of(bytes);
    Ok(Proven { blob, bytes: bytes.len() as u64, claim, shown, rows, file })
}

/// Whether a file is about this version, in this place.
pub(super) fn check_place(
    (dataset, number, hash): (&Did, u64, &[u8; 32]),
    context: &Context,
    body: &Body,
    place: &LogPlace,
) -> Result<(), CheckError> {
    let own = [
        ("dataset", *dataset == body.dataset),
        ("number", number == body.version),
        ("body", hash == body.hash().as_bytes()),
    ];
    if let Some((what, _)) = own.iter().find(|(_, same)| !same) {
        return Err(CheckError::OtherVersion(what));
    }
    let places = [
        ("log", context.origin == place.origin),
        ("index", context.index == place.index),
        ("leaf", context.leaf == place.leaf),
    ];
    match places.iter().find(|(_, same)| !same) {
        Some((what, _)) => Err(CheckError::OtherPlace(what)),
        None => Ok(()),
    }
}

/// Compiles a file's claim, which is in its one text.
pub(super) fn compile(text: &str, body: &Body) -> Result<Claim, CheckError> {
    let claim = Claim::compile(text, &body.schema)?;
    if claim.text() == text { Ok(claim) } else { Err(CheckError::Text) }
}
