//! Statements over a published table against direct computation, and what their proofs are bound to.

use proptest::prelude::*;
use veritrail_proof::argument::VerifyError;
use veritrail_proof::body::tree::{ColumnNode, path};
use veritrail_proof::columns::Role;
use veritrail_proof::columns::build::{Cell, ColumnBuilder};
use veritrail_proof::derived::Answer;
use veritrail_proof::ingest::verify::{ColumnProof, checked_before};
use veritrail_proof::ingest::{Checked, check};
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::prove::{Proven, prove_results};
use veritrail_proof::statement::verify::RefusedStatement;
use veritrail_proof::statement::*;
use veritrail_proof::wire::WireError;
use veritrail_provenance::hash::{LogHash, StatementId};

use crate::fixtures::*;

const AGE: u16 = 0;
const CHANGE: u16 = 1;
const GROUP: u16 = 2;
const SMOKER: u16 = 3;

pub fn statement(conditions: &[Condition], groups: &[u16], measures: &[Measure]) -> Statement {
    Statement {
        conditions: conditions.to_vec(),
        groups: groups.to_vec(),
        measures: measures.to_vec(),
        withheld: vec![],
    }
}

pub fn present(columns: &[u16]) -> Measure {
    Measure::Present(columns.to_vec())
}

pub fn checked() -> &'static Checked {
    use std::sync::OnceLock;
    static CHECKED: OnceLock<Checked> = OnceLock::new();
    CHECKED.get_or_init(|| check(&hospital().1.manifest).unwrap())
}

fn proven(statement: &Statement) -> Proven {
    prove(&hospital().1.open, statement, &context(), &ENTROPY).unwrap()
}

fn verified(statement: &Statement) -> Statistic {
    let proven = proven(statement);
    verify(checked(), statement, &context(), &proven.results, &proven.proof).unwrap()
}

/// Every statement that the tests below look at from another side.
pub fn examples() -> Vec<Statement> {
    let (age, change) = (Quantity::Value(AGE), Quantity::Value(CHANGE));
    vec![
        statement(&[], &[], &[Measure::Sum(age)]),
        statement(&[], &[], &[Measure::Sum(change)]),
        statement(&[Condition::True(SMOKER)], &[], &[Measure::Count, Measure::Sum(age)]),
        statement(&[Condition::False(SMOKER)], &[], &[Measure::Sum(change)]),
        statement(&[], &[GROUP], &[Measure::Count, Measure::Sum(change)]),
        statement(&[Condition::Level(GROUP, 2)], &[], &[Measure::Gram(vec![age, change])]),
        statement(&[Condition::True(SMOKER)], &[GROUP], &[Measure::Gram(vec![change])]),
        statement(
            &[],
            &[],
            &[Measure::Gram(vec![change, age, Quantity::True(SMOKER), Quantity::Level(GROUP, 0)])],
        ),
        statement(&[], &[], &[present(&[CHANGE])]),
        statement(&[Condition::True(SMOKER)], &[GROUP], &[Measure::Count, present(&[CHANGE])]),
        statement(
            &[Condition::False(SMOKER)],
            &[],
            &[present(&[GROUP]), present(&[CHANGE]), present(&[AGE, CHANGE, GROUP])],
        ),
        statement(
            &[Condition::True(SMOKER), Condition::Level(GROUP, 1)],
            &[],
            &[Measure::Gram(vec![age, change, Quantity::True(SMOKER)])],
        ),
    ]
}

fn holds(person: &Person, column: u16) -> bool {
    match column {
        CHANGE => person.change.is_some(),
        GROUP => person.group.is_some(),
        _ => true,
    }
}

