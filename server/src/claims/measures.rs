//! What SELECT asks for, and which measures of a statement answer it.

use std::collections::BTreeSet;

use veritrail_proof::statement::{Measure, Quantity};

/// An aggregate of the claim language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `count(*)`.
    Rows,
    /// `count(x)`: rows in which x is not null.
    Count,
    /// `sum(x)`.
    Sum,
    /// `avg(x)`.
    Mean,
    /// `var_samp(x)`, with n − 1.
    SampleVariance,
    /// `var_pop(x)`, with n.
    PopulationVariance,
    /// `stddev_samp(x)`.
    SampleDeviation,
    /// `stddev_pop(x)`.
    PopulationDeviation,
    /// `covar_samp(y, x)`, with n − 1, over rows in which neither is null; so are all below.
    SampleCovariance,
    /// `covar_pop(y, x)`, with n.
    PopulationCovariance,
    /// `corr(y, x)`.
    Correlation,
    /// `regr_slope(y, x)`.
    Slope,
    /// `regr_intercept(y, x)`.
    Intercept,
    /// `regr_count(y, x)`.
    Pairs,
    /// `regr_r2(y, x)`.
    RSquared,
    /// `regr_avgx(y, x)`.
    MeanX,
    /// `regr_avgy(y, x)`.
    MeanY,
    /// `regr_sxx(y, x)`, the sum of squares of x about its mean.
    SquaresX,
    /// `regr_syy(y, x)`.
    SquaresY,
    /// `regr_sxy(y, x)`.
    CrossProducts,
    /// `ols(y, x, …)`: least squares with an intercept, over rows in which none is null. No SQL:
    /// one result for each coefficient.
    LeastSquares,
}

impl Function {
    /// Every aggregate with its names, the one that is written first.
    pub const ALL: [(Self, &'static [&'static str]); 20] = [
        (Self::Count, &["count"]),
        (Self::Sum, &["sum"]),
        (Self::Mean, &["avg", "mean"]),
        (Self::SampleVariance, &["var_samp", "var", "var_sample"]),
        (Self::PopulationVariance, &["var_pop", "var_population"]),
        (Self::SampleDeviation, &["stddev_samp", "stddev"]),
        (Self::PopulationDeviation, &["stddev_pop"]),
        (Self::SampleCovariance, &["covar_samp", "covar"]),
        (Self::PopulationCovariance, &["covar_pop"]),
        (Self::Correlation, &["corr"]),
        (Self::Slope, &["regr_slope"]),
        (Self::Intercept, &["regr_intercept"]),
        (Self::Pairs, &["regr_count"]),
        (Self::RSquared, &["regr_r2"]),
        (Self::MeanX, &["regr_avgx"]),
        (Self::MeanY, &["regr_avgy"]),
        (Self::SquaresX, &["regr_sxx"]),
        (Self::SquaresY, &["regr_syy"]),
        (Self::CrossProducts, &["regr_sxy"]),
        (Self::LeastSquares, &["ols"]),
    ];

    /// The aggregate of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, names)| names.contains(&name)).map(|(function, _)| *function)
    }

    /// The name that is written.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(function, _)| *function == self);
        found.and_then(|(_, names)| names.first()).copied().unwrap_or("count")
    }

    /// How many arguments it takes, at least and at most.
    pub(super) fn arity(self) -> (usize, usize) {
        match self {
            Self::Rows => (0, 0),
            Self::Count
            | Self::Sum
            | Self::Mean
            | Self::SampleVariance
            | Self::PopulationVariance
            | Self::SampleDeviation
            | Self::PopulationDeviation => (1, 1),
            Self::LeastSquares => (2, veritrail_proof::statement::GRAM_MAX),
            _ => (2, 2),
        }
    }

    /// True where sums of squares are needed, and not sums alone.
    fn is_of_squares(self) -> bool {
        !matches!(self, Self::Rows | Self::Count | Self::Sum | Self::Mean)
    }
}

/// Something that SELECT lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A column that is grouped by, by its place in GROUP BY.
    Group(usize),
    /// An aggregate.
    Measured(Measured),
}

/// An aggregate of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Which.
    pub function: Function,
    /// Of what, in the order of the text; of a count of a column that is no number, that column
    /// stands as [`Asked::Column`] instead.
    pub of: Vec<Asked>,
    /// Which of the statement's measures answers it.
    pub measure: usize,
}

/// An argument of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// What is added up.
    Quantity(Quantity),
    /// A column, of which only the rows count that hold something.
    Column(u16),
}

impl Measured {
    /// The quantities, in the order of the text.
    pub(super) fn quantities(&self) -> impl Iterator<Item = Quantity> {
        self.of.iter().filter_map(|asked| match asked {
            Asked::Quantity(quantity) => Some(*quantity),
            Asked::Column(_) => None,
        })
    }

    /// The quantities of its matrix: each once, sorted.
    fn sorted(&self) -> Vec<Quantity> {
        self.quantities().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Measures that answer all items, each once, in the order in which they are first needed; and for
/// each item which. A count of a nullable column takes a measure that is there: nothing is proven,
/// and so published, that was not asked for.
pub(super) fn measures(
    items: &mut [Item],
    grouped: bool,
    always_present: impl Fn(u16) -> bool,
) -> Result<Vec<Measure>, u16> {
    let all = || {
        items.iter().filter_map(|item| match item {
            Item::Measured(measured) => Some(measured),
            Item::Group(_) => None,
        })
    };
    let squared: BTreeSet<Vec<Quantity>> =
        all().filter(|one| one.function.is_of_squares()).map(Measured::sorted).collect();
    // A group that nobody is in has no row, which only its count shows.
    let mut measures = if grouped { vec![Measure::Count] } else { Vec::new() };
    for pass in [Pass::Sums, Pass::Counts] {
        for item in items.iter_mut() {
            let Item::Measured(measured) = item else { continue };
            let wanted = match (&measured.of[..], pass) {
                ([Asked::Column(column)], Pass::Counts) if always_present(*column) => {
                    Measure::Count
                }
                ([Asked::Column(column)], Pass::Counts) => {
                    let is_there = measures.iter().find(|measure| is_of(measure, *column));
                    is_there.cloned().ok_or(*column)?
                }
                ([], Pass::Sums) => Measure::Count,
                ([Asked::Quantity(_), ..], Pass::Sums) => {
                    let sorted = measured.sorted();
                    match &sorted[..] {
                        [one] if !squared.contains(&sorted) => Measure::Sum(*one),
                        _ => Measure::Gram(sorted),
                    }
                }
                _ => continue,
            };
            let at = measures.iter().position(|measure| *measure == wanted);
            measured.measure = at.unwrap_or_else(|| {
                measures.push(wanted);
                measures.len() - 1
            });
        }
    }
    Ok(measures)
}

#[derive(Clone, Copy)]
enum Pass {
    Sums,
    Counts,
}

/// True where a measure counts exactly the rows in which the column is not null.
fn is_of(measure: &Measure, column: u16) -> bool {
    let of = |quantity: &Quantity| match quantity {
        Quantity::Value(at) | Quantity::Level(at, _) | Quantity::True(at) => *at == column,
    };
    match measure {
        Measure::Count | Measure::Present(_) => false,
        Measure::Sum(quantity) => of(quantity),
        Measure::Gram(quantities) => quantities.iter().all(of),
    }
}
