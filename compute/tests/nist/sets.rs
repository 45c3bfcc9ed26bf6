//! The sets and what NIST certifies of them: data as decimal text, in order, and 15 digits each of
//! mean, sample standard deviation and lag-1 autocorrelation. The transcription is checked by
//! recomputing the certified values from it in rationals (univariate.rs).

/// A univariate set.
pub struct Set {
    pub name: &'static str,
    pub values: Vec<String>,
    pub mean: f64,
    pub deviation: f64,
    pub autocorrelation: f64,
}

/// All nine.
pub fn univariate() -> Vec<Set> {
    let set = |name, values, mean, deviation, autocorrelation| Set {
        name,
        values,
        mean,
        deviation,
        autocorrelation,
    };
    let three = ["10000001", "10000003", "10000002"].map(str::to_owned).to_vec();
    vec![
        set("PiDigits", pi_digits(), 4.5348, 2.86733906028871, -0.00355099287237972),
        set("Lottery", words(LOTTERY), 518.958715596330, 291.699727470969, -0.120948622967393),
        set("Lew", words(LEW), -177.435, 277.332168044316, -0.307304800605679),
        set("Mavro", words(MAVRO), 2.001856, 0.000429123454003053, 0.937989183438248),
        set("Michelso", michelson(), 299.8524, 0.0790105478190518, 0.535199668621283),
        set("NumAcc1", three, 10_000_002.0, 1.0, -0.5),
        set("NumAcc2", around("1"), 1.2, 0.1, -0.999),
        set("NumAcc3", around("1000000"), 1_000_000.2, 0.1, -0.999),
        set("NumAcc4", around("10000000"), 10_000_000.2, 0.1, -0.999),
    ]
}

/// A generated set of one-way analysis of variance: 9 treatments, and how many of each.
pub struct Layout {
    pub name: &'static str,
    pub leading: &'static str,
    pub replicates: usize,
    pub certified: Certified,
}

/// What is certified of a one-way layout.
#[derive(Clone, Copy)]
pub struct Certified {
    pub between: f64,
    pub within: f64,
    pub f: f64,
    pub r2: f64,
    pub deviation: f64,
}

/// SmLs01 to SmLs09 (Simon and Lesage): replicates × constant leading digits.
pub fn simon_lesage() -> Vec<Layout> {
    let few =
        Certified { between: 1.68, within: 1.8, f: 21.0, r2: 0.482758620689655, deviation: 0.1 };
    let some =
        Certified { between: 16.08, within: 18.0, f: 201.0, r2: 0.471830985915493, deviation: 0.1 };
    let many = Certified {
        between: 160.08,
        within: 180.0,
        f: 2001.0,
        r2: 0.470712773465067,
        deviation: 0.1,
    };
    let mut layouts = Vec::new();
    let names = [
        ["SmLs01", "SmLs02", "SmLs03"],
        ["SmLs04", "SmLs05", "SmLs06"],
        ["SmLs07", "SmLs08", "SmLs09"],
    ];
    for (leading, names) in ["1", "1000000", "1000000000000"].into_iter().zip(names) {
        for (name, (replicates, certified)) in
            names.into_iter().zip([(21, few), (201, some), (2001, many)])
        {
            layouts.push(Layout { name, leading, replicates, certified });
        }
    }
    layouts
}

