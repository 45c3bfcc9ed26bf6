//! Thresholds that are declared in the schema: what is committed of them, histograms, filters, bounds.

use ark_ff::One;
use proptest::prelude::*;
use std::str::FromStr;
use veritrail_proof::argument::VerifyError;
use veritrail_proof::columns::build::{Cell, ColumnBuilder, EncodedColumn};
use veritrail_proof::columns::{Cells, Role};
use veritrail_proof::curve::Scalar;
use veritrail_proof::derived::{Answer, Bounds, bounds};
use veritrail_proof::ingest::{self, Checked, Published, check, publish, relation, steps};
use veritrail_proof::policy::{Policy, Refusal};
use veritrail_proof::relation::{Factor, Relation};
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::prove::prove_results;
use veritrail_proof::statement::verify::RefusedStatement;
use veritrail_proof::statement::*;

use crate::fixtures::*;
use crate::ingests::{accepts, cells, number, wide};
use crate::statements::statement;

/// A claim's polynomial in one row, by its definition.
fn polynomials(relation: &Relation, row: &[i128]) -> Vec<i128> {
    let factor = |factor: &Factor| match factor {
        Factor::Column(at) => row[*at],
        Factor::Form(at) => {
            let form = &relation.forms()[*at];
            let terms = form.terms.iter().map(|(at, by)| row[*at] * i128::from(*by));
            terms.sum::<i128>() + i128::from(form.rows)
        }
    };
    let claims = relation.claims().iter();
    claims
        .map(|claim| {
            let product = |product: &veritrail_proof::relation::Product| {
                i128::from(product.coefficient)
                    * product.factors.iter().map(factor).product::<i128>()
            };
            claim.products.iter().map(product).sum()
        })
        .collect()
}

/// The numbers that a row of a column has in each of its roles.
fn row(roles: &[Role], u: u32, span: u32, thresholds: &[u32], bits: u8) -> Vec<i128> {
    let number = |role: &Role| match role {
        Role::Value => u,
        Role::Bit(bit) => u >> bit & 1,
        Role::ComplementBit(bit) => (span - u) >> bit & 1,
        Role::Threshold(at) => u32::from(u >= thresholds[usize::from(*at)]),
        Role::Step(at, step) => {
            let threshold = thresholds[usize::from(*at)];
            let end = steps(threshold, bits)[usize::from(*step)].end;
            let low = |number: u32| u64::from(number) & ((1 << end) - 1);
            u32::from(low(u) >= low(threshold))
        }
        Role::Valid | Role::Level(_) => panic!("{role:?}"),
    };
    roles.iter().map(|role| i128::from(number(role))).collect()
}

#[test]
fn every_threshold_of_every_number_is_what_its_bits_say() {
    let mut looked = 0;
    for span in [1u32, 2, 5, 31, 100, 127] {
        for threshold in 1..=span {
            let text = format!("x:int[0..{span}]{{{threshold}}}");
            let schema = Schema::from_str(&text).unwrap();
            let column = &schema.columns()[0];
            let relation = relation(column, 10).unwrap();
            assert!(relation.degree() <= 4);
            let roles = ingest::roles(column);
            let at = roles.iter().position(|role| *role == Role::Threshold(0)).unwrap();
            for u in 0..=span {
                let mut row = row(&roles, u, span, &[threshold], column.kind.bits());
                assert!(polynomials(&relation, &row).iter().all(|value| *value == 0), "{text} {u}");
                // Either other number in the threshold's place, with all else as it is.
                for other in [1 - row[at], 2, -1] {
                    row[at] = other;
                    assert!(polynomials(&relation, &row).iter().any(|value| *value != 0));
                    looked += 1;
                }
            }
        }
    }
    assert!(looked > 30_000, "{looked}");
}

#[test]
fn steps_compare_every_bit_from_the_lowest_that_is_set() {
    // Where each stage ends, after where the first begins.
    for (threshold, bits, expected) in [
        (1u32, 1u8, &[0u8, 1][..]),
        (64, 7, &[6, 7][..]),
        (40, 7, &[3, 7][..]),
        (65, 7, &[0, 4, 7][..]),
        (1, 32, &[0, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 32][..]),
        (1 << 31, 32, &[31, 32][..]),
    ] {
        let steps = steps(threshold, bits);
        let starts: Vec<u8> = steps.iter().map(|step| step.start).collect();
        let ends: Vec<u8> = steps.iter().map(|step| step.end).collect();
        assert_eq!((&starts[..], &ends[..]), (&expected[..starts.len()], &expected[1..]));
    }
}

