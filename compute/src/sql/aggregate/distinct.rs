//! `DISTINCT` inside an aggregate: what is different in a group is kept, and fed to the aggregate
//! once.
//!
//! The values travel whole between the phases, so `sum(x), count(DISTINCT y)` is one plan over the
//! rows themselves and never a sum of rounded sums. One table serves all groups (`seen`); a value
//! is a whole number where it has a fixed width (`packed`), else order-preserving bytes (`rows`).
//! `groups` and `single` drive it, `travel` is what a group's values are between the phases.

mod groups;
mod packed;
mod rows;
mod seen;
mod single;
mod travel;

use std::fmt::Debug;
use std::ops::Range;

use arrow::array::ArrayRef;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Accumulator;

use super::definition::Call;
use super::driver::{Driver, GroupStates};
use super::moving::Moving;
use super::packed::{Packed, Zeros};
use groups::DistinctGroups;
use rows::Encoded;
use seen::Keys;
use single::DistinctSingle;

/// Entries that are handed on together.
const CHUNK: usize = 8_192;

/// Feeds each different row to an aggregate once.
#[derive(Debug)]
pub(super) struct Distinct<V> {
    values: V,
    /// What is fed; none where the different rows are only counted.
    inner: Option<Box<dyn Driver>>,
}

/// Makes drivers for calls that may say DISTINCT.
impl Distinct<()> {
    /// The driver as it is, unless DISTINCT was written.
    pub(super) fn unless_all(
        call: &Call<'_>,
        inner: impl Driver + 'static,
    ) -> Result<Box<dyn Driver>> {
        let inner: Box<dyn Driver> = Box::new(inner);
        if call.distinct { Self::over(&call.kinds, Some(inner)) } else { Ok(inner) }
    }

    /// Counts different rows of some types.
    pub(super) fn counted(kinds: &[DataType]) -> Result<Box<dyn Driver>> {
        Self::over(kinds, None)
    }

    fn over(kinds: &[DataType], inner: Option<Box<dyn Driver>>) -> Result<Box<dyn Driver>> {
        if let Some(values) = Packed::<u64>::new(kinds, Zeros::One) {
            return Ok(Box::new(Distinct { values, inner }));
        }
        if let Some(values) = Packed::<u128>::new(kinds, Zeros::One) {
            return Ok(Box::new(Distinct { values, inner }));
        }
        Ok(Box::new(Distinct { values: Encoded::new(kinds)?, inner }))
    }
}

impl<V: Values> Driver for Distinct<V> {
    fn one(self: Box<Self>) -> Box<dyn Accumulator> {
        let Self { values, inner } = *self;
        Box::new(DistinctSingle::new(values, inner.map(Driver::one)))
    }

    fn moving(self: Box<Self>) -> Box<dyn Accumulator> {
        let Self { values, inner } = *self;
        Box::new(Moving::new(DistinctGroups::new(values, inner.map(Driver::many))))
    }

    fn many(self: Box<Self>) -> Box<dyn GroupStates> {
        let Self { values, inner } = *self;
        Box::new(DistinctGroups::new(values, inner.map(Driver::many)))
    }
}

/// How rows are told apart: each is a key, and equal rows have equal keys. All NaNs are one value,
/// and so are both zeros.
trait Values: Debug + Send + Sync + 'static {
    /// A column of keys.
    type Keys: Keys;

    /// Calls `take` with the selected rows and their keys.
    fn each(
        &self,
        columns: &[ArrayRef],
        selected: Option<&BooleanBuffer>,
        take: impl FnMut(usize, &<Self::Keys as Keys>::Key) -> Result<()>,
    ) -> Result<()>;

    /// The rows that some keys stand for.
    fn columns(&self, keys: &Self::Keys, range: Range<usize>) -> Result<Vec<ArrayRef>>;

    /// No rows.
    fn no_columns(&self) -> Result<Vec<ArrayRef>> {
        self.columns(&Self::Keys::default(), 0..0)
    }

    /// Appends a key's bytes, which order as keys do.
    fn write(&self, key: &<Self::Keys as Keys>::Key, bytes: &mut Vec<u8>);

    /// Calls `take` with the key that some bytes are; `None` where they are none.
    fn read<R>(
        &self,
        bytes: &[u8],
        take: impl FnOnce(&<Self::Keys as Keys>::Key) -> R,
    ) -> Option<R>;
}
