//! From facts to factors: what is not published is a form of what is.

use super::{Fact, Plan};
use crate::columns::Role;
use crate::relation::{Factor, Form, Product};

/// Collects the forms that products need.
pub(super) struct Forms<'a> {
    plan: &'a Plan,
    forms: Vec<Form>,
}

impl<'a> Forms<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self { plan, forms: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Form> {
        self.forms
    }

    pub(super) fn product(&mut self, coefficient: i64, facts: &[Fact]) -> Product {
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
                let last = plan.groups[usize::from(column)] - 1;
                if level < last {
                    return Factor::Column(plan.place(column, Role::Level(level)));
                }
                let others = (0..last).map(|level| (plan.place(column, Role::Level(level)), -1));
                self.rest_of_valid(column, others.collect())
            }
            Fact::AtLeast(column, at) => Factor::Column(plan.place(column, Role::Threshold(at))),
            Fact::Below(column, at) => {
                let reached = plan.place(column, Role::Threshold(at));
                self.rest_of_valid(column, vec![(reached, -1)])
            }
            Fact::Band(column, band) => {
                let low = plan.place(column, Role::Threshold(band - 1));
                let next = plan.place(column, Role::Threshold(band));
                self.form(vec![(low, 1), (next, -1)], 0)
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
        Factor::of_form(Form { terms, rows }, &mut self.forms)
    }
}
