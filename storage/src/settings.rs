//! What is this node's own and follows from no log: local names, pins, peers, and which of them
//! showed which log. `node.db`.
//!
//! No rebuild deletes it, and nothing verifiable depends on it. A pin detects change; it is never
//! a root of trust.

mod error;
mod table;

use std::path::Path;

use veritrail_provenance::{
    hash::{ChunkId, StatementId},
    identity::Did,
    log::note::VKey,
    reference::LocalName,
    statement::Origin,
};

pub use error::SettingsError;
use table::Table;

/// What a pin says about something seen again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pinned<T> {
    /// Seen for the first time, and pinned now.
    First,
    /// As pinned.
    Same,
    /// Not as pinned; the pin stays as it was.
    Changed {
        /// What is pinned.
        before: T,
    },
}

/// A node that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The node's DID; its key is the endpoint's.
    pub node: Did,
    /// Socket addresses it was reached at, newest first.
    pub addresses: Vec<String>,
    /// When it was last reached, in seconds since 1970.
    pub seen: u64,
}

/// What an own private version holds, in this file alone: a digest of plaintext says to whoever
/// guesses right that the guess is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateContent {
    /// Digest over names and bytes of all files and over what was committed, in hex.
    pub digest: String,
    /// How many files there are.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

/// Addresses kept of a peer.
const ADDRESSES_MAX: usize = 8;

/// Nodes kept of those that showed one log.
pub const SOURCES_MAX: usize = 8;

/// The settings of one node. Several processes may have them open. Every call blocks.
#[derive(Debug)]
pub struct Settings {
    names: Table,
    datasets: Table,
    logs: Table,
    peers: Table,
    sources: Table,
    private: Table,
    released: Table,
}

impl Settings {
    /// Opens the database, making it where it is missing.
    pub fn open(path: &Path) -> Result<Self, SettingsError> {
        Ok(Self::over(table::open(path)?))
    }

    /// Settings that live as long as this value. For tests.
    pub fn in_memory() -> Result<Self, SettingsError> {
        Ok(Self::over(table::in_memory()?))
    }

    fn over(database: table::Database) -> Self {
        let table = |name| Table::new(database.clone(), name);
        Self {
            names: table("names"),
            datasets: table("datasets"),
            logs: table("logs"),
            peers: table("peers"),
            sources: table("sources"),
            private: table("private"),
            released: table("released"),
        }
    }

    /// The dataset that a local name stands for.
    pub fn name(&self, name: &LocalName) -> Result<Option<Did>, SettingsError> {
        self.names.get(name.as_str())?.map(|did| read(&did)).transpose()
    }

    /// Lets a local name stand for a dataset; returns what it stood for before.
    pub fn set_name(&self, name: &LocalName, dataset: &Did) -> Result<Option<Did>, SettingsError> {
        let before = self.names.put(name.as_str(), dataset.as_str())?;
        before.map(|did| read(&did)).transpose()
    }

    /// Forgets a local name; false if there was none.
    pub fn remove_name(&self, name: &LocalName) -> Result<bool, SettingsError> {
        self.names.remove(name.as_str())
    }

    /// All local names, sorted.
    pub fn names(&self) -> Result<Vec<(LocalName, Did)>, SettingsError> {
        let rows = self.names.all()?.into_iter();
        rows.map(|(name, did)| Ok((read(&name)?, read(&did)?))).collect()
    }

    /// Pins the genesis of a dataset at first sight: a second genesis is a fork.
    pub fn pin_dataset(
        &self,
        dataset: &Did,
        genesis: &StatementId,
    ) -> Result<Pinned<StatementId>, SettingsError> {
        match self.datasets.put_if_missing(dataset.as_str(), &genesis.to_hex())? {
            None => Ok(Pinned::First),
            Some(before) if before == genesis.to_hex() => Ok(Pinned::Same),
            Some(before) => Ok(Pinned::Changed { before: read(&before)? }),
        }
    }

    /// The pinned genesis of a dataset.
    pub fn dataset_pin(&self, dataset: &Did) -> Result<Option<StatementId>, SettingsError> {
        self.datasets.get(dataset.as_str())?.map(|id| read(&id)).transpose()
    }

    /// Pins the keys of a log at first sight. Later keys that share none with the pin are a
    /// change; those that share one are added.
    pub fn pin_log(
        &self,
        origin: &Origin,
        keys: &[VKey],
    ) -> Result<Pinned<Vec<VKey>>, SettingsError> {
        let lines =
            |keys: &[VKey]| keys.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let Some(before) = self.logs.put_if_missing(origin.as_str(), &lines(keys))? else {
            return Ok(Pinned::First);
        };
        let mut pinned: Vec<VKey> = before.lines().map(read).collect::<Result<_, _>>()?;
        if !pinned.iter().any(|key| keys.contains(key)) {
            return Ok(Pinned::Changed { before: pinned });
        }
        let new: Vec<VKey> = keys.iter().filter(|key| !pinned.contains(key)).cloned().collect();
        if !new.is_empty() {
            pinned.extend(new);
            self.logs.put(origin.as_str(), &lines(&pinned))?;
        }
        Ok(Pinned::Same)
    }

