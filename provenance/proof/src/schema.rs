//! What a holder declares about the columns that are committed, before the data are read.
//!
//! Ranges, levels and nullability are never inferred: inferred, they would publish the smallest
//! value, the magnitude of the largest and every rare diagnosis, for ever. The text form is
//! `age:int[0..127]{40,65},weight:fixed(2)?[-200..200],group:category(yes|no),smoker:bool`.

mod text;

use thiserror::Error;

use crate::columns::Role;
use crate::wire::{Reader, WireError, Writer};

/// The most committed columns of a schema.
pub const COLUMNS_MAX: usize = 256;
/// The most levels of a category.
pub const LEVELS_MAX: usize = 64;
/// The most thresholds of a number, so that it has no more bands than a category has levels.
pub const THRESHOLDS_MAX: usize = LEVELS_MAX - 1;
/// The most bytes of a name or level.
pub const NAME_MAX: usize = 255;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Numbers to some decimal places, within a range that both ends belong to.
    Number {
        /// Decimal places, 0 for integers.
        places: u8,
        /// The least number, times 10^places.
        lo: i64,
        /// The greatest, times 10^places.
        hi: i64,
        /// Numbers, ascending, of which it is committed for each row whether it reaches them; times
        /// 10^places. They cut the range into bands, each up to but without the next threshold.
        thresholds: Vec<i64>,
    },
    /// One of some levels, in the declared order.
    Category {
        /// The levels' names.
        levels: Vec<String>,
    },
    /// True or false.
    Boolean,
}

/// A column that is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the table.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether cells may be null.
    pub nullable: bool,
}

/// All committed columns, in the order that numbers them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    columns: Vec<Column>,
}

/// Why a schema cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// No column, or more than [`COLUMNS_MAX`].
    #[error("{0} columns; 1 to {COLUMNS_MAX} can be committed")]
    Count(usize),
    /// A name or level is empty or too long.
    #[error("column {} of the declaration: a name or level is empty or longer than {NAME_MAX} bytes", .0 + 1)]
    Name(usize),
    /// Two columns, or two levels of one, are called the same.
    #[error("column {} of the declaration: the name or a level stands twice", .0 + 1)]
    Twice(usize),
    /// The range is empty, holds one number alone, or more than 2^32.
    #[error("column {} of the declaration: a range holds 2 to 4294967296 numbers", .0 + 1)]
    Range(usize),
    /// More than [`crate::decimal::PLACES_MAX`] decimal places.
    #[error("column {} of the declaration: too many decimal places", .0 + 1)]
    Places(usize),
    /// Fewer than 2 or more than [`LEVELS_MAX`] levels.
    #[error("column {} of the declaration: a category has 2 to {LEVELS_MAX} levels", .0 + 1)]
    Levels(usize),
    /// Thresholds do not ascend, are outside the range, at its low end, or too many.
    #[error("column {} of the declaration: at most {THRESHOLDS_MAX} thresholds, ascending, above the range's low end and not above its high end", .0 + 1)]
    Thresholds(usize),
    /// The text cannot be read.
    #[error("at byte {0}: expected {1}")]
    Text(usize, &'static str),
    /// The bytes cannot be read.
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl Kind {
    /// The greatest u, which is the least number's distance to the greatest.
    pub fn span(&self) -> u32 {
        match self {
            Self::Number { lo, hi, .. } => hi.wrapping_sub(*lo) as u32,
            Self::Category { .. } | Self::Boolean => 1,
        }
    }

    /// The thresholds of u: from 1 to the span.
    pub fn thresholds(&self) -> Vec<u32> {
        match self {
            Self::Number { lo, thresholds, .. } => {
                thresholds.iter().map(|threshold| threshold.wrapping_sub(*lo) as u32).collect()
            }
            Self::Category { .. } | Self::Boolean => Vec::new(),
        }
    }

    /// What rows can be told apart by: a category's levels, or the bands between thresholds; 0 for
    /// what has neither.
    pub fn groups(&self) -> u8 {
        match self {
            Self::Category { levels } => levels.len() as u8,
            Self::Number { thresholds, .. } if !thresholds.is_empty() => thresholds.len() as u8 + 1,
            Self::Number { .. } | Self::Boolean => 0,
        }
    }

    /// The least and the greatest u of a band.
    pub fn band(&self, band: u8) -> Option<(u32, u32)> {
        let thresholds = self.thresholds();
        let band = usize::from(band);
        if band > thresholds.len() {
            return None;
        }
        let low = band.checked_sub(1).map_or(0, |below| thresholds[below]);
        Some((low, thresholds.get(band).map_or(self.span(), |next| next - 1)))
    }

    /// Bits of the greatest u.
    pub fn bits(&self) -> u8 {
        (u32::BITS - self.span().leading_zeros()) as u8
    }

    /// The span, where it is not one less than a power of two, so that the distance from above
    /// must be shown to be in range as well.
    pub fn complement_span(&self) -> Option<u32> {
        let full = (1u64 << self.bits()) - 1;
        (u64::from(self.span()) != full).then_some(self.span())
    }
}

impl Column {
    /// The roles that are published as commitments, in their order.
    pub fn published(&self) -> Vec<Role> {
        let mut roles = match &self.kind {
            Kind::Number { thresholds, .. } => {
                let thresholds = (0..thresholds.len() as u8).map(Role::Threshold);
                std::iter::once(Role::Value).chain(thresholds).collect()
            }
            Kind::Boolean => vec![Role::Value],
            Kind::Category { levels } => (0..levels.len() as u8 - 1).map(Role::Level).collect(),
        };
        if self.nullable {
            roles.push(Role::Valid);
        }
        roles
    }

    /// The roles that the ingest proof commits to beside them, in their order.
    pub fn ingest_roles(&self) -> Vec<Role> {
        let Kind::Number { .. } = self.kind else { return Vec::new() };
        let bits = 1..self.kind.bits();
        let mut roles: Vec<Role> = bits.clone().map(Role::Bit).collect();
        if self.kind.complement_span().is_some() {
            roles.extend(bits.map(Role::ComplementBit));
        }
        for (at, threshold) in self.kind.thresholds().into_iter().enumerate() {
            let steps = 1..crate::ingest::steps(threshold, self.kind.bits()).len() as u8;
            roles.extend(steps.map(|step| Role::Step(at as u8, step - 1)));
        }
        roles
    }
}

impl Schema {
    /// A schema of these columns.
    ///
    /// # Errors
    /// When one of the limits is not kept.
    pub fn new(columns: Vec<Column>) -> Result<Self, SchemaError> {
        if columns.is_empty() || columns.len() > COLUMNS_MAX {
            return Err(SchemaError::Count(columns.len()));
        }
        for (at, column) in columns.iter().enumerate() {
            check_column(at, column)?;
            if columns[..at].iter().any(|before| before.name == column.name) {
                return Err(SchemaError::Twice(at));
            }
        }
        Ok(Self { columns })
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The place of the column of this name.
    pub fn position(&self, name: &str) -> Option<u16> {
        self.columns.iter().position(|column| column.name == name).map(|at| at as u16)
    }

    /// Every published commitment: the column's place and its role, in the body's order.
    pub fn published(&self) -> Vec<(u16, Role)> {
        let roles = |(at, column): (usize, &Column)| {
            column.published().into_iter().map(move |role| (at as u16, role)).collect::<Vec<_>>()
        };
        self.columns.iter().enumerate().flat_map(roles).collect()
    }

    /// Writes the schema's bytes.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.u16(self.columns.len() as u16);
        for column in &self.columns {
            writer.short_text(&column.name);
            writer.u8(u8::from(column.nullable));
            match &column.kind {
                Kind::Number { places, lo, hi, thresholds } => {
                    writer.u8(0);
                    writer.u8(*places);
                    writer.u64(*lo as u64);
                    writer.u64(*hi as u64);
                    writer.u8(thresholds.len() as u8);
                    thresholds.iter().for_each(|threshold| writer.u64(*threshold as u64));
                }
                Kind::Category { levels } => {
                    writer.u8(1);
                    writer.u8(levels.len() as u8);
                    levels.iter().for_each(|level| writer.short_text(level));
                }
                Kind::Boolean => writer.u8(2),
            }
        }
    }

    /// Reads what [`Schema::write`] wrote.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, SchemaError> {
        let count = usize::from(reader.u16()?);
        if count == 0 || count > COLUMNS_MAX {
            return Err(SchemaError::Count(count));
        }
        let columns = (0..count).map(|_| read_column(reader)).collect::<Result<_, _>>()?;
        Self::new(columns)
    }
}

