//! Whole columns of floats added at memory's pace: one integer per exponent.
//!
//! The floats of one exponent are added as the integers that their mantissas are, without any
//! shift; the exponent's weight is applied once, when the bins are emptied (Neal, "Fast exact
//! summation using small and large superaccumulators", 2015). A sum of mantissas starts at 54
//! bits and a sum of their squares at 107, so 128 and 192 bits never overflow. Neighbouring
//! values go to two tables in turn: values of one exponent would otherwise wait for each
//! other's store.

use super::moments::Moments;
use super::number::Number;
use super::products::Products;
use super::round::Sign;
use super::sum::{Sum, Unit};
use super::wide::Wide;

/// The exponents that the bits of a float can name.
const EXPONENTS: usize = 2048;
/// Sums of two of their shifts.
const SHIFTS: usize = 4096;
/// Values that are looked through for NaNs and infinities at once.
const BLOCK: usize = 1024;
const FRACTION: u64 = (1 << 52) - 1;
const EXPONENT: u64 = 0x7ff << 52;

/// Adds columns of floats to a [`Sum`], a column at a time.
#[derive(Clone, Debug)]
pub struct SumBins {
    sum: Sum,
    even: Box<[i128; EXPONENTS]>,
    odd: Box<[i128; EXPONENTS]>,
}

impl Default for SumBins {
    fn default() -> Self {
        Self { sum: Sum::new(Unit::Float), even: zeroed(), odd: zeroed() }
    }
}

impl SumBins {
    /// Bytes held beyond the struct itself, at the least.
    pub const HEAP_BYTES: usize = 2 * EXPONENTS * size_of::<i128>();

    /// Adds a column; about 1 ns a value.
    pub fn add(&mut self, values: &[f64]) {
        for block in values.chunks(BLOCK) {
            if !all_finite(block) {
                block.iter().for_each(|&value| self.sum.add_float(value));
                continue;
            }
            self.sum.counts.finite += block.len() as u64;
            let (pairs, rest) = block.as_chunks::<2>();
            for &[first, second] in pairs {
                drop_in(&mut self.even, first);
                drop_in(&mut self.odd, second);
            }
            rest.iter().for_each(|&value| drop_in(&mut self.even, value));
        }
    }

    /// The sum of everything added since the last call; about 2 µs.
    pub fn take(&mut self) -> Sum {
        let mut sum = std::mem::replace(&mut self.sum, Sum::new(Unit::Float));
        for table in [&mut self.even, &mut self.odd] {
            for (exponent, bin) in table.iter_mut().enumerate() {
                drain(bin, shift_of(exponent), &mut sum.total);
            }
        }
        sum
    }
}

#[inline(always)]
fn drop_in(table: &mut [i128; EXPONENTS], value: f64) {
    let (exponent, mantissa) = split(value);
    table[exponent] = table[exponent].wrapping_add(i128::from(mantissa));
}

/// One exponent's Σm and Σm².
#[derive(Clone, Copy, Debug, Default)]
struct Moment {
    sum: i128,
    squares: Long,
}

/// Adds columns of floats to [`Moments`], a column at a time.
#[derive(Clone, Debug)]
pub struct MomentBins {
    moments: Moments,
    even: Box<[Moment; EXPONENTS]>,
    odd: Box<[Moment; EXPONENTS]>,
}

impl Default for MomentBins {
    fn default() -> Self {
        Self { moments: Moments::new(Unit::Float), even: zeroed(), odd: zeroed() }
    }
}

impl MomentBins {
    /// Bytes held beyond the struct itself, at the least.
    pub const HEAP_BYTES: usize = 2 * EXPONENTS * size_of::<Moment>();

    /// Adds a column; about 2 ns a value.
    pub fn add(&mut self, values: &[f64]) {
        for block in values.chunks(BLOCK) {
            if !all_finite(block) {
                block.iter().for_each(|&value| self.moments.add_float(value));
                continue;
            }
            self.add_finite(block);
        }
    }

