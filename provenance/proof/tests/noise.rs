//! Sums with noise: what hides a row, that only the true sum with the agreed noise is accepted, and
//! what a lying holder would try.

use std::sync::{Mutex, OnceLock};

use veritrail_proof::argument::VerifyError;
use veritrail_proof::argument::forms::{OpenForm, prove_forms, verify_forms};
use veritrail_proof::argument::prove::prove as argue;
use veritrail_proof::body::Body;
use veritrail_proof::columns::Cells;
use veritrail_proof::commit::commit_value;
use veritrail_proof::curve::{Point, Scalar, Sum};
use veritrail_proof::generators::generators;
use veritrail_proof::noise::privacy::exponential;
use veritrail_proof::noise::verify;
use veritrail_proof::noise::*;
use veritrail_proof::relation::{Claim, Factor, Product, Relation, Weight};
use veritrail_proof::statement::prove::Proven;
use veritrail_proof::statement::*;
use veritrail_proof::transcript::Transcript;
use veritrail_provenance::hash::{LogHash, StatementId};
use veritrail_provenance::identity::{Did, SeedSigner, Signer};

use crate::fixtures::*;
use crate::statements::{checked, statement};
use answer::answer_with;
use committed::NoiseRefused;

const AGE: u16 = 0;
const CHANGE: u16 = 1;
const GROUP: u16 = 2;
const SMOKER: u16 = 3;
pub const NONCE: [u8; 32] = [3; 32];
pub const RELEASE: StatementId = StatementId::from_bytes([8; 32]);

/// Ages of smokers, their number, and the number of all, which is public.
fn smokers() -> Statement {
    statement(
        &[Condition::True(SMOKER)],
        &[],
        &[Measure::Count, Measure::Sum(Quantity::Value(AGE))],
    )
}

pub fn grouped() -> Statement {
    statement(&[], &[GROUP], &[Measure::Count, Measure::Sum(Quantity::Value(CHANGE))])
}

/// Coins that are enough, found by trying; what was found is remembered.
fn enough(privacy: &Privacy, spans: &[u32], times: u32) -> (Vec<Coins>, u8) {
    type Found = ((u32, Vec<u32>, u32), (Vec<Coins>, u8));
    static FOUND: Mutex<Vec<Found>> = Mutex::new(Vec::new());
    let key = (privacy.epsilon_thousandths(), spans.to_vec(), times);
    let mut found = FOUND.lock().unwrap();
    if let Some((_, coins)) = found.iter().find(|(known, _)| *known == key) {
        return coins.clone();
    }
    let coins_of = |coarse: u16| -> Vec<(Coins, u32)> {
        let fine = |span: u32| (32 - (span - 1).leading_zeros()) as u8;
        spans.iter().map(|span| (Coins { fine: fine(*span), coarse }, *span)).collect()
    };
    let kept = |coarse: u16| {
        let kept = |order: &u8| privacy.is_kept(&coins_of(coarse), times, *order);
        [2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64].into_iter().find(kept)
    };
    let (mut low, mut high) = (0, 2000);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if kept(middle).is_some() { high = middle } else { low = middle }
    }
    let coins: Vec<Coins> = coins_of(high).into_iter().map(|(coins, _)| coins).collect();
    found.push((key, (coins.clone(), kept(high).unwrap())));
    (coins, kept(high).unwrap())
}

/// Who asks.
fn asker() -> SeedSigner {
    SeedSigner::from_seed([4; 32].into())
}

fn audience() -> Did {
    Did::of_key(asker().public_key())
}

pub fn ask(statement: Statement, thousandths: u32) -> Ask {
    ask_of(checked().body(), statement, thousandths)
}

pub fn ask_of(body: &Body, statement: Statement, thousandths: u32) -> Ask {
    let privacy = Privacy::new(thousandths, 6).unwrap();
    let plan = plan::plan(&statement, body).unwrap();
    let answers = Answers::of(&statement, &plan, &body.schema).unwrap();
    let (coins, order) = enough(&privacy, &answers.spans, answers.times());
    let question = question(&NONCE, &audience(), body, context().origin.as_str());
    let signature = asker().sign(&question_message(&question));
    Ask {
        statement,
        privacy,
        coins,
        order,
        audience: audience(),
        question,
        signature,
        salt: [5; 32],
    }
}

