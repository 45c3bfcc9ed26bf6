//! Small tables of people with nulls, as cells, as rows of the engine, and as integers.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema as ArrowSchema};
use veritrail_proof::body::Body;
use veritrail_proof::body::tree::ColumnRoot;
use veritrail_proof::columns::build::{Cell, ColumnBuilder, EncodedColumn};
use veritrail_proof::policy::Policy;
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::plan::{Counted, Fact};
use veritrail_provenance::identity::Did;

pub const PEOPLE: &str = "age:int[18..90],diff_kg:fixed(1)?[-50..50],grp:category(a|b|c)?,\
                          sex:category(f|m),smoker:bool,treated:bool?";

/// The same people, whose numbers have thresholds.
pub const BANDED: &str = "age:int[18..90]{40,65},diff_kg:fixed(1)?[-50..50]{-2.5,0,20},\
                          grp:category(a|b|c)?,sex:category(f|m),smoker:bool,treated:bool?";

/// The thresholds, as years and tenths.
const THRESHOLDS: [&[i64]; 2] = [&[40, 65], &[-25, 0, 200]];

pub fn schema() -> Schema {
    PEOPLE.parse().unwrap()
}

pub fn banded() -> Schema {
    BANDED.parse().unwrap()
}

pub fn did() -> Did {
    "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp".parse().unwrap()
}

pub fn other_did() -> Did {
    "did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG".parse().unwrap()
}

/// Pseudo-random numbers, the same in every run.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1 | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) % bound
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }
}

/// Age, tenths of the diff_kg, group, sex, smoking, treatment.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub age: i64,
    pub diff_kg: Option<i64>,
    pub grp: Option<u8>,
    pub sex: u8,
    pub smoker: bool,
    pub treated: Option<bool>,
}

/// People of whom some groups may be empty.
pub fn people(count: usize, seed: u64) -> Vec<Person> {
    let mut numbers = Numbers::new(seed);
    let groups = 1 + numbers.below(3);
    let nulls = 2 + numbers.below(20);
    (0..count)
        .map(|_| Person {
            age: 18 + numbers.below(73) as i64,
            diff_kg: (numbers.below(nulls) != 0).then(|| numbers.below(1001) as i64 - 500),
            grp: (numbers.below(nulls) != 0).then(|| numbers.below(groups) as u8),
            sex: numbers.below(2) as u8,
            smoker: numbers.below(3) == 0,
            treated: (numbers.below(nulls) != 0).then(|| numbers.below(2) == 0),
        })
        .collect()
}

/// The rows as the engine reads them.
pub fn batch(people: &[Person]) -> RecordBatch {
    let fields = vec![
        Field::new("age", DataType::Int64, false),
        Field::new("diff_kg", DataType::Decimal128(6, 1), true),
        Field::new("grp", DataType::Utf8, true),
        Field::new("sex", DataType::Utf8, false),
        Field::new("smoker", DataType::Boolean, false),
        Field::new("treated", DataType::Boolean, true),
    ];
    let diff_kg: Decimal128Array = people.iter().map(|p| p.diff_kg.map(i128::from)).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(people.iter().map(|p| Some(p.age)).collect::<Int64Array>()),
        Arc::new(diff_kg.with_precision_and_scale(6, 1).unwrap()),
        Arc::new(people.iter().map(|p| p.grp.map(level)).collect::<StringArray>()),
        Arc::new(people.iter().map(|p| Some(sex(p.sex))).collect::<StringArray>()),
        Arc::new(people.iter().map(|p| Some(p.smoker)).collect::<BooleanArray>()),
        Arc::new(people.iter().map(|p| p.treated).collect::<BooleanArray>()),
    ];
    RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), columns).unwrap()
}

fn level(at: u8) -> &'static str {
    ["a", "b", "c"][usize::from(at)]
}

fn sex(at: u8) -> &'static str {
    ["f", "m"][usize::from(at)]
}

/// The rows as they are committed.
pub fn encoded(people: &[Person], schema: &Schema) -> Vec<EncodedColumn> {
    let mut builders: Vec<ColumnBuilder<'_>> =
        schema.columns().iter().map(ColumnBuilder::new).collect();
    let boolean = |value: Option<bool>| value.map_or(Cell::Null, Cell::Boolean);
    for person in people {
        let diff_kg = person.diff_kg.map(|tenths| format!("{tenths}e-1"));
        let cells = [
            Cell::Integer(person.age),
            diff_kg.as_deref().map_or(Cell::Null, Cell::Text),
            person.grp.map_or(Cell::Null, |at| Cell::Text(level(at))),
            Cell::Text(sex(person.sex)),
            boolean(Some(person.smoker)),
            boolean(person.treated),
        ];
        for (builder, cell) in builders.iter_mut().zip(cells) {
            builder.push(cell).unwrap();
        }
    }
    builders.into_iter().map(ColumnBuilder::finish).collect()
}

/// A body over these people, with thresholds, whose policy is the loosest that there is.
pub fn body(people: &[Person]) -> Body {
    Body {
        dataset: did(),
        version: 1,
        rows: people.len() as u64,
        schema: banded(),
        policy: Policy::new(3).unwrap(),
        columns: ColumnRoot::from_bytes([0; 32]),
    }
}

/// An integer by its definition: the sum over all rows of the product of its facts and values.
pub fn direct(people: &[Person], counted: &Counted) -> u128 {
    let one = |holds: bool| u128::from(holds);
    let boolean = |person: &Person, column: u16| match column {
        4 => Some(person.smoker),
        _ => person.treated,
    };
    // How many of its thresholds a number reaches: its band.
    let band = |person: &Person, column: u16| {
        let number = if column == 0 { Some(person.age) } else { person.diff_kg };
        let reached = |number| {
            THRESHOLDS[usize::from(column)].iter().filter(|least| **least <= number).count() as u8
        };
        number.map(reached)
    };
    let fact = |person: &Person, fact: &Fact| match fact {
        Fact::Valid(1) => one(person.diff_kg.is_some()),
        Fact::Valid(2) => one(person.grp.is_some()),
        Fact::Valid(5) => one(person.treated.is_some()),
        Fact::Valid(_) => 1,
        Fact::Level(2, at) => one(person.grp == Some(*at)),
        Fact::Level(_, at) => one(person.sex == *at),
        Fact::True(column) => one(boolean(person, *column) == Some(true)),
        Fact::False(column) => one(boolean(person, *column) == Some(false)),
        Fact::AtLeast(column, at) => one(band(person, *column).is_some_and(|band| band > *at)),
        Fact::Below(column, at) => one(band(person, *column).is_some_and(|band| band <= *at)),
        Fact::Band(column, at) => one(band(person, *column) == Some(*at)),
        other => panic!("{other:?} is no fact of a statement"),
    };
    let value = |person: &Person, column: &u16| match column {
        0 => (person.age - 18) as u128,
        _ => person.diff_kg.map_or(0, |tenths| (tenths + 500) as u128),
    };
    people
        .iter()
        .map(|person| {
            let facts: u128 = counted.facts.iter().map(|one| fact(person, one)).product();
            facts * counted.values.iter().map(|column| value(person, column)).product::<u128>()
        })
        .sum()
}
