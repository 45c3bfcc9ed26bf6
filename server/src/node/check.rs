//! The reader's use case: whether a proof file shows its claim, of a version that this home or a
//! bundle speaks of.

mod file;
mod offline;

use std::path::PathBuf;

use serde::Serialize;
use veritrail_proof::ingest::Checked;
use veritrail_provenance::{
    ledger::{View, queries, rows::ReleaseRow},
    reference::Reference,
    statement::StatementRef,
};

use self::file::Given;
pub(super) use self::file::{meant_for, read_bounded};
pub use self::offline::check_offline;
use super::{
    Node,
    noise::{account, committed_as},
    report::{Conclusion, Verification},
    resolve::{FoundVersion, Resolved},
};
use crate::{
    claims::{self, LogPlace, ProofReport, Proven},
    error::{Kind, NodeError, OrKind as _, Result},
    progress::Progress,
};

/// What to check, and by what.
#[derive(Debug, Clone, Default)]
pub struct CheckRequest {
    /// The proof file.
    pub file: PathBuf,
    /// DIDs, vkeys, files or `any`, trusted for this check.
    pub trust: Vec<String>,
    /// A nonce that the reader sent, as hex: the proof must have been made for it.
    pub nonce: Option<String>,
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedProof {
    /// What the proof shows; none where what it is about is itself wrong.
    pub shown: Option<ProofReport>,
    /// The version that it is about: whether its statements hold, which log has it, who signed it.
    pub version: Verification,
}

impl CheckedProof {
    /// 0 if the proof holds and the version is verified, 3 if something is wrong, 1 anything else.
    pub fn exit_code(&self) -> u8 {
        match (&self.shown, self.version.exit_code()) {
            (None, 0) => 1,
            (Some(shown), 0) if is_unfounded(shown) => 1,
            (_, code) => code,
        }
    }

    /// The answer as one line.
    pub fn headline(&self) -> String {
        let subject = &self.version.subject;
        let unfounded = self.shown.as_ref().is_some_and(is_unfounded);
        match self.version.conclusion {
            Conclusion::Verified | Conclusion::ConsistentButUnnamed if unfounded => format!(
                "the proof holds, but what is known here of the log does not say that its noise was \
                 committed to before: {subject}"
            ),
            Conclusion::Verified if self.version.trusts_any => {
                format!("the proof holds, with any signer trusted (--trust any): {subject}")
            }
            Conclusion::Verified => format!("the proof holds: {subject}"),
            Conclusion::ConsistentButUnnamed => format!(
                "the proof holds, but you have not named who signed what it is about: {subject}"
            ),
            Conclusion::CouldNotCheck => format!("could not check: {subject}"),
            Conclusion::Failed => format!("verification FAILED: {subject}"),
        }
    }
}

impl Node {
    /// Checks a proof file against a version whose commitments are held here: the version's
    /// statements, its ingest proofs, the claim, the proof, and the release in the log. Costs what
    /// `verify` of the version does without its bytes, and some 10 ms to a second for the proof.
    ///
    /// # Errors
    /// The file is no proof, or does not show its claim ([`Kind::VerificationFailed`]); its version
    /// or the commitments are not known here ([`Kind::CouldNotCheck`]).
    pub async fn check(
        &self,
        request: &CheckRequest,
        progress: &dyn Progress,
    ) -> Result<CheckedProof> {
        let roots = self.trust_roots(&request.trust)?;
        let given = Given::read(request)?;
        let found = self.version_that_it_is_of(&given)?;
        let held = self.commitments(&found).await.map_err(|e| not_here(e, &given))?;
        let resolved = Resolved::Version(Box::new(found.clone()));
        let mut version = self.verify_statements(&resolved, &roots).await?;
        if version.conclusion == Conclusion::Failed {
            return Ok(CheckedProof { shown: None, version });
        }
        progress.begin("check commitments", None);
        let checked = self.verify_private(&found, &mut version).await;
        progress.end();
        let Some(checked) = checked? else { return Ok(CheckedProof { shown: None, version }) };
        progress.stop().check()?;
        progress.begin("check the proof", None);
        let shown =
            tokio::task::block_in_place(|| shown(&given, &checked, &held.place(), self.view()));
        progress.end();
        let shown = shown?;
        if shown.released.is_some() && shown.noise.is_none() && found.origin == *self.origin() {
            // A home that lost what it released learns it again, to hold later claims against it.
            self.settings().set_released(&given.id, &given.file.statement).or_failed()?;
        }
        Ok(CheckedProof { shown: Some(shown), version })
    }

