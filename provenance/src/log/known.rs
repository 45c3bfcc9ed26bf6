//! What proofs reveal of a tree whose tiles one does not have: enough to bring an old inclusion
//! proof up to a newer checkpoint.
//!
//! Whoever keeps evidence of a foreign log holds entries that were proven at different sizes. An
//! inclusion proof at the old size and the proof that the new head extends it together hold every
//! hash that the inclusion proof at the new size needs; nobody has to be asked again.

use std::collections::BTreeMap;

use crate::hash::LogHash;
use crate::log::proof::{ProofError, verify_consistency, verify_inclusion};
use crate::log::tree::node_hash;

/// Hashes over ranges of a log's entries, each learnt from a proof that was verified.
///
/// A range stands for RFC 6962's MTH(D\[begin:end\]), which depends on these entries alone: so what
/// was learnt at one size holds at every other.
#[derive(Debug, Clone, Default)]
pub struct KnownRanges {
    hashes: BTreeMap<(u64, u64), LogHash>,
}

impl KnownRanges {
    /// Nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns from the proof that an entry stands in a log.
    ///
    /// # Errors
    /// The proof does not verify; then nothing is learnt.
    pub fn learn_inclusion(
        &mut self,
        index: u64,
        size: u64,
        leaf: &LogHash,
        proof: &[LogHash],
        root: &LogHash,
    ) -> Result<(), ProofError> {
        verify_inclusion(index, size, leaf, proof, root)?;
        self.hashes.insert((0, size), *root);
        self.hashes.insert((index, index + 1), *leaf);
        self.learn(inclusion_ranges(index, size), proof);
        Ok(())
    }

    /// Learns from the proof that one head extends another.
    ///
    /// # Errors
    /// The proof does not verify; then nothing is learnt.
    pub fn learn_consistency(
        &mut self,
        old: u64,
        new: u64,
        old_root: &LogHash,
        new_root: &LogHash,
        proof: &[LogHash],
    ) -> Result<(), ProofError> {
        verify_consistency(old, new, old_root, new_root, proof)?;
        self.hashes.insert((0, old), *old_root);
        self.hashes.insert((0, new), *new_root);
        if old < new {
            self.learn(consistency_ranges(old, new), proof);
        }
        Ok(())
    }

    /// The inclusion proof of an entry at a size, if all of it follows from what is known.
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<LogHash>> {
        if index >= size {
            return None;
        }
        inclusion_ranges(index, size).into_iter().map(|(b, e)| self.hash(b, e)).collect()
    }

    /// The consistency proof between two sizes, if all of it follows from what is known.
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<LogHash>> {
        match (old, old.cmp(&new)) {
            (0, _) | (_, std::cmp::Ordering::Greater) => None,
            (_, std::cmp::Ordering::Equal) => Some(Vec::new()),
            _ => consistency_ranges(old, new).into_iter().map(|(b, e)| self.hash(b, e)).collect(),
        }
    }

    fn learn(&mut self, ranges: Vec<(u64, u64)>, proof: &[LogHash]) {
        self.hashes.extend(ranges.into_iter().zip(proof.iter().copied()));
    }

    /// Known as such, or made of its halves. Depth: 62 levels at most.
    fn hash(&self, begin: u64, end: u64) -> Option<LogHash> {
        if let Some(hash) = self.hashes.get(&(begin, end)) {
            return Some(*hash);
        }
        // Without anything known inside there is nothing to join.
        let inside =
            self.hashes.range((begin, 0)..(end, 0)).any(|((b, e), _)| *b >= begin && *e <= end);
        if end - begin < 2 || !inside {
            return None;
        }
        let split = begin + split_of(end - begin);
        Some(node_hash(&self.hash(begin, split)?, &self.hash(split, end)?))
    }
}

/// The ranges whose hashes are an inclusion proof, in its order (RFC 6962 section 2.1.1).
fn inclusion_ranges(index: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut begin, mut end) = (0, size);
    let mut ranges = Vec::new();
    while end - begin > 1 {
        let split = begin + split_of(end - begin);
        if index < split {
            ranges.push((split, end));
            end = split;
        } else {
            ranges.push((begin, split));
            begin = split;
        }
    }
    ranges.reverse();
    ranges
}

/// The ranges whose hashes are a consistency proof, in its order (RFC 6962 section 2.1.2).
fn consistency_ranges(old: u64, new: u64) -> Vec<(u64, u64)> {
    let (mut begin, mut end) = (0, new);
    let mut ranges = Vec::new();
    while end > old {
        let split = begin + split_of(end - begin);
        if old <= split {
            ranges.push((split, end));
            end = split;
        } else {
            ranges.push((begin, split));
            begin = split;
        }
    }
    if begin > 0 {
        ranges.push((begin, end));
    }
    ranges.reverse();
    ranges
}

/// The largest power of two below `count`, which is at least 2.
fn split_of(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}
