//! The exact sum of a column of `f64`.

mod twin;

use super::Shader;
use super::window::{self, WindowKernel};

/// Values are whole numbers of 2^−1074; a window covers 192 of the 2,046 places.
pub const KERNEL: WindowKernel = WindowKernel {
    shader: Shader {
        name: "exact_sum",
        source: concat!(include_str!("../window.wgsl"), include_str!("exact_sum.wgsl")),
        entry_points: &["main"],
    },
    columns: 1,
    window_blocks: 6,
    blocks: 64,
    place: |columns, row| window::place(columns[0][row]),
    twin: twin::workgroup,
};
