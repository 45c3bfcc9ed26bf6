//! A version that is opened again proves what it proved when it was published, byte for byte, and
//! is opened by nothing but its own rows, schema and seed.

use std::str::FromStr;

use veritrail_proof::body::manifest::Manifest;
use veritrail_proof::columns::build::{Cell, ColumnBuilder, EncodedColumn};
use veritrail_proof::commit::blinds::VersionSeed;
use veritrail_proof::ingest::prove::OpenVersion;
use veritrail_proof::ingest::reopen::ReopenError;
use veritrail_proof::ingest::{Published, publish, reopen};
use veritrail_proof::policy::Policy;
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::{Condition, Measure, Quantity, Statement, prove, withhold};

use crate::fixtures::*;
use crate::statements::examples;

fn opened(
    manifest: &[u8],
    columns: Vec<EncodedColumn>,
    seed: VersionSeed,
) -> Result<OpenVersion, ReopenError> {
    reopen(&Manifest::parse(manifest).unwrap(), columns, seed)
}

/// Why the hospital's version is not opened with these.
fn refusal(columns: Vec<EncodedColumn>, seed: VersionSeed) -> Option<ReopenError> {
    opened(&hospital().1.manifest, columns, seed).err()
}

fn differs(column: &str) -> Option<ReopenError> {
    Some(ReopenError::OtherRows(column.to_owned()))
}

fn proves_the_same(published: &OpenVersion, reopened: &OpenVersion, statement: &Statement) {
    let before = prove(published, statement, &context(), &ENTROPY).unwrap();
    let after = prove(reopened, statement, &context(), &ENTROPY).unwrap();
    assert_eq!(before, after, "{statement:?}");
}

#[test]
fn what_is_proven_is_the_same_byte_for_byte() {
    let (people, Published { manifest, open }) = hospital();
    let again = opened(manifest, columns_of(people), seed()).unwrap();
    assert_eq!(again.body, open.body);
    let statements = examples();
    assert!(statements.len() > 5);
    statements.iter().for_each(|statement| proves_the_same(open, &again, statement));
}

#[test]
fn small_groups_are_withheld_and_thresholds_compared_as_before() {
    let schema = Schema::from_str("age:int[18..90]{30,60},group:category(a|b|c|d)?").unwrap();
    let columns = || {
        let mut age = ColumnBuilder::new(&schema.columns()[0]);
        let mut group = ColumnBuilder::new(&schema.columns()[1]);
        for row in 0..2100i64 {
            age.push(Cell::Integer(18 + row * 7 % 73)).unwrap();
            let level = if row % 300 == 1 { "d" } else { ["a", "b", "c"][(row % 3) as usize] };
            group.push(if row % 11 == 0 { Cell::Null } else { Cell::Text(level) }).unwrap();
        }
        vec![age.finish(), group.finish()]
    };
    let made = publish(&did(), 1, Policy::default(), columns(), seed(), &ENTROPY).unwrap();
    let again = opened(&made.manifest, columns(), seed()).unwrap();
    let measures = vec![Measure::Count, Measure::Sum(Quantity::Value(0))];
    let conditions = vec![Condition::AtLeast(0, 0), Condition::Below(0, 1)];
    let compared = Statement { conditions, groups: vec![], measures, withheld: vec![] };
    proves_the_same(&made.open, &again, &compared);
    let counted = Statement {
        conditions: vec![Condition::AtLeast(0, 1)],
        groups: vec![1],
        measures: vec![Measure::Count],
        withheld: vec![],
    };
    let withheld = withhold(&made.open, &counted, &[]).unwrap();
    assert_eq!(withhold(&again, &counted, &[]).unwrap(), withheld);
    proves_the_same(&made.open, &again, &withheld);
}

#[test]
fn other_rows_are_refused_and_the_first_column_that_differs_is_named() {
    let (people, _) = hospital();
    let changed = |row: usize, change: fn(&mut Person)| {
        let mut people = people.clone();
        change(&mut people[row]);
        refusal(columns_of(&people), seed())
    };
    // In the first chunk and in the last row of the last one.
    for row in [0, people.len() - 1] {
        let age = |one: &mut Person| one.age = if one.age == 18 { 19 } else { 18 };
        assert_eq!(changed(row, age), differs("age"));
        let change = |one: &mut Person| one.change = Some(i64::from(one.change == Some(0)));
        assert_eq!(changed(row, change), differs("change"));
        let group = |one: &mut Person| one.group = Some(u8::from(one.group == Some(0)));
        assert_eq!(changed(row, group), differs("group"));
        assert_eq!(changed(row, |one| one.smoker = !one.smoker), differs("smoker"));
        let both = |one: &mut Person| {
            one.smoker = !one.smoker;
            one.group = one.group.is_none().then_some(1);
        };
        assert_eq!(changed(row, both), differs("group"));
    }
    let mut swapped = people.clone();
    swapped.reverse();
    assert_eq!(refusal(columns_of(&swapped), seed()), differs("age"));
}

#[test]
fn a_null_is_not_the_number_that_stands_for_it() {
    // u = 0 either way: only the column that says which rows hold something differs.
    let (people, _) = hospital();
    let null = people.iter().position(|one| one.change.is_none()).unwrap();
    let mut people = people.clone();
    people[null].change = Some(-500);
    assert_eq!(refusal(columns_of(&people), seed()), differs("change"));
}

#[test]
fn more_or_fewer_rows_are_refused() {
    let (people, _) = hospital();
    let committed = people.len() as u64;
    let fewer = columns_of(&people[1..]);
    let rows = |read| Some(ReopenError::Rows { read, committed });
    assert_eq!(refusal(fewer.clone(), seed()), rows(committed - 1));
    let twice = [people.clone(), people.clone()].concat();
    assert_eq!(refusal(columns_of(&twice), seed()), rows(2 * committed));
    let mut ragged = columns_of(people);
    ragged[2] = fewer[2].clone();
    assert_eq!(refusal(ragged, seed()), rows(committed - 1));
}

#[test]
fn other_columns_another_order_and_another_declaration_are_refused() {
    let (people, published) = hospital();
    let columns = || columns_of(people);
    let mut order = columns();
    order.swap(0, 3);
    assert_eq!(refusal(order, seed()), Some(ReopenError::Schema));
    let mut fewer = columns();
    fewer.pop();
    assert_eq!(refusal(fewer, seed()), Some(ReopenError::Schema));
    let mut more = columns();
    more.push(more[3].clone());
    assert_eq!(refusal(more, seed()), Some(ReopenError::Schema));
    assert_eq!(refusal(vec![], seed()), Some(ReopenError::Schema));
    // The same numbers under another declaration: a range that ends elsewhere, another name.
    for declared in
        ["age:int[18..91]", "age:int?[18..90]", "age:int[18..90]{65}", "years:int[18..90]"]
    {
        let schema = Schema::from_str(declared).unwrap();
        let mut builder = ColumnBuilder::new(&schema.columns()[0]);
        people.iter().for_each(|one| builder.push(Cell::Integer(one.age)).unwrap());
        let mut other = columns();
        other[0] = builder.finish();
        assert_eq!(refusal(other, seed()), Some(ReopenError::Schema), "{declared}");
    }
    assert!(opened(&published.manifest, columns(), seed()).is_ok());
}

#[test]
fn the_seed_of_another_version_opens_nothing() {
    let (people, _) = hospital();
    let other = VersionSeed::derive(&[7; 32], &did(), 2);
    assert_eq!(refusal(columns_of(people), other), differs("age"));
}
