//! From a statement to what is proven: which products of which columns add up to each integer.
//!
//! A plan is public and made by both sides. A product of more than four factors is made shorter by
//! committing to the product of its conditions as a column of its own, derived in the proof.

mod claims;
mod forms;

use std::collections::BTreeMap;

use super::{Statement, StatementError};
use crate::body::Body;
use crate::columns::Role;
use crate::relation::{Claim, DEGREE_MAX, OneSmall, Relation, SMALL_FACTORS_MAX, Weight};
use claims::Claims;
use forms::Forms;

pub use claims::Tables;

/// The bound that no claimed integer may be able to reach.
const BOUND: u128 = 1 << 127;
/// The most columns that a proof derives.
pub const DERIVED_MAX: usize = 256;

/// Something that is known of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// 1 where the column is not null.
    Valid(u16),
    /// 1 where the category has this level.
    Level(u16, u8),
    /// 1 where the boolean is true.
    True(u16),
    /// 1 where the boolean is false.
    False(u16),
    /// 1 where the number reaches this threshold.
    AtLeast(u16, u8),
    /// 1 where the number is there and does not reach it.
    Below(u16, u8),
    /// 1 where the number is in this band, which is neither the first nor the last.
    Band(u16, u8),
    /// A column that the proof commits to: 1 where all of its facts are.
    Derived(usize),
    /// The number u.
    Value(u16),
}

impl Fact {
    /// The column that it says something about, and more than that it is not null.
    pub(crate) fn says_more_of(&self) -> Option<u16> {
        match self {
            Self::Level(column, _)
            | Self::True(column)
            | Self::False(column)
            | Self::AtLeast(column, _)
            | Self::Below(column, _)
            | Self::Band(column, _) => Some(*column),
            Self::Valid(_) | Self::Derived(_) | Self::Value(_) => None,
        }
    }

    /// True where a row of which `facts` hold must fulfil this one.
    pub(crate) fn follows_from(&self, facts: &[Fact]) -> bool {
        let implied = |column: u16| facts.iter().any(|fact| fact.says_more_of() == Some(column));
        facts.contains(self) || matches!(self, Fact::Valid(column) if implied(*column))
    }
}

/// What one claimed integer adds up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// The conditions, sorted.
    pub facts: Vec<Fact>,
    /// The numbers, at most two.
    pub values: Vec<u16>,
}

/// What is proven.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The published columns that the proof is over, in the body's order.
    pub columns: Vec<(u16, Role)>,
    /// The derived columns, each a product of the facts before it.
    pub derived: Vec<Vec<Fact>>,
    /// What each claimed integer adds up, in order, as the statement means it: the groups that are
    /// told, then, where groups are withheld, the totals of all counts.
    pub claims: Vec<Counted>,
    /// The counts of withheld groups, which are committed to and not told.
    pub hidden: Vec<Counted>,
    /// How the claims are laid out.
    pub tables: Tables,
    one_small: Option<OneSmall>,
    /// The factors of each claim, told or hidden.
    products: Vec<Vec<Fact>>,
    nullable: Vec<bool>,
    groups: Vec<u8>,
}

/// Plans a statement.
///
/// # Errors
/// When it does not fit the schema, is about nothing committed, or could overflow.
pub fn plan(statement: &Statement, body: &Body) -> Result<Plan, StatementError> {
    statement.check(&body.schema)?;
    let Claims { told, hidden, tables } = Claims::of(statement, &body.schema)?;
    for claim in &told {
        check_bound(claim, body)?;
    }
    let one_small = tables.one_small(told.len(), body.policy.minimum_cell());
    if one_small.as_ref().is_some_and(|small| small.factors() > SMALL_FACTORS_MAX) {
        return Err(StatementError::Withheld);
    }
    let schema_columns = body.schema.columns();
    let mut plan = Plan {
        columns: Vec::new(),
        derived: Vec::new(),
        claims: Vec::new(),
        hidden: Vec::new(),
        tables,
        one_small,
        products: Vec::new(),
        nullable: schema_columns.iter().map(|column| column.nullable).collect(),
        groups: schema_columns.iter().map(|column| column.kind.groups()).collect(),
    };
    let mut known = BTreeMap::new();
    for claim in told.iter().chain(&hidden) {
        let product = plan.shorten(claim, &mut known)?;
        plan.products.push(product);
    }
    (plan.claims, plan.hidden) = (told, hidden);
    let facts = plan.products.iter().chain(&plan.derived).flatten().copied().collect::<Vec<_>>();
    let needed: Vec<(u16, Role)> = facts.into_iter().flat_map(|fact| plan.roles(fact)).collect();
    let published = body.schema.published().into_iter();
    plan.columns = published.filter(|column| needed.contains(column)).collect();
    if plan.columns.is_empty() {
        return Err(StatementError::Public);
    }
    Ok(plan)
}

