//! Each aggregate from the integers of its measure: exact rational arithmetic, rounded once.

use veritrail_proof::derived::{
    self, Exact, Gram, Regression, correlation, covariance, regress, variance,
};
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::{Quantity, Statement};

use super::answers::{Answer, Value};
use super::integers::quantities;
use super::measures::{Function, Measured};
use super::text;

/// The results of one aggregate; nothing where the measure is not its own.
pub(super) fn results(
    measured: &Measured,
    statement: &Statement,
    gram: &Gram,
    schema: &Schema,
) -> Option<Vec<Answer>> {
    let name = text::measured(measured, schema);
    let measure = quantities(statement.measures.get(measured.measure)?);
    let asked = measured.quantities();
    let place = |one: Quantity| measure.iter().position(|other| *other == one);
    let places: Vec<usize> = asked.map(place).collect::<Option<_>>()?;
    if measured.function == Function::LeastSquares {
        let outcome = *places.first()?;
        return Some(least_squares(&name, measured, gram, outcome, &places[1..], schema));
    }
    let value = match places[..] {
        [] => Value::Whole(i128::try_from(gram.n).ok()?),
        [of] => of_one(measured.function, gram, of)?,
        [y, x, ..] => of_pair(measured.function, gram, y, x)?,
    };
    let within = match (measured.function, places.first()) {
        (Function::Sum | Function::Mean, Some(of)) => within(measured.function, gram, *of),
        _ => None,
    };
    Some(vec![Answer { name, value, standard_error: None, within, noise: None }])
}

fn of_one(function: Function, gram: &Gram, of: usize) -> Option<Value> {
    let value = match function {
        Function::Sum => return sum(gram, of),
        Function::Mean => mean(gram, of),
        Function::SampleVariance => variance(gram, of),
        Function::PopulationVariance => spread(gram, of, of).and_then(|sum| per(&sum, gram.n)),
        Function::SampleDeviation => return Some(root(variance(gram, of))),
        Function::PopulationDeviation => {
            return Some(root(spread(gram, of, of).and_then(|sum| per(&sum, gram.n))));
        }
        _ => return None,
    };
    Some(float(value))
}

fn of_pair(function: Function, gram: &Gram, y: usize, x: usize) -> Option<Value> {
    let value = match function {
        Function::Pairs => return Some(Value::Whole(i128::try_from(gram.n).ok()?)),
        Function::SampleCovariance => covariance(gram, y, x),
        Function::PopulationCovariance => spread(gram, y, x).and_then(|sum| per(&sum, gram.n)),
        Function::Correlation => {
            return Some(correlation(gram, y, x).map_or(Value::Null, Value::Float));
        }
        Function::Slope => slope(gram, y, x),
        Function::Intercept => intercept(gram, y, x),
        Function::RSquared => r_squared(gram, y, x),
        Function::MeanX => mean(gram, x),
        Function::MeanY => mean(gram, y),
        Function::SquaresX => spread(gram, x, x),
        Function::SquaresY => spread(gram, y, y),
        Function::CrossProducts => spread(gram, y, x),
        _ => return None,
    };
    Some(float(value))
}

fn float(value: Option<Exact>) -> Value {
    value.map_or(Value::Null, |exact| Value::Float(exact.to_f64()))
}

fn root(value: Option<Exact>) -> Value {
    value.and_then(|exact| exact.sqrt_to_f64()).map_or(Value::Null, Value::Float)
}

fn per(sum: &Exact, n: u128) -> Option<Exact> {
    sum.per(&Exact::whole(n))
}

/// Σx, which no rounding touches.
fn sum(gram: &Gram, of: usize) -> Option<Value> {
    if gram.n == 0 {
        return Some(Value::Null);
    }
    let scale = gram.scales.get(of)?;
    let shifted = i128::try_from(*gram.sums.get(of)?).ok()?;
    let taken_off = i128::from(scale.lo).checked_mul(i128::try_from(gram.n).ok()?)?;
    let sum = shifted.checked_add(taken_off)?;
    Some(match scale.places {
        0 => Value::Whole(sum),
        places => Value::Decimal(sum, places),
    })
}