pub fn told() -> Context {
    let audience = Some(Audience { did: audience(), nonce: NONCE });
    Context { audience, predecessor: Some(RELEASE), ..context() }
}

fn committed(ask: &Ask) -> Committed {
    let made = commit(&hospital().1.open, ask, &context(), &ENTROPY).unwrap();
    Committed::check(checked().body(), ask, &context(), &made).unwrap()
}

struct Made {
    noise: Committed,
    proven: Proven,
}

fn made() -> &'static [Made; 2] {
    static MADE: OnceLock<[Made; 2]> = OnceLock::new();
    MADE.get_or_init(|| {
        [ask(smokers(), 1000), ask(grouped(), 2000)].map(|ask| {
            let noise = committed(&ask);
            let proven = answer(&hospital().1.open, &noise, &RELEASE, &told(), &ENTROPY).unwrap();
            Made { noise, proven }
        })
    })
}

fn check_it(
    noise: &Committed,
    release: &StatementId,
    context: &Context,
    results: &[u128],
    proof: &[u8],
) -> Result<NoisyStatistic, NoiseRefused> {
    verify(checked(), noise, release, context, results, proof)
}

fn is_false<T: std::fmt::Debug>(result: Result<T, NoiseRefused>) -> bool {
    let refused = NoiseRefused::Proof(VerifyError::False);
    result.unwrap_err() == refused
}

/// The distribution of what the coins come to, by adding them up one by one.
fn distribution(coins: Coins) -> Vec<f64> {
    let mut chances = vec![1.0];
    for at in 0..coins.all() {
        let weight = coins.weight(at) as usize;
        let mut next = vec![0.0; chances.len() + weight];
        for (sum, chance) in chances.iter().enumerate() {
            next[sum] += chance / 2.0;
            next[sum + weight] += chance / 2.0;
        }
        chances = next;
    }
    chances
}

/// δ at ε of a sum that moves by `by`, in either direction.
fn told_of_move(chances: &[f64], by: usize, epsilon: f64) -> f64 {
    let at = |sum: isize| {
        usize::try_from(sum).ok().and_then(|sum| chances.get(sum)).copied().unwrap_or_default()
    };
    let sums = 0..(chances.len() + by) as isize;
    let one_way = |by: isize| -> f64 {
        let sums = sums.clone().map(|sum| sum - by.max(0) + by.max(0));
        sums.map(|sum| (at(sum) - epsilon.exp() * at(sum - by)).max(0.0)).sum()
    };
    let back: f64 =
        sums.clone().map(|sum| (at(sum - by as isize) - epsilon.exp() * at(sum)).max(0.0)).sum();
    one_way(by as isize).max(back)
}

/// The least δ, to a thousandth, that is accepted at some order for moves of two integers at once.
fn accepted(coins: Coins, span: u32, thousandths: u32) -> Option<u8> {
    let kept = |exponent: &u8| {
        let privacy = Privacy::new(thousandths, *exponent).unwrap();
        (1..=40).any(|order| privacy.is_kept(&[(coins, span)], 2, order))
    };
    (6..=15).rev().find(kept)
}

#[test]
fn the_loss_is_that_of_the_distribution() {
    let mut found = 0;
    for (fine, coarse, thousandths) in
        [(0, 150, 1500), (0, 60, 2000), (2, 120, 2000), (3, 90, 2000), (1, 200, 1100)]
    {
        let coins = Coins { fine, coarse };
        let chances = distribution(coins);
        assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let epsilon = f64::from(thousandths) / 1000.0;
        for span in [1u32, 2, 3, 4, 6, 8] {
            let Some(exponent) = accepted(coins, span, thousandths) else { continue };
            found += 1;
            let claimed = 10f64.powi(-i32::from(exponent));
            for by in 1..=span as usize {
                let one = told_of_move(&chances, by, epsilon);
                let both = told_of_both(&chances, by, epsilon);
                assert!(one < claimed && both <= claimed, "{coins:?} {span}: {both} {claimed}");
            }
        }
    }
    assert!(found > 12, "{found}");
}

/// δ at ε of two independent sums that move by `by`, one up and one down.
fn told_of_both(chances: &[f64], by: usize, epsilon: f64) -> f64 {
    let moved: Vec<f64> = [vec![0.0; by], chances.to_vec()].concat();
    let still: Vec<f64> = [chances.to_vec(), vec![0.0; by]].concat();
    let mut delta = 0.0;
    for (up, up_moved) in still.iter().zip(&moved) {
        for (down, down_moved) in still.iter().zip(&moved) {
            delta += (up * down_moved - epsilon.exp() * up_moved * down).max(0.0);
        }
    }
    delta
}

