//! did:key against the crate did-key, the method's test vectors, and hostile texts.

use std::path::PathBuf;

use did_key::{Ed25519KeyPair, Fingerprint, KeyMaterial};
use veritrail_provenance::identity::{Did, DidError, Document, PublicKey, SeedSigner, Signer};
use zeroize::Zeroizing;

use crate::fixtures::{Dice, did, signer};

/// The folder of vectors by others, if it is there. CI asks for it with VERITRAIL_REQUIRE_VECTORS.
fn vectors(folder: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("VERITRAIL_VECTORS") {
        Some(given) => PathBuf::from(given),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
    };
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    let required = std::env::var("VERITRAIL_REQUIRE_VECTORS").is_ok_and(|value| value == "1");
    assert!(!required, "no vectors in {}", path.display());
    println!("skipped: no vectors in {}", path.display());
    None
}

fn json(path: PathBuf) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_crate_did_key_makes_the_same_dids_and_keys() {
    let mut dice = Dice::new(1);
    for _ in 0..200 {
        let seed: [u8; 32] = std::array::from_fn(|_| dice.below(256) as u8);
        let theirs = did_key::generate::<Ed25519KeyPair>(Some(&seed));
        let ours = SeedSigner::from_seed(Zeroizing::new(seed));
        assert_eq!(theirs.public_key_bytes(), ours.public_key().as_bytes());
        let did = Did::of_key(ours.public_key());
        assert_eq!(did.as_str(), format!("did:key:{}", theirs.fingerprint()));
        let resolved = did_key::resolve(did.as_str()).unwrap();
        assert_eq!(resolved.public_key_bytes(), did.public_key().unwrap().as_bytes());
    }
}

#[test]
fn the_methods_ed25519_vectors_hold() {
    let Some(folder) = vectors("did-key") else { return };
    let mut checked = 0;
    for (text, vector) in json(folder.join("ed25519-x25519.json")) {
        let did: Did = text.parse().unwrap();
        let key = did.public_key().unwrap();
        assert_eq!(Did::of_key(&key), did);
        let seed: [u8; 32] =
            hex::decode(vector["seed"].as_str().unwrap()).unwrap().try_into().unwrap();
        assert_eq!(*SeedSigner::from_seed(Zeroizing::new(seed)).public_key(), key, "{text}");
        if let Some(base58) = vector["verificationKeyPair"]["publicKeyBase58"].as_str() {
            assert_eq!(bs58::decode(base58).into_vec().unwrap(), key.as_bytes());
        }
        let document = Document::of_did_key(&did).unwrap();
        let id = &document.verification_method[0].id;
        let theirs = &vector["didDocument"]["assertionMethod"][0];
        assert_eq!(theirs.as_str().unwrap(), id);
        checked += 1;
    }
    assert!(checked >= 5, "{checked} vectors");
}

#[test]
fn the_methods_other_key_types_are_dids_without_a_key_that_we_use() {
    let Some(folder) = vectors("did-key") else { return };
    let mut checked = 0;
    for file in ["bls12381.json", "nist-curves.json", "rsa.json", "secp256k1.json"] {
        for text in json(folder.join(file)).keys().filter(|text| text.starts_with("did:key:")) {
            match text.parse::<Did>() {
                Ok(did) => assert_eq!(did.public_key(), Err(DidError::KeyType), "{text}"),
                Err(error) => assert_eq!(error, DidError::TooLong(text.len())),
            }
            checked += 1;
        }
    }
    assert!(checked >= 6, "{checked} vectors");
}

#[test]
fn hostile_texts_are_refused_with_the_reason() {
    let key = |text: &str| text.parse::<Did>().unwrap().public_key().unwrap_err();
    // The first of these makes the crate did-key panic.
    assert_eq!(key("did:key:z1"), DidError::KeyType);
    assert_eq!(key("did:key:z"), DidError::KeyType);
    assert_eq!(key("did:key:f00"), DidError::Multibase);
    assert_eq!(key("did:key:z0OIl"), DidError::Multibase);
    assert_eq!(key(&format!("did:key:z{}", "1".repeat(240))), DidError::KeyType);
    assert_eq!(key("did:web:example.org"), DidError::Method("web".to_owned()));
    let encode = |bytes: &[u8]| format!("did:key:z{}", bs58::encode(bytes).into_string());
    let good = signer(1);
    let raw = good.public_key().as_bytes();
    assert_eq!(key(&encode(&[&[0xed, 0x01][..], &raw[..31]].concat())), DidError::KeyType);
    assert_eq!(key(&encode(&[&[0xed, 0x01][..], raw, &[0]].concat())), DidError::KeyType);
    assert_eq!(key(&encode(&[&[0xec, 0x01][..], raw].concat())), DidError::KeyType);
    assert_eq!(key(&encode(&[&[0, 0xed, 0x01][..], &raw[..31]].concat())), DidError::KeyType);
    assert_eq!(key(&encode(&[&[0xed, 0x81, 0x00][..], raw].concat())), DidError::KeyType);
}

#[test]
fn dids_follow_the_grammar_of_did_core() {
    let good = did(1).to_string();
    let longest = format!("did:web:{}", "a".repeat(256 - 8));
    for text in [&good, "did:web:example.org%3A3000:user", "did:x:a:b", "did:x::a", &longest] {
        let did: Did = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(did.as_str(), text);
        let json = serde_json::to_string(&did).unwrap();
        assert_eq!(serde_json::from_str::<Did>(&json).unwrap(), did);
    }
    let bad = [
        "",
        "did",
        "did:",
        "did:key",
        "did:key:",
        "DID:key:z6",
        "did:Key:z6",
        "did::z6",
        "did:x:a:",
        "did:x:a/b",
        "did:x:a#b",
        "did:x:a?b",
        "did:x:a b",
        "did:x:ä",
        "did:x:%",
        "did:x:%2",
        "did:x:%zz",
        " did:x:a",
        "did:x:a\n",
        &format!("{longest}a"),
    ];
    for text in bad {
        assert!(text.parse::<Did>().is_err(), "{text:?}");
    }
    assert_eq!("did:x:ab c".parse::<Did>(), Err(DidError::Character(8)));
}

#[test]
fn documents_are_multikey() {
    let did = did(1);
    let document = Document::of_did_key(&did).unwrap();
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["id"], did.as_str());
    assert_eq!(json["@context"][0], "https://www.w3.org/ns/did/v1");
    let method = &json["verificationMethod"][0];
    assert_eq!(method["type"], "Multikey");
    let multibase = did.as_str().strip_prefix("did:key:").unwrap();
    assert_eq!(method["publicKeyMultibase"], multibase);
    assert_eq!(json["assertionMethod"][0], format!("{did}#{multibase}"));
    assert_eq!(serde_json::from_value::<Document>(json).unwrap(), document);
    assert_eq!(multibase.parse::<PublicKey>().unwrap(), did.public_key().unwrap());
}