fn mean(gram: &Gram, of: usize) -> Option<Exact> {
    derived::mean(&derived::Answer::Sum(gram.n, *gram.sums.get(of)?, *gram.scales.get(of)?))
}

/// Σ(a − mean a)·(b − mean b).
fn spread(gram: &Gram, a: usize, b: usize) -> Option<Exact> {
    match gram.n {
        0 => None,
        1 => Some(Exact::whole(0)),
        n => Some(covariance(gram, a, b)?.times(&Exact::whole(n - 1))),
    }
}

fn slope(gram: &Gram, y: usize, x: usize) -> Option<Exact> {
    covariance(gram, y, x)?.per(&variance(gram, x)?)
}

fn intercept(gram: &Gram, y: usize, x: usize) -> Option<Exact> {
    Some(mean(gram, y)?.minus(&slope(gram, y, x)?.times(&mean(gram, x)?)))
}

fn r_squared(gram: &Gram, y: usize, x: usize) -> Option<Exact> {
    let (own_y, own_x, shared) = (variance(gram, y)?, variance(gram, x)?, covariance(gram, y, x)?);
    match (own_x.sign(), own_y.sign()) {
        (0, _) => None,
        (_, 0) => Some(Exact::whole(1)),
        _ => shared.times(&shared).per(&own_x.times(&own_y)),
    }
}

/// Half a unit of the last place for each number that was added up.
fn within(function: Function, gram: &Gram, of: usize) -> Option<Value> {
    let scale = gram.scales.get(of)?;
    if scale.places == 0 || gram.n == 0 {
        return None;
    }
    let times = if function == Function::Sum { i128::try_from(gram.n).ok()? } else { 1 };
    Some(Value::Decimal(5i128.checked_mul(times)?, scale.places + 1))
}

/// Least squares: the intercept, then a coefficient for each regressor in the order of the text.
fn least_squares(
    name: &str,
    measured: &Measured,
    gram: &Gram,
    outcome: usize,
    regressors: &[usize],
    schema: &Schema,
) -> Vec<Answer> {
    let fit = regress(gram, outcome);
    // The fit has its regressors in the order of the matrix.
    let mut order: Vec<usize> = regressors.to_vec();
    order.sort_unstable();
    let terms = measured.of.iter().skip(1).map(|asked| text::argument(asked, schema));
    let places = regressors.iter().map(|of| order.iter().position(|other| other == of));
    let intercept = ("intercept".to_owned(), Some(0));
    let of_terms = terms.zip(places.map(|at| at.map(|at| at + 1)));
    let coefficient = |(term, at): (String, Option<usize>)| {
        let found = fit.as_ref().zip(at).and_then(|(fit, at)| coefficient(fit, at));
        Answer {
            name: format!("{name} {term}"),
            value: found.map_or(Value::Null, |(value, _)| Value::Float(value)),
            standard_error: found.map(|(_, error)| error),
            within: None,
            noise: None,
        }
    };
    let mut answers: Vec<Answer> =
        std::iter::once(intercept).chain(of_terms).map(coefficient).collect();
    let more = [
        ("residual variance", fit.as_ref().map(|fit| Value::Float(fit.residual_variance.to_f64()))),
        ("residual degrees of freedom", fit.as_ref().map(|fit| Value::Whole(fit.freedom as i128))),
        ("rows", Some(Value::Whole(gram.n as i128))),
    ];
    answers.extend(more.into_iter().map(|(what, value)| Answer {
        name: format!("{name} {what}"),
        value: value.unwrap_or(Value::Null),
        standard_error: None,
        within: None,
        noise: None,
    }));
    answers
}

fn coefficient(fit: &Regression, at: usize) -> Option<(f64, f64)> {
    Some((fit.coefficients.get(at)?.to_f64(), *fit.standard_errors.get(at)?))
}