impl Layout {
    /// (treatment, response): one value at the treatment's centre, then pairs a tenth below and
    /// above it. The centres are 4, 3, 5, 3, 5, … tenths beyond the leading digits.
    pub fn rows(&self) -> Vec<(i64, String)> {
        let mut rows = Vec::new();
        for (treatment, centre) in (1..).zip([4, 3, 5, 3, 5, 3, 5, 3, 5]) {
            for replicate in 0..self.replicates {
                let tenths = match replicate {
                    0 => centre,
                    odd if odd % 2 == 1 => centre - 1,
                    _ => centre + 1,
                };
                rows.push((treatment, format!("{}.{tenths}", self.leading)));
            }
        }
        rows
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn michelson() -> Vec<String> {
    let beyond = |thousandths: &str| {
        let thousandths: u32 = thousandths.parse().unwrap();
        format!("{}.{:03}", 299 + thousandths / 1000, thousandths % 1000)
    };
    MICHELSON.split_whitespace().map(beyond).collect()
}

/// x.2, then 500 times x.1 and x.3.
fn around(leading: &str) -> Vec<String> {
    let pairs = (0..1000).map(|at| if at % 2 == 0 { '1' } else { '3' });
    std::iter::once('2').chain(pairs).map(|tenth| format!("{leading}.{tenth}")).collect()
}

/// 5,000 digits of π as NIST's file has them: at place 957 it has a 3 where π has an 8.
fn pi_digits() -> Vec<String> {
    let mut digits = spigot(5_000);
    assert_eq!((&digits[..6], digits[956]), (&[3, 1, 4, 1, 5, 9][..], 8));
    digits[956] = 3;
    digits.iter().map(ToString::to_string).collect()
}

/// The first `count` digits of π (Rabinowitz and Wagon, 1995), with ten to spare for carries.
fn spigot(count: usize) -> Vec<u32> {
    let wanted = count + 10;
    let mut remainders = vec![2u64; wanted * 10 / 3 + 1];
    let mut digits: Vec<u32> = Vec::with_capacity(wanted + 1);
    for _ in 0..wanted {
        let mut carry = 0;
        for at in (1..remainders.len()).rev() {
            let total = remainders[at] * 10 + carry;
            let base = 2 * at as u64 + 1;
            remainders[at] = total % base;
            carry = total / base * at as u64;
        }
        let total = remainders[0] * 10 + carry;
        remainders[0] = total % 10;
        let mut digit = total / 10;
        if digit == 10 {
            // A carry into the digits already written.
            digit = 0;
            for last in digits.iter_mut().rev() {
                *last = (*last + 1) % 10;
                if *last != 0 {
                    break;
                }
            }
        }
        digits.push(digit as u32);
    }
    digits.truncate(count);
    digits
}

/// Numbers drawn in the Maryland Pick-3 lottery.
const LOTTERY: &str = "\
    162 671 933 414 788 730 817 33 536 875 670 236 473 167 877 980 316 950 456 92 517 557 956 \
    954 104 178 794 278 147 773 437 435 502 610 582 780 689 562 964 791 28 97 848 281 858 538 \
    660 972 671 613 867 448 738 966 139 636 847 659 754 243 122 455 195 968 793 59 730 361 574 \
    522 97 762 431 158 429 414 22 629 788 999 187 215 810 782 47 34 108 986 25 644 829 630 315 \
    567 919 331 207 412 242 607 668 944 749 168 864 442 533 805 372 63 458 777 416 340 436 140 \
    919 350 510 572 905 900 85 389 473 758 444 169 625 692 140 897 672 288 312 860 724 226 884 \
    508 976 741 476 417 831 15 318 432 241 114 799 955 833 358 935 146 630 830 440 642 356 373 \
    271 715 367 393 190 669 8 861 108 795 269 590 326 866 64 523 862 840 219 382 998 4 628 305 \
    747 247 34 747 729 645 856 974 24 568 24 694 608 480 410 729 947 293 53 930 223 203 677 227 \
    62 455 387 318 562 242 428 968";

/// Deflections of a steel-concrete beam.
const LEW: &str = "\
    -213 -564 -35 -15 141 115 -420 -360 203 -338 -431 194 -220 -513 154 -125 -559 92 -21 -579 \
    -52 99 -543 -175 162 -457 -346 204 -300 -474 164 -107 -572 -8 83 -541 -224 180 -420 -374 201 \
    -236 -531 83 27 -564 -112 131 -507 -254 199 -311 -495 143 -46 -579 -90 136 -472 -338 202 \
    -287 -477 169 -124 -568 17 48 -568 -135 162 -430 -422 172 -74 -577 -13 92 -534 -243 194 -355 \
    -465 156 -81 -578 -64 139 -449 -384 193 -198 -538 110 -44 -577 -6 66 -552 -164 161 -460 -344 \
    205 -281 -504 134 -28 -576 -118 156 -437 -381 200 -220 -540 83 11 -568 -160 172 -414 -408 \
    188 -125 -572 -32 139 -492 -321 205 -262 -504 142 -83 -574 0 48 -571 -106 137 -501 -266 190 \
    -391 -406 194 -186 -553 83 -13 -577 -49 103 -515 -280 201 300 -506 131 -45 -578 -80 138 -462 \
    -361 201 -211 -554 32 74 -533 -235 187 -372 -442 182 -147 -566 25 68 -535 -244 194 -351 -463 \
    174 -125 -570 15 72 -550 -190 172 -424 -385 198 -218 -536 96";

/// Transmittance of a filter.
const MAVRO: &str = "\
    2.00180 2.00170 2.00180 2.00190 2.00180 2.00170 2.00150 2.00140 2.00150 2.00150 2.00170 \
    2.00180 2.00180 2.00190 2.00190 2.00210 2.00200 2.00160 2.00140 2.00130 2.00130 2.00150 \
    2.00150 2.00160 2.00150 2.00140 2.00130 2.00140 2.00150 2.00140 2.00150 2.00160 2.00150 \
    2.00160 2.00190 2.00200 2.00200 2.00210 2.00220 2.00230 2.00240 2.00250 2.00270 2.00260 \
    2.00260 2.00260 2.00270 2.00260 2.00250 2.00240";

/// Speed of light in air, thousandths of Mm/s beyond 299 (Michelson, 1879).
const MICHELSON: &str = "\
    850 740 900 1070 930 850 950 980 980 880 1000 980 930 650 760 810 1000 1000 960 960 960 940 \
    960 940 880 800 850 880 900 840 830 790 810 880 880 830 800 790 760 800 880 880 880 860 720 \
    720 620 860 970 950 880 910 850 870 840 840 850 840 840 840 890 810 810 820 800 770 760 740 \
    750 760 910 920 890 860 880 720 840 850 850 780 890 840 780 810 760 810 790 810 820 850 870 \
    870 810 740 810 940 950 800 810 870";
