//! What `exact_sum.wgsl` does, on the CPU: the same steps, the same words.

use super::super::window::{Column, DIGIT_MASK, Pass, Record, Value};

/// One workgroup of the shader.
pub(super) fn workgroup(columns: &[&[f64]], pass: Pass, workgroup: u32) -> Record {
    pass.workgroup(workgroup, |row, column| {
        let value = Value::of(columns[0][row]);
        column.count(value.sort());
        if value.is_finite() && !value.is_zero() {
            let place = value.place();
            column.see(place);
            let shift = place.wrapping_sub(pass.base);
            if shift < pass.span {
                deposit(column, value, shift);
            }
        }
    })
}

/// Adds a mantissa of 53 bits, shifted to its place in the window: four digits.
fn deposit(column: &mut Column, value: Value, shift: u32) {
    let (digit, bits) = (shift / 24, shift % 24);
    let [low, high] = value.mantissa();
    let q0 = low << bits;
    let q1 = (high << bits) | ((low >> 1) >> (31 - bits));
    let q2 = (high >> 1) >> (31 - bits);
    let digits = [
        q0 & DIGIT_MASK,
        ((q0 >> 24) | (q1 << 8)) & DIGIT_MASK,
        ((q1 >> 16) | (q2 << 16)) & DIGIT_MASK,
        q2 >> 8,
    ];
    column.add(digit, digits, value.negative());
}
