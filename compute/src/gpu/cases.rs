//! Columns that break sums: what `device test` and the tests run the kernels over.

/// A column, or two of the same length, with a name for what is wicked in it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is about.
    pub name: &'static str,
    /// The first column.
    pub x: Vec<f64>,
    /// The second, for kernels over two.
    pub y: Vec<f64>,
}

/// The same cases on every machine. Sizes lie around the borders of threads and workgroups.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut random = Random(0x7665_7269_7472_6169);
    for rows in [1, 2, 63, 64, 65, 4_095, 4_096, 4_097, 12_289] {
        cases.push(case("any bits", rows, || f64::from_bits(random.bits())));
    }
    cases.push(case("measurements", 9_000, || random.measurement()));
    cases.push(case("subnormals", 5_000, || f64::from_bits(random.bits() & 0x800f_ffff_ffff_ffff)));
    let mut exponent = 0;
    cases.push(case("every exponent", 2_046 * 2, || {
        exponent = (exponent + 1) % 2_046;
        let bits = random.bits();
        f64::from_bits((bits & 0x800f_ffff_ffff_ffff) | (exponent << 52))
    }));
    cases.push(case("largest values", 8_192, || {
        if random.bits().is_multiple_of(2) { f64::MAX } else { -f64::MAX }
    }));
    cases.push(case("largest values of one sign", 8_192, || f64::MAX));
    cases.push(case("zeros of both signs", 130, || {
        if random.bits().is_multiple_of(2) { 0.0 } else { -0.0 }
    }));
    cases.push(case("NaN and infinities", 6_000, || match random.bits() % 5 {
        0 => f64::INFINITY,
        1 => f64::NEG_INFINITY,
        2 => f64::from_bits(0xfff0_0000_0000_0001 | random.bits()),
        3 => 0.0,
        _ => random.measurement(),
    }));
    cases.push(case("few outliers", 10_000, || match random.bits() % 1_000 {
        0 => 1e300,
        1 => -1e300,
        2 => 5e-324,
        _ => random.measurement(),
    }));
    cases.push(cancelling(&mut random));
    cases
}

fn case(name: &'static str, rows: usize, mut value: impl FnMut() -> f64) -> Case {
    let x = (0..rows).map(|_| value()).collect();
    let y = (0..rows).map(|_| value()).collect();
    Case { name, x, y }
}

/// Pairs that cancel to nothing, and one small value that must be left.
fn cancelling(random: &mut Random) -> Case {
    let half: Vec<f64> = (0..3_000).map(|_| f64::from_bits(random.bits())).collect();
    let finite = || half.iter().copied().filter(|x| x.is_finite());
    let mut x: Vec<f64> = finite().chain(finite().map(|x| -x)).collect();
    x.push(2f64.powi(-1000));
    let y = vec![1.0; x.len()];
    Case { name: "cancelling pairs", x, y }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers everywhere.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A value of either sign, with a full mantissa, between 2^−20 and 2^20.
    pub fn measurement(&mut self) -> f64 {
        let bits = self.bits();
        let exponent = 1003 + (self.bits() % 40);
        f64::from_bits((bits & 0x800f_ffff_ffff_ffff) | (exponent << 52))
    }
}
