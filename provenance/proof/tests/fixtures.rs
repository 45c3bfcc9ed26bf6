//! What several topics need: small tables, their columns, and numbers.

use std::str::FromStr;
use std::sync::OnceLock;

use veritrail_proof::argument::Commitments;
use veritrail_proof::argument::prove::OpenColumn;
use veritrail_proof::columns::Cells;
use veritrail_proof::columns::build::{Cell, ColumnBuilder, EncodedColumn};
use veritrail_proof::commit::blinds::VersionSeed;
use veritrail_proof::commit::{chunks_of, commit_column};
use veritrail_proof::curve::{Encoded, Scalar, wide_scalar};
use veritrail_proof::ingest::{Published, publish};
use veritrail_proof::policy::Policy;
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::Context;
use veritrail_proof::transcript::{Blinds, Entropy};
use veritrail_provenance::hash::LogHash;
use veritrail_provenance::identity::Did;

pub fn le(bytes: &[u8]) -> Encoded {
    bytes.try_into().unwrap()
}

/// A scalar of any size.
pub fn scalar(limbs: [u64; 4]) -> Scalar {
    let mut wide = [0; 64];
    for (part, limb) in wide.chunks_exact_mut(8).zip(limbs) {
        part.copy_from_slice(&limb.to_le_bytes());
    }
    wide_scalar(&wide)
}

/// Blinds from a counter: the same in every run.
pub struct Counted(pub u64);

impl Blinds for Counted {
    fn draw(&mut self) -> Scalar {
        self.0 += 1;
        let mut wide = [0; 64];
        blake3::Hasher::new().update(&self.0.to_le_bytes()).finalize_xof().fill(&mut wide);
        wide_scalar(&wide)
    }
}

/// A column that is committed to under counted blinds.
pub fn open(cells: Cells, rows: u64, blinds: &mut impl Blinds) -> OpenColumn {
    let blinds: Vec<Scalar> = (0..chunks_of(rows)).map(|_| blinds.draw()).collect();
    let commitments = Commitments::new(commit_column(&cells, &blinds)).unwrap();
    OpenColumn { cells, blinds: blinds.into(), commitments }
}

/// Pseudo-random numbers below a bound, the same in every run.
pub fn numbers(seed: u64, count: usize, below: u64) -> Vec<u64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..count).map(|_| next() % below).collect()
}

pub fn did() -> Did {
    Did::from_str("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp").unwrap()
}

pub fn other_did() -> Did {
    Did::from_str("did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG").unwrap()
}

pub fn seed() -> VersionSeed {
    VersionSeed::derive(&[7; 32], &did(), 1)
}

pub fn context() -> Context {
    Context {
        origin: "example.org/hospital".parse().unwrap(),
        index: 3,
        leaf: LogHash::from_bytes([9; 32]),
        predecessor: None,
        audience: None,
    }
}

pub const ENTROPY: Entropy = Entropy([42; 32]);

/// A table of people: age, a weight change that may be missing, a group of three that may be
/// missing, and whether they smoke.
pub const PEOPLE: &str =
    "age:int[18..90],change:fixed(1)?[-50..50],group:category(a|b|c)?,smoker:bool";

/// One person: age, tenths of the change, group, smoking.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub age: i64,
    pub change: Option<i64>,
    pub group: Option<u8>,
    pub smoker: bool,
}

pub fn people(count: usize, seed: u64) -> Vec<Person> {
    let random = numbers(seed, 5 * count, 1 << 40);
    random
        .chunks_exact(5)
        .map(|r| Person {
            age: 18 + (r[0] % 73) as i64,
            change: (r[1] % 5 != 0).then(|| (r[1] >> 8) as i64 % 1001 - 500),
            group: (r[2] % 7 != 0).then(|| (r[2] >> 8) as u8 % 3),
            smoker: r[3] % 3 == 0,
        })
        .collect()
}

pub fn columns_of(people: &[Person]) -> Vec<EncodedColumn> {
    let schema = Schema::from_str(PEOPLE).unwrap();
    let mut builders: Vec<ColumnBuilder<'_>> =
        schema.columns().iter().map(ColumnBuilder::new).collect();
    for person in people {
        builders[0].push(Cell::Integer(person.age)).unwrap();
        let change = person.change.map(|tenths| tenths as f64 / 10.0);
        builders[1].push(change.map_or(Cell::Null, Cell::Float)).unwrap();
        let group = person.group.map(|group| ["a", "b", "c"][usize::from(group)]);
        builders[2].push(group.map_or(Cell::Null, Cell::Text)).unwrap();
        builders[3].push(Cell::Boolean(person.smoker)).unwrap();
    }
    builders.into_iter().map(ColumnBuilder::finish).collect()
}

pub fn published(people: &[Person]) -> Published {
    publish(&did(), 1, Policy::default(), columns_of(people), seed(), &ENTROPY).unwrap()
}

/// One published table that many tests look at: 3,000 people, two chunks.
pub fn hospital() -> &'static (Vec<Person>, Published) {
    static MADE: OnceLock<(Vec<Person>, Published)> = OnceLock::new();
    MADE.get_or_init(|| {
        let people = people(3000, 1);
        let published = published(&people);
        (people, published)
    })
}
