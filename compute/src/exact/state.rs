//! One byte encoding per state: what partial and final aggregation, and later nodes, exchange.
//!
//! The layout is written down in docs/formats/exact-state.md. Decoding refuses every byte string
//! that encoding would not have made, so equal states have equal bytes and a digest of a state
//! is a digest of its value.

use super::codec::{Reader, Writer, range_bits, words_max};
use super::integer::Integer;
use super::moments::Moments;
use super::powers::Powers;
use super::products::Products;
use super::sum::Sum;
use super::wide::Wide;

/// The version that every `encode` here writes.
pub const STATE_VERSION: u8 = 1;

/// The orders: what sums a state holds.
const SUM: u8 = 1;
const MOMENTS: u8 = 2;
const POWERS: u8 = 4;
const PRODUCTS: u8 = 16;

/// Why a state was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Written by a newer or a different program.
    #[error("an exact state of version {0}, but only version {STATE_VERSION} is known")]
    Version(u8),
    /// A state of another order than was expected.
    #[error("an exact state of order {found} where order {expected} was expected")]
    Order {
        /// The order that the caller wants.
        expected: u8,
        /// The order that the bytes announce.
        found: u8,
    },
    /// Cut short, or followed by more.
    #[error("an exact state of {0} bytes does not have the length that it announces")]
    Length(usize),
    /// Well-formed, but not the one encoding of its value.
    #[error("an exact state is not in canonical form: {0}")]
    NotCanonical(&'static str),
    /// States of different columns.
    #[error("exact states of different units cannot be merged")]
    Unit,
    /// Counts that pass 2^64.
    #[error("an exact state would count more than 2^64 values")]
    TooMany,
    /// A number was taken out of a state that cannot hold it.
    #[error("a number was taken out of an exact state that it was never added to")]
    Absent,
    /// Sums that no column has.
    #[error("an exact state holds sums that no values have")]
    Impossible,
}

impl Sum {
    /// The one encoding of this state.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(SUM);
        writer.unit(self.unit);
        writer.counts(&self.counts);
        writer.magnitude(&self.total.magnitude());
        writer.bytes
    }

    /// Reads a state back; costs no allocation beyond the given bytes.
    ///
    /// # Errors
    /// When the bytes are not what [`Self::encode`] makes of some state.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader::new(bytes, SUM)?;
        let unit = reader.unit()?;
        let sum = reader.sum(unit)?;
        reader.end()?;
        Ok(sum)
    }
}

impl Moments {
    /// The one encoding of this state.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(MOMENTS);
        writer.unit(self.sum.unit);
        writer.counts(&self.sum.counts);
        writer.magnitude(&self.sum.total.magnitude());
        writer.magnitude(&self.squares.magnitude());
        writer.bytes
    }

    /// Reads a state back; costs no allocation beyond the given bytes.
    ///
    /// # Errors
    /// When the bytes are not what [`Self::encode`] makes of some state.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader::new(bytes, MOMENTS)?;
        let unit = reader.unit()?;
        let sum = reader.sum(unit)?;
        let squares = reader.power(&sum, 2)?;
        reader.end()?;
        let moments = Self { sum, squares };
        moments.refuse_impossible()?;
        Ok(moments)
    }

    /// Refuses sums that no values have: n·Σx² < (Σx)², which for one value must be equal.
    pub(super) fn refuse_impossible(&self) -> Result<(), StateError> {
        let spread = self.spread()?;
        if self.counts().finite == 1 && !spread.is_zero() {
            return Err(StateError::Impossible);
        }
        Ok(())
    }
}

impl Products {
    /// The one encoding of this state.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(PRODUCTS);
        for column in [&self.x, &self.y] {
            writer.unit(column.sum.unit);
        }
        for column in [&self.x, &self.y] {
            writer.counts(&column.sum.counts);
            writer.magnitude(&column.sum.total.magnitude());
            writer.magnitude(&column.squares.magnitude());
        }
        writer.magnitude(&self.cross.magnitude());
        writer.bytes
    }

    /// Reads a state back; costs no allocation beyond the given bytes.
    ///
    /// # Errors
    /// When the bytes are not what [`Self::encode`] makes of some state.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader::new(bytes, PRODUCTS)?;
        let units = [reader.unit()?, reader.unit()?];
        let mut column = |unit| {
            let sum = reader.sum(unit)?;
            let squares = reader.power(&sum, 2)?;
            let moments = Moments { sum, squares };
            moments.refuse_impossible()?;
            Ok(moments)
        };
        let (x, y) = (column(units[0])?, column(units[1])?);
        let cross = reader.magnitude(words_max(range_bits(units[0]) + range_bits(units[1])))?;
        reader.end()?;
        let products = Self::from_parts(x, y, &cross)?;
        products.refuse_impossible()?;
        Ok(products)
    }

    /// Refuses a Σxy that no values have: (Σxy)² > Σx²·Σy² (Cauchy–Schwarz), or any without
    /// values on both sides.
    fn refuse_impossible(&self) -> Result<(), StateError> {
        let cross = Integer::from(&self.cross.magnitude());
        let square = |column: &Moments| Integer::from(&column.squares.magnitude());
        let most = square(&self.x).times(&square(&self.y));
        if most.minus(&cross.times(&cross)).is_negative() {
            return Err(StateError::Impossible);
        }
        Ok(())
    }
}

impl Powers {
    /// The one encoding of this state.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(POWERS);
        writer.unit(self.moments.sum.unit);
        writer.counts(&self.moments.sum.counts);
        writer.magnitude(&self.moments.sum.total.magnitude());
        for power in [&self.moments.squares, &self.cubes, &self.fourths] {
            writer.magnitude(&power.magnitude());
        }
        writer.bytes
    }

    /// Reads a state back; costs no allocation beyond the given bytes.
    ///
    /// # Errors
    /// When the bytes are not what [`Self::encode`] makes of some state.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader::new(bytes, POWERS)?;
        let unit = reader.unit()?;
        let sum = reader.sum(unit)?;
        let squares = reader.power(&sum, 2)?;
        let cubes = reader.power(&sum, 3)?;
        let fourths = reader.power(&sum, 4)?;
        reader.end()?;
        let powers = Self { moments: Moments { sum, squares }, cubes, fourths };
        powers.moments.refuse_impossible()?;
        powers.refuse_impossible()?;
        Ok(powers)
    }

    /// Refuses sums that no values have: n·Σx⁴ < (Σx²)², or Σx²·Σx⁴ < (Σx³)².
    fn refuse_impossible(&self) -> Result<(), StateError> {
        let of = |wide: &Wide| Integer::from(&wide.magnitude());
        let n = Integer::natural(&[self.moments.counts().finite]);
        let (squares, cubes) = (of(&self.moments.squares), of(&self.cubes));
        let fourths = of(&self.fourths);
        let fits = |most: Integer, part: &Integer| !most.minus(&part.times(part)).is_negative();
        if fits(n.times(&fourths), &squares) && fits(squares.times(&fourths), &cubes) {
            Ok(())
        } else {
            Err(StateError::Impossible)
        }
    }
}
