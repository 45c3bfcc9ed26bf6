//! What an argument shows: sums over all rows of polynomials in committed columns.
//!
//! A [`Relation`] is public and derives from the statement alone, on both sides. Its columns are
//! the committed ones; its forms are integer combinations of them and of 1_{<N}, which is 1 in the
//! rows below N and 0 in the padding. A claim says Σ_x w(x)·q(x) = S for a polynomial q without a
//! constant, where w is 1 or, for q = 0 everywhere, a random form drawn later. Some sums may be hidden.

use ark_ff::{One, Zero};
use thiserror::Error;

use crate::commit::chunks_of;
use crate::curve::Scalar;
use crate::generators::CHUNK_BITS;

/// The most rows of a table: 2^20 chunks.
pub const ROWS_MAX: u64 = 1 << 31;
/// The highest degree of a product.
pub const DEGREE_MAX: usize = 4;
/// The most columns of one argument.
pub const ARGUMENT_COLUMNS_MAX: usize = 1024;
/// The most claims of one argument.
pub const CLAIMS_MAX: usize = 4096;
/// The most factors of the product that shows one of some hidden sums to be small.
pub const SMALL_FACTORS_MAX: usize = 1024;

/// Something that a product multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// A committed column, by its place among the relation's.
    Column(usize),
    /// A form, by its place among the relation's.
    Form(usize),
}

impl Factor {
    /// A form as a factor; it joins `forms` unless it is there.
    pub(crate) fn of_form(form: Form, forms: &mut Vec<Form>) -> Self {
        let at = forms.iter().position(|known| *known == form).unwrap_or_else(|| {
            forms.push(form);
            forms.len() - 1
        });
        Self::Form(at)
    }
}

/// An integer combination of committed columns and of 1_{<N}.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Columns and their coefficients.
    pub terms: Vec<(usize, i64)>,
    /// The coefficient of 1_{<N}.
    pub rows: i64,
}

/// A coefficient times some factors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The coefficient.
    pub coefficient: i64,
    /// 1 to [`DEGREE_MAX`] factors.
    pub factors: Vec<Factor>,
}

/// What a claim sums up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Every row counts once.
    One,
    /// A random form: the claim is that the polynomial is 0 in every row.
    Zero,
}

/// Σ_x w(x)·(Σ products)(x) = sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// w.
    pub weight: Weight,
    /// The polynomial.
    pub products: Vec<Product>,
    /// S, which is 0 for [`Weight::Zero`].
    pub sum: u128,
}

impl Claim {
    /// Whether it is written as a claim whose sum is committed to instead of told.
    fn is_hidden(&self) -> bool {
        self.weight == Weight::One && self.sum == 0
    }
}

/// Sums that are committed to instead of told, and what is told of them all the same: that one of
/// some combinations is small, but not which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneSmall {
    /// The claims, ascending, whose sums stay hidden; their `sum` is 0 and says nothing.
    pub claims: Vec<usize>,
    /// Combinations of the hidden sums, each a list of places in `claims` and coefficients.
    pub terms: Vec<Vec<(usize, i64)>>,
    /// One of the terms is at least 1 and below this.
    pub below: u32,
}

impl OneSmall {
    /// Factors of Π_terms Π_{1 ≤ v < below} (term − v), which is 0 exactly where a term is small.
    pub fn factors(&self) -> usize {
        self.terms.len().saturating_mul(self.below.saturating_sub(1) as usize)
    }

    /// True where these sums fulfil it.
    pub fn holds(&self, sums: &[u128]) -> bool {
        let value = |term: &Vec<(usize, i64)>| {
            let of = |(at, by): &(usize, i64)| {
                i128::try_from(sums.get(*at).copied()?).ok()?.checked_mul(i128::from(*by))
            };
            term.iter().map(of).sum::<Option<i128>>()
        };
        let small = |value: i128| (1..i128::from(self.below)).contains(&value);
        self.terms.iter().any(|term| value(term).is_some_and(small))
    }

