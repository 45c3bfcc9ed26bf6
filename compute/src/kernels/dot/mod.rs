//! The exact sum of products of two columns of `f64`.

mod twin;

use super::Shader;
use super::window::{self, WindowKernel};

/// Products are whole numbers of 2^−2148; a window covers 128 of the 4,091 places.
pub const KERNEL: WindowKernel = WindowKernel {
    shader: Shader {
        name: "dot",
        source: concat!(
            include_str!("../window.wgsl"),
            include_str!("../product.wgsl"),
            include_str!("dot.wgsl")
        ),
        entry_points: &["main"],
    },
    columns: 2,
    window_blocks: 4,
    blocks: 128,
    place: |columns, row| Some(window::place(columns[0][row])? + window::place(columns[1][row])?),
    twin: twin::workgroup,
};
