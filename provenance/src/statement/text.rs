//! Limits on what payloads say, checked when they are signed and when they are decoded.

/// The longest title, name or other text that is shown to people, in characters.
pub const TEXT_CHARS_MAX: usize = 1_024;
/// The longest list in a payload.
pub const LIST_MAX: usize = 256;
/// The greatest integer in a payload, 2^53 - 1 (RFC 7493 section 2.2).
pub const INTEGER_MAX: u64 = (1 << 53) - 1;

/// A broken limit: which member, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) place: &'static str,
    pub(super) cause: String,
}

pub(super) fn broken(place: &'static str, cause: impl Into<String>) -> Broken {
    Broken { place, cause: cause.into() }
}

/// Text for people: not empty, bounded, and nothing that could steer a terminal or reorder a line.
pub(super) fn check_text(place: &'static str, text: &str) -> Result<(), Broken> {
    if text.is_empty() {
        return Err(broken(place, "is empty"));
    }
    check_text_or_empty(place, text)
}

/// The same text with what [`check_text_or_empty`] refuses escaped, and cut to its limit.
pub(super) fn clip(text: &str) -> String {
    let escaped = text.chars().flat_map(|c| {
        let escape = is_unprintable(c).then(|| c.escape_unicode());
        let plain = escape.is_none().then_some(c);
        escape.into_iter().flatten().chain(plain)
    });
    let mut clipped: String = escaped.clone().take(TEXT_CHARS_MAX).collect();
    if escaped.clone().nth(TEXT_CHARS_MAX).is_some() {
        clipped.pop();
        clipped.push('…');
    }
    clipped
}

/// As [`check_text`], where nothing is something that can be said.
pub(super) fn check_text_or_empty(place: &'static str, text: &str) -> Result<(), Broken> {
    let chars = text.chars().count();
    if chars > TEXT_CHARS_MAX {
        return Err(broken(place, format!("has {chars} characters, at most {TEXT_CHARS_MAX}")));
    }
    match text.chars().find(|c| is_unprintable(*c)) {
        Some(c) => Err(broken(place, format!("holds {c:?}, which is not printable"))),
        None => Ok(()),
    }
}

pub(super) fn check_list<T>(place: &'static str, list: &[T]) -> Result<(), Broken> {
    if list.len() > LIST_MAX {
        return Err(broken(place, format!("has {} elements, at most {LIST_MAX}", list.len())));
    }
    Ok(())
}

pub(super) fn check_filled_list<T>(place: &'static str, list: &[T]) -> Result<(), Broken> {
    if list.is_empty() {
        return Err(broken(place, "is an empty list"));
    }
    check_list(place, list)
}

/// Controls, line separators and the marks that reorder bidirectional text.
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
