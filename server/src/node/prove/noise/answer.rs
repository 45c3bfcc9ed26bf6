//! Answering a claim whose noise was logged, with the nonce that its audience has told.

use std::path::PathBuf;

use serde::Serialize;
use veritrail_provenance::{
    hash::{ChunkId, StatementId},
    ledger::{queries, rows::ReleaseRow},
};

use super::super::{
    make::{commit_again, entropy, step},
    release,
};
use crate::{
    claims::{self, NoiseFile, ProofReport, Proven, WrittenClaim, noise::check_committed},
    error::{Kind, NodeError, OrKind as _, Result},
    node::{
        Node,
        noise::{account, read_noise},
        private::OpenedVersion,
        publish::did,
        resolve::FoundVersion,
    },
    progress::Progress,
};

/// Which noise to answer with.
#[derive(Debug, Clone)]
pub struct NoiseAnswer {
    /// The noise file that was logged.
    pub file: PathBuf,
    /// The nonce that its audience has told, as hex.
    pub nonce: String,
    /// The proof file to write; one that exists is kept.
    pub out: PathBuf,
    /// Who signs the release, as a DID; the operator by default.
    pub signer: Option<String>,
}

/// An answer that was released.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    /// The proof file.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3, by which the log names it.
    pub proof: ChunkId,
    /// Its number among the releases of the version.
    pub number: u64,
    /// Where its release stands, `ORIGIN#N`.
    pub log: String,
    /// The release's statement.
    pub statement: StatementId,
    /// What a reader will be told.
    pub shown: ProofReport,
}

impl Node {
    /// Answers a claim with the noise that was committed to, writes the proof file, and logs its
    /// release. What is written was checked before, as a reader would.
    ///
    /// # Errors
    /// [`Kind::Usage`] where the nonce is another; [`Kind::Conflict`] where it was answered before;
    /// [`Kind::NotAuthorised`] where this home may not. After any error there is no file and no
    /// statement.
    pub async fn answer_with_noise(
        &self,
        request: &NoiseAnswer,
        progress: &dyn Progress,
    ) -> Result<Answered> {
        release::check_free(&request.out)?;
        let nonce = WrittenClaim::nonce(&request.nonce).or_kind(Kind::Usage);
        let nonce = nonce.map_err(|e| {
            e.at("--nonce")
                .hint("the 64 hex digits that veritrail noise reveal prints to who asked")
        })?;
        let place = request.file.display().to_string();
        let bytes = read_noise(&request.file)?;
        let file = NoiseFile::decode(&bytes).or_refused().map_err(|e| e.at(&place))?;
        let found = self.version_to_prove(&format!("{}@{}", file.dataset, file.version))?;
        let signer = request.signer.as_deref().map(did).transpose()?;
        let signer = self.releaser(&found, signer.as_ref())?;
        let number = found.row.payload.number;
        let rows = queries::releases(self.view(), &found.origin, &found.did, number).or_failed()?;
        let committed = self.unanswered(&rows, &ChunkId::of(&bytes)).map_err(|e| e.at(&place))?;
        let last =
            queries::last_release(self.view(), &found.origin, &found.did, number).or_failed()?;
        let predecessor = last.map_or(committed, |last| last.at.id);
        let opened = self.open_version(&found, progress).await?;
        let order = Order { bytes, committed, predecessor, nonce, place };
        let (bytes, proven) = make(opened, order, progress).await?;
        let answers = Some(committed);
        let sealed = release::Sealed { bytes, statement: None, noise: None, answers };
        let released = tokio::task::block_in_place(|| {
            self.release(&found, &signer, last, sealed, &request.out, &progress.stop())
        })?;
        let shown = self.shown_answer(&proven, &released, &found)?;
        Ok(Answered {
            file: request.out.clone(),
            bytes: released.bytes,
            proof: released.proof,
            number: released.number,
            log: released.log(),
            statement: released.at.id,
            shown,
        })
    }

    /// The release that logged a noise file, if it was not answered yet.
    fn unanswered(&self, rows: &[ReleaseRow], file: &ChunkId) -> Result<StatementId> {
        let logged = |row: &&ReleaseRow| row.payload.proof == *file && row.payload.noise.is_some();
        let committed = rows.iter().find(logged).ok_or_else(|| {
            NodeError::refused("the log does not say that this noise was committed to").hint(
                "name the file that veritrail noise commit wrote, as it was; one that an \
                     interrupted commit left was not released: remove it and commit again",
            )
        })?;
        let answered = rows.iter().find(|row| row.payload.answers == Some(committed.at.id));
        match answered {
            None => Ok(committed.at.id),
            Some(row) => Err(NodeError::conflict(format!(
                "it was answered before, by proof {} of this version",
                row.payload.number
            ))
            .hint("bits are used once: commit to new ones, veritrail noise commit")),
        }
    }

    fn shown_answer(
        &self,
        proven: &Proven,
        released: &release::Released,
        found: &FoundVersion,
    ) -> Result<ProofReport> {
        let number = found.row.payload.number;
        let rows = queries::releases(self.view(), &found.origin, &found.did, number).or_failed()?;
        let committed = proven.file().noise.as_ref().map(|noise| noise.release);
        let at = rows.iter().find(|row| Some(row.at.id) == committed);
        let at = at.map(|row| format!("{}#{}", found.origin, row.at.index));
        Ok(ProofReport::new(proven, Some(&released.at)).with_noise(at, account(&rows)))
    }
}

/// What to make.
struct Order {
    bytes: Vec<u8>,
    committed: StatementId,
    predecessor: StatementId,
    nonce: [u8; 32],
    place: String,
}

async fn make(
    opened: OpenedVersion,
    order: Order,
    progress: &dyn Progress,
) -> Result<(Vec<u8>, Proven)> {
    let (commitments, version) = commit_again(opened, progress).await?;
    let entropy = entropy()?;
    let answering = move || {
        let Order { bytes, committed, predecessor, nonce, place } = order;
        let at = commitments.place();
        let noise = check_committed(&bytes, &version.body, &at).or_refused();
        let noise = noise.map_err(|e| e.at(&place))?;
        if !noise.asks_with(&nonce) {
            return Err(NodeError::usage("this is not the nonce that the question is the hash of")
                .at("--nonce")
                .hint("ask who asked for what veritrail noise reveal prints"));
        }
        let file =
            claims::noise::answer(&version, &noise, committed, predecessor, nonce, &entropy)?;
        Ok((commitments, file.encode()))
    };
    let (commitments, bytes) = step("prove", answering, progress).await?;
    let checking = move || {
        let proven = claims::check(&bytes, &commitments.check()?, &commitments.place());
        Ok((bytes, proven.or_refused()?))
    };
    step("check the proof", checking, progress).await
}
