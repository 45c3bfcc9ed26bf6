//! Persons: further ones, documents, trust.

use crate::house::{House, text};

#[test]
fn a_further_person_is_bound_and_may_publish() {
    let house = House::new();
    let grace = house.json(&["id", "new", "--name", "Grace"]);
    assert_eq!(grace["role"], "member");
    assert_eq!(house.json(&["log", "show", "1"])["statement"]["payload"]["role"], "member");
    let persons = house.json(&["id", "show"]);
    assert_eq!(persons["persons"].as_array().unwrap().len(), 2);
    house.file("a.bin", "bytes");
    let did = text(&grace, "did");
    let published = house.json(&["publish", "a.bin", "--licence", "CC0-1.0", "--as", did]);
    let shown = house.json(&["show", text(&published, "dataset")]);
    assert_eq!(shown["version"]["signer"], did);
    let stranger = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    house.error(&["publish", "a.bin", "--licence", "CC0-1.0", "--as", stranger], 4);
}

#[test]
fn a_did_key_resolves_to_its_document() {
    let house = House::new();
    let did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    let resolved = house.json(&["id", "resolve", did]);
    assert_eq!(resolved["document"]["id"], did);
    let method = &resolved["document"]["verificationMethod"][0];
    assert_eq!((&method["type"], &method["controller"]), (&"Multikey".into(), &did.into()));
    house.error(&["id", "resolve", "did:key:z1"], 3);
    house.error(&["id", "resolve", "did:web:example.org"], 5);
    house.error(&["id", "resolve", "nonsense"], 2);
}

#[test]
fn trust_is_written_once_and_read_strictly() {
    let house = House::new();
    let did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    assert_eq!(house.json(&["id", "trust", did])["added"].as_array().unwrap().len(), 1);
    assert_eq!(house.json(&["id", "trust", did])["already"].as_array().unwrap().len(), 1);
    let other = House::new();
    let vkey = other.json(&["id", "show"])["vkeys"][0].as_str().unwrap().to_owned();
    house.ok(&["id", "trust", &vkey]);
    let file = house.home().join("trust.toml");
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("version = 1") && written.contains(did), "{written}");
    // A file of the same form can be trusted as a whole.
    let copy = house.file("theirs.toml", &written);
    other.ok(&["id", "trust", copy.to_str().unwrap()]);
    // Unknown tables are an error, never ignored.
    std::fs::write(&file, format!("{written}\n[[witness]]\nvkey = \"x\"\n")).unwrap();
    house.publish_rain("rain");
    let error = house.error(&["verify", "rain"], 1);
    assert!(error.to_string().contains("trust.toml"), "{error}");
}

#[test]
fn what_nobody_can_be_is_refused() {
    let house = House::new();
    for root in ["any", "nonsense", "lab+00000000+AAAA", "did:key:z1"] {
        let ran = house.run(&["id", "trust", root]);
        assert_eq!(ran.code, 2, "{root}: {}", ran.stderr);
    }
    assert!(!house.home().join("trust.toml").exists());
}

#[test]
fn a_person_whose_identity_was_not_logged_leaves_no_key() {
    let house = House::new();
    let before = house.files();
    // In the way of the next entry: the log cannot decide on it.
    let blocked = house.home().join("log.intent.tmp");
    std::fs::create_dir(&blocked).unwrap();
    house.error(&["id", "new", "--name", "Grace"], 1);
    std::fs::remove_dir(&blocked).unwrap();
    assert_eq!(house.files(), before);
    assert_eq!(house.log_size(), 1);
    house.ok(&["id", "new", "--name", "Grace"]);
    assert_eq!(house.files().iter().filter(|name| name.starts_with("keys/")).count(), 4);
}

#[test]
fn a_trust_file_that_leads_nowhere_is_no_empty_one() {
    let house = House::new();
    house.publish_rain("rain");
    let path = house.home().join("trust.toml");
    std::os::unix::fs::symlink("/nowhere/trust.toml", &path).unwrap();
    let error = house.error(&["verify", "rain"], 1);
    assert!(text(&error, "message").contains("leads nowhere"), "{error}");
    assert!(text(&error, "place").ends_with("trust.toml"), "{error}");
    let did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    house.error(&["id", "trust", did], 1);
    assert!(path.is_symlink(), "it was replaced");
}
