//! Statements: which integers over the committed rows are claimed.
//!
//! A statement names conditions, groups and measures by their places in the schema; its bytes are a
//! fixed layout that prover and verifier both write, and only they are absorbed. What it claims are
//! integers of the shifted values u = q − lo: counts, Σu, Σu·v. Means, variances and everything else
//! are computed from them by whoever reads them ([`crate::derived`]).

pub mod plan;
pub mod prove;
pub mod verify;

use thiserror::Error;
use veritrail_provenance::Origin;
use veritrail_provenance::hash::{LogHash, StatementId};
use veritrail_provenance::identity::Did;

use crate::argument::ProveError;
use crate::body::Body;
use crate::generators::{self, SUITE};
use crate::policy::Refusal;
use crate::relation::RelationError;
use crate::schema::{Kind, Schema};
use crate::transcript::Channel;
use crate::wire::{Reader, WireError, Writer};

pub use prove::prove;
pub use verify::{Statistic, verify};

/// The most conditions of a statement.
pub const CONDITIONS_MAX: usize = 2;
/// The most columns that a statement groups by.
pub const GROUPS_MAX: usize = 2;
/// The most measures of a statement.
pub const MEASURES_MAX: usize = 64;
/// The most quantities of one Gram matrix.
pub const GRAM_MAX: usize = 24;
/// The version of the layout.
const VERSION: u8 = 1;

/// A condition that rows fulfil or not; null fulfils none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// The category has this level.
    Level(u16, u8),
    /// The boolean is true.
    True(u16),
    /// The boolean is false.
    False(u16),
}

/// Something that is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// The number u of a numeric column.
    Value(u16),
    /// 1 where the category has this level.
    Level(u16, u8),
    /// 1 where the boolean is true.
    True(u16),
}

/// What is measured in each group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// Rows: one integer.
    Count,
    /// Rows in which the quantity is not null, and its sum: two integers.
    Sum(Quantity),
    /// Over the rows in which no quantity is null: their number, all sums, and all sums of products
    /// of two quantities in the order (0,0), (0,1), …, (1,1), ….
    Gram(Vec<Quantity>),
}

impl Measure {
    /// Integers that it claims of one group.
    pub fn integers(&self) -> usize {
        match self {
            Self::Count => 1,
            Self::Sum(_) => 2,
            Self::Gram(quantities) => {
                let size = quantities.len();
                1 + size + size * (size + 1) / 2
            }
        }
    }
}

/// Which integers are claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// All must be fulfilled.
    pub conditions: Vec<Condition>,
    /// Categories by whose levels the rest is told apart, the first varying slowest.
    pub groups: Vec<u16>,
    /// What is claimed of each group, in order.
    pub measures: Vec<Measure>,
}

/// What a proof is bound to beside the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The log that holds the manifest.
    pub origin: Origin,
    /// Where in it.
    pub index: u64,
    /// The leaf there.
    pub leaf: LogHash,
    /// The dataset's release before this one.
    pub predecessor: Option<StatementId>,
    /// For whom it was proven, if for somebody.
    pub audience: Option<Audience>,
}

/// Somebody who asked for a proof, and what shows that it was made after the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Who.
    pub did: Did,
    /// Their fresh bytes.
    pub nonce: [u8; 32],
}

/// Why a statement cannot be proven, or its proof is refused before the group is asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StatementError {
    /// Something names no column, or a column of another kind.
    #[error("the statement names a column or level that the schema does not have")]
    Column,
    /// A limit is not kept, or something stands twice.
    #[error("the statement has too many or repeated conditions, groups or measures")]
    Shape,
    /// Nothing in it depends on a committed column.
    #[error("the statement says nothing about a committed column")]
    Public,
    /// An integer could be so large that it means another one modulo the group's order.
    #[error("a claimed integer could reach 2^127")]
    Bound,
    /// The layout is wrong.
    #[error("the statement cannot be read: {0}")]
    Wire(#[from] WireError),
    /// Nothing can be proven about such columns.
    #[error(transparent)]
    Relation(#[from] RelationError),
    /// The release policy forbids it.
    #[error(transparent)]
    Policy(#[from] Refusal),
    /// The rows or commitments are not at hand.
    #[error("a column that the statement touches is missing")]
    Missing,
    /// No proof can be made.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

impl Statement {
    /// Checks the statement against a schema.
    ///
    /// # Errors
    /// When it names what is not there, or a limit is not kept.
    pub fn check(&self, schema: &Schema) -> Result<(), StatementError> {
        let distinct = |groups: &[u16]| groups.len() < 2 || groups[0] != groups[1];
        let shape = self.conditions.len() <= CONDITIONS_MAX
            && self.groups.len() <= GROUPS_MAX
            && distinct(&self.groups)
            && (1..=MEASURES_MAX).contains(&self.measures.len());
        if !shape {
            return Err(StatementError::Shape);
        }
        let kind = |column: u16| schema.columns().get(usize::from(column)).map(|c| &c.kind);
        let level = |column, level: u8| match kind(column) {
            Some(Kind::Category { levels }) => usize::from(level) < levels.len(),
            _ => false,
        };
        let boolean = |column| matches!(kind(column), Some(Kind::Boolean));
        let quantity = |quantity: &Quantity| match quantity {
            Quantity::Value(column) => matches!(kind(*column), Some(Kind::Number { .. })),
            Quantity::Level(column, at) => level(*column, *at),
            Quantity::True(column) => boolean(*column),
        };
        let condition = |condition: &Condition| match condition {
            Condition::Level(column, at) => level(*column, *at),
            Condition::True(column) | Condition::False(column) => boolean(*column),
        };
        let measure = |measure: &Measure| match measure {
            Measure::Count => true,
            Measure::Sum(one) => quantity(one),
            Measure::Gram(all) => (1..=GRAM_MAX).contains(&all.len()) && all.iter().all(quantity),
        };
        let group = |column: &u16| level(*column, 0);
        let known = self.conditions.iter().all(condition)
            && self.groups.iter().all(group)
            && self.measures.iter().all(measure);
        if known { Ok(()) } else { Err(StatementError::Column) }
    }

    /// The bytes that are absorbed.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u8(VERSION);
        writer.u8(self.conditions.len() as u8);
        for condition in &self.conditions {
            let (tag, column, level) = match condition {
                Condition::Level(column, level) => (0, *column, *level),
                Condition::True(column) => (1, *column, 0),
                Condition::False(column) => (2, *column, 0),
            };
            write_place(&mut writer, tag, column, level);
        }
        writer.u8(self.groups.len() as u8);
        self.groups.iter().for_each(|group| writer.u16(*group));
        writer.u8(self.measures.len() as u8);
        for measure in &self.measures {
            match measure {
                Measure::Count => writer.u8(0),
                Measure::Sum(quantity) => {
                    writer.u8(1);
                    write_quantity(&mut writer, quantity);
                }
                Measure::Gram(quantities) => {
                    writer.u8(2);
                    writer.u8(quantities.len() as u8);
                    quantities.iter().for_each(|quantity| write_quantity(&mut writer, quantity));
                }
            }
        }
        writer.finish()
    }

    /// Reads a statement's bytes.
    ///
    /// # Errors
    /// When they are not what [`Statement::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(WireError::Value("version 1 of a statement").into());
        }
        let conditions = read_list(&mut reader, CONDITIONS_MAX, read_condition)?;
        let groups = read_list(&mut reader, GROUPS_MAX, |reader| Ok(reader.u16()?))?;
        let measures = read_list(&mut reader, MEASURES_MAX, read_measure)?;
        reader.end()?;
        Ok(Self { conditions, groups, measures })
    }
}

