//! The proof that a committed column is what its schema says, without which no statistic over it
//! means anything.
//!
//! Per schema column one argument that some polynomials are 0 in every row: bits, levels and
//! validity are 0 or 1; nothing lies in the padding; a null holds 0; a value is the sum of its bits.
//! Bit 0 is not committed: it is u − Σ 2^j·b_j, so the value's commitment itself is tied to its bits.

pub mod prove;
pub mod verify;

use crate::argument;
use crate::columns::Role;
use crate::relation::{Claim, Factor, Form, Product, Relation, RelationError, Weight};
use crate::schema::{Column, Kind};
use crate::transcript::Channel;

pub use prove::{Published, publish};
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
        self.forms.push(Form { terms, rows });
        Factor::Form(self.forms.len() - 1)
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
