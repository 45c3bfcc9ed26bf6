//! The GPU kernels, each a folder: a shader in u32-only WGSL, its CPU twin, and its doc.
//!
//! WGSL promises neither how floats round nor in which order they are added, so no shader here
//! touches a float: `f64` values arrive as pairs of words, are taken apart by shifts, and are
//! added as whole numbers into a [`window`] of 256 bits. Integers leave no room: every adapter,
//! and the twin on the CPU, writes the same words. Rules that hold for every shader (no floats,
//! no subgroups, no atomic whose returned value is used, every loop bounded by a constant) are
//! checked on naga's intermediate form by the tests; `.ci/tidy` checks that no part is missing.

pub mod dot;
pub mod exact_sum;
pub mod grouped_sum;
pub mod reduction;
pub mod sum_squares;
pub mod window;

/// A kernel's name and the whole text of its shader, which is what a driver compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shader {
    /// The folder under `compute/src/kernels`.
    pub name: &'static str,
    /// WGSL.
    pub source: &'static str,
    /// Compute entry points.
    pub entry_points: &'static [&'static str],
}

/// Every kernel there is.
pub const ALL: [Shader; 4] =
    [exact_sum::KERNEL.shader, sum_squares::KERNEL.shader, dot::KERNEL.shader, grouped_sum::SHADER];
