//! The head of a cell: its count, and where its window of bits starts.

use crate::exact::bins::{shift_of, split};
use crate::exact::sum::{Sum, Unit};
use crate::exact::wide::Magnitude;

use super::{CELL_ROWS_MAX, SUM_WINDOW};

/// A count of 40 bits, and where the window starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head(pub(super) u64);

impl Head {
    /// No value with a place yet.
    const FRESH: u32 = 0;
    pub(super) const MOVED: u32 = 0xffff;
    /// The code of a window that starts at the first unit. The exponents of zeros, subnormals,
    /// NaNs and infinities, and those beyond the window, all come out above its end, so that
    /// one comparison tells what is ordinary.
    const FIRST: u32 = 2049;

    pub(super) fn code(self) -> u32 {
        (self.0 >> 48) as u32
    }

    pub(super) fn count(self) -> u64 {
        self.0 & (CELL_ROWS_MAX - 1)
    }

    pub(super) fn set_code(&mut self, code: u32) {
        self.0 = (self.0 & (CELL_ROWS_MAX - 1)) | (u64::from(code) << 48);
    }

    /// The first unit of the window, as a power of two.
    pub(super) fn base(self) -> u32 {
        self.code().saturating_sub(Self::FIRST)
    }

    /// How far above the window's start a float of this exponent lies; huge where it is not
    /// ordinary.
    #[inline(always)]
    pub(super) fn place(self, exponent: usize) -> u32 {
        (exponent as u32).wrapping_add(Self::FIRST - 1).wrapping_sub(self.code())
    }

    /// The mantissa and place of a float that is not ordinary, where it fits all the same: a zero,
    /// a group's first value, a subnormal in the lowest window.
    #[cold]
    #[inline(never)]
    pub(super) fn rare(&mut self, value: f64, window: Window) -> Option<(i64, u32)> {
        let (exponent, mantissa) = split(value);
        if self.code() == Self::MOVED || !value.is_finite() {
            return None;
        }
        if mantissa == 0 {
            return Some((0, 0));
        }
        let shift = shift_of(exponent);
        if self.code() == Self::FRESH {
            let base = shift.saturating_sub(window.below).min(window.base_max());
            self.set_code(Self::FIRST + base);
            return Some((mantissa, shift - base));
        }
        (shift == 0 && self.base() == 0).then_some((mantissa, 0))
    }

    /// Makes the window start at unit 0, as whole numbers need it.
    #[inline(always)]
    pub(super) fn whole(&mut self) -> bool {
        if self.code() == Self::FRESH {
            self.set_code(Self::FIRST);
        }
        self.code() == Self::FIRST
    }
}

/// How far a window reaches.
#[derive(Clone, Copy)]
pub(super) struct Window {
    /// Places above its start that a float may have.
    pub(super) top: u32,
    /// Places that a group's first value has below it.
    pub(super) below: u32,
}

impl Window {
    /// The highest start: one more, and an infinity would look ordinary.
    pub(super) const fn base_max(self) -> u32 {
        2045 - self.top
    }
}

/// The lowest bit that is set; of zero, above all others.
pub(super) fn lowest(magnitude: &Magnitude) -> u32 {
    magnitude.words.first().map_or(u32::MAX, |word| 64 * magnitude.low + word.trailing_zeros())
}

/// The head after a state whose lowest bit is `lowest` was added; `None` where that does not fit.
pub(super) fn absorbed(
    mut head: Head,
    state: &Sum,
    lowest: u32,
    fits: impl FnOnce(u32) -> bool,
) -> Option<Head> {
    let counts = state.counts();
    let count = head.count().checked_add(counts.finite)?;
    if counts.special().is_some() || count >= CELL_ROWS_MAX || head.code() == Head::MOVED {
        return None;
    }
    head.0 += counts.finite;
    if lowest == u32::MAX {
        return Some(head);
    }
    if head.code() == Head::FRESH {
        let base = match state.unit() {
            // A little room below, for the values to come.
            Unit::Float => lowest.saturating_sub(8).min(SUM_WINDOW.base_max()),
            Unit::Integer | Unit::Decimal { .. } => 0,
        };
        head.set_code(Head::FIRST + base);
    }
    (lowest >= head.base() && fits(head.base())).then_some(head)
}
