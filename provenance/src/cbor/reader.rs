//! Reads deterministic CBOR item by item, for formats that need no tree of values.

use super::CborError;

/// The first byte of an item and the number that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    Unsigned(u64),
    /// The value is -1 minus this number.
    Negative(u64),
    Bytes(u64),
    Text(u64),
    Array(u64),
    Map(u64),
    Tag(u64),
    Bool(bool),
    Null,
}

/// A position in bytes that were not checked yet.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The bytes read since `start`, an earlier [`Self::position`].
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Refuses surplus bytes.
    pub(crate) fn finish(&self) -> Result<(), CborError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(CborError::Trailing { at: self.at }) }
    }

    /// An array of exactly `n` elements.
    pub(crate) fn array_of(&mut self, n: u64, expected: &'static str) -> Result<(), CborError> {
        let at = self.at;
        if self.array(expected)? == n {
            Ok(())
        } else {
            Err(CborError::Unexpected { at, expected })
        }
    }

    /// The length of an array; each element takes a byte or more, so it is at most what is left.
    pub(crate) fn array(&mut self, expected: &'static str) -> Result<u64, CborError> {
        let at = self.at;
        match self.head()? {
            Head::Array(n) => Ok(n),
            _ => Err(CborError::Unexpected { at, expected }),
        }
    }

    pub(crate) fn uint(&mut self, expected: &'static str) -> Result<u64, CborError> {
        let at = self.at;
        match self.head()? {
            Head::Unsigned(n) => Ok(n),
            _ => Err(CborError::Unexpected { at, expected }),
        }
    }

    pub(crate) fn text(&mut self, expected: &'static str) -> Result<&'a str, CborError> {
        let at = self.at;
        match self.head()? {
            Head::Text(n) => self.take_text(n, at),
            _ => Err(CborError::Unexpected { at, expected }),
        }
    }

    pub(crate) fn bytes(&mut self, expected: &'static str) -> Result<&'a [u8], CborError> {
        let at = self.at;
        match self.head()? {
            Head::Bytes(n) => self.take(n, at),
            _ => Err(CborError::Unexpected { at, expected }),
        }
    }

    pub(crate) fn hash(&mut self, expected: &'static str) -> Result<[u8; 32], CborError> {
        let at = self.at;
        let unexpected = CborError::Unexpected { at, expected };
        match self.head()? {
            Head::Bytes(n) => self.take(n, at)?.try_into().map_err(|_| unexpected),
            _ => Err(unexpected),
        }
    }

    pub(super) fn take(&mut self, n: u64, at: usize) -> Result<&'a [u8], CborError> {
        let truncated = CborError::Truncated { at };
        let n = usize::try_from(n).map_err(|_| truncated.clone())?;
        let end = self.at.checked_add(n).ok_or(truncated.clone())?;
        let taken = self.bytes.get(self.at..end).ok_or(truncated)?;
        self.at = end;
        Ok(taken)
    }

    pub(super) fn take_text(&mut self, n: u64, at: usize) -> Result<&'a str, CborError> {
        std::str::from_utf8(self.take(n, at)?).map_err(|_| CborError::Utf8 { at })
    }

    pub(super) fn head(&mut self) -> Result<Head, CborError> {
        let at = self.at;
        let first = self.take(1, at)?.first().copied().unwrap_or_default();
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 7 {
            return match info {
                20 => Ok(Head::Bool(false)),
                21 => Ok(Head::Bool(true)),
                22 => Ok(Head::Null),
                28..=30 => Err(CborError::Reserved { at }),
                31 => Err(CborError::Indefinite { at }),
                _ => Err(CborError::Simple { at }),
            };
        }
        let n = self.argument(info, at)?;
        // An element takes a byte or more, a pair two: a longer list is refused here, before
        // anybody counts to it.
        let left = (self.bytes.len() - self.at) as u64;
        match major {
            0 => Ok(Head::Unsigned(n)),
            1 => Ok(Head::Negative(n)),
            2 => Ok(Head::Bytes(n)),
            3 => Ok(Head::Text(n)),
            4 if n > left => Err(CborError::Truncated { at }),
            4 => Ok(Head::Array(n)),
            5 if n > left / 2 => Err(CborError::Truncated { at }),
            5 => Ok(Head::Map(n)),
            _ => Ok(Head::Tag(n)),
        }
    }

    fn argument(&mut self, info: u8, at: usize) -> Result<u64, CborError> {
        let (width, least) = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            28..=30 => return Err(CborError::Reserved { at }),
            _ => return Err(CborError::Indefinite { at }),
        };
        let n = self.take(width, at)?.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
        if n < least { Err(CborError::NotShortest { at }) } else { Ok(n) }
    }
}