/// The integers by definition: u = q − lo, and null is nothing.
fn direct(people: &[Person], statement: &Statement) -> Vec<u128> {
    let level = |person: &Person, level: u8| person.group.map(|group| u128::from(group == level));
    let quantity = |person: &Person, quantity: &Quantity| match quantity {
        Quantity::Value(AGE) => Some((person.age - 18) as u128),
        Quantity::Value(_) => person.change.map(|tenths| (tenths + 500) as u128),
        Quantity::Level(_, at) => level(person, *at),
        Quantity::True(_) => Some(u128::from(person.smoker)),
    };
    let fulfils = |person: &Person, condition: &Condition| match condition {
        Condition::Level(_, at) => level(person, *at) == Some(1),
        Condition::True(_) => person.smoker,
        Condition::False(_) => !person.smoker,
        Condition::AtLeast(..) | Condition::Below(..) => panic!("no thresholds here"),
    };
    let mut cells: Vec<Vec<&Person>> = vec![
        people.iter().filter(|p| statement.conditions.iter().all(|c| fulfils(p, c))).collect(),
    ];
    if !statement.groups.is_empty() {
        assert_eq!(statement.groups, [GROUP]);
        cells = (0..3)
            .map(|at| cells[0].iter().copied().filter(|p| p.group == Some(at)).collect())
            .collect();
    }
    let mut integers = Vec::new();
    for cell in &cells {
        for measure in &statement.measures {
            if let Measure::Present(columns) = measure {
                let none_null = |person: &&&Person| columns.iter().all(|at| holds(person, *at));
                integers.push(cell.iter().filter(none_null).count() as u128);
                continue;
            }
            let quantities = match measure {
                Measure::Count | Measure::Present(_) => vec![],
                Measure::Sum(one) => vec![*one],
                Measure::Gram(all) => all.clone(),
            };
            let complete: Vec<Vec<u128>> = cell
                .iter()
                .filter_map(|person| quantities.iter().map(|q| quantity(person, q)).collect())
                .collect();
            integers.push(complete.len() as u128);
            integers.extend(
                (0..quantities.len()).map(|at| complete.iter().map(|row| row[at]).sum::<u128>()),
            );
            if let Measure::Gram(_) = measure {
                for a in 0..quantities.len() {
                    for b in a..quantities.len() {
                        integers.push(complete.iter().map(|row| row[a] * row[b]).sum());
                    }
                }
            }
        }
    }
    integers
}

#[test]
fn every_statement_says_what_direct_computation_says() {
    let (people, _) = hospital();
    assert!(examples().len() >= 12);
    for statement in examples() {
        let proven = proven(&statement);
        assert_eq!(proven.results, direct(people, &statement), "{statement:?}");
        let statistic = verified(&statement);
        assert_eq!(statistic.results(), proven.results);
    }
}

#[test]
fn every_integer_that_is_wrong_by_one_is_refused() {
    let mut by_the_proof = 0;
    for statement in examples() {
        let proven = proven(&statement);
        let open = &hospital().1.open;
        let plan = plan(&statement, &open.body).unwrap();
        let check = |results: &[u128], proof: &[u8]| {
            verify(checked(), &statement, &context(), results, proof).unwrap_err()
        };
        for at in 0..proven.results.len() {
            let mut results = proven.results.clone();
            results[at] = results[at].wrapping_sub(1);
            check(&results, &proven.proof);
            // The same proof for another claim, and a proof made for that claim.
            results[at] = results[at].wrapping_add(2);
            check(&results, &proven.proof);
            let forged =
                prove_results(open, &statement, &plan, &context(), &results, &ENTROPY).unwrap();
            let error = check(&results, &forged);
            by_the_proof += u32::from(error == RefusedStatement::Proof(VerifyError::False));
        }
        let other = [&proven.results[..], &[0]].concat();
        check(&other, &proven.proof);
    }
    // The policy refuses some of them before the proof is asked, as they contradict themselves.
    assert!(by_the_proof > 40, "{by_the_proof}");
}

#[test]
fn a_product_of_many_conditions_is_derived_in_the_proof() {
    let last = examples().pop().unwrap();
    let plan = plan(&last, &hospital().1.open.body).unwrap();
    assert!(!plan.derived.is_empty());
    let proven = proven(&last);
    // The derived column's commitments come first; one of another column is refused.
    let mut proof = proven.proof.clone();
    proof[..32].copy_from_slice(&proven.proof[32..64]);
    assert!(verify(checked(), &last, &context(), &proven.results, &proof).is_err());
}

#[test]
fn a_proof_that_is_longer_or_shorter_is_refused() {
    for statement in [&examples()[0], &examples()[8], &examples()[11]] {
        let proven = proven(statement);
        let length = proven.proof.len();
        let longer = [&proven.proof[..], &[0; 32]].concat();
        for proof in [&proven.proof[..length - 32], &proven.proof[..31], &[], &longer] {
            let error = verify(checked(), statement, &context(), &proven.results, proof);
            let length = WireError::Length.into();
            assert_eq!(error.unwrap_err(), RefusedStatement::Proof(length));
        }
    }
}

