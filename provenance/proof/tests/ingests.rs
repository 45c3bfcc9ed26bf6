//! Ingest proofs: honest columns pass, and every way of committing to something else is refused.

use std::str::FromStr;
use std::sync::Arc;

use ark_ff::{One, Zero};
use proptest::prelude::*;
use veritrail_proof::argument::Commitments;
use veritrail_proof::argument::equations::Equations;
use veritrail_proof::argument::prove::OpenColumn;
use veritrail_proof::body::Body;
use veritrail_proof::body::manifest::IngestPart;
use veritrail_proof::body::tree::{ColumnNode, ColumnRoot};
use veritrail_proof::columns::build::{Cell, CellError, ColumnBuilder};
use veritrail_proof::columns::{Cells, Role};
use veritrail_proof::curve::Scalar;
use veritrail_proof::ingest::prove::prove_column;
use veritrail_proof::ingest::verify::check_column;
use veritrail_proof::ingest::{self, check, publish};
use veritrail_proof::policy::Policy;
use veritrail_proof::schema::Schema;
use zeroize::Zeroizing;

use crate::fixtures::*;

/// A body whose schema is the given text.
fn body(schema: &str, rows: u64) -> Body {
    Body {
        dataset: did(),
        version: 1,
        rows,
        schema: Schema::from_str(schema).unwrap(),
        policy: Policy::default(),
        columns: ColumnRoot::over(&[ColumnNode::from_bytes([0; 32])]),
    }
}

/// Proves the first schema column over these cells, one for each of its roles, and checks it.
pub fn accepts(schema: &str, rows: u64, cells: &[Cells]) -> bool {
    let body = body(schema, rows);
    let roles = ingest::roles(&body.schema.columns()[0]);
    assert_eq!(roles.len(), cells.len(), "{roles:?}");
    let mut blinds = Counted(1);
    let columns: Vec<OpenColumn> =
        cells.iter().map(|cells| open(cells.clone(), rows, &mut blinds)).collect();
    accepts_columns(&body, &columns)
}

fn accepts_columns(body: &Body, columns: &[OpenColumn]) -> bool {
    let proof = prove_column(body, 0, columns, &seed(), &ENTROPY).unwrap();
    checks(body, columns, &proof)
}

fn checks(body: &Body, columns: &[OpenColumn], proof: &[u8]) -> bool {
    let own = body.schema.columns()[0].published().len();
    let (published, bits) = columns.split_at(own);
    let bits: Vec<u8> = bits.iter().flat_map(|bit| bit.commitments.bytes().to_vec()).collect();
    let part = IngestPart { bits: &bits, proof };
    let published: Vec<&Commitments> = published.iter().map(|open| &open.commitments).collect();
    let mut equations = Equations::new();
    check_column(body, 0, &published, &part, &mut equations).is_ok() && equations.check().is_ok()
}

pub fn cells(words: &[u32]) -> Cells {
    Cells::values(words.to_vec(), 32)
}

pub fn wide(numbers: Vec<Scalar>) -> Cells {
    Cells::Scalars(Arc::new(Zeroizing::new(numbers)))
}

/// u, and bits 1 to b − 1 of it; where the range is no power of two, those of span − u as well.
pub fn number(values: &[u32], bits: u8, span: Option<u32>) -> Vec<Cells> {
    let bit =
        |words: &[u32], bit: u8| cells(&words.iter().map(|w| w >> bit & 1).collect::<Vec<_>>());
    let mut all = vec![cells(values)];
    all.extend((1..bits).map(|at| bit(values, at)));
    if let Some(span) = span {
        let rest: Vec<u32> = values.iter().map(|value| span.wrapping_sub(*value)).collect();
        all.extend((1..bits).map(|at| bit(&rest, at)));
    }
    all
}

