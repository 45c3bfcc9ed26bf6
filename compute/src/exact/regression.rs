//! What is made of the exact sums of pairs: covariance, correlation, least squares.
//!
//! With A = n·Σx² − (Σx)², B = n·Σy² − (Σy)² and C = n·Σxy − Σx·Σy, each of them is a quotient
//! of integers (Draper and Smith, Applied Regression Analysis, §1.2), and the correlation the
//! root of one; each is rounded once.

use super::integer::Integer;
use super::moments::{Moments, Variance};
use super::products::Products;
use super::rational::Rational;
use super::round::CANONICAL_NAN;
use super::state::StateError;

/// A statistic of pairs (y, x), named as SQL:2016 §10.9 names it: y depends on x.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// C ÷ (n·(n − 1)); none of fewer than two pairs. With [`Variance::Population`] C ÷ n².
    Covariance(Variance),
    /// C ÷ √(A·B); none where x or y does not vary.
    Correlation,
    /// C ÷ A; none where x does not vary.
    Slope,
    /// (Σy·Σx² − Σx·Σxy) ÷ A; none where x does not vary.
    Intercept,
    /// C² ÷ (A·B); none where x does not vary, 1 where y does not.
    RSquared,
    /// Σx ÷ n.
    MeanX,
    /// Σy ÷ n.
    MeanY,
    /// A ÷ n, the sum of squares of x about its mean.
    SquaresX,
    /// B ÷ n.
    SquaresY,
    /// C ÷ n.
    CrossProducts,
}

impl Products {
    /// Pairs added.
    #[must_use]
    pub fn pairs(&self) -> u128 {
        self.x.counts().total()
    }

    /// A statistic, rounded once.
    ///
    /// `None` where there is none. NaN where a number that enters it is NaN or infinite, but for
    /// a mean, which is infinite as a sum is.
    ///
    /// # Errors
    /// When no columns can have these sums, which only a forged state has.
    pub fn statistic(&self, statistic: Statistic) -> Result<Option<f64>, StateError> {
        if self.pairs() == 0 {
            return Ok(None);
        }
        match statistic {
            Statistic::MeanX => Ok(self.x.sum().mean()),
            Statistic::MeanY => Ok(self.y.sum().mean()),
            Statistic::SquaresX => squares(&self.x),
            Statistic::SquaresY => squares(&self.y),
            _ => self.joint(statistic),
        }
    }

    fn joint(&self, statistic: Statistic) -> Result<Option<f64>, StateError> {
        let least = match statistic {
            Statistic::Covariance(Variance::Population) | Statistic::CrossProducts => 1,
            _ => 2,
        };
        if self.pairs() < least {
            return Ok(None);
        }
        if self.x.counts().special().is_some() || self.y.counts().special().is_some() {
            return Ok(Some(CANONICAL_NAN));
        }
        let n = Integer::natural(&[self.x.counts().finite]);
        let (sum_x, sum_y) = (self.x.sum().integer(), self.y.sum().integer());
        let cross = Integer::from(&self.cross.magnitude());
        let c = n.times(&cross).minus(&sum_x.times(&sum_y));
        let (unit_x, unit_y) = (self.x.sum().unit(), self.y.sum().unit());
        let over = |denominator| {
            Rational::new(c.clone(), denominator).in_units(unit_x, 1).in_units(unit_y, 1).nearest()
        };
        let less_one = n.minus(&Integer::natural(&[1]));
        match statistic {
            Statistic::Covariance(Variance::Sample) => return Ok(over(n.times(&less_one))),
            Statistic::Covariance(Variance::Population) => return Ok(over(n.times(&n))),
            Statistic::CrossProducts => return Ok(over(n)),
            _ => {}
        }
        let (a, b) = (self.x.spread()?, self.y.spread()?);
        if a.is_zero() {
            return Ok(None);
        }
        Ok(match statistic {
            Statistic::Slope => {
                Rational::new(c, a).in_units(unit_x, -1).in_units(unit_y, 1).nearest()
            }
            Statistic::Intercept => {
                let squares = Integer::from(&self.x.squares.magnitude());
                let numerator = sum_y.times(&squares).minus(&sum_x.times(&cross));
                Rational::new(numerator, a).in_units(unit_y, 1).nearest()
            }
            Statistic::RSquared if b.is_zero() => Some(1.0),
            Statistic::RSquared => Rational::new(c.times(&c), bounded(&c, &a, &b)?).nearest(),
            _ if b.is_zero() => None,
            _ => Rational::new(c.times(&c), bounded(&c, &a, &b)?).nearest_root(c.sign),
        })
    }
}

/// A·B, which no columns have below C² (Cauchy–Schwarz).
fn bounded(c: &Integer, a: &Integer, b: &Integer) -> Result<Integer, StateError> {
    let product = a.times(b);
    if product.minus(&c.times(c)).is_negative() {
        return Err(StateError::Impossible);
    }
    Ok(product)
}

/// Σ(x − mean)² = A ÷ n.
fn squares(moments: &Moments) -> Result<Option<f64>, StateError> {
    if moments.counts().special().is_some() {
        return Ok(Some(CANONICAL_NAN));
    }
    let n = Integer::natural(&[moments.counts().finite]);
    let exact = Rational::new(moments.spread()?, n).in_units(moments.sum().unit(), 2);
    Ok(exact.nearest())
}
