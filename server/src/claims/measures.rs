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
    /// What is grouped by, by its place in [`super::Claim::keys`].
    Group(usize),
    /// An aggregate.
    Measured(Measured),
}

/// An aggregate of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Which.
    pub function: Function,
    /// Of what, in the order of the text.
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

/// Where nulls may be in the rows that a claim selects.
pub(super) struct Nulls<'a> {
    /// Columns of which WHERE says that they are not null.
    pub(super) left_out: &'a [u16],
    /// True where a column may be null as far as conditions and groups say.
    pub(super) may_be: &'a dyn Fn(u16) -> bool,
}

/// Measures that answer all items, each once, in the order in which they are first needed; and for
/// each item which. Rows in which something is not null are counted by a measure that is there
/// anyway, or else by themselves: nothing is proven, and so published, that was not asked for.
pub(super) fn measures(items: &mut [Item], grouped: bool, nulls: &Nulls<'_>) -> Vec<Measure> {
    let all = || {
        items.iter().filter_map(|item| match item {
            Item::Measured(measured) => Some(measured),
            Item::Group(_) => None,
        })
    };
    let squared: BTreeSet<Vec<Quantity>> =
        all().filter(|one| one.function.is_of_squares()).map(Measured::sorted).collect();
    let selected: BTreeSet<u16> = nulls.left_out.iter().copied().collect();
    // A group that nobody is in has no row, which only its count shows.
    let mut measures = if grouped { vec![counting(&selected)] } else { Vec::new() };
    for pass in [Pass::First, Pass::Last] {
        for item in items.iter_mut() {
            let Item::Measured(measured) = item else { continue };
            let wanted = match (measured.present(&selected, nulls), pass) {
                (Some(present), Pass::First) if present.is_empty() => Measure::Count,
                (Some(present), Pass::Last) if !present.is_empty() => {
                    let there = measures.iter().find(|one| nulls.left_out_by(one) == present);
                    there.cloned().unwrap_or_else(|| counting(&present))
                }
                (None, Pass::First) => measured.sums(&squared),
                _ => continue,
            };
            let at = measures.iter().position(|measure| *measure == wanted);
            measured.measure = at.unwrap_or_else(|| {
                measures.push(wanted);
                measures.len() - 1
            });
        }
    }
    measures
}

/// Counts that need a measure of their own come last, if none does.
#[derive(Clone, Copy)]
enum Pass {
    First,
    Last,
}

impl Measured {
    /// Of a count: the columns that are not null in the rows that it counts, though they might be.
    fn present(&self, selected: &BTreeSet<u16>, nulls: &Nulls<'_>) -> Option<BTreeSet<u16>> {
        match (self.function, &self.of[..]) {
            (Function::Rows, _) => Some(selected.clone()),
            (Function::Count, [Asked::Column(column)]) => {
                let own = Some(*column).filter(|column| (nulls.may_be)(*column));
                Some(selected.iter().copied().chain(own).collect())
            }
            _ => None,
        }
    }

    /// Its sums, or sums of squares where it or another aggregate of the same needs them.
    fn sums(&self, squared: &BTreeSet<Vec<Quantity>>) -> Measure {
        let sorted = self.sorted();
        match &sorted[..] {
            [one] if !squared.contains(&sorted) => Measure::Sum(*one),
            _ => Measure::Gram(sorted),
        }
    }
}

impl Nulls<'_> {
    /// The columns whose nulls a measure leaves out.
    fn left_out_by(&self, measure: &Measure) -> BTreeSet<u16> {
        let columns: Vec<u16> = match measure {
            Measure::Count => Vec::new(),
            Measure::Present(columns) => columns.clone(),
            Measure::Sum(quantity) => vec![column_of(quantity)],
            Measure::Gram(quantities) => quantities.iter().map(column_of).collect(),
        };
        columns.into_iter().filter(|column| (self.may_be)(*column)).collect()
    }

    /// The first column of which WHERE says that it is not null, and whose nulls a measure takes.
    pub(super) fn taken(&self, measures: &[Measure]) -> Option<u16> {
        let taken =
            |column: &&u16| !measures.iter().all(|one| self.left_out_by(one).contains(column));
        self.left_out.iter().find(taken).copied()
    }
}

fn counting(present: &BTreeSet<u16>) -> Measure {
    match present.is_empty() {
        true => Measure::Count,
        false => Measure::Present(present.iter().copied().collect()),
    }
}

/// The column of a quantity.
pub(super) fn column_of(quantity: &Quantity) -> u16 {
    match quantity {
        Quantity::Value(column) | Quantity::Level(column, _) | Quantity::True(column) => *column,
    }
}
