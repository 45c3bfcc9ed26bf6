//! The formats' golden files: written here byte for byte, and read back.
//!
//! A file that differs is an error: version 1 of a format does not change. `VERITRAIL_BLESS=1`
//! writes files that are missing, never one that is there.

use std::path::PathBuf;

use veritrail_proof::argument::Commitments;
use veritrail_proof::argument::equations::Equations;
use veritrail_proof::argument::verify::verify as verify_relation;
use veritrail_proof::body::manifest::manifest_hash;
use veritrail_proof::columns::build::{Cell, ColumnBuilder};
use veritrail_proof::curve::{ENCODED_LEN, Scalar, encode_scalar, wide_scalar};
use veritrail_proof::ingest::{Published, check};
use veritrail_proof::noise::{self, Committed, answer::verify_in};
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::prove::Proven;
use veritrail_proof::statement::{
    Audience, Condition, Context, Measure, Quantity, Statement, prove, verify, withhold,
};
use veritrail_proof::transcript::{Channel, Transcript};
use veritrail_provenance::hash::StatementId;

use crate::fixtures::*;

/// The golden file's text, which must equal `made`.
fn golden(name: &str, made: &str) {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/golden").join(name);
    let bless = std::env::var("VERITRAIL_BLESS").is_ok_and(|value| value == "1");
    if bless && !path.exists() {
        std::fs::write(&path, made).unwrap();
    }
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, made, "{name} is not what version 1 writes");
}

/// Hex in lines of 32 bytes.
fn hex_lines(bytes: &[u8]) -> String {
    bytes.chunks(32).map(|line| hex::encode(line) + "\n").collect()
}

/// Tells every message and challenge as it goes through.
struct Told {
    inner: Transcript,
    lines: Vec<String>,
}

impl Told {
    fn new() -> Self {
        Self { inner: Transcript::new(), lines: vec![] }
    }
}

impl Channel for Told {
    fn bytes(&mut self, label: &'static [u8], bytes: &[u8]) {
        let label_text = std::str::from_utf8(label).unwrap();
        let shown = match bytes.len() {
            0..=64 => hex::encode(bytes),
            length => format!("{length} bytes, BLAKE3 {}", blake3::hash(bytes)),
        };
        self.lines.push(format!("{label_text}: {shown}"));
        self.inner.bytes(label, bytes);
    }

    fn wide(&mut self, label: &'static [u8]) -> [u8; 64] {
        let wide = self.inner.wide(label);
        let label = std::str::from_utf8(label).unwrap();
        let challenge: Scalar = wide_scalar(&wide);
        self.lines.push(format!("{label} -> {}", hex::encode(encode_scalar(&challenge))));
        wide
    }
}

/// Twenty people, whose release policy allows cells of three.
fn example() -> veritrail_proof::ingest::Published {
    let people = people(20, 11);
    let policy = veritrail_proof::policy::Policy::new(3).unwrap();
    veritrail_proof::ingest::publish(&did(), 1, policy, columns_of(&people), seed(), &ENTROPY)
        .unwrap()
}

fn statement() -> Statement {
    Statement {
        conditions: vec![Condition::False(3)],
        groups: vec![],
        measures: vec![Measure::Count, Measure::Sum(Quantity::Value(0))],
        withheld: vec![],
    }
}

#[test]
fn body_and_manifest() {
    let example = example();
    golden("proof-body.hex", &hex_lines(&example.open.body.encode()));
    golden("proof-manifest.hex", &hex_lines(&example.manifest));
    let text = format!(
        "body {}\nmanifest {}\n",
        example.open.body.hash(),
        manifest_hash(&example.manifest)
    );
    golden("proof-hashes.txt", &text);
}

#[test]
fn a_statement_with_its_transcript() {
    let example = example();
    let checked = check(&example.manifest).unwrap();
    let statement = statement();
    let proven = prove(&example.open, &statement, &context(), &ENTROPY).unwrap();
    verify(&checked, &statement, &context(), &proven.results, &proven.proof).unwrap();
    golden("proof-statement.hex", &hex_lines(&statement.encode()));
    let results: Vec<String> = proven.results.iter().map(u128::to_string).collect();
    golden("proof-results.txt", &(results.join("\n") + "\n"));
    golden("proof-argument.hex", &hex_lines(&proven.proof));

    let lines = transcript(&example, &statement, &proven);
    golden("proof-transcript.txt", &(lines.join("\n") + "\n"));
}

