//! Every decoder under seeds, hostile inputs and mutations of them (fuzz/harness.rs). A policy and a
//! schema's bytes are read within a body.

#[path = "../../../fuzz/harness.rs"]
mod harness;

use std::str::FromStr;
use std::sync::OnceLock;

use veritrail_proof::argument::Commitments;
use veritrail_proof::body::Body;
use veritrail_proof::body::manifest::Manifest;
use veritrail_proof::body::tree::{ColumnNode, ColumnRoot};
use veritrail_proof::chain::{Chain, Coverage, Release};
use veritrail_proof::curve::{
    ENCODED_LEN, decode_point, decode_scalar, encode_point, encode_scalar,
};
use veritrail_proof::decimal;
use veritrail_proof::ingest::{Checked, check};
use veritrail_proof::noise::Ask;
use veritrail_proof::policy::{self, Policy};
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::{Condition, Measure, Quantity, Statement, verify};
use veritrail_proof::wire::{Reader, Writer};
use veritrail_provenance::hash::StatementId;

use crate::fixtures::*;
use harness::fuzz;

/// A golden file of hex.
fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/../../docs/formats/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

/// Columns of every kind, and categories with as many levels as there can be.
fn wide() -> Body {
    let levels: Vec<String> = (0..64).map(|level| format!("l{level}")).collect();
    let levels = levels.join("|");
    let schema = format!(
        "age:int?[0..127]{{40,65}},weight:fixed(2)[-200..200]{{-0.5,80.25,100}},\
         a:category({levels})?,b:category({levels}),c:category(x|y)?,smoker:bool,treated:bool?,\
         far:int[-2147483648..2147483647]"
    );
    Body {
        dataset: did(),
        version: 1,
        rows: 3000,
        schema: schema.parse().unwrap(),
        policy: Policy::default(),
        columns: ColumnRoot::from_bytes([0; 32]),
    }
}

#[test]
fn body() {
    let seeds = [golden("proof-body.hex"), wide().encode()];
    fuzz(concat!(module_path!(), "::body"), &seeds, 20_000, |bytes| {
        let Ok(body) = Body::decode(bytes) else { return false };
        assert_eq!(body.encode(), bytes);
        // All that is computed from a body before any of its columns is there.
        for column in body.schema.columns() {
            veritrail_proof::ingest::proof_len(column, body.rows).unwrap();
        }
        true
    });
}

#[test]
fn noise_ask() {
    let age = Measure::Sum(Quantity::Value(0));
    let whole = Statement {
        conditions: vec![Condition::True(3)],
        groups: vec![],
        measures: vec![Measure::Count, age],
        withheld: vec![],
    };
    let seeds = [crate::noise::ask(whole, 1000), crate::noise::ask(crate::noise::grouped(), 2000)];
    let seeds = seeds.map(|ask| ask.encode());
    fuzz(concat!(module_path!(), "::noise_ask"), &seeds, 20_000, |bytes| {
        let Ok(ask) = Ask::decode(bytes) else { return false };
        assert_eq!(ask.encode(), bytes);
        let _ = ask.plan(crate::statements::checked().body());
        true
    });
}

#[test]
fn schema_text() {
    let wide = wide().schema.to_string().into_bytes();
    let seeds = [PEOPLE.as_bytes().to_vec(), wide, b"x:fixed(9)?[-0.5..1]{0,1e-3}".to_vec()];
    fuzz(concat!(module_path!(), "::schema_text"), &seeds, 20_000, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        let Ok(schema) = Schema::from_str(text) else { return false };
        let written = schema.to_string();
        assert_eq!(Schema::from_str(&written).unwrap(), schema);
        assert_eq!(Schema::from_str(&written).unwrap().to_string(), written);
        true
    });
}

