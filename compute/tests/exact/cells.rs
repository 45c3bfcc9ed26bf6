//! A group's cell holds what the full state would, or says that it cannot.

use proptest::prelude::*;
use veritrail_compute::exact::cell::{Cell, MomentCell, SumCell};
use veritrail_compute::exact::{Moments, Sum, Unit, Variance};

use super::oracle::awkward;

/// Floats near one order of magnitude, with zeros, subnormals and far ones among them.
fn neighbours() -> impl Strategy<Value = Vec<f64>> {
    let near = |base: u64, span: u64| {
        (0..span, any::<u64>()).prop_map(move |(more, bits)| {
            f64::from_bits(bits & 0x800f_ffff_ffff_ffff | ((base + more).min(2046) << 52))
        })
    };
    (prop_oneof![Just(0u64), Just(1990), 900u64..1100, 0u64..2046], 1u64..70).prop_flat_map(
        move |(base, span)| {
            let value = prop_oneof![
                12 => near(base, span),
                1 => Just(0.0),
                1 => Just(-0.0),
                1 => awkward(),
                1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::MIN_POSITIVE), Just(5e-324)],
            ];
            prop::collection::vec(value, 1..24)
        },
    )
}

/// Adds what fits to a cell, and the same to the full state.
fn both<C: Cell>(values: &[f64], mut add: impl FnMut(f64)) -> C {
    let mut cell = C::EMPTY;
    for &value in values {
        if cell.add_float(value) {
            add(value);
        }
    }
    cell
}

fn bits(value: Option<f64>) -> Option<u64> {
    value.map(f64::to_bits)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cells_of_floats(values in neighbours(), more in neighbours()) {
        let mut moments = Moments::new(Unit::Float);
        let cell: MomentCell = both(&values, |x| moments.add_float(x));
        prop_assert_eq!(cell.state(Unit::Float).encode(), moments.encode());
        prop_assert_eq!(bits(cell.sum().value(Unit::Float)), bits(moments.sum().value()));
        prop_assert_eq!(bits(cell.sum().mean(Unit::Float)), bits(moments.sum().mean()));
        for variance in [Variance::Sample, Variance::Population] {
            let found = cell.variance(Unit::Float, variance).unwrap();
            prop_assert_eq!(bits(found), bits(moments.variance(variance).unwrap()));
            let found = cell.deviation(Unit::Float, variance).unwrap();
            prop_assert_eq!(bits(found), bits(moments.deviation(variance).unwrap()));
        }
        let mut other = Moments::new(Unit::Float);
        more.iter().for_each(|&x| other.add_float(x));
        let mut merged = cell;
        if merged.absorb(&other) {
            moments.merge(&other).unwrap();
        }
        prop_assert_eq!(merged.state(Unit::Float).encode(), moments.encode());
        let mut sum = Sum::new(Unit::Float);
        let mut cell: SumCell = both(&values, |x| sum.add_float(x));
        if cell.absorb(other.sum()) {
            sum.merge(other.sum()).unwrap();
        }
        prop_assert_eq!(cell.state(Unit::Float).encode(), sum.encode());
    }

    #[test]
    fn cells_of_whole_numbers(
        values in prop::collection::vec(prop_oneof![any::<i128>(), -9i128..9, any::<i64>().prop_map(i128::from)], 1..20),
        scale in 0i8..20,
    ) {
        for unit in [Unit::Integer, Unit::Decimal { scale }] {
            let (mut moments, mut cell) = (Moments::new(unit), MomentCell::EMPTY);
            let (mut sum, mut small) = (Sum::new(unit), SumCell::EMPTY);
            for &value in &values {
                if cell.add_whole(value) {
                    moments.add_integer(value);
                }
                prop_assert!(small.add_whole(value));
                sum.add_integer(value);
            }
            prop_assert_eq!(cell.state(unit).encode(), moments.encode());
            prop_assert_eq!(small.state(unit).encode(), sum.encode());
            prop_assert_eq!(small.whole(), sum.total().to_i128());
            prop_assert_eq!(bits(small.mean(unit)), bits(sum.mean()));
            let found = cell.deviation(unit, Variance::Sample).unwrap();
            prop_assert_eq!(bits(found), bits(moments.deviation(Variance::Sample).unwrap()));
        }
    }
}

#[test]
fn a_group_is_small_and_an_ordinary_column_stays_in_it() {
    assert_eq!((size_of::<SumCell>(), size_of::<MomentCell>()), (32, 64));
    let mut cell = MomentCell::EMPTY;
    for at in 1..100_000 {
        assert!(cell.add_float(f64::from(at).ln() * 1e3), "{at}");
    }
    assert!(!cell.add_float(f64::NAN) && !cell.add_float(1e300) && !cell.add_float(1e-300));
    cell.move_to(7);
    assert_eq!(cell.moved(), Some(7));
    assert!(!cell.add_float(1.0) && !cell.add_float(0.0) && !cell.add_whole(1));
}
