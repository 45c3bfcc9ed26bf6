//! Sums that stay hidden, and groups that are withheld because one of them is small.

use std::collections::HashSet;

use ark_ec::VariableBaseMSM;
use ark_ff::Zero;
use proptest::prelude::*;
use veritrail_proof::argument::equations::Equations;
use veritrail_proof::argument::prove::{OpenColumn, prove_hiding};
use veritrail_proof::argument::verify::verify as verify_relation;
use veritrail_proof::argument::{Commitments, ProveError, VerifyError, proof_len};
use veritrail_proof::columns::Cells;
use veritrail_proof::commit::commit_value;
use veritrail_proof::curve::*;
use veritrail_proof::derived::Answer;
use veritrail_proof::generators::{CHUNK_BITS, CHUNK_ROWS, generators};
use veritrail_proof::ingest::{Published, check};
use veritrail_proof::policy::Refusal;
use veritrail_proof::relation::{Claim, OneSmall, Relation};
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::prove::{Proven, Sums, prove_results, prove_sums};
use veritrail_proof::statement::verify::RefusedStatement;
use veritrail_proof::statement::*;
use veritrail_proof::transcript::{Blinds, Transcript};

use crate::arguments::{boolean, check as check_relation, sum_of};
use crate::fixtures::*;
use crate::statements::{present, statement};
use crate::zero_knowledge::{Programmed, Recording, fold};

const ROWS: u64 = 2100;

/// Booleans that are 1 in so many rows, first and last chunk both.
fn marks(count: usize, blinds: &mut Counted) -> OpenColumn {
    let mut words = vec![0; ROWS as usize];
    for at in 0..count {
        words[(at * 677) % ROWS as usize] = 1;
    }
    assert_eq!(words.iter().sum::<u32>() as usize, count);
    open(Cells::values(words, 1), ROWS, blinds)
}

/// The relation that hides the sums of the first claims, one of them in 1..below.
fn hiding(claims: Vec<Claim>, hidden: usize, below: u32) -> Relation {
    let small = OneSmall {
        claims: (0..hidden).collect(),
        terms: (0..hidden).map(|at| vec![(at, 1)]).collect(),
        below,
    };
    Relation::new(ROWS, 2, vec![], claims).unwrap().hide(small).unwrap()
}

/// Two hidden counts alone; among products; and beside a zero claim.
fn shapes(below: u32) -> [Relation; 3] {
    let linear = vec![sum_of(&[0], 0), sum_of(&[1], 0)];
    let products = vec![sum_of(&[0, 0], 0), sum_of(&[1, 1, 1], 0)];
    let mixed = [&products[..], &[boolean(0)]].concat();
    [hiding(linear, 2, below), hiding(products, 2, below), hiding(mixed, 2, below)]
}

fn accepts(relation: &Relation, columns: &[OpenColumn], sums: &[u128]) -> bool {
    let mut blinds = Counted(1 << 33);
    let proof = prove_hiding(&mut Transcript::new(), relation, columns, sums, &mut blinds).unwrap();
    assert_eq!(proof.len(), proof_len(relation));
    let commitments: Vec<&Commitments> = columns.iter().map(|open| &open.commitments).collect();
    check_relation(relation, &commitments, &proof).is_ok()
}

#[test]
fn one_small_sum_is_shown_wherever_it_stands() {
    for (a, b) in [(1, 500), (500, 9), (0, 5)] {
        let mut blinds = Counted(11);
        let columns = [marks(a, &mut blinds), marks(b, &mut blinds)];
        for relation in shapes(10) {
            assert!(accepts(&relation, &columns, &[a as u128, b as u128]), "{a} {b}");
        }
    }
}

