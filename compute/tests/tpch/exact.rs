//! Sums in fixed-point integers, which share no step with the engine's own.

use num_rational::BigRational;

use super::data::HUGE;
use crate::exact::oracle::{assert_nearest, rational, whole};

/// One unit is 2^−64: a hundredth as a float is a whole number of them.
const UNITS: f64 = 18_446_744_073_709_551_616.0;

/// An exact sum of money, and of the huge values beside it.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    units: i128,
    huge: Vec<f64>,
    count: u32,
}

impl Fixed {
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        if value.abs() > HUGE / 1e6 {
            self.huge.push(value);
            return;
        }
        // A power of two scales without rounding.
        let units = value * UNITS;
        assert!(units.fract() == 0.0 && units.abs() < 1e30, "{value:e} is not money");
        self.units = self.units.checked_add(units as i128).unwrap();
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// The sum, of which the huge ones must be pairs of opposites.
    pub fn sum(&self) -> BigRational {
        let sizes = |sign: f64| {
            let mut sizes: Vec<f64> =
                self.huge.iter().filter(|x| **x * sign > 0.0).map(|x| x.abs()).collect();
            sizes.sort_by(f64::total_cmp);
            sizes
        };
        assert_eq!(sizes(1.0), sizes(-1.0), "the huge values are no pairs");
        whole(self.units) / rational(UNITS)
    }

    /// Panics unless `found` is the float nearest to the sum.
    pub fn assert_sum(&self, found: f64) {
        assert_nearest(&self.sum(), found);
    }

    /// Panics unless `found` is the float nearest to the mean.
    pub fn assert_mean(&self, found: f64) {
        assert_nearest(&(self.sum() / rational(f64::from(self.count))), found);
    }
}
