//! What `dot.wgsl` does, on the CPU: the same steps, the same words.

use super::super::window::{Pass, Record, Sort, Value, deposit_product, product};

/// One workgroup of the shader.
pub(super) fn workgroup(columns: &[&[f64]], pass: Pass, workgroup: u32) -> Record {
    pass.workgroup(workgroup, |row, column| {
        let (a, b) = (Value::of(columns[0][row]), Value::of(columns[1][row]));
        column.count(product_sort(a, b));
        if a.is_finite() && b.is_finite() && !a.is_zero() && !b.is_zero() {
            let place = a.place() + b.place();
            column.see(place);
            let shift = place.wrapping_sub(pass.base);
            if shift < pass.span {
                deposit_product(column, product(a, b), a.negative() ^ b.negative(), shift);
            }
        }
    })
}

/// The sort of the product of two values.
fn product_sort(a: Value, b: Value) -> Sort {
    let nan = a.sort() == Sort::Nan || b.sort() == Sort::Nan;
    match (a.is_finite() && b.is_finite(), a.negative() ^ b.negative()) {
        (true, _) => Sort::Finite,
        _ if nan || a.is_zero() || b.is_zero() => Sort::Nan,
        (false, 0) => Sort::PositiveInfinite,
        (false, _) => Sort::NegativeInfinite,
    }
}
