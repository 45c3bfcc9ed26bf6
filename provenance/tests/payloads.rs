//! What each kind's payload may say, and what a later version may add.

use serde_json::{Value, json};
use veritrail_provenance::statement::*;

use crate::fixtures::*;

/// The payload of a signed draft as JSON.
fn payload_of(index: usize) -> Value {
    let (draft, signer) = drafts().remove(index);
    let statement = Statement::sign(draft, &signer).unwrap();
    serde_json::from_slice(statement.payload_bytes()).unwrap()
}

/// A version statement with this payload, signed by hand.
fn decode_version(payload: &Value) -> Result<Statement, Refused> {
    let envelope = Envelope::of("dataset.version", &payload.to_string());
    Statement::decode(&envelope.claim(2, did(4).as_str()).sign())
}

fn decode_verdict(payload: &Value) -> Result<Statement, Refused> {
    let sub = RunVerdict::subject(&verdict().receipt.id);
    let envelope = Envelope::of("run.verdict", &payload.to_string());
    Statement::decode(&envelope.claim(2, sub.as_str()).sign())
}

fn member(result: Result<Statement, Refused>) -> &'static str {
    match result {
        Err(Refused::Member { place, .. }) => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn unknown_members_are_kept_and_ignored() {
    let mut payload = payload_of(2);
    payload["later"] = json!({"anything": [1, 2, {"deep": true}]});
    payload["creators"][0]["orcid"] = json!("0000-0000");
    let statement = decode_version(&payload).unwrap();
    assert_eq!(statement.payload(), &Payload::DatasetVersion(version()));
    assert_eq!(statement.payload_bytes(), payload.to_string().as_bytes());
}

#[test]
fn what_must_be_understood_and_is_not_is_unknown() {
    let mut payload = payload_of(2);
    payload["later"] = json!(1);
    payload["must"] = json!(["later"]);
    assert_eq!(decode_version(&payload).unwrap().payload(), &Payload::Unknown);
    payload["must"] = json!(["title", "v", "must", "run"]);
    assert_ne!(decode_version(&payload).unwrap().payload(), &Payload::Unknown);
    payload["must"] = json!([]);
    assert_ne!(decode_version(&payload).unwrap().payload(), &Payload::Unknown);
    for odd in [json!("later"), json!([1]), json!({"later": true}), json!(null)] {
        payload["must"] = odd;
        assert!(matches!(decode_version(&payload), Err(Refused::Payload { .. })));
    }
    payload["must"] = json!(vec!["title"; 257]);
    assert_eq!(member(decode_version(&payload)), "must");
    // A later version may be anything at all.
    let later = json!({"v": 2, "title": 7});
    assert_eq!(decode_version(&later).unwrap().payload(), &Payload::Unknown);
}

#[test]
fn missing_and_mistyped_members_are_refused() {
    for index in 0..drafts().len() {
        let (draft, signer) = drafts().remove(index);
        let statement = Statement::sign(draft, &signer).unwrap();
        let whole = payload_of(index);
        let decode = |payload: &Value| {
            let mut envelope = Envelope::of(statement.kind().name(), &payload.to_string())
                .claim(1, statement.iss().as_str())
                .claim(2, statement.sub());
            envelope.kid = statement.iss().as_str().as_bytes().to_vec();
            Statement::decode(&envelope.sign())
        };
        assert_eq!(decode(&whole).unwrap().payload(), statement.payload());
        let optional = ["name", "difference", "run", "previous"];
        for name in whole.as_object().unwrap().keys() {
            let mut less = whole.clone();
            less.as_object_mut().unwrap().remove(name);
            let chained = *statement.kind() == Kind::ProofRelease;
            let is_optional = optional.contains(&name.as_str()) && !chained;
            assert_eq!(decode(&less).is_ok(), is_optional, "{} without {name}", statement.kind());
            let mut odd = whole.clone();
            odd[name] = json!([{"odd": true}]);
            assert!(decode(&odd).is_err(), "{} with an odd {name}", statement.kind());
        }
    }
}

#[test]
fn a_value_has_one_form() {
    let given = payload_of(2);
    let creator = given["creators"][0].clone();
    let mut as_list = given.clone();
    as_list["creators"][0] = json!([creator["name"], creator["did"]]);
    assert!(matches!(decode_version(&as_list), Err(Refused::Payload { .. })));
    let mut upper = given.clone();
    upper["root"] = json!(given["root"].as_str().unwrap().to_uppercase().replace('0', "A"));
    assert!(matches!(decode_version(&upper), Err(Refused::Payload { .. })));
    let mut variant = payload_of(4);
    variant["outcome"] = json!({"different": null});
    assert!(matches!(decode_verdict(&variant), Err(Refused::Payload { .. })));
}

#[test]
fn versions_count_from_one_and_name_the_previous() {
    let with = |number: Value, previous: Option<&str>| {
        let mut payload = payload_of(2);
        payload["number"] = number;
        if let Some(previous) = previous {
            payload["previous"] = json!(previous);
        }
        decode_version(&payload)
    };
    let id = "ab".repeat(32);
    assert!(with(json!(2), Some(&id)).is_ok());
    assert_eq!(member(with(json!(0), None)), "number");
    assert_eq!(member(with(json!(1), Some(&id))), "previous");
    assert_eq!(member(with(json!(2), None)), "previous");
    assert!(with(json!(-1), None).is_err());
}

#[test]
fn texts_and_lists_are_bounded_and_printable() {
    let with = |name: &str, value: Value| {
        let mut payload = payload_of(2);
        payload[name] = value;
        decode_version(&payload)
    };
    assert!(with("title", json!("é".repeat(1_024))).is_ok());
    assert_eq!(member(with("title", json!("é".repeat(1_025)))), "title");
    for odd in ["", "a\nb", "\u{1b}[31mred", "a\u{202e}b", "\u{7f}"] {
        assert_eq!(member(with("title", json!(odd))), "title", "{odd:?}");
        assert_eq!(member(with("licence", json!(odd))), "licence", "{odd:?}");
        assert_eq!(member(with("keywords", json!([odd]))), "keywords", "{odd:?}");
        assert_eq!(member(with("access", json!(odd))), "access", "{odd:?}");
    }
    assert!(with("keywords", json!(vec!["k"; 256])).is_ok());
    assert_eq!(member(with("keywords", json!(vec!["k"; 257]))), "keywords");
    let creators = vec![json!({"name": "Ada"}); 257];
    assert_eq!(member(with("creators", json!(creators))), "creators");
    assert_eq!(member(with("files", json!(0))), "files");
}

#[test]
fn access_that_is_not_understood_is_carried() {
    let mut payload = payload_of(2);
    payload["access"] = json!("members");
    let statement = decode_version(&payload).unwrap();
    let Payload::DatasetVersion(version) = statement.payload() else { panic!("a version") };
    assert_eq!(version.access, Access::Other("members".to_owned()));
}

#[test]
fn a_genesis_names_each_controller_once() {
    let with = |controllers: Value| {
        let payload = json!({"v": 1, "controllers": controllers});
        Statement::decode(&Envelope::of("dataset.genesis", &payload.to_string()).sign())
    };
    assert!(with(json!([did(2)])).is_ok());
    assert_eq!(member(with(json!([]))), "controllers");
    assert_eq!(member(with(json!([did(2), did(3), did(2)]))), "controllers");
    let many: Vec<_> = (0..257).map(|n| format!("did:web:{n}.example")).collect();
    assert_eq!(member(with(json!(many))), "controllers");
}

#[test]
fn a_receipt_names_each_table_once() {
    let with = |change: fn(&mut RunReceipt)| {
        let mut receipt = receipt();
        change(&mut receipt);
        let (mut draft, signer) = drafts().remove(3);
        draft.payload = Payload::RunReceipt(receipt);
        match Statement::sign(draft, &signer) {
            Err(SignError::Refused(Refused::Member { place, .. })) => place,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(with(|receipt| receipt.inputs.push(receipt.inputs[0].clone())), "inputs");
    assert_eq!(with(|receipt| receipt.executors.clear()), "executors");
    assert_eq!(with(|receipt| receipt.inputs[0].name.clear()), "inputs.name");
    assert_eq!(with(|receipt| receipt.inputs[0].select = Some(String::new())), "inputs.select");
    let long = |receipt: &mut RunReceipt| receipt.inputs[0].select = Some("a".repeat(4_097));
    assert_eq!(with(long), "inputs.select");
}

#[test]
fn a_verdict_fits_its_outcome() {
    let with = |changes: &[(&str, Value)]| {
        let mut payload = payload_of(4);
        for (name, value) in changes {
            payload[*name] = value.clone();
        }
        decode_verdict(&payload)
    };
    let none = Value::Null;
    let expected = payload_of(4)["expected"].clone();
    let identical = [("outcome", json!("identical")), ("difference", none.clone())];
    assert_eq!(member(with(&identical)), "found");
    let equal = [&identical[..], &[("found", expected.clone())]].concat();
    assert!(with(&equal).is_ok());
    assert_eq!(member(with(&[("found", expected)])), "found");
    assert_eq!(member(with(&[("found", none.clone())])), "found");
    assert_eq!(member(with(&[("missing", json!("chunk x"))])), "missing");
    let unchecked = [("outcome", json!("could_not_check")), ("found", none.clone())];
    assert_eq!(member(with(&unchecked)), "missing");
    let unchecked = [&unchecked[..], &[("missing", json!("chunk x"))]].concat();
    assert_eq!(member(with(&unchecked)), "difference");
    assert!(with(&[&unchecked[..], &[("difference", none)]].concat()).is_ok());
    assert!(with(&[("outcome", json!("within_tolerance"))]).is_ok());
    assert!(with(&[("outcome", json!("similar"))]).is_err());
}

#[test]
fn a_difference_is_cut_and_escaped_so_that_it_can_be_signed() {
    let long = "x".repeat(5_000);
    let odd = Difference::clipped("a\nb", 1, &long, "\u{1b}[31m\u{202e}");
    assert_eq!(odd.column, "a\\u{a}b");
    assert_eq!(odd.expected.chars().count(), TEXT_CHARS_MAX);
    assert!(odd.expected.ends_with("x…"));
    assert_eq!(odd.found, "\\u{1b}[31m\\u{202e}");
    assert_eq!(Difference::clipped("é", 0, "", "1").column, "é");
    let mut verdict = verdict();
    verdict.difference = Some(odd);
    let (mut draft, signer) = drafts().remove(4);
    draft.payload = Payload::RunVerdict(verdict);
    Statement::sign(draft, &signer).unwrap();
}