#[test]
fn number_text() {
    let seeds = ["0", "-12.50", "+1.25e-3", "9.223372036854775807e9", "123456789.000000000"];
    let seeds = seeds.map(|text| text.as_bytes().to_vec());
    fuzz(concat!(module_path!(), "::number_text"), &seeds, 20_000, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        let exact = |places| decimal::parse_exact(text, places);
        for places in 0..=decimal::PLACES_MAX {
            let rounded = decimal::parse(text, places);
            // Exact is what is the same at more places.
            let finer = decimal::parse(text, places + 4).ok();
            let same = |number: i64| finer == number.checked_mul(10_000);
            assert!(finer.is_none() || exact(places).is_none_or(same));
            if let Some(number) = exact(places) {
                assert_eq!(rounded, Ok(number));
                assert_eq!(
                    decimal::parse_exact(&decimal::text(number, places), places),
                    Some(number)
                );
            }
        }
        exact(decimal::PLACES_MAX).is_some()
    });
}

#[test]
fn statement() {
    let all = Statement {
        conditions: vec![Condition::AtLeast(0, 1), Condition::Level(4, 1)],
        groups: vec![2, 1],
        measures: vec![
            Measure::Count,
            Measure::Sum(Quantity::Value(1)),
            Measure::Gram(vec![Quantity::Value(0), Quantity::True(5), Quantity::Level(4, 0)]),
        ],
        withheld: vec![],
    };
    let withheld = Statement {
        conditions: vec![Condition::True(5), Condition::Below(0, 0)],
        groups: vec![4],
        measures: vec![Measure::Count],
        withheld: vec![1],
    };
    let widest = Statement { groups: vec![2, 3], measures: vec![Measure::Count], ..all.clone() };
    let seeds = [golden("proof-statement.hex"), all.encode(), withheld.encode(), widest.encode()];
    fuzz(concat!(module_path!(), "::statement"), &seeds, 10_000, |bytes| {
        static BODY: OnceLock<Body> = OnceLock::new();
        let Ok(statement) = Statement::decode(bytes) else { return false };
        assert_eq!(statement.encode(), bytes);
        // Whatever is read can be planned, and its integers judged, or is refused.
        let body = BODY.get_or_init(wide);
        if let Ok(plan) = plan(&statement, body) {
            assert!(statement.check(&body.schema).is_ok());
            let results = vec![1000; plan.claims.len()];
            let _ = policy::check(body, &statement, &plan, &results);
            let _ = plan.relation(body.rows, &results).map(|relation| relation.mode());
        }
        true
    });
}

/// The same bytes with the root that their commitments have, so that what lies behind the root is
/// read as well.
fn rooted(bytes: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) =
        bytes.split_first_chunk().map(|(n, rest)| (u32::from_le_bytes(*n), rest))?;
    let (body, rest) = rest.split_at_checked(length as usize)?;
    let mut body = Body::decode(body).ok()?;
    let mut columns = Reader::new(rest);
    let leaf = |(column, role)| {
        let commitments = columns.take(body.chunks() * ENCODED_LEN).ok()?;
        Some(ColumnNode::leaf(column, role, commitments))
    };
    let leaves = body.schema.published().into_iter().map(leaf).collect::<Option<Vec<_>>>()?;
    body.columns = ColumnRoot::over(&leaves);
    Some([&length.to_le_bytes(), &body.encode()[..], rest].concat())
}

#[test]
fn manifest() {
    let seeds = [golden("proof-manifest.hex")];
    fuzz(concat!(module_path!(), "::manifest"), &seeds, 20_000, |bytes| {
        assert!(Manifest::parse(bytes).is_err() || rooted(bytes).as_deref() == Some(bytes));
        let bytes = rooted(bytes).unwrap_or_else(|| bytes.to_vec());
        let Ok(manifest) = Manifest::parse(&bytes) else { return false };
        let body = manifest.body.encode();
        let mut again = (body.len() as u32).to_le_bytes().to_vec();
        again.extend_from_slice(&body);
        manifest.published().iter().for_each(|(_, _, column)| again.extend_from_slice(column));
        for part in manifest.ingest() {
            again.extend_from_slice(part.bits);
            again.extend_from_slice(part.proof);
        }
        assert_eq!(again, bytes);
        true
    });
}

