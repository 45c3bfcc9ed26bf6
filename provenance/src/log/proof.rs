//! Proofs about a log: that an entry is in it, and that one head extends another.
//!
//! Made by the recursion of RFC 6962 section 2.1, verified by the algorithms of RFC 9162 sections
//! 2.1.3.2 and 2.1.4.2, which take every size from the verifier and none from the proof.

use crate::hash::LogHash;
use crate::log::tree::{ENTRIES_MAX, join_frontier, node_hash};

pub use self::reader::{HashReader, TileHashes, TileReadError};
pub use self::text::{TlogProof, TlogProofError};

mod reader;
mod text;

/// Hashes that a proof can have at most: an inclusion proof one per level, a consistency proof one
/// more.
pub const PROOF_LENGTH_MAX: usize = 63;

/// Why no proof can be made of what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The log has no such entry.
    #[error("a log of {size} entries has no entry {index}")]
    NoSuchEntry {
        /// The entry asked for.
        index: u64,
        /// Entries of the log.
        size: u64,
    },
    /// A log does not extend itself backwards, and everything extends the empty log.
    #[error("no proof leads from size {old} to size {new}")]
    NoSuchSizes {
        /// The smaller size.
        old: u64,
        /// The larger size.
        new: u64,
    },
    /// A hash of the tree could not be read.
    #[error("a hash of the tree could not be read")]
    Read(#[source] E),
}

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The entry lies behind the end of the log.
    #[error("a log of {size} entries has no entry {index}")]
    NoSuchEntry {
        /// The entry claimed.
        index: u64,
        /// Entries of the log.
        size: u64,
    },
    /// From the empty log, or backwards: such a proof would say nothing.
    #[error("no proof leads from size {old} to size {new}")]
    NoSuchSizes {
        /// The smaller size.
        old: u64,
        /// The larger size.
        new: u64,
    },
    /// Hashes are missing or surplus: the proof was cut or belongs to other sizes.
    #[error("the proof has {0} hashes, which these sizes do not allow")]
    Length(usize),
    /// The entry or the proof was altered, or belongs to another log.
    #[error("the proof leads to another root than the log's")]
    Root,
    /// The proof does not start from the old root: altered, or the log was rewritten.
    #[error("the proof does not start from the older root")]
    OldRoot,
    /// Same size, other root: two heads of which at most one is the log's.
    #[error("two heads of the same size have different roots")]
    Forked,
}

/// The inclusion proof of entry `index` in the log of `size` entries, from the leaf upwards.
/// Reads about log²(size) / 2 hashes.
///
/// # Errors
/// When there is no such entry, or a hash cannot be read.
pub fn inclusion<R: HashReader>(
    reader: &mut R,
    index: u64,
    size: u64,
) -> Result<Vec<LogHash>, ProveError<R::Error>> {
    if index >= size || size > ENTRIES_MAX {
        return Err(ProveError::NoSuchEntry { index, size });
    }
    let (mut begin, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - begin > 1 {
        let split = begin + largest_power_below(end - begin);
        if index < split {
            proof.push(range_hash(reader, split, end)?);
            end = split;
        } else {
            proof.push(range_hash(reader, begin, split)?);
            begin = split;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the log of `new` entries starts with that of `old` entries.
///
/// # Errors
/// When `old` is 0 or above `new`, or a hash cannot be read.
pub fn consistency<R: HashReader>(
    reader: &mut R,
    old: u64,
    new: u64,
) -> Result<Vec<LogHash>, ProveError<R::Error>> {
    if old == 0 || old > new || new > ENTRIES_MAX {
        return Err(ProveError::NoSuchSizes { old, new });
    }
    let (mut begin, mut end) = (0, new);
    let mut proof = Vec::new();
    while end > old {
        let split = begin + largest_power_below(end - begin);
        if old <= split {
            proof.push(range_hash(reader, split, end)?);
            end = split;
        } else {
            proof.push(range_hash(reader, begin, split)?);
            begin = split;
        }
    }
    // What remains is the old tree's last perfect subtree; it is the whole old tree, which the
    // verifier knows, only where nothing was split off to its left.
    if begin > 0 {
        proof.push(range_hash(reader, begin, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The root of the log of `size` entries.
///
/// # Errors
/// When a hash cannot be read.
pub fn root<R: HashReader>(reader: &mut R, size: u64) -> Result<LogHash, ProveError<R::Error>> {
    if size > ENTRIES_MAX {
        return Err(ProveError::NoSuchSizes { old: 0, new: size });
    }
    range_hash(reader, 0, size)
}

/// Checks that the entry with hash `leaf` stands at `index` in the log of `size` entries that has
/// the root `root`.
///
/// # Errors
/// When it does not follow from the proof; the variant says what is wrong.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: &LogHash,
    proof: &[LogHash],
    root: &LogHash,
) -> Result<(), ProofError> {
    if index >= size || size > ENTRIES_MAX {
        return Err(ProofError::NoSuchEntry { index, size });
    }
    let length = ProofError::Length(proof.len());
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            (node, last) = skip_to_right_child(node, last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        Err(length)
    } else if hash == *root {
        Ok(())
    } else {
        Err(ProofError::Root)
    }
}

/// Checks that the log of `new` entries with root `new_root` starts with the log of `old` entries
/// that has the root `old_root`.
///
/// # Errors
/// When it does not follow from the proof. [`ProofError::Forked`] alone proves that one of the
/// heads is false; any other error may also mean that the proof is worthless.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &LogHash,
    new_root: &LogHash,
    proof: &[LogHash],
) -> Result<(), ProofError> {
    if old == 0 || old > new || new > ENTRIES_MAX {
        return Err(ProofError::NoSuchSizes { old, new });
    }
    let length = ProofError::Length(proof.len());
    if old == new {
        return match (proof.is_empty(), old_root == new_root) {
            (false, _) => Err(length),
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::Forked),
        };
    }
    let (mut node, mut last) = (old - 1, new - 1);
    let shift = node.trailing_ones();
    (node, last) = (node >> shift, last >> shift);
    // A perfect old tree is its own starting point and does not stand in the proof.
    let (start, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(length)?;
        (*first, rest)
    };
    let (mut from_old, mut from_new) = (start, start);
    for sibling in rest {
        if last == 0 {
            return Err(length);
        }
        if node & 1 == 1 || node == last {
            from_old = node_hash(sibling, &from_old);
            from_new = node_hash(sibling, &from_new);
            (node, last) = skip_to_right_child(node, last);
        } else {
            from_new = node_hash(&from_new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        Err(length)
    } else if from_new != *new_root {
        Err(ProofError::Root)
    } else if from_old != *old_root {
        Err(ProofError::OldRoot)
    } else {
        Ok(())
    }
}

/// On the right border, levels at which the node has no sibling are passed over.
fn skip_to_right_child(mut node: u64, mut last: u64) -> (u64, u64) {
    while node & 1 == 0 && node != 0 {
        node >>= 1;
        last >>= 1;
    }
    (node, last)
}

/// The largest power of two below `count`, which is at least 2.
fn largest_power_below(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}

/// The hash over entries `begin..end`, where `begin` is a multiple of the range's largest subtree.
fn range_hash<R: HashReader>(
    reader: &mut R,
    begin: u64,
    end: u64,
) -> Result<LogHash, ProveError<R::Error>> {
    let mut nodes = Vec::new();
    let mut start = begin;
    while start < end {
        let level = 63 - (end - start).leading_zeros();
        nodes.push(reader.hash(level as u8, start >> level).map_err(ProveError::Read)?);
        start += 1 << level;
    }
    Ok(join_frontier(&nodes))
}