    fn is_well_formed(&self, claims: &[Claim]) -> bool {
        let hidden = |at: &usize| claims.get(*at).is_some_and(Claim::is_hidden);
        let known = |(at, _): &(usize, i64)| *at < self.claims.len();
        self.claims.is_sorted_by(|a, b| a < b)
            && self.claims.iter().all(hidden)
            && self.terms.iter().flatten().all(known)
            && (1..=SMALL_FACTORS_MAX).contains(&self.factors())
    }
}

/// Why a relation cannot be argued about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RelationError {
    /// No row, or too many.
    #[error("{0} rows; 1 to {ROWS_MAX} can be proven about")]
    Rows(u64),
    /// Something names what is not there, or a limit is not kept.
    #[error("the relation has no or too many columns, claims or factors")]
    Shape,
}

/// All that one argument shows.
#[derive(Debug, Clone)]
pub struct Relation {
    rows: u64,
    columns: usize,
    forms: Vec<Form>,
    claims: Vec<Claim>,
    one_small: Option<OneSmall>,
    given: Vec<usize>,
}

impl Relation {
    /// A relation over `columns` committed columns of `rows` rows.
    ///
    /// # Errors
    /// When a limit is not kept or a place names nothing.
    pub fn new(
        rows: u64,
        columns: usize,
        forms: Vec<Form>,
        claims: Vec<Claim>,
    ) -> Result<Self, RelationError> {
        if rows == 0 || rows > ROWS_MAX {
            return Err(RelationError::Rows(rows));
        }
        let given = Vec::new();
        let relation = Self { rows, columns, forms, claims, one_small: None, given };
        if relation.is_well_formed() { Ok(relation) } else { Err(RelationError::Shape) }
    }

    /// Hides some of the sums.
    ///
    /// # Errors
    /// When a limit is not kept or a place names nothing.
    pub fn hide(mut self, one_small: OneSmall) -> Result<Self, RelationError> {
        if !one_small.is_well_formed(&self.claims) || !self.given.is_empty() {
            return Err(RelationError::Shape);
        }
        self.one_small = Some(one_small);
        Ok(self)
    }

    /// Hides some of the sums, ascending, whose commitments both sides have already: nothing is told
    /// of them here.
    ///
    /// # Errors
    /// When a place names nothing, or others are hidden.
    pub fn give(mut self, given: Vec<usize>) -> Result<Self, RelationError> {
        let hidden = |at: &usize| self.claims.get(*at).is_some_and(Claim::is_hidden);
        let fits = given.is_sorted_by(|a, b| a < b) && given.iter().all(hidden);
        if !fits || self.one_small.is_some() {
            return Err(RelationError::Shape);
        }
        self.given = given;
        Ok(self)
    }

    fn is_well_formed(&self) -> bool {
        let known = |factor: &Factor| match factor {
            Factor::Column(column) => *column < self.columns,
            Factor::Form(form) => *form < self.forms.len(),
        };
        let product = |product: &Product| {
            (1..=DEGREE_MAX).contains(&product.factors.len()) && product.factors.iter().all(known)
        };
        let claim = |claim: &Claim| {
            let zero_is_zero = claim.weight == Weight::One || claim.sum == 0;
            !claim.products.is_empty() && zero_is_zero && claim.products.iter().all(product)
        };
        let terms = |form: &Form| form.terms.iter().all(|(column, _)| *column < self.columns);
        (1..=ARGUMENT_COLUMNS_MAX).contains(&self.columns)
            && (1..=CLAIMS_MAX).contains(&self.claims.len())
            && self.claims.iter().all(claim)
            && self.forms.iter().all(terms)
    }

    /// N.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Committed columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The forms.
    pub fn forms(&self) -> &[Form] {
        &self.forms
    }

    /// The claims.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// What is told of hidden sums, where there are any.
    pub fn one_small(&self) -> Option<&OneSmall> {
        self.one_small.as_ref()
    }