/// Absorbs what every transcript begins with: what kind of proof, and about which version.
pub(crate) fn absorb_body(transcript: &mut impl Channel, kind: &[u8], body: &Body) {
    transcript.bytes(b"kind", kind);
    transcript.bytes(b"suite", SUITE);
    transcript.bytes(b"generators", &generators::digest());
    transcript.text(b"dataset", body.dataset.as_str());
    transcript.number(b"version", body.version);
    transcript.bytes(b"body", body.hash().as_bytes());
}

/// Absorbs all that a statement's proof is bound to, up to its columns.
pub fn absorb(
    transcript: &mut impl Channel,
    body: &Body,
    context: &Context,
    statement: &Statement,
    plan: &plan::Plan,
    results: &[u128],
) {
    absorb_body(transcript, b"statement", body);
    transcript.text(b"origin", context.origin.as_str());
    transcript.number(b"index", context.index);
    transcript.bytes(b"leaf", context.leaf.as_bytes());
    transcript.bytes(b"roles", &plan.column_ids());
    transcript.bytes(b"statement", &statement.encode());
    let results: Vec<u8> = results.iter().flat_map(|result| result.to_le_bytes()).collect();
    transcript.bytes(b"results", &results);
    let predecessor = context.predecessor.as_ref().map(|id| id.as_bytes().as_slice());
    transcript.optional(b"predecessor", predecessor);
    let audience = context.audience.as_ref();
    transcript.optional(b"audience", audience.map(|audience| audience.did.as_str().as_bytes()));
    transcript.optional(b"nonce", audience.map(|audience| audience.nonce.as_slice()));
}

fn write_place(writer: &mut Writer, tag: u8, column: u16, level: u8) {
    writer.u8(tag);
    writer.u16(column);
    writer.u8(level);
}

fn write_quantity(writer: &mut Writer, quantity: &Quantity) {
    let (tag, column, level) = match quantity {
        Quantity::Value(column) => (3, *column, 0),
        Quantity::Level(column, level) => (0, *column, *level),
        Quantity::True(column) => (1, *column, 0),
    };
    write_place(writer, tag, column, level);
}

fn read_list<T>(
    reader: &mut Reader<'_>,
    most: usize,
    read: impl Fn(&mut Reader<'_>) -> Result<T, StatementError>,
) -> Result<Vec<T>, StatementError> {
    let count = usize::from(reader.u8()?);
    if count > most {
        return Err(StatementError::Shape);
    }
    (0..count).map(|_| read(reader)).collect()
}

fn read_place(reader: &mut Reader<'_>) -> Result<(u8, u16, u8), WireError> {
    Ok((reader.u8()?, reader.u16()?, reader.u8()?))
}

fn read_condition(reader: &mut Reader<'_>) -> Result<Condition, StatementError> {
    match read_place(reader)? {
        (0, column, level) => Ok(Condition::Level(column, level)),
        (1, column, 0) => Ok(Condition::True(column)),
        (2, column, 0) => Ok(Condition::False(column)),
        _ => Err(WireError::Value("a condition").into()),
    }
}

fn read_quantity(reader: &mut Reader<'_>) -> Result<Quantity, StatementError> {
    match read_place(reader)? {
        (3, column, 0) => Ok(Quantity::Value(column)),
        (0, column, level) => Ok(Quantity::Level(column, level)),
        (1, column, 0) => Ok(Quantity::True(column)),
        _ => Err(WireError::Value("a quantity").into()),
    }
}

fn read_measure(reader: &mut Reader<'_>) -> Result<Measure, StatementError> {
    match reader.u8()? {
        0 => Ok(Measure::Count),
        1 => Ok(Measure::Sum(read_quantity(reader)?)),
        2 => Ok(Measure::Gram(read_list(reader, GRAM_MAX, read_quantity)?)),
        _ => Err(WireError::Value("a measure").into()),
    }
}