/// The verifier's whole transcript of a proof.
fn transcript(published: &Published, statement: &Statement, proven: &Proven) -> Vec<String> {
    transcript_in(&context(), published, statement, proven)
}

fn transcript_in(
    context: &Context,
    published: &Published,
    statement: &Statement,
    proven: &Proven,
) -> Vec<String> {
    let checked = check(&published.manifest).unwrap();
    let body = &published.open.body;
    let plan = plan(statement, body).unwrap();
    let relation = plan.relation(body.rows, &proven.results).unwrap();
    let column_len = relation.chunks() * ENCODED_LEN;
    let (derived, argument) = proven.proof.split_at(plan.derived.len() * column_len);
    let derived: Vec<Commitments> = derived
        .chunks_exact(column_len)
        .map(|bytes| Commitments::decode(bytes, relation.chunks()).unwrap())
        .collect();
    let published = plan.columns.iter();
    let published = published.map(|(column, role)| checked.column(*column, *role).unwrap());
    let columns: Vec<&Commitments> = published.chain(&derived).collect();
    let mut told = Told::new();
    let results = &proven.results;
    veritrail_proof::statement::absorb(&mut told, body, context, statement, &plan, results);
    let mut equations = Equations::new();
    verify_relation(&mut told, &relation, &columns, argument, &mut equations).unwrap();
    equations.check().unwrap();
    told.lines
}

/// Eighteen people, of whom three have no age and one is 65 or older.
#[test]
fn a_statement_that_withholds_with_its_transcript() {
    let schema: Schema = "age:int?[18..90]{40,65}".parse().unwrap();
    let mut builder = ColumnBuilder::new(&schema.columns()[0]);
    for age in [18, 20, 22, 25, 31, 33, 38, 39, 40, 41, 47, 52, 58, 64, 70] {
        builder.push(Cell::Integer(age)).unwrap();
    }
    (0..3).for_each(|_| builder.push(Cell::Null).unwrap());
    let policy = veritrail_proof::policy::Policy::new(3).unwrap();
    let columns = vec![builder.finish()];
    let example =
        veritrail_proof::ingest::publish(&did(), 1, policy, columns, seed(), &ENTROPY).unwrap();
    let asked = Statement {
        conditions: vec![],
        groups: vec![0],
        measures: vec![Measure::Count],
        withheld: vec![],
    };
    let statement = withhold(&example.open, &asked, &[]).unwrap();
    assert_eq!(statement.withheld, [1, 2]);
    let proven = prove(&example.open, &statement, &context(), &ENTROPY).unwrap();
    assert_eq!(proven.results, [8, 15]);
    let checked = check(&example.manifest).unwrap();
    verify(&checked, &statement, &context(), &proven.results, &proven.proof).unwrap();
    golden("proof-withheld.txt", &told_of(&example, &statement, &proven));
}

/// Rows in which something is not null, in each group and in all columns at once.
#[test]
fn a_statement_of_present_rows_with_its_transcript() {
    let example = example();
    let statement = Statement {
        conditions: vec![],
        groups: vec![],
        measures: vec![Measure::Present(vec![1]), Measure::Present(vec![0, 1, 2])],
        withheld: vec![],
    };
    let proven = prove(&example.open, &statement, &context(), &ENTROPY).unwrap();
    let checked = check(&example.manifest).unwrap();
    verify(&checked, &statement, &context(), &proven.results, &proven.proof).unwrap();
    golden("proof-present.txt", &told_of(&example, &statement, &proven));
}

/// A statement with all that belongs to it.
fn told_of(published: &Published, statement: &Statement, proven: &Proven) -> String {
    let results: Vec<String> = proven.results.iter().map(u128::to_string).collect();
    format!(
        "schema {}\nmanifest {}\nstatement {}\nresults {}\n{}\nproof\n{}",
        published.open.body.schema,
        manifest_hash(&published.manifest),
        hex::encode(statement.encode()),
        results.join(" "),
        transcript(published, statement, proven).join("\n"),
        hex_lines(&proven.proof),
    )
}