#[test]
fn where_no_sum_is_small_nothing_is_shown() {
    for (a, b) in [(10, 500), (0, 11)] {
        let mut blinds = Counted(12);
        let columns = [marks(a, &mut blinds), marks(b, &mut blinds)];
        for relation in shapes(10) {
            let (a, b) = (a as u128, b as u128);
            assert!(!accepts(&relation, &columns, &[a, b]), "{a} {b}");
            // A hidden sum that is said to be small, and is not the columns'.
            for lie in [[5, b], [a, 5], [5, 5]] {
                assert!(!accepts(&relation, &columns, &lie), "{lie:?}");
            }
        }
    }
    // A true small one does not carry a false other.
    let mut blinds = Counted(13);
    let columns = [marks(5, &mut blinds), marks(500, &mut blinds)];
    for relation in shapes(10) {
        assert!(!accepts(&relation, &columns, &[5, 499]));
        assert!(!accepts(&relation, &columns, &[500, 5]));
    }
}

#[test]
fn differences_of_hidden_sums_count() {
    let small = |terms: Vec<Vec<(usize, i64)>>| {
        let claims = vec![sum_of(&[0], 0), sum_of(&[1], 0)];
        let small = OneSmall { claims: vec![0, 1], terms, below: 10 };
        Relation::new(ROWS, 2, vec![], claims).unwrap().hide(small).unwrap()
    };
    let mut blinds = Counted(14);
    let columns = [marks(50, &mut blinds), marks(47, &mut blinds)];
    let difference = small(vec![vec![(0, 1), (1, -1)]]);
    assert!(accepts(&difference, &columns, &[50, 47]));
    // The other way round it is −3, which is not small.
    assert!(!accepts(&small(vec![vec![(0, -1), (1, 1)]]), &columns, &[50, 47]));
    assert!(!accepts(&small(vec![vec![(0, 1)], vec![(1, 1)]]), &columns, &[50, 47]));
    assert!(!accepts(&difference, &[columns[0].clone(), columns[0].clone()], &[50, 50]));
}

#[test]
fn hidden_sums_that_fit_nothing_are_refused() {
    let claims = || vec![sum_of(&[0], 0), sum_of(&[1], 7), boolean(0)];
    let hide = |claims_hidden: Vec<usize>, terms: Vec<Vec<(usize, i64)>>, below| {
        let small = OneSmall { claims: claims_hidden, terms, below };
        Relation::new(ROWS, 2, vec![], claims()).unwrap().hide(small)
    };
    let one = || vec![vec![(0, 1)]];
    assert!(hide(vec![0], one(), 10).is_ok());
    for (claims, terms, below) in [
        (vec![3], one(), 10),
        // A told sum, a zero claim, twice the same.
        (vec![1], one(), 10),
        (vec![2], one(), 10),
        (vec![0, 0], one(), 10),
        (vec![0], vec![vec![(1, 1)]], 10),
        (vec![0], vec![], 10),
        (vec![0], one(), 1),
        (vec![0], one(), 0),
        (vec![0], one(), 1026),
        (vec![0], one(), u32::MAX),
    ] {
        assert!(hide(claims, terms, below).is_err());
    }
    let mut blinds = Counted(15);
    let columns = [marks(5, &mut blinds), marks(7, &mut blinds)];
    for sums in [vec![], vec![5], vec![5, 7, 1]] {
        let made =
            prove_hiding(&mut Transcript::new(), &shapes(10)[0], &columns, &sums, &mut blinds);
        assert_eq!(made, Err(ProveError::Shape));
    }
}

#[test]
fn a_hidden_sum_that_its_prover_cannot_open_is_refused() {
    // Somebody else's commitment in place of one's own, all else as it was: and with the response
    // that would make the product 0, were no opening asked for.
    let mut blinds = Counted(16);
    let columns = [marks(500, &mut blinds), marks(600, &mut blinds)];
    let commitments: Vec<&Commitments> = columns.iter().map(|open| &open.commitments).collect();
    for relation in shapes(10) {
        let proof =
            prove_hiding(&mut Transcript::new(), &relation, &columns, &[500, 600], &mut blinds)
                .unwrap();
        let mut foreign = proof.clone();
        let point = Point::from(commit_value(&Scalar::from(5u64), &Scalar::from(99u64)));
        foreign[..ENCODED_LEN].copy_from_slice(&encode_point(&point).unwrap());
        assert_eq!(check_relation(&relation, &commitments, &foreign), Err(VerifyError::False));
    }
}