/// The vector of docs/formats/proof.md, which another implementation of the rule was held against.
#[test]
fn the_border_of_what_is_enough_is_where_it_is_written() {
    let privacy = Privacy::new(1000, 6).unwrap();
    let kept = |first: u16, last: u16| {
        let coins = |fine, coarse| Coins { fine, coarse };
        let touched = [(coins(0, first), 1), (coins(0, 509), 1), (coins(9, last), 1000)];
        privacy.is_kept(&touched, 2, 22)
    };
    assert!(kept(509, 2033));
    assert!(kept(471, 2033) && !kept(470, 2033));
    assert!(kept(509, 1880) && !kept(509, 1879));
}

/// The design had Δ·(coins − m/2): a sum that moves by less than Δ is then told from the other by
/// what it leaves when divided by Δ, whatever the noise. Fine coins are the repair.
#[test]
fn whole_steps_alone_tell_what_they_leave() {
    let (span, coarse) = (8u32, 400);
    let mut whole = vec![0.0; 8 * 401];
    let chances = distribution(Coins { fine: 0, coarse });
    chances.iter().enumerate().for_each(|(sum, chance)| whole[8 * sum] = *chance);
    assert!((told_of_move(&whole, 1, 2.0) - 1.0).abs() < 1e-9, "every row is told apart");
    assert!(told_of_move(&whole, 8, 0.5) < 1e-3, "only whole steps are hidden");
    let repaired = distribution(Coins { fine: 3, coarse });
    assert!((1..=span).all(|by| told_of_move(&repaired, by as usize, 0.5) < 1e-3));
}

#[test]
fn exponentials_are_rounded_down_and_by_little() {
    for (numerator, denominator) in [(0, 1), (10, 64_000), (1, 3), (500, 1000), (2000, 1000)] {
        let exact = (numerator as f64 / denominator as f64).exp();
        let found = exponential(numerator, denominator) as f64 / 2f64.powi(64);
        assert!((found / exact - 1.0).abs() < 1e-14, "{numerator}/{denominator}: {found}");
    }
    // e^1 to 64 bits after the point, from its known digits.
    assert!(exponential(1, 1) <= 0x2_b7e1_5162_8aed_2a6a);
    assert!(exponential(1, 1) > 0x2_b7e1_5162_8aed_2a00);
}

#[test]
fn privacy_has_limits() {
    assert!(Privacy::new(10, 6).is_ok() && Privacy::new(2000, 15).is_ok());
    assert_eq!(Privacy::new(9, 6), Err(PrivacyError::Epsilon));
    assert_eq!(Privacy::new(2001, 6), Err(PrivacyError::Epsilon));
    assert_eq!(Privacy::new(10, 5), Err(PrivacyError::Delta));
    assert_eq!(Privacy::new(10, 16), Err(PrivacyError::Delta));
    let many = [(Coins { fine: 0, coarse: 2048 }, 1)];
    let little = Privacy::new(210, 6).unwrap();
    assert!(little.is_kept(&many, 1, 64) && !little.is_kept(&many, 1, 65));
    assert!(!little.is_kept(&many, 1, 0) && !little.is_kept(&[(many[0].0, 17)], 1, 64));
}

#[test]
fn noise_is_proven_and_is_that_of_its_coins() {
    let people = &hospital().0;
    let [smokers, grouped] = made();
    let ages = people.iter().filter(|one| one.smoker).map(|one| one.age - 18);
    let exact =
        [ages.clone().count() as u128, ages.clone().count() as u128, ages.sum::<i64>() as u128];
    let Made { noise, proven } = smokers;
    let shown = check_it(noise, &RELEASE, &told(), &proven.results, &proven.proof).unwrap();
    assert_eq!(shown.results(), &proven.results[..]);
    assert_eq!(proven.results[0], proven.results[1], "equal integers bear one noise");
    for (at, coins) in shown.coins().into_iter().enumerate() {
        let coins = coins.unwrap();
        let most = (u128::from(coins.coarse) + 1) << coins.fine;
        let noise = proven.results[at].checked_sub(exact[at]).unwrap();
        assert!(noise > 0 && noise < most, "{at}: {noise} of {most}");
    }
    let Made { noise, proven } = grouped;
    check_it(noise, &RELEASE, &told(), &proven.results, &proven.proof).unwrap();
    // What a row touches: three integers of the group that it leaves, three of the one it comes to.
    assert_eq!(noise.commitments().points().len(), 9, "rows, those with a change, and its sum");
    let plan = plan::plan(&noise.ask().statement, checked().body()).unwrap();
    let answers = Answers::of(&noise.ask().statement, &plan, &checked().body().schema).unwrap();
    assert_eq!((answers.times(), answers.groups, &answers.spans[..]), (2, 3, &[1, 1, 1000][..]));
}