    /// The moments of everything added since the last call; about 4 µs.
    pub fn take(&mut self) -> Moments {
        let mut moments = std::mem::replace(&mut self.moments, Moments::new(Unit::Float));
        for table in [&mut self.even, &mut self.odd] {
            for (exponent, bin) in table.iter_mut().enumerate() {
                let shift = shift_of(exponent);
                drain(&mut bin.sum, shift, &mut moments.sum.total);
                bin.squares.drain(2 * shift, &mut moments.squares);
            }
        }
        moments
    }

    fn add_finite(&mut self, block: &[f64]) {
        self.moments.sum.counts.finite += block.len() as u64;
        let (pairs, rest) = block.as_chunks::<2>();
        for &[first, second] in pairs {
            drop_both(&mut self.even, first);
            drop_both(&mut self.odd, second);
        }
        rest.iter().for_each(|&value| drop_both(&mut self.even, value));
    }
}

#[inline(always)]
fn drop_both(table: &mut [Moment; EXPONENTS], value: f64) {
    let (exponent, mantissa) = split(value);
    let bin = &mut table[exponent];
    bin.sum = bin.sum.wrapping_add(i128::from(mantissa));
    bin.squares.add(i128::from(mantissa) * i128::from(mantissa));
}

/// Adds pairs of columns of floats to [`Products`], a column at a time.
#[derive(Clone, Debug)]
pub struct ProductBins {
    /// Pairs of which one is not finite.
    odd_ones: Products,
    x: MomentBins,
    y: MomentBins,
    cross: CrossBins,
}

impl Default for ProductBins {
    fn default() -> Self {
        let odd_ones = Products::new(Unit::Float, Unit::Float);
        let cross = CrossBins::default();
        Self { odd_ones, x: MomentBins::default(), y: MomentBins::default(), cross }
    }
}

impl ProductBins {
    /// Bytes held beyond the struct itself, at the least.
    pub const HEAP_BYTES: usize = 2 * MomentBins::HEAP_BYTES + CrossBins::HEAP_BYTES;

    /// Adds columns of one length; about 6 ns a pair.
    pub fn add(&mut self, x: &[f64], y: &[f64]) {
        for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
            if !(all_finite(x) && all_finite(y)) {
                x.iter().zip(y).for_each(|(&x, &y)| self.odd_ones.add_floats(x, y));
                continue;
            }
            self.x.add_finite(x);
            self.y.add_finite(y);
            self.cross.add_finite(x, y);
        }
    }

    /// The products of everything added since the last call; about 20 µs.
    pub fn take(&mut self) -> Products {
        let none = Products::new(Unit::Float, Unit::Float);
        let mut products = std::mem::replace(&mut self.odd_ones, none);
        let (x, y) = (self.x.take(), self.y.take());
        products.x.absorb(&x);
        products.y.absorb(&y);
        self.cross.drain(&mut products.cross);
        products
    }
}

/// Σxy of finite columns, a bin per sum of shifts.
#[derive(Clone, Debug)]
pub(super) struct CrossBins {
    even: Box<[Long; SHIFTS]>,
    odd: Box<[Long; SHIFTS]>,
}

impl Default for CrossBins {
    fn default() -> Self {
        Self { even: zeroed(), odd: zeroed() }
    }
}

impl CrossBins {
    const HEAP_BYTES: usize = 2 * SHIFTS * size_of::<Long>();

    pub(super) fn add_finite(&mut self, x: &[f64], y: &[f64]) {
        let ((x_pairs, x_rest), (y_pairs, y_rest)) = (x.as_chunks::<2>(), y.as_chunks::<2>());
        for (x, y) in x_pairs.iter().zip(y_pairs) {
            drop_product(&mut self.even, x[0], y[0]);
            drop_product(&mut self.odd, x[1], y[1]);
        }
        x_rest.iter().zip(y_rest).for_each(|(&x, &y)| drop_product(&mut self.even, x, y));
    }