/// Blinds of which the first two, those of the hidden sums, are 0.
struct Unblinded(Counted, u8);

impl Blinds for Unblinded {
    fn draw(&mut self) -> Scalar {
        self.1 = self.1.saturating_sub(1);
        if self.1 > 0 { Scalar::zero() } else { self.0.draw() }
    }
}

#[test]
fn hidden_sums_that_no_column_has_are_refused() {
    // Columns without a mark, and 5 and 600 hidden: all messages are those of a true proof that the
    // sums are 0, as nothing in them depends on hidden sums without blinds.
    let mut blinds = Counted(17);
    let columns = [marks(0, &mut blinds), marks(0, &mut blinds)];
    for relation in shapes(10) {
        let mut blinds = Unblinded(Counted(18), 3);
        let proof =
            prove_hiding(&mut Transcript::new(), &relation, &columns, &[5, 600], &mut blinds)
                .unwrap();
        let commitments = columns.each_ref().map(|open| &open.commitments);
        assert_eq!(check_relation(&relation, &commitments, &proof), Err(VerifyError::False));
    }
}

/// A proof of two hidden sums of which one is small, made by nobody who knows a row or a sum.
fn simulate(
    columns: &[Commitments; 2],
    hidden: &[Point; 2],
    small: &OneSmall,
    random: &mut Counted,
) -> (Vec<Scalar>, Vec<u8>) {
    let (q, h) = (Sum::from(generators().value), Sum::from(generators().blind));
    let (rho, x, c) = (random.draw(), random.draw(), random.draw());
    let folds: Vec<Scalar> = (0..CHUNK_BITS).map(|_| random.draw()).collect();
    let weigh: Vec<Scalar> = (0..4).map(|_| random.draw()).collect();
    let mut wire: Vec<Vec<u8>> = Vec::new();
    let send = |wire: &mut Vec<Vec<u8>>, point: Sum| {
        wire.push(encode_point(&Point::from(point)).unwrap().to_vec());
    };
    hidden.iter().for_each(|point| send(&mut wire, Sum::from(*point)));
    let responses: Vec<(Scalar, Scalar)> =
        hidden.iter().map(|_| (random.draw(), random.draw())).collect();
    for (point, (value, blind)) in hidden.iter().zip(&responses) {
        send(&mut wire, q * value + h * blind - Sum::from(*point) * c);
    }
    // The product, by its definition; the first cross term makes up for it.
    let product: Scalar = responses
        .iter()
        .flat_map(|(value, _)| (1..small.below).map(move |v| *value - c * Scalar::from(v)))
        .product();
    let cross: Vec<Sum> =
        (1..small.factors()).map(|_| commit_value(&random.draw(), &random.draw())).collect();
    let product_blind = random.draw();
    let (mut first, mut power) = (q * product + h * product_blind, Scalar::from(1u64));
    for point in &cross {
        power *= c;
        first -= *point * power;
    }
    send(&mut wire, first);
    cross.iter().for_each(|point| send(&mut wire, *point));
    let w: Vec<Scalar> = (0..CHUNK_ROWS).map(|_| random.draw()).collect();
    let blind = random.draw();
    let weights = [Scalar::from(1u64), rho];
    let mut p = Sum::zero();
    for ((column, hidden), weight) in columns.iter().zip(hidden).zip(weights) {
        let sum: Sum = column.points().iter().map(|point| Sum::from(*point)).sum();
        p += (sum + Sum::from(*hidden) * x) * weight;
    }
    let value: Scalar = w.iter().sum();
    let opened = Sum::msm_unchecked(&generators().rows, &w) + q * (value * x) + h * blind;
    send(&mut wire, opened - p * c);
    for (value, blind) in &responses {
        wire.push(encode_scalar(value).to_vec());
        wire.push(encode_scalar(blind).to_vec());
    }
    wire.push(encode_scalar(&product_blind).to_vec());
    wire.push(encode_scalar(&blind).to_vec());
    fold(&mut wire, w, vec![Scalar::from(1u64); CHUNK_ROWS], x, &folds);
    ([vec![rho, x, c], folds, weigh].concat(), wire.concat())
}