/// Over many releases the noise is on average what it should be, and spreads as it should.
#[test]
fn noise_is_fair() {
    let count = statement(&[Condition::True(SMOKER)], &[], &[Measure::Count]);
    let noise = committed(&ask(count, 300));
    let coins = noise.ask().coins[0];
    let exact = hospital().0.iter().filter(|one| one.smoker).count() as f64;
    let tries = 60;
    let told_in = |release: u8| {
        let release = StatementId::from_bytes([release; 32]);
        let made = answer(&hospital().1.open, &noise, &release, &told(), &ENTROPY).unwrap();
        made.results[0] as f64 - exact - coins.twice_mean() as f64 / 2.0
    };
    let noises: Vec<f64> = (0..tries).map(told_in).collect();
    let variance = coins.twelve_variances() as f64 / 12.0;
    let mean = noises.iter().sum::<f64>() / f64::from(tries);
    let squares = noises.iter().map(|noise| noise * noise).sum::<f64>() / f64::from(tries);
    assert!(mean.abs() < 4.0 * (variance / f64::from(tries)).sqrt(), "{mean} of {variance}");
    assert!((0.4..1.9).contains(&(squares / variance)), "{squares} of {variance}");
}

#[test]
fn another_sum_is_refused() {
    for Made { noise, proven } in made() {
        for at in 0..proven.results.len() {
            for by in [1i128, -1, 2048] {
                let mut results = proven.results.clone();
                let value = (results[at] as i128 + by) as u128;
                // Equal integers are changed together: told apart they are no statement at all.
                let same = results[at];
                results.iter_mut().filter(|one| **one == same).for_each(|one| *one = value);
                let changed = check_it(noise, &RELEASE, &told(), &results, &proven.proof);
                assert!(is_false(changed), "{at} by {by}");
            }
        }
    }
    let Made { noise, proven } = &made()[0];
    let mut apart = proven.results.clone();
    apart[1] += 1;
    let refused = check_it(noise, &RELEASE, &told(), &apart, &proven.proof).unwrap_err();
    assert_eq!(refused, NoiseError::from(StatementError::Shape).into());
    let mut huge = proven.results.clone();
    huge[2] = 1 << 127;
    let refused = check_it(noise, &RELEASE, &told(), &huge, &proven.proof).unwrap_err();
    assert_eq!(refused, NoiseError::from(StatementError::Bound).into());
}

/// The blinds that [`noise::committed`](veritrail_proof::noise::committed) derives are its own, so a
/// liar is one who opens other bits than were committed to.
#[test]
fn a_holder_who_lies_is_refused() {
    let Made { noise, .. } = &made()[0];
    let people = &hospital().0;
    let ages = people.iter().filter(|one| one.smoker).map(|one| (one.age - 18) as u128);
    let exact = [ages.clone().count() as u128, ages.clone().count() as u128, ages.sum()];
    let mut blinds = Counted(3);
    // Bits that make the noise which suits the holder, and sums that do.
    let chosen = open(Cells::values(vec![1; 4096], 1), 4096, &mut blinds);
    let told_of = |sums: &[u128]| {
        let open = &hospital().1.open;
        answer_with(open, noise, &RELEASE, &told(), &chosen, sums, &ENTROPY).unwrap()
    };
    let proven = told_of(&exact);
    assert!(is_false(check_it(noise, &RELEASE, &told(), &proven.results, &proven.proof)));

    // The same holder whose bits are as they were committed to tells other sums.
    let ask = noise.ask();
    let column = open(Cells::values(vec![1; 4096], 1), 4096, &mut blinds);
    let bit = Factor::Column(0);
    let product = |coefficient, factors| Product { coefficient, factors };
    let products = vec![product(1, vec![bit, bit]), product(-1, vec![bit])];
    let claim = Claim { weight: Weight::Zero, products, sum: 0 };
    let relation = Relation::new(4096, 1, vec![], vec![claim]).unwrap();
    let mut transcript = Transcript::new();
    committed::absorb(&mut transcript, checked().body(), ask, &context());
    let points = column.commitments.bytes().to_vec();
    let proof =
        argue(&mut transcript, &relation, std::slice::from_ref(&column), &mut blinds).unwrap();
    let made = NoiseProof { points, proof };
    let own = Committed::check(checked().body(), ask, &context(), &made).unwrap();
    let answered = |sums: &[u128]| {
        let open = &hospital().1.open;
        let proven = answer_with(open, &own, &RELEASE, &told(), &column, sums, &ENTROPY).unwrap();
        check_it(&own, &RELEASE, &told(), &proven.results, &proven.proof)
    };
    answered(&exact).unwrap();
    assert!(is_false(answered(&[exact[0], exact[1], exact[2] + 1])));
    assert!(is_false(answered(&[exact[0] - 1, exact[1] - 1, exact[2]])));
}

