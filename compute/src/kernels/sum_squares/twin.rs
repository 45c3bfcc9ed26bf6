//! What `sum_squares.wgsl` does, on the CPU: the same steps, the same words.

use super::super::window::{Pass, Record, Value, deposit_product, product};

/// One workgroup of the shader.
pub(super) fn workgroup(columns: &[&[f64]], pass: Pass, workgroup: u32) -> Record {
    pass.workgroup(workgroup, |row, column| {
        let value = Value::of(columns[0][row]);
        column.count(value.sort());
        if value.is_finite() && !value.is_zero() {
            let place = 2 * value.place();
            column.see(place);
            let shift = place.wrapping_sub(pass.base);
            if shift < pass.span {
                deposit_product(column, product(value, value), 0, shift);
            }
        }
    })
}