/// The roles' cells of honest values, nullable where `valid` is given.
fn honest(
    text: &str,
    values: &[u32],
    valid: Option<&[u32]>,
    bits: u8,
    span: Option<u32>,
) -> Vec<Cells> {
    let schema = Schema::from_str(text).unwrap();
    let column = &schema.columns()[0];
    let mut numbers = number(values, bits, span).into_iter();
    let thresholds = column.kind.thresholds();
    let of = |role: &Role| {
        let numbers: Vec<u32> = values
            .iter()
            .map(|u| {
                let all = row(&[*role], *u, column.kind.span(), &thresholds, bits);
                all[0] as u32
            })
            .collect();
        cells(&numbers)
    };
    ingest::roles(column)
        .iter()
        .map(|role| match role {
            Role::Valid => cells(valid.unwrap()),
            Role::Threshold(_) | Role::Step(..) => of(role),
            _ => numbers.next().unwrap(),
        })
        .collect()
}

const TEXT: &str = "x:int[0..99]{1,37,64}";

#[test]
fn honest_thresholds_pass_and_altered_ones_are_refused() {
    let values: Vec<u32> = vec![0, 1, 36, 37, 38, 63, 64, 99, 50, 2];
    let rows = values.len() as u64;
    let all = honest(TEXT, &values, None, 7, Some(99));
    assert!(accepts(TEXT, rows, &all));
    let schema = Schema::from_str(TEXT).unwrap();
    let roles = ingest::roles(&schema.columns()[0]);
    let mut altered = 0;
    for (at, role) in roles.iter().enumerate() {
        if !matches!(role, Role::Threshold(_) | Role::Step(..)) {
            continue;
        }
        for row in [0, 3, 9] {
            let mut words: Vec<u32> = (0..values.len()).map(|row| all[at].word(row)).collect();
            words[row] ^= 1;
            let mut forged = all.clone();
            forged[at] = cells(&words);
            assert!(!accepts(TEXT, rows, &forged), "{role:?} {row}");
            altered += 1;
        }
        // −1 and 1 of the same column cancel in a plain sum.
        let mut numbers: Vec<Scalar> =
            (0..values.len()).map(|row| Scalar::from(all[at].word(row))).collect();
        numbers[0] += Scalar::one();
        numbers[1] -= Scalar::one();
        let mut forged = all.clone();
        forged[at] = wide(numbers);
        assert!(!accepts(TEXT, rows, &forged), "{role:?}");
    }
    assert!(altered >= 12, "{altered}");
    // The thresholds of other numbers, with all steps that belong to them.
    for other in ["x:int[0..99]{2,37,64}", "x:int[0..99]{1,38,64}", "x:int[0..99]{1,37,63}"] {
        let forged = honest(other, &values, None, 7, Some(99));
        assert!(forged.len() != all.len() || !accepts(TEXT, rows, &forged), "{other}");
    }
}

#[test]
fn nothing_reaches_a_threshold_in_a_null_or_in_the_padding() {
    let text = "x:int?[0..255]{1,200}";
    let (values, valid) = ([5u32, 0, 255, 0], [1u32, 0, 1, 1]);
    let all = honest(text, &values, Some(&valid), 8, None);
    assert!(accepts(text, 4, &all));
    for at in [1, 2] {
        for row in [1, 4, 2047] {
            let mut words: Vec<u32> = (0..2048).map(|row| all[at].word(row)).collect();
            words[row] = 1;
            let mut forged = all.clone();
            forged[at] = cells(&words);
            assert!(!accepts(text, 4, &forged), "{at} {row}");
        }
    }
}

const AGES: &str = "age:int[18..90]{30,40,65},change:fixed(1)?[-50..50]{-10,0,12.5},smoker:bool";

fn columns(people: &[Person]) -> Vec<EncodedColumn> {
    let schema = Schema::from_str(AGES).unwrap();
    let mut builders: Vec<ColumnBuilder<'_>> =
        schema.columns().iter().map(ColumnBuilder::new).collect();
    for person in people {
        builders[0].push(Cell::Integer(person.age)).unwrap();
        let change = person.change.map(|tenths| tenths as f64 / 10.0);
        builders[1].push(change.map_or(Cell::Null, Cell::Float)).unwrap();
        builders[2].push(Cell::Boolean(person.smoker)).unwrap();
    }
    builders.into_iter().map(ColumnBuilder::finish).collect()
}

fn published_with_thresholds(people: &[Person]) -> (Published, Checked) {
    let made = publish(&did(), 1, Policy::default(), columns(people), seed(), &ENTROPY).unwrap();
    let checked = check(&made.manifest).unwrap();
    (made, checked)
}

