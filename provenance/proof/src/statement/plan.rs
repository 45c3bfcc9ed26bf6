//! From a statement to what is proven: which products of which columns add up to each integer.
//!
//! A plan is public and made by both sides. A product of more than four factors is made shorter by
//! committing to the product of its conditions as a column of its own, derived in the proof.

use std::collections::BTreeMap;

use super::{Condition, Measure, Quantity, Statement, StatementError};
use crate::body::Body;
use crate::columns::Role;
use crate::relation::{Claim, DEGREE_MAX, Factor, Form, Product, Relation, Weight};
use crate::schema::{Kind, Schema};

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
    /// A column that the proof commits to: 1 where all of its facts are.
    Derived(usize),
    /// The number u.
    Value(u16),
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
    /// What each claimed integer adds up, in order, as the statement means it.
    pub claims: Vec<Counted>,
    products: Vec<Vec<Fact>>,
    nullable: Vec<bool>,
    levels: Vec<u8>,
}

/// Plans a statement.
///
/// # Errors
/// When it does not fit the schema, is about nothing committed, or could overflow.
pub fn plan(statement: &Statement, body: &Body) -> Result<Plan, StatementError> {
    statement.check(&body.schema)?;
    let claims = claims(statement, &body.schema)?;
    for claim in &claims {
        check_bound(claim, body)?;
    }
    let schema_columns = body.schema.columns();
    let mut plan = Plan {
        columns: Vec::new(),
        derived: Vec::new(),
        claims: Vec::new(),
        products: Vec::new(),
        nullable: schema_columns.iter().map(|column| column.nullable).collect(),
        levels: schema_columns.iter().map(|column| levels_of(&column.kind)).collect(),
    };
    let mut known = BTreeMap::new();
    for claim in &claims {
        let product = plan.shorten(claim, &mut known)?;
        plan.products.push(product);
    }
    plan.claims = claims;
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
        if results.len() != self.products.len() {
            return Err(StatementError::Shape);
        }
        let mut forms = Forms { plan: self, forms: Vec::new() };
        let mut claims = Vec::new();
        for (product, result) in self.products.iter().zip(results) {
            let product = forms.product(1, product);
            claims.push(Claim { weight: Weight::One, products: vec![product], sum: *result });
        }
        for (at, facts) in self.derived.iter().enumerate() {
            let products = vec![forms.product(1, &[Fact::Derived(at)]), forms.product(-1, facts)];
            claims.push(Claim { weight: Weight::Zero, products, sum: 0 });
        }
        let columns = self.columns.len() + self.derived.len();
        Ok(Relation::new(rows, columns, forms.forms, claims)?)
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
                let last = self.levels[usize::from(column)] - 1;
                if level < last {
                    return vec![(column, Role::Level(level))];
                }
                let others = (0..last).map(|level| (column, Role::Level(level)));
                others.chain(valid(column)).collect()
            }
        }
    }

    fn place(&self, column: u16, role: Role) -> usize {
        self.columns.iter().position(|one| *one == (column, role)).unwrap_or_default()
    }
}

struct Forms<'a> {
    plan: &'a Plan,
    forms: Vec<Form>,
}

impl Forms<'_> {
    fn product(&mut self, coefficient: i64, facts: &[Fact]) -> Product {
        let factors: Vec<Factor> = facts.iter().map(|fact| self.factor(*fact)).collect();
        if factors.is_empty() {
            return Product { coefficient, factors: vec![self.form(Vec::new(), 1)] };
        }
        Product { coefficient, factors }
    }

    fn factor(&mut self, fact: Fact) -> Factor {
        let plan = self.plan;
        match fact {
            Fact::Derived(at) => Factor::Column(plan.columns.len() + at),
            Fact::Value(column) | Fact::True(column) => {
                Factor::Column(plan.place(column, Role::Value))
            }
            Fact::Valid(column) => match plan.nullable[usize::from(column)] {
                true => Factor::Column(plan.place(column, Role::Valid)),
                false => self.form(Vec::new(), 1),
            },
            Fact::False(column) => {
                let value = plan.place(column, Role::Value);
                self.rest_of_valid(column, vec![(value, -1)])
            }
            Fact::Level(column, level) => {
                let last = plan.levels[usize::from(column)] - 1;
                if level < last {
                    return Factor::Column(plan.place(column, Role::Level(level)));
                }
                let others = (0..last).map(|level| (plan.place(column, Role::Level(level)), -1));
                self.rest_of_valid(column, others.collect())
            }
        }
    }

    /// The column's valid rows, less these columns.
    fn rest_of_valid(&mut self, column: u16, mut terms: Vec<(usize, i64)>) -> Factor {
        if !self.plan.nullable[usize::from(column)] {
            return self.form(terms, 1);
        }
        terms.push((self.plan.place(column, Role::Valid), 1));
        self.form(terms, 0)
    }

    fn form(&mut self, terms: Vec<(usize, i64)>, rows: i64) -> Factor {
        let form = Form { terms, rows };
        let at = self.forms.iter().position(|known| *known == form).unwrap_or_else(|| {
            self.forms.push(form);
            self.forms.len() - 1
        });
        Factor::Form(at)
    }
}

