//! The bytes that exact states are written in and read from, part by part.

use super::round::Sign;
use super::state::{STATE_VERSION, StateError};
use super::sum::{Counts, Sum, Unit};
use super::wide::{Magnitude, Wide};

/// Words that 2^64 values, or products of values, can fill whose range has so many bits.
pub(super) fn words_max(range_bits: usize) -> usize {
    (range_bits + 64).div_ceil(64)
}

/// Bits of a unit's largest value: 2,098 of `f64`, 256 of the widest decimal.
pub(super) fn range_bits(unit: Unit) -> usize {
    match unit {
        Unit::Float => 2098,
        Unit::Integer | Unit::Decimal { .. } => 256,
    }
}

/// Writes a state.
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn new(order: u8) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend([STATE_VERSION, order]);
        Self { bytes }
    }

    pub(super) fn unit(&mut self, unit: Unit) {
        let (tag, scale) = match unit {
            Unit::Float => (0, 0),
            Unit::Integer => (1, 0),
            Unit::Decimal { scale } => (2, scale),
        };
        self.bytes.extend([tag, scale.to_le_bytes()[0]]);
    }

    pub(super) fn counts(&mut self, counts: &Counts) {
        let Counts { finite, nan, positive_infinite, negative_infinite } = *counts;
        for count in [finite, nan, positive_infinite, negative_infinite] {
            self.bytes.extend(count.to_le_bytes());
        }
    }

    pub(super) fn magnitude(&mut self, magnitude: &Magnitude) {
        self.bytes.push(match (magnitude.is_zero(), magnitude.sign) {
            (true, _) => 0,
            (false, Sign::Positive) => 1,
            (false, Sign::Negative) => 2,
        });
        // Both fit: words_max bounds what any column can fill.
        self.bytes.extend((magnitude.low as u16).to_le_bytes());
        self.bytes.extend((magnitude.words.len() as u16).to_le_bytes());
        for word in &magnitude.words {
            self.bytes.extend(word.to_le_bytes());
        }
    }
}

/// Reads a state, and refuses what no [`Writer`] wrote.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], expected: u8) -> Result<Self, StateError> {
        let mut reader = Self { bytes, at: 0 };
        let [version, found] = reader.take()?;
        if version != STATE_VERSION {
            return Err(StateError::Version(version));
        }
        if found != expected {
            return Err(StateError::Order { expected, found });
        }
        Ok(reader)
    }

    pub(super) fn unit(&mut self) -> Result<Unit, StateError> {
        let [tag, scale] = self.take()?;
        Ok(match (tag, i8::from_le_bytes([scale])) {
            (0, 0) => Unit::Float,
            (1, 0) => Unit::Integer,
            (2, scale @ -76..=76) => Unit::Decimal { scale },
            _ => return Err(StateError::NotCanonical("an unknown unit or scale")),
        })
    }

    /// Counts and Σx.
    pub(super) fn sum(&mut self, unit: Unit) -> Result<Sum, StateError> {
        let counts = Counts {
            finite: self.word()?,
            nan: self.word()?,
            positive_infinite: self.word()?,
            negative_infinite: self.word()?,
        };
        if unit != Unit::Float && counts.total() != u128::from(counts.finite) {
            return Err(StateError::NotCanonical("NaNs or infinities among whole numbers"));
        }
        let total = self.magnitude(words_max(range_bits(unit)))?;
        if counts.finite == 0 && !total.is_zero() {
            return Err(StateError::NotCanonical("a sum without values"));
        }
        Ok(Sum { unit, counts, total: Wide::from(&total) })
    }

    /// Σx to a power, beside the Σx and n that it belongs to.
    pub(super) fn power(&mut self, sum: &Sum, power: usize) -> Result<Wide, StateError> {
        let total = self.magnitude(words_max(power * range_bits(sum.unit)))?;
        if sum.counts.finite == 0 && !total.is_zero() {
            return Err(StateError::NotCanonical("a sum without values"));
        }
        if power.is_multiple_of(2) && total.sign == Sign::Negative {
            return Err(StateError::NotCanonical("a negative sum of squares"));
        }
        Ok(Wide::from(&total))
    }

    pub(super) fn magnitude(&mut self, words_max: usize) -> Result<Magnitude, StateError> {
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

    pub(super) fn end(&self) -> Result<(), StateError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(StateError::Length(self.bytes.len())) }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let taken =
            self.bytes[self.at..].first_chunk::<N>().ok_or(StateError::Length(self.bytes.len()))?;
        self.at += N;
        Ok(*taken)
    }

    fn word(&mut self) -> Result<u64, StateError> {
        self.take().map(u64::from_le_bytes)
    }
}