/// A holder who puts εQ into a commitment takes ε from what the form makes of it: with a multiple of Q
/// that is known beforehand, both together look right.
#[test]
fn a_form_makes_nothing_else_of_a_commitment() {
    let random = |seed, below| -> Vec<Scalar> {
        numbers(seed, 2048, below).into_iter().map(Scalar::from).collect()
    };
    let (bits, form) = (random(3, 2), random(4, 1 << 40));
    let made = OpenForm::made(&bits, &form);
    let (blind, epsilon) = (scalar([5, 6, 7, 0]), scalar([1 << 20, 0, 0, 0]));
    let commit = |shift: Scalar| {
        let rows = generators().rows.iter().zip(&bits).map(|(row, bit)| *row * bit);
        Point::from(rows.sum::<Sum>() + commit_value(&shift, &blind))
    };
    let shown = |shift: Scalar, value: Scalar| {
        let numbers = bits.clone().into();
        let open = OpenForm { numbers, blind, form: form.clone(), value };
        let (_, proof) = prove_forms(&mut Transcript::new(), &[open], &mut Counted(9)).unwrap();
        verify_forms(&mut Transcript::new(), &[commit(shift)], std::slice::from_ref(&form), &proof)
    };
    shown(Scalar::default(), made).unwrap();
    let refused = Err(VerifyError::False);
    assert_eq!(shown(Scalar::default(), made + epsilon).map(drop), refused);
    assert_eq!(shown(epsilon, made).map(drop), refused);
    assert_eq!(shown(epsilon, made - epsilon).map(drop), refused, "the forgery by a known x");
}

#[test]
fn coins_are_bound_to_nonce_audience_release_and_place() {
    let Made { noise, proven } = &made()[0];
    let checks = |release: &StatementId, context: &Context| {
        check_it(noise, release, context, &proven.results, &proven.proof)
    };
    assert!(is_false(checks(&StatementId::from_bytes([9; 32]), &told())), "another release");
    let earlier = Context { predecessor: None, ..told() };
    assert!(is_false(checks(&RELEASE, &earlier)), "another predecessor");
    let other = Audience { did: did(), nonce: NONCE };
    let nonce = Audience { did: audience(), nonce: [4; 32] };
    for audience in [Some(other), Some(nonce), None] {
        let refused = checks(&RELEASE, &Context { audience, ..told() }).unwrap_err();
        assert_eq!(refused, NoiseError::Nonce.into());
    }
    let moved = [
        Context { index: 4, ..told() },
        Context { leaf: LogHash::from_bytes([1; 32]), ..told() },
        Context { origin: "example.org/other".parse().unwrap(), ..told() },
    ];
    for context in moved {
        let refused = checks(&RELEASE, &context).unwrap_err();
        assert_eq!(refused, NoiseError::from(StatementError::Shape).into());
    }
    assert!(matches!(
        answer(&hospital().1.open, noise, &RELEASE, &context(), &ENTROPY),
        Err(NoiseError::Nonce)
    ));
}

