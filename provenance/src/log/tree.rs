//! The hashes of a log's Merkle tree, so that every other module means the same tree.
//!
//! RFC 6962 section 2.1: a leaf is SHA-256(0x00 ‖ entry), a node SHA-256(0x01 ‖ left ‖ right), the
//! tree of no entries SHA-256(""). A hash has coordinates (level, index): level 0 holds the leaves,
//! and (level, index) covers the entries `index << level .. (index + 1) << level`.

use sha2::{Digest, Sha256};

use crate::hash::LogHash;

/// The most entries of a log that any function here computes with: beyond 2^62 sizes and
/// coordinates could overflow, and no log gets there.
pub const ENTRIES_MAX: u64 = 1 << 62;

/// The hash of one entry as it stands in the log.
pub fn leaf_hash(entry: &[u8]) -> LogHash {
    let mut hasher = Sha256::new();
    hasher.update([0x00]);
    hasher.update(entry);
    LogHash::from_bytes(hasher.finalize().into())
}

/// The hash over two neighbouring subtrees.
pub fn node_hash(left: &LogHash, right: &LogHash) -> LogHash {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    LogHash::from_bytes(hasher.finalize().into())
}

/// The root of a log without entries.
pub fn empty_root() -> LogHash {
    LogHash::from_bytes(Sha256::digest(b"").into())
}

/// Coordinates of the perfect subtrees that together are a tree of `size` leaves, left to right,
/// which is largest first; empty for `size` 0. At most 64, one per bit of `size`.
pub fn frontier(size: u64) -> Vec<(u8, u64)> {
    (0..64u8)
        .rev()
        .filter(|level| size >> level & 1 == 1)
        .map(|level| (level, (size >> level) - 1))
        .collect()
}

/// Joins the hashes of a [`frontier`], given in its order, into the root of the tree.
pub fn join_frontier(nodes: &[LogHash]) -> LogHash {
    nodes
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| node_hash(&left, &right))
        .unwrap_or_else(empty_root)
}

/// Why a [`CompactRange`] cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A stored frontier has been cut or belongs to another size.
    #[error("a tree of {size} entries has a frontier of {expected} hashes, found {found}")]
    Frontier {
        /// Entries of the tree.
        size: u64,
        /// Hashes that a tree of that size has.
        expected: usize,
        /// Hashes that were given.
        found: usize,
    },
    /// A size beyond [`ENTRIES_MAX`].
    #[error("{0} entries are more than any log can hold")]
    TooLarge(u64),
}

/// The least that must be remembered of a tree to append to it: the hashes of its [`frontier`].
///
/// In contrast to a tile it covers the whole log, and it cannot prove anything about an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactRange {
    size: u64,
    nodes: Vec<LogHash>,
}

impl CompactRange {
    /// The tree without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree of `size` entries whose [`frontier`] has the hashes `nodes`, in that order.
    ///
    /// # Errors
    /// When `nodes` are not as many as `size` needs.
    pub fn from_parts(size: u64, nodes: Vec<LogHash>) -> Result<Self, TreeError> {
        if size > ENTRIES_MAX {
            return Err(TreeError::TooLarge(size));
        }
        let expected = size.count_ones() as usize;
        if nodes.len() != expected {
            return Err(TreeError::Frontier { size, expected, found: nodes.len() });
        }
        Ok(Self { size, nodes })
    }

    /// Entries of the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the [`frontier`], left to right.
    pub fn nodes(&self) -> &[LogHash] {
        &self.nodes
    }

    /// Appends a leaf; amortised two hash computations.
    ///
    /// # Errors
    /// When the tree is full ([`ENTRIES_MAX`]).
    pub fn append(&mut self, leaf: LogHash) -> Result<(), TreeError> {
        self.append_with(leaf, |_, _, _| {})
    }

    /// Appends a leaf and hands each hash that this completes to `visit(level, index, hash)`, the
    /// leaf first: what a writer of tiles has to store.
    ///
    /// # Errors
    /// When the tree is full ([`ENTRIES_MAX`]).
    pub fn append_with(
        &mut self,
        leaf: LogHash,
        mut visit: impl FnMut(u8, u64, &LogHash),
    ) -> Result<(), TreeError> {
        if self.size >= ENTRIES_MAX {
            return Err(TreeError::TooLarge(self.size));
        }
        let mut hash = leaf;
        let mut level = 0u8;
        visit(0, self.size, &hash);
        while self.size >> level & 1 == 1 {
            let Some(left) = self.nodes.pop() else { break };
            hash = node_hash(&left, &hash);
            level += 1;
            visit(level, self.size >> level, &hash);
        }
        self.nodes.push(hash);
        self.size += 1;
        Ok(())
    }

    /// The root of the tree as it stands; as many hash computations as the frontier has hashes.
    pub fn root(&self) -> LogHash {
        join_frontier(&self.nodes)
    }
}
