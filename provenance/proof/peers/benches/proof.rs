//! `make bench-proof`: commit, prove and check a million rows, in turns in one run with the figures
//! that they are held against. The last lines are one figure each, `name value unit (goal …)
//! ok|short`. It never judges: it exits 0.
//!
//! `BENCH_ROWS` sets the rows (1,048,576), `BENCH_ONLY` names the figures to take
//! (`commit,sum,ingest,spartan,large`); the large table (10,000,000 rows) is taken only where it is
//! named. `BENCH_SPARTAN_ROWS` (262,144) sets how many rows Spartan proves the masked sum over; ours
//! is measured over as many.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]
// A benchmark reads the clock and its settings; the package that it measures does not.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::time::Instant;

use ark_ec::VariableBaseMSM;
use veritrail_proof::argument::equations::Equations;
use veritrail_proof::argument::prove::{OpenColumn, prove};
use veritrail_proof::argument::verify::verify;
use veritrail_proof::argument::{Commitments, proof_len};
use veritrail_proof::body::manifest::Manifest;
use veritrail_proof::columns::Cells;
use veritrail_proof::columns::build::{Cell, ColumnBuilder, EncodedColumn};
use veritrail_proof::commit::blinds::VersionSeed;
use veritrail_proof::commit::{chunks_of, commit_column};
use veritrail_proof::curve::{Scalar, Sum, wide_scalar};
use veritrail_proof::generators::{CHUNK_ROWS, generators};
use veritrail_proof::ingest::{Published, check, publish, reopen};
use veritrail_proof::policy::Policy;
use veritrail_proof::relation::{Claim, Factor, Product, Relation, Weight};
use veritrail_proof::schema::Schema;
use veritrail_proof::transcript::{Blinds, Entropy, Transcript};
use veritrail_proof_peers::r1cs::Sums;
use veritrail_provenance::identity::Did;

/// Checks of each proof, which are short.
const CHECKS: usize = 20;

/// Blinds from a counter: a benchmark hides nothing.
struct Counted(u64);

impl Blinds for Counted {
    fn draw(&mut self) -> Scalar {
        self.0 += 1;
        let mut wide = [0; 64];
        blake3::Hasher::new().update(&self.0.to_le_bytes()).finalize_xof().fill(&mut wide);
        wide_scalar(&wide)
    }
}

struct Figures(Vec<String>);

impl Figures {
    /// `goal` is the most that the figure may be.
    fn add(&mut self, name: &str, value: f64, unit: &str, goal: f64) {
        let met = if value <= goal { "ok" } else { "short" };
        self.0.push(format!("{name} {value:.3} {unit} (goal ≤ {goal} {unit}) {met}"));
    }
}

fn main() {
    // `cargo test --benches` runs this too; there is nothing to test.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let rows: usize =
        std::env::var("BENCH_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(1 << 20);
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let wanted = |name: &str| match only.is_empty() {
        true => name != "large",
        false => only.split(',').any(|one| one == name),
    };
    let mut figures = Figures(Vec::new());
    println!("{rows} rows, {} threads", rayon::current_num_threads());
    // The tables are made once in a process.
    time("tables", || commit_column(&Cells::values(vec![1, 2, 3], 32), &[Scalar::from(5u64)]));
    if wanted("commit") {
        commit(rows, &mut figures);
    }
    if wanted("sum") {
        masked_sum(rows, &mut figures);
    }
    if wanted("ingest") {
        ingest(rows, &mut figures);
    }
    if wanted("spartan") {
        spartan(&mut figures);
    }
    if wanted("large") {
        large(&mut figures);
    }
    println!();
    figures.0.iter().for_each(|figure| println!("{figure}"));
}

fn time<T>(name: &str, work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let made = work();
    let seconds = start.elapsed().as_secs_f64();
    println!("{name}: {seconds:.3} s");
    (seconds, made)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn words(rows: usize, bits: u32, seed: u64) -> Vec<u32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..rows)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 16) as u32 >> (32 - bits)
        })
        .collect()
}

