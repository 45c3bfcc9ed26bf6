//! Lineage: what a version or a run came from, and every statement and blob that it takes to check
//! it. One walk serves all: what is shown, what is handed out as evidence, and what a verifier asks
//! evidence for.

use std::collections::{BTreeMap, BTreeSet};

use crate::hash::{ChunkId, ContentHash, DatasetRoot, StatementId, TextHash};
use crate::identity::Did;
use crate::ledger::rows::{At, Standing};
use crate::ledger::{View, ViewError};
use crate::statement::{Origin, Outcome, StatementRef};

mod walk;

/// How far a walk goes from what it started from, in steps from an output to an input. Longer
/// lineages are refused; of a dataset's own versions the newest this many are followed.
pub const DEPTH_MAX: u64 = 1_024;

/// Releases of a version that a walk shows: the newest.
pub const RELEASES_MAX: u64 = 1_024;

/// Statements that a lineage may need altogether.
pub const STATEMENTS_MAX: usize = 65_536;

/// What a lineage is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A version of a dataset.
    Dataset {
        /// The dataset.
        dataset: Did,
        /// Which version.
        version: Pick,
        /// The genesis that the reader pinned, which alone can choose between forks.
        genesis: Option<StatementId>,
    },
    /// A run, by the id of its receipt.
    Run(StatementId),
    /// Whatever stands at a place in a log.
    Entry {
        /// The log.
        origin: Origin,
        /// Index of the entry.
        index: u64,
    },
}

/// Which version of a dataset is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The newest known.
    Newest,
    /// The version with this number.
    Number(u64),
    /// The newest version with this root.
    Root(DatasetRoot),
}

/// A fact in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A version of a dataset.
    Version {
        /// The log it stands in.
        origin: Origin,
        /// Its statement.
        at: At,
        /// The dataset.
        dataset: Did,
        /// Its number.
        number: u64,
        /// Its root.
        root: DatasetRoot,
        /// Its title.
        title: String,
        /// Who signed it.
        signer: Did,
    },
    /// A run with its output.
    Run {
        /// The log its receipt stands in.
        origin: Origin,
        /// Its receipt.
        at: At,
        /// Root of its output.
        output: DatasetRoot,
        /// Who signed the receipt.
        signer: Did,
    },
    /// A verdict about a run: an opinion, on which nothing else in the graph rests.
    Verdict {
        /// The log it stands in.
        origin: Origin,
        /// Its statement.
        at: At,
        /// What it says.
        outcome: Outcome,
        /// Who signed it.
        signer: Did,
    },
    /// A released proof of a version: a statistic that was given away. The version does not rest
    /// on it; whoever has the version should know of it.
    Release {
        /// The log it stands in.
        origin: Origin,
        /// Its statement.
        at: At,
        /// Its number among the version's releases.
        number: u64,
        /// The proof file.
        proof: ChunkId,
        /// Who signed it.
        signer: Did,
    },
    /// An input that no log names: its bytes can be checked against the root, and no more.
    Unlogged {
        /// Root of the input.
        root: DatasetRoot,
    },
    /// Any other statement, asked for by its place.
    Other {
        /// The log it stands in.
        origin: Origin,
        /// Its statement.
        at: At,
        /// Its kind.
        kind: String,
        /// Who signed it.
        signer: Did,
    },
}

/// How one fact rests on another: positions in [`Lineage::nodes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// What rests on the other.
    pub from: usize,
    /// What it rests on.
    pub to: usize,
    /// In what way.
    pub relation: Relation,
}

/// In what way one fact rests on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// A run read it as the table of this name.
    Used(String),
    /// A version is the output of that run.
    MadeBy,
    /// A verdict is about that run.
    Judges,
    /// A release is of a statistic of that version.
    Releases,
}