#[test]
fn a_simulator_that_knows_no_sum_satisfies_the_same_equations() {
    let mut random = Counted(1 << 41);
    let relation = shapes(4)[0].clone();
    let small = relation.one_small().unwrap();
    let mut some = |count: usize| -> Vec<Point> {
        (0..count).map(|_| commit_value(&random.draw(), &random.draw()).into()).collect()
    };
    let columns = [Commitments::new(some(2)).unwrap(), Commitments::new(some(2)).unwrap()];
    let hidden = [some(1)[0], some(1)[0]];
    let (challenges, proof) = simulate(&columns, &hidden, small, &mut Counted(1 << 42));
    let accepted = |challenges: &[Scalar]| {
        let mut channel = Programmed(challenges.to_vec());
        let mut equations = Equations::new();
        let all: Vec<&Commitments> = columns.iter().collect();
        verify_relation(&mut channel, &relation, &all, &proof, &mut equations).unwrap();
        assert!(channel.0.is_empty(), "every challenge was asked for");
        equations.check().is_ok()
    };
    assert!(accepted(&challenges));
    // The equations depend on every challenge but those that weigh them.
    for at in 0..challenges.len() - 4 {
        let mut other = challenges.clone();
        other[at] += Scalar::from(1u64);
        assert!(!accepted(&other), "challenge {at}");
    }
}

#[test]
fn every_hidden_message_has_a_blind_of_its_own() {
    let mut blinds = Counted(17);
    let columns = [marks(5, &mut blinds), marks(500, &mut blinds)];
    for relation in shapes(10) {
        let mut recording = Recording { inner: Counted(18), drawn: vec![] };
        let sums = [5, 500];
        let proof =
            prove_hiding(&mut Transcript::new(), &relation, &columns, &sums, &mut recording)
                .unwrap();
        // Per hidden sum a blind, and a mask with its own; per cross term a blind; the rest as ever.
        let told = Relation::new(ROWS, 2, vec![], relation.claims().to_vec()).unwrap();
        let mut without = Recording { inner: Counted(18), drawn: vec![] };
        prove_hiding(&mut Transcript::new(), &told, &columns, &[], &mut without).unwrap();
        assert_eq!(recording.drawn.len() - without.drawn.len(), 3 * 2 + 18);
        let distinct: HashSet<Encoded> = recording.drawn.iter().map(encode_scalar).collect();
        assert_eq!(distinct.len(), recording.drawn.len());
        assert_eq!(proof.len() - proof_len(&told), (4 * 2 + 18 + 1) * ENCODED_LEN);
    }
}

const GROUP: u16 = 2;
const CHANGE: Quantity = Quantity::Value(1);

/// So many people in each group and without one; changes are missing as told.
fn table(groups: [usize; 4], missing: [usize; 4]) -> Vec<Person> {
    let mut people = Vec::new();
    for (group, (count, missing)) in groups.into_iter().zip(missing).enumerate() {
        for at in 0..count {
            people.push(Person {
                age: 18 + (at * 7 % 73) as i64,
                change: (at >= missing).then_some((at * 31 % 900) as i64 - 450),
                group: (group < 3).then_some(group as u8),
                smoker: at % 2 == 0,
            });
        }
    }
    people
}

