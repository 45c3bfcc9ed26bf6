//! Telling a nonce: only when noise was logged that asks with it, and hides what it says.

use std::path::{Path, PathBuf};

use serde::Serialize;
use veritrail_provenance::{
    hash::{ChunkId, StatementId},
    ledger::queries,
    reference::Reference,
};

use crate::{
    claims::{
        NoiseFile,
        noise::{CheckedNoise, KeptNonce, NOISE_FILE_BYTES_MAX, check_committed},
        report::thousandths,
    },
    error::{Kind, NodeError, OrKind as _, Result},
    node::{
        Node,
        check::read_bounded,
        report::Conclusion,
        resolve::{FoundVersion, Resolved},
        text_file::read_named,
    },
    progress::Progress,
};

/// The longest file that holds a nonce.
const NONCE_FILE_BYTES_MAX: u64 = 4 << 10;

/// Which noise is to be answered, and what was kept.
#[derive(Debug, Clone)]
pub struct RevealRequest {
    /// The noise file that the holder sent.
    pub file: PathBuf,
    /// The nonce's file.
    pub nonce: PathBuf,
    /// DIDs, vkeys, files or `any`, trusted for this.
    pub trust: Vec<String>,
}

/// A nonce that may be told.
#[derive(Debug, Clone, Serialize)]
pub struct Revealed {
    /// The nonce, as hex: for the holder.
    pub nonce: String,
    /// The claim that it will answer.
    pub claim: String,
    /// The version that it is about.
    pub version: String,
    /// ε of the answer.
    pub epsilon: String,
    /// δ of the answer.
    pub delta: String,
    /// Where the noise was logged, `ORIGIN#N`.
    pub log: String,
    /// The statement that logged it.
    pub release: StatementId,
    /// Whether everything that this rests on was verified, and its signers are named.
    pub verified: bool,
}

impl Node {
    /// Checks that noise was committed to and logged, with the question that this nonce belongs to, and
    /// tells the nonce. From then on whoever knows it knows the coins, so it is told once the log that
    /// is known here has the bits.
    ///
    /// # Errors
    /// The noise is not what it should be, or another asks ([`Kind::VerificationFailed`]); the log that
    /// is known here does not have it ([`Kind::CouldNotCheck`]). The nonce is not told then.
    pub async fn reveal_nonce(
        &self,
        request: &RevealRequest,
        progress: &dyn Progress,
    ) -> Result<Revealed> {
        let roots = self.trust_roots(&request.trust)?;
        let kept = read_kept(&request.nonce)?;
        let place = request.file.display().to_string();
        let bytes = read_noise(&request.file)?;
        let file = NoiseFile::decode(&bytes).or_refused().map_err(|e| e.at(&place))?;
        let found = self.version_of_noise(&file, &place)?;
        let held = self.commitments(&found).await.map_err(|e| unknown(e, &place))?;
        let resolved = Resolved::Version(Box::new(found.clone()));
        let version = self.verify_statements(&resolved, &roots).await?;
        if version.conclusion == Conclusion::Failed {
            return Err(NodeError::refused("what it is about does not hold")
                .at(found.portable())
                .hint(format!("see what is wrong: veritrail verify {}", found.portable())));
        }
        progress.begin("check the noise", None);
        let noise = tokio::task::block_in_place(|| {
            check_committed(&bytes, &held.body()?, &held.place()).or_refused()
        });
        progress.end();
        let noise = noise.map_err(|e| e.at(&place).hint(DO_NOT_TELL))?;
        let nonce = kept.nonce().or_kind(Kind::Usage).map_err(|e| e.at(request.nonce.display()))?;
        if !noise.asks_with(&nonce) {
            return Err(NodeError::refused("it answers another question than this nonce's")
                .at(&place)
                .hint(DO_NOT_TELL));
        }
        let mut revealed = self.logged(&noise, &ChunkId::of(&bytes), &found, &place, nonce)?;
        revealed.verified = version.conclusion == Conclusion::Verified;
        Ok(revealed)
    }

    fn version_of_noise(&self, file: &NoiseFile, place: &str) -> Result<FoundVersion> {
        let reference = Reference::DatasetNumber(file.dataset.clone(), file.version);
        match self.resolve_reference(&reference).map_err(|e| unknown(e, place))? {
            Resolved::Version(found) => Ok(*found),
            other => Err(NodeError::refused("it is about no version").at(other.portable())),
        }
    }

    fn logged(
        &self,
        noise: &CheckedNoise,
        id: &ChunkId,
        found: &FoundVersion,
        place: &str,
        nonce: [u8; 32],
    ) -> Result<Revealed> {
        let number = found.row.payload.number;
        let rows = queries::releases(self.view(), &found.origin, &found.did, number).or_failed()?;
        let row = rows.iter().find(|row| row.payload.proof == *id).ok_or_else(|| {
            NodeError::could_not_check("the log that is known here does not have it")
                .at(place)
                .hint(
                    "the nonce is not told before: fetch the log anew, veritrail get TICKET, or ask \
                     the holder whether it was released",
                )
        })?;
        noise
            .check_release(&row.payload)
            .or_refused()
            .map_err(|e| e.at(place).hint(DO_NOT_TELL))?;
        let privacy = noise.committed().ask().privacy;
        Ok(Revealed {
            nonce: hex::encode(nonce),
            claim: noise.claim().text().to_owned(),
            version: found.portable(),
            epsilon: thousandths(u64::from(privacy.epsilon_thousandths())),
            delta: format!("1e-{}", privacy.delta_exponent()),
            log: format!("{}#{}", found.origin, row.at.index),
            release: row.at.id,
            verified: false,
        })
    }
}

/// What is done about every noise file that is refused.
const DO_NOT_TELL: &str =
    "do not tell the nonce; ask the holder for the noise file of your question";

/// A noise file's bytes.
pub(in crate::node) fn read_noise(path: &Path) -> Result<Vec<u8>> {
    let place = path.display().to_string();
    let bytes = read_bounded(path, NOISE_FILE_BYTES_MAX, "noise file").map_err(|e| e.at(&place))?;
    match (NoiseFile::is_one(&bytes), NoiseFile::is_known(&bytes)) {
        (_, true) => Ok(bytes),
        (true, false) => {
            Err(NodeError::could_not_check("it is a noise file of a version not known here")
                .at(place)
                .hint("a newer version of this program may read it"))
        }
        (false, false) => Err(NodeError::usage("it is no noise file")
            .at(place)
            .hint("name the file that veritrail noise commit wrote")),
    }
}

fn read_kept(path: &Path) -> Result<KeptNonce> {
    let place = path.display().to_string();
    let hint = "name the file that veritrail noise ask wrote beside the question";
    let text = read_named(path, NONCE_FILE_BYTES_MAX, hint)?;
    KeptNonce::parse(&text).or_kind(Kind::Usage).map_err(|e| e.at(&place).hint(hint))
}

/// What is not known here is no fault of the noise.
fn unknown(error: NodeError, place: &str) -> NodeError {
    match error.kind {
        Kind::NotFound => NodeError { kind: Kind::CouldNotCheck, ..error }
            .at(place)
            .hint("fetch what its holder published of the version: veritrail get TICKET"),
        _ => error,
    }
}
