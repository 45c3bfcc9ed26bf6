//! CLAIM.toml.

use veritrail_server::claims::{WrittenClaim, WrittenClaimError};

use super::fixture::*;

#[test]
fn a_written_claim_is_read() {
    let text = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/golden/claim.toml"),
    )
    .unwrap();
    let claim = WrittenClaim::parse(&text).unwrap();
    assert_eq!(claim.dataset.as_deref(), Some("weights@1"));
    assert!(claim.sql.contains("avg(diff_kg)"));
    let audience = claim.audience.unwrap();
    assert_eq!(audience.did, other_did());
    assert_eq!(audience.nonce, [0x5a; 32]);
    let small = WrittenClaim::parse("version = 1\nsql = 'select avg(age) from t'").unwrap();
    assert_eq!((small.dataset, small.audience), (None, None));
}

#[test]
fn odd_files_are_refused() {
    let nonce = "5a".repeat(32);
    let who = other_did();
    let cases: [(&str, &str); 16] = [
        ("", "no CLAIM.toml"),
        ("sql = 'x'", "no CLAIM.toml"),
        ("version = '1'\nsql = 'x'", "no CLAIM.toml"),
        ("version = 1", "no CLAIM.toml"),
        ("version = 1\nsql = 1", "no CLAIM.toml"),
        ("version = 1\nsql = 'x'\nlimit = 3", "no CLAIM.toml"),
        ("version = 1\nsql = 'x'\nsql = 'y'", "no CLAIM.toml"),
        ("version = 1\nsql = 'x'\n[more]", "no CLAIM.toml"),
        ("version = 2\nsql = 'x'\nlater = true", "version 1"),
        ("version = 0\nsql = 'x'", "version 1"),
        (&format!("version = 1\nsql = 'x'\nnonce = '{nonce}'"), "together"),
        (&format!("version = 1\nsql = 'x'\naudience = '{who}'"), "together"),
        (&format!("version = 1\nsql = 'x'\naudience = 'me'\nnonce = '{nonce}'"), "audience:"),
        (&format!("version = 1\nsql = 'x'\naudience = '{who}'\nnonce = '5A'"), "64"),
        (&format!("version = 1\nsql = 'x'\naudience = '{who}'\nnonce = '{nonce}00'"), "64"),
        (
            &format!("version = 1\nsql = 'x'\naudience = '{who}'\nnonce = '{}'", "5A".repeat(32)),
            "64",
        ),
    ];
    for (text, word) in cases {
        let error = WrittenClaim::parse(text).unwrap_err();
        assert!(error.to_string().contains(word), "{text}: {error}");
    }
    let later = WrittenClaim::parse("version = 7\nother = 1").unwrap_err();
    assert_eq!(later, WrittenClaimError::Version(7));
}
