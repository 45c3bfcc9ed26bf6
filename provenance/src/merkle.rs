//! Trees over the entries of a layout page; the one place that names rs_merkle.
//!
//! rs_merkle joins children without a prefix, passes a lone node up unchanged, takes the number of
//! leaves from the caller, and accepts proofs with surplus or disordered parts. So the hasher is
//! ours, with a tag for every purpose; every shape is checked before rs_merkle sees it; and the
//! number of leaves is bound into the page root by [`crate::layout`].

use rs_merkle::{Hasher, MerkleProof, MerkleTree};
use thiserror::Error;

use crate::hash::sha256;

/// A leaf or a node.
pub(crate) type Node = [u8; 32];

/// Leaves of the largest tree.
pub(crate) const LEAVES_MAX: usize = 65_536;
/// Leaves of the largest proof that leaves something out: rs_merkle compares each with each. A
/// proof of all leaves has no such limit, because it carries no hashes.
pub(crate) const PROVEN_MAX: usize = 4_096;

const NODE_TAG: &[u8] = b"veritrail/layout/1/node\n";

/// Why a proof does not lead to a root.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MerkleError {
    /// The tree has no leaves or too many.
    #[error("a tree has 1 to {LEAVES_MAX} leaves, not {0}")]
    Leaves(usize),
    /// Nothing is to be proven, or more than one proof may carry.
    #[error("a proof covers 1 to {PROVEN_MAX} leaves or all of them, not {proven} of {leaves}")]
    Proven {
        /// Leaves to be proven.
        proven: usize,
        /// Leaves of the tree.
        leaves: usize,
    },
    /// Positions are unsorted, repeated, or beyond the tree.
    #[error("the positions are not strictly ascending within the tree")]
    Positions,
    /// Another number of leaves than of positions.
    #[error("{leaves} leaves are given for {positions} positions")]
    LeafCount {
        /// Leaves given.
        leaves: usize,
        /// Positions given.
        positions: usize,
    },
    /// Hashes are missing or surplus.
    #[error("the proof has {found} hashes, it must have {expected}")]
    HashCount {
        /// Hashes that this tree and these positions need.
        expected: usize,
        /// Hashes given.
        found: usize,
    },
    /// rs_merkle found no root.
    #[error("the hashes do not form a tree")]
    Tree,
}

/// The root over all leaves. Cost: linear.
pub(crate) fn root(leaves: &[Node]) -> Result<Node, MerkleError> {
    check_size(leaves.len())?;
    MerkleTree::<TaggedSha256>::from_leaves(leaves).root().ok_or(MerkleError::Tree)
}

/// The hashes which, with the leaves at `positions`, lead to the root. Builds the tree: linear in
/// `leaves`.
pub(crate) fn prove(leaves: &[Node], positions: &[usize]) -> Result<Vec<Node>, MerkleError> {
    check_size(leaves.len())?;
    check_positions(leaves.len(), positions)?;
    if positions.len() == leaves.len() {
        return Ok(Vec::new());
    }
    let tree = MerkleTree::<TaggedSha256>::from_leaves(leaves);
    Ok(tree.proof(positions).proof_hashes().to_vec())
}

/// The root that a tree of `count` leaves has, if `leaves` stand at `positions` and `hashes` are
/// the rest. The caller compares it with a root that binds `count`.
pub(crate) fn root_of_proof(
    count: usize,
    positions: &[usize],
    leaves: &[Node],
    hashes: &[Node],
) -> Result<Node, MerkleError> {
    check_size(count)?;
    check_positions(count, positions)?;
    if leaves.len() != positions.len() {
        return Err(MerkleError::LeafCount { leaves: leaves.len(), positions: positions.len() });
    }
    let expected = hashes_needed(count, positions);
    if hashes.len() != expected {
        return Err(MerkleError::HashCount { expected, found: hashes.len() });
    }
    if leaves.len() == count {
        return root(leaves);
    }
    MerkleProof::<TaggedSha256>::new(hashes.to_vec())
        .root(positions, leaves, count)
        .map_err(|_| MerkleError::Tree)
}

/// Refuses a proof of `shown` neighbours from `first` on, in a tree of `count` leaves, whose
/// sizes alone are wrong: before anything is hashed or copied.
pub(crate) fn check_shape(
    count: usize,
    first: usize,
    shown: usize,
    hashes: usize,
) -> Result<(), MerkleError> {
    check_size(count)?;
    check_count(count, shown)?;
    if first.checked_add(shown).is_none_or(|end| end > count) {
        return Err(MerkleError::Positions);
    }
    // On each of at most 16 levels, neighbours lack one sibling at either end.
    let most = 2 * LEAVES_MAX.trailing_zeros() as usize;
    if hashes > most {
        return Err(MerkleError::HashCount { expected: most, found: hashes });
    }
    Ok(())
}

fn check_size(count: usize) -> Result<(), MerkleError> {
    if (1..=LEAVES_MAX).contains(&count) { Ok(()) } else { Err(MerkleError::Leaves(count)) }
}

fn check_count(count: usize, proven: usize) -> Result<(), MerkleError> {
    if proven == 0 || (proven > PROVEN_MAX && proven != count) {
        return Err(MerkleError::Proven { proven, leaves: count });
    }
    Ok(())
}

fn check_positions(count: usize, positions: &[usize]) -> Result<(), MerkleError> {
    check_count(count, positions.len())?;
    let ascending = positions.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || positions.last().is_some_and(|last| *last >= count) {
        return Err(MerkleError::Positions);
    }
    Ok(())
}

/// How many siblings lie outside the set, level by level up to a level of one node.
fn hashes_needed(count: usize, positions: &[usize]) -> usize {
    let (mut width, mut level, mut needed) = (count, positions.to_vec(), 0);
    while width > 1 {
        let mut parents: Vec<usize> = Vec::with_capacity(level.len());
        let mut at = 0;
        while let Some(position) = level.get(at) {
            let sibling = position ^ 1;
            if level.get(at + 1) == Some(&sibling) {
                at += 1;
            } else if sibling < width {
                needed += 1;
            }
            parents.push(position / 2);
            at += 1;
        }
        level = parents;
        width = width.div_ceil(2);
    }
    needed
}

/// SHA-256 with a tag before the children. A lone child is hashed too, so that no node of one
/// level passes for one of another.
#[derive(Clone)]
struct TaggedSha256;

impl Hasher for TaggedSha256 {
    type Hash = Node;

    fn hash(data: &[u8]) -> Node {
        sha256(&[NODE_TAG, data])
    }

    fn concat_and_hash(left: &Node, right: Option<&Node>) -> Node {
        match right {
            Some(right) => sha256(&[NODE_TAG, left, right]),
            None => sha256(&[NODE_TAG, left]),
        }
    }
}
