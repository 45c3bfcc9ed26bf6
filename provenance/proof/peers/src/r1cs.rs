//! Sums over rows as a rank-1 constraint system, in Spartan's NIZK variant over Ristretto.
//!
//! A claim Σ_x c_1(x)·…·c_d(x) = S has d constraints a row at most: products of the cells, one after
//! another, where the last is the step of a running total. The total after the last row is a public
//! input. The witness is the table itself, which Spartan commits to in each proof.

use libspartan::{Assignment, Instance, NIZK, NIZKGens};
use merlin::Transcript;
use thiserror::Error;
use veritrail_proof::relation::{Factor, Relation, Weight};

/// Minus one in the field of Ristretto's scalars, whose order is
/// 2^252 + 27742317777372353535851937790883648493.
const MINUS_ONE: [u8; 32] = [
    0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

const LABEL: &[u8] = b"sums";

/// Why sums cannot be written as constraints, or not be proven.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeerError {
    /// A claim is not one plain product of committed columns.
    #[error("only plain sums of products of columns are written as constraints")]
    Claim,
    /// The table does not fit the relation.
    #[error("the table does not have the relation's columns and rows")]
    Table,
    /// A total beyond 128 bits.
    #[error("a total does not fit 128 bits")]
    Overflow,
    /// Spartan refused the system.
    #[error("spartan refused the constraints: {0}")]
    Refused(String),
}

/// A relation's sums as constraints, with Spartan's generators for them.
pub struct Sums {
    rows: usize,
    columns: usize,
    claims: Vec<Vec<usize>>,
    constraints: usize,
    instance: Instance,
    generators: NIZKGens,
}

impl Sums {
    /// Writes the claims of a relation as constraints. The claimed sums are inputs, not constants.
    ///
    /// # Errors
    /// When a claim is not one product of columns with coefficient 1.
    pub fn new(relation: &Relation) -> Result<Self, PeerError> {
        let rows = usize::try_from(relation.rows()).map_err(|_| PeerError::Table)?;
        let claims = relation
            .claims()
            .iter()
            .map(|claim| match &claim.products[..] {
                [product] if claim.weight == Weight::One && product.coefficient == 1 => {
                    product.factors.iter().map(column).collect()
                }
                _ => Err(PeerError::Claim),
            })
            .collect::<Result<Vec<Vec<usize>>, _>>()?;
        let columns = relation.columns();
        let mut system = System::new(rows, columns, &claims);
        for (claim, factors) in claims.iter().enumerate() {
            for row in 0..rows {
                system.constrain(claim, factors, row);
            }
        }
        let System { constraints, variables, a, b, c, .. } = system;
        let refused = |error| PeerError::Refused(format!("{error:?}"));
        let instance = Instance::new(constraints, variables, claims.len(), &a, &b, &c);
        let instance = instance.map_err(refused)?;
        let generators = NIZKGens::new(constraints, variables, claims.len());
        Ok(Self { rows, columns, claims, constraints, instance, generators })
    }

    /// How many constraints the system has, without padding.
    pub fn constraints(&self) -> usize {
        self.constraints
    }

    /// Proves that the table has these sums. A false claim is not noticed here: what comes out is a
    /// proof that is refused.
    ///
    /// # Errors
    /// When the table does not fit, or a total leaves 128 bits.
    pub fn prove(&self, table: &[&[u32]], sums: &[u128]) -> Result<NIZK, PeerError> {
        if table.len() != self.columns || table.iter().any(|column| column.len() != self.rows) {
            return Err(PeerError::Table);
        }
        let variables = assignment(&self.witness(table)?)?;
        let mut transcript = Transcript::new(LABEL);
        let inputs = self.inputs(sums)?;
        let generators = &self.generators;
        Ok(NIZK::prove(&self.instance, variables, &inputs, generators, &mut transcript))
    }

    /// Whether a proof shows these sums.
    ///
    /// # Errors
    /// When there are not as many sums as claims.
    pub fn holds(&self, proof: &NIZK, sums: &[u128]) -> Result<bool, PeerError> {
        let mut transcript = Transcript::new(LABEL);
        let inputs = self.inputs(sums)?;
        let checked = proof.verify(&self.instance, &inputs, &mut transcript, &self.generators);
        Ok(checked.is_ok())
    }