#[test]
fn ingest_proof() {
    let seeds = [golden("proof-manifest.hex")];
    fuzz(concat!(module_path!(), "::ingest_proof"), &seeds, 400, |bytes| {
        static HONEST: OnceLock<Vec<u8>> = OnceLock::new();
        let rooted = rooted(bytes).unwrap_or_else(|| bytes.to_vec());
        let accepted = check(&rooted).is_ok();
        // No other bytes prove anything of these columns.
        let honest = HONEST.get_or_init(|| golden("proof-manifest.hex"));
        assert_eq!(accepted, rooted == *honest);
        accepted
    });
}

#[test]
fn argument() {
    let seeds = [golden("proof-argument.hex")];
    fuzz(concat!(module_path!(), "::argument"), &seeds, 800, |bytes| {
        static CHECKED: OnceLock<(Checked, Statement, Vec<u8>)> = OnceLock::new();
        let (version, statement, honest) = CHECKED.get_or_init(|| {
            let version = check(&golden("proof-manifest.hex")).unwrap();
            let statement = Statement::decode(&golden("proof-statement.hex")).unwrap();
            (version, statement, golden("proof-argument.hex"))
        });
        let results = include_str!("../../../docs/formats/golden/proof-results.txt");
        let results: Vec<u128> = results.lines().map(|line| line.parse().unwrap()).collect();
        let verify = |proof: &[u8]| verify(version, statement, &context(), &results, proof).is_ok();
        assert_eq!(verify(bytes), bytes == honest);
        // And at the length that is looked at first.
        let mut whole = bytes.to_vec();
        whole.resize(honest.len(), 0);
        assert_eq!(verify(&whole), whole == *honest);
        bytes == honest
    });
}

#[test]
fn points_and_scalars() {
    let argument = golden("proof-argument.hex");
    let seeds = [argument[..8 * ENCODED_LEN].to_vec(), argument[argument.len() - 32..].to_vec()];
    fuzz(concat!(module_path!(), "::points_and_scalars"), &seeds, 20_000, |bytes| {
        let (encoded, rest) = bytes.as_chunks::<ENCODED_LEN>();
        let mut read = 0;
        for one in encoded {
            let point = decode_point(one).map(|point| encode_point(&point).unwrap());
            let scalar = decode_scalar(one).map(|scalar| encode_scalar(&scalar));
            assert!(point.is_err() || point == Ok(*one));
            assert!(scalar.is_err() || scalar == Ok(*one));
            read += usize::from(point.is_ok() || scalar.is_ok());
        }
        let points = encoded.iter().all(|one| decode_point(one).is_ok()) && rest.is_empty();
        let column = Commitments::decode(bytes, encoded.len());
        assert_eq!(column.is_ok(), points);
        assert!(column.is_err() || column.unwrap().bytes() == bytes);
        assert!(Commitments::decode(bytes, usize::MAX).is_err());
        read == encoded.len() && read > 0 && rest.is_empty()
    });
}

/// Reads one field and writes it again; the field is chosen by a number.
fn field(choice: u8, reader: &mut Reader<'_>, writer: &mut Writer) -> Option<()> {
    match choice % 11 {
        0 => writer.u8(reader.u8().ok()?),
        1 => writer.u8(u8::from(reader.bool().ok()?)),
        2 => writer.u16(reader.u16().ok()?),
        3 => writer.u32(reader.u32().ok()?),
        4 => writer.u64(reader.u64().ok()?),
        5 => writer.u128(reader.u128().ok()?),
        6 => writer.short_text(&reader.short_text().ok()?),
        7 => writer.bytes(&encode_point(&reader.point().ok()?.0).ok()?),
        8 => writer.bytes(&encode_scalar(&reader.scalar().ok()?)),
        9 => writer.bytes(&reader.array::<7>().ok()?),
        // A length as hostile as it can be.
        _ => {
            let length = reader.u64().ok()?;
            writer.u64(length);
            writer.bytes(reader.take(usize::try_from(length).ok()?).ok()?);
        }
    }
    Some(())
}

