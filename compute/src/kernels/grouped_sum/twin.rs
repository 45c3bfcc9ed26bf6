//! What `grouped_sum.wgsl` does, on the CPU: the same lanes, whatever the order of its atomics.

use super::super::window::{Sort, Value};
use super::{LANES, RECORD_WORDS, Round};

/// One round of `accumulate` over a tile.
///
/// `records` holds the groups' records and then the two words of seen blocks.
pub fn accumulate(records: &mut [u32], x: &[f64], group_of: &[u32], round: Round) {
    let first = round.first_row as usize;
    let end = (first + round.round_rows as usize).min(round.rows as usize);
    for (&value, &group) in x[first..end].iter().zip(&group_of[first..end]) {
        let group = group.wrapping_sub(round.first_group);
        if group >= round.groups {
            continue;
        }
        let value = Value::of(value);
        let at = group as usize * RECORD_WORDS;
        records[at + LANES + value.sort() as usize] += 1;
        if value.sort() != Sort::Finite || value.is_zero() {
            continue;
        }
        let place = value.place();
        let block = place / 32;
        records[round.groups as usize * RECORD_WORDS + (block / 32) as usize] |= 1 << (block % 32);
        let shift = place.wrapping_sub(round.base());
        if shift < round.span() {
            deposit(&mut records[at..at + LANES], value, shift);
        }
    }
}

/// Brings all lanes of every group but the last into 0 .. 2^16.
pub fn carry(records: &mut [u32], groups: u32) {
    for record in records.chunks_exact_mut(RECORD_WORDS).take(groups as usize) {
        let mut carried = 0u32;
        for lane in &mut record[..LANES - 1] {
            let sum = lane.wrapping_add(carried);
            *lane = sum & 0xffff;
            carried = ((sum as i32) >> 16) as u32;
        }
        record[LANES - 1] = record[LANES - 1].wrapping_add(carried);
    }
}

/// Adds a mantissa of 53 bits, shifted to its place in the window: five digits.
fn deposit(lanes: &mut [u32], value: Value, shift: u32) {
    let bits = shift % 16;
    let [low, high] = value.mantissa();
    let q0 = low << bits;
    let q1 = (high << bits) | ((low >> 1) >> (31 - bits));
    let q2 = (high >> 1) >> (31 - bits);
    let digits = [q0 & 0xffff, q0 >> 16, q1 & 0xffff, q1 >> 16, q2];
    for (lane, digit) in lanes[(shift / 16) as usize..].iter_mut().zip(digits) {
        let signed = (digit ^ 0u32.wrapping_sub(value.negative())).wrapping_add(value.negative());
        *lane = lane.wrapping_add(signed);
    }
}
