//! The holder's use case: a claim about a private version becomes a proof file, and its release a
//! statement in the log.

mod asked;
mod earlier;
mod make;
pub mod noise;
mod release;

use std::path::PathBuf;

use serde::Serialize;
use veritrail_provenance::{
    hash::{ChunkId, StatementId},
    identity::{Did, SeedSigner},
    ledger::queries,
};

pub use self::asked::ClaimSource;
use super::{
    Node,
    publish::did,
    resolve::{FoundVersion, Resolved},
};
use crate::{
    claims::{Claim, ProofReport, Refused},
    error::{Kind, NodeError, OrKind as _, Result},
    progress::Progress,
};

/// What to prove, of what, for whom, and where to.
#[derive(Debug, Clone)]
pub struct ProveRequest {
    /// The claim.
    pub claim: ClaimSource,
    /// The version, as a reference; by default what the claim's file names.
    pub of: Option<String>,
    /// The DID that asked, with its nonce of 32 bytes as hex; by default what the claim's file says.
    pub audience: Option<(String, String)>,
    /// The proof file to write; one that exists is kept.
    pub out: PathBuf,
    /// Whether groups that are too small to be told are left out, with others beside them.
    pub withhold: bool,
    /// Who signs the release, as a DID; the operator by default.
    pub signer: Option<String>,
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
    /// Its number among the releases of the version.
    pub number: u64,
    /// How many releases without noise were before it.
    pub earlier: u64,
    /// How many of these were held against it: those that this home made.
    pub compared: u64,
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
    /// Costs a pass over the bytes, the commitments to the columns anew (their ingest proofs are not),
    /// and the proof; holds the columns in memory. Nobody else should learn how long it took: that
    /// depends on the rows.
    ///
    /// # Errors
    /// [`Kind::Usage`] where the claim cannot be proven, with the nearest form that can;
    /// [`Kind::NotAuthorised`] where this home may not, or the release policy forbids the result:
    /// that depends on the rows, is for the holder's eyes, and nothing about it is logged. After any
    /// error there is no file and no statement.
    pub async fn prove(&self, request: &ProveRequest, progress: &dyn Progress) -> Result<Proved> {
        release::check_free(&request.out)?;
        let asked = asked::read(&request.claim, request.of.as_deref(), request.audience.as_ref())?;
        let found = self.version_to_prove(&asked.of)?;
        let signer = request.signer.as_deref().map(did).transpose()?;
        let signer = self.releaser(&found, signer.as_ref())?;
        let body = self.commitments(&found).await.map_err(public)?.body()?;
        let unprovable = |refused| unprovable(refused, &request.claim);
        let claim = Claim::compile(&asked.sql, &body.schema).map_err(unprovable)?;
        claim.check_against(&body).map_err(unprovable)?;
        if request.withhold && !claim.statement().withheld.is_empty() {
            return Err(NodeError::usage("the claim names the groups that it leaves out")
                .at("--withhold")
                .hint("leave out --withhold, or HAVING"));
        }
        let opened = self.open_version(&found, progress).await?;
        let (did, number) = (&found.did, found.row.payload.number);
        let last = queries::last_release(self.view(), &found.origin, did, number).or_failed()?;
        let earlier = self.earlier_releases(&found)?;
        for warning in [self.earlier_versions(&found)?, earlier.warning()].iter().flatten() {
            progress.say(warning);
        }
        let released_before = earlier.released;
        let order = make::Order {
            claim,
            withhold: request.withhold,
            earlier,
            predecessor: last.map(|last| last.at.id),
            audience: asked.audience,
        };
        let make::Made { bytes, proven, compared } = make::make(opened, order, progress).await?;
        let statement = Some(proven.file().statement.clone());
        let sealed = release::Sealed { bytes, statement, noise: None, answers: None };
        let released = tokio::task::block_in_place(|| {
            self.release(&found, &signer, last, sealed, &request.out, &progress.stop())
        })?;
        Ok(Proved {
            file: request.out.clone(),
            bytes: released.bytes,
            proof: released.proof,
            number: released.number,
            earlier: released_before,
            compared,
            log: released.log(),
            statement: released.at.id,
            shown: ProofReport::new(&proven, Some(&released.at)),
        })
    }

    /// The version that a reference names, if it is one of this home's own log: the release stands
    /// where the version does.
    fn version_to_prove(&self, reference: &str) -> Result<FoundVersion> {
        let found = match self.resolve(reference)? {
            Resolved::Version(found) => *found,
            other => {
                return Err(NodeError::usage("a claim is about a version of a dataset")
                    .at(other.portable())
                    .hint("name it by its DID, DID@N or local name"));
            }
        };
        if found.origin != *self.origin() {
            return Err(NodeError::new(Kind::NotAuthorised, "it is another node's to prove")
                .at(found.portable())
                .hint(format!(
                    "ask the operator of {} for the proof, and check it here: veritrail check PROOF",
                    found.origin
                )));
        }
        Ok(found)
    }

    /// Who signs the release. Asked for before anything is computed: the log would take a statement
    /// of somebody else's, and it would not count.
    fn releaser(&self, found: &FoundVersion, person: Option<&Did>) -> Result<SeedSigner> {
        let signer = self.signer(person)?;
        let operator = self.operator()?;
        let person = person.unwrap_or(&operator);
        if found.dataset.controllers.contains(person) {
            return Ok(signer);
        }
        let controllers: Vec<String> =
            found.dataset.controllers.iter().map(ToString::to_string).collect();
        Err(NodeError::new(Kind::NotAuthorised, "they do not control this dataset")
            .at(person)
            .hint(format!(
                "only its controllers release proofs: --as {}",
                controllers.join(" or ")
            )))
    }
}

/// Where the claim does not say at which place it goes wrong, it is the claim.
fn unprovable(refused: Refused, claim: &ClaimSource) -> NodeError {
    let error = NodeError::from(refused);
    let place = error.place.clone().unwrap_or_else(|| "the claim".to_owned());
    match claim {
        ClaimSource::File(path) => error.at(format!("{}, {place}", path.display())),
        ClaimSource::Sql(_) => error.at(place),
    }
}

/// Of a public version everybody has the rows.
pub(super) fn public(error: NodeError) -> NodeError {
    match (&error.kind, &error.hint) {
        (Kind::Usage, None) => error.hint(
            "whoever has its rows needs no proof: veritrail run --sql SELECT --input t=REF; rows \
             that nobody may see are published with --private --commit",
        ),
        _ => error,
    }
}