#[test]
fn a_proof_is_bound_to_its_context() {
    let statement = &examples()[2];
    let mut asked = context();
    asked.audience = Some(Audience { did: other_did(), nonce: [5; 32] });
    let proven = prove(&hospital().1.open, statement, &asked, &ENTROPY).unwrap();
    let refused = |context: &Context| {
        verify(checked(), statement, context, &proven.results, &proven.proof).is_err()
    };
    assert!(!refused(&asked));
    let changed = |change: fn(&mut Context)| {
        let mut context = asked.clone();
        change(&mut context);
        assert_ne!(context, asked);
        refused(&context)
    };
    assert!(changed(|c| c.origin = "example.org/other".parse().unwrap()));
    assert!(changed(|c| c.index = 4));
    assert!(changed(|c| c.leaf = LogHash::from_bytes([8; 32])));
    assert!(changed(|c| c.predecessor = Some(StatementId::from_bytes([1; 32]))));
    assert!(changed(|c| c.audience = None));
    assert!(changed(|c| c.audience.as_mut().unwrap().did = did()));
    assert!(changed(|c| c.audience.as_mut().unwrap().nonce = [6; 32]));
}

#[test]
fn a_proof_is_not_one_of_another_statement_or_version() {
    let all = examples();
    for statement in &all {
        let proven = proven(statement);
        for other in all.iter().filter(|other| *other != statement) {
            assert!(verify(checked(), other, &context(), &proven.results, &proven.proof).is_err());
        }
    }
    // The same rows published as another version: other blinds, another body.
    let again = veritrail_proof::ingest::publish(
        &did(),
        2,
        veritrail_proof::policy::Policy::default(),
        columns_of(&hospital().0),
        veritrail_proof::commit::blinds::VersionSeed::derive(&[7; 32], &did(), 2),
        &ENTROPY,
    )
    .unwrap();
    let second = check(&again.manifest).unwrap();
    let proven = proven(&all[0]);
    assert!(verify(&second, &all[0], &context(), &proven.results, &proven.proof).is_err());
}

#[test]
fn columns_that_are_fetched_alone_are_held_against_the_root() {
    let body = &hospital().1.open.body;
    let open = &hospital().1.open;
    let order = body.schema.published();
    let bytes: Vec<&[u8]> = order
        .iter()
        .map(|(column, role)| open.column(*column, *role).unwrap().commitments.bytes())
        .collect();
    let leaves: Vec<ColumnNode> = order
        .iter()
        .zip(&bytes)
        .map(|((column, role), bytes)| ColumnNode::leaf(*column, *role, bytes))
        .collect();
    let part = |at: usize, of: usize| ColumnProof {
        column: order[at].0,
        role: order[at].1,
        commitments: bytes[of],
        path: path(&leaves, of),
    };
    let age = order.iter().position(|one| *one == (AGE, Role::Value)).unwrap();
    let statement = &examples()[0];
    let proven = proven(statement);
    let some = checked_before(body.clone(), &[part(age, age)]).unwrap();
    assert!(verify(&some, statement, &context(), &proven.results, &proven.proof).is_ok());
    assert!(verify(&some, &examples()[1], &context(), &proven.results, &proven.proof).is_err());
    assert!(checked_before(body.clone(), &[part(age, age + 1)]).is_err());
    let mut long = part(age, age);
    long.path.push(leaves[0]);
    assert!(checked_before(body.clone(), &[long]).is_err());
    let mut short = part(age, age);
    short.path.pop();
    assert!(checked_before(body.clone(), &[short]).is_err());
}