    pub(super) fn drain(&mut self, cross: &mut Wide) {
        for table in [&mut self.even, &mut self.odd] {
            for (shift, bin) in table.iter_mut().enumerate() {
                bin.drain(shift as u32, cross);
            }
        }
    }
}

#[inline(always)]
fn drop_product(table: &mut [Long; SHIFTS], x: f64, y: f64) {
    let ((x_exponent, x), (y_exponent, y)) = (split(x), split(y));
    let shift = (shift_of(x_exponent) + shift_of(y_exponent)) as usize;
    table[shift & (SHIFTS - 1)].add(i128::from(x) * i128::from(y));
}

/// The exact dot product of columns of one length, rounded once: about 3 ns a pair. A product
/// with a NaN or an infinity is what IEEE 754 makes of it, and so is the sum then.
#[must_use]
pub fn dot(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mut bins, mut sum) = (CrossBins::default(), Sum::new(Unit::Float));
    let mut cross = Wide::default();
    for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
        if all_finite(x) && all_finite(y) {
            sum.counts.finite += x.len() as u64;
            bins.add_finite(x, y);
            continue;
        }
        for (&x, &y) in x.iter().zip(y) {
            if x.is_finite() && y.is_finite() {
                sum.counts.finite += 1;
                bins.add_finite(&[x], &[y]);
            } else {
                sum.add(Number::Float(x * y));
            }
        }
    }
    bins.drain(&mut cross);
    sum.rounded_square_units(&cross.magnitude())
}

/// 192 bits of two's complement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Long {
    low: u128,
    high: i64,
}

impl Long {
    #[inline(always)]
    pub(super) fn add(&mut self, product: i128) {
        let (low, carry) = self.low.overflowing_add(product as u128);
        self.low = low;
        self.high = self.high.wrapping_add((product >> 127) as i64).wrapping_add(i64::from(carry));
    }

    /// Moves the value, times 2^shift, into `wide`.
    pub(super) fn drain(&mut self, shift: u32, wide: &mut Wide) {
        let Self { low, high } = std::mem::take(self);
        if low == 0 && high == 0 {
            return;
        }
        wide.add(Sign::Positive, low, shift);
        let sign = if high < 0 { Sign::Negative } else { Sign::Positive };
        wide.add(sign, u128::from(high.unsigned_abs()), shift + 128);
    }
}

/// Moves a bin's value, times 2^shift, into `wide`.
fn drain(bin: &mut i128, shift: u32, wide: &mut Wide) {
    let value = std::mem::take(bin);
    if value != 0 {
        let sign = if value < 0 { Sign::Negative } else { Sign::Positive };
        wide.add(sign, value.unsigned_abs(), shift);
    }
}

/// The exponent's bits of a finite float, and its mantissa with its sign.
#[inline(always)]
pub(super) fn split(value: f64) -> (usize, i64) {
    let bits = value.to_bits();
    let exponent = (bits >> 52) as usize & (EXPONENTS - 1);
    let mantissa = ((bits & FRACTION) | (u64::from(exponent != 0) << 52)) as i64;
    let sign = (bits as i64) >> 63;
    (exponent, (mantissa ^ sign).wrapping_sub(sign))
}

/// The power of two of the units that a mantissa of this exponent counts.
#[inline(always)]
pub(super) fn shift_of(exponent: usize) -> u32 {
    (exponent as u32).saturating_sub(1)
}

/// Whether no value is NaN or infinite: without a branch, two values per instruction.
fn all_finite(values: &[f64]) -> bool {
    let carried = values
        .iter()
        .fold(0, |any, value| any | (value.to_bits() & EXPONENT).wrapping_add(1 << 52));
    carried >> 63 == 0
}

/// A table of zeros that never lay on the stack.
fn zeroed<T: Clone + Default, const N: usize>() -> Box<[T; N]> {
    let table: Result<Box<[T; N]>, _> = vec![T::default(); N].into_boxed_slice().try_into();
    // The length is right, so the other arm is never reached.
    table.unwrap_or_else(|_| Box::new(std::array::from_fn(|_| T::default())))
}
