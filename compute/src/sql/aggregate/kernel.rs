//! What an aggregate is, apart from how DataFusion calls it.

use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::common::{DataFusionError, Result};

/// One aggregate over columns of given types.
///
/// States must merge associatively and commutatively, with the same result as adding all rows to
/// one state: that is what makes a result independent of partitions and order.
pub(super) trait Kernel: Debug + Send + Sync + 'static {
    /// What is kept for one group.
    type State: Clone + Debug + Send + Sync;

    /// The state of no rows.
    fn empty(&self) -> Self::State;

    /// Adds the selected rows; a row counts where no column is null. Returns how many heap bytes
    /// the states grew by.
    fn add(
        &self,
        columns: &[ArrayRef],
        rows: &Rows<'_>,
        states: &mut [Self::State],
    ) -> Result<usize>;

    /// Takes out the selected rows, which were added before: what remains is as if they had never
    /// been added. Only called where [`Self::retracts`].
    fn retract(
        &self,
        _columns: &[ArrayRef],
        _rows: &Rows<'_>,
        _states: &mut [Self::State],
    ) -> Result<()> {
        Err(DataFusionError::Internal("a kernel that cannot take rows out was asked to".to_owned()))
    }

    /// Whether [`Self::retract`] works, as windows with a moving start need.
    fn retracts(&self) -> bool {
        false
    }

    /// Adds an encoded state; returns how many heap bytes the state grew by.
    fn merge(&self, state: &mut Self::State, encoded: &[u8]) -> Result<usize>;

    /// The encoding that [`Self::merge`] reads.
    fn encode(&self, state: &Self::State) -> Result<Vec<u8>>;

    /// One value per state.
    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef>;

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
    /// All rows, into one group.
    pub(super) const ALL: Self = Self { groups: None, filter: None };

    /// The (row, group) pairs to add: rows that pass the filter and have no null.
    pub(super) fn of(&self, columns: &[ArrayRef]) -> impl Iterator<Item = (usize, usize)> {
        let length = columns.first().map_or(0, |column| column.len());
        let selected = self.selected(columns);
        (0..length).filter_map(move |row| {
            let counts = selected.as_ref().is_none_or(|selected| selected.value(row));
            counts.then(|| (row, self.group(row)))
        })
    }

    /// The group of a row.
    #[inline(always)]
    pub(super) fn group(&self, row: usize) -> usize {
        self.groups.map_or(0, |groups| groups[row])
    }

    /// The rows to add, as a bit each; `None` where that is every row.
    pub(super) fn selected(&self, columns: &[ArrayRef]) -> Option<BooleanBuffer> {
        let nulls = columns.iter().fold(None, |nulls: Option<NullBuffer>, column| {
            NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref())
        });
        let valid = nulls.filter(|nulls| nulls.null_count() > 0).map(|nulls| nulls.into_inner());
        let passes = self.filter.map(|filter| match filter.nulls() {
            Some(nulls) => filter.values() & nulls.inner(),
            None => filter.values().clone(),
        });
        match (valid, passes) {
            (Some(valid), Some(passes)) => Some(&valid & &passes),
            (valid, passes) => valid.or(passes),
        }
    }
}
