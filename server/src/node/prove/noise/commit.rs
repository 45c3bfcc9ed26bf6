//! Committing to the noise of a claim that somebody asked about.

use std::path::{Path, PathBuf};

use serde::Serialize;
use veritrail_proof::{
    body::Body,
    noise::{Privacy, PrivacyError},
};
use veritrail_provenance::{
    hash::{ChunkId, QuestionHash, StatementId},
    ledger::{queries, rows::ReleaseRow},
    statement::CommittedNoise,
};

use super::super::{
    ClaimSource, asked,
    make::{commit_again, entropy, step},
    public, release, unprovable,
};
use crate::{
    claims::{
        self, Claim,
        noise::{Enough, KeptNonce, NoiseOrder, Question, calibrate, check_committed},
        report::thousandths,
    },
    error::{Kind, NodeError, OrKind as _, Result},
    node::{
        Node, noise::loss_so_far, private::OpenedVersion, publish::did, resolve::FoundVersion,
        text_file::read_named,
    },
    progress::Progress,
};

/// The longest file that holds a question.
const QUESTION_FILE_BYTES_MAX: u64 = 16 << 10;
/// The greatest sum of ε of one version, in thousandths: all of it together still has to hide a row.
const ACCOUNT_MAX: u64 = 10_000;

const EPSILON_HINT: &str = "from 0.01 to 2, the smaller the more noise: 1 is a common choice, and for \
                            less than about 0.2 there are not enough coins even for one number of rows";
const DELTA_HINT: &str = "from 1e-15 to 1e-6: far below one in as many as there are rows";

/// What is to be told with noise, to whom, and how much it has to hide.
#[derive(Debug, Clone)]
pub struct NoiseCommit {
    /// The claim.
    pub claim: ClaimSource,
    /// The version, as a reference; by default what the claim's file names.
    pub of: Option<String>,
    /// The question's file.
    pub question: PathBuf,
    /// ε, as a decimal number.
    pub epsilon: String,
    /// δ, as `1e-N`; by default a tenth of one row, and 1e-6 at most.
    pub delta: Option<String>,
    /// The noise file to write; one that exists is kept.
    pub out: PathBuf,
    /// Who signs the release, as a DID; the operator by default.
    pub signer: Option<String>,
}

/// Noise that was committed to and logged.
#[derive(Debug, Clone, Serialize)]
pub struct CommittedTo {
    /// The noise file: for who asked.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3, by which the log names it.
    pub proof: ChunkId,
    /// The claim, in its one text.
    pub claim: String,
    /// Who asked.
    pub audience: String,
    /// ε of the answer.
    pub epsilon: String,
    /// δ of the answer.
    pub delta: String,
    /// The sum of ε of this version, with this.
    pub epsilon_of_version: String,
    /// Its number among the releases of the version.
    pub number: u64,
    /// Where its release stands, `ORIGIN#N`.
    pub log: String,
    /// The release's statement.
    pub statement: StatementId,
}

impl Node {
    /// Commits to the noise of a claim, writes the noise file, and logs it. Nothing is told of the rows:
    /// that is what [`Node::answer_with_noise`] does when the nonce was told.
    ///
    /// # Errors
    /// [`Kind::Usage`] where the claim cannot be told with noise that hides a row so well;
    /// [`Kind::NotAuthorised`] where this home may not, or the version has told enough. After any error
    /// there is no file and no statement.
    pub async fn commit_to_noise(
        &self,
        request: &NoiseCommit,
        progress: &dyn Progress,
    ) -> Result<CommittedTo> {
        release::check_free(&request.out)?;
        let question = read_question(&request.question)?;
        let asked = asked::read(&request.claim, request.of.as_deref(), None)?;
        if asked.audience.is_some() {
            return Err(NodeError::usage("the question says who asks")
                .at("the claim")
                .hint("leave audience and nonce out of the file"));
        }
        let found = self.version_to_prove(&asked.of)?;
        let signer = request.signer.as_deref().map(did).transpose()?;
        let signer = self.releaser(&found, signer.as_ref())?;
        let body = self.commitments(&found).await.map_err(public)?.body()?;
        check_question(&question, &found, &request.question)?;
        let privacy = privacy(request, &body)?;
        let unprovable = |refused| unprovable(refused, &request.claim);
        let claim = Claim::compile(&asked.sql, &body.schema).map_err(unprovable)?;
        claim.check_against(&body).map_err(unprovable)?;
        let enough = calibrate(&claim, &body, privacy).map_err(unprovable)?;
        let number = found.row.payload.number;
        let rows = queries::releases(self.view(), &found.origin, &found.did, number).or_failed()?;
        let hash = question.hash().or_kind(Kind::Usage)?;
        check_unasked(&rows, &hash).map_err(|e| e.at(request.question.display()))?;
        let loss = loss_so_far(&rows).saturating_add(u64::from(privacy.epsilon_thousandths()));
        check_account(loss, u64::from(privacy.epsilon_thousandths()), &found)?;
        if let Some(warning) = self.earlier_versions(&found)? {
            progress.say(&warning);
        }
        let last =
            queries::last_release(self.view(), &found.origin, &found.did, number).or_failed()?;
        let opened = self.open_version(&found, progress).await?;
        let predecessor = last.map(|last| last.at.id);
        let (bytes, claim) =
            make(opened, claim, enough, question.clone(), hash, predecessor, progress).await?;
        let noise = Some(CommittedNoise {
            question: QuestionHash::from_bytes(hash),
            epsilon_thousandths: u64::from(privacy.epsilon_thousandths()),
            delta_exponent: u64::from(privacy.delta_exponent()),
        });
        let sealed = release::Sealed { bytes, statement: None, noise, answers: None };
        let released = tokio::task::block_in_place(|| {
            self.release(&found, &signer, last, sealed, &request.out, &progress.stop())
        })?;
        Ok(CommittedTo {
            file: request.out.clone(),
            bytes: released.bytes,
            proof: released.proof,
            claim,
            audience: question.audience.to_string(),
            epsilon: thousandths(u64::from(privacy.epsilon_thousandths())),
            delta: format!("1e-{}", privacy.delta_exponent()),
            epsilon_of_version: thousandths(loss),
            number: released.number,
            log: released.log(),
            statement: released.at.id,
        })
    }
}

