//! The exact sum of squares of a column of `f64`.

mod twin;

use super::Shader;
use super::window::{self, WindowKernel};

/// Squares are whole numbers of 2^−2148; a window covers 128 of the 4,091 places.
pub const KERNEL: WindowKernel = WindowKernel {
    shader: Shader {
        name: "sum_squares",
        source: concat!(
            include_str!("../window.wgsl"),
            include_str!("../product.wgsl"),
            include_str!("sum_squares.wgsl")
        ),
        entry_points: &["main"],
    },
    columns: 1,
    window_blocks: 4,
    blocks: 128,
    place: |columns, row| window::place(columns[0][row]).map(|place| 2 * place),
    twin: twin::workgroup,
};
