//! The holder's use case: a claim about a private version becomes a proof file, and its release a
//! statement in the log.

use std::path::PathBuf;

use serde::Serialize;
use veritrail_proof::{statement::Audience, transcript::Entropy};
use veritrail_provenance::{
    hash::{ChunkId, StatementId},
    identity::{Did, SeedSigner},
    ledger::queries,
    statement::{Payload, ProofRelease, StatementRef},
};
use veritrail_storage::keys::Seed;

use super::{
    Node,
    new_file::NewFile,
    private::OpenedVersion,
    resolve::{FoundVersion, Resolved},
};
use crate::{
    claims::{self, Claim, LogPlace, ProofFile, ProveError, report::ProofReport},
    error::{Kind, NodeError, OrKind as _, Result},
    progress::Progress,
};

/// What to prove.
#[derive(Debug, Clone)]
pub struct ProveRequest {
    /// The version, as a reference.
    pub reference: String,
    /// The claim.
    pub sql: String,
    /// For whom, if for somebody.
    pub audience: Option<Audience>,
    /// The file to write; it must not exist.
    pub out: PathBuf,
    /// Who signs the release; the operator by default.
    pub signer: Option<Did>,
}

/// What was proven and released.
#[derive(Debug, Clone, Serialize)]
pub struct Proved {
    /// The file.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3, by which the log names it.
    pub proof: ChunkId,
    /// Where its release stands, `ORIGIN#N`.
    pub log: String,
    /// The release's statement.
    pub statement: StatementId,
    /// What a reader will be told.
    pub shown: ProofReport,
}

impl Node {
    /// Proves a claim about a private version of this home, writes the proof file, and logs its
    /// release. What is written was checked before, as a reader would.
    ///
    /// # Errors
    /// The claim cannot be proven, or the release policy forbids its result: that depends on the
    /// rows, is for the holder's eyes, and nothing about it is logged.
    pub async fn prove(&self, request: &ProveRequest, progress: &dyn Progress) -> Result<Proved> {
        let Resolved::Version(found) = self.resolve(&request.reference)? else {
            return Err(NodeError::usage("a claim is about a version of a dataset")
                .at(&request.reference)
                .hint("name it by its DID, DID@N or local name"));
        };
        let signer = self.signer(request.signer.as_ref())?;
        let body = self.commitments(&found).await?.body()?;
        let claim = Claim::compile(&request.sql, &body.schema)?;
        claim.check_against(&body)?;
        let opened = self.open_version(&found, progress).await?;
        let previous = queries::last_release(self.view(), &found.origin, &found.did).or_failed()?;
        let predecessor = previous.map(|last| last.at.id);
        progress.begin("committing again and proving", None);
        let made = tokio::task::block_in_place(|| {
            make(opened, &claim, predecessor, request.audience.clone())
        });
        progress.end();
        let (bytes, proven) = made?;
        let release = ProofRelease {
            number: previous.map_or(0, |last| last.number) + 1,
            previous: predecessor,
            version: found.statement(),
            version_number: found.row.payload.number,
            proof: ChunkId::of(&bytes),
            bytes: bytes.len() as u64,
        };
        // The file is there before a statement names it, and goes again if none does.
        let written = NewFile::create(&request.out, &bytes).map_err(|e| {
            NodeError::failed(e.to_string())
                .at(request.out.display())
                .hint("name a file that does not exist yet: --out FILE")
        })?;
        let released = self.release(&found, &signer, release)?;
        written.keep();
        Ok(Proved {
            file: request.out.clone(),
            bytes: bytes.len() as u64,
            proof: ChunkId::of(&bytes),
            log: released.to_string(),
            statement: released.id,
            shown: ProofReport::new(&proven, Some(&released)),
        })
    }

    /// Logs a release, unless another one came first: the proof is bound to its predecessor.
    fn release(
        &self,
        found: &FoundVersion,
        signer: &SeedSigner,
        release: ProofRelease,
    ) -> Result<StatementRef> {
        let appended = self.append(|node| {
            let last = queries::last_release(node.view(), &found.origin, &found.did).or_failed()?;
            if last.map(|last| last.at.id) != release.previous {
                return Err(NodeError::conflict("another proof was released meanwhile")
                    .at(found.portable())
                    .hint("run the same command again: a proof names the release before it"));
            }
            let payload = Payload::ProofRelease(release.clone());
            Ok(Some(vec![node.sign(signer, found.did.to_string(), payload)?]))
        })?;
        let id = appended.and_then(|(_, statements)| statements.first().map(|one| *one.id()));
        let id = id.ok_or_else(|| NodeError::failed("nothing was appended"))?;
        match queries::release(self.view(), &found.origin, &found.did, release.number).or_failed()? {
            Some(row) if row.at.id == id => {
                Ok(StatementRef { origin: found.origin.clone(), index: row.at.index, id })
            }
            _ => Err(NodeError::new(Kind::NotAuthorised, "the ledger did not take the release")
                .at(found.portable())
                .hint("only the dataset's controllers release proofs of it: veritrail id show")),
        }
    }
}

/// The proof file, and what a reader makes of it.
fn make(
    opened: OpenedVersion,
    claim: &Claim,
    predecessor: Option<StatementId>,
    audience: Option<Audience>,
) -> Result<(Vec<u8>, claims::Proven)> {
    let OpenedVersion { commitments, columns, seed } = opened;
    let place = LogPlace {
        origin: commitments.origin.clone(),
        index: commitments.index,
        leaf: commitments.leaf,
    };
    let version = claims::open(&commitments.manifest, columns, seed, &entropy()?)?;
    let file: ProofFile =
        claims::prove(&version, &place, claim, predecessor, audience, &entropy()?)?;
    let bytes = file.encode();
    let proven = claims::check(&bytes, &commitments.check()?, &place).or_refused()?;
    Ok((bytes, proven))
}

/// Fresh bytes of the operating system.
fn entropy() -> Result<Entropy> {
    Ok(Entropy(*Seed::generate().or_failed()?.expose()))
}

impl From<ProveError> for NodeError {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::Refused(refused) => refused.into(),
            ProveError::Policy(refusal) => Self::new(Kind::NotAuthorised, refusal.to_string())
                .at("the release policy")
                .hint(
                    "this says something of the rows and is for you alone; ask for fewer groups or \
                     conditions",
                ),
            ProveError::OtherRows => Self::refused(error.to_string())
                .hint("look for the damage: veritrail store fsck"),
            other => Self::failed(other.to_string()),
        }
    }
}
