//! What may be released of a version: the part that every verifier checks again.
//!
//! A true statistic can still reveal a person. These rules are part of the body, so a holder cannot
//! loosen them for one proof, and they are decided from the claimed integers alone. What they cannot
//! see (differences to earlier releases, other versions, other logs) is the holder's promise; the
//! first of it their node keeps ([`crate::statement::Comparison`]).

mod check;
mod counts;

use thiserror::Error;

use crate::wire::{Reader, WireError, Writer};

pub use check::{Refusal, check};

/// The smallest minimum cell that a policy may have.
pub const CELL_FLOOR: u32 = 3;
/// The minimum cell, where nothing else is declared.
pub const CELL_DEFAULT: u32 = 10;
/// The smallest number of residual degrees of freedom that a policy may have.
pub const FREEDOM_FLOOR: u32 = 10;
/// The greatest share of parameters to rows, in hundredths, that a policy may have.
pub const PARAMETERS_PERCENT_MAX: u8 = 33;
/// The version of the rules.
const VERSION: u8 = 1;

/// A release policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    minimum_cell: u32,
    minimum_freedom: u32,
    parameters_percent: u8,
}

/// Why a policy cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// The layout is wrong, or the rules are of a later version.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Looser than the floors of this version.
    #[error("the policy is looser than what any verifier accepts")]
    Loose,
}

impl Policy {
    /// A policy with this minimum cell; the other limits at their loosest.
    ///
    /// # Errors
    /// When the cell is below [`CELL_FLOOR`].
    pub fn new(minimum_cell: u32) -> Result<Self, PolicyError> {
        Self::checked(minimum_cell, FREEDOM_FLOOR, PARAMETERS_PERCENT_MAX)
    }

    /// Every count that a statement reveals is 0 or at least this, and so is what is left of it.
    pub fn minimum_cell(&self) -> u32 {
        self.minimum_cell
    }

    /// Rows less parameters of a model must be at least this.
    pub fn minimum_freedom(&self) -> u32 {
        self.minimum_freedom
    }

    /// Parameters of a model must be at most this share of its rows, in hundredths.
    pub fn parameters_percent(&self) -> u8 {
        self.parameters_percent
    }

    /// Writes the policy's 10 bytes.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u8(VERSION);
        writer.u32(self.minimum_cell);
        writer.u32(self.minimum_freedom);
        writer.u8(self.parameters_percent);
    }

    /// Reads what [`Policy::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, PolicyError> {
        if reader.u8()? != VERSION {
            return Err(WireError::Value("version 1 of the release policy").into());
        }
        Self::checked(reader.u32()?, reader.u32()?, reader.u8()?)
    }

    fn checked(cell: u32, freedom: u32, percent: u8) -> Result<Self, PolicyError> {
        let strict = cell >= CELL_FLOOR
            && freedom >= FREEDOM_FLOOR
            && (1..=PARAMETERS_PERCENT_MAX).contains(&percent);
        if !strict {
            return Err(PolicyError::Loose);
        }
        Ok(Self { minimum_cell: cell, minimum_freedom: freedom, parameters_percent: percent })
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            minimum_cell: CELL_DEFAULT,
            minimum_freedom: FREEDOM_FLOOR,
            parameters_percent: PARAMETERS_PERCENT_MAX,
        }
    }
}
