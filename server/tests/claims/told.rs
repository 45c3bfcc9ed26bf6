//! What a reader is told, to the letter; and the golden proof file.

use std::path::PathBuf;

use veritrail_proof::schema::Schema;
use veritrail_provenance::hash::StatementId;
use veritrail_provenance::statement::StatementRef;
use veritrail_server::claims::answers::Value;
use veritrail_server::claims::report::{Group, LABEL, Told};
use veritrail_server::claims::{Claim, Level, ProofFile, ProofReport, words};

use super::hospital::*;

/// The golden file's text, which must equal `made`. `VERITRAIL_BLESS=1` writes files that are
/// missing, never one that is there.
pub fn golden(name: &str, made: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/golden");
    let path = folder.join(name);
    let bless = std::env::var("VERITRAIL_BLESS").is_ok_and(|value| value == "1");
    if bless && !path.exists() {
        std::fs::write(&path, made).unwrap();
    }
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(text, made, "{name} is not what version 1 writes");
}

const CLAIM: &str = "select sex, avg(diff_kg), sum(age), count(*) from t where smoker group by sex";

#[test]
fn the_golden_proof_file() {
    let bytes = proof(CLAIM).encode();
    let lines: String = bytes.chunks(32).map(|line| hex::encode(line) + "\n").collect();
    golden("proof-file.hex", &lines);
    assert!(check_bytes(&bytes).is_ok());
    assert_eq!(ProofFile::decode(&bytes).unwrap().encode(), bytes);
}

#[test]
fn a_reader_is_told_what_is_proven_and_what_is_not() {
    let proven = check_file(&proof(CLAIM)).unwrap();
    let id = StatementId::from_bytes([3; 32]);
    let released = StatementRef { origin: place().origin, index: 7, id };
    let report = ProofReport::new(&proven, Some(&released));
    golden("proof-words.txt", &words(&report));
    golden("proof-report.json", &(serde_json::to_string_pretty(&report).unwrap() + "\n"));
    assert!(words(&report).ends_with(&format!("{LABEL}\n")));
    let alone = ProofReport::new(&proven, None);
    assert!(words(&alone).contains("NOT known to be released"));
}

#[test]
fn coefficients_have_their_errors_and_models_their_rows() {
    let file = proof("select ols(diff_kg, age, cast(smoker as bigint)) from t");
    let report = ProofReport::new(&check_file(&file).unwrap(), None);
    let text = words(&report);
    for part in ["intercept = ", " CAST(smoker AS BIGINT) = ", "standard error", "of freedom = "] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("diff_kg was rounded to 1 decimal place: at most 0.05 a row"));
    assert!(text.contains("age was committed as whole numbers"));
}

#[test]
fn bands_are_told_by_their_ends() {
    let sql = "select count(*) from t group by age >= 40, age >= 65";
    let proven = clinic().check(&clinic().proof(sql).encode()).unwrap();
    let report = ProofReport::new(&proven, None);
    let text = words(&report);
    for line in ["\n  age < 40:\n", "\n  age >= 40 and < 65:\n", "\n  age >= 65:\n"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let json = serde_json::to_value(&report.results[1].group).unwrap();
    assert_eq!(json, serde_json::json!([["age", {"at_least": "40", "below": "65"}]]));
    let json = serde_json::to_value(&report.results[0].group).unwrap();
    assert_eq!(json, serde_json::json!([["age", {"at_least": null, "below": "40"}]]));
}

#[test]
fn names_and_levels_cannot_steer_a_terminal() {
    let mut report = ProofReport::new(&check_file(&proof(CLAIM)).unwrap(), None);
    let odd = "\u{1b}[2J\nNOT PROVEN\r\u{202e}";
    report.claim = odd.to_owned();
    report.results = vec![Group {
        group: vec![(odd.to_owned(), Some(Level::Named(odd.to_owned())))],
        answers: vec![Told {
            name: odd.to_owned(),
            value: Value::Whole(1),
            standard_error: None,
            within: None,
            noise: None,
        }],
    }];
    let text = words(&report);
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']), "{text:?}");
    assert_eq!(text.lines().filter(|line| line.trim() == "NOT PROVEN").count(), 1);
}

#[test]
fn numbers_are_written_without_loss() {
    let text = |value: Value| value.to_string();
    assert_eq!(text(Value::Decimal(-5, 2)), "-0.05");
    assert_eq!(text(Value::Decimal(1234, 1)), "123.4");
    assert_eq!(text(Value::Decimal(7, 0)), "7");
    assert_eq!(text(Value::Null), "null");
    for float in [0.1, -1e-9, 1e22, 4.5, f64::MIN_POSITIVE] {
        assert_eq!(text(Value::Float(float)).parse::<f64>().unwrap(), float);
    }
    let schema: Schema = "x:fixed(9)[-0.5..0.5]".parse().unwrap();
    let claim = Claim::compile("select sum(x) from t", &schema).unwrap();
    assert_eq!(
        veritrail_server::claims::answers::rounded_columns(&claim, &schema),
        [("x".to_owned(), 9)]
    );
}
