//! Days and instants from text: ISO 8601 dates and RFC 3339 times, exact to the nanosecond.

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// A point in time as text may give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// With an offset: nanoseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// Without one: nanoseconds since 1970-01-01T00:00:00 of whatever clock.
    Local(i64),
}

/// `yyyy-mm-dd` as days since 1970-01-01; `None` for anything else, also a day no month has.
pub(super) fn date(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let year = i32::try_from(digits(bytes.get(..4)?)?).ok()?;
    let month = digits(bytes.get(5..7)?)?;
    let day = digits(bytes.get(8..10)?)?;
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return None;
    }
    Some(days_from_civil(year, month, day))
}

/// RFC 3339 (`T`, `t` or a space between day and time, up to nine digits of a second), with or
/// without an offset. `None` also for leap seconds and for instants outside the years 1677 to
/// 2262, which 64 bits of nanoseconds do not reach.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let days = date(text.get(..10)?)?;
    let rest = text.as_bytes().get(10..)?;
    if !matches!(rest.first(), Some(b'T' | b't' | b' ')) {
        return None;
    }
    if rest.get(3) != Some(&b':') || rest.get(6) != Some(&b':') {
        return None;
    }
    let hour = digits(rest.get(1..3)?)?;
    let minute = digits(rest.get(4..6)?)?;
    let second = digits(rest.get(7..9)?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, zone) = fraction(rest.get(9..)?)?;
    let seconds = i128::from(days) * 86_400 + i128::from(hour * 3_600 + minute * 60 + second);
    let local = seconds * NANOS_PER_SECOND + i128::from(nanos);
    if zone.is_empty() {
        return i64::try_from(local).ok().map(Moment::Local);
    }
    let instant = local - i128::from(offset_seconds(zone)?) * NANOS_PER_SECOND;
    i64::try_from(instant).ok().map(Moment::Instant)
}

/// The nanoseconds of `.123…` and what follows.
fn fraction(bytes: &[u8]) -> Option<(u32, &[u8])> {
    if bytes.first() != Some(&b'.') {
        return Some((0, bytes));
    }
    let rest = bytes.get(1..)?;
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&count) {
        return None;
    }
    let value = digits(rest.get(..count)?)?;
    let missing = u32::try_from(9 - count).ok()?;
    Some((value * 10u32.pow(missing), rest.get(count..)?))
}

/// `Z`, `z`, `+hh:mm` or `-hh:mm` as seconds east of Greenwich.
fn offset_seconds(zone: &[u8]) -> Option<i32> {
    if matches!(zone, b"Z" | b"z") {
        return Some(0);
    }
    let sign = match zone.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if zone.len() != 6 || zone.get(3) != Some(&b':') {
        return None;
    }
    let hours = i32::try_from(digits(zone.get(1..3)?)?).ok()?;
    let minutes = i32::try_from(digits(zone.get(4..6)?)?).ok()?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Up to nine ASCII digits as a number.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0u32, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

fn days_in(year: i32, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a day in the proleptic Gregorian calendar (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", days_from_civil). Years count from March.
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