fn commit(rows: usize, figures: &mut Figures) {
    let values = words(rows, 32, 1);
    let cells = Cells::values(values.clone(), 32);
    let mut source = Counted(0);
    let blinds: Vec<Scalar> = (0..chunks_of(rows as u64)).map(|_| source.draw()).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        ours.push(time("commit", || commit_column(&cells, &blinds)).0);
        let msm = |chunk: &[u32]| Sum::msm_u32(&generators().rows[..chunk.len()], chunk);
        theirs.push(
            time("ark's msm_u32", || values.chunks(CHUNK_ROWS).map(msm).collect::<Vec<_>>()).0,
        );
    }
    let (ours, theirs) = (median(ours), median(theirs));
    figures.add("commit_per_msm_u32", ours / theirs, "x", 0.6);
    let bits = Cells::values(words(rows, 1, 2), 1);
    time("commit to booleans", || commit_column(&bits, &blinds));
}

fn open(cells: Cells, rows: usize, source: &mut Counted) -> OpenColumn {
    let blinds: Vec<Scalar> = (0..chunks_of(rows as u64)).map(|_| source.draw()).collect();
    let commitments = Commitments::new(commit_column(&cells, &blinds)).unwrap();
    OpenColumn { cells, blinds: blinds.into(), commitments }
}

/// A boolean, a column of 32 bits, and Σ m·u over them.
fn masked(rows: usize) -> (Vec<u32>, Vec<u32>, u128) {
    let (mask, values) = (words(rows, 1, 3), words(rows, 32, 4));
    let sum = mask.iter().zip(&values).map(|(m, u)| u128::from(*m) * u128::from(*u)).sum();
    (mask, values, sum)
}

fn masked_relation(rows: usize, sum: u128) -> Relation {
    let factors = vec![Factor::Column(0), Factor::Column(1)];
    let products = vec![Product { coefficient: 1, factors }];
    let claim = Claim { weight: Weight::One, products, sum };
    Relation::new(rows as u64, 2, vec![], vec![claim]).unwrap()
}

