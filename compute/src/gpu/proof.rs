//! Shows that an adapter writes, for every kernel, the words that the kernel's CPU twin writes,
//! and that these words are the exact sums.

use super::cases::{Case, Random, cases};
use super::device::{Gpu, Lost};
use crate::exact::round::Sign;
use crate::exact::wide::Wide;
use crate::kernels::grouped_sum::{self, twin};
use crate::kernels::reduction::{Reduction, Window, guess, plan, workgroups};
use crate::kernels::window::WindowKernel;
use crate::kernels::{dot, exact_sum, sum_squares};

/// The kernels over whole columns.
pub const WINDOW_KERNELS: [&WindowKernel; 3] =
    [&exact_sum::KERNEL, &sum_squares::KERNEL, &dot::KERNEL];

/// How one kernel did on an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The kernel.
    pub kernel: &'static str,
    /// Columns it was run over.
    pub cases: usize,
    /// Their rows together.
    pub rows: usize,
    /// Passes that were compared, word for word.
    pub passes: usize,
    /// What differed: the case, and the first difference in it. Empty where all is equal.
    pub different: Vec<String>,
}

/// Runs all kernels over all cases on the device and on the CPU, and compares.
///
/// Takes about a second on a card, several on a software adapter.
///
/// # Errors
/// When the device is or gets lost.
pub fn prove(gpu: &Gpu) -> Result<Vec<Proof>, Lost> {
    let cases = cases();
    let mut proofs = Vec::new();
    for kernel in WINDOW_KERNELS {
        proofs.push(prove_window(gpu, kernel, &cases)?);
    }
    proofs.push(prove_grouped(gpu, &cases)?);
    Ok(proofs)
}

fn prove_window(gpu: &Gpu, kernel: &'static WindowKernel, cases: &[Case]) -> Result<Proof, Lost> {
    let mut proof = empty(kernel.shader.name);
    for case in cases {
        proof.cases += 1;
        proof.rows += case.x.len();
        let tile = [case.x.as_slice(), case.y.as_slice()];
        let tile = &tile[..kernel.columns];
        let mut reduction = Reduction::new(kernel, tile);
        while let Some(window) = reduction.next_window() {
            let found = gpu.records(kernel, tile, window)?;
            let expected = twin_records(kernel, tile, window);
            if let Some(fault) = difference(&found, &expected) {
                proof.different.push(format!("{}: {fault} of {window:?}", case.name));
            }
            proof.passes += 1;
            reduction.take(window, &found);
        }
        let (counts, total) = reduction.finish();
        if total != plain_sum(tile, kernel.columns == 1 && kernel.blocks == 128) {
            proof.different.push(format!("{}: the sum is not exact", case.name));
        }
        if counts.total() != case.x.len() as u128 {
            proof.different.push(format!("{}: {counts:?} is not all rows", case.name));
        }
    }
    Ok(proof)
}

/// What the kernel's twin writes for one pass over a tile.
#[must_use]
pub fn twin_records(kernel: &WindowKernel, tile: &[&[f64]], window: Window) -> Vec<u32> {
    let rows = tile.first().map_or(0, |column| column.len());
    let pass = window.pass(rows, 0);
    (0..workgroups(rows) as u32).flat_map(|at| (kernel.twin)(tile, pass, at)).collect()
}

fn prove_grouped(gpu: &Gpu, cases: &[Case]) -> Result<Proof, Lost> {
    let mut proof = empty(grouped_sum::SHADER.name);
    for (case, groups) in cases.iter().zip([1u32, 7, 300].into_iter().cycle()) {
        proof.cases += 1;
        proof.rows += case.x.len();
        let mut random = Random(u64::from(groups));
        let group_of: Vec<u32> =
            case.x.iter().map(|_| (random.bits() % u64::from(groups)) as u32).collect();
        let first = guess(&exact_sum::KERNEL, &[&case.x]);
        let (_, seen) = twin_grouped(&case.x, &group_of, groups, first);
        let mut windows = vec![first];
        windows.extend(plan(&exact_sum::KERNEL, seen.into(), first.mask()));
        for window in windows {
            let (found, found_seen) = gpu.grouped_records(&case.x, &group_of, groups, window)?;
            let (expected, seen) = twin_grouped(&case.x, &group_of, groups, window);
            if let Some(fault) = difference(&found, &expected) {
                proof.different.push(format!("{}: {fault} of {window:?}", case.name));
            }
            if found_seen != seen {
                proof.different.push(format!("{}: other places seen", case.name));
            }
            proof.passes += 1;
        }
        let sums = gpu.grouped_sum(&case.x, &group_of, groups as usize)?;
        let mut together = Wide::default();
        sums.iter().for_each(|sum| together.merge(&sum.total));
        if together != plain_sum(&[&case.x], false) {
            proof.different.push(format!("{}: the sums are not exact", case.name));
        }
    }
    Ok(proof)
}

/// What the twin of the grouped sum writes for one pass over a tile.
#[must_use]
pub fn twin_grouped(x: &[f64], group_of: &[u32], groups: u32, window: Window) -> (Vec<u32>, u64) {
    let mut records = vec![0; groups as usize * grouped_sum::RECORD_WORDS + 2];
    for round in grouped_sum::rounds(x.len(), 0, groups, window) {
        twin::accumulate(&mut records, x, group_of, round);
        twin::carry(&mut records, groups);
    }
    let seen = records.split_off(groups as usize * grouped_sum::RECORD_WORDS);
    (records, u64::from(seen[0]) | (u64::from(seen[1]) << 32))
}

fn empty(kernel: &'static str) -> Proof {
    Proof { kernel, cases: 0, rows: 0, passes: 0, different: Vec::new() }
}

fn difference(found: &[u32], expected: &[u32]) -> Option<String> {
    if found.len() != expected.len() {
        return Some(format!("{} words instead of {}", found.len(), expected.len()));
    }
    let at = found.iter().zip(expected).position(|(a, b)| a != b)?;
    Some(format!("word {at} is {:#x} instead of {:#x}", found[at], expected[at]))
}

/// The sum of one column, of its squares, or of the products of two, by one long integer: a way
/// that shares no step with the kernels or their twins.
fn plain_sum(columns: &[&[f64]], squares: bool) -> Wide {
    let mut total = Wide::default();
    let rows = columns.first().map_or(0, |column| column.len());
    for row in 0..rows {
        let a = parts(columns[0][row]);
        let b = match columns {
            [x] if squares => parts(x[row]),
            [_, y] => parts(y[row]),
            _ => Some((false, 1, 0)),
        };
        if let (Some((sign_a, a, place_a)), Some((sign_b, b, place_b))) = (a, b) {
            let sign = if sign_a == sign_b { Sign::Positive } else { Sign::Negative };
            total.add(sign, u128::from(a) * u128::from(b), place_a + place_b);
        }
    }
    total
}

/// A finite value as sign, whole number, and power of two above 2^−1074.
fn parts(value: f64) -> Option<(bool, u64, u32)> {
    let bits = value.abs().to_bits();
    let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    match exponent {
        0x7ff => None,
        0 => Some((value.is_sign_negative(), fraction, 0)),
        _ => Some((value.is_sign_negative(), fraction | (1 << 52), exponent as u32 - 1)),
    }
}