fn counts() -> Statement {
    statement(&[], &[GROUP], &[Measure::Count])
}

fn with(statement: &Statement, withheld: &[u16]) -> Statement {
    Statement { withheld: withheld.to_vec(), ..statement.clone() }
}

fn prove_in(published: &Published, statement: &Statement) -> Result<Proven, StatementError> {
    prove(&published.open, statement, &context(), &ENTROPY)
}

fn verify_in(
    published: &Published,
    statement: &Statement,
    results: &[u128],
    proof: &[u8],
) -> Result<Statistic, RefusedStatement> {
    verify(&check(&published.manifest).unwrap(), statement, &context(), results, proof)
}

#[test]
fn a_small_group_is_withheld_with_another_and_the_rest_is_told() {
    let published = published(&table([40, 4, 12, 30], [0; 4]));
    let refused = prove_in(&published, &counts());
    assert_eq!(refused, Err(StatementError::Policy(Refusal::Cell)));
    let chosen = withhold(&published.open, &counts(), &[]).unwrap();
    assert_eq!(chosen.withheld, [1, 2]);
    let proven = prove_in(&published, &chosen).unwrap();
    // One group, and the total of all three; nulls are in neither.
    assert_eq!(proven.results, [40, 56]);
    let statistic = verify_in(&published, &chosen, &proven.results, &proven.proof).unwrap();
    assert_eq!(statistic.groups(), 3);
    let answers: Vec<_> = (0..4).map(|group| statistic.answer(group, 0)).collect();
    let (told, withheld) = (Some(Answer::Count(40)), Some(Answer::Withheld));
    assert_eq!(answers, [told, withheld.clone(), withheld, None]);
    // The same shape with the small one elsewhere: nothing tells them apart.
    let other = super::fixtures::published(&table([40, 12, 4, 30], [0; 4]));
    let same = prove_in(&other, &with(&counts(), &[1, 2])).unwrap();
    assert_eq!((same.results, same.proof.len()), (proven.results, proven.proof.len()));
}

#[test]
fn what_needs_not_be_withheld_is_not() {
    let published = published(&table([40, 20, 12, 0], [0; 4]));
    let chosen = withhold(&published.open, &counts(), &[]).unwrap();
    assert!(chosen.withheld.is_empty());
    // The holder cannot pretend: no group is small.
    let pretended = with(&counts(), &[1, 2]);
    assert_eq!(prove_in(&published, &pretended), Err(StatementError::NoneSmall));
    let plan = plan(&pretended, &published.open.body).unwrap();
    let forge = |hidden: &[u128]| {
        let sums = Sums { told: &[40, 72], hidden };
        prove_sums(&published.open, &pretended, &plan, &context(), sums, &ENTROPY).unwrap()
    };
    for hidden in [[20, 12], [5, 12], [20, 5], [5, 27], [27, 5]] {
        let error = verify_in(&published, &pretended, &[40, 72], &forge(&hidden)).unwrap_err();
        assert_eq!(error, RefusedStatement::Proof(VerifyError::False), "{hidden:?}");
    }
}

#[test]
fn another_group_than_the_small_one_cannot_stand_in_for_it() {
    let published = published(&table([40, 4, 12, 30], [0; 4]));
    // 0 and 2 are withheld, 1 is told though it is small: the policy sees it.
    let wrong = with(&counts(), &[0, 2]);
    assert_eq!(prove_in(&published, &wrong), Err(StatementError::Policy(Refusal::Cell)));
    let truth = plan(&wrong, &published.open.body).unwrap();
    let proof =
        prove_results(&published.open, &wrong, &truth, &context(), &[4, 56], &ENTROPY).unwrap();
    assert!(verify_in(&published, &wrong, &[4, 56], &proof).is_err());
    // It is said to be one that may be told, and its true count to be another's.
    let sums = Sums { told: &[12, 56], hidden: &[40, 4] };
    let proof = prove_sums(&published.open, &wrong, &truth, &context(), sums, &ENTROPY).unwrap();
    let error = verify_in(&published, &wrong, &[12, 56], &proof).unwrap_err();
    assert_eq!(error, RefusedStatement::Proof(VerifyError::False));
}

