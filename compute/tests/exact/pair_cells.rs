//! A cell of pairs holds what the full state would, or says that it cannot.

use proptest::prelude::*;
use veritrail_compute::exact::cell::PairCell;
use veritrail_compute::exact::{Number, Products, Statistic, Unit, Variance};

use super::oracle::awkward;

const STATISTICS: [Statistic; 11] = [
    Statistic::Covariance(Variance::Sample),
    Statistic::Covariance(Variance::Population),
    Statistic::Correlation,
    Statistic::Slope,
    Statistic::Intercept,
    Statistic::RSquared,
    Statistic::MeanX,
    Statistic::MeanY,
    Statistic::SquaresX,
    Statistic::SquaresY,
    Statistic::CrossProducts,
];

/// Numbers of one unit, most of them near each other.
fn column(unit: Unit, count: usize) -> BoxedStrategy<Vec<Number>> {
    if unit == Unit::Float {
        let near = |base: u64, span: u64| {
            (0..span, any::<u64>()).prop_map(move |(more, bits)| {
                f64::from_bits(bits & 0x800f_ffff_ffff_ffff | (base + more).min(2046) << 52)
            })
        };
        let base = prop_oneof![Just(0u64), Just(1990), 900u64..1100, 0u64..2046];
        return (base, 1u64..70)
            .prop_flat_map(move |(base, span)| {
                let value = prop_oneof![
                    12 => near(base, span),
                    2 => prop_oneof![Just(0.0), Just(-0.0)],
                    1 => awkward(),
                    1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(5e-324)],
                ];
                prop::collection::vec(value.prop_map(Number::Float), count)
            })
            .boxed();
    }
    let value = prop_oneof![
        4 => -9i128..9,
        4 => any::<i64>().prop_map(i128::from),
        2 => any::<u64>().prop_map(i128::from),
        2 => any::<i128>().prop_map(|value| value >> 20),
        1 => any::<i128>(),
    ];
    prop::collection::vec(value.prop_map(Number::Whole), count).boxed()
}

fn unit() -> impl Strategy<Value = Unit> {
    prop_oneof![
        3 => Just(Unit::Float),
        1 => Just(Unit::Integer),
        1 => (-3i8..20).prop_map(|scale| Unit::Decimal { scale }),
    ]
}

/// Two units, and pairs for a cell and for another state.
fn cases() -> impl Strategy<Value = (Unit, Unit, [Vec<(Number, Number)>; 2])> {
    (unit(), unit(), 1usize..20, 1usize..20).prop_flat_map(|(x, y, first, second)| {
        let count = first + second;
        (Just(x), Just(y), column(x, count), column(y, count)).prop_map(
            move |(x, y, of_x, of_y)| {
                let mut pairs: Vec<_> = of_x.into_iter().zip(of_y).collect();
                let rest = pairs.split_off(first);
                (x, y, [pairs, rest])
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cells_of_pairs((x, y, [pairs, more]) in cases()) {
        let (mut cell, mut state) = (PairCell::EMPTY, Products::new(x, y));
        for (a, b) in pairs {
            if cell.add(a, b) {
                state.add(a, b);
            }
        }
        prop_assert_eq!(cell.state(x, y).encode(), state.encode());
        let mut other = Products::new(x, y);
        more.iter().for_each(|&(a, b)| other.add(a, b));
        let mut absorbed = cell;
        if absorbed.absorb(&other) {
            state.merge(&other).unwrap();
        }
        prop_assert_eq!(absorbed.state(x, y).encode(), state.encode());
        prop_assert_eq!(u128::from(absorbed.pairs()), state.pairs());
        for statistic in STATISTICS {
            let full = || absorbed.state(x, y).statistic(statistic);
            let found = absorbed.statistic(statistic, x, y, full).unwrap();
            let expected = state.statistic(statistic).unwrap();
            prop_assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits));
        }
        let mut fresh = PairCell::EMPTY;
        if fresh.absorb(&other) {
            prop_assert_eq!(fresh.state(x, y).encode(), other.encode());
        }
    }
}

#[test]
fn a_pair_is_small_and_ordinary_columns_stay_in_it() {
    assert_eq!(size_of::<PairCell>(), 160);
    let mut cell = PairCell::EMPTY;
    for at in 1..100_000 {
        let x = f64::from(at);
        assert!(cell.add(Number::Float(x.ln() * 1e3), Number::Float(x.sqrt() - 5.0)), "{at}");
    }
    for far in [f64::NAN, f64::INFINITY, 1e300, 1e-300] {
        let before = format!("{cell:?}");
        assert!(!cell.add(Number::Float(1.0), Number::Float(far)));
        assert!(!cell.add(Number::Float(far), Number::Float(1.0)));
        assert_eq!(format!("{cell:?}"), before, "half of a pair was added");
    }
    cell.move_to(7);
    assert_eq!(cell.moved(), Some(7));
    for value in [0.0, 1.0] {
        assert!(!cell.add(Number::Float(value), Number::Float(value)));
    }
    assert!(!cell.add(Number::Whole(1), Number::Whole(1)));
    assert!(!cell.absorb(&Products::new(Unit::Float, Unit::Float)));
}