    /// Adds keys to a log's pin, which the caller has seen to be the same log: one that grew out of
    /// what is pinned, though its keys are others.
    pub fn add_log_keys(&self, origin: &Origin, keys: &[VKey]) -> Result<(), SettingsError> {
        self.logs.update(origin.as_str(), |before| {
            let before = before.unwrap_or_default();
            let mut lines: Vec<String> = before.lines().map(str::to_owned).collect();
            let new = keys.iter().map(ToString::to_string);
            lines.extend(new.filter(|key| !before.lines().any(|line| line == key)));
            lines.join("\n")
        })
    }

    /// The pinned keys of a log; none if it was never met.
    pub fn log_pin(&self, origin: &Origin) -> Result<Vec<VKey>, SettingsError> {
        let lines = self.logs.get(origin.as_str())?.unwrap_or_default();
        lines.lines().map(read).collect()
    }

    /// Remembers where a peer was reached. Its newest eight addresses are kept.
    pub fn remember_peer(&self, peer: &Peer) -> Result<(), SettingsError> {
        let mut lines = vec![peer.seen.to_string()];
        let usable = peer.addresses.iter().filter(|a| !a.is_empty() && !a.contains(['\n', '\r']));
        lines.extend(usable.take(ADDRESSES_MAX).cloned());
        self.peers.put(peer.node.as_str(), &lines.join("\n"))?;
        Ok(())
    }

    /// A peer by its node's DID.
    pub fn peer(&self, node: &Did) -> Result<Option<Peer>, SettingsError> {
        self.peers.get(node.as_str())?.map(|row| read_peer(node.clone(), &row)).transpose()
    }

    /// All peers, by their node's DID.
    pub fn peers(&self) -> Result<Vec<Peer>, SettingsError> {
        let rows = self.peers.all()?.into_iter();
        rows.map(|(node, row)| read_peer(read(&node)?, &row)).collect()
    }

    /// Remembers that a node showed this log's trail, before all that did so earlier; the newest
    /// [`SOURCES_MAX`] are kept. Where it is to be reached is [`Settings::remember_peer`]'s affair.
    pub fn add_source(&self, log: &Origin, node: &Did) -> Result<(), SettingsError> {
        self.sources.update(log.as_str(), |before| {
            let earlier = before.unwrap_or_default().lines().filter(|did| *did != node.as_str());
            let nodes = [node.as_str()].into_iter().chain(earlier).take(SOURCES_MAX);
            nodes.collect::<Vec<_>>().join("\n")
        })
    }

    /// Keeps what the plaintext of an own private version is.
    pub fn set_private(
        &self,
        version: &StatementId,
        content: &PrivateContent,
    ) -> Result<(), SettingsError> {
        let PrivateContent { digest, files, bytes } = content;
        self.private.put(&version.to_hex(), &format!("{digest} {files} {bytes}"))?;
        Ok(())
    }

    /// What the plaintext of an own private version is, if that is known here.
    pub fn private(&self, version: &StatementId) -> Result<Option<PrivateContent>, SettingsError> {
        self.private.get(&version.to_hex())?.map(|row| read_private(&row)).transpose()
    }

    /// Keeps what a proof states that this home is about to release; the log names its hash alone.
    pub fn set_released(&self, proof: &ChunkId, statement: &[u8]) -> Result<(), SettingsError> {
        self.released.put(&proof.to_hex(), &hex::encode(statement))?;
        Ok(())
    }

    /// Forgets a proof that was not released.
    pub fn remove_released(&self, proof: &ChunkId) -> Result<(), SettingsError> {
        self.released.remove(&proof.to_hex())?;
        Ok(())
    }

    /// What a proof states, if this home released it.
    pub fn released(&self, proof: &ChunkId) -> Result<Option<Vec<u8>>, SettingsError> {
        let decode = |text: String| hex::decode(&text).map_err(|_| SettingsError::Damaged(text));
        self.released.get(&proof.to_hex())?.map(decode).transpose()
    }

    /// The nodes that showed this log's trail, newest first.
    pub fn sources(&self, log: &Origin) -> Result<Vec<Did>, SettingsError> {
        self.sources.get(log.as_str())?.unwrap_or_default().lines().map(read).collect()
    }
}

fn read_private(text: &str) -> Result<PrivateContent, SettingsError> {
    let damaged = || SettingsError::Damaged(text.to_owned());
    let mut words = text.split(' ');
    let mut next = || words.next().ok_or_else(damaged);
    Ok(PrivateContent { digest: next()?.to_owned(), files: read(next()?)?, bytes: read(next()?)? })
}

fn read<T: std::str::FromStr>(text: &str) -> Result<T, SettingsError> {
    text.parse().map_err(|_| SettingsError::Damaged(format!("{text:?}")))
}

fn read_peer(node: Did, row: &str) -> Result<Peer, SettingsError> {
    let mut lines = row.lines();
    let seen = read(lines.next().unwrap_or_default())?;
    Ok(Peer { node, addresses: lines.map(str::to_owned).collect(), seen })
}
