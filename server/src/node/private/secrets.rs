//! The holder's secrets: the commitment master, and each version's identity, as they lie wrapped
//! to the operator's recovery key.

use veritrail_proof::commit::blinds::VersionSeed;
use veritrail_provenance::{identity::Did, ledger::queries, statement::Access};
use veritrail_storage::{
    disk::{Disk as _, DiskPath, LockMode, LockWait},
    keys::{KeyFileError, KeyName, SecretName, Seed},
    private::{RecoveryKey, VersionIdentity},
};
use zeroize::Zeroizing;

use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    node::Node,
};

/// Held while the master is made: two of them would be one too many.
const LOCK: &str = "publish.lock";

impl Node {
    /// The key that this home's secrets are wrapped to.
    fn recovery_key(&self) -> Result<RecoveryKey> {
        let person = self.home().parts().keys.read(&KeyName::Person).map_err(|e| {
            NodeError::new(Kind::NotAuthorised, e.to_string())
                .at("keys/, the person key")
                .hint("bring it back with your 24 words: veritrail init --recover")
        })?;
        RecoveryKey::of(&person).or_failed()
    }

    /// The seed that the blinds of one version come from. Makes the master where `make` says so
    /// and there is none.
    pub(in crate::node) fn version_seed(
        &self,
        dataset: &Did,
        number: u64,
        make: Make,
    ) -> Result<VersionSeed> {
        let master = self.master(make)?;
        Ok(VersionSeed::derive(master.expose(), dataset, number))
    }

    fn master(&self, make: Make) -> Result<Seed> {
        let name = SecretName::CommitmentMaster;
        if let Some(wrapped) = self.wrapped(&name)? {
            return self.seed_in(&wrapped, &name);
        }
        if make == Make::Never {
            return Err(lost(&name));
        }
        let path = DiskPath::new(LOCK).or_failed()?;
        let lock = self.home().disk().lock(&path, LockMode::Exclusive, LockWait::Block);
        let _lock = lock.or_failed()?;
        if let Some(wrapped) = self.wrapped(&name)? {
            return self.seed_in(&wrapped, &name);
        }
        // Another would open none of the versions that there are, and stand in the way of the one
        // that does.
        for version in queries::all_versions(self.view()).or_failed()? {
            let own = version.origin == *self.origin();
            if own && version.row.payload.access == Access::Private {
                return Err(lost(&name));
            }
        }
        let master = Seed::generate().or_failed()?;
        let wrapped = self.recovery_key()?.wrap(master.expose()).or_failed()?;
        self.home().parts().secrets().write(&name, &wrapped).map_err(|e| key_error(&e, &name))?;
        Ok(master)
    }

    fn seed_in(&self, wrapped: &[u8], name: &SecretName) -> Result<Seed> {
        let secret = self.recovery_key()?.unwrap(wrapped).map_err(|_| not_ours(name))?;
        let bytes = <[u8; 32]>::try_from(secret.as_slice()).map_err(|_| not_ours(name))?;
        Ok(Seed::from_bytes(Zeroizing::new(bytes)))
    }

    /// Keeps the identity of a version that is about to be logged. Durable on return.
    pub(in crate::node) fn keep_identity(&self, identity: &VersionIdentity) -> Result<()> {
        let name = SecretName::Version(identity.recipient());
        let wrapped = self.recovery_key()?.wrap(identity.secret_text().as_bytes()).or_failed()?;
        self.home().parts().secrets().write(&name, &wrapped).map_err(|e| key_error(&e, &name))
    }

    /// Forgets the identity of a version that was not logged.
    pub(in crate::node) fn forget_identity(&self, identity: &VersionIdentity) -> Result<()> {
        let name = SecretName::Version(identity.recipient());
        self.home().parts().secrets().remove(&name).map_err(|e| key_error(&e, &name))
    }

    /// The identity that opens what is encrypted to `recipient`.
    pub(in crate::node) fn identity_of(&self, recipient: &str) -> Result<VersionIdentity> {
        let name = SecretName::Version(recipient.to_owned());
        let wrapped = self.wrapped(&name)?.ok_or_else(|| lost(&name))?;
        let secret = self.recovery_key()?.unwrap(&wrapped).map_err(|_| not_ours(&name))?;
        let text = std::str::from_utf8(&secret).map_err(|_| not_ours(&name))?;
        let identity = VersionIdentity::read(text).map_err(|_| not_ours(&name))?;
        if identity.recipient() != recipient {
            return Err(not_ours(&name));
        }
        Ok(identity)
    }

    /// Whether this home keeps what opens it.
    pub(in crate::node) fn has_identity(&self, recipient: &str) -> Result<bool> {
        Ok(self.wrapped(&SecretName::Version(recipient.to_owned()))?.is_some())
    }

    fn wrapped(&self, name: &SecretName) -> Result<Option<Vec<u8>>> {
        self.home().parts().secrets().read(name).map_err(|e| key_error(&e, name))
    }
}

/// Whether a missing master is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::node) enum Make {
    /// Where there is none yet.
    IfMissing,
    /// What was committed under another cannot be opened with a new one.
    Never,
}

fn lost(name: &SecretName) -> NodeError {
    NodeError::new(Kind::NotAuthorised, "it is not in this home").at(name).hint(
        "put it back from a copy of keys/ or recovery/ of the home that published the version: \
         without it nobody opens it; to publish others privately, begin another home: --home DIR",
    )
}

fn not_ours(name: &SecretName) -> NodeError {
    NodeError::new(Kind::NotAuthorised, "the person's key of this home does not open it")
        .at(name)
        .hint("put person.key back, or bring it back with your 24 words: veritrail init --recover")
}

fn key_error(error: &KeyFileError, name: &SecretName) -> NodeError {
    NodeError::new(Kind::NotAuthorised, error.to_string())
        .at(name)
        .hint("keys/ and recovery/ must be yours alone: chmod -R go= keys recovery")
}
