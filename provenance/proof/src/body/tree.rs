//! The tree over published columns: a column's commitments can be checked without the others.
//!
//! Leaves and nodes are BLAKE3 under two contexts of its key derivation, the shape is that of RFC
//! 6962: the left side of a node is the largest power of two below its number of leaves.

use crate::columns::Role;

const LEAF_CONTEXT: &str = "veritrail zkstat/v1 column leaf";
const NODE_CONTEXT: &str = "veritrail zkstat/v1 column node";

/// The hash over all published columns of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnRoot([u8; 32]);

/// The hash of one column's commitments, or of several columns together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnNode([u8; 32]);

impl ColumnRoot {
    /// Takes the bytes as they stand.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The root over these leaves, in the order of [`crate::schema::Schema::published`].
    pub fn over(leaves: &[ColumnNode]) -> Self {
        Self(over(leaves).0)
    }

    /// True where the leaf stands at `at` under this root over `count` leaves. The count is the
    /// schema's, which is in the body beside the root: the tree alone does not show it.
    pub fn includes(&self, leaf: ColumnNode, at: usize, count: usize, path: &[ColumnNode]) -> bool {
        at < count && climb(leaf, at, count, path).is_some_and(|root| root.0 == self.0)
    }
}

impl ColumnNode {
    /// Takes the bytes as they stand.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The leaf of a column's commitments.
    pub fn leaf(column: u16, role: Role, commitments: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(LEAF_CONTEXT);
        hasher.update(&column.to_le_bytes());
        hasher.update(&role.to_bytes());
        hasher.update(commitments);
        Self(*hasher.finalize().as_bytes())
    }

    fn node(left: Self, right: Self) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(NODE_CONTEXT);
        hasher.update(&left.0);
        hasher.update(&right.0);
        Self(*hasher.finalize().as_bytes())
    }
}

/// What shows that leaf `at` is under the root, from the leaf upwards.
pub fn path(leaves: &[ColumnNode], at: usize) -> Vec<ColumnNode> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, sibling) = match at < left.len() {
        true => (self::path(left, at), over(right)),
        false => (self::path(right, at - left.len()), over(left)),
    };
    path.push(sibling);
    path
}

fn over(leaves: &[ColumnNode]) -> ColumnNode {
    match leaves {
        // No version without columns is ever made or read.
        [] => ColumnNode([0; 32]),
        [leaf] => *leaf,
        more => {
            let (left, right) = more.split_at(split(more.len()));
            ColumnNode::node(over(left), over(right))
        }
    }
}

fn climb(leaf: ColumnNode, at: usize, count: usize, path: &[ColumnNode]) -> Option<ColumnNode> {
    if count == 1 {
        return path.is_empty().then_some(leaf);
    }
    let (sibling, below) = path.split_last()?;
    let left = split(count);
    Some(match at < left {
        true => ColumnNode::node(climb(leaf, at, left, below)?, *sibling),
        false => ColumnNode::node(*sibling, climb(leaf, at - left, count - left, below)?),
    })
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}
