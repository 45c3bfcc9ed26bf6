//! The release policy, as every verifier applies it to the claimed integers.

use veritrail_proof::body::Body;
use veritrail_proof::body::tree::ColumnRoot;
use veritrail_proof::policy::{CELL_FLOOR, Policy, PolicyError, Refusal, check};
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::*;

use crate::fixtures::*;

fn body(policy: Policy) -> Body {
    Body {
        dataset: did(),
        version: 1,
        rows: 100,
        schema: PEOPLE.parse().unwrap(),
        policy,
        columns: ColumnRoot::from_bytes([0; 32]),
    }
}

fn decide(statement: &Statement, results: &[u128]) -> Result<(), Refusal> {
    let body = body(Policy::default());
    let plan = plan(statement, &body).unwrap();
    assert_eq!(plan.claims.len(), results.len());
    check(&body, statement, &plan, results)
}

fn of(conditions: &[Condition], groups: &[u16], measure: Measure) -> Statement {
    Statement {
        conditions: conditions.to_vec(),
        groups: groups.to_vec(),
        measures: vec![measure],
        withheld: vec![],
    }
}

#[test]
fn policies_below_the_floors_are_refused() {
    assert_eq!(Policy::new(CELL_FLOOR - 1), Err(PolicyError::Loose));
    assert_eq!(Policy::new(0), Err(PolicyError::Loose));
    assert_eq!(Policy::new(CELL_FLOOR).unwrap().minimum_cell(), CELL_FLOOR);
    assert_eq!(Policy::default().minimum_cell(), 10);
}

#[test]
fn small_counts_and_small_complements_are_refused() {
    let smokers = of(&[Condition::True(3)], &[], Measure::Count);
    for count in [0, 10, 50, 90, 100] {
        assert_eq!(decide(&smokers, &[count]), Ok(()), "{count}");
    }
    for count in [1, 2, 9] {
        assert_eq!(decide(&smokers, &[count]), Err(Refusal::Cell));
        assert_eq!(decide(&smokers, &[100 - count]), Err(Refusal::Complement));
    }
    assert_eq!(decide(&smokers, &[101]), Err(Refusal::Complement));
}

#[test]
fn what_one_count_leaves_of_another_is_looked_at() {
    // Smokers, and smokers whose change is known: three are missing.
    let mut both = of(&[Condition::True(3)], &[], Measure::Count);
    both.measures.push(Measure::Sum(Quantity::Value(1)));
    assert_eq!(decide(&both, &[50, 40, 9000]), Ok(()));
    assert_eq!(decide(&both, &[50, 50, 9000]), Ok(()));
    assert_eq!(decide(&both, &[50, 47, 9000]), Err(Refusal::Complement));
    assert_eq!(decide(&both, &[50, 51, 9000]), Err(Refusal::Complement));
    // In one group 3 are missing, in all together many.
    both.groups = vec![2];
    both.conditions.clear();
    assert_eq!(decide(&both, &[30, 20, 900, 30, 15, 800, 20, 20, 700]), Ok(()));
    assert_eq!(decide(&both, &[30, 17, 900, 30, 27, 800, 20, 20, 700]), Err(Refusal::Complement));
}

#[test]
fn what_the_groups_leave_of_all_rows_is_looked_at() {
    let grouped = of(&[], &[2], Measure::Count);
    assert_eq!(decide(&grouped, &[40, 30, 20]), Ok(()));
    assert_eq!(decide(&grouped, &[40, 30, 30]), Ok(()));
    assert_eq!(decide(&grouped, &[40, 30, 27]), Err(Refusal::Complement));
    assert_eq!(decide(&grouped, &[60, 30, 27]), Err(Refusal::Complement));
    assert_eq!(decide(&grouped, &[60, 30, 7]), Err(Refusal::Cell));
    // Smokers by group: 3 do not smoke, or are in no group. Counted beside sums alone: the same.
    let smokers = of(&[Condition::True(3)], &[2], Measure::Count);
    assert_eq!(decide(&smokers, &[40, 30, 20]), Ok(()));
    assert_eq!(decide(&smokers, &[40, 30, 27]), Err(Refusal::Complement));
    let ages = of(&[], &[2], Measure::Sum(Quantity::Value(0)));
    assert_eq!(decide(&ages, &[40, 900, 30, 700, 20, 500]), Ok(()));
    assert_eq!(decide(&ages, &[40, 900, 30, 700, 27, 500]), Err(Refusal::Complement));
}

