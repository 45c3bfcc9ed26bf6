//! The proof that a committed column is what its schema says, without which no statistic over it
//! means anything.
//!
//! Per schema column one argument that some polynomials are 0 in every row: bits, levels and
//! validity are 0 or 1; nothing lies in the padding; a null holds 0; a value is the sum of its bits.
//! Bit 0 is not committed: it is u − Σ 2^j·b_j, so the value's commitment itself is tied to its bits.
//! Whether u reaches a threshold is computed from the bits, a few at a time ([`steps`]).

pub mod prove;
pub mod reopen;
pub mod verify;

use std::ops::Range;

use crate::argument;
use crate::columns::Role;
use crate::relation::{Claim, Factor, Form, Product, Relation, RelationError, Weight};
use crate::schema::{Column, Kind};
use crate::transcript::Channel;

pub use prove::{Published, publish};
pub use reopen::reopen;
pub use verify::{Checked, check};

/// What a proof is about, in a transcript.
const KIND: &[u8] = b"ingest";

/// Bytes of a column's ingest proof.
///
/// # Errors
/// When there are too many rows.
pub fn proof_len(column: &Column, rows: u64) -> Result<usize, RelationError> {
    Ok(argument::proof_len(&relation(column, rows)?))
}

/// The roles of an ingest argument's columns: the published ones, then the bits.
pub fn roles(column: &Column) -> Vec<Role> {
    [column.published(), column.ingest_roles()].concat()
}

/// The bits that the steps of a threshold T ≥ 1 compare: the first four from the lowest bit of T that
/// is set (those below decide nothing), then three a step, so that no product has more than four
/// factors. The last step is the threshold's own column, the others are [`Role::Step`].
pub fn steps(threshold: u32, bits: u8) -> Vec<Range<u8>> {
    let mut start = threshold.trailing_zeros().min(u32::from(bits.saturating_sub(1))) as u8;
    let (mut steps, mut width) = (Vec::new(), 4);
    while start < bits {
        let end = bits.min(start + width);
        steps.push(start..end);
        (start, width) = (end, 3);
    }
    steps
}

/// What the ingest proof of a column shows.
///
/// # Errors
/// When there are too many rows.
pub fn relation(column: &Column, rows: u64) -> Result<Relation, RelationError> {
    let mut builder = Builder { roles: roles(column), forms: Vec::new(), claims: Vec::new() };
    builder.forms.push(Form { terms: Vec::new(), rows: 1 });
    let committed_rows = Factor::Form(0);
    let valid = builder.factor(Role::Valid).unwrap_or(committed_rows);
    if column.nullable {
        builder.boolean(valid);
        // valid·(1 − 1_{<N}) = 0: nothing is valid in the padding.
        builder.implies(valid, committed_rows);
    }
    match &column.kind {
        Kind::Number { .. } => {
            builder.value_is_null_safe(valid);
            builder.bits(column, Role::Value, 0, Role::Bit);
            if let Some(span) = column.kind.complement_span() {
                builder.bits(column, Role::Value, i64::from(span), Role::ComplementBit);
            }
            for (at, threshold) in column.kind.thresholds().into_iter().enumerate() {
                builder.threshold(column, at as u8, threshold);
            }
        }
        Kind::Boolean => {
            builder.value_is_null_safe(valid);
            let value = builder.factor(Role::Value).unwrap_or(valid);
            builder.boolean(value);
        }
        Kind::Category { levels } => builder.levels(levels.len() as u8),
    }
    Relation::new(rows, builder.roles.len(), builder.forms, builder.claims)
}

/// Absorbs what an ingest proof is about, before its columns.
fn absorb(transcript: &mut impl Channel, body: &crate::body::Body, column: u16) {
    crate::statement::absorb_body(transcript, KIND, body);
    transcript.number(b"schema column", u64::from(column));
    let roles = body.schema.columns().get(usize::from(column)).map(roles).unwrap_or_default();
    let ids: Vec<u8> = roles.into_iter().flat_map(Role::to_bytes).collect();
    transcript.bytes(b"roles", &ids);
}

struct Builder {
    roles: Vec<Role>,
    forms: Vec<Form>,
    claims: Vec<Claim>,
}

