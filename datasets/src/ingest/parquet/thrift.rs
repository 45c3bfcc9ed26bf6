//! The compact protocol of Apache Thrift, as far as Parquet uses it: read without allocating
//! anything that a size in the bytes asks for (thrift-compact-protocol.md).

use super::error::ParquetRefused;

/// Structures within structures at most. Parquet's own need seven.
const MAX_DEPTH: usize = 32;

/// A place in thrift-encoded bytes.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The wire type of a field or element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    True,
    False,
    Byte,
    /// 16, 32 or 64 bits, as a zigzag varint.
    Int,
    Double,
    Binary,
    List,
    Map,
    Struct,
    Uuid,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next field of a struct as (id, type), or `None` at its end. `previous` is the id of
    /// the field before, 0 at first.
    pub(super) fn field(&mut self, previous: i16) -> Result<Option<(i16, Wire)>, ParquetRefused> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let wire = self.wire(byte & 0x0f)?;
        let id = match byte >> 4 {
            0 => {
                i16::try_from(self.int()?).map_err(|_| self.broken("a field id beyond 16 bits"))?
            }
            delta => previous
                .checked_add(i16::from(delta))
                .ok_or_else(|| self.broken("a field id beyond 16 bits"))?,
        };
        Ok(Some((id, wire)))
    }

    /// An integer of up to 64 bits.
    pub(super) fn int(&mut self) -> Result<i64, ParquetRefused> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// An integer that must fit 32 bits.
    pub(super) fn int32(&mut self) -> Result<i32, ParquetRefused> {
        i32::try_from(self.int()?).map_err(|_| self.broken("an integer beyond 32 bits"))
    }

    /// The size of a list and the type of its elements, or `None` for an empty one.
    pub(super) fn list(&mut self) -> Result<Option<(usize, Wire)>, ParquetRefused> {
        let byte = self.byte()?;
        let size = match byte >> 4 {
            15 => self.size()?,
            size => usize::from(size),
        };
        // Every element takes a byte at least, so no size can be larger than what is left.
        if size > self.left() {
            return Err(self.broken("a list longer than what is left"));
        }
        if size == 0 {
            return Ok(None);
        }
        Ok(Some((size, self.wire(byte & 0x0f)?)))
    }

    /// Passes over a value of any type; every size in it is checked against what is left.
    pub(super) fn skip(&mut self, wire: Wire) -> Result<(), ParquetRefused> {
        self.skip_within(wire, 0)
    }

    fn skip_within(&mut self, wire: Wire, depth: usize) -> Result<(), ParquetRefused> {
        if depth > MAX_DEPTH {
            return Err(self.broken("structures nested too deep"));
        }
        match wire {
            Wire::True | Wire::False => Ok(()),
            Wire::Byte => self.advance(1),
            Wire::Int => self.varint().map(|_| ()),
            Wire::Double => self.advance(8),
            Wire::Uuid => self.advance(16),
            Wire::Binary => {
                let length = self.size()?;
                self.advance(length)
            }
            Wire::List => self.skip_list(depth),
            Wire::Map => self.skip_map(depth),
            Wire::Struct => {
                let mut previous = 0;
                while let Some((id, wire)) = self.field(previous)? {
                    self.skip_within(wire, depth + 1)?;
                    previous = id;
                }
                Ok(())
            }
        }
    }

    fn skip_list(&mut self, depth: usize) -> Result<(), ParquetRefused> {
        if let Some((size, wire)) = self.list()? {
            for _ in 0..size {
                self.skip_element_within(wire, depth + 1)?;
            }
        }
        Ok(())
    }

    fn skip_map(&mut self, depth: usize) -> Result<(), ParquetRefused> {
        let size = self.size()?;
        if size == 0 {
            return Ok(());
        }
        if size > self.left() {
            return Err(self.broken("a map longer than what is left"));
        }
        let types = self.byte()?;
        let (key, value) = (self.wire(types >> 4)?, self.wire(types & 0x0f)?);
        for _ in 0..size {
            self.skip_element_within(key, depth + 1)?;
            self.skip_element_within(value, depth + 1)?;
        }
        Ok(())
    }

    /// Passes over an element of a list.
    pub(super) fn skip_element(&mut self, wire: Wire) -> Result<(), ParquetRefused> {
        self.skip_element_within(wire, 0)
    }

    /// In lists and maps, unlike in structs, a truth value takes a byte.
    fn skip_element_within(&mut self, wire: Wire, depth: usize) -> Result<(), ParquetRefused> {
        match wire {
            Wire::True | Wire::False => self.advance(1),
            wire => self.skip_within(wire, depth),
        }
    }

    fn wire(&self, code: u8) -> Result<Wire, ParquetRefused> {
        let wire = match code {
            1 => Wire::True,
            2 => Wire::False,
            3 => Wire::Byte,
            4..=6 => Wire::Int,
            7 => Wire::Double,
            8 => Wire::Binary,
            9 | 10 => Wire::List,
            11 => Wire::Map,
            12 => Wire::Struct,
            13 => Wire::Uuid,
            _ => return Err(self.broken("an unknown type")),
        };
        Ok(wire)
    }

    fn size(&mut self) -> Result<usize, ParquetRefused> {
        let size = self.varint()?;
        match usize::try_from(size) {
            Ok(size) if size <= self.left() => Ok(size),
            _ => Err(self.broken("a size beyond what is left")),
        }
    }

    fn varint(&mut self) -> Result<u64, ParquetRefused> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(self.broken("an integer beyond 64 bits"));
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.broken("an integer beyond 64 bits"))
    }

    fn byte(&mut self) -> Result<u8, ParquetRefused> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte.ok_or_else(|| self.broken("the bytes end within a structure"))
    }

    fn advance(&mut self, count: usize) -> Result<(), ParquetRefused> {
        if count > self.left() {
            return Err(self.broken("the bytes end within a value"));
        }
        self.at += count;
        Ok(())
    }

    fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    fn broken(&self, reason: &'static str) -> ParquetRefused {
        ParquetRefused::Thrift { at: self.at, reason }
    }
}
