//! Why a column is text that looks like something else: told, since nobody sees it in the file.

use std::fmt;

use super::value::kind;

/// Characters of a field that a message shows at most.
const SHOWN: usize = 60;
/// What groups thousands, or stands before a fraction.
const MARKS: [char; 7] = [',', '.', '\'', '_', ' ', '\u{a0}', '\u{202f}'];

/// Why a column is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// A field broke the type that all before it had.
    Broken {
        /// Where it stands.
        line: u64,
        /// The field, shortened.
        value: String,
        /// How many were before it.
        before: u64,
        /// What they are.
        what: &'static str,
    },
    /// The first field is a number in a form that no type reads.
    Unread {
        /// Where it stands.
        line: u64,
        /// The field, shortened.
        value: String,
    },
    /// All are numbers with commas, and the file's decimal mark is a point.
    Commas,
}

impl Doubt {
    /// What there is to say of the field that left a column nothing but text: `kinds` is what the
    /// fields before it could be, `before` how many they were.
    pub(super) fn of(text: &str, line: u64, kinds: u8, before: u64) -> Option<Self> {
        let value = text.chars().take(SHOWN).collect();
        if before > 0 {
            return Some(Doubt::Broken { line, value, before, what: name_of(kinds) });
        }
        is_unread_number(text).then_some(Doubt::Unread { line, value })
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match self {
            Doubt::Broken { line, value, before: 1, what } => {
                write!(f, ", since line {line} holds {value:?}, and {what} before it")?;
                value
            }
            Doubt::Broken { line, value, before, what } => {
                write!(f, ", since line {line} holds {value:?}, and {before} {what} before it")?;
                value
            }
            Doubt::Unread { line, value } => {
                write!(f, ": line {line} holds {value:?}, which is read as no number")?;
                value
            }
            Doubt::Commas => {
                return write!(
                    f,
                    ": its numbers have commas; if these stand before fractions, declare decimal = \
                     \",\""
                );
            }
        };
        match value.parse::<u64>() {
            Ok(number) if i64::try_from(number).is_err() => {
                write!(f, " (uint64 holds it, where it is declared)")
            }
            _ => Ok(()),
        }
    }
}

fn name_of(kinds: u8) -> &'static str {
    match () {
        () if kinds & (kind::INT | kind::FLOAT) != 0 => "numbers",
        () if kinds & kind::BOOL != 0 => "truth values",
        () if kinds & kind::DATE != 0 => "days",
        () => "times",
    }
}

/// Whether a person would read `text`, which is text to us, as a number: beyond 64 bits, beyond a
/// float, or with thousands in groups.
fn is_unread_number(text: &str) -> bool {
    let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !bare.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return bare.len() >= 19 && !bare.starts_with('0');
    }
    if bare.contains(['e', 'E']) {
        return bare.parse::<f64>().is_ok();
    }
    let groups: Vec<&str> = bare.split(MARKS).collect();
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else { return false };
    let digits = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    let inner = groups.iter().skip(1).take(groups.len().saturating_sub(2));
    let marks: Vec<char> = bare.chars().filter(|c| MARKS.contains(c)).collect();
    let ends = last.len() == 3 || (marks.last() != marks.first() && !last.is_empty());
    digits
        && (1..=3).contains(&first.len())
        && inner.clone().all(|g| g.len() == 3)
        && ends
        && groups.len() > 1
}