    /// The claims whose sums are hidden.
    pub fn hidden(&self) -> &[usize] {
        self.one_small.as_ref().map_or(&self.given, |small| &small.claims)
    }

    /// The hidden claims whose commitments are no part of the proof.
    pub fn given(&self) -> &[usize] {
        &self.given
    }

    /// Chunks of every column.
    pub fn chunks(&self) -> usize {
        chunks_of(self.rows) as usize
    }

    /// Variables that name a chunk: κ.
    pub fn chunk_variables(&self) -> usize {
        self.chunks().next_power_of_two().trailing_zeros() as usize
    }

    /// Variables that name a row.
    pub fn variables(&self) -> usize {
        self.chunk_variables() + CHUNK_BITS
    }

    /// How the claims are weighed.
    pub fn mode(&self) -> Mode {
        let zero = self.claims.iter().any(|claim| claim.weight == Weight::Zero);
        let one = self.claims.iter().any(|claim| claim.weight == Weight::One);
        match (zero, one) {
            (true, true) => Mode::Mixed,
            (true, false) => Mode::Zero,
            (false, _) if self.degree() == 1 => Mode::Linear,
            (false, _) => Mode::Sum,
        }
    }

    /// The highest degree of a product.
    pub fn degree(&self) -> usize {
        self.degree_of(|_| true)
    }

    /// The degree of a round's polynomial.
    pub fn round_degree(&self) -> usize {
        match self.mode() {
            Mode::Linear | Mode::Sum | Mode::Zero => self.degree(),
            Mode::Mixed => {
                let weighed = self.degree_of(|claim| claim.weight == Weight::Zero) + 1;
                weighed.max(self.degree_of(|claim| claim.weight == Weight::One))
            }
        }
        .max(2)
    }

    fn degree_of(&self, chosen: impl Fn(&Claim) -> bool) -> usize {
        let products = self.claims.iter().filter(|claim| chosen(claim)).flat_map(|c| &c.products);
        products.map(|product| product.factors.len()).max().unwrap_or(1)
    }
}

/// The four ways through the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Plain sums of columns: opened at once, without a sumcheck.
    Linear,
    /// Sums of products.
    Sum,
    /// Zero everywhere, the random form pulled out of each round.
    Zero,
    /// Both, the random form as a further factor.
    Mixed,
}

/// 1 for equal bits and 0 for others, extended to all points: Π ((1−a)(1−b) + ab).
pub fn eq(a: &[Scalar], b: &[Scalar]) -> Scalar {
    a.iter().zip(b).fold(Scalar::one(), |product, (a, b)| {
        let both = *a * b;
        product * (Scalar::one() - a - b + both + both)
    })
}

/// eq(point, ·) over all bit strings, the most significant bit first; only the first `wanted`.
pub fn eq_table(point: &[Scalar], wanted: usize) -> Vec<Scalar> {
    let mut table = vec![Scalar::one()];
    for (done, coordinate) in point.iter().enumerate() {
        // What lies beyond the wanted front of the finished table is never needed.
        let left = point.len() - done - 1;
        let keep = wanted.div_ceil(1 << left).min(2 * table.len());
        let mut next = Vec::with_capacity(keep);
        for entry in &table {
            let one = *entry * coordinate;
            next.push(*entry - one);
            if next.len() < keep {
                next.push(one);
            }
            if next.len() >= keep {
                break;
            }
        }
        table = next;
    }
    table
}

/// The extension of 1_{<N} at a point.
pub fn rows_indicator(rows: u64, point: &[Scalar]) -> Scalar {
    let variables = point.len();
    if rows >> variables != 0 {
        return Scalar::one();
    }
    let (mut below, mut prefix) = (Scalar::zero(), Scalar::one());
    for (at, coordinate) in point.iter().enumerate() {
        let one = prefix * coordinate;
        let zero = prefix - one;
        if rows >> (variables - 1 - at) & 1 == 1 {
            below += zero;
            prefix = one;
        } else {
            prefix = zero;
        }
    }
    below
}
