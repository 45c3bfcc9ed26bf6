//! Trust starts with the reader: whom a verifier has named, and where.
//!
//! A forger can build a whole log of his own, consistent in itself. So verification is always
//! against roots that the reader chose: DIDs, which answer "signed by", and log keys, which answer
//! "logged by" and nothing else. What is merely known (a ticket's pin) is never among them.

use serde::{Deserialize, Serialize};

use crate::hash::StatementId;
use crate::identity::Did;
use crate::log::note::VKey;
use crate::statement::{Origin, OriginError};

/// The version that a trust file states.
pub const TRUST_FILE_VERSION: u64 = 1;

/// Where a root comes from; printed as the reason why something is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustSource {
    /// A key of the home itself.
    OwnKey,
    /// The home's trust.toml.
    TrustFile,
    /// The command line of this one verification.
    CommandLine,
}

/// A DID that the reader named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrustedSigner {
    /// The DID, of any method.
    pub did: Did,
    /// The statement that this DID must have begun with: a dataset's genesis, or an identity. With
    /// it, the DID counts only where that statement is among the evidence.
    pub genesis: Option<StatementId>,
    /// Who said so.
    pub source: TrustSource,
}

/// A log that the reader named, by its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrustedLog {
    /// The log.
    pub origin: Origin,
    /// Keys that may sign its checkpoints.
    pub vkeys: Vec<VKey>,
    /// Who said so.
    pub source: TrustSource,
}

/// What a reader starts from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TrustRoots {
    /// DIDs that the reader named.
    pub signers: Vec<TrustedSigner>,
    /// Logs that the reader named.
    pub logs: Vec<TrustedLog>,
    /// Whether anybody will do, as only a command line can say.
    pub any: bool,
}

impl TrustRoots {
    /// Nobody is named: everything can be at most consistent.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a DID.
    #[must_use]
    pub fn with_signer(
        mut self,
        did: Did,
        genesis: Option<StatementId>,
        source: TrustSource,
    ) -> Self {
        self.signers.push(TrustedSigner { did, genesis, source });
        self
    }

    /// Adds a log's key; the log is the one whose name the key bears.
    ///
    /// # Errors
    /// When the key's name cannot be that of a log.
    pub fn with_vkey(mut self, vkey: VKey, source: TrustSource) -> Result<Self, OriginError> {
        let origin = vkey.name().parse()?;
        self.logs.push(TrustedLog { origin, vkeys: vec![vkey], source });
        Ok(self)
    }

    /// Adds all that another set of roots names.
    #[must_use]
    pub fn with(mut self, more: Self) -> Self {
        self.signers.extend(more.signers);
        self.logs.extend(more.logs);
        self.any |= more.any;
        self
    }

    /// The entries that name this DID.
    pub fn signers<'t>(&'t self, did: &'t Did) -> impl Iterator<Item = &'t TrustedSigner> {
        self.signers.iter().filter(move |signer| signer.did == *did)
    }

    /// The keys that the reader named for this log, each with who said so.
    pub fn log_keys<'t>(
        &'t self,
        origin: &'t Origin,
    ) -> impl Iterator<Item = (&'t VKey, TrustSource)> {
        let logs = self.logs.iter().filter(move |log| log.origin == *origin);
        logs.flat_map(|log| log.vkeys.iter().map(|vkey| (vkey, log.source)))
    }
}

/// trust.toml as it stands. Unknown tables and members are refused, so that a reader who writes
/// down a stricter rule of a later version is never judged by a laxer one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustFile {
    /// Always [`TRUST_FILE_VERSION`].
    pub version: u64,
    /// DIDs, `[[signer]]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signer: Vec<SignerTable>,
    /// Logs, `[[log]]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogTable>,
}

/// One `[[signer]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerTable {
    /// The DID, of any method.
    pub did: Did,
    /// The id of its genesis, if it is pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genesis: Option<StatementId>,
}

/// One `[[log]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogTable {
    /// The log.
    pub origin: Origin,
    /// Its keys, one at least.
    pub vkeys: Vec<VKey>,
}

/// Why a trust file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustFileError {
    /// Written for another version.
    #[error("the trust file has version {0}, this program understands {TRUST_FILE_VERSION}")]
    Version(u64),
    /// A log without keys could never be recognised.
    #[error("log {0} has no vkeys")]
    NoKeys(Origin),
    /// A key of another name could never sign for this log.
    #[error("vkey {vkey} bears another name than log {origin}")]
    Name {
        /// The log.
        origin: Origin,
        /// The key.
        vkey: VKey,
    },
}

impl Default for TrustFile {
    fn default() -> Self {
        Self { version: TRUST_FILE_VERSION, signer: Vec::new(), log: Vec::new() }
    }
}

impl TrustFile {
    /// The roots that the file names.
    ///
    /// # Errors
    /// When the file is of another version, or a log's keys could never be used.
    pub fn roots(&self, source: TrustSource) -> Result<TrustRoots, TrustFileError> {
        if self.version != TRUST_FILE_VERSION {
            return Err(TrustFileError::Version(self.version));
        }
        for log in &self.log {
            if log.vkeys.is_empty() {
                return Err(TrustFileError::NoKeys(log.origin.clone()));
            }
            if let Some(vkey) = log.vkeys.iter().find(|key| key.name() != log.origin.as_str()) {
                let (origin, vkey) = (log.origin.clone(), vkey.clone());
                return Err(TrustFileError::Name { origin, vkey });
            }
        }
        let signer = |table: &SignerTable| TrustedSigner {
            did: table.did.clone(),
            genesis: table.genesis,
            source,
        };
        let log = |table: &LogTable| TrustedLog {
            origin: table.origin.clone(),
            vkeys: table.vkeys.clone(),
            source,
        };
        Ok(TrustRoots {
            signers: self.signer.iter().map(signer).collect(),
            logs: self.log.iter().map(log).collect(),
            any: false,
        })
    }
}
