//! The answer of a verification: three answers apart (consistent; logged by whom; signed by whom),
//! what they rest on, and everything that is wrong or open, each with its place.

use std::fmt;

use serde::Serialize;

use super::consistency::{Consistency, InconsistentPair};
use crate::hash::{ChunkId, DatasetRoot, LogHash};
use crate::identity::Did;
use crate::ledger::MemoryState;
use crate::lineage::Lineage;
use crate::log::note::VKey;
use crate::statement::{Origin, Outcome};
use crate::trust::TrustSource;

/// Where in the evidence something was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The log, or none for a blob.
    pub origin: Option<Origin>,
    /// Index of the entry, or none for the log as a whole.
    pub index: Option<u64>,
    /// Which part: `checkpoint`, `entry`, `proof`, `statement`, `consistency`, or a blob's id.
    pub part: String,
}

impl Place {
    pub(super) fn log(origin: &Origin, part: &str) -> Self {
        Self { origin: Some(origin.clone()), index: None, part: part.to_owned() }
    }

    pub(super) fn entry(origin: &Origin, index: u64, part: &str) -> Self {
        Self { origin: Some(origin.clone()), index: Some(index), part: part.to_owned() }
    }

    pub(super) fn blob(id: &ChunkId) -> Self {
        Self { origin: None, index: None, part: format!("blob {id}") }
    }
}

impl fmt::Display for Place {
    /// As a REF where it is one: `ORIGIN#N, proof`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.origin, self.index) {
            (Some(origin), Some(index)) => write!(f, "{origin}#{index}, {}", self.part),
            (Some(origin), None) => write!(f, "log {origin}, {}", self.part),
            (None, _) => f.write_str(&self.part),
        }
    }
}

/// Something that is false: altered, forged or contradictory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub reason: String,
}

/// Something that could not be judged: missing, or newer than this version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// Where, if it has a place.
    pub place: Option<Place>,
    /// What is open.
    pub reason: String,
}

/// A blob that the lineage names and the evidence does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingBlob {
    /// Its id.
    pub id: ChunkId,
    /// What it is: `manifest`, `spec` or `details`.
    pub what: &'static str,
    /// The statement that names it.
    pub named_by: Place,
}

/// How the reader knows a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum LogKnown {
    /// The reader named a key that signed its checkpoint.
    Key {
        /// The key.
        vkey: VKey,
        /// Where it was named.
        source: TrustSource,
    },
    /// A DID that the reader named binds a key that signed its checkpoint, by an identity
    /// statement in this log.
    Signer {
        /// The DID.
        did: Did,
        /// Where it was named.
        source: TrustSource,
    },
    /// The reader accepts anybody.
    Any,
    /// Not at all.
    Unnamed,
}

/// What was found about one log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogReport {
    /// The log.
    pub origin: Origin,
    /// Entries that its checkpoint covers.
    pub size: u64,
    /// Root that its checkpoint states.
    pub root: LogHash,
    /// Entries that the evidence shows of it.
    pub entries: usize,
    /// Who operates it, as its entry 0 says.
    pub operator: Option<Did>,
    /// Keys of the log that signed the checkpoint.
    pub signed_by: Vec<VKey>,
    /// How the reader knows it.
    pub known: LogKnown,
    /// How its checkpoint relates to the one remembered.
    pub consistency: Consistency,
    /// Whether facts of the lineage stand in it, or only opinions about them.
    pub needed: bool,
}

/// How the reader knows a signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum SignerKnown {
    /// The reader named the DID.
    Named {
        /// Where it was named.
        source: TrustSource,
    },
    /// The key of a dataset, and this named DID signed a version of that dataset.
    Dataset {
        /// The version's signer.
        signer: Did,
    },
    /// The reader named the DID with a genesis, and the evidence does not hold that statement.
    OtherGenesis,
    /// The reader accepts anybody.
    Any,
    /// Not at all.
    Unnamed,
}

impl SignerKnown {
    /// Whether this is enough for a signature to count.
    pub fn is_known(&self) -> bool {
        !matches!(self, SignerKnown::Unnamed | SignerKnown::OtherGenesis)
    }
}

/// Who signed facts of the lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignerReport {
    /// The DID.
    pub did: Did,
    /// The name that it gives itself; it proves nothing.
    pub name: Option<String>,
    /// What it signed.
    pub signed: Vec<Place>,
    /// How the reader knows it.
    pub known: SignerKnown,
}