#[test]
fn honest_numbers_of_every_width_pass() {
    for (text, bits, span) in [
        ("x:int[0..1]", 1, None),
        ("x:int[0..2]", 2, Some(2)),
        ("x:int[0..3]", 2, None),
        ("x:int[-5..5]", 4, Some(10)),
        ("x:int[0..255]", 8, None),
        ("x:int[0..999999]", 20, Some(999_999)),
        ("x:int[0..4294967295]", 32, None),
        ("x:int[0..4294967294]", 32, Some(u32::MAX - 1)),
    ] {
        let most = span.unwrap_or((((1u64 << bits) - 1) & 0xffff_ffff) as u32);
        let mut values: Vec<u32> =
            numbers(1, 60, u64::from(most) + 1).iter().map(|n| *n as u32).collect();
        values.extend([0, most]);
        assert!(accepts(text, 62, &number(&values, bits, span)), "{text}");
    }
}

#[test]
fn a_value_out_of_range_by_one_is_refused_at_each_end() {
    // Above 255, with any split into bits that adds up: bit 7 counts twice.
    let mut values = vec![7u32, 255, 256];
    let mut forged = number(&values, 8, None);
    assert!(!accepts("x:int[0..255]", 3, &forged));
    forged[7] = cells(&[0, 1, 2]);
    assert!(!accepts("x:int[0..255]", 3, &forged));
    // One above a range that is no power of two: only the complement shows it.
    values = vec![0, 10, 11];
    assert!(accepts("x:int[-5..5]", 3, &number(&[0, 10, 10], 4, Some(10))));
    assert!(!accepts("x:int[-5..5]", 3, &number(&values, 4, Some(10))));
    let mut bits = number(&values, 4, Some(10));
    for (at, bit) in bits[4..].iter_mut().enumerate() {
        *bit = cells(&[(10 >> (at + 1)) & 1, 0, 0]);
    }
    assert!(!accepts("x:int[-5..5]", 3, &bits));
    // One below: u = −1 modulo the group's order.
    let minus = wide(vec![Scalar::from(3u64), -Scalar::one(), Scalar::one()]);
    let mut below = number(&[3, 1, 1], 8, None);
    below[0] = minus.clone();
    assert!(!accepts("x:int[0..255]", 3, &below));
    let mut below = number(&[3, 1, 1], 4, Some(10));
    below[0] = minus;
    assert!(!accepts("x:int[-5..5]", 3, &below));
}

#[test]
fn bits_that_are_not_bits_are_refused() {
    let values = [200u32, 3, 90];
    for at in 1..8 {
        let mut forged = number(&values, 8, None);
        // Bit `at` one more and bit 0 less by as much: the sum is right, and bit 0 is negative.
        let more: Vec<u32> = values.iter().map(|value| (value >> at & 1) + 1).collect();
        forged[at] = cells(&more);
        assert!(!accepts("x:int[0..255]", 3, &forged), "bit {at}");
        // Bits of another column.
        let mut forged = number(&values, 8, None);
        forged[at] = number(&[55, 252, 165], 8, None)[at].clone();
        assert!(!accepts("x:int[0..255]", 3, &forged), "bit {at}");
    }
    // Bit `at` twice for the next one: all sums are right, bit 0 among them.
    for at in 1..7 {
        let value = 1 << (at + 1);
        let mut forged = number(&[value, 3], 8, None);
        assert!(accepts("x:int[0..255]", 2, &forged));
        forged[at] = cells(&[2, 3 >> at & 1]);
        forged[at + 1] = cells(&[0, 0]);
        assert!(!accepts("x:int[0..255]", 2, &forged), "bit {at}");
    }
}

#[test]
fn booleans_that_are_two_or_minus_one_are_refused() {
    assert!(accepts("m:bool", 3, &[cells(&[1, 0, 1])]));
    for row in 0..3 {
        let mut two = vec![1, 0, 1];
        two[row] = 2;
        assert!(!accepts("m:bool", 3, &[cells(&two)]));
        let mut minus = vec![Scalar::one(); 3];
        minus[row] = -Scalar::one();
        assert!(!accepts("m:bool", 3, &[wide(minus)]));
    }
    // +1 and −1 cancel in every plain sum, never in a random form.
    assert!(!accepts("m:bool", 3, &[wide(vec![Scalar::one(), -Scalar::one(), Scalar::one()])]));
}