#[test]
fn what_two_counts_leave_of_a_third_is_looked_at() {
    // n, Σsmoker, Σlevel, then smoker·smoker, smoker·level, level·level: the fourth cell of a table.
    let gram = of(&[], &[], Measure::Gram(vec![Quantity::True(3), Quantity::Level(2, 0)]));
    for both in [10, 20, 30] {
        assert_eq!(decide(&gram, &[90, 60, 40, 60, both, 40]), Ok(()), "{both}");
    }
    assert_eq!(decide(&gram, &[90, 60, 40, 60, 15, 40]), Err(Refusal::Complement));
    // 60 and 50 of 90 share 20 at least.
    assert_eq!(decide(&gram, &[90, 60, 50, 60, 19, 50]), Err(Refusal::Complement));
}

#[test]
fn what_is_missing_is_a_count() {
    // Of 100 changes 3 are missing, or of all but 3.
    let changes = of(&[], &[], Measure::Present(vec![1]));
    for count in [0, 10, 90, 100] {
        assert_eq!(decide(&changes, &[count]), Ok(()), "{count}");
    }
    assert_eq!(decide(&changes, &[97]), Err(Refusal::Complement));
    assert_eq!(decide(&changes, &[3]), Err(Refusal::Cell));
    // By group, beside the group's rows: those of one group, and of all together.
    let mut by_group = of(&[], &[2], Measure::Count);
    by_group.measures.push(Measure::Present(vec![1]));
    assert_eq!(decide(&by_group, &[40, 30, 30, 30, 20, 10]), Ok(()));
    assert_eq!(decide(&by_group, &[40, 30, 30, 27, 20, 10]), Err(Refusal::Complement));
    let alone = of(&[], &[2], Measure::Present(vec![1]));
    assert_eq!(decide(&alone, &[40, 30, 20]), Ok(()));
    assert_eq!(decide(&alone, &[40, 30, 27]), Err(Refusal::Complement));
    // Change, group and both are known of so many: 5 people have neither.
    let mut both = of(&[], &[], Measure::Present(vec![1]));
    both.measures.extend([Measure::Present(vec![2]), Measure::Present(vec![1, 2])]);
    assert_eq!(decide(&both, &[80, 70, 60]), Ok(()));
    assert_eq!(decide(&both, &[80, 70, 50]), Ok(()));
    assert_eq!(decide(&both, &[80, 70, 55]), Err(Refusal::Complement));
    // A condition hides how many rows there are.
    let smokers = of(&[Condition::True(3)], &[], Measure::Present(vec![1]));
    assert_eq!(decide(&smokers, &[47]), Ok(()));
}

#[test]
fn what_levels_leave_is_looked_at() {
    let mut levels = of(&[], &[], Measure::Sum(Quantity::Level(2, 0)));
    levels.measures.push(Measure::Sum(Quantity::Level(2, 1)));
    assert_eq!(decide(&levels, &[90, 50, 90, 30]), Ok(()));
    assert_eq!(decide(&levels, &[90, 50, 90, 40]), Ok(()));
    // 5 people have the third level.
    assert_eq!(decide(&levels, &[90, 50, 90, 35]), Err(Refusal::Complement));
    assert_eq!(decide(&levels, &[90, 50, 90, 41]), Err(Refusal::Complement));
}

#[test]
fn counts_of_more_rows_than_there_are_are_refused() {
    let ages = of(&[], &[2], Measure::Sum(Quantity::Value(0)));
    for count in [101, u128::from(u64::MAX), u128::MAX] {
        assert!(decide(&ages, &[count, 1, count, 1, count, 1]).is_err());
        assert!(decide(&of(&[], &[2], Measure::Count), &[count; 3]).is_err());
    }
    // The same count twice, of which the second is a lie.
    let mut twice = of(&[Condition::True(3)], &[], Measure::Count);
    twice.measures.push(Measure::Sum(Quantity::Value(0)));
    assert_eq!(decide(&twice, &[50, 50, 900]), Ok(()));
    assert!(decide(&twice, &[50, u128::MAX, 900]).is_err());
}