#[test]
fn bits_are_bound_to_what_they_are_for() {
    let asked = ask(smokers(), 1000);
    let made = commit(&hospital().1.open, &asked, &context(), &ENTROPY).unwrap();
    let body = checked().body();
    let check = |ask: &Ask, context: &Context| Committed::check(body, ask, context, &made);
    check(&asked, &context()).unwrap();
    let other = [6; 32];
    let more = |coins: &Coins| Coins { coarse: coins.coarse + 1, ..*coins };
    let others = [
        Ask { salt: [6; 32], ..asked.clone() },
        Ask {
            question: other,
            signature: asker().sign(&question_message(&other)),
            ..asked.clone()
        },
        Ask { privacy: Privacy::new(1001, 6).unwrap(), ..asked.clone() },
        Ask { coins: asked.coins.iter().map(more).collect(), ..asked.clone() },
        Ask {
            statement: statement(&[Condition::False(SMOKER)], &[], &asked.statement.measures),
            ..asked.clone()
        },
    ];
    others.iter().for_each(|other| assert!(is_false(check(other, &context())), "{other:?}"));
    let predecessor = Some(StatementId::from_bytes([1; 32]));
    assert!(is_false(check(&asked, &Context { predecessor, ..context() })));
    assert!(is_false(check(&asked, &Context { index: 4, ..context() })));
}

#[test]
fn bits_of_another_commitment_answer_nothing() {
    let (one, other) = (ask(smokers(), 1000), Ask { salt: [6; 32], ..ask(smokers(), 1000) });
    let [one, other] = [one, other].map(|ask| committed(&ask));
    assert_ne!(one.commitments(), other.commitments(), "no two hold the same bits");
    let proven = answer(&hospital().1.open, &one, &RELEASE, &told(), &ENTROPY).unwrap();
    assert!(is_false(check_it(&other, &RELEASE, &told(), &proven.results, &proven.proof)));
}

#[test]
fn too_little_noise_is_refused() {
    let asked = ask(smokers(), 1000);
    let body = checked().body();
    asked.plan(body).unwrap();
    let mut little = vec![Ask { order: 0, ..asked.clone() }, Ask { order: 65, ..asked.clone() }];
    for at in 0..asked.coins.len() {
        let mut coins = asked.coins.clone();
        coins[at].coarse -= coins[at].coarse / 10;
        little.push(Ask { coins: coins.clone(), ..asked.clone() });
        coins[at] = Coins { fine: 0, coarse: 2048 };
        little.extend((at == 1).then(|| Ask { coins, ..asked.clone() }));
    }
    for less in little {
        assert_eq!(less.plan(body).unwrap_err(), NoiseError::TooLittle, "{less:?}");
        let refused = commit(&hospital().1.open, &less, &context(), &ENTROPY);
        assert_eq!(refused.unwrap_err(), NoiseError::TooLittle);
    }
    let mut coins = asked.coins.clone();
    coins[1].fine += 1;
    coins[1].coarse = 2048;
    let crowded = Ask { coins, ..asked.clone() };
    assert_eq!(crowded.plan(body).unwrap_err(), NoiseError::Shape, "more coins than a chunk has");
    let fewer = Ask { coins: asked.coins[..1].to_vec(), ..asked.clone() };
    assert_eq!(fewer.plan(body).unwrap_err(), NoiseError::Shape);
}

/// Whoever knows a nonce could ask with it in its owner's name, were questions not signed.
#[test]
fn nobody_asks_in_the_name_of_another() {
    let asked = ask(smokers(), 1000);
    let body = checked().body();
    let forged = SeedSigner::from_seed([5; 32].into()).sign(&question_message(&asked.question));
    let other = question(&NONCE, &audience(), body, "example.org/other");
    let unsigned = [
        Ask { signature: forged, ..asked.clone() },
        Ask { question: other, ..asked.clone() },
        Ask { audience: did(), ..asked.clone() },
    ];
    for one in unsigned {
        assert_eq!(one.plan(body).unwrap_err(), NoiseError::Unsigned);
        let refused = commit(&hospital().1.open, &one, &context(), &ENTROPY);
        assert_eq!(refused.unwrap_err(), NoiseError::Unsigned);
    }
}

