//! What one field may be, and what it is once the column's type is known.
//!
//! [`kinds`] is strict: it names only types that hold the field without loss, so that a type
//! found by looking never changes a value. The parsers are a little wider (leading zeros, a plus
//! sign), since a type may also have been declared; whatever [`kinds`] allows, they read.

use super::civil::{self, Moment};
use super::dialect::DecimalMark;
use crate::schema::ColumnType;

/// The one NaN of a TableHash (docs/formats/table-hash.md).
const CANONICAL_NAN: u64 = 0x7ff8_0000_0000_0000;

/// Types a field could be, as a set of bits.
pub(super) mod kind {
    pub(in super::super) const INT: u8 = 1;
    pub(in super::super) const FLOAT_POINT: u8 = 2;
    pub(in super::super) const FLOAT_COMMA: u8 = 4;
    pub(in super::super) const FLOAT: u8 = FLOAT_POINT | FLOAT_COMMA;
    pub(in super::super) const BOOL: u8 = 8;
    pub(in super::super) const DATE: u8 = 16;
    pub(in super::super) const INSTANT: u8 = 32;
    pub(in super::super) const LOCAL: u8 = 64;
    pub(in super::super) const ALL: u8 = 127;
}

/// The types that hold `text` without loss; 0 if only text does. `text` has no spaces around it.
pub(super) fn kinds(text: &str) -> u8 {
    let Some(first) = text.bytes().next() else {
        return kind::ALL;
    };
    // Most fields of most tables.
    let short = text.len() <= 15 && (first != b'0' || text.len() == 1);
    if short && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return kind::INT | kind::FLOAT;
    }
    match first {
        b'0'..=b'9' | b'-' | b'.' | b',' => match number(text) {
            0 if is_not_finite(text) => kind::FLOAT,
            0 if first.is_ascii_digit() => day_or_moment(text),
            found => found,
        },
        _ if boolean(text).is_some() => kind::BOOL,
        _ if is_not_finite(text) => kind::FLOAT,
        _ => 0,
    }
}

/// Whether `text` is one of the words for what is no finite number: NaN, or an infinity.
pub(super) fn is_not_finite(text: &str) -> bool {
    not_finite(text).is_some()
}

