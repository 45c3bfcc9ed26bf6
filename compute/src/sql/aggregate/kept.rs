//! The one row that a group keeps: the least or the greatest by order-preserving bytes. `min` and
//! `max` keep a value, `first_value` and `last_value` a row in its order.

use datafusion::common::{DataFusionError, Result};

/// Which end of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    Least,
    Greatest,
}

/// The bytes of the row kept, if there was one.
pub(super) type Kept = Option<Box<[u8]>>;

impl End {
    /// Keeps the better of the two; returns the heap bytes grown, never less than none.
    pub(super) fn keep(self, state: &mut Kept, row: &[u8]) -> usize {
        let better = state.as_deref().is_none_or(|kept| match self {
            Self::Least => row < kept,
            Self::Greatest => row > kept,
        });
        if !better {
            return 0;
        }
        let before = heap_size(state);
        *state = Some(row.into());
        row.len().saturating_sub(before)
    }

    /// Keeps the better of a state and what [`encode`] made of another.
    pub(super) fn merge(self, state: &mut Kept, encoded: &[u8]) -> Result<usize> {
        Ok(decode(encoded)?.map_or(0, |row| self.keep(state, row)))
    }
}

/// The row that [`encode`] was given, if there was one.
pub(super) fn decode(encoded: &[u8]) -> Result<Option<&[u8]>> {
    match encoded.split_first() {
        Some((1, row)) => Ok(Some(row)),
        Some((0, [])) => Ok(None),
        _ => Err(odd()),
    }
}

pub(super) fn odd() -> DataFusionError {
    DataFusionError::Internal("the state of a kept row is odd".to_owned())
}

/// A 1 and the row, or a 0.
pub(super) fn encode(state: &Kept) -> Vec<u8> {
    match state {
        Some(row) => [&[1], row.as_ref()].concat(),
        None => vec![0],
    }
}

/// Bytes held beyond the state itself.
pub(super) fn heap_size(state: &Kept) -> usize {
    state.as_ref().map_or(0, |row| row.len())
}
