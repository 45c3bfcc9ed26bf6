//! What integers with noise say: each result with how far its noise spreads. What the noise is on
//! average is taken off first; nothing else is done to make a result look likelier, so a count may be
//! below 0.

use veritrail_proof::derived::Exact;
use veritrail_proof::noise::{Coins, NoisyStatistic};
use veritrail_proof::schema::{Kind, Schema};
use veritrail_proof::statement::{Measure, Quantity};

use super::super::answers::{Answer, Row, Value};
use super::super::compile::Claim;
use super::super::groups::{Key, Level};
use super::super::integers::levels;
use super::super::measures::{Function, Item, Measured};
use super::super::text;

/// An integer without what its noise is on average, times 2.
#[derive(Debug, Clone, Copy)]
struct Noisy {
    twice: i128,
    /// The variance of the noise.
    variance: f64,
}

impl Noisy {
    fn new(told: u128, coins: Option<Coins>) -> Option<Self> {
        let told = i128::try_from(told).ok()?.checked_mul(2)?;
        Some(match coins {
            Some(coins) => Self {
                twice: told.checked_sub(i128::from(coins.twice_mean()))?,
                variance: coins.twelve_variances() as f64 / 12.0,
            },
            None => Self { twice: told, variance: 0.0 },
        })
    }

    fn value(self) -> f64 {
        self.twice as f64 / 2.0
    }
}

/// A row for every group, whether anybody is in it or not: that nobody is would tell.
pub(super) fn rows(claim: &Claim, statistic: &NoisyStatistic) -> Option<Vec<Row>> {
    let schema = &statistic.body().schema;
    let integers = statistic.results().iter().zip(statistic.coins());
    let integers = integers.map(|(told, coins)| Noisy::new(*told, coins));
    let integers = integers.collect::<Option<Vec<_>>>()?;
    let mut rest = &integers[..];
    let mut rows = Vec::new();
    for levels in levels(claim.statement(), schema)? {
        let mut measures = Vec::new();
        for measure in &claim.statement().measures {
            let (own, others) = rest.split_at_checked(measure.integers())?;
            measures.push((measure, own));
            rest = others;
        }
        rows.push(row(claim, schema, &levels, &measures)?);
    }
    rest.is_empty().then_some(rows)
}

fn row(
    claim: &Claim,
    schema: &Schema,
    levels: &[Option<u8>],
    measures: &[(&Measure, &[Noisy])],
) -> Option<Row> {
    let columns = &claim.groups.columns;
    let group = columns.iter().zip(levels);
    let group = group.map(|(column, place)| place.map(|at| Level::of(*column, at, schema)));
    let key = |key: &Key| {
        let column = columns.iter().position(|column| *column == key.column())?;
        levels.get(column)?.map(|place| key.value(place, schema))
    };
    let keys = claim.keys().iter().map(key).collect();
    let mut answers = Vec::new();
    for item in claim.items() {
        if let Item::Measured(measured) = item {
            let (measure, integers) = measures.get(measured.measure)?;
            answers.push(answer(measured, measure, integers, schema)?);
        }
    }
    Some(Row { group: group.collect(), keys, answers })
}

fn answer(
    measured: &Measured,
    measure: &Measure,
    integers: &[Noisy],
    schema: &Schema,
) -> Option<Answer> {
    let count = *integers.first()?;
    let (value, spread) = match (measured.function, measure) {
        (Function::Rows | Function::Count, _) => (halves(count.twice, 0), count.variance.sqrt()),
        (Function::Sum, Measure::Sum(quantity)) => sum(count, *integers.get(1)?, quantity, schema)?,
        (Function::Mean, Measure::Sum(quantity)) => {
            mean(count, *integers.get(1)?, quantity, schema)?
        }
        _ => return None,
    };
    let name = text::measured(measured, schema);
    let noise = Some(spread).filter(|spread| *spread > 0.0);
    Some(Answer { name, value, standard_error: None, within: None, noise })
}

/// Half a number, with as many decimal places as it needs.
fn halves(twice: i128, places: u8) -> Value {
    match (twice % 2, places) {
        (0, 0) => Value::Whole(twice / 2),
        (0, places) => Value::Decimal(twice / 2, places),
        _ => twice.checked_mul(5).map_or(Value::Null, |tenths| Value::Decimal(tenths, places + 1)),
    }
}

/// lo and the decimal places of a quantity.
fn scale(quantity: &Quantity, schema: &Schema) -> Option<(i128, u8)> {
    let Quantity::Value(column) = quantity else { return Some((0, 0)) };
    match schema.columns().get(usize::from(*column))?.kind {
        Kind::Number { places, lo, .. } => Some((i128::from(lo), places)),
        Kind::Category { .. } | Kind::Boolean => None,
    }
}

/// Σx = Σu + lo·n, with the noise of both.
fn sum(count: Noisy, sum: Noisy, of: &Quantity, schema: &Schema) -> Option<(Value, f64)> {
    let (lo, places) = scale(of, schema)?;
    let twice = sum.twice.checked_add(lo.checked_mul(count.twice)?)?;
    let variance = sum.variance + (lo as f64).powi(2) * count.variance;
    Some((halves(twice, places), variance.sqrt() / 10f64.powi(i32::from(places))))
}

/// lo + Σu/n; how far its noise spreads is told to first order. Of no rows, or fewer, there is none.
fn mean(count: Noisy, sum: Noisy, of: &Quantity, schema: &Schema) -> Option<(Value, f64)> {
    let (lo, places) = scale(of, schema)?;
    if count.twice <= 0 {
        return Some((Value::Null, 0.0));
    }
    let shifted = Exact::whole(sum.twice).per(&Exact::whole(count.twice))?;
    let unit = 10i128.pow(u32::from(places));
    let mean = shifted.plus(&Exact::whole(lo)).per(&Exact::whole(unit))?;
    let (rows, shifted) = (count.value(), sum.value() / count.value());
    let variance = (sum.variance + shifted.powi(2) * count.variance) / rows.powi(2);
    Some((Value::Float(mean.to_f64()), variance.sqrt() / unit as f64))
}
