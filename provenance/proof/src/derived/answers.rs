//! A statement's integers, told apart by group and measure.

use num_bigint::BigInt;

use super::Exact;
use crate::schema::{Kind, Schema};
use crate::statement::{Measure, Quantity, Statistic};

/// How the numbers that were added up are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// What was taken off: x·10^places = lo + u.
    pub lo: i64,
    /// Decimal places.
    pub places: u8,
}

/// Sums of one group over the rows in which no quantity is null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gram {
    /// Rows.
    pub n: u128,
    /// Σu of each quantity.
    pub sums: Vec<u128>,
    /// Σu·v in the order (0,0), (0,1), …, (1,1), ….
    pub products: Vec<u128>,
    /// How each quantity is read.
    pub scales: Vec<Scale>,
}

/// What was verified of one measure in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Rows, all or those in which some columns are not null.
    Count(u128),
    /// Rows in which the quantity is not null, Σu, and how it is read.
    Sum(u128, u128, Scale),
    /// Sums of products.
    Gram(Gram),
    /// The group's integers were withheld: of all such groups at least one is below the minimum
    /// cell, and which one is not told.
    Withheld,
}

impl Statistic {
    /// Groups: 1 without grouping, else the product of what the columns tell apart.
    pub fn groups(&self) -> usize {
        self.statement().cells(&self.body().schema)
    }

    /// One measure's integers in one group.
    pub fn answer(&self, group: usize, measure: usize) -> Option<Answer> {
        let measures = &self.statement().measures;
        let tables = &self.plan().tables;
        let own = tables.integers;
        let before: usize = measures.get(..measure)?.iter().map(Measure::integers).sum();
        let asked = measures.get(measure)?;
        if group >= self.groups() {
            return None;
        }
        let Some(at) = tables.told.iter().position(|told| *told == group) else {
            return Some(Answer::Withheld);
        };
        let integers = self.results().get(at * own + before..)?.get(..asked.integers())?;
        let scale = |quantity: &Quantity| Scale::of(quantity, &self.body().schema);
        match (asked, integers) {
            (Measure::Count | Measure::Present(_), [count]) => Some(Answer::Count(*count)),
            (Measure::Sum(quantity), [n, sum]) => Some(Answer::Sum(*n, *sum, scale(quantity)?)),
            (Measure::Gram(quantities), [n, rest @ ..]) => {
                let (sums, products) = rest.split_at_checked(quantities.len())?;
                let scales = quantities.iter().map(scale).collect::<Option<Vec<_>>>()?;
                let (sums, products) = (sums.to_vec(), products.to_vec());
                Some(Answer::Gram(Gram { n: *n, sums, products, scales }))
            }
            _ => None,
        }
    }
}

impl Scale {
    /// A boolean's: x = u.
    pub const BOOLEAN: Self = Self { lo: 0, places: 0 };

    fn of(quantity: &Quantity, schema: &Schema) -> Option<Self> {
        let Quantity::Value(column) = quantity else { return Some(Self::BOOLEAN) };
        match schema.columns().get(usize::from(*column))?.kind {
            Kind::Number { places, lo, .. } => Some(Self { lo, places }),
            Kind::Category { .. } | Kind::Boolean => None,
        }
    }

    /// 10^places.
    pub(super) fn unit(&self) -> BigInt {
        BigInt::from(10u64.pow(u32::from(self.places)))
    }

    /// Σx·10^places of n rows.
    pub(super) fn shift(&self, n: u128, sum: u128) -> BigInt {
        BigInt::from(sum) + BigInt::from(self.lo) * BigInt::from(n)
    }
}

impl Gram {
    /// Σu·v of two quantities.
    pub fn product(&self, a: usize, b: usize) -> Option<u128> {
        let (a, b, size) = (a.min(b), a.max(b), self.sums.len());
        if b >= size {
            return None;
        }
        // Rows before row a hold size, size − 1, … entries.
        let start = a * size - a * a.saturating_sub(1) / 2;
        self.products.get(start + b - a).copied()
    }

    /// n·Σuv − Σu·Σv: n² times the covariance of two quantities, which no shift changes.
    pub(super) fn centred(&self, a: usize, b: usize) -> Option<BigInt> {
        let product = BigInt::from(self.product(a, b)?) * BigInt::from(self.n);
        Some(product - BigInt::from(*self.sums.get(a)?) * BigInt::from(*self.sums.get(b)?))
    }

    /// 10^places of one quantity.
    pub(super) fn unit(&self, of: usize) -> Option<BigInt> {
        self.scales.get(of).map(Scale::unit)
    }

    /// The mean of one quantity.
    pub(super) fn mean(&self, of: usize) -> Option<Exact> {
        let scale = self.scales.get(of)?;
        let sum = scale.shift(self.n, *self.sums.get(of)?);
        Exact::new(sum, BigInt::from(self.n) * scale.unit())
    }
}