/// The noise file, checked as its audience will, and the claim in its one text.
async fn make(
    opened: OpenedVersion,
    claim: Claim,
    enough: Enough,
    question: Question,
    hash: [u8; 32],
    predecessor: Option<StatementId>,
    progress: &dyn Progress,
) -> Result<(Vec<u8>, String)> {
    let (commitments, version) = commit_again(opened, progress).await?;
    let (entropy, salt) = (entropy()?, entropy()?.0);
    let committing = move || {
        let order = NoiseOrder {
            claim: &claim,
            enough,
            audience: question.audience.clone(),
            question: hash,
            signature: question.signature,
            salt,
            predecessor,
        };
        let place = commitments.place();
        let file = claims::noise::commit(&version, &place, order, &entropy)?;
        let bytes = file.encode();
        check_committed(&bytes, &version.body, &place).or_refused()?;
        Ok((bytes, claim.text().to_owned()))
    };
    step("commit to noise", committing, progress).await
}

fn read_question(path: &Path) -> Result<Question> {
    let place = path.display().to_string();
    let hint = "name the file that who asks has made: veritrail noise ask REF -o FILE";
    let text = read_named(path, QUESTION_FILE_BYTES_MAX, hint)?;
    if KeptNonce::parse(&text).is_ok() {
        return Err(NodeError::usage(
            "it is a nonce, which you may not know before noise is logged",
        )
        .at(&place)
        .hint(
            "do not use its question: who asks has to ask anew, and to send the question alone",
        ));
    }
    Question::parse(&text).or_kind(Kind::Usage).map_err(|e| e.at(&place).hint(hint))
}

fn check_question(question: &Question, found: &FoundVersion, path: &Path) -> Result<()> {
    let asked = (&question.dataset, question.number, &question.origin);
    if asked == (&found.did, found.row.payload.number, &found.origin) {
        return Ok(());
    }
    Err(NodeError::usage(format!(
        "it asks about {}@{} in log {}",
        question.dataset, question.number, question.origin
    ))
    .at(path.display())
    .hint(format!("the claim is about {}: ask for a question about that", found.portable())))
}

/// Each question is asked once: the log would not count it a second time.
fn check_unasked(rows: &[ReleaseRow], question: &[u8; 32]) -> Result<()> {
    let asked = |row: &&ReleaseRow| {
        row.payload.noise.is_some_and(|noise| noise.question.as_bytes() == question)
    };
    match rows.iter().find(asked) {
        None => Ok(()),
        Some(row) => Err(NodeError::conflict(format!(
            "noise was committed to for this question before, proof {} of this version",
            row.payload.number
        ))
        .hint("answer that (veritrail noise answer), or ask for a new question")),
    }
}

/// ε in thousandths, and d of δ = 10^−d.
fn privacy(request: &NoiseCommit, body: &Body) -> Result<Privacy> {
    let epsilon = read_thousandths(&request.epsilon).ok_or_else(|| {
        NodeError::usage("epsilon is a number with at most three decimal places")
            .at("--epsilon")
            .hint(EPSILON_HINT)
    })?;
    let exponent = match &request.delta {
        None => (6..=15).find(|d| 10u64.pow(u32::from(*d)) >= 10 * body.rows).unwrap_or(15),
        Some(delta) => read_exponent(delta).ok_or_else(|| {
            NodeError::usage("delta is a power of ten, such as 1e-6").at("--delta").hint(DELTA_HINT)
        })?,
    };
    Privacy::new(epsilon, exponent).map_err(|error| {
        let (place, hint) = match error {
            PrivacyError::Epsilon => ("--epsilon", EPSILON_HINT),
            PrivacyError::Delta => ("--delta", DELTA_HINT),
        };
        NodeError::usage(error.to_string()).at(place).hint(hint)
    })
}

/// N of `1e-N`.
fn read_exponent(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("1e-")?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

fn read_thousandths(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 3 || whole.len() > 6 {
        return None;
    }
    Some(whole.parse::<u32>().ok()? * 1_000 + format!("{part:0<3}").parse::<u32>().ok()?)
}

/// `loss` is that of the version with this `epsilon`.
fn check_account(loss: u64, epsilon: u64, found: &FoundVersion) -> Result<()> {
    if loss <= ACCOUNT_MAX {
        return Ok(());
    }
    let left = match (ACCOUNT_MAX + epsilon).saturating_sub(loss) {
        0 => "nothing is left of it".to_owned(),
        left => format!("{} is left of it: ask with a smaller --epsilon", thousandths(left)),
    };
    Err(NodeError::new(
        Kind::NotAuthorised,
        format!(
            "with this the noise of the version would have an epsilon of {} in all, and {} is the \
             most that this program lets a version lose",
            thousandths(loss),
            thousandths(ACCOUNT_MAX)
        ),
    )
    .at(found.portable())
    .hint(format!("{left}; what was committed to counts, whether it was answered or not")))
}
