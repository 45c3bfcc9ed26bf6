//! Exact numbers to the declared decimal places, rounded half to even once.
//!
//! A text is the decimal it says; a float is the rational it stores. Nothing passes through a
//! float's arithmetic, so what is committed does not depend on a platform.

use thiserror::Error;

/// The most decimal places of a column.
pub const PLACES_MAX: u8 = 9;
/// The most bytes of a number's text; the exact text of a float has up to 1,100.
const TEXT_MAX: usize = 2048;
/// The most digits of an exponent.
const EXPONENT_DIGITS_MAX: usize = 6;

/// Why something is no number that could be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecimalError {
    /// Not a decimal number.
    #[error("not a decimal number")]
    Syntax,
    /// NaN or an infinity.
    #[error("not a finite number")]
    NotFinite,
    /// Far outside what any column can be declared to hold.
    #[error("a number beyond all ranges")]
    Range,
}

/// The text's number times 10^places, rounded half to even.
///
/// # Errors
/// When the text is no decimal number, or the result has more than 63 bits.
pub fn parse(text: &str, places: u8) -> Result<i64, DecimalError> {
    let (negative, digits, exponent) = split(text)?;
    // The number is 0.d₁d₂d₃… times 10^(point); digits from `kept` on are rounded away.
    let kept = digits.len() as i64 + exponent + i64::from(places);
    if kept < 0 || digits.is_empty() {
        return Ok(0);
    }
    let whole = usize::try_from(kept).map_err(|_| DecimalError::Range)?;
    if whole > 19 {
        return Err(DecimalError::Range);
    }
    let digit = |at: usize| digits.get(at).map_or(0, |digit| i128::from(digit - b'0'));
    let magnitude = (0..whole).fold(0i128, |sum, at| sum * 10 + digit(at));
    let rest = digits.get(whole..).unwrap_or_default();
    let above_half = match rest.split_first() {
        Some((b'5', after)) => after.iter().any(|digit| *digit != b'0') || magnitude % 2 == 1,
        Some((first, _)) => *first > b'5',
        None => false,
    };
    let rounded = magnitude + i128::from(above_half);
    i64::try_from(if negative { -rounded } else { rounded }).map_err(|_| DecimalError::Range)
}

/// The text's number times 10^places, if it has no more decimal places than that.
pub fn parse_exact(text: &str, places: u8) -> Option<i64> {
    let (_, digits, exponent) = split(text).ok()?;
    let kept = digits.len() as i64 + exponent + i64::from(places);
    let finer = digits.get(usize::try_from(kept.max(0)).ok()?..).unwrap_or_default();
    let exact = finer.iter().all(|digit| *digit == b'0');
    parse(text, places).ok().filter(|_| exact)
}

/// A number that was scaled by 10^places as a decimal, without zeros at its end.
pub fn text(number: i64, places: u8) -> String {
    let power = 10u64.pow(u32::from(places));
    let (whole, part) = (number.unsigned_abs() / power, number.unsigned_abs() % power);
    let sign = if number < 0 { "-" } else { "" };
    let fraction = format!("{part:0width$}", width = usize::from(places));
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// The float's number times 10^places, rounded half to even.
///
/// # Errors
/// When it is not finite, or the result has more than 63 bits.
pub fn from_float(float: f64, places: u8) -> Result<i64, DecimalError> {
    if !float.is_finite() {
        return Err(DecimalError::NotFinite);
    }
    let bits = float.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i64;
    let fraction = bits & ((1 << 52) - 1);
    let mantissa = if biased == 0 { fraction } else { fraction | 1 << 52 };
    let exponent = biased.max(1) - 1075;
    // Below 2^53 · 10^9, which is below 2^83.
    let scaled = u128::from(mantissa) * 10u128.pow(u32::from(places.min(PLACES_MAX)));
    let magnitude = if exponent >= 0 {
        if scaled != 0 && exponent > 63 {
            return Err(DecimalError::Range);
        }
        let shifted =
            if scaled == 0 { 0 } else { scaled.checked_shl(exponent as u32).unwrap_or(0) };
        if shifted >> exponent.min(63) != scaled {
            return Err(DecimalError::Range);
        }
        shifted
    } else {
        shift_right_half_even(scaled, exponent.unsigned_abs())
    };
    let magnitude = i64::try_from(magnitude).map_err(|_| DecimalError::Range)?;
    Ok(if float < 0.0 { -magnitude } else { magnitude })
}

/// The integer times 10^places.
///
/// # Errors
/// When the result has more than 63 bits.
pub fn from_integer(integer: i64, places: u8) -> Result<i64, DecimalError> {
    let factor = 10i64.pow(u32::from(places.min(PLACES_MAX)));
    integer.checked_mul(factor).ok_or(DecimalError::Range)
}

fn shift_right_half_even(number: u128, by: u64) -> u128 {
    // Numbers have fewer than 84 bits: from here on half of the last place is never reached.
    if by > 100 {
        return 0;
    }
    let (whole, rest, half) = (number >> by, number & ((1 << by) - 1), 1u128 << (by - 1));
    whole + u128::from(rest > half || (rest == half && whole & 1 == 1))
}

/// Sign, digits without leading zeros, and the power of ten that the digits are multiplied by.
fn split(text: &str) -> Result<(bool, Vec<u8>, i64), DecimalError> {
    if text.len() > TEXT_MAX {
        return Err(DecimalError::Syntax);
    }
    let (negative, unsigned) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let at_exponent = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (number, exponent) = match at_exponent {
        Some(at) => (&unsigned[..at], parse_exponent(&unsigned[at + 1..])?),
        None => (unsigned, 0),
    };
    let point = number.iter().position(|byte| *byte == b'.').unwrap_or(number.len());
    let (whole, fraction) = (&number[..point], number.get(point + 1..).unwrap_or_default());
    let all_digits = whole.iter().chain(fraction).all(u8::is_ascii_digit);
    if !all_digits || whole.len() + fraction.len() == 0 {
        return Err(DecimalError::Syntax);
    }
    let digits =
        whole.iter().chain(fraction).skip_while(|digit| **digit == b'0').copied().collect();
    Ok((negative, digits, exponent - fraction.len() as i64))
}

fn parse_exponent(bytes: &[u8]) -> Result<i64, DecimalError> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let well_formed = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if !well_formed || digits.len() > EXPONENT_DIGITS_MAX {
        return Err(DecimalError::Syntax);
    }
    let magnitude = digits.iter().fold(0i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Ok(if negative { -magnitude } else { magnitude })
}