#[test]
fn counts_within_a_gram_matrix_are_counts() {
    // n, Σsmoker, Σlevel, then smoker·smoker, smoker·level, level·level.
    let gram = of(&[], &[], Measure::Gram(vec![Quantity::True(3), Quantity::Level(2, 0)]));
    assert_eq!(decide(&gram, &[90, 50, 40, 50, 30, 40]), Ok(()));
    assert_eq!(decide(&gram, &[90, 50, 40, 50, 4, 40]), Err(Refusal::Cell));
    assert_eq!(decide(&gram, &[90, 50, 40, 50, 36, 40]), Err(Refusal::Complement));
}

#[test]
fn sums_at_an_end_of_the_range_are_refused() {
    let sum = of(&[Condition::True(3)], &[], Measure::Sum(Quantity::Value(0)));
    assert_eq!(decide(&sum, &[50, 1]), Ok(()));
    assert_eq!(decide(&sum, &[50, 0]), Err(Refusal::Extreme));
    assert_eq!(decide(&sum, &[50, 50 * 72]), Err(Refusal::Extreme));
    assert_eq!(decide(&sum, &[0, 0]), Ok(()));
}

#[test]
fn groups_that_do_not_vary_are_refused() {
    let gram = of(&[], &[], Measure::Gram(vec![Quantity::Value(0)]));
    assert_eq!(decide(&gram, &[100, 3000, 90_001]), Ok(()));
    assert_eq!(decide(&gram, &[100, 3000, 90_000]), Err(Refusal::Variance));
}

#[test]
fn models_need_rows() {
    let many =
        vec![Quantity::Value(0), Quantity::Value(1), Quantity::True(3), Quantity::Level(2, 0)];
    let gram = of(&[Condition::Level(2, 1)], &[], Measure::Gram(many));
    let integers = |n: u128| {
        // Sums and squares of numbers that vary, and no count but n.
        vec![n, n * 10, n * 20, n, 0, n * 101, n * 200, n * 10, 0, n * 401, n * 20, 0, n, 0, 0]
    };
    assert_eq!(decide(&gram, &integers(50)), Ok(()));
    assert_eq!(decide(&gram, &integers(12)), Err(Refusal::Freedom));
    assert_eq!(decide(&gram, &integers(13)), Err(Refusal::Freedom));
    assert_eq!(decide(&gram, &integers(14)), Ok(()));
}

#[test]
fn a_verifier_applies_the_policy_of_the_body() {
    // The holder proves a true statistic that its own policy forbids: the verifier refuses it.
    let people: Vec<Person> = (0..100)
        .map(|at| Person {
            age: 20 + at % 60,
            change: (at >= 3).then_some(at),
            group: None,
            smoker: at < 4,
        })
        .collect();
    let published = published(&people);
    let checked = veritrail_proof::ingest::check(&published.manifest).unwrap();
    let smokers = of(&[Condition::True(3)], &[], Measure::Count);
    let changes = of(&[], &[], Measure::Present(vec![1]));
    let cases = [(smokers, 4, Refusal::Cell), (changes, 97, Refusal::Complement)];
    for (statement, count, refusal) in cases {
        let refusal = StatementError::Policy(refusal);
        let refused = prove(&published.open, &statement, &context(), &ENTROPY);
        assert_eq!(refused, Err(refusal.clone()));
        let plan = plan(&statement, &published.open.body).unwrap();
        let open = &published.open;
        let proof =
            prove::prove_results(open, &statement, &plan, &context(), &[count], &ENTROPY).unwrap();
        let result = verify(&checked, &statement, &context(), &[count], &proof);
        assert_eq!(result.err(), Some(verify::RefusedStatement::Statement(refusal)));
    }
}