#[test]
fn levels_must_add_up_to_one() {
    let accepts = |a: &[u32], b: &[u32]| accepts("g:category(a|b|c)", 4, &[cells(a), cells(b)]);
    assert!(accepts(&[1, 0, 0, 0], &[0, 1, 0, 1]));
    // Two levels at once: the last, which is not sent, would be −1.
    assert!(!accepts(&[1, 0, 0, 0], &[1, 1, 0, 1]));
    assert!(!accepts(&[1, 0, 0, 2], &[0, 1, 0, 0]));
    // Two of one level and one less of another: the last is 0, and their sum is right.
    let (two, less) = ([Scalar::from(2u64), Scalar::zero()], [-Scalar::one(), Scalar::one()]);
    assert!(!super::ingests::accepts(
        "g:category(a|b|c)",
        2,
        &[two, less].map(|n| wide(n.to_vec()))
    ));
    // Nullable: a null has no level, and no row has one without being valid.
    let nullable = |a: &[u32], b: &[u32], valid: &[u32]| {
        super::ingests::accepts("g:category(a|b|c)?", 4, &[cells(a), cells(b), cells(valid)])
    };
    assert!(nullable(&[1, 0, 0, 0], &[0, 1, 0, 0], &[1, 1, 1, 0]));
    assert!(!nullable(&[1, 0, 0, 1], &[0, 1, 0, 0], &[1, 1, 1, 0]));
    assert!(!nullable(&[1, 1, 0, 0], &[0, 1, 0, 0], &[1, 2, 1, 0]));
}

#[test]
fn a_null_holds_zero() {
    let with = |values: &[u32], valid: &[u32]| {
        let mut all = number(values, 8, None);
        all.insert(1, cells(valid));
        accepts("x:int?[0..255]", values.len() as u64, &all)
    };
    assert!(with(&[5, 0, 255, 0], &[1, 0, 1, 1]));
    assert!(!with(&[5, 1, 255, 0], &[1, 0, 1, 1]));
    assert!(!with(&[5, 0, 255, 0], &[1, 0, 1, 2]));
    // A range that is no power of two: a null's complement is the whole span.
    let mut all = number(&[4, 0, 10], 4, Some(10));
    all.insert(1, cells(&[1, 0, 1]));
    assert!(accepts("x:int?[-5..5]", 3, &all));
    // A boolean that is null is false.
    assert!(accepts("m:bool?", 3, &[cells(&[1, 0, 0]), cells(&[1, 0, 1])]));
    assert!(!accepts("m:bool?", 3, &[cells(&[1, 1, 0]), cells(&[1, 0, 1])]));
}

#[test]
fn nothing_lies_in_the_padding() {
    // A component on a generator at or beyond N, in each kind of column, with all that follows.
    for rows in [1u64, 3, 2047] {
        let n = rows as usize;
        for beyond in [n, 2047] {
            let put = |value: u32| {
                let mut words = vec![0; 2048];
                words[..n].fill(1);
                words[beyond] = value;
                words
            };
            let zero = [0u32; 2048];
            assert!(!accepts("m:bool", rows, &[cells(&put(1))]));
            assert!(!accepts("m:bool?", rows, &[cells(&zero), cells(&put(1))]));
            assert!(!accepts("m:bool?", rows, &[cells(&put(1)), cells(&put(1))]));
            assert!(!accepts("x:int[0..255]", rows, &number(&put(9), 8, None)));
            assert!(!accepts("x:int[0..9]", rows, &number(&put(9), 4, Some(9))));
            assert!(!accepts("g:category(a|b)", rows, &[cells(&put(1))]));
            assert!(!accepts("g:category(a|b)?", rows, &[cells(&zero), cells(&put(1))]));
            assert!(accepts("m:bool", rows, &[cells(&put(1)[..n])]));
        }
    }
}

#[test]
fn tables_of_odd_lengths_are_published_and_checked() {
    for rows in [1, 2, 2047, 2048, 2049, 4097] {
        let published = published(&people(rows, 5));
        let checked = check(&published.manifest).unwrap();
        assert_eq!(checked.body().rows, rows as u64);
        assert_eq!(*checked.body(), published.open.body);
    }
}