/// The integers of a statement, proven and checked.
fn told((made, checked): &(Published, Checked), statement: &Statement) -> Statistic {
    let proven = prove(&made.open, statement, &context(), &ENTROPY).unwrap();
    verify(checked, statement, &context(), &proven.results, &proven.proof).unwrap()
}

#[test]
fn histograms_and_filters_say_what_direct_computation_says() {
    let people = people(2500, 21);
    let version = published_with_thresholds(&people);
    let count = [Measure::Count];
    let direct = |keep: &dyn Fn(&Person) -> bool| people.iter().filter(|p| keep(p)).count() as u128;
    // By age, and by a change that may be missing.
    let ages = told(&version, &statement(&[], &[0], &count));
    let bands = [18..30, 30..40, 40..65, 65..91];
    let expected: Vec<u128> = bands.iter().map(|band| direct(&|p| band.contains(&p.age))).collect();
    assert_eq!(ages.results(), expected);
    let changes = told(&version, &statement(&[], &[1], &count));
    let bands = [-500..-100, -100..0, 0..125, 125..501];
    let in_band =
        |p: &Person, band: &std::ops::Range<i64>| p.change.is_some_and(|c| band.contains(&c));
    let expected: Vec<u128> = bands.iter().map(|band| direct(&|p| in_band(p, band))).collect();
    assert_eq!(changes.results(), expected);
    assert_eq!(changes.groups(), 4);
    // Both at once; sums within bands; filters from both sides.
    let both = told(&version, &statement(&[], &[0, 1], &count));
    let cell = |p: &Person| p.age >= 65 && in_band(p, &bands[1]);
    assert_eq!(both.answer(13, 0), Some(Answer::Count(direct(&cell))));
    let sums = told(&version, &statement(&[], &[0], &[Measure::Sum(Quantity::Value(0))]));
    let young = people.iter().filter(|p| p.age < 30).map(|p| (p.age - 18) as u128).sum::<u128>();
    assert_eq!(sums.results()[1], young);
    for (conditions, keep) in [
        (
            vec![Condition::AtLeast(0, 1)],
            Box::new(|p: &Person| p.age >= 40) as Box<dyn Fn(&Person) -> bool>,
        ),
        (vec![Condition::Below(0, 1)], Box::new(|p: &Person| p.age < 40)),
        (vec![Condition::AtLeast(1, 1)], Box::new(|p: &Person| p.change.is_some_and(|c| c >= 0))),
        (vec![Condition::Below(1, 2)], Box::new(|p: &Person| p.change.is_some_and(|c| c < 125))),
        (
            vec![Condition::AtLeast(1, 0), Condition::Below(1, 2)],
            Box::new(|p: &Person| p.change.is_some_and(|c| (-100..125).contains(&c))),
        ),
        (
            vec![Condition::Below(0, 2), Condition::AtLeast(1, 2)],
            Box::new(|p: &Person| p.age < 65 && p.change.is_some_and(|c| c >= 125)),
        ),
    ] {
        let statistic = told(&version, &statement(&conditions, &[], &count));
        assert_eq!(statistic.results(), [direct(&keep)], "{conditions:?}");
    }
}

#[test]
fn a_histogram_that_is_wrong_by_one_is_refused() {
    let people = people(400, 22);
    let (made, checked) = published_with_thresholds(&people);
    let ages = statement(&[], &[0], &[Measure::Count]);
    let proven = prove(&made.open, &ages, &context(), &ENTROPY).unwrap();
    let plan = plan(&ages, &made.open.body).unwrap();
    for at in 0..4 {
        // One row moved from a band to the next.
        let mut moved = proven.results.clone();
        moved[at] -= 1;
        moved[(at + 1) % 4] += 1;
        let forged = prove_results(&made.open, &ages, &plan, &context(), &moved, &ENTROPY).unwrap();
        for proof in [&proven.proof, &forged] {
            let error = verify(&checked, &ages, &context(), &moved, proof).unwrap_err();
            assert_eq!(error, RefusedStatement::Proof(VerifyError::False));
        }
    }
    // The proof of one threshold for another, and of the other side of it.
    let filter = |condition| statement(&[condition], &[], &[Measure::Count]);
    let one = filter(Condition::AtLeast(0, 1));
    let proven = prove(&made.open, &one, &context(), &ENTROPY).unwrap();
    for other in [Condition::AtLeast(0, 2), Condition::Below(0, 1), Condition::AtLeast(1, 1)] {
        assert!(
            verify(&checked, &filter(other), &context(), &proven.results, &proven.proof).is_err()
        );
    }
    for condition in [Condition::AtLeast(0, 3), Condition::Below(2, 0), Condition::AtLeast(9, 0)] {
        assert_eq!(filter(condition).check(&made.open.body.schema), Err(StatementError::Column));
    }
    assert_eq!(
        statement(&[], &[2], &[Measure::Count]).check(&made.open.body.schema),
        Err(StatementError::Column)
    );
}

