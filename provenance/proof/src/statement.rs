//! Statements: which integers over the committed rows are claimed.
//!
//! A statement names conditions, groups and measures by their places in the schema; its bytes are a
//! fixed layout that prover and verifier both write, and only they are absorbed. What it claims are
//! integers of the shifted values u = q − lo: counts, Σu, Σu·v. Means, variances and everything else
//! are computed from them by whoever reads them ([`crate::derived`]). Small cells of a grouped
//! statement are withheld: their integers are not told, and the proof shows instead that one of
//! them is small.

mod bytes;
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
use crate::wire::WireError;

pub use prove::{Comparison, prove, withhold};
pub use verify::{Statistic, verify};

/// The most conditions of a statement.
pub const CONDITIONS_MAX: usize = 2;
/// The most columns that a statement groups by.
pub const GROUPS_MAX: usize = 2;
/// The most measures of a statement.
pub const MEASURES_MAX: usize = 64;
/// The most quantities of one Gram matrix.
pub const GRAM_MAX: usize = 24;
/// The most columns that one measure looks for nulls in.
pub const PRESENT_MAX: usize = GRAM_MAX;

/// A condition that rows fulfil or not; null fulfils none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// The category has this level.
    Level(u16, u8),
    /// The boolean is true.
    True(u16),
    /// The boolean is false.
    False(u16),
    /// The number reaches this threshold of its column.
    AtLeast(u16, u8),
    /// The number is there and does not reach it.
    Below(u16, u8),
}

impl Condition {
    /// The column that it is about.
    pub fn column(&self) -> &u16 {
        match self {
            Self::Level(column, _)
            | Self::True(column)
            | Self::False(column)
            | Self::AtLeast(column, _)
            | Self::Below(column, _) => column,
        }
    }
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
    /// Rows in which none of these columns is null: one integer. Ascending, each once.
    Present(Vec<u16>),
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
            Self::Count | Self::Present(_) => 1,
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
    /// Categories and numbers with thresholds by whose levels and bands the rest is told apart, the
    /// first varying slowest.
    pub groups: Vec<u16>,
    /// What is claimed of each group, in order.
    pub measures: Vec<Measure>,
    /// Groups whose integers are not told, by their places, ascending.
    pub withheld: Vec<u16>,
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
    /// More groups are withheld than can be shown to have a small one among them.
    #[error("too many groups are withheld to show that one of them is small")]
    Withheld,
    /// None of the withheld groups is small, so nothing is to be withheld.
    #[error("none of the withheld groups is below the minimum cell")]
    NoneSmall,
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
        self.check_columns(schema)?;
        self.check_withheld(schema)
    }

    fn check_columns(&self, schema: &Schema) -> Result<(), StatementError> {
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
            Condition::AtLeast(column, at) | Condition::Below(column, at) => {
                kind(*column).is_some_and(|kind| usize::from(*at) < kind.thresholds().len())
            }
        };
        let measure = |measure: &Measure| match measure {
            Measure::Count => true,
            Measure::Present(columns) => {
                (1..=PRESENT_MAX).contains(&columns.len())
                    && columns.is_sorted_by(|a, b| a < b)
                    && columns.iter().all(|column| kind(*column).is_some())
            }
            Measure::Sum(one) => quantity(one),
            Measure::Gram(all) => (1..=GRAM_MAX).contains(&all.len()) && all.iter().all(quantity),
        };
        let group = |column: &u16| kind(*column).is_some_and(|kind| kind.groups() > 0);
        let known = self.conditions.iter().all(condition)
            && self.groups.iter().all(group)
            && self.measures.iter().all(measure);
        if known { Ok(()) } else { Err(StatementError::Column) }
    }

    /// Groups of this statement: 1 where nothing is grouped by.
    pub fn cells(&self, schema: &Schema) -> usize {
        let groups =
            |column: &u16| schema.columns().get(usize::from(*column)).map(|c| c.kind.groups());
        self.groups.iter().filter_map(groups).map(usize::from).product()
    }

    /// What is withheld is some groups, not all; and nothing else in the statement is about the
    /// columns that are grouped by, as what it tells in total would tell of one group.
    fn check_withheld(&self, schema: &Schema) -> Result<(), StatementError> {
        if self.withheld.is_empty() {
            return Ok(());
        }
        let cells = self.cells(schema);
        let known = self.withheld.iter().all(|cell| usize::from(*cell) < cells);
        let listed = self.withheld.is_sorted_by(|a, b| a < b) && self.withheld.len() < cells;
        let grouped = |column: &u16| self.groups.contains(column);
        let condition = |condition: &Condition| grouped(condition.column());
        let quantity = |quantity: &Quantity| match quantity {
            Quantity::Value(_) => false,
            Quantity::Level(column, _) | Quantity::True(column) => grouped(column),
        };
        // That a column which is grouped by is not null says nothing of one group.
        let measure = |measure: &Measure| match measure {
            Measure::Count | Measure::Present(_) => false,
            Measure::Sum(one) => quantity(one),
            Measure::Gram(all) => all.iter().any(quantity),
        };
        let about_groups =
            self.conditions.iter().any(condition) || self.measures.iter().any(measure);
        if known && listed && !about_groups { Ok(()) } else { Err(StatementError::Shape) }
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
    absorb_as(transcript, b"statement", body, context, statement, plan, results);
}

/// Absorbs where the version stands.
pub(crate) fn absorb_place(transcript: &mut impl Channel, context: &Context) {
    transcript.text(b"origin", context.origin.as_str());
    transcript.number(b"index", context.index);
    transcript.bytes(b"leaf", context.leaf.as_bytes());
}

/// Absorbs what was released of the version before.
pub(crate) fn absorb_predecessor(transcript: &mut impl Channel, context: &Context) {
    let predecessor = context.predecessor.as_ref().map(|id| id.as_bytes().as_slice());
    transcript.optional(b"predecessor", predecessor);
}

/// As [`absorb`], for another kind of proof.
pub(crate) fn absorb_as(
    transcript: &mut impl Channel,
    kind: &[u8],
    body: &Body,
    context: &Context,
    statement: &Statement,
    plan: &plan::Plan,
    results: &[u128],
) {
    absorb_body(transcript, kind, body);
    absorb_place(transcript, context);
    transcript.bytes(b"roles", &plan.column_ids());
    transcript.bytes(b"statement", &statement.encode());
    let results: Vec<u8> = results.iter().flat_map(|result| result.to_le_bytes()).collect();
    transcript.bytes(b"results", &results);
    absorb_predecessor(transcript, context);
    let audience = context.audience.as_ref();
    transcript.optional(b"audience", audience.map(|audience| audience.did.as_str().as_bytes()));
    transcript.optional(b"nonce", audience.map(|audience| audience.nonce.as_slice()));
}
