//! What each aggregate must answer over some rows, and the judgement of what it did.

use arrow::array::*;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use num_bigint::BigInt;
use num_bigint::Sign;

use crate::exact::fractions::{Fraction, Scale};

/// Rows of two columns without nulls, each number in its column's unit.
#[derive(Clone, Debug)]
pub struct Rows {
    pub scales: [Scale; 2],
    /// (x, y).
    pub pairs: Vec<(BigInt, BigInt)>,
}

/// What a call must answer.
pub enum Want {
    Null,
    Count(usize),
    /// A whole number of the column's units, in the column's own type.
    Whole(BigInt),
    Nearest(Fraction),
    /// The root of the fraction, with a sign.
    Root(Fraction, Sign),
}

/// Sums of distances from the means: dx = n·x − Σx, so n² of them are the squares.
struct Distances {
    n: BigInt,
    x: BigInt,
    y: BigInt,
    xx: BigInt,
    xy: BigInt,
    yy: BigInt,
}

impl Distances {
    fn of(rows: &Rows) -> Self {
        let n = BigInt::from(rows.pairs.len());
        let (mut x, mut y) = (BigInt::ZERO, BigInt::ZERO);
        for pair in &rows.pairs {
            x += &pair.0;
            y += &pair.1;
        }
        let (mut xx, mut xy, mut yy) = (BigInt::ZERO, BigInt::ZERO, BigInt::ZERO);
        for pair in &rows.pairs {
            let (dx, dy) = (&n * &pair.0 - &x, &n * &pair.1 - &y);
            xx += &dx * &dx;
            xy += &dx * &dy;
            yy += &dy * &dy;
        }
        Self { n, x, y, xx, xy, yy }
    }
}

/// Every call over the rows, with what it must answer. The calls are the same for any rows.
pub fn wanted(rows: &Rows, fractions: &[&str]) -> Vec<(String, Want)> {
    let mut all = of_column(rows, "");
    all.extend(of_pairs(rows, ""));
    all.extend(in_order(rows, fractions, ""));
    let mut x: Vec<BigInt> = rows.pairs.iter().map(|pair| pair.0.clone()).collect();
    x.sort();
    x.dedup();
    let pairs = x.into_iter().map(|x| (x, BigInt::ZERO)).collect();
    let different = Rows { pairs, ..rows.clone() };
    all.extend(of_column(&different, "DISTINCT "));
    all.extend(in_order(&different, fractions, "DISTINCT "));
    let mut different = rows.clone();
    different.pairs.sort();
    different.pairs.dedup();
    all.extend(of_pairs(&different, "DISTINCT "));
    all
}

fn of_column(rows: &Rows, distinct: &str) -> Vec<(String, Want)> {
    let Distances { n, x, xx, .. } = Distances::of(rows);
    let scale = rows.scales[0];
    let one = BigInt::from(1);
    let sum = match scale {
        Scale::Float => Want::Nearest(Fraction::new(x.clone(), one.clone(), &[(scale, 1)])),
        Scale::Tens(_) => Want::Whole(x.clone()),
    };
    let spread = |divisor: BigInt| Fraction::new(xx.clone(), divisor, &[(scale, 2)]);
    let (population, sample) = (&n * &n * &n, &n * &n * (&n - &one));
    let two = n > one;
    let unless_one = |want: &dyn Fn() -> Want| if two { want() } else { Want::Null };
    let calls = [
        ("sum", sum),
        ("avg", Want::Nearest(Fraction::new(x, n, &[(scale, 1)]))),
        ("var_pop", Want::Nearest(spread(population.clone()))),
        ("var_samp", unless_one(&|| Want::Nearest(spread(sample.clone())))),
        ("stddev_pop", Want::Root(spread(population), Sign::Plus)),
        ("stddev_samp", unless_one(&|| Want::Root(spread(sample.clone()), Sign::Plus))),
        ("count", Want::Count(rows.pairs.len())),
    ];
    calls.into_iter().map(|(name, want)| (format!("{name}({distinct}x)"), want)).collect()
}