/// In the first group two sums are its number of rows, in others they are not: one list of coins
/// would hide a sum of ages as if it were a number of rows.
#[test]
fn groups_that_tell_other_integers_than_the_first_are_refused() {
    let body = checked().body();
    let level = |level| Measure::Sum(Quantity::Level(GROUP, level));
    let age = Measure::Sum(Quantity::Value(AGE));
    for measures in [
        vec![level(0), level(1), age.clone()],
        vec![level(0), age.clone()],
        vec![Measure::Count, level(1), level(2)],
    ] {
        let odd = statement(&[], &[GROUP], &measures);
        let plan = plan::plan(&odd, body).unwrap();
        let refused = Answers::of(&odd, &plan, &body.schema);
        assert_eq!(refused.unwrap_err(), NoiseError::Shape, "{measures:?}");
    }
}

#[test]
fn only_counts_and_sums_are_told_with_noise() {
    let body = checked().body();
    let refused = |statement: Statement| {
        let plan = plan::plan(&statement, body).unwrap();
        Answers::of(&statement, &plan, &body.schema).unwrap_err()
    };
    let gram = Measure::Gram(vec![Quantity::Value(AGE)]);
    assert_eq!(refused(statement(&[], &[], &[gram])), NoiseError::Measure);
    let withheld = Statement { withheld: vec![0, 1], ..grouped() };
    assert_eq!(refused(withheld), NoiseError::Measure);
}

/// A holder whose "bits" are no bits could choose the noise.
#[test]
fn other_numbers_than_bits_are_refused() {
    let asked = ask(statement(&[Condition::True(SMOKER)], &[], &[Measure::Count]), 1000);
    let mut blinds = Counted(7);
    for number in [2u32, 7] {
        let column = open(Cells::values(vec![number; 2048], 3), 2048, &mut blinds);
        let bit = Factor::Column(0);
        let product = |coefficient, factors| Product { coefficient, factors };
        let products = vec![product(1, vec![bit, bit]), product(-1, vec![bit])];
        let claim = Claim { weight: Weight::Zero, products, sum: 0 };
        let relation = Relation::new(2048, 1, vec![], vec![claim]).unwrap();
        let points = column.commitments.bytes().to_vec();
        let proof = argue(&mut Transcript::new(), &relation, &[column], &mut blinds).unwrap();
        let made = NoiseProof { points, proof };
        assert!(is_false(Committed::check(checked().body(), &asked, &context(), &made)));
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    let Made { noise, proven } = &made()[0];
    for at in (0..proven.proof.len()).step_by(7) {
        let mut proof = proven.proof.clone();
        proof[at] ^= 1 << (at % 8);
        assert!(check_it(noise, &RELEASE, &told(), &proven.results, &proof).is_err(), "{at}");
    }
    for proof in [&proven.proof[1..], &[&proven.proof[..], &[0]].concat()] {
        assert!(check_it(noise, &RELEASE, &told(), &proven.results, proof).is_err());
    }
    let asked = ask(smokers(), 1000);
    let made = commit(&hospital().1.open, &asked, &context(), &ENTROPY).unwrap();
    for at in 0..made.proof.len() {
        let mut flipped = made.clone();
        flipped.proof[at] ^= 1 << (at % 8);
        assert!(Committed::check(checked().body(), &asked, &context(), &flipped).is_err(), "{at}");
    }
    for at in 0..made.points.len() {
        let mut flipped = made.clone();
        flipped.points[at] ^= 1 << (at % 8);
        assert!(Committed::check(checked().body(), &asked, &context(), &flipped).is_err(), "{at}");
    }
}

#[test]
fn two_answers_share_no_element() {
    let Made { noise, proven } = &made()[0];
    let other = Context { predecessor: Some(StatementId::from_bytes([2; 32])), ..told() };
    let again = answer(&hospital().1.open, noise, &RELEASE, &other, &ENTROPY).unwrap();
    assert_eq!(again.results, proven.results, "bits and coins are the same");
    assert_eq!(again.proof.len(), proven.proof.len());
    let elements: Vec<&[u8]> = proven.proof.chunks_exact(32).collect();
    assert!(again.proof.chunks_exact(32).all(|one| !elements.contains(&one)));
}

#[test]
fn asks_are_read_as_they_are_written() {
    for asked in [ask(smokers(), 1000), ask(grouped(), 2000)] {
        let bytes = asked.encode();
        assert_eq!(Ask::decode(&bytes).unwrap(), asked);
        assert!((0..bytes.len()).all(|cut| Ask::decode(&bytes[..cut]).is_err()));
        assert!(Ask::decode(&[&bytes[..], &[0]].concat()).is_err());
    }
}
