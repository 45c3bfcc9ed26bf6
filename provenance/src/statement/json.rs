//! The strict reading of payloads: I-JSON (RFC 7493) without floats.
//!
//! Our own scan, before serde_json decodes: serde_json keeps the last of duplicate names, rounds
//! large numbers, and changes with cargo features that other packages may switch on.

use std::collections::BTreeSet;

use thiserror::Error;

use super::text::INTEGER_MAX;

/// How deep a payload may nest.
const DEPTH_MAX: u8 = 32;

/// Why bytes are not I-JSON of integers. `at` is the byte offset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JsonError {
    /// Not UTF-8.
    #[error("it is not UTF-8, from byte {0} on")]
    Utf8(usize),
    /// Something else than a value, a comma or a bracket was expected.
    #[error("at byte {at}: expected {expected}")]
    Syntax {
        /// Where.
        at: usize,
        /// What JSON has at this place.
        expected: &'static str,
    },
    /// The payload is a list, a number or the like.
    #[error("a payload is one JSON object")]
    NotAnObject,
    /// Too deep.
    #[error("at byte {0}: nesting is deeper than {DEPTH_MAX}")]
    TooDeep(usize),
    /// A member's name stands twice in one object.
    #[error("at byte {at}: the name {name:?} stands twice in one object")]
    Duplicate {
        /// Where the second begins.
        at: usize,
        /// The name.
        name: String,
    },
    /// A number with a fraction or an exponent, or -0.
    #[error("at byte {0}: a float; numbers are integers, and -0 is none")]
    Float(usize),
    /// An integer that not every reader can hold.
    #[error("at byte {0}: an integer beyond 2^53 - 1")]
    Integer(usize),
    /// A lone surrogate or a noncharacter.
    #[error("at byte {0}: a lone surrogate or a noncharacter")]
    Character(usize),
}

/// Checks that `bytes` are one I-JSON object.
pub(super) fn check(bytes: &[u8]) -> Result<(), JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::Utf8(error.valid_up_to()))?;
    let mut scan = Scan { text, at: 0 };
    scan.skip_space();
    if scan.peek() != Some(b'{') {
        return Err(JsonError::NotAnObject);
    }
    scan.value(1)?;
    scan.skip_space();
    if scan.at == text.len() { Ok(()) } else { Err(scan.expected("the end of the payload")) }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl Scan<'_> {
    fn value(&mut self, depth: u8) -> Result<(), JsonError> {
        if depth > DEPTH_MAX {
            return Err(JsonError::TooDeep(self.at));
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => Err(self.expected("a value")),
        }
    }

    fn object(&mut self, depth: u8) -> Result<(), JsonError> {
        self.at += 1;
        let mut names = BTreeSet::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.skip_space();
            let at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.expected("a name in quotes"));
            }
            let name = self.string()?;
            self.skip_space();
            if !self.take(b':') {
                return Err(self.expected("a colon"));
            }
            self.value(depth + 1)?;
            if let Some(name) = names.replace(name) {
                return Err(JsonError::Duplicate { at, name });
            }
            self.skip_space();
            if self.take(b'}') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.expected("a comma or }"));
            }
        }
    }

    fn list(&mut self, depth: u8) -> Result<(), JsonError> {
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            self.skip_space();
            if self.take(b']') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.expected("a comma or ]"));
            }
        }
    }

    /// The string with its escapes resolved, so that `"a"` and `"\u0061"` are one name.
    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut resolved = String::new();
        loop {
            let at = self.at;
            let rest = self.text.get(at..).unwrap_or_default();
            let c = rest.chars().next().ok_or_else(|| self.expected("a closing quote"))?;
            self.at += c.len_utf8();
            let c = match c {
                '"' => return Ok(resolved),
                '\\' => self.escape(at)?,
                '\0'..='\u{1f}' => {
                    self.at = at;
                    return Err(self.expected("control characters to be escaped"));
                }
                plain => plain,
            };
            if is_noncharacter(c) {
                return Err(JsonError::Character(at));
            }
            resolved.push(c);
        }
    }

    fn escape(&mut self, start: usize) -> Result<char, JsonError> {
        let letter = self.peek().ok_or_else(|| self.expected("an escape"))?;
        self.at += 1;
        Ok(match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(start),
            _ => {
                self.at -= 1;
                return Err(self.expected("one of \" \\ / b f n r t u after a backslash"));
            }
        })
    }

    fn unicode_escape(&mut self, start: usize) -> Result<char, JsonError> {
        let lone = JsonError::Character(start);
        let high = self.four_hex()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high).ok_or(lone);
        }
        if !(self.take(b'\\') && self.take(b'u')) {
            return Err(lone);
        }
        let low = self.four_hex()?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(lone);
        }
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)).ok_or(lone)
    }

    fn four_hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let value = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.expected("four hex digits"))?;
        self.at += 4;
        Ok(value)
    }

    fn integer(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let negative = self.take(b'-');
        let first = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        let digits = self.text.get(first..self.at).unwrap_or_default();
        if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
            self.at = first;
            return Err(self.expected("a number without leading zeros"));
        }
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) || (negative && digits == "0") {
            return Err(JsonError::Float(start));
        }
        match digits.parse::<u64>() {
            Ok(n) if n <= INTEGER_MAX => Ok(()),
            _ => Err(JsonError::Integer(start)),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), JsonError> {
        if !self.text.get(self.at..).unwrap_or_default().starts_with(word) {
            return Err(self.expected("true, false or null"));
        }
        self.at += word.len();
        Ok(())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expected(&self, expected: &'static str) -> JsonError {
        JsonError::Syntax { at: self.at, expected }
    }
}

fn is_noncharacter(c: char) -> bool {
    let code = u32::from(c);
    (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
}
