//! The proof file, from opened rows. Long: the rows are committed to again first, so that nothing is
//! proven about others than those that were published.

use veritrail_proof::{
    ingest::prove::OpenVersion,
    policy::Refusal,
    statement::{Audience, StatementError},
    transcript::Entropy,
};
use veritrail_provenance::hash::StatementId;
use veritrail_storage::keys::Seed;

use super::earlier::Earlier;
use crate::{
    claims::{self, Claim, ProveError, Proven},
    error::{Kind, NodeError, OrKind as _, Result},
    node::private::{HeldCommitments, OpenedVersion},
    progress::Progress,
};

/// A proof that was checked as a reader would.
pub(super) struct Made {
    pub(super) bytes: Vec<u8>,
    pub(super) proven: Proven,
    /// How many earlier statements it was held against.
    pub(super) compared: u64,
}

/// What to make.
pub(super) struct Order {
    pub(super) claim: Claim,
    /// Whether the claim becomes the one that leaves small groups out.
    pub(super) withhold: bool,
    /// What it is held against.
    pub(super) earlier: Earlier,
    pub(super) predecessor: Option<StatementId>,
    pub(super) audience: Option<Audience>,
}

pub(super) async fn make(
    opened: OpenedVersion,
    order: Order,
    progress: &dyn Progress,
) -> Result<Made> {
    let (commitments, version) = commit_again(opened, progress).await?;
    let place = commitments.place();
    let at = place.clone();
    let entropy = entropy()?;
    let Order { claim, withhold, earlier, predecessor, audience } = order;
    let grouped = !claim.keys().is_empty();
    let proving = move || {
        let forbidden = |error| forbidden(error, &earlier, grouped, withhold);
        let claim = match withhold {
            true => claims::withhold(&version, &claim, &earlier.statements).map_err(forbidden)?,
            false => claim,
        };
        let file = claims::prove(&version, &at, &claim, predecessor, audience, &entropy);
        let bytes = file.map_err(forbidden)?.encode();
        Ok((version, claim, earlier, bytes))
    };
    let (version, claim, earlier, bytes) = step("prove", proving, progress).await?;
    let comparing = move || {
        let same = claims::compare(&version, &claim, &earlier.statements);
        same.map_err(|error| forbidden(error, &earlier, grouped, withhold))?;
        Ok(earlier.statements.len() as u64)
    };
    let compared = step("compare with earlier proofs", comparing, progress).await?;
    let checking = move || {
        let proven = claims::check(&bytes, &commitments.check()?, &place).or_refused()?;
        if proven.is_unsolved() {
            let error =
                NodeError::usage("the columns of ols depend on each other, so nothing follows");
            return Err(error.at("the claim").hint("leave one of them out; nothing was logged"));
        }
        Ok(Made { bytes, proven, compared })
    };
    step("check the proof", checking, progress).await
}

/// The rows are committed to again, so that nothing is told of others than those that were published.
pub(super) async fn commit_again(
    opened: OpenedVersion,
    progress: &dyn Progress,
) -> Result<(HeldCommitments, OpenVersion)> {
    let OpenedVersion { commitments, columns, seed } = opened;
    let again = move || {
        let version = claims::open(&commitments.manifest, columns, seed)?;
        Ok((commitments, version))
    };
    step("commit again", again, progress).await
}

/// One step on a thread of its own: whoever asks to stop is answered at once, and what the step
/// would have given is dropped.
pub(super) async fn step<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
    progress: &dyn Progress,
) -> Result<T> {
    let stop = progress.stop();
    stop.check()?;
    progress.begin(name, None);
    let working = tokio::task::spawn_blocking(work);
    let done = stop
        .or(async {
            working.await.unwrap_or_else(|e| {
                let bug = NodeError::failed(format!("proving ended unexpectedly: {e}"));
                Err(bug.hint("this is a mistake of ours: please report it"))
            })
        })
        .await;
    progress.end();
    done
}

/// Fresh bytes of the operating system; where it has none, there is no proof.
pub(super) fn entropy() -> Result<Entropy> {
    Ok(Entropy(*Seed::generate().or_failed()?.expose()))
}

/// What the release policy forbids, with what may be asked instead. For the holder's eyes alone, and
/// without a size.
fn forbidden(error: ProveError, earlier: &Earlier, grouped: bool, withhold: bool) -> NodeError {
    let words = match &error {
        ProveError::Policy(refusal) => format!("it forbids this result: {refusal}"),
        ProveError::Earlier(at) => {
            let number = earlier.numbers.get(*at).map(ToString::to_string).unwrap_or_default();
            format!("this and proof {number} of this version together tell of too few rows")
        }
        ProveError::Statement(StatementError::NoneSmall) => {
            "none of the groups that it leaves out is below the minimum cell".to_owned()
        }
        ProveError::Statement(StatementError::Withheld) => {
            let error = NodeError::usage(error.to_string()).at("the claim");
            return error.hint("group by fewer columns, or by one of fewer levels");
        }
        _ => return error.into(),
    };
    let instead = match error {
        ProveError::Policy(Refusal::Withheld) if !withhold => {
            "Name more groups in HAVING, or leave the choice to --withhold"
        }
        ProveError::Statement(_) => "Leave HAVING out, or leave the choice to --withhold",
        _ if grouped && !withhold => {
            "Ask for fewer groups or conditions, or leave small groups out: --withhold"
        }
        ProveError::Earlier(_) | ProveError::Policy(Refusal::Earlier) => {
            "Ask for what was told before, or for other groups"
        }
        _ => "Ask for fewer groups or conditions, or for other columns",
    };
    NodeError::new(Kind::NotAuthorised, words).at("the release policy").hint(format!(
        "this says something of the rows and is for you alone; nothing was logged. {instead}"
    ))
}

impl From<ProveError> for NodeError {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::Refused(refused) => refused.into(),
            ProveError::Policy(_) | ProveError::Earlier(_) => {
                Self::new(Kind::NotAuthorised, error.to_string()).at("the release policy")
            }
            ProveError::Rows(differ) => Self::refused(differ.to_string())
                .at("the private bytes of this home")
                .hint("look for the damage: veritrail store fsck"),
            other => Self::failed(other.to_string()).at("the claim"),
        }
    }
}
