//! REF: every form reads and writes itself, and everything else is refused with the reason.

use veritrail_provenance::reference::*;

use crate::fixtures::did;

fn parse(text: &str) -> Reference {
    Reference::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> ReferenceError {
    match Reference::parse(text) {
        Err(error) => error,
        Ok(reference) => panic!("{text:?} is {reference:?}"),
    }
}

#[test]
fn every_form_is_recognised_and_round_trips() {
    let did = did(1);
    let prefix: HexPrefix = "0123abcd".parse().unwrap();
    let name: LocalName = "rain".parse().unwrap();
    let origin = || "example.org/lab".parse().unwrap();
    let ticket = format!("veritrail{}", "abcdefgh234567");
    let forms = [
        (did.to_string(), Reference::Dataset(did.clone())),
        (format!("{did}@3"), Reference::DatasetNumber(did.clone(), 3)),
        (format!("{did}@r:0123abcd"), Reference::DatasetRoot(did.clone(), prefix.clone())),
        ("run:0123abcd".to_owned(), Reference::Run(prefix.clone())),
        ("run:0123abcd/output".to_owned(), Reference::RunOutput(prefix)),
        ("log:0".to_owned(), Reference::OwnLog(0)),
        (format!("log:{}", u64::MAX), Reference::OwnLog(u64::MAX)),
        ("example.org/lab#17".to_owned(), Reference::Log(origin(), 17)),
        ("../../x#1".to_owned(), Reference::Log("../../x".parse().unwrap(), 1)),
        ("log:5#1".to_owned(), Reference::Log("log:5".parse().unwrap(), 1)),
        (ticket.clone(), Reference::Ticket(ticket)),
        ("rain".to_owned(), Reference::Name(name.clone())),
        ("rain@12".to_owned(), Reference::NameNumber(name, 12)),
    ];
    for (text, reference) in forms {
        assert_eq!(parse(&text), reference);
        assert_eq!(reference.to_string(), text);
        assert_eq!(text.parse::<Reference>().unwrap(), reference);
    }
}

#[test]
fn hex_prefixes_have_8_to_64_digits() {
    let hash = [0xab; 32];
    let hex = "ab".repeat(32);
    for digits in 8..=64 {
        let prefix: HexPrefix = hex[..digits].parse().unwrap();
        assert!(prefix.matches(&hash) && !prefix.matches(&[0; 32]));
    }
    assert!("abababac".parse::<HexPrefix>().is_ok_and(|prefix| !prefix.matches(&hash)));
    for odd in ["", "0123abc", "0123ABCD", "0123abcg", &"a".repeat(65)] {
        assert!(matches!(error(&format!("run:{odd}")), ReferenceError::Prefix(_)), "{odd}");
        assert!(matches!(error(&format!("did:x:a@r:{odd}")), ReferenceError::Prefix(_)), "{odd}");
    }
}

#[test]
fn local_names_cannot_be_taken_for_another_form() {
    let longest = format!("a{}", "b".repeat(62));
    for name in ["a", "rain", "a.b-c_d9", &longest] {
        assert!(matches!(parse(name), Reference::Name(_)), "{name}");
    }
    for name in ["did", "run", "runs", "log", "logbook", "did-x"] {
        assert!(matches!(error(name), ReferenceError::ReservedName(_)), "{name}");
    }
    for name in
        ["veritrail", "veritrail-x", "veritrailA", &format!("veritrail{}", "a".repeat(4_096))]
    {
        assert_eq!(error(name), ReferenceError::Ticket, "{name}");
    }
    for name in ["Rain", "9a", ".a", "-a", "a b", "a:b", "ä", &format!("{longest}c")] {
        assert!(matches!(error(name), ReferenceError::Name(_)), "{name}");
    }
}

#[test]
fn numbers_have_one_text() {
    for number in ["", "+1", "-1", "01", "00", "1 ", " 1", "1.0", "x", "18446744073709551616"] {
        assert!(matches!(error(&format!("log:{number}")), ReferenceError::Number(_)), "{number:?}");
        assert!(
            matches!(error(&format!("rain@{number}")), ReferenceError::Number(_)),
            "{number:?}"
        );
        assert!(matches!(error(&format!("did:x:a@{number}")), ReferenceError::Number(_)));
    }
    assert!(matches!(error("example.org#01"), ReferenceError::Number(_)));
    assert_eq!(error("rain@0"), ReferenceError::VersionZero);
    assert_eq!(error("did:x:a@0"), ReferenceError::VersionZero);
}

#[test]
fn everything_else_is_refused() {
    assert_eq!(error(""), ReferenceError::Empty);
    assert!(matches!(error("did:x"), ReferenceError::Did { .. }));
    assert!(matches!(error("did:x:a?b"), ReferenceError::Did { .. }));
    assert!(matches!(error("a b#1"), ReferenceError::Origin { .. }));
    assert!(matches!(error("#1"), ReferenceError::Origin { .. }));
    assert!(matches!(error("a#b#1"), ReferenceError::Origin { .. }));
    assert!(matches!(error("run:0123abcd/input"), ReferenceError::RunPart(_)));
    assert!(matches!(error("run:0123abcd/"), ReferenceError::RunPart(_)));
    assert!(matches!(error("run:0123abcd/outputs"), ReferenceError::RunPart(_)));
    assert!(matches!(error("rain/a.csv"), ReferenceError::Path(_)));
    assert!(matches!(error("log:1/a"), ReferenceError::Path(_)));
    assert!(matches!(error("rain/"), ReferenceError::Path(_)));
    assert!(matches!(error("example.org#"), ReferenceError::Name(_)));
    assert!(matches!(error("example.org#x"), ReferenceError::Name(_)));
}

#[test]
fn a_path_may_follow_what_has_files() {
    fn split(text: &str) -> (Reference, Option<&str>) {
        Reference::parse_with_path(text).unwrap()
    }
    let did = did(1).to_string();
    let dataset = parse(&did);
    assert_eq!(split(&did), (dataset.clone(), None));
    assert_eq!(split(&format!("{did}/days/*.csv")), (dataset.clone(), Some("days/*.csv")));
    assert_eq!(split(&format!("{did}@2/a.csv")), (parse(&format!("{did}@2")), Some("a.csv")));
    assert_eq!(split("rain/a.csv"), (parse("rain"), Some("a.csv")));
    assert_eq!(split("rain@2/a/b"), (parse("rain@2"), Some("a/b")));
    let output = parse("run:0123abcd/output");
    assert_eq!(split("run:0123abcd/output"), (output.clone(), None));
    assert_eq!(split("run:0123abcd/output/x.parquet"), (output.clone(), Some("x.parquet")));
    assert_eq!(split("veritrailabc/a.csv"), (parse("veritrailabc"), Some("a.csv")));
    // A path that ends like a log entry still belongs to its DID or run.
    let odd = format!("{did}/notes#1");
    assert_eq!(split(&odd), (dataset, Some("notes#1")));
    assert_eq!(split("run:0123abcd/output/n#1"), (output, Some("n#1")));
    assert!(matches!(split("example.org/lab#1"), (Reference::Log(_, 1), None)));
    for odd in ["log:1/a", "rain/", "run:0123abcd/output/", "run:0123abcd/x", ""] {
        assert!(Reference::parse_with_path(odd).is_err(), "{odd}");
    }
}
