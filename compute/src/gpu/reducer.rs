//! An opened adapter as the [`Reducer`] that SQL is handed.

use super::device::{Gpu, Lost};
use super::reduce::{Job, Reduced};
use crate::exact::{DeviceLost, Moments, Products, Reducer, Sum, Unit};
use crate::kernels::{dot, exact_sum, sum_squares};

impl Reducer for Gpu {
    fn name(&self) -> String {
        format!("gpu: {}", self.info().name)
    }

    fn sum(&self, x: &[f64]) -> Result<Sum, DeviceLost> {
        let reduced = self.reduce(&[x], &[sum_of(&[0])])?;
        Ok(sum(&reduced[0]))
    }

    fn moments(&self, x: &[f64]) -> Result<Moments, DeviceLost> {
        let reduced = self.reduce(&[x], &[sum_of(&[0]), squares_of(&[0])])?;
        Ok(moments(&reduced[0], &reduced[1]))
    }

    fn products(&self, x: &[f64], y: &[f64]) -> Result<Products, DeviceLost> {
        let cross = Job { kernel: &dot::KERNEL, columns: &[0, 1] };
        let jobs = [sum_of(&[0]), squares_of(&[0]), sum_of(&[1]), squares_of(&[1]), cross];
        let reduced = self.reduce(&[x, y], &jobs)?;
        let (x, y) = (moments(&reduced[0], &reduced[1]), moments(&reduced[2], &reduced[3]));
        Products::from_parts(x, y, &reduced[4].total.magnitude())
            .map_err(|error| self.lost(&error.to_string()).into())
    }
}

impl From<Lost> for DeviceLost {
    fn from(lost: Lost) -> Self {
        Self { device: lost.device, reason: lost.reason }
    }
}

fn sum_of(columns: &[usize]) -> Job<'_> {
    Job { kernel: &exact_sum::KERNEL, columns }
}

fn squares_of(columns: &[usize]) -> Job<'_> {
    Job { kernel: &sum_squares::KERNEL, columns }
}

fn sum(of: &Reduced) -> Sum {
    Sum::from_parts(Unit::Float, of.counts, &of.total.magnitude())
}

fn moments(of: &Reduced, squares: &Reduced) -> Moments {
    Moments::from_parts(sum(of), &squares.total.magnitude())
}
