//! Which windows a tile needs, and what its records sum to.
//!
//! The first window is guessed from a sample, which costs nothing and decides nothing: every
//! pass reports the places of all values, so what a window left out is known and taken exactly
//! by further windows. Windows never overlap, so each value is added once; together they cover
//! every place that was seen: 11 windows at most for sums, 32 for products.

use super::window::{
    BLOCK_PLACES, DIGIT_BITS, DIGITS, Pass, RECORD_WORDS, WORKGROUP_ROWS, WindowKernel,
};
use crate::exact::round::Sign;
use crate::exact::sum::Counts;
use crate::exact::wide::Wide;

/// Rows of a tile at most: 32 MiB per column, a quarter of what every adapter can bind.
pub const TILE_ROWS: usize = 1 << 22;

/// Values that the guess of the first window looks at.
const SAMPLE: usize = 64;

/// A stretch of blocks of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first block.
    pub block: u32,
    /// How many blocks.
    pub blocks: u32,
}

impl Window {
    /// The pass over a tile that adds what lies in this window.
    #[must_use]
    pub fn pass(self, rows: usize, first_record: usize) -> Pass {
        Pass {
            rows: rows as u32,
            base: self.block * BLOCK_PLACES,
            span: self.blocks * BLOCK_PLACES,
            first_record: first_record as u32,
        }
    }

    /// The blocks as bits.
    #[must_use]
    pub fn mask(self) -> u128 {
        ((1u128 << self.blocks) - 1) << self.block
    }
}

/// Workgroups that a tile needs.
#[must_use]
pub fn workgroups(rows: usize) -> usize {
    rows.div_ceil(WORKGROUP_ROWS)
}

/// One kernel's way through one tile.
#[derive(Debug)]
pub struct Reduction {
    kernel: &'static WindowKernel,
    todo: Vec<Window>,
    covered: u128,
    passes: usize,
    counts: Counts,
    total: Wide,
}

impl Reduction {
    /// Begins with the window that a sample of the rows suggests.
    #[must_use]
    pub fn new(kernel: &'static WindowKernel, columns: &[&[f64]]) -> Self {
        let first = guess(kernel, columns);
        Self {
            kernel,
            todo: vec![first],
            covered: first.mask(),
            passes: 0,
            counts: Counts::default(),
            total: Wide::default(),
        }
    }

    /// The kernel.
    #[must_use]
    pub fn kernel(&self) -> &'static WindowKernel {
        self.kernel
    }

    /// A window that is still to be run, which is thereby taken off the list.
    pub fn next_window(&mut self) -> Option<Window> {
        self.todo.pop()
    }

    /// Adds the records of one window's pass, and after the first of them plans the rest.
    pub fn take(&mut self, window: Window, records: &[u32]) {
        let base = window.block * BLOCK_PLACES;
        let mut digits = [0i64; DIGITS];
        let (mut counts, mut seen) = ([0u64; 4], 0u128);
        for record in records.chunks_exact(RECORD_WORDS) {
            for (sum, &digit) in digits.iter_mut().zip(&record[..DIGITS]) {
                // All but the last are below 2^24, so the sign is the last one's alone.
                *sum += i64::from(digit as i32);
            }
            for at in 0..4 {
                counts[at] += u64::from(record[DIGITS + at]);
                seen |= u128::from(record[DIGITS + 4 + at]) << (32 * at);
            }
        }
        for (at, digit) in (0u32..).zip(digits) {
            let sign = if digit < 0 { Sign::Negative } else { Sign::Positive };
            self.total.add(sign, u128::from(digit.unsigned_abs()), base + DIGIT_BITS * at);
        }
        if self.passes == 0 {
            let [finite, nan, positive_infinite, negative_infinite] = counts;
            self.counts = Counts { finite, nan, positive_infinite, negative_infinite };
            self.todo = plan(self.kernel, seen, self.covered);
        }
        self.passes += 1;
    }

    /// Passes that were run, one per window.
    #[must_use]
    pub fn passes(&self) -> usize {
        self.passes
    }

    /// How many values there were of each sort, and their sum: in units of 2^−1074 for a sum, of
    /// 2^−2148 for products.
    #[must_use]
    pub fn finish(self) -> (Counts, Wide) {
        (self.counts, self.total)
    }
}

/// Windows for all blocks that were seen and are not covered, from above to below; they overlap
/// neither each other nor what is covered.
#[must_use]
pub fn plan(kernel: &WindowKernel, seen: u128, mut covered: u128) -> Vec<Window> {
    let mut windows = Vec::new();
    loop {
        let left = seen & !covered;
        if left == 0 {
            windows.reverse();
            return windows;
        }
        let block = left.trailing_zeros();
        let free = (covered >> block).trailing_zeros();
        let blocks = kernel.window_blocks.min(free).min(kernel.blocks - block);
        let window = Window { block, blocks };
        covered |= window.mask();
        windows.push(window);
    }
}

/// The window around a sample's middle value, or around all of them where they fit.
#[must_use]
pub fn guess(kernel: &WindowKernel, columns: &[&[f64]]) -> Window {
    let rows = columns.first().map_or(0, |column| column.len());
    let step = rows.div_ceil(SAMPLE).max(1);
    let mut blocks: Vec<u32> = (0..rows)
        .step_by(step)
        .filter_map(|row| (kernel.place)(columns, row))
        .map(|place| place / BLOCK_PLACES)
        .collect();
    blocks.sort_unstable();
    let wide = kernel.window_blocks;
    let middle = match (blocks.first(), blocks.last()) {
        (Some(low), Some(high)) if high - low < wide => low.midpoint(*high),
        (Some(_), Some(_)) => blocks[blocks.len() / 2],
        _ => kernel.blocks / 2,
    };
    let block = middle.saturating_sub(wide / 2).min(kernel.blocks - wide);
    Window { block, blocks: wide }
}