#[test]
fn a_proof_is_not_one_of_other_withheld_groups() {
    let published = published(&table([40, 4, 12, 30], [0; 4]));
    let right = with(&counts(), &[1, 2]);
    let proven = prove_in(&published, &right).unwrap();
    let accepts = |statement: &Statement, results: &[u128]| {
        verify_in(&published, statement, results, &proven.proof).is_ok()
    };
    assert!(accepts(&right, &[40, 56]));
    for withheld in [vec![0, 1], vec![0, 2], vec![1], vec![]] {
        for results in [vec![40, 56], vec![12, 56], vec![40, 4, 12], vec![40, 12, 56]] {
            assert!(!accepts(&with(&counts(), &withheld), &results), "{withheld:?}");
        }
    }
    for results in [[40, 57], [41, 56], [40, 66], [0, 56]] {
        assert!(!accepts(&right, &results), "{results:?}");
    }
}

#[test]
fn what_the_withheld_groups_hold_together_is_looked_at() {
    // Count and mean: a total of each, and what one leaves of the other.
    let both = statement(&[], &[GROUP], &[Measure::Count, Measure::Sum(CHANGE)]);
    let body = &hospital().1.open.body;
    let decide = |withheld: &[u16], results: &[u128]| {
        let statement = with(&both, withheld);
        let plan = plan(&statement, body).unwrap();
        veritrail_proof::policy::check(body, &statement, &plan, results)
    };
    assert_eq!(decide(&[1, 2], &[900, 800, 99_999, 1000, 880]), Ok(()));
    // One alone would be told by the total.
    let one = [900, 800, 99_999, 50, 40, 9_999, 1000, 880];
    assert_eq!(decide(&[1], &one), Err(Refusal::Withheld));
    // The withheld ones hold 9, or 9 with a change, or all but 5.
    for (count, present) in [(909, 809), (950, 809), (950, 845)] {
        let refused = decide(&[1, 2], &[900, 800, 99_999, count, present]);
        assert!(refused.is_err(), "{count} {present}");
    }
    assert_eq!(decide(&[1, 2], &[900, 800, 99_999, 950, 809]), Err(Refusal::Withheld));
    assert_eq!(decide(&[1, 2], &[900, 890, 99_999, 950, 935]), Err(Refusal::Withheld));
    // More than there is.
    assert!(decide(&[1, 2], &[900, 800, 99_999, 899, 800]).is_err());
}

#[test]
fn statements_that_withhold_too_much_or_nothing_known_are_refused() {
    let schema = &hospital().1.open.body.schema;
    for withheld in [vec![0, 1, 2], vec![1, 3], vec![2, 1], vec![1, 1]] {
        let statement = with(&counts(), &withheld);
        assert_eq!(statement.check(schema), Err(StatementError::Shape), "{withheld:?}");
    }
    // A total of what is about the grouped column would tell one group.
    let level = Quantity::Level(GROUP, 1);
    for (conditions, measure) in [
        (vec![Condition::Level(GROUP, 1)], Measure::Count),
        (vec![], Measure::Sum(level)),
        (vec![], Measure::Gram(vec![CHANGE, level])),
    ] {
        let told = statement(&conditions, &[GROUP], &[measure]);
        assert_eq!(told.check(schema), Ok(()));
        assert_eq!(with(&told, &[1, 2]).check(schema), Err(StatementError::Shape));
    }
    let ungrouped = statement(&[], &[], &[Measure::Count]);
    assert_eq!(with(&ungrouped, &[0]).check(schema), Err(StatementError::Shape));
    let bytes = with(&counts(), &[1, 2]).encode();
    assert_eq!(Statement::decode(&bytes), Ok(with(&counts(), &[1, 2])));
    for cut in 0..bytes.len() {
        assert!(Statement::decode(&bytes[..cut]).is_err());
    }
    let mut huge = bytes;
    let at = huge.len() - 6;
    huge[at..at + 2].fill(0xff);
    assert!(Statement::decode(&huge).is_err());
}

