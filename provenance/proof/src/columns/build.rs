//! Encoding the rows of one schema column, one cell after another.

use std::sync::Arc;

use thiserror::Error;
use zeroize::Zeroizing;

use super::{Cells, Role, Words};
use crate::decimal::{self, DecimalError};
use crate::schema::{Column, Kind};

/// The code of a null among the codes of a category; no level has it.
const NULL_CODE: u32 = u32::MAX;

/// One cell as it was read.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A decimal number, or a category's level.
    Text(&'a str),
    /// A stored float, taken as the exact number it is.
    Float(f64),
    /// A stored integer.
    Integer(i64),
    /// A stored boolean.
    Boolean(bool),
}

/// Why a cell cannot be committed. No variant holds the cell: a message may leave the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CellError {
    /// A null, and the column was not declared with `?`.
    #[error("is null, and the column is not declared nullable (`?`)")]
    Null,
    /// Outside the declared range.
    #[error("is outside the declared range")]
    Range,
    /// None of the declared levels.
    #[error("is none of the declared levels")]
    Level,
    /// Cannot be read as what the column holds.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] DecimalError),
    /// A text where a number or boolean is declared, or the other way round.
    #[error("is of another type than declared")]
    Type,
}

/// Takes a column's cells.
pub struct ColumnBuilder<'a> {
    column: &'a Column,
    words: Zeroizing<Vec<u32>>,
    valid: Zeroizing<Vec<u32>>,
}

/// A column's numbers, ready to be committed.
#[derive(Clone)]
pub struct EncodedColumn {
    column: Column,
    words: Words,
    valid: Words,
    complement: Option<Words>,
}

impl<'a> ColumnBuilder<'a> {
    /// For a column of a schema.
    pub fn new(column: &'a Column) -> Self {
        Self { column, words: Zeroizing::default(), valid: Zeroizing::default() }
    }

    /// Takes the next row's cell.
    ///
    /// # Errors
    /// When the declaration does not allow it; the column is as it was. Which row it is only the
    /// caller knows, and it is for the holder's eyes.
    pub fn push(&mut self, cell: Cell<'_>) -> Result<(), CellError> {
        let (word, valid) = match cell {
            Cell::Null if self.column.nullable => (self.null(), 0),
            Cell::Null => return Err(CellError::Null),
            cell => (self.encode(cell)?, 1),
        };
        self.words.push(word);
        self.valid.push(valid);
        Ok(())
    }

    /// All rows were taken.
    pub fn finish(self) -> EncodedColumn {
        let words = Arc::new(self.words);
        let complement = self.column.kind.complement_span().map(|span| {
            let words = words.iter().map(|word| span.wrapping_sub(*word)).collect::<Vec<_>>();
            Arc::new(Zeroizing::new(words))
        });
        let column = self.column.clone();
        EncodedColumn { column, words, valid: Arc::new(self.valid), complement }
    }

    fn null(&self) -> u32 {
        if matches!(self.column.kind, Kind::Category { .. }) { NULL_CODE } else { 0 }
    }

    fn encode(&self, cell: Cell<'_>) -> Result<u32, CellError> {
        match (&self.column.kind, cell) {
            (Kind::Number { places, lo, hi, .. }, cell) => {
                let number = match cell {
                    Cell::Text(text) => decimal::parse(text, *places)?,
                    Cell::Float(float) => decimal::from_float(float, *places)?,
                    Cell::Integer(integer) => decimal::from_integer(integer, *places)?,
                    Cell::Null | Cell::Boolean(_) => return Err(CellError::Type),
                };
                if number < *lo || number > *hi {
                    return Err(CellError::Range);
                }
                u32::try_from(i128::from(number) - i128::from(*lo)).map_err(|_| CellError::Range)
            }
            (Kind::Category { levels }, Cell::Text(text)) => levels
                .iter()
                .position(|level| level == text)
                .map(|code| code as u32)
                .ok_or(CellError::Level),
            (Kind::Boolean, Cell::Boolean(value)) => Ok(u32::from(value)),
            (Kind::Boolean, Cell::Text("true")) => Ok(1),
            (Kind::Boolean, Cell::Text("false")) => Ok(0),
            _ => Err(CellError::Type),
        }
    }
}

impl EncodedColumn {
    /// What was declared of it.
    pub fn column(&self) -> &Column {
        &self.column
    }

    /// Rows taken.
    pub fn rows(&self) -> usize {
        self.words.len()
    }

    /// The numbers of one role.
    pub fn cells(&self, role: Role) -> Cells {
        let words = self.words.clone();
        match role {
            Role::Value => Cells::Values { words, bits: self.column.kind.bits() },
            Role::Valid => Cells::Values { words: self.valid.clone(), bits: 1 },
            Role::Level(level) => Cells::Equals { words, code: u32::from(level) },
            Role::Bit(shift) => Cells::Bit { words, shift },
            Role::ComplementBit(shift) => {
                Cells::Bit { words: self.complement.clone().unwrap_or(words), shift }
            }
            Role::Threshold(at) => self.reaches(at, None),
            Role::Step(at, step) => self.reaches(at, Some(step)),
        }
    }

    /// 1 where u, or what its lowest bits make up to a step, reaches a threshold.
    fn reaches(&self, at: u8, step: Option<u8>) -> Cells {
        let kind = &self.column.kind;
        // A threshold that the schema does not have is reached by nothing that a column holds.
        let threshold = kind.thresholds().get(usize::from(at)).copied().unwrap_or(u32::MAX);
        let steps = crate::ingest::steps(threshold, kind.bits());
        let end = step.and_then(|step| steps.get(usize::from(step))).map_or(32, |step| step.end);
        let mask = (u64::MAX >> (64 - u32::from(end))) as u32;
        Cells::AtLeast { words: self.words.clone(), mask, least: threshold & mask }
    }
}
