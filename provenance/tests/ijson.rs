//! Payloads are I-JSON: one meaning for every reader, or refused.

use veritrail_provenance::statement::*;

use crate::fixtures::*;

fn decode(payload: &str) -> Result<Statement, Refused> {
    Statement::decode(&Envelope::of("future", payload).sign())
}

fn json_error(payload: &str) -> JsonError {
    match decode(payload) {
        Err(Refused::Json(error)) => error,
        other => panic!("{payload}: {other:?}"),
    }
}

#[test]
fn plain_payloads_are_read_as_they_stand() {
    for payload in [
        r#"{"v":1}"#,
        " {\n\t\"v\" : 1 ,\"a\":[ ] , \"b\":{ }\r\n} ",
        r#"{"v":1,"a":[1,-5,0,9007199254740991,-9007199254740991,true,false,null,"é\n\u00e9\ud83d\ude00"]}"#,
        r#"{"v":1,"a":{"a":{"a":1}},"b":{"a":1}}"#,
        r#"{"v":2,"anything":"else"}"#,
    ] {
        let statement = decode(payload).unwrap_or_else(|error| panic!("{payload}: {error}"));
        assert_eq!(statement.payload_bytes(), payload.as_bytes());
    }
}

#[test]
fn duplicate_names_are_refused_at_any_depth() {
    for (payload, name) in [
        (r#"{"v":1,"v":1}"#, "v"),
        (r#"{"v":1,"a":{"b":1,"b":1}}"#, "b"),
        (r#"{"v":1,"a":[[{"b":1,"c":2,"b":3}]]}"#, "b"),
        (r#"{"v":1,"a":1,"\u0061":2}"#, "a"),
        (r#"{"v":1,"":1,"":2}"#, ""),
    ] {
        match json_error(payload) {
            JsonError::Duplicate { name: found, .. } => assert_eq!(found, name),
            other => panic!("{payload}: {other:?}"),
        }
    }
}

#[test]
fn floats_and_large_integers_are_refused() {
    for float in ["1.0", "0.5", "1e3", "1E3", "-0", "-0.0", "1e400", "123456789012345678901.5"] {
        let error = json_error(&format!(r#"{{"v":1,"a":{float}}}"#));
        assert_eq!(error, JsonError::Float(11), "{float}");
    }
    for large in ["9007199254740992", "-9007199254740992", "18446744073709551616", &"9".repeat(400)]
    {
        let error = json_error(&format!(r#"{{"v":1,"a":{large}}}"#));
        assert_eq!(error, JsonError::Integer(11), "{large}");
    }
}

#[test]
fn what_is_not_json_is_refused_at_its_place() {
    for (payload, at) in [
        (r#"{"v":1,}"#, 7),
        (r#"{"v":01}"#, 5),
        (r#"{"v":+1}"#, 5),
        (r#"{"v":-}"#, 6),
        (r#"{"v":.5}"#, 5),
        (r#"{v:1}"#, 1),
        (r#"{"v" 1}"#, 5),
        (r#"{"v":1"a":2}"#, 6),
        (r#"{"v":1,"a":[1 2]}"#, 14),
        (r#"{"v":1,"a":[1,]}"#, 14),
        (r#"{"v":1,"a":tru}"#, 11),
        (r#"{"v":1,"a":NaN}"#, 11),
        (r#"{"v":1,"a":"\x"}"#, 13),
        (r#"{"v":1,"a":"\u12"}"#, 14),
        ("{\"v\":1,\"a\":\"\u{1}\"}", 12),
        (r#"{"v":1} {}"#, 8),
        (r#"{"v":1"#, 6),
        (r#"{"v":1,"a":"x"#, 13),
        (r#"{"v":1} // why"#, 8),
    ] {
        match json_error(payload) {
            JsonError::Syntax { at: found, .. } => assert_eq!(found, at, "{payload}"),
            other => panic!("{payload}: {other:?}"),
        }
    }
    for payload in ["", "[]", "1", "null", "\"v\"", "\u{feff}{\"v\":1}"] {
        assert_eq!(json_error(payload), JsonError::NotAnObject, "{payload:?}");
    }
}

#[test]
fn characters_that_cannot_be_exchanged_are_refused() {
    for escape in [
        r"\ud800",
        r"\ud800x",
        r"\ud800\n",
        r"\ud800\ud800",
        r"\udc00",
        r"\ufffe",
        r"\uffff",
        r"\ufdd0",
        r"\ud83f\udfff",
    ] {
        let error = json_error(&format!(r#"{{"v":1,"a":"{escape}"}}"#));
        assert_eq!(error, JsonError::Character(12), "{escape}");
    }
    assert_eq!(json_error("{\"v\":1,\"\u{fdd0}\":1}"), JsonError::Character(8));
    let mut raw = Envelope::of("future", "");
    raw.payload = b"{\"v\":1,\"a\":\"\xff\"}".to_vec();
    assert_eq!(Statement::decode(&raw.sign()), Err(Refused::Json(JsonError::Utf8(12))));
}

#[test]
fn nesting_is_bounded() {
    let nested = |n: usize| format!(r#"{{"v":1,"a":{}{}}}"#, "[".repeat(n), "]".repeat(n));
    assert!(decode(&nested(31)).is_ok());
    assert!(matches!(json_error(&nested(32)), JsonError::TooDeep(_)));
    assert!(matches!(json_error(&nested(30_000)), JsonError::TooDeep(_)));
}

#[test]
fn v_is_a_number_that_every_payload_has() {
    for payload in [r#"{}"#, r#"{"v":"1"}"#, r#"{"v":-1}"#, r#"{"v":null}"#, r#"{"V":1}"#] {
        assert!(matches!(decode(payload), Err(Refused::Payload { .. })), "{payload}");
    }
}