fn read_column(reader: &mut Reader<'_>) -> Result<Column, SchemaError> {
    let name = reader.short_text()?;
    let nullable = reader.bool()?;
    let kind = match reader.u8()? {
        0 => Kind::Number {
            places: reader.u8()?,
            lo: reader.u64()? as i64,
            hi: reader.u64()? as i64,
            thresholds: {
                let count = reader.u8()?;
                (0..count).map(|_| Ok(reader.u64()? as i64)).collect::<Result<_, WireError>>()?
            },
        },
        1 => {
            let levels = reader.u8()?;
            Kind::Category {
                levels: (0..levels).map(|_| reader.short_text()).collect::<Result<_, _>>()?,
            }
        }
        2 => Kind::Boolean,
        _ => return Err(WireError::Value("a kind of column").into()),
    };
    Ok(Column { name, kind, nullable })
}

fn check_column(at: usize, column: &Column) -> Result<(), SchemaError> {
    let fits = |name: &String| (1..=NAME_MAX).contains(&name.len());
    if !fits(&column.name) {
        return Err(SchemaError::Name(at));
    }
    match &column.kind {
        Kind::Number { places, .. } if *places > crate::decimal::PLACES_MAX => {
            Err(SchemaError::Places(at))
        }
        Kind::Number { lo, hi, thresholds, .. } => {
            let span = i128::from(*hi) - i128::from(*lo);
            if !(1..=i128::from(u32::MAX)).contains(&span) {
                return Err(SchemaError::Range(at));
            }
            // One at the low end would say nothing: every number reaches it.
            let within = thresholds.iter().all(|threshold| lo < threshold && threshold <= hi);
            let fits = thresholds.len() <= THRESHOLDS_MAX && thresholds.is_sorted_by(|a, b| a < b);
            if within && fits { Ok(()) } else { Err(SchemaError::Thresholds(at)) }
        }
        Kind::Category { levels } => {
            if !(2..=LEVELS_MAX).contains(&levels.len()) {
                return Err(SchemaError::Levels(at));
            }
            if !levels.iter().all(fits) {
                return Err(SchemaError::Name(at));
            }
            let twice = (1..levels.len()).any(|level| levels[..level].contains(&levels[level]));
            if twice { Err(SchemaError::Twice(at)) } else { Ok(()) }
        }
        Kind::Boolean => Ok(()),
    }
}
