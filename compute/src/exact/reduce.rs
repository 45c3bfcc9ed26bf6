//! Where whole columns of floats are reduced to exact states: here, or on another device.
//!
//! The states are integers, so it cannot be told from a result which [`Reducer`] made it.

use std::fmt::Debug;

use super::bins::{MomentBins, ProductBins, SumBins};
use super::{Moments, Products, Sum};

/// Reduces whole columns of floats to exact states, wherever that is done.
///
/// Columns hold NaNs and infinities as they are; nulls have been left out. They may be empty.
pub trait Reducer: Debug + Send + Sync {
    /// What computes, as a receipt names it: `cpu`, or the device and its driver.
    fn name(&self) -> String;

    /// n and Σx.
    ///
    /// # Errors
    /// When the device is gone; nothing was reduced then.
    fn sum(&self, x: &[f64]) -> Result<Sum, DeviceLost>;

    /// n, Σx and Σx².
    ///
    /// # Errors
    /// As [`Self::sum`].
    fn moments(&self, x: &[f64]) -> Result<Moments, DeviceLost>;

    /// n, Σx, Σy, Σx², Σy² and Σxy of columns of one length.
    ///
    /// # Errors
    /// As [`Self::sum`].
    fn products(&self, x: &[f64], y: &[f64]) -> Result<Products, DeviceLost>;
}

/// A device stopped answering. Its work is done again elsewhere, with the same result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{device} was lost: {reason}")]
pub struct DeviceLost {
    /// The device's name.
    pub device: String,
    /// What it or its driver said.
    pub reason: String,
}

/// The processor that this program runs on; it is never lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cpu;

impl Reducer for Cpu {
    fn name(&self) -> String {
        "cpu".to_owned()
    }

    fn sum(&self, x: &[f64]) -> Result<Sum, DeviceLost> {
        let mut bins = SumBins::default();
        bins.add(x);
        Ok(bins.take())
    }

    fn moments(&self, x: &[f64]) -> Result<Moments, DeviceLost> {
        let mut bins = MomentBins::default();
        bins.add(x);
        Ok(bins.take())
    }

    fn products(&self, x: &[f64], y: &[f64]) -> Result<Products, DeviceLost> {
        let mut bins = ProductBins::default();
        bins.add(x, y);
        Ok(bins.take())
    }
}