/// Two chunks of people by group, under two conditions: products of five facts, so derived columns.
#[test]
fn a_statement_with_derived_columns_with_its_transcript() {
    let schema: Schema =
        "age:int?[18..90]{40,65},group:category(a|b|c)?,smoker:bool".parse().unwrap();
    let mut builders: Vec<_> = schema.columns().iter().map(ColumnBuilder::new).collect();
    for person in people(2100, 12) {
        builders[0].push(person.change.map_or(Cell::Null, |_| Cell::Integer(person.age))).unwrap();
        let group = person.group.map(|group| ["a", "b", "c"][usize::from(group)]);
        builders[1].push(group.map_or(Cell::Null, Cell::Text)).unwrap();
        builders[2].push(Cell::Boolean(person.smoker)).unwrap();
    }
    let columns = builders.into_iter().map(ColumnBuilder::finish).collect();
    let policy = veritrail_proof::policy::Policy::new(3).unwrap();
    let example =
        veritrail_proof::ingest::publish(&did(), 1, policy, columns, seed(), &ENTROPY).unwrap();
    let statement = Statement {
        conditions: vec![Condition::False(2), Condition::AtLeast(0, 0)],
        groups: vec![1],
        measures: vec![Measure::Count, Measure::Gram(vec![Quantity::Value(0)])],
        withheld: vec![],
    };
    let context = Context {
        predecessor: Some(StatementId::from_bytes([13; 32])),
        audience: Some(Audience { did: other_did(), nonce: [90; 32] }),
        ..context()
    };
    let proven = prove(&example.open, &statement, &context, &ENTROPY).unwrap();
    let checked = check(&example.manifest).unwrap();
    verify(&checked, &statement, &context, &proven.results, &proven.proof).unwrap();
    let plan = plan(&statement, &example.open.body).unwrap();
    assert_eq!(plan.derived.len(), 3);
    let lines = |title: &str, list: Vec<String>| {
        list.into_iter()
            .enumerate()
            .map(|(at, line)| format!("{title} {at} {line}\n"))
            .collect::<String>()
    };
    let claims = plan.claims.iter().map(|claim| format!("{:?} {:?}", claim.facts, claim.values));
    let text = format!(
        "schema {schema}\nmanifest {}\nstatement {}\nresults {}\n{}{}{}{}\nproof\n{}",
        manifest_hash(&example.manifest),
        hex::encode(statement.encode()),
        proven.results.iter().map(u128::to_string).collect::<Vec<_>>().join(" "),
        lines("column", plan.columns.iter().map(|column| format!("{column:?}")).collect()),
        lines("derived", plan.derived.iter().map(|facts| format!("{facts:?}")).collect()),
        lines("product", claims.collect()),
        transcript_in(&context, &example, &statement, &proven).join("\n"),
        hex_lines(&proven.proof),
    );
    golden("proof-mixed.txt", &text);
}

/// Over the 20 people: numbers of a group's rows (plain sums, so the linear mode), and a sum beside a
/// number under a condition.
#[test]
fn noise_with_its_transcripts() {
    let example = example();
    let checked = check(&example.manifest).unwrap();
    let statements = [
        ("proof-noise-counts.txt", vec![], vec![2], vec![Measure::Count]),
        (
            "proof-noise-sums.txt",
            vec![Condition::False(3)],
            vec![],
            vec![Measure::Count, Measure::Sum(Quantity::Value(0))],
        ),
    ];
    for (name, conditions, groups, measures) in statements {
        let statement = Statement { conditions, groups, measures, withheld: vec![] };
        let ask = crate::noise::ask_of(checked.body(), statement, 2000);
        let made = noise::commit(&example.open, &ask, &context(), &ENTROPY).unwrap();
        let mut of_bits = Told::new();
        let committed =
            Committed::check_in(&mut of_bits, checked.body(), &ask, &context(), &made).unwrap();
        let (release, context) = (crate::noise::RELEASE, crate::noise::told());
        let proven = noise::answer(&example.open, &committed, &release, &context, &ENTROPY);
        let Proven { results, proof } = proven.unwrap();
        let mut of_answer = Told::new();
        let shown = (&results[..], &proof[..]);
        verify_in(&mut of_answer, &checked, &committed, &release, &context, shown).unwrap();
        let results: Vec<String> = results.iter().map(u128::to_string).collect();
        let text = format!(
            "manifest {}\nask {}\nbits\n{}bits proof\n{}{}\nrelease {release}\nnonce {}\nresults {}\n{}\nproof\n{}",
            manifest_hash(&example.manifest),
            hex::encode(ask.encode()),
            hex_lines(&made.points),
            hex_lines(&made.proof),
            of_bits.lines.join("\n"),
            hex::encode(crate::noise::NONCE),
            results.join(" "),
            of_answer.lines.join("\n"),
            hex_lines(&proof),
        );
        golden(name, &text);
    }
}