    fn inputs(&self, sums: &[u128]) -> Result<Assignment, PeerError> {
        if sums.len() == self.claims.len() { assignment(sums) } else { Err(PeerError::Table) }
    }

    /// Cells by column, then for each claim the products and running totals of each row.
    fn witness(&self, table: &[&[u32]]) -> Result<Vec<u128>, PeerError> {
        let mut witness: Vec<u128> =
            table.iter().flat_map(|column| column.iter().map(|&cell| cell.into())).collect();
        let last = self.rows - 1;
        let cell = |column: usize, row: usize| u128::from(table[column][row]);
        for factors in &self.claims {
            let mut total = 0u128;
            for row in 0..=last {
                let cells = factors.iter().map(|&factor| cell(factor, row));
                let mut product = 1u128;
                for (step, cell) in cells.enumerate() {
                    product = product.checked_mul(cell).ok_or(PeerError::Overflow)?;
                    if step > 0 && step + 1 < factors.len() {
                        witness.push(product);
                    }
                }
                total = total.checked_add(product).ok_or(PeerError::Overflow)?;
                if row < last {
                    witness.push(total);
                }
            }
        }
        Ok(witness)
    }
}

fn column(factor: &Factor) -> Result<usize, PeerError> {
    match factor {
        Factor::Column(column) => Ok(*column),
        Factor::Form(_) => Err(PeerError::Claim),
    }
}

fn assignment(values: &[u128]) -> Result<Assignment, PeerError> {
    let values: Vec<[u8; 32]> = values.iter().map(|&value| scalar(value)).collect();
    Assignment::new(&values).map_err(|error| PeerError::Refused(format!("{error:?}")))
}

fn scalar(value: u128) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&value.to_le_bytes());
    bytes
}

/// Row, variable, coefficient.
type Entry = (usize, usize, [u8; 32]);

/// (a·z) × (b·z) = c·z, row by row, with z the variables, then 1, then the inputs.
struct System {
    rows: usize,
    columns: usize,
    variables: usize,
    /// Where a claim's products and totals begin among the variables.
    starts: Vec<usize>,
    constraints: usize,
    a: Vec<Entry>,
    b: Vec<Entry>,
    c: Vec<Entry>,
}

impl System {
    fn new(rows: usize, columns: usize, claims: &[Vec<usize>]) -> Self {
        let mut variables = rows * columns;
        let starts = claims
            .iter()
            .map(|factors| {
                let start = variables;
                // The last total is an input.
                variables += rows * (inner(factors) + 1) - 1;
                start
            })
            .collect();
        let (a, b, c) = (Vec::new(), Vec::new(), Vec::new());
        Self { rows, columns, variables, starts, constraints: 0, a, b, c }
    }

    fn constrain(&mut self, claim: usize, factors: &[usize], row: usize) {
        let one = scalar(1);
        let start = self.starts[claim] + row * (inner(factors) + 1);
        let mut left = self.cell(factors[0], row);
        for (step, &factor) in factors.iter().enumerate().skip(1).take(inner(factors)) {
            let product = start + step - 1;
            self.a.push((self.constraints, left, one));
            self.b.push((self.constraints, self.cell(factor, row), one));
            self.c.push((self.constraints, product, one));
            self.constraints += 1;
            left = product;
        }
        let right = match factors {
            [_] => self.variables,
            [.., last] => self.cell(*last, row),
            [] => return,
        };
        let total =
            if row + 1 == self.rows { self.variables + 1 + claim } else { start + inner(factors) };
        self.a.push((self.constraints, left, one));
        self.b.push((self.constraints, right, one));
        self.c.push((self.constraints, total, one));
        if row > 0 {
            // The total before: the last of the row before.
            self.c.push((self.constraints, start - 1, MINUS_ONE));
        }
        self.constraints += 1;
    }

    fn cell(&self, column: usize, row: usize) -> usize {
        debug_assert!(column < self.columns);
        column * self.rows + row
    }
}

/// Products of a row that are neither a cell nor the step of a total.
fn inner(factors: &[usize]) -> usize {
    factors.len().saturating_sub(2)
}
