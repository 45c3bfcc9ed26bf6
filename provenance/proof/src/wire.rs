//! Reading and writing fixed little-endian layouts.
//!
//! A reader never allocates by a length that it only read: callers take slices, and every list
//! that is read has a limit of its own.

use thiserror::Error;

use crate::curve::{self, ENCODED_LEN, Encoded, EncodingError, Point, Scalar};

/// Why bytes are not the layout they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WireError {
    /// The bytes end too early, or go on after the end.
    #[error("wrong length: cut, or followed by something")]
    Length,
    /// A field holds what it may not hold.
    #[error("a field does not hold {0}")]
    Value(&'static str),
    /// A point or scalar is not canonical.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
}

/// Takes fields from the front of a slice.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Over these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// When there are fewer; so do all readers below.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (front, rest) = self.0.split_at_checked(count).ok_or(WireError::Length)?;
        self.0 = rest;
        Ok(front)
    }

    /// True where nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All bytes that are left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// When something is.
    pub fn end(self) -> Result<(), WireError> {
        if self.0.is_empty() { Ok(()) } else { Err(WireError::Length) }
    }

    /// A fixed number of bytes.
    ///
    /// # Errors
    /// See [`Reader::take`].
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// One byte.
    ///
    /// # Errors
    /// See [`Reader::take`].
    pub fn u8(&mut self) -> Result<u8, WireError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A byte that is 0 or 1.
    ///
    /// # Errors
    /// When it is neither.
    pub fn bool(&mut self) -> Result<bool, WireError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(WireError::Value("0 or 1")),
        }
    }

    /// Two bytes.
    ///
    /// # Errors
    /// See [`Reader::take`].
    pub fn u16(&mut self) -> Result<u16, WireError> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes.
    ///
    /// # Errors
    /// See [`Reader::take`].
    pub fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    ///
    /// # Errors
    /// See [`Reader::take`].
    pub fn u64(&mut self) -> Result<u64, WireError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Sixteen bytes.
    ///
    /// # Errors
    /// See [`Reader::take`].
    pub fn u128(&mut self) -> Result<u128, WireError> {
        self.array().map(u128::from_le_bytes)
    }

    /// UTF-8 of at most 255 bytes behind its length.
    ///
    /// # Errors
    /// When it is no UTF-8.
    pub fn short_text(&mut self) -> Result<String, WireError> {
        let length = usize::from(self.u8()?);
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| WireError::Value("UTF-8"))
    }

    /// A point.
    ///
    /// # Errors
    /// When the encoding is not canonical.
    pub fn point(&mut self) -> Result<(Point, Encoded), WireError> {
        let bytes = self.array::<ENCODED_LEN>()?;
        Ok((curve::decode_point(&bytes)?, bytes))
    }

    /// A scalar.
    ///
    /// # Errors
    /// When the encoding is not canonical.
    pub fn scalar(&mut self) -> Result<Scalar, WireError> {
        Ok(curve::decode_scalar(&self.array()?)?)
    }
}

/// Appends fields.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Without bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Two bytes.
    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_le_bytes());
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    /// Eight bytes.
    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// Sixteen bytes.
    pub fn u128(&mut self, value: u128) {
        self.bytes(&value.to_le_bytes());
    }

    /// A text of at most 255 bytes behind its length; callers have checked it.
    pub fn short_text(&mut self, text: &str) {
        debug_assert!(text.len() <= usize::from(u8::MAX));
        self.u8(text.len() as u8);
        self.bytes(text.as_bytes());
    }
}
