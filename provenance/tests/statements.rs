//! Statements of every kind: signed, decoded, verified; and claims that contradict payloads.

use coset::cbor::Value;
use veritrail_provenance::hash::StatementId;
use veritrail_provenance::identity::{SignatureError, Signer};
use veritrail_provenance::statement::*;

use crate::fixtures::*;

fn refused(envelope: Vec<u8>) -> Refused {
    Statement::decode(&envelope).unwrap_err()
}

fn header_cause(envelope: Vec<u8>) -> (&'static str, String) {
    match refused(envelope) {
        Refused::Header { place, cause } => (place, cause),
        other => panic!("{other:?}"),
    }
}

/// An envelope whose payload is of a kind that only the envelope is checked for.
fn envelope() -> Envelope {
    Envelope::of("future", r#"{"v":1}"#)
}

#[test]
fn every_kind_is_signed_decoded_and_verified() {
    let mut ids = Vec::new();
    for (draft, signer) in drafts() {
        let statement = Statement::sign(draft.clone(), &signer).unwrap();
        let decoded = Statement::decode(statement.envelope()).unwrap();
        assert_eq!(decoded, statement);
        assert_eq!(decoded.iss(), &draft.iss);
        assert_eq!(decoded.sub(), draft.sub);
        assert_eq!(decoded.aud(), &draft.aud);
        assert_eq!(decoded.iat(), IAT);
        assert_eq!(decoded.payload(), &draft.payload);
        decoded.verify_did_key().unwrap();
        assert_eq!(
            decoded.verify_with(crate::fixtures::signer(9).public_key()),
            Err(SignatureError)
        );
        assert_eq!(Statement::sign(draft, &signer).unwrap(), statement, "signing is deterministic");
        ids.push(*decoded.id());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

#[test]
fn the_id_is_the_hash_of_what_was_signed() {
    use sha2::{Digest, Sha256};
    let statement = Statement::decode(&envelope().sign()).unwrap();
    let id: [u8; 32] = Sha256::digest(statement.signed_bytes()).into();
    assert_eq!(*statement.id(), StatementId::from_bytes(id));
    assert!(statement.signed_bytes().starts_with(b"\x84\x6aSignature1"));
}

#[test]
fn the_crate_did_key_verifies_our_signatures() {
    use did_key::CoreSign;
    for (draft, signer) in drafts() {
        let statement = Statement::sign(draft, &signer).unwrap();
        let key = did_key::resolve(statement.iss().as_str()).unwrap();
        let signature = statement.signature().as_bytes();
        key.verify(statement.signed_bytes(), signature).unwrap();
        assert!(key.verify(b"another", signature).is_err());
    }
}

#[test]
fn any_flipped_byte_is_refused_or_fails_to_verify() {
    let (draft, signer) = drafts().remove(2);
    let statement = Statement::sign(draft, &signer).unwrap();
    let envelope = statement.envelope();
    let (mut undecodable, mut unverified) = (0, 0);
    for at in 0..envelope.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut altered = envelope.to_vec();
            altered[at] ^= flip;
            match Statement::decode(&altered) {
                Err(_) => undecodable += 1,
                Ok(decoded) => {
                    assert!(decoded.verify_did_key().is_err(), "byte {at} flipped by {flip}");
                    unverified += 1;
                }
            }
        }
        assert!(Statement::decode(&envelope[..at]).is_err());
    }
    assert!(undecodable > 0 && unverified > 0);
}

#[test]
fn headers_are_checked_with_the_place() {
    assert!(Statement::decode(&envelope().sign()).is_ok());
    let mut wrong = envelope();
    wrong.kid = did(2).as_str().as_bytes().to_vec();
    assert_eq!(header_cause(wrong.sign()).0, "4 (kid)");
    let mut wrong = envelope();
    wrong.alg = coset::iana::Algorithm::ES256;
    assert!(matches!(refused(wrong.sign()), Refused::Algorithm(_)));
    let mut wrong = envelope();
    wrong.alg = coset::iana::Algorithm::Ed25519;
    assert!(matches!(refused(wrong.sign()), Refused::Algorithm(_)), "-19 is not on the list yet");
    for content_type in [
        "application/json",
        "application/vnd.veritrail.+json",
        "text/plain",
        "application/vnd.veritrail.Future+json",
        "application/vnd.veritrail.a..b+json",
    ] {
        let mut wrong = envelope();
        wrong.content_type = content_type.to_owned();
        assert!(matches!(refused(wrong.sign()), Refused::Kind(_)), "{content_type}");
    }
}

#[test]
fn critical_headers_are_refused_by_name() {
    let parts = |crit: Value| {
        use veritrail_provenance::cbor;
        let header = Value::Map(vec![
            (1.into(), (-8).into()),
            (2.into(), crit),
            (3.into(), "application/vnd.veritrail.future+json".into()),
            (4.into(), did(1).as_str().as_bytes().into()),
        ]);
        sign_header(cbor::encode(&header), br#"{"v":1}"#)
    };
    let crit = |list: Vec<Value>| refused(parts(Value::Array(list)));
    assert_eq!(crit(vec![99.into(), "x".into()]), Refused::Critical("99, \"x\"".to_owned()));
    assert_eq!(crit(vec![1.into()]), Refused::Critical("1".to_owned()));
    assert_eq!(crit(vec![]), Refused::Critical("an empty list".to_owned()));
    assert!(matches!(refused(parts(Value::Null)), Refused::Critical(_)));
}

#[test]
fn unknown_headers_that_are_not_critical_are_carried() {
    let mut more = envelope();
    more.more.push((99, Value::from("a later version's")));
    let statement = Statement::decode(&more.sign()).unwrap();
    statement.verify_did_key().unwrap();
    for label in [5, 6, 7] {
        use veritrail_provenance::cbor;
        let header =
            Value::Map(vec![(1.into(), (-8).into()), (label.into(), vec![1u8].as_slice().into())]);
        let envelope = sign_header(cbor::encode(&header), br#"{"v":1}"#);
        assert!(header_cause(envelope).1.contains(&label.to_string()));
    }
}

#[test]
fn claims_are_checked_one_by_one() {
    for claim in [1, 3] {
        assert_eq!(header_cause(envelope().without_claim(claim).sign()).0, "15 (CWT claims)");
    }
    assert_eq!(refused(envelope().without_claim(2).sign()), Refused::Subject);
    assert_eq!(refused(envelope().without_claim(6).sign()), Refused::IssuedAt);
    for (claim, value) in [(4, Value::from(IAT)), (5, Value::from(IAT))] {
        assert!(header_cause(envelope().claim(claim, value).sign()).1.contains("never by a clock"));
    }
    for sub in ["", "a b", "a\nb", "\u{202e}a", &"x".repeat(SUBJECT_BYTES_MAX + 1)] {
        assert_eq!(refused(envelope().claim(2, sub).sign()), Refused::Subject, "{sub:?}");
    }
    assert!(matches!(refused(envelope().claim(3, "a b").sign()), Refused::Audience(_)));
    assert!(matches!(refused(envelope().claim(1, "ada").sign()), Refused::Issuer(_)));
    assert_eq!(refused(envelope().claim(6, -1).sign()), Refused::IssuedAt);
    assert_eq!(refused(envelope().claim(6, IAT_MAX + 1).sign()), Refused::IssuedAt);
    assert!(Statement::decode(&envelope().claim(6, IAT_MAX).sign()).is_ok());
    // A claim that is registered but means nothing here is carried.
    assert!(Statement::decode(&envelope().claim(7, vec![1u8].as_slice()).sign()).is_ok());
}

#[test]
fn an_envelope_fits_a_log_entry() {
    let fill = |n: usize| {
        let payload = format!(r#"{{"v":1,"x":"{}"}}"#, "a".repeat(n));
        Envelope::of("future", &payload).sign()
    };
    let around = 65_535 - (fill(65_000).len() - 65_000);
    assert_eq!(fill(around).len(), ENVELOPE_BYTES_MAX);
    assert!(Statement::decode(&fill(around)).is_ok());
    assert_eq!(refused(fill(around + 1)), Refused::TooLong(ENVELOPE_BYTES_MAX + 1));
    let mut version = version();
    version.keywords = vec!["k".repeat(1_000); 80];
    let draft = Draft {
        iss: did(1),
        sub: did(4).to_string(),
        aud: origin(),
        iat: IAT,
        payload: Payload::DatasetVersion(version),
    };
    let error = Statement::sign(draft, &signer(1)).unwrap_err();
    assert!(matches!(error, SignError::Refused(Refused::TooLong(_))), "{error}");
}

#[test]
fn claims_must_fit_the_payload() {
    let claim_of = |change: fn(&mut Draft), index: usize| {
        let (mut draft, signer) = drafts().remove(index);
        change(&mut draft);
        match Statement::sign(draft, &signer).unwrap_err() {
            SignError::Refused(Refused::Claims { claim, .. }) => claim,
            other => panic!("{other:?}"),
        }
    };
    let other_sub = |draft: &mut Draft| draft.sub = did(5).to_string();
    assert_eq!(claim_of(other_sub, 0), "2 (sub)");
    assert_eq!(claim_of(|draft| draft.aud = "elsewhere".parse().unwrap(), 0), "3 (aud)");
    assert_eq!(claim_of(other_sub, 1), "2 (sub)");
    assert_eq!(claim_of(|draft| draft.sub = "not a did".replace(' ', "-"), 2), "2 (sub)");
    for index in [3, 4] {
        assert_eq!(claim_of(other_sub, index), "2 (sub)");
    }
    // A receipt and a verdict say who vouches for them: nobody else may sign.
    for payload in [Payload::RunReceipt(receipt()), Payload::RunVerdict(verdict())] {
        let (mut draft, _) = drafts().remove(3);
        (draft.iss, draft.payload) = (did(6), payload);
        let error = Statement::sign(draft, &signer(6)).unwrap_err();
        assert!(matches!(error, SignError::Refused(Refused::Claims { claim: "1 (iss)", .. })));
    }
}

#[test]
fn nobody_signs_for_another_did_key() {
    let (draft, _) = drafts().remove(2);
    let error = Statement::sign(draft, &signer(2)).unwrap_err();
    assert_eq!(error, SignError::WrongKey(did(1)));
}

#[test]
fn another_method_is_verified_with_a_given_key_alone() {
    let (mut draft, _) = drafts().remove(2);
    draft.iss = "did:web:lab.example".parse().unwrap();
    let statement = Statement::sign(draft, &signer(8)).unwrap();
    statement.verify_with(signer(8).public_key()).unwrap();
    assert!(matches!(statement.verify_did_key(), Err(VerifyError::Key(_))));
}

#[test]
fn a_genesis_is_by_a_did_key() {
    let (mut draft, _) = drafts().remove(1);
    draft.iss = "did:web:lab.example".parse().unwrap();
    draft.sub = draft.iss.to_string();
    let error = Statement::sign(draft, &signer(4)).unwrap_err();
    assert!(matches!(error, SignError::Refused(Refused::Issuer(_))), "{error}");
}

#[test]
fn origins_are_names_and_never_paths() {
    for good in ["example.org/lab", "../../x", "a", "日本", &"o".repeat(128)] {
        let origin: Origin = good.parse().unwrap();
        assert_eq!(origin.as_str(), good);
        let folder = origin.trail_folder();
        assert!(folder.len() == 64 && folder.bytes().all(|b| b.is_ascii_hexdigit()));
    }
    let a: Origin = "a".parse().unwrap();
    let folder = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    assert_eq!(a.trail_folder(), folder, "echo -n a | sha256sum");
    for bad in ["", "a b", "a+b", "a#1", "a\n", "a\tb", "\u{a0}", "\u{202e}a", &"o".repeat(129)] {
        assert!(bad.parse::<Origin>().is_err(), "{bad:?}");
        assert!(serde_json::from_value::<Origin>(bad.into()).is_err());
    }
}

#[test]
fn kinds_have_names_and_unknown_ones_are_kept() {
    for (kind, name) in [
        (Kind::Identity, "identity"),
        (Kind::DatasetGenesis, "dataset.genesis"),
        (Kind::DatasetVersion, "dataset.version"),
        (Kind::RunReceipt, "run.receipt"),
        (Kind::RunVerdict, "run.verdict"),
        (Kind::ProofRelease, "proof.release"),
        (Kind::Other("dataset.transfer".to_owned()), "dataset.transfer"),
    ] {
        assert_eq!(name.parse::<Kind>().unwrap(), kind);
        let content_type = format!("application/vnd.veritrail.{name}+json");
        assert_eq!(kind.content_type(), content_type);
        assert_eq!(Kind::from_content_type(&content_type).unwrap(), kind);
    }
    let unknown = Statement::decode(&envelope().sign()).unwrap();
    assert_eq!(unknown.payload(), &Payload::Unknown);
    unknown.verify_did_key().unwrap();
    let draft = Draft {
        iss: did(1),
        sub: did(1).to_string(),
        aud: origin(),
        iat: IAT,
        payload: Payload::Unknown,
    };
    assert_eq!(Statement::sign(draft, &signer(1)).unwrap_err(), SignError::Unknown);
}

#[test]
fn a_statement_ref_is_shown_as_a_reference() {
    assert_eq!(statement_ref(7).to_string(), "example.org/lab#7");
}