/// What writers call a value that is no finite number, in any case and with or without a sign:
/// `nan`, `inf`, `infinity`; with what C's libraries put behind NaN (`nan(ind)`, `nan(snan)`); and
/// what Microsoft's wrote until 2015 (`1.#QNAN`, `1.#IND`, `1.#INF`). There is one NaN, so its
/// sign and kind are lost.
fn not_finite(text: &str) -> Option<f64> {
    let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is = |words: &[&str]| words.iter().any(|word| bare.eq_ignore_ascii_case(word));
    if !matches!(bare.as_bytes().first(), Some(b'n' | b'N' | b'i' | b'I' | b'1')) {
        return None;
    }
    if is(&["inf", "infinity", "1.#INF"]) {
        let negative = text.starts_with('-');
        return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    let nan = is(&["nan", "nan(ind)", "nan(snan)", "1.#QNAN", "1.#SNAN", "1.#IND"]);
    nan.then_some(f64::from_bits(CANONICAL_NAN))
}

/// `true` or `false`, also with a capital or in capitals.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// An integer: digits with or without a sign, within 64 bits.
pub(super) fn int64(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// An integer from 0 on, within 64 bits.
pub(super) fn uint64(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// The float nearest to `text`, ties to even (what `str::parse` promises). A finite text too
/// large for a float is refused, never made infinite.
pub(super) fn float64(text: &str, decimal: DecimalMark) -> Option<f64> {
    let value: Option<f64> = match decimal {
        DecimalMark::Point => text.parse().ok(),
        DecimalMark::Comma if text.contains('.') => None,
        DecimalMark::Comma => text.replace(',', ".").parse().ok(),
    };
    value.filter(|value| value.is_finite()).or_else(|| not_finite(text))
}

/// A decimal of exactly `scale` digits after the point, as its unscaled integer. More digits than
/// fit are refused unless they are zeros.
pub(super) fn decimal(text: &str, mark: DecimalMark, precision: u8, scale: u8) -> Option<i128> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = unsigned.split_once(char::from(mark.byte())).unwrap_or((unsigned, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let kept = part.get(..part.len().min(usize::from(scale)))?;
    let dropped = part.get(kept.len()..)?;
    if dropped.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let padding = std::iter::repeat_n(b'0', usize::from(scale) - kept.len());
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(kept.bytes()).chain(padding) {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    if value >= 10i128.pow(u32::from(precision)) {
        return None;
    }
    Some(if text.starts_with('-') { -value } else { value })
}

/// Digits of a plainly written number, no exponent: before its decimal mark, without leading
/// zeros, and behind it.
pub(super) fn digits(text: &str) -> Option<(usize, usize)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let is_mark = |byte: &u8| matches!(byte, b'.' | b',');
    let (whole, part) = match unsigned.iter().position(is_mark) {
        Some(at) => (unsigned.get(..at)?, unsigned.get(at + 1..)?),
        None => (unsigned, &[][..]),
    };
    let plain = whole.iter().chain(part).all(u8::is_ascii_digit);
    let whole = if whole == b"0" { 0 } else { whole.len() };
    plain.then_some((whole, part.len()))
}

fn day_or_moment(text: &str) -> u8 {
    if civil::date(text).is_some() {
        return kind::DATE;
    }
    match civil::moment(text) {
        Some(Moment::Instant(_)) => kind::INSTANT,
        Some(Moment::Local(_)) => kind::LOCAL,
        None => 0,
    }
}

/// How a number is written: `-?(0|[1-9][0-9]*)`, a fraction, an exponent. No leading zeros, no
/// plus sign, no grouping, no other base: those are text.
struct Written {
    whole: usize,
    mark: Option<u8>,
    exponent: bool,
}

fn number(text: &str) -> u8 {
    let bytes = text.as_bytes();
    let Some(Written { whole, mark, exponent }) = written(bytes) else {
        return 0;
    };
    let float = match mark {
        Some(b',') => kind::FLOAT_COMMA,
        Some(_) => kind::FLOAT_POINT,
        None => kind::FLOAT,
    };
    if mark.is_none() && !exponent {
        return integer(text, whole, float);
    }
    // Only an exponent or hundreds of digits reach beyond what a float can hold.
    if (exponent || bytes.len() > 300) && !fits_float(text, mark) {
        return 0;
    }
    float
}

fn integer(text: &str, digits: usize, float: u8) -> u8 {
    if text == "-0" {
        return float;
    }
    if digits <= 15 {
        return kind::INT | float;
    }
    match text.parse::<i64>() {
        Ok(value) if (value as f64) as i128 == i128::from(value) => kind::INT | float,
        Ok(_) => kind::INT,
        Err(_) => 0,
    }
}

fn fits_float(text: &str, mark: Option<u8>) -> bool {
    let decimal = if mark == Some(b',') { DecimalMark::Comma } else { DecimalMark::Point };
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    // A number so small that it became zero was lost.
    float64(text, decimal).is_some_and(|value| value != 0.0 || is_zero)
}

fn written(bytes: &[u8]) -> Option<Written> {
    let count = |from: usize| {
        bytes.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = count(at);
    if whole > 1 && bytes.get(at) == Some(&b'0') {
        return None;
    }
    at += whole;
    let mut digits = whole;
    let mark = bytes.get(at).copied().filter(|byte| matches!(byte, b'.' | b','));
    if mark.is_some() {
        let part = count(at + 1);
        digits += part;
        at += 1 + part;
    }
    let exponent = matches!(bytes.get(at), Some(b'e' | b'E'));
    if exponent {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let size = count(at);
        at += size;
        if size == 0 {
            return None;
        }
    }
    (digits > 0 && at == bytes.len()).then_some(Written { whole, mark, exponent })
}

/// Whether `text` is a value of `column_type`, which may have been declared.
pub(super) fn fits(text: &str, column_type: &ColumnType, mark: DecimalMark) -> bool {
    match column_type {
        ColumnType::Bool => boolean(text).is_some(),
        ColumnType::Int64 => int64(text).is_some(),
        ColumnType::UInt64 => uint64(text).is_some(),
        ColumnType::Float64 => float64(text, mark).is_some(),
        ColumnType::Decimal { precision, scale } => {
            decimal(text, mark, *precision, *scale).is_some()
        }
        ColumnType::Text => true,
        ColumnType::Binary => false,
        ColumnType::Date32 => civil::date(text).is_some(),
        ColumnType::Timestamp { zone } => nanoseconds(text, zone.as_deref()).is_some(),
    }
}

/// A time as nanoseconds: an instant if the column has a zone, else a local time.
pub(super) fn nanoseconds(text: &str, zone: Option<&str>) -> Option<i64> {
    match (civil::moment(text)?, zone) {
        (Moment::Instant(nanos), Some(_)) | (Moment::Local(nanos), None) => Some(nanos),
        _ => None,
    }
}
