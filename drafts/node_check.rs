//! The reader's use case: whether a proof file shows its claim, of a version that this home knows.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::Serialize;
use veritrail_provenance::{hash::ChunkId, ledger::queries, statement::StatementRef};

use super::{
    Node,
    report::{Conclusion, Verification},
    resolve::{FoundVersion, Resolved},
};
use crate::{
    claims::{self, LogPlace, PROOF_FILE_BYTES_MAX, ProofFile, Proven, report::ProofReport},
    error::{Kind, NodeError, OrKind as _, Result},
    progress::Progress,
};

/// What to check, and by what.
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// The proof file.
    pub file: PathBuf,
    /// DIDs, vkeys, files or `any`, trusted for this check.
    pub trust: Vec<String>,
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedProof {
    /// What the proof shows: it holds.
    pub shown: ProofReport,
    /// The version that it is about: whether its statements hold, which log has it, who signed it.
    pub version: Verification,
}

impl CheckedProof {
    /// 0 if the proof holds and the version is verified, 3 if something is wrong, 1 anything else.
    pub fn exit_code(&self) -> u8 {
        self.version.exit_code()
    }
}

impl Node {
    /// Checks a proof file against a version whose commitments are held here: the version's
    /// statements, its ingest proofs, the claim, the proof, and the release in the log.
    ///
    /// # Errors
    /// The file is no proof or does not show its claim ([`Kind::VerificationFailed`]); its version
    /// or the commitments are not known here ([`Kind::CouldNotCheck`]).
    pub async fn check(
        &self,
        request: &CheckRequest,
        progress: &dyn Progress,
    ) -> Result<CheckedProof> {
        let roots = self.trust_roots(&request.trust)?;
        let place = request.file.display();
        let bytes = read(&request.file)?;
        let file = ProofFile::decode(&bytes).or_refused().map_err(|e| e.at(&place))?;
        let found = self.version_of(&file).map_err(unknown)?;
        let commitments = self.commitments(&found).await.map_err(unknown)?;
        let version = Resolved::Version(Box::new(found.clone()));
        let version = self.verify_resolved(&version, &roots, progress).await?;
        progress.begin("checking commitments and proof", None);
        let proven = tokio::task::block_in_place(|| {
            let in_log = LogPlace {
                origin: commitments.origin.clone(),
                index: commitments.index,
                leaf: commitments.leaf,
            };
            claims::check(&bytes, &commitments.check()?, &in_log).or_refused()
        });
        progress.end();
        let proven = proven.map_err(|e| e.at(&place))?;
        let released = self.released(&found, &proven, &bytes)?;
        Ok(CheckedProof { shown: ProofReport::new(&proven, released.as_ref()), version })
    }

    fn version_of(&self, file: &ProofFile) -> Result<FoundVersion> {
        match self.resolve(&format!("{}@{}", file.dataset, file.version))? {
            Resolved::Version(found) => Ok(*found),
            other => Err(NodeError::refused("it is about no version").at(other.portable())),
        }
    }

    /// Where the log releases this file, if this home knows such an entry.
    fn released(
        &self,
        found: &FoundVersion,
        proven: &Proven,
        bytes: &[u8],
    ) -> Result<Option<StatementRef>> {
        let id = ChunkId::of(bytes);
        let releases = queries::releases(self.view(), &found.origin, &found.did).or_failed()?;
        let Some(row) = releases.into_iter().find(|row| row.payload.proof == id) else {
            return Ok(None);
        };
        proven.check_release(&row.payload).or_refused()?;
        let (origin, at) = (found.origin.clone(), row.at);
        Ok(Some(StatementRef { origin, index: at.index, id: at.id }))
    }
}

/// The file's bytes, bounded.
fn read(path: &Path) -> Result<Vec<u8>> {
    let unread = |e: std::io::Error| {
        NodeError::not_found(e.to_string()).at(path.display()).hint("name the proof file")
    };
    let limit = PROOF_FILE_BYTES_MAX as u64;
    let mut bytes = Vec::new();
    File::open(path).map_err(unread)?.take(limit + 1).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() as u64 > limit {
        return Err(NodeError::refused("it is longer than any proof file").at(path.display()));
    }
    Ok(bytes)
}

/// What is not known here is no fault of the proof.
fn unknown(error: NodeError) -> NodeError {
    match error.kind {
        Kind::NotFound => NodeError { kind: Kind::CouldNotCheck, ..error }
            .hint("fetch the version's commitments from its holder: veritrail get TICKET"),
        _ => error,
    }
}
