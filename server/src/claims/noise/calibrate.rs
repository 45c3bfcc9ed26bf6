//! How many coins hide a row: calibrated by opendp as Gaussian noise, then made exactly enough.

use std::sync::{Mutex, PoisonError};

use opendp::combinators::{make_composition, make_fix_delta, make_zCDP_to_approxDP};
use opendp::domains::AtomDomain;
use opendp::error::Error as OpenDpError;
use opendp::measurements::make_gaussian;
use opendp::measures::ZeroConcentratedDivergence;
use opendp::metrics::AbsoluteDistance;
use opendp::utilities::binary_search;
use veritrail_proof::body::Body;
use veritrail_proof::noise::privacy::{ORDER_MAX, STEPS_MAX, steps};
use veritrail_proof::noise::{Answers, Coins, FINE_MAX, NoiseError, Privacy};
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::plan::plan;

use super::super::compile::Claim;
use super::super::measures::{Function, Item};
use super::super::refused::Refused;
use super::super::text;

/// The most coins that one integer has.
const COINS_MAX: u32 = 2_048;
/// Standard deviations, in spans of a row, between which the noise is looked for: less tells
/// everything, more needs more coins than there are.
const SPREADS: (f64, f64) = (0.5, 64.0);
/// The parts of opendp's spread that are tried one after another, from the least on: its conversion
/// to (ε, δ) is not the tightest, and binomial noise needs to spread more than Gaussian noise.
const PARTS: f64 = 64.0;
const LEAST_PART: u32 = 48;
const MOST_PART: u32 = 160;

/// One at a time: opendp silences panics while it calculates, by a hook of the whole process that two
/// threads at once would never put back.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Coins that hide what they have to.
#[derive(Debug, Clone)]
pub struct Enough {
    /// What they hide.
    pub privacy: Privacy,
    /// Those of each integer of a group.
    pub coins: Vec<Coins>,
    /// The order at which they are enough.
    pub order: u8,
}

/// The coins of a claim.
///
/// # Errors
/// When the claim is none that can be told with noise, or no noise that can be proven hides a row so
/// well; with the nearest claim that can.
pub fn calibrate(claim: &Claim, body: &Body, privacy: Privacy) -> Result<Enough, Refused> {
    check_items(claim, &body.schema)?;
    let plan = plan(claim.statement(), body).map_err(|error| not_told(error.into()))?;
    let answers = Answers::of(claim.statement(), &plan, &body.schema).map_err(not_told)?;
    let integers = answers.spans.len() * answers.times() as usize;
    let (epsilon, delta) = parts(privacy);
    // Where opendp finds none, there is none between these spreads.
    let Ok(spread) = gaussian(integers, epsilon, delta) else {
        return Err(too_many(integers, privacy));
    };
    for part in LEAST_PART..=MOST_PART {
        let spread = spread * f64::from(part) / PARTS;
        let coins = answers.spans.iter().map(|span| coins(*span, spread));
        let Some(coins) = coins.collect::<Option<Vec<_>>>() else { break };
        let touched: Vec<(Coins, u32)> =
            coins.iter().copied().zip(answers.spans.iter().copied()).collect();
        let Some(order) = order(&touched, answers.times(), epsilon, delta) else { continue };
        // What counts is decided in whole numbers, as every verifier does.
        if privacy.is_kept(&touched, answers.times(), order) {
            return Ok(Enough { privacy, coins, order });
        }
    }
    Err(too_many(integers, privacy))
}

/// ε and δ as opendp takes them.
fn parts(privacy: Privacy) -> (f64, f64) {
    let epsilon = f64::from(privacy.epsilon_thousandths()) / 1_000.0;
    (epsilon, 10f64.powi(-i32::from(privacy.delta_exponent())))
}

/// The standard deviation, in spans of a row, of the Gaussian noise of so many integers that a row
/// touches at once.
fn gaussian(integers: usize, epsilon: f64, delta: f64) -> Result<f64, OpenDpError> {
    let loss = |scale: f64| {
        let one = || {
            let domain = AtomDomain::<f64>::new_non_nan();
            let metric = AbsoluteDistance::<f64>::default();
            make_gaussian::<_, _, ZeroConcentratedDivergence>(domain, metric, scale, None)
        };
        let all = make_composition((0..integers).map(|_| one()).collect::<Result<Vec<_>, _>>()?)?;
        make_fix_delta(&make_zCDP_to_approxDP(all)?, delta)?.map(&1.0)
    };
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let is_enough = |scale: &f64| loss(*scale).is_ok_and(|(lost, _)| lost <= epsilon);
    binary_search(is_enough, SPREADS)
}