#[test]
fn ingest_proofs_belong_to_their_version_dataset_and_column() {
    let columns = || columns_of(&people(50, 3));
    let policy = Policy::default();
    let one = publish(&did(), 1, policy, columns(), seed(), &ENTROPY).unwrap().open;
    let open: Vec<OpenColumn> = vec![one.column(3, Role::Value).unwrap().clone()];
    let proof = prove_column(&one.body, 3, &open, &seed(), &ENTROPY).unwrap();
    let check_in = |body: &Body, column: u16| {
        let part = IngestPart { bits: &[], proof: &proof };
        let mut equations = Equations::new();
        check_column(body, column, &[&open[0].commitments], &part, &mut equations).is_ok()
            && equations.check().is_ok()
    };
    assert!(check_in(&one.body, 3));
    let other = |change: fn(&mut Body)| {
        let mut body = one.body.clone();
        change(&mut body);
        check_in(&body, 3)
    };
    assert!(!other(|body| body.version = 2));
    assert!(!other(|body| body.dataset = other_did()));
    assert!(!other(|body| body.rows = 51));
    assert!(!other(|body| body.policy = Policy::new(11).unwrap()));
    assert!(!other(|body| body.columns = ColumnRoot::from_bytes([1; 32])));
    assert!(!other(|body| body.schema = Schema::from_str("a:bool,b:bool,c:bool,d:bool").unwrap()));
    // The same column in another place of the schema.
    let mut body = one.body.clone();
    body.schema = Schema::from_str("a:bool,b:bool,c:bool,smoker:bool").unwrap();
    assert!(!check_in(&body, 2));
    // One proof for two columns that are alike in everything but their place.
    let alike = self::body("a:bool,b:bool", 50);
    let proof = prove_column(&alike, 0, &open, &seed(), &ENTROPY).unwrap();
    let accepted = [0, 1].map(|column| {
        let part = IngestPart { bits: &[], proof: &proof };
        let mut equations = Equations::new();
        check_column(&alike, column, &[&open[0].commitments], &part, &mut equations).is_ok()
            && equations.check().is_ok()
    });
    assert_eq!(accepted, [true, false]);
}

#[test]
fn cells_that_were_not_declared_are_refused_before_anything_is_committed() {
    let schema = Schema::from_str(PEOPLE).unwrap();
    let push = |column: usize, cell| ColumnBuilder::new(&schema.columns()[column]).push(cell);
    assert_eq!(push(0, Cell::Integer(17)), Err(CellError::Range));
    assert_eq!(push(0, Cell::Integer(91)), Err(CellError::Range));
    assert_eq!(push(0, Cell::Text("90.4")), Ok(()));
    assert_eq!(push(0, Cell::Text("90.6")), Err(CellError::Range));
    assert_eq!(push(0, Cell::Null), Err(CellError::Null));
    assert_eq!(push(1, Cell::Null), Ok(()));
    assert_eq!(push(2, Cell::Text("d")), Err(CellError::Level));
    assert_eq!(push(2, Cell::Integer(1)), Err(CellError::Type));
    assert_eq!(push(3, Cell::Text("yes")), Err(CellError::Type));
    assert!(matches!(push(1, Cell::Float(f64::NAN)), Err(CellError::Unreadable(_))));
    assert!(matches!(push(1, Cell::Text("12,5")), Err(CellError::Unreadable(_))));
    // No message holds a cell.
    assert!(!push(0, Cell::Text("1234567")).unwrap_err().to_string().contains("1234567"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn random_honest_tables_pass_and_one_altered_number_does_not(
        rows in 1usize..300,
        seed in any::<u64>(),
        row in any::<prop::sample::Index>(),
        by in 1u32..200,
    ) {
        let values: Vec<u32> = numbers(seed, rows, 100).iter().map(|n| *n as u32).collect();
        let honest = number(&values, 7, Some(99));
        prop_assert!(accepts("x:int[0..99]", rows as u64, &honest));
        let mut forged = honest;
        let mut other = values;
        other[row.index(rows)] += by;
        forged[0] = cells(&other);
        prop_assert!(!accepts("x:int[0..99]", rows as u64, &forged));
    }
}