/// Why a lineage needs a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// It is one of the facts of the lineage: a version or a receipt.
    Fact,
    /// It is an earlier version of a dataset in the lineage.
    Earlier,
    /// It is the genesis of such a dataset.
    Genesis,
    /// It binds a signer to a log, or is the log's entry 0.
    Binding,
    /// It is a second genesis of such a dataset.
    Fork,
    /// It is about something in the lineage and not understood.
    Newer,
    /// It is a verdict about a run in the lineage.
    Verdict,
    /// It releases a proof of a version in the lineage.
    Release,
}

/// What a blob is to the lineage, and what it must contain as far as statements say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlobKind {
    /// Head of the manifest of a version, of an output or of an input.
    Manifest {
        /// The root that its layout must have.
        root: DatasetRoot,
        /// What a version says of the layout besides.
        claim: Option<LayoutClaim>,
    },
    /// The resolved spec of a run.
    Spec {
        /// The SHA-256 that its text must have.
        text: TextHash,
    },
    /// The details of a run.
    Details,
}

/// What a version's statement says of its layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayoutClaim {
    /// Digest of its list of files.
    pub content: ContentHash,
    /// Its files.
    pub files: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// A blob as one statement names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlobUse {
    /// What it is.
    pub kind: BlobKind,
    /// Log and index of the statement that names it.
    pub named_by: (Origin, u64),
}

/// A statement that contradicts another: the lineage is false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The log of the statement that makes a false claim.
    pub origin: Origin,
    /// Its index.
    pub index: u64,
    /// What it claims, and what is.
    pub reason: String,
}

/// All that a subject came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage {
    /// The facts; the first is the subject.
    pub nodes: Vec<Node>,
    /// How they rest on each other.
    pub edges: Vec<Edge>,
    /// Every statement needed, by log and index, with its id and the reasons.
    pub statements: BTreeMap<(Origin, u64), (StatementId, BTreeSet<Why>)>,
    /// Every blob that these statements name.
    pub blobs: BTreeMap<ChunkId, BTreeSet<BlobUse>>,
    /// Statements that are named and not known here.
    pub missing: BTreeSet<StatementRef>,
    /// Statements known here that cannot be judged yet, because what they depend on lies in a gap
    /// or is newer than this version.
    pub unsettled: BTreeMap<(Origin, u64), String>,
    /// Second geneses of datasets in the lineage, by the log they stand in.
    pub forks: BTreeSet<(Origin, u64)>,
    /// Statements about a subject of the lineage that are not understood.
    pub newer: BTreeSet<(Origin, u64)>,
    /// Claims that other statements contradict.
    pub contradictions: Vec<Contradiction>,
}

/// Why there is no lineage.
#[derive(Debug, thiserror::Error)]
pub enum LineageError {
    /// The rows could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// Nothing is known of the subject.
    #[error("{0} is not known here")]
    NotFound(String),
    /// Several logs have a genesis of the dataset, and none is pinned.
    #[error("{dataset} has a genesis in more than one log: {logs:?}")]
    Forked {
        /// The dataset.
        dataset: Did,
        /// The logs.
        logs: Vec<Origin>,
    },
    /// The statement asked for says nothing: it was refused, lost to another or is not understood.
    #[error("entry {index} of log {origin} cannot be relied on: {standing}")]
    NotFolded {
        /// The log.
        origin: Origin,
        /// Its index.
        index: u64,
        /// What the fold made of it.
        standing: Standing,
    },
    /// More steps than [`DEPTH_MAX`].
    #[error("the lineage is deeper than {DEPTH_MAX} steps")]
    TooDeep,
    /// More statements than [`STATEMENTS_MAX`].
    #[error("the lineage needs more than {STATEMENTS_MAX} statements")]
    TooLarge,
}

/// Walks from `subject` to everything it came from.
///
/// Deterministic; costs a few row reads per statement. What is named and not known is listed in
/// [`Lineage::missing`], so the walk also tells what to ask others for.
///
/// # Errors
/// When the subject itself is not known or cannot be relied on, or a limit is exceeded.
pub fn walk(view: &dyn View, subject: &Subject) -> Result<Lineage, LineageError> {
    walk::walk(view, subject)
}
