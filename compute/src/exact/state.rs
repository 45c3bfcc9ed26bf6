//! One byte encoding per state: what partial and final aggregation, and later nodes, exchange.
//!
//! The layout is written down in docs/formats/exact-state.md. Decoding refuses every byte string
//! that encoding would not have made, so equal states have equal bytes and a digest of a state
//! is a digest of its value.

use super::moments::Moments;
use super::round::Sign;
use super::sum::{Counts, Sum, Unit};
use super::wide::{Magnitude, Wide};

/// The version that [`Sum::encode`] and [`Moments::encode`] write.
pub const STATE_VERSION: u8 = 1;

/// Why a state was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Written by a newer or a different program.
    #[error("an exact state of version {0}, but only version {STATE_VERSION} is known")]
    Version(u8),
    /// A sum where sum and squares were expected, or the reverse.
    #[error("an exact state with {found} moments where {expected} were expected")]
    Order {
        /// Moments that the caller wants.
        expected: u8,
        /// Moments that the bytes announce.
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
    #[error("an exact state holds sums that no values have: n·Σx² is less than (Σx)²")]
    Impossible,
}

impl Sum {
    /// The one encoding of this state.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = header(1, self.unit, &self.counts);
        write_magnitude(&mut bytes, &self.total.magnitude());
        bytes
    }

    /// Reads a state back; costs no allocation beyond the given bytes.
    ///
    /// # Errors
    /// When the bytes are not what [`Self::encode`] makes of some state.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader { bytes, at: 0 };
        let (unit, counts) = reader.header(1)?;
        let total = reader.magnitude(words_max(unit).0)?;
        reader.end()?;
        refuse_unfounded(&counts, &[&total])?;
        Ok(Self { unit, counts, total: Wide::from(&total) })
    }
}

impl Moments {
    /// The one encoding of this state.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = header(2, self.sum.unit, &self.sum.counts);
        write_magnitude(&mut bytes, &self.sum.total.magnitude());
        write_magnitude(&mut bytes, &self.squares.magnitude());
        bytes
    }

    /// Reads a state back; costs no allocation beyond the given bytes.
    ///
    /// # Errors
    /// When the bytes are not what [`Self::encode`] makes of some state.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = Reader { bytes, at: 0 };
        let (unit, counts) = reader.header(2)?;
        let (sum_max, squares_max) = words_max(unit);
        let total = reader.magnitude(sum_max)?;
        let squares = reader.magnitude(squares_max)?;
        reader.end()?;
        refuse_unfounded(&counts, &[&total, &squares])?;
        if squares.sign == Sign::Negative {
            return Err(StateError::NotCanonical("a negative sum of squares"));
        }
        if squares.is_zero() && !total.is_zero() {
            return Err(StateError::Impossible);
        }
        let sum = Sum { unit, counts, total: Wide::from(&total) };
        Ok(Self { sum, squares: Wide::from(&squares) })
    }
}

/// Words that 2^64 values of a unit can fill, for the sum and for the sum of squares: the range
/// of the values (2,098 and 4,196 bits of `f64`, 256 and 512 of the widest decimal) and 64 more.
fn words_max(unit: Unit) -> (usize, usize) {
    match unit {
        Unit::Float => (34, 67),
        Unit::Integer | Unit::Decimal { .. } => (5, 9),
    }
}

fn refuse_unfounded(counts: &Counts, sums: &[&Magnitude]) -> Result<(), StateError> {
    if counts.finite == 0 && sums.iter().any(|sum| !sum.is_zero()) {
        return Err(StateError::NotCanonical("a sum without values"));
    }
    Ok(())
}

fn header(order: u8, unit: Unit, counts: &Counts) -> Vec<u8> {
    let (tag, scale) = match unit {
        Unit::Float => (0, 0),
        Unit::Integer => (1, 0),
        Unit::Decimal { scale } => (2, scale),
    };
    let mut bytes = vec![STATE_VERSION, order, tag, scale.to_le_bytes()[0]];
    for count in [counts.finite, counts.nan, counts.positive_infinite, counts.negative_infinite] {
        bytes.extend_from_slice(&count.to_le_bytes());
    }
    bytes
}

fn write_magnitude(bytes: &mut Vec<u8>, magnitude: &Magnitude) {
    bytes.push(match (magnitude.is_zero(), magnitude.sign) {
        (true, _) => 0,
        (false, Sign::Positive) => 1,
        (false, Sign::Negative) => 2,
    });
    // Both fit: words_max bounds what any column can fill.
    bytes.extend_from_slice(&(magnitude.low as u16).to_le_bytes());
    bytes.extend_from_slice(&(magnitude.words.len() as u16).to_le_bytes());
    for word in &magnitude.words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let taken =
            self.bytes[self.at..].first_chunk::<N>().ok_or(StateError::Length(self.bytes.len()))?;
        self.at += N;
        Ok(*taken)
    }

    fn word(&mut self) -> Result<u64, StateError> {
        self.take().map(u64::from_le_bytes)
    }

    fn header(&mut self, expected: u8) -> Result<(Unit, Counts), StateError> {
        let [version, found, tag, scale] = self.take()?;
        if version != STATE_VERSION {
            return Err(StateError::Version(version));
        }
        if found != expected {
            return Err(StateError::Order { expected, found });
        }
        let scale = i8::from_le_bytes([scale]);
        let unit = match (tag, scale) {
            (0, 0) => Unit::Float,
            (1, 0) => Unit::Integer,
            (2, -76..=76) => Unit::Decimal { scale },
            _ => return Err(StateError::NotCanonical("an unknown unit or scale")),
        };
        let counts = Counts {
            finite: self.word()?,
            nan: self.word()?,
            positive_infinite: self.word()?,
            negative_infinite: self.word()?,
        };
        if unit != Unit::Float && counts.total() != u128::from(counts.finite) {
            return Err(StateError::NotCanonical("NaNs or infinities among whole numbers"));
        }
        Ok((unit, counts))
    }

    fn magnitude(&mut self, words_max: usize) -> Result<Magnitude, StateError> {
        let [sign] = self.take()?;
        let low = u16::from_le_bytes(self.take()?);
        let length = u16::from_le_bytes(self.take()?);
        if usize::from(low) + usize::from(length) > words_max {
            return Err(StateError::NotCanonical("a sum beyond its column's range"));
        }
        let words = (0..length).map(|_| self.word()).collect::<Result<Vec<_>, _>>()?;
        let sign = match (sign, words.first(), words.last()) {
            (0, None, None) if low == 0 => Sign::Positive,
            (1, Some(1..), Some(1..)) => Sign::Positive,
            (2, Some(1..), Some(1..)) => Sign::Negative,
            _ => return Err(StateError::NotCanonical("a sign, or a zero word at an end")),
        };
        Ok(Magnitude { sign, low: u32::from(low), words })
    }

    fn end(&self) -> Result<(), StateError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(StateError::Length(self.bytes.len())) }
    }
}
