//! An identity binds only keys that agreed to it.

use veritrail_provenance::identity::{Did, PublicKey, Signer};
use veritrail_provenance::statement::*;

use crate::fixtures::*;

fn sign(identity: Identity) -> Result<Statement, SignError> {
    let draft = Draft {
        iss: did(1),
        sub: did(1).to_string(),
        aud: origin(),
        iat: IAT,
        payload: Payload::Identity(identity),
    };
    Statement::sign(draft, &signer(1))
}

fn check(identity: Identity) -> Result<(), IdentityError> {
    Identity::check(&sign(identity).unwrap(), signer(1).public_key())
}

fn member(identity: Identity) -> &'static str {
    match sign(identity) {
        Err(SignError::Refused(Refused::Member { place, .. })) => place,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_named_key_has_signed() {
    check(identity()).unwrap();
    assert_eq!(identity().proofs.len(), 2);
    for missing in 0..2 {
        let mut less = identity();
        let key = less.proofs.remove(missing).key;
        assert_eq!(check(less), Err(IdentityError::Missing(key)));
    }
    for forged in 0..2 {
        let mut odd = identity();
        odd.proofs[forged].signature = signer(9).sign(b"anything");
        let key = odd.proofs[forged].key.clone();
        assert_eq!(check(odd), Err(IdentityError::Proof(key)));
    }
}

#[test]
fn a_proof_holds_for_one_did_and_one_log() {
    let proofs = identity().proofs;
    let other_log: Origin = "example.org/other".parse().unwrap();
    let message = String::from_utf8(proof_message(&did(1), &origin(), &identity().vkeys)).unwrap();
    let lines: Vec<_> = message.lines().collect();
    let vkey = &identity().vkeys[0];
    assert_eq!(lines, ["veritrail/identity/1", did(1).as_str(), "example.org/lab", vkey]);
    assert!(message.ends_with('\n'));
    // Proofs taken from another person's identity, and from one for another log.
    let (node, log) = (signer(2), signer(3));
    let logs = [LogKey { vkey: vkey.clone(), signer: &log }];
    let theirs = Identity::bind(Role::Member, None, signer(5).public_key(), &node, origin(), &logs);
    let mut stolen = identity();
    stolen.proofs = theirs.proofs;
    assert!(matches!(check(stolen), Err(IdentityError::Proof(_))));
    let elsewhere =
        Identity::bind(Role::Operator, None, signer(1).public_key(), &node, other_log, &logs);
    let mut stolen = identity();
    stolen.proofs = elsewhere.proofs;
    assert!(matches!(check(stolen), Err(IdentityError::Proof(_))));
    let mut mixed = identity();
    mixed.proofs = proofs;
    mixed.vkeys.push(crate::fixtures::vkey(origin().as_str(), &signer(6)));
    assert!(matches!(check(mixed), Err(IdentityError::Proof(_))), "the vkeys are signed too");
}

#[test]
fn keys_whose_possession_cannot_be_checked_are_refused() {
    use base64::Engine as _;
    use sha2::{Digest, Sha256};
    let named = |kind: u8, key: &[u8]| {
        let name = origin();
        let typed = [&[kind][..], key].concat();
        let id = Sha256::digest([name.as_str().as_bytes(), b"\n", &typed].concat());
        let base64 = base64::engine::general_purpose::STANDARD.encode(&typed);
        format!("{name}+{}+{base64}", hex::encode(&id[..4]))
    };
    let good = *signer(3).public_key().as_bytes();
    assert_eq!(named(1, &good), vkey(origin().as_str(), &signer(3)));
    let wrong_id = vkey(origin().as_str(), &signer(3)).replacen('+', "+0", 1);
    for odd in [named(4, &good), named(6, &[0; 1312])] {
        let mut identity = identity();
        identity.vkeys = vec![odd.clone()];
        assert_eq!(check(identity), Err(IdentityError::KeyType(odd)));
    }
    // Malformed, under a wrong id, and weak.
    for odd in [named(1, &good[..31]), wrong_id, named(1, &[0; 32])] {
        let mut identity = identity();
        identity.vkeys = vec![odd.clone()];
        assert!(matches!(check(identity), Err(IdentityError::VKey { vkey, .. }) if vkey == odd));
    }
}

#[test]
fn an_identity_is_consistent_in_itself() {
    let with = |change: fn(&mut Identity)| {
        let mut identity = identity();
        change(&mut identity);
        member(identity)
    };
    assert_eq!(with(|identity| identity.vkeys.clear()), "vkeys");
    assert_eq!(with(|identity| identity.vkeys = vec![vkey("elsewhere", &signer(3))]), "vkeys");
    assert_eq!(with(|identity| identity.vkeys = vec![identity.vkeys[0].clone(); 17]), "vkeys");
    assert_eq!(with(|identity| identity.keys.clear()), "keys");
    assert_eq!(with(|identity| identity.keys = vec![*signer(5).public_key()]), "keys");
    assert_eq!(with(|identity| identity.keys.push(*signer(5).public_key())), "keys");
    assert_eq!(with(|identity| identity.proofs.push(identity.proofs[0].clone())), "proofs");
    assert_eq!(with(|identity| identity.name = Some("a\nb".to_owned())), "name");
    assert_eq!(with(|identity| identity.node = "did:web:x.example".parse().unwrap()), "node");
    let member =
        Identity::bind(Role::Member, None, signer(1).public_key(), &signer(2), origin(), &[]);
    check(member).unwrap();
}

#[test]
fn one_key_may_be_person_and_node() {
    let person = signer(1);
    let log = signer(3);
    let logs = [LogKey { vkey: vkey(origin().as_str(), &log), signer: &log }];
    let identity =
        Identity::bind(Role::Operator, None, person.public_key(), &person, origin(), &logs);
    assert_eq!(identity.proofs.len(), 1);
    check(identity).unwrap();
}

#[test]
fn another_method_lists_its_keys_and_each_proves_possession() {
    let web: Did = "did:web:lab.example".parse().unwrap();
    let (known, new, node) = (signer(5), signer(6), signer(2));
    let message = proof_message(&web, &origin(), &[]);
    let prove =
        |key: String, signer: &dyn Signer| KeyProof { key, signature: signer.sign(&message) };
    let keys: Vec<PublicKey> = vec![*known.public_key(), *new.public_key()];
    let mut identity = Identity {
        role: Role::Member,
        name: None,
        did: web.clone(),
        keys,
        node: Did::of_key(node.public_key()),
        origin: origin(),
        vkeys: Vec::new(),
        proofs: vec![
            prove(Did::of_key(node.public_key()).to_string(), &node),
            prove(new.public_key().to_multibase(), &new),
        ],
    };
    let sign = |identity: &Identity| {
        let draft = Draft {
            iss: web.clone(),
            sub: web.to_string(),
            aud: origin(),
            iat: IAT,
            payload: Payload::Identity(identity.clone()),
        };
        Statement::sign(draft, &known).unwrap()
    };
    Identity::check(&sign(&identity), known.public_key()).unwrap();
    let missing = Identity::check(&sign(&identity), new.public_key()).unwrap_err();
    assert_eq!(missing, IdentityError::Missing(known.public_key().to_multibase()));
    identity.proofs.pop();
    let missing = Identity::check(&sign(&identity), known.public_key()).unwrap_err();
    assert_eq!(missing, IdentityError::Missing(new.public_key().to_multibase()));
}

#[test]
fn only_an_identity_is_an_identity() {
    let (draft, signer) = drafts().remove(2);
    let statement = Statement::sign(draft, &signer).unwrap();
    let result = Identity::check(&statement, signer.public_key());
    assert_eq!(result, Err(IdentityError::NotAnIdentity));
}
