//! Hiding commitments to columns, one point per chunk of 2,048 rows (the Hyrax layout).
//!
//! Row 2048k + i of a column is the coefficient of G_i in the commitment of chunk k, and a blind is
//! the coefficient of H. A chunk's commitment is fast because its numbers are small: values of up
//! to 32 bits go into 255 buckets by their bytes, booleans are looked up eight rows at a time, and
//! all additions are affine ones that share their inversions ([`lists`]).

pub mod blinds;
pub mod lists;
mod tables;

use rayon::prelude::*;

use crate::columns::Cells;
use crate::curve::{Point, Scalar, Sum};
use crate::generators::{CHUNK_ROWS, generators};
use ark_ec::{AffineRepr, VariableBaseMSM};
use ark_ff::{PrimeField, Zero};

/// Chunks that are added up together, so that their inversions are shared.
const CHUNKS_TOGETHER: usize = 32;
/// Different bytes, and so buckets of one chunk of values.
const BYTES: usize = 256;

/// Chunks that `rows` rows are cut into.
pub fn chunks_of(rows: u64) -> u64 {
    rows.div_ceil(CHUNK_ROWS as u64)
}

/// The commitments of a column's chunks. `blinds` holds one blind per chunk; chunks without a
/// blind are left out. Rows at and beyond the column's length count as 0.
pub fn commit_column(cells: &Cells, blinds: &[Scalar]) -> Vec<Point> {
    let starts: Vec<usize> = (0..blinds.len()).step_by(CHUNKS_TOGETHER).collect();
    let groups: Vec<Vec<Sum>> = starts
        .into_par_iter()
        .map(|start| {
            let end = (start + CHUNKS_TOGETHER).min(blinds.len());
            match cells.bits() {
                0 => commit_scalars(cells, start, &blinds[start..end]),
                1 => commit_bits(cells, start, &blinds[start..end]),
                bits => commit_values(cells, bits, start, &blinds[start..end]),
            }
        })
        .collect();
    crate::curve::normalize(&groups.concat())
}

/// vQ + sH: the commitment to one number.
pub fn commit_value(value: &Scalar, blind: &Scalar) -> Sum {
    let tables = tables::tables();
    let mut sum = Sum::zero();
    for (table, scalar) in [(&tables.value, value), (&tables.blind, blind)] {
        table.digits(scalar, |point| sum += point);
    }
    sum
}

fn commit_scalars(cells: &Cells, first_chunk: usize, blinds: &[Scalar]) -> Vec<Sum> {
    let generators = generators();
    let commit = |(offset, blind): (usize, &Scalar)| {
        let start = (first_chunk + offset) * CHUNK_ROWS;
        let scalars: Vec<Scalar> =
            (start..start + CHUNK_ROWS).map(|row| cells.scalar(row)).collect();
        Sum::msm_unchecked(&generators.rows, &scalars) + commit_value(&Scalar::zero(), blind)
    };
    blinds.iter().enumerate().map(commit).collect()
}

fn commit_bits(cells: &Cells, first_chunk: usize, blinds: &[Scalar]) -> Vec<Sum> {
    let tables = tables::tables();
    let mut points = Vec::with_capacity(blinds.len() * (CHUNK_ROWS / 8 + 32));
    let mut lengths = Vec::with_capacity(blinds.len());
    for (offset, blind) in blinds.iter().enumerate() {
        let before = points.len();
        let start = (first_chunk + offset) * CHUNK_ROWS;
        for group in 0..CHUNK_ROWS / 8 {
            let subset = cells.eight(start + 8 * group);
            if subset != 0 {
                points.push(tables.subsets[group * BYTES + subset as usize]);
            }
        }
        tables.blind.digits(blind, |point| points.push(*point));
        lengths.push(points.len() - before);
    }
    lists::add_up(points, lengths).into_iter().map(AffineRepr::into_group).collect()
}

fn commit_values(cells: &Cells, bits: u8, first_chunk: usize, blinds: &[Scalar]) -> Vec<Sum> {
    let windows = usize::from(bits).div_ceil(8);
    blinds
        .iter()
        .enumerate()
        .map(|(offset, blind)| {
            let mut values = [0u32; CHUNK_ROWS];
            cells.read((first_chunk + offset) * CHUNK_ROWS, &mut values);
            commit_chunk(&values, windows, blind)
        })
        .collect()
}

/// Bucket b holds the points whose byte is b; bucket 0, which no byte needs, holds the blind's.
fn commit_chunk(values: &[u32; CHUNK_ROWS], windows: usize, blind: &Scalar) -> Sum {
    let tables = tables::tables();
    let mut blind_points = Vec::with_capacity(32);
    tables.blind.digits(blind, |point| blind_points.push((0, *point)));
    let bytes = values.iter().enumerate().flat_map(|(row, value)| {
        let bytes = value.to_le_bytes().into_iter().take(windows).enumerate();
        bytes
            .filter(|(_, byte)| *byte != 0)
            .map(move |(window, byte)| (usize::from(byte), tables.rows[window * CHUNK_ROWS + row]))
    });
    let buckets = lists::add_up_buckets(BYTES, blind_points.iter().copied().chain(bytes));
    lists::weigh(&buckets) + buckets[0]
}

/// The bytes of a scalar, least significant first.
fn scalar_bytes(scalar: &Scalar) -> impl Iterator<Item = u8> {
    scalar.into_bigint().0.into_iter().flat_map(u64::to_le_bytes)
}
