//! Between which declared thresholds all numbers lie, from a verified histogram.

use crate::schema::Kind;

/// Bounds of a column's numbers, times 10^places. They stand at declared thresholds or at the ends of
/// the declared range, never at the least or greatest number itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// No number is smaller.
    pub at_least: i64,
    /// No number is greater.
    pub at_most: i64,
}

/// The bounds that the counts of a column's bands show, for the rows that were counted. A withheld
/// band (`None`) may hold rows. `None` where no band does, or the counts are not a band each.
pub fn bounds(kind: &Kind, counts: &[Option<u128>]) -> Option<Bounds> {
    let Kind::Number { lo, .. } = kind else { return None };
    if counts.len() != usize::from(kind.groups()) {
        return None;
    }
    let occupied = |count: &Option<u128>| *count != Some(0);
    let first = counts.iter().position(occupied)?;
    let last = counts.iter().rposition(occupied)?;
    let (low, _) = kind.band(u8::try_from(first).ok()?)?;
    let (_, high) = kind.band(u8::try_from(last).ok()?)?;
    Some(Bounds { at_least: lo + i64::from(low), at_most: lo + i64::from(high) })
}
