//! What a stored blob's file says of its length, and checking a range of it by its outboard.

use std::ops::Range;

use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root,
};
use veritrail_provenance::hash::ChunkId;

use crate::blob::{GROUP_LEN, group::PAIR_LEN, outboard_len};

/// The length of a blob that, followed by its outboard, takes `stored` bytes; None if no blob
/// does. The inverse of `len + outboard_len(len)`, which grows with `len`.
pub(super) fn blob_len(stored: u64) -> Option<u64> {
    let groups = stored.checked_add(PAIR_LEN)?.div_ceil(GROUP_LEN + PAIR_LEN);
    let len = stored.checked_sub((groups - 1) * PAIR_LEN)?;
    (outboard_len(len) == stored - len).then_some(len)
}

/// `range` grown to whole groups of a blob of `len` bytes. An empty range takes the group it
/// stands in, so that even it is checked.
pub(super) fn whole_groups(range: &Range<u64>, len: u64) -> Range<u64> {
    let last_group = len.saturating_sub(1) / GROUP_LEN * GROUP_LEN;
    let start = (range.start / GROUP_LEN * GROUP_LEN).min(last_group);
    let end = range.end.max(start + 1).div_ceil(GROUP_LEN) * GROUP_LEN;
    start..end.min(len)
}

/// Bytes of a blob, and what is needed to check them.
pub(super) struct Window<'a> {
    /// The blob's length.
    pub(super) len: u64,
    /// All of its outboard.
    pub(super) outboard: &'a [u8],
    /// What the bytes are: whole groups.
    pub(super) range: Range<u64>,
    pub(super) bytes: &'a [u8],
}

/// Checks the bytes against the hash of the whole blob. The error is the offset of the first
/// group, or of the first subtree, that does not hold.
pub(super) fn verify(id: &ChunkId, window: &Window<'_>) -> Result<(), u64> {
    let whole = window.outboard.len() as u64 == outboard_len(window.len)
        && window.bytes.len() as u64 == window.range.end - window.range.start;
    if !whole {
        return Err(0);
    }
    verify_subtree(window, 0..window.len, 0, Expected::Root(id.as_bytes()))
}

#[derive(Clone, Copy)]
enum Expected<'a> {
    Root(&'a [u8; 32]),
    Inner(&'a ChainingValue),
}

/// `pair` is the subtree's first hash pair, counted in pre-order. Recursion is as deep as the
/// tree: 12 for 64 MiB.
fn verify_subtree(
    window: &Window<'_>,
    subtree: Range<u64>,
    pair: u64,
    expected: Expected<'_>,
) -> Result<(), u64> {
    let len = subtree.end - subtree.start;
    let apart = subtree.end <= window.range.start || subtree.start >= window.range.end;
    if apart && len > 0 {
        return Ok(());
    }
    if len <= GROUP_LEN {
        return verify_group(window, subtree, expected);
    }
    let (left, right) = hash_pair(window.outboard, pair).ok_or(subtree.start)?;
    let holds = match expected {
        Expected::Root(hash) => merge_subtrees_root(left, right, Mode::Hash).as_bytes() == hash,
        Expected::Inner(value) => merge_subtrees_non_root(left, right, Mode::Hash) == *value,
    };
    if !holds {
        return Err(subtree.start);
    }
    let middle = subtree.start + left_subtree_len(len);
    let left_pairs = outboard_len(middle - subtree.start) / PAIR_LEN;
    verify_subtree(window, subtree.start..middle, pair + 1, Expected::Inner(left))?;
    verify_subtree(window, middle..subtree.end, pair + 1 + left_pairs, Expected::Inner(right))
}

fn verify_group(window: &Window<'_>, group: Range<u64>, expected: Expected<'_>) -> Result<(), u64> {
    let at = |offset: u64| usize::try_from(offset.checked_sub(window.range.start)?).ok();
    let bytes = at(group.start)
        .zip(at(group.end))
        .and_then(|(from, to)| window.bytes.get(from..to))
        .ok_or(group.start)?;
    let holds = match expected {
        Expected::Root(hash) => blake3::hash(bytes).as_bytes() == hash,
        Expected::Inner(value) => {
            let mut hasher = blake3::Hasher::new();
            hasher.set_input_offset(group.start).update(bytes);
            hasher.finalize_non_root() == *value
        }
    };
    if holds { Ok(()) } else { Err(group.start) }
}

fn hash_pair(outboard: &[u8], pair: u64) -> Option<(&ChainingValue, &ChainingValue)> {
    let start = usize::try_from(pair.checked_mul(PAIR_LEN)?).ok()?;
    let (left, rest) = outboard.get(start..)?.split_first_chunk()?;
    Some((left, rest.first_chunk()?))
}