impl Plan {
    /// The relation that the proof shows, for these claimed integers.
    ///
    /// # Errors
    /// When their number is another, or a limit is not kept.
    pub fn relation(&self, rows: u64, results: &[u128]) -> Result<Relation, StatementError> {
        if results.len() != self.claims.len() {
            return Err(StatementError::Shape);
        }
        let mut forms = Forms::new(self);
        let mut claims = Vec::new();
        // A hidden sum is written as 0 and committed to.
        let sums = results.iter().copied().chain(std::iter::repeat(0));
        for (product, sum) in self.products.iter().zip(sums) {
            let product = forms.product(1, product);
            claims.push(Claim { weight: Weight::One, products: vec![product], sum });
        }
        for (at, facts) in self.derived.iter().enumerate() {
            let products = vec![forms.product(1, &[Fact::Derived(at)]), forms.product(-1, facts)];
            claims.push(Claim { weight: Weight::Zero, products, sum: 0 });
        }
        let columns = self.columns.len() + self.derived.len();
        let relation = Relation::new(rows, columns, forms.finish(), claims)?;
        Ok(match &self.one_small {
            Some(small) => relation.hide(small.clone())?,
            None => relation,
        })
    }

    /// True where hidden counts are such that something had to be withheld.
    pub fn one_is_small(&self, hidden: &[u128]) -> bool {
        self.one_small.as_ref().is_none_or(|small| small.holds(hidden))
    }

    /// Four bytes for each published column: its place in the schema and its role.
    pub fn column_ids(&self) -> Vec<u8> {
        let id = |(column, role): &(u16, Role)| {
            let ([low, high], [tag, at]) = (column.to_le_bytes(), role.to_bytes());
            [low, high, tag, at]
        };
        self.columns.iter().flat_map(id).collect()
    }

    /// The factors of a claim, at most four; more conditions become derived columns.
    fn shorten(
        &mut self,
        claim: &Counted,
        known: &mut BTreeMap<Vec<Fact>, usize>,
    ) -> Result<Vec<Fact>, StatementError> {
        let mut facts = claim.facts.clone();
        while facts.len() + claim.values.len() > DEGREE_MAX {
            let rest = facts.split_off(facts.len().min(DEGREE_MAX));
            let derived = *known.entry(facts.clone()).or_insert_with(|| {
                self.derived.push(facts);
                self.derived.len() - 1
            });
            if self.derived.len() > DERIVED_MAX {
                return Err(StatementError::Shape);
            }
            facts = [vec![Fact::Derived(derived)], rest].concat();
        }
        facts.extend(claim.values.iter().copied().map(Fact::Value));
        Ok(facts)
    }

    /// The published columns that a fact is computed from.
    fn roles(&self, fact: Fact) -> Vec<(u16, Role)> {
        let valid =
            |column: u16| self.nullable[usize::from(column)].then_some((column, Role::Valid));
        match fact {
            Fact::Derived(_) => Vec::new(),
            Fact::Value(column) | Fact::True(column) => vec![(column, Role::Value)],
            Fact::False(column) => {
                valid(column).into_iter().chain([(column, Role::Value)]).collect()
            }
            Fact::Valid(column) => valid(column).into_iter().collect(),
            Fact::Level(column, level) => {
                let last = self.groups[usize::from(column)] - 1;
                if level < last {
                    return vec![(column, Role::Level(level))];
                }
                let others = (0..last).map(|level| (column, Role::Level(level)));
                others.chain(valid(column)).collect()
            }
            Fact::AtLeast(column, at) => vec![(column, Role::Threshold(at))],
            Fact::Below(column, at) => {
                valid(column).into_iter().chain([(column, Role::Threshold(at))]).collect()
            }
            Fact::Band(column, band) => {
                vec![(column, Role::Threshold(band - 1)), (column, Role::Threshold(band))]
            }
        }
    }

    fn place(&self, column: u16, role: Role) -> usize {
        self.columns.iter().position(|one| *one == (column, role)).unwrap_or_default()
    }
}

fn check_bound(claim: &Counted, body: &Body) -> Result<(), StatementError> {
    let mut bound = u128::from(body.rows);
    for column in &claim.values {
        let bits = body.schema.columns()[usize::from(*column)].kind.bits();
        bound = bound.checked_mul((1u128 << bits) - 1).ok_or(StatementError::Bound)?;
    }
    if bound < BOUND { Ok(()) } else { Err(StatementError::Bound) }
}
