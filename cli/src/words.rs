//! How numbers, times and hashes read in text: the same everywhere.

use std::fmt::Display;

use veritrail_server::node::{private::Committed, run::details::Scanned};

/// A count of bytes in binary units, exact below 1 KiB: `1.4 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return plural(count, "byte");
    }
    let mut scaled = count as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if scaled < 1023.95 {
            break;
        }
        scaled /= 1024.0;
        unit = next;
    }
    format!("{scaled:.1} {unit}")
}

/// Reads a count of bytes: `512MiB`, `2GB`, `1048576`; units of 1,000 and of 1,024.
pub(crate) fn parse_bytes(text: &str) -> Result<u64, String> {
    let wrong = || "write a size such as 512MiB, 2GiB or 800MB".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    let unit: u64 = match unit.trim_start() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "T" | "TiB" => 1 << 40,
        _ => return Err(wrong()),
    };
    count.parse::<u64>().ok().and_then(|count| count.checked_mul(unit)).ok_or_else(wrong)
}

/// A count with its noun, grouped by thousands: `1 file`, `2,922 rows`.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{} {stem}ies", grouped(count)),
        (_, None) => format!("{} {noun}s", grouped(count)),
    }
}

/// Digits in groups of three: `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What a scan read and dropped, and why: `nhefs: 1,629 read, 63 dropped: wt82 is null`.
pub(crate) fn scan(scan: &Scanned) -> String {
    let Scanned { step, table, .. } = scan;
    let step = step.as_ref().map(|step| format!("{step} from ")).unwrap_or_default();
    format!("{step}{table}: {}", read_and_dropped(scan))
}

/// `1,629 read, 63 dropped: wt82 is null`; several conditions with a count each.
pub(crate) fn read_and_dropped(scan: &Scanned) -> String {
    let read = format!("{} read", grouped(scan.read));
    match (scan.dropped, &scan.reason) {
        (Some(0), _) => format!("{read}, 0 dropped"),
        (Some(dropped), _) if scan.conditions.len() > 1 => {
            let dropping = || scan.conditions.iter().filter(|condition| condition.dropped > 0);
            let each: Vec<String> = match dropping().count() {
                1 => dropping().map(|condition| condition.reason.clone()).collect(),
                _ => dropping().map(|c| format!("{} {}", grouped(c.dropped), c.reason)).collect(),
            };
            format!("{read}, {} dropped: {}", grouped(dropped), each.join(", "))
        }
        (Some(dropped), Some(reason)) => format!("{read}, {} dropped: {reason}", grouped(dropped)),
        (Some(dropped), None) => format!("{read}, {} dropped", grouped(dropped)),
        (None, _) => read,
    }
}

/// A time that a statement states (seconds since 1970), in UTC to the minute. Statements state
/// it; nothing proves it.
pub(crate) fn time(seconds: u64) -> String {
    match i64::try_from(seconds).map(jiff::Timestamp::from_second) {
        Ok(Ok(time)) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        _ => format!("{seconds} s since 1970"),
    }
}

/// The first 16 digits of a hash: enough to find it again, never enough to trust it.
pub(crate) fn short(hash: impl Display) -> String {
    let full = hash.to_string();
    match full.char_indices().nth(16) {
        Some((end, _)) => format!("{}…", &full[..end]),
        None => full,
    }
}

/// What a person wrote, with control characters and marks of direction made visible: a title must
/// neither move the cursor nor show its letters in another order.
pub(crate) fn printable(text: &str) -> String {
    let turns = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}

/// Lines `  label  value`, the values aligned; an empty label continues the one above.
pub(crate) fn table(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(label, value)| format!("  {label:<width$}  {}\n", printable(value))).collect()
}

/// What is committed of a private version, as rows of a table.
pub(crate) fn committed(committed: &Committed) -> Vec<(&'static str, String)> {
    let mut rows = vec![("rows", committed.rows.to_string())];
    let columns = committed.columns.iter().map(|column| ("column", printable(column)));
    rows.extend(columns);
    rows.push(("minimum cell", committed.minimum_cell.to_string()));
    rows.push(("proofs", bytes(committed.bytes)));
    rows
}