/// The masked sum: prove, check, bytes, and CPU seconds of one proof.
fn measure_sum(rows: usize, rounds: usize) -> (f64, f64, usize, f64) {
    let (mask, values, sum) = masked(rows);
    let mut source = Counted(1 << 20);
    let columns = [
        open(Cells::values(mask, 1), rows, &mut source),
        open(Cells::values(values, 32), rows, &mut source),
    ];
    let relation = masked_relation(rows, sum);
    let commitments: Vec<&Commitments> = columns.iter().map(|open| &open.commitments).collect();
    let (mut proving, mut checking, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    let mut checking_cpu = 0.0;
    for _ in 0..rounds {
        let before = cpu_seconds();
        let (seconds, proof) = time("masked sum, prove", || {
            prove(&mut Transcript::new(), &relation, &columns, &mut source).unwrap()
        });
        proving.push(seconds);
        cpu.push(cpu_seconds() - before);
        let before = cpu_seconds();
        for _ in 0..CHECKS {
            let start = Instant::now();
            let mut equations = Equations::new();
            verify(&mut Transcript::new(), &relation, &commitments, &proof, &mut equations)
                .unwrap();
            equations.check().unwrap();
            checking.push(start.elapsed().as_secs_f64());
        }
        checking_cpu += cpu_seconds() - before;
    }
    println!(
        "masked sum, check: {:.1} ms at best, {:.1} ms of CPU, of {}",
        checking.iter().copied().fold(f64::INFINITY, f64::min) * 1e3,
        checking_cpu / checking.len() as f64 * 1e3,
        checking.len()
    );
    (median(proving), median(checking), proof_len(&relation), median(cpu))
}

fn masked_sum(rows: usize, figures: &mut Figures) {
    let (proving, checking, bytes, _) = measure_sum(rows, 5);
    figures.add("masked_sum_prove", proving, "s", 0.5);
    figures.add("masked_sum_check", checking * 1e3, "ms", 30.0);
    figures.add("masked_sum_size", bytes as f64 / 1024.0, "KiB", 3.0);
}

/// The same sum over as many rows, by Spartan: what each spends on a row.
fn spartan(figures: &mut Figures) {
    let rows = std::env::var("BENCH_SPARTAN_ROWS").ok().and_then(|text| text.parse().ok());
    let rows: usize = rows.unwrap_or(1 << 18);
    // Several, since the system counts CPU time in hundredths of a second.
    let (_, _, _, ours) = measure_sum(rows, 5);
    let (mask, values, sum) = masked(rows);
    let peer = Sums::new(&masked_relation(rows, sum)).unwrap();
    let before = cpu_seconds();
    let (_, proof) = time("masked sum by spartan, prove (its commitment included)", || {
        peer.prove(&[&mask, &values], &[sum]).unwrap()
    });
    let theirs = cpu_seconds() - before;
    let (_, holds) = time("masked sum by spartan, check", || peer.holds(&proof, &[sum]).unwrap());
    assert!(holds);
    let (row, constraint) = (ours / rows as f64, theirs / peer.constraints() as f64);
    println!(
        "{rows} rows: {:.3} µs of CPU a row, spartan {:.3} a constraint",
        row * 1e6,
        constraint * 1e6
    );
    figures.add("masked_sum_cpu_per_spartan", row / constraint, "x", 0.2);
}

/// CPU time of all threads of this process.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| after.split_whitespace().nth(at).and_then(|t| t.parse::<f64>().ok());
    // User and system time, in the hundredths of a second that Linux shows.
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

fn large(figures: &mut Figures) {
    let (proving, _, _, _) = measure_sum(10_000_000, 1);
    figures.add("masked_sum_prove_1e7", proving, "s", 5.0);
    if let Some(peak) = peak_bytes() {
        figures.add("masked_sum_peak_1e7", peak as f64 / 1e9, "GB", 1.0);
    }
}

/// The most memory that this process has held.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn encoded(schema: &Schema, rows: usize) -> Vec<EncodedColumn> {
    schema
        .columns()
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let mut builder = ColumnBuilder::new(column);
            for word in words(rows, 32, 10 + at as u64) {
                builder.push(Cell::Integer(word.into())).unwrap();
            }
            builder.finish()
        })
        .collect()
}

fn ingest(rows: usize, figures: &mut Figures) {
    let dataset: Did = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp".parse().unwrap();
    let seed = || VersionSeed::derive(&[1; 32], &dataset, 1);
    let one: Schema = "a:int[0..4294967295]".parse().unwrap();
    let (seconds, _) = time("range proof of one column of 32 bits, commitments included", || {
        publish(&dataset, 1, Policy::default(), encoded(&one, rows), seed(), &Entropy([2; 32]))
            .unwrap()
    });
    figures.add("range_proof", seconds, "s", 8.0);
    let three = "a:int[0..4294967295],b:int[0..4294967295],c:int[0..4294967295]";
    let three: Schema = three.parse().unwrap();
    let columns = encoded(&three, rows);
    let (_, Published { manifest, open }) = time("publish three columns", || {
        publish(&dataset, 1, Policy::default(), columns.clone(), seed(), &Entropy([2; 32])).unwrap()
    });
    println!("manifest: {} bytes", manifest.len());
    let (seconds, again) = time("reopen three columns", || {
        reopen(&Manifest::parse(&manifest).unwrap(), columns, seed()).unwrap()
    });
    assert_eq!(again.body, open.body);
    figures.add("reopen_3_columns", seconds, "s", 3.0);
    let (seconds, _) = time("cold check", || check(&manifest).unwrap());
    figures.add("cold_check_3_columns", seconds, "s", 2.0);
}