/// What each claimed integer of a statement adds up.
fn claims(statement: &Statement, schema: &Schema) -> Result<Vec<Counted>, StatementError> {
    let mut cells: Vec<Vec<Fact>> = vec![statement.conditions.iter().map(condition_fact).collect()];
    for group in &statement.groups {
        let levels = levels_of(&schema.columns()[usize::from(*group)].kind);
        let split = |cell: &Vec<Fact>| {
            let cell = cell.clone();
            let with = move |level| [cell.clone(), vec![Fact::Level(*group, level)]].concat();
            (0..levels).map(with).collect::<Vec<_>>()
        };
        cells = cells.iter().flat_map(split).collect();
    }
    let mut claims = Vec::new();
    for cell in &cells {
        for measure in &statement.measures {
            measure_claims(cell, measure, schema, &mut claims);
        }
        if claims.len() > crate::relation::CLAIMS_MAX - DERIVED_MAX {
            return Err(StatementError::Shape);
        }
    }
    Ok(claims)
}

fn measure_claims(cell: &[Fact], measure: &Measure, schema: &Schema, claims: &mut Vec<Counted>) {
    let add = |claims: &mut Vec<Counted>, facts: &[Fact], quantities: &[Quantity]| {
        claims.push(counted(facts, quantities, schema));
    };
    match measure {
        Measure::Count => add(claims, cell, &[]),
        Measure::Sum(quantity) => {
            let present = [cell, &[presence(quantity)]].concat();
            add(claims, &present, &[]);
            add(claims, &present, &[*quantity]);
        }
        Measure::Gram(quantities) => {
            let present: Vec<Fact> =
                cell.iter().copied().chain(quantities.iter().map(presence)).collect();
            add(claims, &present, &[]);
            for quantity in quantities {
                add(claims, &present, &[*quantity]);
            }
            for (at, first) in quantities.iter().enumerate() {
                for second in &quantities[at..] {
                    add(claims, &present, &[*first, *second]);
                }
            }
        }
    }
}

/// A product in its shortest form: a boolean counts once, and needs no word that it is not null.
fn counted(facts: &[Fact], quantities: &[Quantity], schema: &Schema) -> Counted {
    let mut facts = facts.to_vec();
    let mut values = Vec::new();
    for quantity in quantities {
        match quantity {
            Quantity::Value(column) => values.push(*column),
            Quantity::Level(column, level) => facts.push(Fact::Level(*column, *level)),
            Quantity::True(column) => facts.push(Fact::True(*column)),
        }
    }
    facts.sort_unstable();
    facts.dedup();
    let implied = |column: &u16| {
        let nullable = schema.columns()[usize::from(*column)].nullable;
        let says_more = |fact: &Fact| match fact {
            Fact::Level(other, _) | Fact::True(other) | Fact::False(other) => other == column,
            _ => false,
        };
        !nullable || values.contains(column) || facts.iter().any(says_more)
    };
    let kept = |fact: &&Fact| !matches!(fact, Fact::Valid(column) if implied(column));
    let facts = facts.iter().filter(kept).copied().collect();
    values.sort_unstable();
    Counted { facts, values }
}

fn check_bound(claim: &Counted, body: &Body) -> Result<(), StatementError> {
    let mut bound = u128::from(body.rows);
    for column in &claim.values {
        let bits = body.schema.columns()[usize::from(*column)].kind.bits();
        bound = bound.checked_mul((1u128 << bits) - 1).ok_or(StatementError::Bound)?;
    }
    if bound < BOUND { Ok(()) } else { Err(StatementError::Bound) }
}

fn presence(quantity: &Quantity) -> Fact {
    match quantity {
        Quantity::Value(column) | Quantity::Level(column, _) | Quantity::True(column) => {
            Fact::Valid(*column)
        }
    }
}

fn condition_fact(condition: &Condition) -> Fact {
    match condition {
        Condition::Level(column, level) => Fact::Level(*column, *level),
        Condition::True(column) => Fact::True(*column),
        Condition::False(column) => Fact::False(*column),
    }
}

fn levels_of(kind: &Kind) -> u8 {
    match kind {
        Kind::Category { levels } => levels.len() as u8,
        Kind::Number { .. } | Kind::Boolean => 0,
    }
}