/// Coins that spread so far, by as few steps as there are coins for: the more steps a span is, the
/// less is lost by rounding it up to whole ones.
fn coins(span: u32, spread: f64) -> Option<Coins> {
    let all = (0..=FINE_MAX).filter_map(|fine| {
        let steps = u64::from(span).div_ceil(1 << fine);
        let coarse = (4.0 * (spread * steps as f64).powi(2)).ceil();
        let fits = steps <= STEPS_MAX && coarse + f64::from(fine) <= f64::from(COINS_MAX);
        fits.then_some(Coins { fine, coarse: coarse as u16 })
    });
    all.min_by_key(Coins::twelve_variances)
}

/// The order at which the loss is least, if that is little enough: the rule of
/// [`veritrail_proof::noise::privacy`] in floats, to look through many.
fn order(touched: &[(Coins, u32)], times: u32, epsilon: f64, delta: f64) -> Option<u8> {
    let losses: Vec<Vec<(f64, f64)>> = touched
        .iter()
        .map(|(coins, span)| log_losses(coins.coarse, steps(*coins, *span)))
        .collect();
    let loss = |order: u8| {
        let order = f64::from(order);
        let constant = order * order.ln() - (order + 1.0) * (order + 1.0).ln() - order * epsilon;
        let (mut rare, mut moments) = (0.0, 0.0);
        for losses in &losses {
            let is_rare = |(_, loss): &&(f64, f64)| *loss > 1.25 * epsilon;
            rare += losses.iter().filter(is_rare).map(|(chance, _)| chance.exp()).sum::<f64>();
            let others = losses.iter().filter(|one| !is_rare(one));
            moments += others.map(|(chance, loss)| (chance + order * loss).exp()).sum::<f64>().ln();
        }
        f64::from(times) * rare + (constant + f64::from(times) * moments).exp()
    };
    let all = (1..=ORDER_MAX).map(|order| (order, loss(order)));
    let (order, loss) = all.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    (loss <= delta).then_some(order)
}

/// For every number of coins that fall on 1 the logarithms of its chance, and of that chance by the one
/// of so many fewer.
fn log_losses(coarse: u16, steps: u64) -> Vec<(f64, f64)> {
    let coarse = f64::from(coarse);
    let mut chance = -coarse * std::f64::consts::LN_2;
    let mut chances = vec![chance];
    for z in 1..=coarse as u32 {
        let z = f64::from(z);
        chance += ((coarse + 1.0 - z) / z).ln();
        chances.push(chance);
    }
    let steps = steps as usize;
    let before = |z: usize| z.checked_sub(steps).and_then(|z| chances.get(z));
    let loss = |(z, chance): (usize, &f64)| {
        (*chance, before(z).map_or(f64::INFINITY, |before| chance - before))
    };
    chances.iter().enumerate().map(loss).collect()
}

/// Whether all that is asked is told with noise.
pub(super) fn check_items(claim: &Claim, schema: &Schema) -> Result<(), Refused> {
    let told = |function: Function| {
        matches!(function, Function::Rows | Function::Count | Function::Sum | Function::Mean)
    };
    for item in claim.items() {
        let Item::Measured(measured) = item else { continue };
        if !told(measured.function) {
            let why = "its integers are sums of products, which noise would drown";
            let instead = "with noise: count, sum and avg; of squares, a claim without noise";
            return Err(Refused::new(measured.function.name(), why, instead));
        }
    }
    if claim.null_group {
        let place = claim.groups.columns.first().map(|at| usize::from(*at));
        let column = place.and_then(|at| schema.columns().get(at));
        let name = text::name(column.map_or("", |column| &column.name));
        let why = "the rows in which it is null are a group whose number is not told by itself";
        let instead = format!("WHERE {name} IS NOT NULL");
        return Err(Refused::new(format!("GROUP BY {name}"), why, instead));
    }
    if !claim.statement().withheld.is_empty() {
        let why = "with noise all groups are told, as it hides small ones like others";
        return Err(Refused::new("HAVING", why, "the claim without HAVING"));
    }
    Ok(())
}

fn not_told(error: NoiseError) -> Refused {
    let instead = "fewer aggregates or groups, and no aggregate of a level that is grouped by";
    Refused::new("the claim", error.to_string(), instead)
}

fn too_many(integers: usize, privacy: Privacy) -> Refused {
    let (epsilon, delta) = parts(privacy);
    let counted =
        if integers == 1 { "1 integer".to_owned() } else { format!("{integers} integers") };
    let why = format!(
        "one row touches {counted} of it, and to hide it for epsilon {epsilon} and delta {delta:e} \
         takes more than {COINS_MAX} coins each"
    );
    let instead = match integers {
        1 => "a greater --epsilon: about 0.2 is the least for one number of rows",
        _ => "fewer aggregates, no groups, or a greater --epsilon",
    };
    Refused::new("the claim", why, instead)
}