fn of_pairs(rows: &Rows, distinct: &str) -> Vec<(String, Want)> {
    let Distances { n, x, y, xx, xy, yy } = Distances::of(rows);
    let [of_x, of_y] = rows.scales;
    let square = &n * &n;
    let nearest = |top: &BigInt, bottom: BigInt, powers: (i32, i32)| {
        let scales = [(of_x, powers.0), (of_y, powers.1)];
        Want::Nearest(Fraction::new(top.clone(), bottom, &scales))
    };
    let sample = match rows.pairs.len() {
        1 => Want::Null,
        _ => nearest(&xy, &square * (&n - BigInt::from(1)), (1, 1)),
    };
    let flat = |value: &BigInt| *value == BigInt::ZERO;
    let unless_flat = |want: &dyn Fn() -> Want| if flat(&xx) { Want::Null } else { want() };
    let explained = |root: bool| {
        if flat(&yy) {
            return if root { Want::Null } else { nearest(&square, square.clone(), (0, 0)) };
        }
        let squared = Fraction::new(&xy * &xy, &xx * &yy, &[]);
        if root { Want::Root(squared, xy.sign()) } else { Want::Nearest(squared) }
    };
    let intercept = || nearest(&(&y * &xx - &xy * &x), &n * &xx, (0, 1));
    let calls = [
        ("covar_pop", nearest(&xy, &square * &n, (1, 1))),
        ("covar_samp", sample),
        ("corr", unless_flat(&|| explained(true))),
        ("regr_slope", unless_flat(&|| nearest(&xy, xx.clone(), (-1, 1)))),
        ("regr_intercept", unless_flat(&intercept)),
        ("regr_r2", unless_flat(&|| explained(false))),
        ("regr_count", Want::Count(rows.pairs.len())),
        ("regr_avgx", nearest(&x, n.clone(), (1, 0))),
        ("regr_avgy", nearest(&y, n.clone(), (0, 1))),
        ("regr_sxx", nearest(&xx, square.clone(), (2, 0))),
        ("regr_syy", nearest(&yy, square.clone(), (0, 2))),
        ("regr_sxy", nearest(&xy, square.clone(), (1, 1))),
    ];
    calls.into_iter().map(|(name, want)| (format!("{name}({distinct}y, x)"), want)).collect()
}

/// The least, the greatest, and what lies between at decimal fractions of the way.
fn in_order(rows: &Rows, fractions: &[&str], distinct: &str) -> Vec<(String, Want)> {
    let mut x: Vec<&BigInt> = rows.pairs.iter().map(|pair| &pair.0).collect();
    x.sort();
    let scale = rows.scales[0];
    let one = BigInt::from(1);
    let own = |value: &BigInt| match scale {
        Scale::Float => Want::Nearest(Fraction::new(value.clone(), one.clone(), &[(scale, 1)])),
        Scale::Tens(_) => Want::Whole(value.clone()),
    };
    let last = x.len() - 1;
    let mut calls =
        vec![(format!("min({distinct}x)"), own(x[0])), (format!("max({distinct}x)"), own(x[last]))];
    for (fraction, call) in fractions
        .iter()
        .map(|fraction| (*fraction, format!("percentile_cont({distinct}x, {fraction})")))
        .chain([("0.5", format!("median({distinct}x)"))])
    {
        let digits = fraction.strip_prefix("0.").unwrap();
        let whole = 10usize.pow(digits.len() as u32);
        let steps = digits.parse::<usize>().unwrap() * last;
        let (low, weight) = (steps / whole, steps % whole);
        let (a, b) = (x[low], x[(low + 1).min(last)]);
        let top = a * (whole - weight) + b * weight;
        let want = Want::Nearest(Fraction::new(top, BigInt::from(whole), &[(scale, 1)]));
        calls.push((call, want));
    }
    calls
}

/// Panics unless the cell is what was wanted.
pub fn judge(column: &ArrayRef, row: usize, want: &Want, what: &str) {
    if let Want::Null = want {
        assert!(column.is_null(row), "{what} is not null");
        return;
    }
    assert!(column.is_valid(row), "{what} is null");
    // Some aggregates keep the sign of a zero that is a value of the column.
    let float = || column.as_primitive::<Float64Type>().value(row) + 0.0;
    match want {
        Want::Null => {}
        Want::Count(count) => {
            assert_eq!(column.as_primitive::<Int64Type>().value(row), *count as i64, "{what}");
        }
        Want::Whole(value) => {
            let found = match column.data_type() {
                DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
                DataType::Decimal128(..) => column.as_primitive::<Decimal128Type>().value(row),
                other => panic!("{what} is {other}"),
            };
            assert_eq!(BigInt::from(found), *value, "{what}");
        }
        Want::Nearest(exact) => exact.assert_nearest(float(), what),
        Want::Root(exact, sign) => {
            let found = float();
            exact.assert_nearest_root(found.abs(), what);
            assert!(found == 0.0 || (found < 0.0) == (*sign == Sign::Minus), "{what}: {found}");
        }
    }
}