#[test]
fn groups_whose_missing_values_are_few_are_withheld_too() {
    // Every group is large; in one a change is missing for 3.
    let published = published(&table([60, 50, 40, 0], [0, 3, 20, 0]));
    let means = statement(&[], &[GROUP], &[Measure::Count, Measure::Sum(CHANGE)]);
    let chosen = withhold(&published.open, &means, &[]).unwrap();
    assert_eq!(chosen.withheld, [1, 2]);
    let proven = prove_in(&published, &chosen).unwrap();
    verify_in(&published, &chosen, &proven.results, &proven.proof).unwrap();
    assert_eq!(proven.results[..2], [60, 60]);
    assert_eq!(proven.results[3..], [150, 127]);
    // The same counts alone; that a group is known is so of all its rows.
    let known = statement(&[], &[GROUP], &[Measure::Count, present(&[1]), present(&[GROUP])]);
    let chosen = withhold(&published.open, &known, &[]).unwrap();
    assert_eq!(chosen.withheld, [1, 2]);
    let proven = prove_in(&published, &chosen).unwrap();
    verify_in(&published, &chosen, &proven.results, &proven.proof).unwrap();
    assert_eq!(proven.results, [60, 60, 60, 150, 127]);
    // Without the count of all rows nobody learns what is missing in a group.
    let alone = statement(&[], &[GROUP], &[present(&[1])]);
    assert_eq!(withhold(&published.open, &alone, &[]), Ok(alone.clone()));
}

#[test]
fn derived_columns_and_hidden_counts_stand_in_one_proof() {
    let published = published(&table([80, 12, 60, 40], [0; 4]));
    let variances = statement(
        &[Condition::True(3)],
        &[GROUP],
        &[Measure::Gram(vec![CHANGE, Quantity::Value(0)])],
    );
    let chosen = withhold(&published.open, &variances, &[]).unwrap();
    assert_eq!(chosen.withheld, [1, 2]);
    let planned = plan(&chosen, &published.open.body).unwrap();
    assert!(!planned.derived.is_empty());
    let proven = prove_in(&published, &chosen).unwrap();
    let statistic = verify_in(&published, &chosen, &proven.results, &proven.proof).unwrap();
    let Some(Answer::Gram(gram)) = statistic.answer(0, 0) else { panic!() };
    assert_eq!((gram.n, statistic.answer(1, 0)), (40, Some(Answer::Withheld)));
    assert_eq!(proven.results.last(), Some(&76));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn random_tables_are_told_as_far_as_they_may_be(
        sizes in prop::array::uniform4(0usize..30),
        missing in prop::array::uniform4(0usize..15),
    ) {
        prop_assume!(sizes.iter().sum::<usize>() > 0);
        let people = table(sizes, missing);
        let published = published(&people);
        for measures in [vec![Measure::Count], vec![Measure::Count, Measure::Sum(CHANGE)]] {
            let asked = statement(&[], &[GROUP], &measures);
            // Not every table can be told at all.
            let Ok(chosen) = withhold(&published.open, &asked, &[]) else { continue };
            let proven = prove_in(&published, &chosen).unwrap();
            let statistic = verify_in(&published, &chosen, &proven.results, &proven.proof).unwrap();
            for (group, size) in sizes[..3].iter().enumerate() {
                let expected = match chosen.withheld.contains(&(group as u16)) {
                    true => Answer::Withheld,
                    false => Answer::Count(*size as u128),
                };
                prop_assert_eq!(statistic.answer(group, 0), Some(expected));
            }
        }
    }
}