#[test]
fn statements_have_one_text_and_odd_ones_are_refused() {
    for statement in examples() {
        let bytes = statement.encode();
        assert_eq!(Statement::decode(&bytes).unwrap(), statement);
        for cut in 0..bytes.len() {
            assert!(Statement::decode(&bytes[..cut]).is_err());
        }
        assert!(Statement::decode(&[&bytes[..], &[0]].concat()).is_err());
    }
    let schema = &hospital().1.open.body.schema;
    let count = [Measure::Count];
    let odd = [
        statement(&[Condition::True(9)], &[], &count),
        statement(&[Condition::True(AGE)], &[], &count),
        statement(&[Condition::Level(GROUP, 3)], &[], &count),
        statement(&[Condition::Level(SMOKER, 0)], &[], &count),
        statement(&[], &[AGE], &count),
        statement(&[], &[GROUP, GROUP], &count),
        statement(&[], &[], &[]),
        statement(&[Condition::True(SMOKER); 3], &[], &count),
        statement(&[], &[], &[Measure::Sum(Quantity::Value(SMOKER))]),
        statement(&[], &[], &[Measure::Gram(vec![])]),
        statement(&[], &[], &[present(&[])]),
        statement(&[], &[], &[present(&[9])]),
        statement(&[], &[], &[present(&[CHANGE, CHANGE])]),
        statement(&[], &[], &[present(&[GROUP, CHANGE])]),
        statement(&[], &[], &[present(&(0..=PRESENT_MAX as u16).collect::<Vec<_>>())]),
        statement(&[], &[], &[Measure::Gram(vec![Quantity::Value(AGE); GRAM_MAX + 1])]),
    ];
    for statement in odd {
        assert!(statement.check(schema).is_err(), "{statement:?}");
    }
    // Nothing of it is committed: N is public, and no cell of these columns is null.
    for measure in [Measure::Count, present(&[AGE]), present(&[AGE, SMOKER])] {
        let public = statement(&[], &[], &[measure]);
        assert_eq!(plan(&public, &hospital().1.open.body).err(), Some(StatementError::Public));
    }
}

#[test]
fn sums_that_could_overflow_are_refused() {
    let mut body = hospital().1.open.body.clone();
    body.schema = "a:int[0..4294967295],b:int[0..4294967295]".parse::<Schema>().unwrap();
    let gram = statement(&[], &[], &[Measure::Gram(vec![Quantity::Value(0), Quantity::Value(1)])]);
    // 2^31 rows of two numbers of 32 bits stay below 2^127; no statement has three.
    body.rows = 1 << 31;
    assert!(plan(&gram, &body).is_ok());
    body.rows = u64::MAX;
    assert_eq!(plan(&gram, &body).err(), Some(StatementError::Bound));
}

#[test]
fn a_count_of_all_rows_is_no_count_of_those_that_are_not_null() {
    let (people, _) = hospital();
    let mean = statement(&[], &[], &[Measure::Sum(Quantity::Value(CHANGE))]);
    let proven = proven(&mean);
    let present = people.iter().filter(|person| person.change.is_some()).count() as u128;
    assert_eq!(proven.results[0], present);
    assert!(present < people.len() as u128);
    let mut results = proven.results.clone();
    results[0] = people.len() as u128;
    assert!(verify(checked(), &mean, &context(), &results, &proven.proof).is_err());
}

#[test]
fn rows_in_which_something_is_not_null_are_those_of_the_named_columns() {
    let (people, _) = hospital();
    let open = &hospital().1.open;
    let all = people.len() as u128;
    let count = |columns: &[u16]| {
        let held = |person: &&Person| columns.iter().all(|at| holds(person, *at));
        people.iter().filter(held).count() as u128
    };
    let asked = |columns: &[u16]| statement(&[], &[], &[present(columns)]);
    let sets: [&[u16]; 4] = [&[CHANGE], &[GROUP], &[CHANGE, GROUP], &[AGE, CHANGE]];
    for columns in sets {
        let honest = proven(&asked(columns));
        assert_eq!(honest.results, [count(columns)]);
        // A lie of any size, with the true proof or one made for it.
        for lie in [all, 0, count(&[CHANGE]), count(&[GROUP]), count(&[CHANGE, GROUP])] {
            if lie == count(columns) {
                continue;
            }
            let plan = plan(&asked(columns), &open.body).unwrap();
            let forged =
                prove_results(open, &asked(columns), &plan, &context(), &[lie], &ENTROPY).unwrap();
            for proof in [&honest.proof, &forged] {
                let error = verify(checked(), &asked(columns), &context(), &[lie], proof);
                let refused = RefusedStatement::Proof(VerifyError::False);
                assert_eq!(error.unwrap_err(), refused, "{columns:?} {lie}");
            }
        }
        // The same integer as one of other columns, of all rows, or of a sum.
        let others = sets.iter().filter(|other| **other != columns).map(|other| asked(other));
        let sum = statement(&[], &[], &[Measure::Sum(Quantity::Value(CHANGE))]);
        for other in others.chain([statement(&[], &[], &[Measure::Count]), sum]) {
            let results = &honest.results;
            assert!(verify(checked(), &other, &context(), results, &honest.proof).is_err());
        }
    }
    assert!(count(&[CHANGE, GROUP]) < count(&[CHANGE]).min(count(&[GROUP])));
}