#[test]
fn bounds_stand_at_declared_thresholds() {
    let mut people = people(300, 23);
    people.iter_mut().for_each(|person| person.age = 31 + person.age % 30);
    let version = published_with_thresholds(&people);
    let ages = told(&version, &statement(&[], &[0], &[Measure::Count]));
    let counts: Vec<Option<u128>> = ages.results().iter().copied().map(Some).collect();
    let kind = &version.0.open.body.schema.columns()[0].kind;
    assert_eq!(bounds(kind, &counts), Some(Bounds { at_least: 30, at_most: 64 }));
    // A single bound: nobody is 65 or older.
    let old = told(&version, &statement(&[Condition::AtLeast(0, 2)], &[], &[Measure::Count]));
    assert_eq!(old.results(), [0]);
    let bounds_of = |counts: &[Option<u128>]| bounds(kind, counts);
    assert_eq!(bounds_of(&[Some(0); 4]), None);
    assert_eq!(bounds_of(&[Some(1); 3]), None);
    let open = [Some(0), Some(4), Some(0), None];
    assert_eq!(bounds_of(&open), Some(Bounds { at_least: 30, at_most: 90 }));
    let bool_kind = &version.0.open.body.schema.columns()[2].kind;
    assert_eq!(bounds(bool_kind, &[]), None);
}

#[test]
fn a_sum_at_an_end_of_its_band_is_refused() {
    let body = {
        let schema = "age:int[18..90]{30,31,65},smoker:bool".parse().unwrap();
        let mut body = hospital().1.open.body.clone();
        body.schema = schema;
        body
    };
    let decide = |condition: &[Condition], results: &[u128]| {
        let sum = statement(condition, &[], &[Measure::Sum(Quantity::Value(0))]);
        let plan = plan(&sum, &body).unwrap();
        veritrail_proof::policy::check(&body, &sum, &plan, results)
    };
    // From 65 on, u is at least 47; below 30, at most 11.
    assert_eq!(decide(&[Condition::AtLeast(0, 2)], &[50, 50 * 47 + 1]), Ok(()));
    assert_eq!(decide(&[Condition::AtLeast(0, 2)], &[50, 50 * 47]), Err(Refusal::Extreme));
    assert_eq!(decide(&[Condition::AtLeast(0, 2)], &[50, 50 * 72]), Err(Refusal::Extreme));
    assert_eq!(decide(&[Condition::Below(0, 0)], &[50, 50 * 11]), Err(Refusal::Extreme));
    assert_eq!(decide(&[Condition::Below(0, 0)], &[50, 0]), Err(Refusal::Extreme));
    // 30 alone: the band tells the sum.
    let thirty = [Condition::AtLeast(0, 0), Condition::Below(0, 1)];
    assert_eq!(decide(&thirty, &[50, 50 * 12]), Ok(()));
}

#[test]
fn small_bands_are_withheld_like_small_groups() {
    let mut people = people(300, 24);
    for (at, person) in people.iter_mut().enumerate() {
        person.age = if at < 4 { 70 } else { 20 + (at % 40) as i64 };
    }
    let (made, checked) = published_with_thresholds(&people);
    let ages = statement(&[], &[0], &[Measure::Count]);
    assert_eq!(
        prove(&made.open, &ages, &context(), &ENTROPY),
        Err(StatementError::Policy(Refusal::Cell))
    );
    let chosen = withhold(&made.open, &ages, &[]).unwrap();
    assert_eq!(chosen.withheld.len(), 2);
    assert!(chosen.withheld.contains(&3));
    let proven = prove(&made.open, &chosen, &context(), &ENTROPY).unwrap();
    verify(&checked, &chosen, &context(), &proven.results, &proven.proof).unwrap();
    // The column is never null, so the total is N.
    assert_eq!(proven.results.last(), Some(&300));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn random_thresholds_of_random_numbers_pass(
        values in prop::collection::vec(0u32..1000, 1..60),
        mut thresholds in prop::collection::btree_set(1u32..1000, 1..5),
    ) {
        thresholds.insert(512);
        let list: Vec<String> = thresholds.iter().map(u32::to_string).collect();
        let text = format!("x:int[0..999]{{{}}}", list.join(","));
        let all = honest(&text, &values, None, 10, Some(999));
        prop_assert!(accepts(&text, values.len() as u64, &all));
    }
}
