//! The prover's tables: one number a row for everything that a relation multiplies.
//!
//! A table begins as small numbers, from which the first round is computed in integers, and is
//! folded into scalars afterwards. Rows beyond a table's length are 0.

use ark_ff::{BigInt, Field};
use rayon::prelude::*;

use super::ProveError;
use crate::columns::Cells;
use crate::curve::{self, Scalar};
use crate::relation::{Factor, Form, Relation};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Rows that are worked on at a time, so that all tables' pieces stay in the cache.
pub(super) const BLOCK: usize = 256;

/// One table.
pub(super) enum Table {
    /// As it was committed.
    Cells(Cells),
    /// Folded at least once, or never small.
    Field(Zeroizing<Vec<Scalar>>),
}

impl Table {
    /// Rows that are stored.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Cells(cells) => cells.len(),
            Self::Field(scalars) => scalars.len(),
        }
    }

    /// The most bits of its numbers; 0 where that is not known.
    pub(super) fn bits(&self) -> u8 {
        match self {
            Self::Cells(cells) => cells.bits(),
            Self::Field(_) => 0,
        }
    }

    /// The number of a row.
    pub(super) fn scalar(&self, row: usize) -> Scalar {
        match self {
            Self::Cells(cells) => cells.scalar(row),
            Self::Field(scalars) => scalars.get(row).copied().unwrap_or_default(),
        }
    }

    /// Binds the most significant variable to `r`: row x becomes (1 − r)·x + r·(x + half).
    pub(super) fn fold(&mut self, half: usize, r: &Scalar) {
        match self {
            Self::Cells(cells) => *self = Self::Field(Zeroizing::new(fold_cells(cells, half, r))),
            Self::Field(scalars) => {
                let kept = scalars.len().min(half);
                let (low, high) = scalars.split_at_mut(kept);
                low.par_iter_mut().with_min_len(BLOCK).enumerate().for_each(|(row, low)| {
                    let high = high.get(row).copied().unwrap_or_default();
                    *low += (high - *low) * r;
                });
                scalars.truncate(kept);
            }
        }
    }
}

fn fold_cells(cells: &Cells, half: usize, r: &Scalar) -> Vec<Scalar> {
    let kept = cells.len().min(half);
    let keep = Scalar::from(1u64) - r;
    if cells.bits() == 1 {
        let sums = [Scalar::from(0u64), keep, *r, Scalar::from(1u64)];
        let pattern = |row| cells.word(row) | cells.word(row + half) << 1;
        return (0..kept)
            .into_par_iter()
            .with_min_len(BLOCK)
            .map(|row| sums[pattern(row) as usize])
            .collect();
    }
    if cells.bits() == 0 {
        let value = |row: usize| keep * cells.scalar(row) + *r * cells.scalar(row + half);
        return (0..kept).into_par_iter().with_min_len(BLOCK).map(value).collect();
    }
    let (keep, r) = (SmallFactor::new(&keep), SmallFactor::new(r));
    (0..kept)
        .into_par_iter()
        .with_min_len(BLOCK)
        .map(|row| keep.times(cells.word(row)) + r.times(cells.word(row + half)))
        .collect()
}

/// A scalar that is multiplied by many small integers, at one multiplication each: the integer is
/// taken as if it were in Montgomery form already, which divides it by 2^256, and this factor
/// holds the scalar times 2^256.
pub(super) struct SmallFactor(Scalar);

impl SmallFactor {
    pub(super) fn new(scalar: &Scalar) -> Self {
        Self(*scalar * Scalar::from(2u64).pow([256]))
    }

    pub(super) fn times(&self, word: u32) -> Scalar {
        Scalar::new_unchecked(BigInt([u64::from(word), 0, 0, 0])) * self.0
    }
}

/// The tables of all columns, then of all forms.
pub(super) fn all(relation: &Relation, columns: &[Cells]) -> Result<Vec<Table>, ProveError> {
    let mut tables: Vec<Table> = columns.iter().cloned().map(Table::Cells).collect();
    for form in relation.forms() {
        tables.push(Table::Cells(form_cells(relation, form, columns)?));
    }
    Ok(tables)
}

/// The place of a factor's table among [`all`].
pub(super) fn place(relation: &Relation, factor: &Factor) -> usize {
    match factor {
        Factor::Column(column) => *column,
        Factor::Form(form) => relation.columns() + form,
    }
}

/// A form's numbers: small ones for what honest holders commit to, scalars for anything else. Rows
/// beyond N are counted where a column has some: what a dishonest holder puts there is proven about
/// like the rest, and refused for what it is.
fn form_cells(relation: &Relation, form: &Form, columns: &[Cells]) -> Result<Cells, ProveError> {
    let rows = usize::try_from(relation.rows()).map_err(|_| ProveError::Shape)?;
    let used = form.terms.iter().map(|(column, _)| &columns[*column]);
    let length = used.clone().map(Cells::len).fold(rows, usize::max);
    let within = |row: usize| if row < rows { form.rows } else { 0 };
    let small = used.clone().all(|cells| cells.bits() > 0);
    let words: Option<Vec<u32>> = if small {
        (0..length)
            .into_par_iter()
            .with_min_len(BLOCK)
            .map(|row| {
                let terms = form.terms.iter().map(|(column, coefficient)| {
                    i128::from(*coefficient) * i128::from(columns[*column].word(row))
                });
                u32::try_from(terms.sum::<i128>() + i128::from(within(row))).ok()
            })
            .collect()
    } else {
        None
    };
    if let Some(words) = words {
        let most = words.iter().fold(0, |all, word| all | word);
        let bits = (u32::BITS - most.leading_zeros()).max(1) as u8;
        return Ok(Cells::values(words, bits));
    }
    let scalar = |row: usize| {
        let terms = form.terms.iter().map(|(column, coefficient)| {
            curve::signed((*coefficient).into()) * columns[*column].scalar(row)
        });
        terms.sum::<Scalar>() + curve::signed(within(row).into())
    };
    Ok(Cells::Scalars(Arc::new(Zeroizing::new((0..length).map(scalar).collect()))))
}