impl Builder {
    fn place(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|one| *one == role)
    }

    fn factor(&self, role: Role) -> Option<Factor> {
        self.place(role).map(Factor::Column)
    }

    fn form(&mut self, terms: Vec<(usize, i64)>, rows: i64) -> Factor {
        Factor::of_form(Form { terms, rows }, &mut self.forms)
    }

    fn zero(&mut self, products: Vec<Product>) {
        self.claims.push(Claim { weight: Weight::Zero, products, sum: 0 });
    }

    /// m² − m = 0.
    fn boolean(&mut self, factor: Factor) {
        self.zero(vec![
            Product { coefficient: 1, factors: vec![factor, factor] },
            Product { coefficient: -1, factors: vec![factor] },
        ]);
    }

    /// a·(1 − b) = 0.
    fn implies(&mut self, a: Factor, b: Factor) {
        self.zero(vec![
            Product { coefficient: 1, factors: vec![a] },
            Product { coefficient: -1, factors: vec![a, b] },
        ]);
    }

    /// u·(1 − valid) = 0: a null holds 0, and so does the padding, where nothing is valid.
    fn value_is_null_safe(&mut self, valid: Factor) {
        if let Some(value) = self.factor(Role::Value) {
            self.implies(value, valid);
        }
    }

    /// Every bit is 0 or 1, bit 0 being what the others leave of u, or of span − u.
    fn bits(&mut self, column: &Column, of: Role, span: i64, role: fn(u8) -> Role) {
        let sign = if span == 0 { 1 } else { -1 };
        let mut terms: Vec<(usize, i64)> =
            self.place(of).map(|at| (at, sign)).into_iter().collect();
        for bit in 1..column.kind.bits() {
            if let Some(at) = self.place(role(bit)) {
                terms.push((at, -(1i64 << bit)));
                self.boolean(Factor::Column(at));
            }
        }
        let lowest = self.form(terms, span);
        self.boolean(lowest);
    }

    /// t is 1 exactly where u reaches the threshold: step by step from the lowest bits, what they
    /// reach is a polynomial of a few bits and of the step before. Where the threshold's bit is 1,
    /// u's must be 1 and the lower bits reach; where it is 0, either is enough.
    fn threshold(&mut self, column: &Column, at: u8, threshold: u32) {
        let mut below = None;
        let steps = steps(threshold, column.kind.bits());
        for (step, bits) in steps.iter().enumerate() {
            let last = step + 1 == steps.len();
            let role = if last { Role::Threshold(at) } else { Role::Step(at, step as u8) };
            let Some(reached) = self.factor(role) else { return };
            let mut products = vec![Product { coefficient: 1, factors: vec![reached] }];
            let mut equal = Vec::new();
            let lowest = bits.start;
            for bit in bits.clone().rev().filter(|bit| below.is_some() || *bit > lowest) {
                let terms = self.bit(column, bit);
                let one = self.form_or_column(terms.clone(), 0);
                if threshold >> bit & 1 == 1 {
                    equal.push(one);
                } else {
                    products.push(minus(&equal, one));
                    let negated = terms.into_iter().map(|(at, by)| (at, -by)).collect();
                    equal.push(self.form(negated, 1));
                }
            }
            let rest = match below {
                Some(below) => below,
                // The lowest bit of the threshold that is set: from here up, equal means reached.
                None => {
                    let terms = self.bit(column, lowest);
                    self.form_or_column(terms, 0)
                }
            };
            products.push(minus(&equal, rest));
            self.zero(products);
            below = Some(reached);
        }
    }

    /// A bit of u as a combination of columns: bit 0 is what the others leave.
    fn bit(&self, column: &Column, bit: u8) -> Vec<(usize, i64)> {
        let place = |role| self.place(role).into_iter();
        if bit > 0 {
            return place(Role::Bit(bit)).map(|at| (at, 1)).collect();
        }
        let others = (1..column.kind.bits())
            .flat_map(|bit| place(Role::Bit(bit)).map(move |at| (at, -(1i64 << bit))));
        place(Role::Value).map(|at| (at, 1)).chain(others).collect()
    }

    fn form_or_column(&mut self, terms: Vec<(usize, i64)>, rows: i64) -> Factor {
        match (&terms[..], rows) {
            ([(at, 1)], 0) => Factor::Column(*at),
            _ => self.form(terms, rows),
        }
    }

    /// Every level is 0 or 1, the last being what the others leave of the valid rows; so exactly
    /// one is 1 in a valid row.
    fn levels(&mut self, levels: u8) {
        let (mut terms, rows) = match self.place(Role::Valid) {
            Some(valid) => (vec![(valid, 1)], 0),
            None => (Vec::new(), 1),
        };
        for level in 0..levels - 1 {
            if let Some(at) = self.place(Role::Level(level)) {
                terms.push((at, -1));
                self.boolean(Factor::Column(at));
            }
        }
        let last = self.form(terms, rows);
        self.boolean(last);
    }
}

/// −(factors)·(one more).
fn minus(factors: &[Factor], one: Factor) -> Product {
    Product { coefficient: -1, factors: [factors, &[one]].concat() }
}
