//! Signed notes and checkpoints: ours are read by another implementation and the other way round,
//! and hostile ones are refused.

use signed_note::{StandardVerifier, VerifierList};
use veritrail_provenance::hash::LogHash;
use veritrail_provenance::identity::{Signature, Signer};
use veritrail_provenance::log::checkpoint::*;
use veritrail_provenance::log::note::*;
use veritrail_provenance::log::tree::{empty_root, leaf_hash};

use crate::trails::signer;

const NAME: &str = "example.org/lab";

fn vkey(n: u8) -> VKey {
    VKey::ed25519(NAME, signer(n).public_key()).unwrap()
}

/// The key and note of golang.org/x/mod/sumdb/note's documentation.
const GO_VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn a_note_by_go_verifies() {
    let key: VKey = GO_VKEY.parse().unwrap();
    assert_eq!(key.to_string(), GO_VKEY);
    let note = Note::parse(GO_NOTE.as_bytes()).unwrap();
    let keys = [key];
    assert_eq!(note.verify(&keys).unwrap(), [&keys[0]]);
    assert_eq!(note.to_string(), GO_NOTE);
    let altered = GO_NOTE.replace("problem is", "problem was");
    let error = Note::parse(altered.as_bytes()).unwrap().verify(&keys).unwrap_err();
    assert!(matches!(error, NoteError::BadSignature(_)));
}

#[test]
fn our_notes_verify_elsewhere_and_theirs_here() {
    let checkpoint =
        Checkpoint { origin: NAME.parse().unwrap(), size: 1, root: leaf_hash(b"entry") };
    let note = checkpoint.sign(&signer(1)).unwrap();
    let theirs = signed_note::Note::from_bytes(&note.to_bytes()).unwrap();
    let verifier = StandardVerifier::new(&vkey(1).to_string()).unwrap();
    let (verified, unknown) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 0));
    let text = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((text.origin(), text.size()), (NAME, 1));
    assert_eq!(text.hash().0, *checkpoint.root.as_bytes());

    let (skey, their_vkey) = their_key();
    let signer = signed_note::StandardSigner::new(&skey).unwrap();
    let mut theirs = signed_note::Note::new(note.text().as_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    let known = [their_vkey.parse().unwrap()];
    let (read, signed) = Checkpoint::open(&theirs.to_bytes(), &known).unwrap();
    assert_eq!(read, checkpoint);
    assert_eq!(signed, known);
}

/// A key in the encoding of golang.org/x/mod/sumdb/note, made from a fixed seed.
fn their_key() -> (String, String) {
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD;
    let id = hex::encode(vkey(9).key_id());
    let seed = engine.encode([&[1u8][..], &[9; 32]].concat());
    (format!("PRIVATE+KEY+{NAME}+{id}+{seed}"), vkey(9).to_string())
}