    fn version_that_it_is_of(&self, given: &Given) -> Result<FoundVersion> {
        let (did, number) = (given.file.dataset.clone(), given.file.version);
        let resolved = self.resolve_reference(&Reference::DatasetNumber(did, number));
        match resolved.map_err(|e| not_here(e, given))? {
            Resolved::Version(found) => Ok(*found),
            other => Err(NodeError::refused("it is about no version").at(other.portable())),
        }
    }
}

/// Whether it bears noise of which the log that is known here says nothing.
fn is_unfounded(shown: &ProofReport) -> bool {
    shown.noise.as_ref().is_some_and(|noise| noise.committed.is_none())
}

/// What a proof shows of commitments that were checked, in the place that the log gives them.
fn shown(
    given: &Given,
    version: &Checked,
    place: &LogPlace,
    view: &dyn View,
) -> Result<ProofReport> {
    let proven = claims::check(&given.bytes, version, place).or_refused();
    let proven = proven.map_err(|e| given.refused(e))?;
    let (file, origin) = (&given.file, &given.file.context.origin);
    let rows = queries::releases(view, origin, &file.dataset, file.version).or_failed()?;
    let released = released(given, &proven, &rows)?;
    let report = ProofReport::new(&proven, released.as_ref());
    let (Some(noise), Some(answered)) = (proven.noise(), &file.noise) else { return Ok(report) };
    let committed = committed_as(noise, &answered.release, origin, &rows).or_refused();
    let committed = committed.map_err(|e| given.refused(e))?;
    Ok(report.with_noise(committed.map(|at| format!("{}#{}", at.origin, at.index)), account(&rows)))
}

/// Where the log releases this file, if these releases of the version are known of it. What is not
/// known is no fault of the proof; a place in the chain that another proof has is.
fn released(given: &Given, proven: &Proven, rows: &[ReleaseRow]) -> Result<Option<StatementRef>> {
    let context = &given.file.context;
    let origin = &context.origin;
    if let Some(row) = rows.iter().find(|row| row.payload.proof == given.id) {
        proven.check_release(&row.payload).or_refused().map_err(|e| given.refused(e))?;
        let (origin, at) = (origin.clone(), row.at);
        return Ok(Some(StatementRef { origin, index: at.index, id: at.id }));
    }
    let answers = given.file.noise.as_ref().map(|noise| noise.release);
    let in_its_place = |row: &&ReleaseRow| {
        row.payload.previous == context.predecessor
            || answers.is_some() && row.payload.answers == answers
    };
    match rows.iter().find(in_its_place) {
        None => Ok(None),
        Some(other) => {
            let (index, number) = (other.at.index, other.payload.number);
            Err(given.refused(NodeError::refused(format!(
                "it was not released: the log has another proof in its place, release {number}, \
                 {origin}#{index}"
            ))))
        }
    }
}

/// What is not known here is no fault of the proof; a public version has no commitments.
fn not_here(error: NodeError, given: &Given) -> NodeError {
    match error.kind {
        Kind::NotFound => NodeError { kind: Kind::CouldNotCheck, ..error }.hint(
            "fetch what its holder published of it: veritrail get TICKET; or check it against a \
             bundle: --offline BUNDLE",
        ),
        Kind::Usage => given.refused(NodeError::refused(format!(
            "it is about {}@{}, which is public, and nothing of it is committed",
            given.file.dataset, given.file.version
        ))),
        _ => error,
    }
}