/// A verdict about a run of the lineage: an opinion, on which the conclusion does not rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictReport {
    /// Where it stands.
    pub place: Place,
    /// What it says.
    pub outcome: Outcome,
    /// Who says it.
    pub signer: Did,
    /// How the reader knows that signer.
    pub known: SignerKnown,
    /// Whether it is by another than the one who signed the run.
    pub independent: bool,
}

/// An input that no log names: the receipt's signer alone says where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnloggedInput {
    /// The receipt that names it.
    pub run: Place,
    /// The table's name in the run.
    pub name: String,
    /// Its root, against which its bytes can be checked.
    pub root: DatasetRoot,
}

/// A party that the reader would have to name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Unnamed {
    /// A signer of the lineage.
    Signer {
        /// The DID.
        did: Did,
    },
    /// A log that facts of the lineage stand in.
    Log {
        /// The log.
        origin: Origin,
        /// Its operator, by whom it could be named.
        operator: Option<Did>,
    },
}

/// What it all comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Conclusion {
    /// Consistent, and every signer and log of the lineage is known to the reader.
    Verified,
    /// Consistent, but signed or logged by parties that the reader has not named.
    ConsistentButUnnamed {
        /// Those parties.
        parties: Vec<Unnamed>,
    },
    /// Something is missing, or newer than this version.
    CouldNotCheck {
        /// What.
        open: Vec<Open>,
    },
    /// Something is false.
    Failed {
        /// What.
        failures: Vec<Failure>,
    },
}

/// The answer of a verification.
///
/// It claims no more than it says: that the logs have shown everybody the same, only witnesses
/// could tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// Whether the reader accepted anybody.
    pub any: bool,
    /// The logs, by origin.
    pub logs: Vec<LogReport>,
    /// Who signed the facts of the lineage, by DID.
    pub signers: Vec<SignerReport>,
    /// Verdicts about runs of the lineage.
    pub verdicts: Vec<VerdictReport>,
    /// Inputs of runs that no log names.
    pub unlogged: Vec<UnloggedInput>,
    /// All that is false.
    pub failures: Vec<Failure>,
    /// All that could not be judged.
    pub open: Vec<Open>,
    /// Blobs that are named and not held.
    pub missing_blobs: Vec<MissingBlob>,
    /// Heads that convict a log; to be kept.
    #[serde(skip)]
    pub inconsistent: Vec<InconsistentPair>,
    /// What the subject came from, where there is one.
    #[serde(skip)]
    pub lineage: Option<Lineage>,
    /// What the evidence folds to. Not to be relied on unless the conclusion allows it.
    #[serde(skip)]
    pub state: MemoryState,
}

impl Report {
    /// Whether nothing in the evidence contradicts anything else in it.
    pub fn consistent(&self) -> bool {
        self.failures.is_empty()
    }

    /// What it all comes to: what is false weighs more than what is open, and that more than who
    /// is not named.
    pub fn conclusion(&self) -> Conclusion {
        if !self.failures.is_empty() {
            return Conclusion::Failed { failures: self.failures.clone() };
        }
        let missing = self.missing_blobs.iter().map(|blob| Open {
            place: Some(blob.named_by.clone()),
            reason: format!("the {} that it names, blob {}, is not here", blob.what, blob.id),
        });
        let open: Vec<_> = self.open.iter().cloned().chain(missing).collect();
        if !open.is_empty() {
            return Conclusion::CouldNotCheck { open };
        }
        let parties = self.unnamed();
        if !parties.is_empty() {
            return Conclusion::ConsistentButUnnamed { parties };
        }
        Conclusion::Verified
    }

    /// The parties that the reader would have to name.
    pub fn unnamed(&self) -> Vec<Unnamed> {
        let signers = self.signers.iter().filter(|signer| !signer.known.is_known());
        let logs = self.logs.iter().filter(|log| log.needed && log.known == LogKnown::Unnamed);
        let signer = |signer: &SignerReport| Unnamed::Signer { did: signer.did.clone() };
        let log = |log: &LogReport| Unnamed::Log {
            origin: log.origin.clone(),
            operator: log.operator.clone(),
        };
        signers.map(signer).chain(logs.map(log)).collect()
    }
}
