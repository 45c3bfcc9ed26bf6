//! Whole numbers of any length, as little-endian 64-bit words: just what rounding needs.
//!
//! A number's words may end in zeros; [`trim`] removes them and zero has no words. Lengths here
//! are a hundred words at most, so schoolbook algorithms are the fast ones.

use std::cmp::Ordering;

/// Drops zero words at the high end, so that equal numbers have equal words.
pub fn trim(words: &mut Vec<u64>) {
    while words.last() == Some(&0) {
        words.pop();
    }
}

/// Number of bits below and including the highest set one; 0 for zero.
#[must_use]
pub fn bit_length(words: &[u64]) -> u64 {
    words
        .iter()
        .rposition(|&word| word != 0)
        .map_or(0, |top| 64 * (top as u64 + 1) - u64::from(words[top].leading_zeros()))
}

/// Compares two numbers, whatever zeros their words end in.
#[must_use]
pub fn compare(a: &[u64], b: &[u64]) -> Ordering {
    let word = |words: &[u64], at: usize| words.get(at).copied().unwrap_or(0);
    (0..a.len().max(b.len()))
        .rev()
        .map(|at| word(a, at).cmp(&word(b, at)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// `a · b`.
#[must_use]
pub fn multiply(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut product = vec![0u64; a.len() + b.len()];
    for (i, &x) in a.iter().enumerate() {
        let mut carry = 0u64;
        for (j, &y) in b.iter().enumerate() {
            let wide =
                u128::from(x) * u128::from(y) + u128::from(product[i + j]) + u128::from(carry);
            product[i + j] = wide as u64;
            carry = (wide >> 64) as u64;
        }
        product[i + b.len()] = carry;
    }
    trim(&mut product);
    product
}

/// `a + b`.
#[must_use]
pub fn add(a: &[u64], b: &[u64]) -> Vec<u64> {
    let (longer, shorter) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut sum = longer.to_vec();
    let mut carry = false;
    for (at, word) in sum.iter_mut().enumerate() {
        let (more, first) = word.overflowing_add(shorter.get(at).copied().unwrap_or(0));
        let (more, second) = more.overflowing_add(u64::from(carry));
        *word = more;
        carry = first || second;
    }
    sum.push(u64::from(carry));
    trim(&mut sum);
    sum
}

/// `a − b`, or `None` where `b` is the larger.
#[must_use]
pub fn subtract(a: &[u64], b: &[u64]) -> Option<Vec<u64>> {
    if compare(a, b).is_lt() {
        return None;
    }
    let mut difference = a.to_vec();
    subtract_in_place(&mut difference, b);
    trim(&mut difference);
    Some(difference)
}

/// `a · 2^bits`.
#[must_use]
pub fn shift_left(a: &[u64], bits: u64) -> Vec<u64> {
    let (words, bits) = ((bits / 64) as usize, (bits % 64) as u32);
    let mut shifted = vec![0u64; words];
    shifted.reserve(a.len() + 1);
    let mut carry = 0u64;
    for &word in a {
        shifted.push((word << bits) | carry);
        carry = if bits == 0 { 0 } else { word >> (64 - bits) };
    }
    shifted.push(carry);
    trim(&mut shifted);
    shifted
}

/// `10^exponent`.
#[must_use]
pub fn power_of_ten(exponent: u32) -> Vec<u64> {
    (0..exponent).fold(vec![1], |power, _| multiply(&power, &[10]))
}

/// The leading bits of a quotient: `(digits + fraction) · 2^exponent` with `0 ≤ fraction < 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leading {
    /// Between 126 and 128 bits long, unless the quotient is zero.
    pub digits: u128,
    /// The power of two that one unit of `digits` stands for.
    pub exponent: i64,
    /// Whether the fraction that was cut off is not zero.
    pub inexact: bool,
}

/// The leading bits of `numerator / denominator · 2^scale`, with an exponent of the parity that
/// `even` asks for: a square root needs one that can be halved.
///
/// Returns `None` where the denominator is zero.
#[must_use]
pub fn quotient(numerator: &[u64], denominator: &[u64], scale: i64, even: Even) -> Option<Leading> {
    if let [divisor @ 1..SHORT, rest @ ..] = denominator
        && rest.iter().all(|&word| word == 0)
    {
        return Some(short_quotient(numerator, *divisor, scale, even));
    }
    let (n_bits, d_bits) = (bit_length(numerator) as i64, bit_length(denominator) as i64);
    if d_bits == 0 {
        return None;
    }
    if n_bits == 0 {
        return Some(Leading { digits: 0, exponent: 0, inexact: false });
    }
    // A numerator 127 bits longer than the denominator gives a quotient of 127 or 128 bits.
    let mut shift = d_bits + 127 - n_bits;
    if even == Even::Yes && (scale - shift) % 2 != 0 {
        shift -= 1;
    }
    let (digits, inexact) = if shift >= 0 {
        divide(&shift_left(numerator, shift as u64), denominator)
    } else {
        divide(numerator, &shift_left(denominator, shift.unsigned_abs()))
    };
    Some(Leading { digits, exponent: scale - shift, inexact })
}

/// Divisors below this are divided by without allocating.
pub const SHORT: u64 = 1 << 62;

/// [`quotient`] by a short divisor: the leading 189 bits of the numerator over a divisor raised to
/// 62 bits, two steps of long division.
fn short_quotient(numerator: &[u64], divisor: u64, scale: i64, even: Even) -> Leading {
    let bits = bit_length(numerator) as i64;
    if bits == 0 {
        return Leading { digits: 0, exponent: 0, inexact: false };
    }
    let raised = i64::from(divisor.leading_zeros()) - 2;
    let mut start = bits - 189;
    if even == Even::Yes && (start + scale + raised) % 2 != 0 {
        start += 1;
    }
    let word = |at: i64| u128::from(bits_from(numerator, start + 64 * at));
    let divisor = u128::from(divisor << raised);
    // The first digit of the quotient is 0: its word is shorter than the divisor.
    let first = (word(2) << 64) | word(1);
    let second = ((first % divisor) << 64) | word(0);
    Leading {
        digits: ((first / divisor) << 64) | (second / divisor),
        exponent: start + scale + raised,
        inexact: second % divisor != 0 || any_below(numerator, start),
    }
}

/// The 64 bits of a number from a bit on; bits before the first are zero.
#[must_use]
pub fn bits_from(words: &[u64], from: i64) -> u64 {
    let word =
        |at: i64| usize::try_from(at).ok().and_then(|at| words.get(at)).copied().unwrap_or(0);
    let (at, bits) = (from.div_euclid(64), from.rem_euclid(64));
    if bits == 0 { word(at) } else { (word(at) >> bits) | (word(at + 1) << (64 - bits)) }
}

/// Whether any bit below one is set.
fn any_below(words: &[u64], bit: i64) -> bool {
    let Ok(bit) = usize::try_from(bit) else { return false };
    let whole = (bit / 64).min(words.len());
    words[..whole].iter().any(|&word| word != 0)
        || words.get(whole).is_some_and(|word| word & ((1 << (bit % 64)) - 1) != 0)
}

/// `a − b` of one length, or `None` where `b` is the larger.
#[must_use]
pub fn difference<const N: usize>(a: &[u64; N], b: &[u64; N]) -> Option<[u64; N]> {
    let mut difference = *a;
    let mut borrow = false;
    for (word, &less) in difference.iter_mut().zip(b) {
        let (rest, first) = word.overflowing_sub(less);
        let (rest, second) = rest.overflowing_sub(u64::from(borrow));
        *word = rest;
        borrow = first || second;
    }
    (!borrow).then_some(difference)
}

/// Whether an exponent must be even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Even {
    /// Even only.
    Yes,
    /// Any will do.
    Any,
}

/// A quotient that is known to fit 128 bits, and whether a remainder is left: algorithm D of Knuth's
/// "The Art of Computer Programming" (volume 2, 4.3.1), a word a step. The denominator is not zero.
fn divide(numerator: &[u64], denominator: &[u64]) -> (u128, bool) {
    // With its highest bit set, a divisor's first word tells a digit but for two.
    let raised = (64 - bit_length(denominator) % 64) % 64;
    let divisor = shift_left(denominator, raised);
    let mut rest = shift_left(numerator, raised);
    rest.push(0);
    let mut digits = 0u128;
    for at in (0..rest.len().saturating_sub(divisor.len())).rev() {
        let digit = divide_step(&mut rest[at..=at + divisor.len()], &divisor);
        digits = (digits << 64) | u128::from(digit);
    }
    (digits, rest.iter().any(|&word| word != 0))
}

/// One digit of a quotient; `rest` is one word longer than the divisor, and keeps the remainder.
fn divide_step(rest: &mut [u64], divisor: &[u64]) -> u64 {
    let length = divisor.len();
    let wide = |high: u64, low: u64| (u128::from(high) << 64) | u128::from(low);
    let top = u128::from(divisor[length - 1]);
    let leading = wide(rest[length], rest[length - 1]);
    let mut digit = (leading / top).min(u128::from(u64::MAX));
    let mut left = leading - digit * top;
    if let Some(second) = length.checked_sub(2) {
        let (next, below) = (u128::from(divisor[second]), rest[second]);
        while let Ok(high) = u64::try_from(left)
            && digit * next > wide(high, below)
        {
            digit -= 1;
            left += top;
        }
    }
    let (mut carry, mut borrow) = (0u128, false);
    for (word, &part) in rest.iter_mut().zip(divisor.iter().chain(std::iter::once(&0))) {
        let product = digit * u128::from(part) + carry;
        carry = product >> 64;
        let (less, first) = word.overflowing_sub(product as u64);
        let (less, second) = less.overflowing_sub(u64::from(borrow));
        *word = less;
        borrow = first || second;
    }
    if borrow {
        // The digit was still one too large, for about two in 2^64 at random.
        digit -= 1;
        let mut carry = false;
        for (word, &part) in rest.iter_mut().zip(divisor.iter().chain(std::iter::once(&0))) {
            let (more, first) = word.overflowing_add(part);
            let (more, second) = more.overflowing_add(u64::from(carry));
            *word = more;
            carry = first || second;
        }
    }
    digit as u64
}

/// `a −= b`, for `a ≥ b`.
fn subtract_in_place(a: &mut [u64], b: &[u64]) {
    let mut borrow = false;
    for (at, word) in a.iter_mut().enumerate() {
        let (less, first) = word.overflowing_sub(b.get(at).copied().unwrap_or(0));
        let (less, second) = less.overflowing_sub(u64::from(borrow));
        *word = less;
        borrow = first || second;
        if !borrow && at + 1 >= b.len() {
            break;
        }
    }
}