#[test]
fn presence_in_many_columns_is_derived_in_the_proof() {
    let schema: Schema = "a:bool?,b:bool?,c:bool?,d:bool?,e:bool?,f:bool?".parse().unwrap();
    let random = numbers(5, 6 * 400, 10);
    let rows: Vec<&[u64]> = random.chunks_exact(6).collect();
    let columns = schema.columns().iter().enumerate().map(|(at, column)| {
        let mut builder = ColumnBuilder::new(column);
        for row in &rows {
            let cell = if row[at] == 0 { Cell::Null } else { Cell::Boolean(row[at] < 5) };
            builder.push(cell).unwrap();
        }
        builder.finish()
    });
    let policy = veritrail_proof::policy::Policy::default();
    let columns = columns.collect();
    let published =
        veritrail_proof::ingest::publish(&did(), 1, policy, columns, seed(), &ENTROPY).unwrap();
    let asked = statement(&[Condition::True(0)], &[], &[present(&[0, 1, 2, 3, 4, 5])]);
    let planned = plan(&asked, &published.open.body).unwrap();
    assert_eq!(planned.derived.len(), 1);
    let proven = prove(&published.open, &asked, &context(), &ENTROPY).unwrap();
    let held = |row: &&&[u64]| row[0] < 5 && row.iter().all(|cell| *cell != 0);
    assert_eq!(proven.results, [rows.iter().filter(held).count() as u128]);
    let checked = check(&published.manifest).unwrap();
    assert!(verify(&checked, &asked, &context(), &proven.results, &proven.proof).is_ok());
    let lie = [proven.results[0] + 1];
    assert!(verify(&checked, &asked, &context(), &lie, &proven.proof).is_err());
}

#[test]
fn answers_are_told_apart_by_group_and_measure() {
    let (people, _) = hospital();
    let grouped =
        statement(&[], &[GROUP], &[Measure::Count, Measure::Sum(Quantity::Value(CHANGE))]);
    let statistic = verified(&grouped);
    assert_eq!(statistic.groups(), 3);
    for group in 0..3u8 {
        let own: Vec<&Person> = people.iter().filter(|p| p.group == Some(group)).collect();
        let count = statistic.answer(group.into(), 0).unwrap();
        assert_eq!(count, Answer::Count(own.len() as u128));
        let changes: Vec<i64> = own.iter().filter_map(|person| person.change).collect();
        let Some(Answer::Sum(n, sum, scale)) = statistic.answer(group.into(), 1) else { panic!() };
        assert_eq!(n, changes.len() as u128);
        assert_eq!(sum as i64 + scale.lo * n as i64, changes.iter().sum::<i64>());
        assert_eq!((scale.lo, scale.places), (-500, 1));
    }
    let smokers = &examples()[9];
    let changes = verified(smokers);
    let own = |p: &&Person| p.smoker && p.group == Some(1) && p.change.is_some();
    let expected = people.iter().filter(own).count() as u128;
    assert_eq!(changes.answer(1, 1), Some(Answer::Count(expected)));
    assert!(statistic.answer(3, 0).is_none());
    assert!(statistic.answer(0, 2).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn random_small_tables(rows in 150usize..600, seed in any::<u64>()) {
        let people = people(rows, seed);
        let published = published(&people);
        let checked = check(&published.manifest).unwrap();
        for statement in examples() {
            // A refusal by the policy is no fault of the proof.
            let Ok(proven) = prove(&published.open, &statement, &context(), &ENTROPY) else { continue };
            prop_assert_eq!(&proven.results, &direct(&people, &statement));
            prop_assert!(verify(&checked, &statement, &context(), &proven.results, &proven.proof).is_ok());
        }
    }
}
