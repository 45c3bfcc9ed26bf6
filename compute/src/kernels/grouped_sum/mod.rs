//! The exact sum of a column of `f64` per group.

pub mod twin;

use super::Shader;
use super::reduction::Window;
use super::window::BLOCK_PLACES;
use crate::exact::round::Sign;
use crate::exact::sum::Counts;
use crate::exact::wide::Wide;

/// The shader; `carry` runs after every round of `accumulate`.
pub const SHADER: Shader = Shader {
    name: "grouped_sum",
    source: include_str!("grouped_sum.wgsl"),
    entry_points: &["accumulate", "carry"],
};

/// Lanes of a group: signed digits of 16 bits.
pub const LANES: usize = 16;
/// Words of a group's record: the lanes, and counts of finite, NaN, +∞, −∞.
pub const RECORD_WORDS: usize = 20;
/// Rows added between two carries, so that no lane leaves 32 bits.
pub const ROUND_ROWS: usize = 16_384;
/// Rows of a tile at most.
pub const TILE_ROWS: usize = 1 << 20;
/// Groups that one pass sums at most: 5 MiB of records.
pub const PASS_GROUPS: usize = 1 << 16;

/// The parameters of one round, as the shader reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Rows of the tile.
    pub rows: u32,
    /// The first row of this round.
    pub first_row: u32,
    /// Rows of this round.
    pub round_rows: u32,
    /// The first group of this pass.
    pub first_group: u32,
    /// Groups of this pass.
    pub groups: u32,
    /// The window.
    pub window: Window,
}

impl Round {
    /// The words of the uniform buffer.
    #[must_use]
    pub fn words(self) -> [u32; 8] {
        [
            self.rows,
            self.first_row,
            self.round_rows,
            self.first_group,
            self.groups,
            self.base(),
            self.span(),
            0,
        ]
    }

    /// The place at which the window begins.
    #[must_use]
    pub fn base(self) -> u32 {
        self.window.block * BLOCK_PLACES
    }

    /// Places that the window covers.
    #[must_use]
    pub fn span(self) -> u32 {
        self.window.blocks * BLOCK_PLACES
    }
}

/// The rounds of one pass over a tile.
pub fn rounds(rows: usize, first_group: u32, groups: u32, window: Window) -> Vec<Round> {
    (0..rows)
        .step_by(ROUND_ROWS)
        .map(|first_row| Round {
            rows: rows as u32,
            first_row: first_row as u32,
            round_rows: (rows - first_row).min(ROUND_ROWS) as u32,
            first_group,
            groups,
            window,
        })
        .collect()
}

/// The sum that a group's record holds, in units of 2^−1074.
#[must_use]
pub fn total(record: &[u32], window: Window) -> Wide {
    let mut total = Wide::default();
    for (at, &lane) in (0u32..).zip(&record[..LANES]) {
        let lane = i64::from(lane as i32);
        let sign = if lane < 0 { Sign::Negative } else { Sign::Positive };
        let place = window.block * BLOCK_PLACES + 16 * at;
        total.add(sign, u128::from(lane.unsigned_abs()), place);
    }
    total
}

/// A group's counts.
#[must_use]
pub fn counts(record: &[u32]) -> Counts {
    let count = |at: usize| u64::from(record[LANES + at]);
    Counts {
        finite: count(0),
        nan: count(1),
        positive_infinite: count(2),
        negative_infinite: count(3),
    }
}