#[test]
fn wire() {
    // Which fields, and then their bytes.
    let mut seed = vec![11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0xfe, 1];
    seed.extend((1..=2 + 4 + 8 + 16).collect::<Vec<u8>>());
    seed.extend_from_slice("\u{6}héllo".as_bytes());
    seed.extend_from_slice(&golden("proof-argument.hex")[..32]);
    seed.extend_from_slice(&[3; 31]);
    seed.extend_from_slice(b"\0sevenby\x03\0\0\0\0\0\0\0abc");
    fuzz(concat!(module_path!(), "::wire"), &[seed], 20_000, |bytes| {
        let Some((count, rest)) = bytes.split_first() else { return false };
        let Some((choices, fields)) = rest.split_at_checked(usize::from(*count)) else {
            return false;
        };
        let (mut reader, mut writer) = (Reader::new(fields), Writer::new());
        let read = choices.iter().all(|choice| field(*choice, &mut reader, &mut writer).is_some());
        let (written, empty) = (writer.finish(), reader.is_empty());
        assert!(fields.starts_with(&written));
        assert_eq!(reader.end().is_ok(), empty);
        read && empty
    });
}

#[test]
fn chain() {
    // Three bytes a release: how far after the last, which, and after which.
    let seeds =
        [vec![1, 1, 9, 1, 2, 1, 1, 3, 2], vec![1, 1, 9, 2, 2, 1, 1, 3, 1, 1, 4, 3, 1, 2, 2]];
    fuzz(concat!(module_path!(), "::chain"), &seeds, 20_000, |bytes| {
        let id = |byte: u8| StatementId::from_bytes([byte % 10; 32]);
        let mut index = 0;
        let (releases, _) = bytes.as_chunks::<3>();
        let release = |[step, which, after]: &[u8; 3]| {
            index += u64::from(*step & 3);
            let predecessor = (after % 10 != 9).then(|| id(*after));
            Release { index, id: id(*which), predecessor }
        };
        let releases: Vec<Release> = releases.iter().map(release).collect();
        let parts = Chain::read(&releases, Coverage::Parts);
        let Ok(chain) = Chain::read(&releases, Coverage::Whole) else { return false };
        assert!(parts.is_err() || parts.as_ref() == Ok(&chain));
        assert_eq!(chain.counted().len() + chain.uncounted().len(), releases.len());
        let mut before = None;
        for (at, release) in chain.counted().iter().enumerate() {
            assert_eq!((release.predecessor, chain.place(&release.id)), (before, Ok(at)));
            before = Some(release.id);
        }
        assert_eq!(chain.last(), before);
        parts.is_ok()
    });
}

/// The harness itself: a decoder that makes room for as much as it is told is found.
#[test]
fn believed_length() {
    let outcome = std::panic::catch_unwind(|| {
        let test = concat!(module_path!(), "::believed_length");
        fuzz(test, &[b"\x03\0\0\0abc".to_vec()], 10, |bytes| {
            let mut reader = Reader::new(bytes);
            let Ok(length) = reader.u32() else { return false };
            let mut content = std::hint::black_box(Vec::with_capacity(length as usize));
            content.extend_from_slice(reader.rest());
            content.len() == length as usize
        });
    });
    if harness::is_child() {
        outcome.unwrap();
    } else {
        let found = *outcome.unwrap_err().downcast::<String>().unwrap();
        assert!(found.contains("64-mib-not-there asked for"), "{found}");
    }
}
