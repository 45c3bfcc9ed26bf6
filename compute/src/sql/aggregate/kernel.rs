//! What an aggregate is, apart from how DataFusion calls it.

use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::NullBuffer;
use datafusion::common::Result;

/// One aggregate over one input type.
///
/// States must merge associatively and commutatively, with the same result as adding all rows to
/// one state: that is what makes a result independent of partitions and order.
pub(super) trait Kernel: Debug + Send + Sync + 'static {
    /// What is kept for one group.
    type State: Clone + Debug + Send + Sync;

    /// The state of no rows.
    fn empty(&self) -> Self::State;

    /// Adds the selected rows of a column; returns how many heap bytes the states grew by.
    fn add(&self, column: &ArrayRef, rows: &Rows<'_>, states: &mut [Self::State]) -> Result<usize>;

    /// Adds an encoded state; returns how many heap bytes the state grew by.
    fn merge(&self, state: &mut Self::State, encoded: &[u8]) -> Result<usize>;

    /// The encoding that [`Self::merge`] reads.
    fn encode(&self, state: &Self::State) -> Result<Vec<u8>>;

    /// One value per state.
    fn finish(&self, states: Vec<Self::State>) -> Result<ArrayRef>;

    /// Bytes that a state holds beyond its own size.
    fn heap_size(&self, state: &Self::State) -> usize;
}

/// Which rows of a batch are added, and to which group each.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    /// The group of each row; `None` where there is one group.
    pub(super) groups: Option<&'a [usize]>,
    /// Rows that are not true here are left out.
    pub(super) filter: Option<&'a BooleanArray>,
}

impl Rows<'_> {
    /// The (row, group) pairs to add: rows that pass the filter and are not null.
    pub(super) fn of(
        &self,
        length: usize,
        nulls: Option<&NullBuffer>,
    ) -> impl Iterator<Item = (usize, usize)> {
        (0..length).filter_map(move |row| {
            let passes = self.filter.is_none_or(|f| f.is_valid(row) && f.value(row));
            let valid = nulls.is_none_or(|nulls| nulls.is_valid(row));
            (passes && valid).then(|| (row, self.groups.map_or(0, |groups| groups[row])))
        })
    }
}