#[test]
fn hostile_notes_are_refused() {
    let good = Note::sign("text\n", NAME, &signer(1)).unwrap().to_string();
    Note::parse(good.as_bytes()).unwrap();
    let line = good.lines().last().unwrap().to_owned();
    let many = format!("text\n\n{}", format!("{line}\n").repeat(SIGNATURES_MAX + 1));
    for wrong in [
        String::new(),
        "text\n".to_owned(),
        "text\n\n".to_owned(),
        "\n\n".to_owned(),
        format!("text\n{line}\n"),
        format!("text\n\n{line}"),
        format!("text\n\n{line}\r\n"),
        format!("te\u{0}xt\n\n{line}\n"),
        format!("te\u{85}xt\n\n{line}\n"),
        format!("text\n\n{}\n", line.replace('—', "-")),
        format!("text\n\n{}\n", line.replace(NAME, "")),
        format!("text\n\n{}\n", line.replace(NAME, "a b")),
        format!("text\n\n{}\n", line.replace(NAME, "a+b")),
        format!("text\n\n{line}=\n"),
        format!("text\n\n{line} \n"),
        "text\n\n— x AAAAAA==\n".to_owned(),
        "text\n\n— x\n".to_owned(),
        many,
    ] {
        assert!(Note::parse(wrong.as_bytes()).is_err(), "{wrong:?}");
    }
    assert_eq!(
        Note::parse(&vec![b'a'; NOTE_SIZE_MAX + 1]),
        Err(NoteError::TooLarge(NOTE_SIZE_MAX + 1))
    );
    assert_eq!(Note::parse(&[0xff, b'\n', b'\n']), Err(NoteError::NotText));
    for cut in 0..good.len() {
        assert!(Note::parse(&good.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn any_flipped_bit_of_a_note_is_noticed() {
    let good = Note::sign("text of the note\n", NAME, &signer(1)).unwrap().to_bytes();
    let keys = [vkey(1)];
    let mut noticed = 0;
    for bit in 0..good.len() * 8 {
        let mut wrong = good.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        let verified = Note::parse(&wrong).is_ok_and(|note| note.verify(&keys).is_ok());
        assert!(!verified, "bit {bit}");
        noticed += 1;
    }
    assert_eq!(noticed, good.len() * 8);
}

#[test]
fn one_bad_signature_of_a_known_key_spoils_the_note() {
    let note = Note::sign("text\n", NAME, &signer(1)).unwrap();
    let mut bad = note.signatures()[0].clone();
    bad.signature[0] ^= 1;
    let spoiled = note.clone().with_signatures(vec![bad.clone()]).unwrap();
    assert!(matches!(spoiled.verify(&[vkey(1)]), Err(NoteError::BadSignature(_))));
    bad.signature.pop();
    let short = note.clone().with_signatures(vec![bad]).unwrap();
    assert!(matches!(short.verify(&[vkey(1)]), Err(NoteError::BadSignature(_))));
    // An unknown key's signature may be anything.
    let mut unknown = note.signatures()[0].clone();
    unknown.name = "witness".to_owned();
    let cosigned = note.clone().with_signatures(vec![unknown; 16]).unwrap();
    assert_eq!(cosigned.verify(&[vkey(1)]).unwrap(), [&vkey(1)]);
    assert!(matches!(note.verify(&[vkey(2)]), Err(NoteError::NoKnownKey(_))));
    assert!(matches!(note.verify(&[]), Err(NoteError::NoKnownKey(_))));
    let too_many = vec![note.signatures()[0].clone(); SIGNATURES_MAX];
    assert!(note.with_signatures(too_many).is_err());
}

#[test]
fn keys_of_other_types_are_carried_and_never_used() {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let typed = [&[6u8][..], &[7; 1312]].concat();
    let id = Sha256::digest([NAME.as_bytes(), b"\n", &typed].concat());
    let key = base64::engine::general_purpose::STANDARD.encode(&typed);
    let line = format!("{NAME}+{}+{key}", hex::encode(&id[..4]));
    let other: VKey = line.parse().unwrap();
    assert_eq!((other.key_type(), other.public_key()), (6, None));
    assert_eq!(other.to_string(), line);
    let note = Note::sign("text\n", NAME, &signer(1)).unwrap();
    assert!(matches!(note.verify(&[other]), Err(NoteError::NoKnownKey(_))));
}

#[test]
fn malformed_keys_are_refused() {
    let good = vkey(1).to_string();
    let (id, weak) = (hex::encode(vkey(1).key_id()), weak_vkey());
    for wrong in [
        String::new(),
        "name".to_owned(),
        "name+00000000".to_owned(),
        good.replace(NAME, ""),
        good.replace(NAME, "other"),
        good.replace(&id, &id.to_uppercase().replace(|c: char| c.is_ascii_digit(), "F")),
        good.replace(&id, "00000000"),
        format!("{good}A"),
        format!("{good}+"),
        format!(" {good}"),
        weak,
        "a+00000000+AQ==".to_owned(),
        "a+00000000+".to_owned(),
        format!("a+00000000+{}", "A".repeat(10_000)),
    ] {
        assert!(wrong.parse::<VKey>().is_err(), "{wrong:?}");
    }
    assert!(VKey::ed25519("a b", signer(1).public_key()).is_err());
    assert!(VKey::ed25519("", signer(1).public_key()).is_err());
}

/// A vkey that is right in form, of the identity point.
fn weak_vkey() -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let mut typed = vec![1u8, 1];
    typed.resize(33, 0);
    let id = Sha256::digest([NAME.as_bytes(), b"\n", &typed].concat());
    let key = base64::engine::general_purpose::STANDARD.encode(&typed);
    format!("{NAME}+{}+{key}", hex::encode(&id[..4]))
}

#[test]
fn texts_that_cannot_be_signed_are_refused() {
    for wrong in ["", "no newline", "a\u{7}\n", "a\r\n"] {
        assert!(Note::sign(wrong, NAME, &signer(1)).is_err(), "{wrong:?}");
    }
    assert!(Note::sign("text\n", "a b", &signer(1)).is_err());
}

#[test]
fn checkpoints_have_one_form() {
    let root = leaf_hash(b"entry");
    let checkpoint = Checkpoint { origin: NAME.parse().unwrap(), size: 7, root };
    let text = checkpoint.to_string();
    assert_eq!(Checkpoint::parse(&text).unwrap(), checkpoint);
    let root = text.lines().nth(2).unwrap();
    for wrong in [
        String::new(),
        text.replace("\n7\n", "\n07\n"),
        text.replace("\n7\n", "\n+7\n"),
        text.replace("\n7\n", "\n-7\n"),
        text.replace("\n7\n", "\n7 \n"),
        text.replace("\n7\n", "\n18446744073709551615\n"),
        text.replace("\n7\n", "\n99999999999999999999\n"),
        text.replace("\n7\n", "\n\n"),
        text.replace(NAME, ""),
        text.replace(NAME, "a b"),
        text.trim_end().to_owned(),
        format!("{text}extension\n"),
        format!("{text}\n"),
        text.replace(root, &root[1..]),
        text.replace(root, "AAAA"),
        text.replace("\n7\n", "\n0\n"),
    ] {
        assert!(Checkpoint::parse(&wrong).is_err(), "{wrong:?}");
    }
    let empty = Checkpoint { origin: NAME.parse().unwrap(), size: 0, root: empty_root() };
    assert_eq!(Checkpoint::parse(&empty.to_string()).unwrap(), empty);
}

#[test]
fn only_a_key_of_the_logs_name_speaks_for_it() {
    let checkpoint = Checkpoint { origin: NAME.parse().unwrap(), size: 0, root: empty_root() };
    let witness = VKey::ed25519("witness", signer(5).public_key()).unwrap();
    let own = checkpoint.sign(&signer(1)).unwrap();
    let signature = Signature::from_bytes(*signer(5).sign(own.text().as_bytes()).as_bytes());
    let cosignature = NoteSignature {
        name: "witness".to_owned(),
        key_id: witness.key_id(),
        signature: signature.as_bytes().to_vec(),
    };
    let cosigned = own.with_signatures(vec![cosignature]).unwrap().to_bytes();
    let known = [vkey(1), witness.clone()];
    assert_eq!(Checkpoint::open(&cosigned, &known).unwrap().1, [vkey(1)]);
    assert!(Checkpoint::open(&cosigned, &[witness]).is_err());
    let other = LogHash::from_bytes([1; 32]);
    let forged = Checkpoint { root: other, size: 1, ..checkpoint };
    assert!(Checkpoint::open(&forged.sign(&signer(2)).unwrap().to_bytes(), &known).is_err());
}
