//! Encrypted bytes and wrapped secrets under hostile inputs and mutations (fuzz/harness.rs): nothing
//! but what was encrypted ever comes out.

#[path = "../../fuzz/harness.rs"]
mod harness;

use std::io::Read as _;

use veritrail_storage::keys::Seed;
use veritrail_storage::private::{PADDED_MIN, RecoveryKey, VersionIdentity, open};
use zeroize::Zeroizing;

use harness::fuzz;

fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/../docs/formats/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn identity() -> VersionIdentity {
    let keys = String::from_utf8(golden("private-identity.txt")).unwrap();
    VersionIdentity::read(keys.lines().next().unwrap()).unwrap()
}

#[test]
fn identity_text() {
    let seeds = [identity().secret_text().as_bytes().to_vec()];
    fuzz(concat!(module_path!(), "::identity_text"), &seeds, 5_000, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        let Ok(read) = VersionIdentity::read(text) else { return false };
        assert_eq!(*read.secret_text(), text);
        true
    });
}

const SECRET: [u8; 32] = [7; 32];

fn recovery_key() -> RecoveryKey {
    RecoveryKey::of(&Seed::from_bytes(Zeroizing::new([1; 32]))).unwrap()
}

/// The secret as it was wrapped once: no ciphertext can be made twice. `VERITRAIL_BLESS=1` wraps it
/// where the corpus has none.
fn wrapped() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/wrapped-secret/seed-0");
    let bless = std::env::var("VERITRAIL_BLESS").is_ok_and(|value| value == "1");
    if bless && !std::path::Path::new(path).exists() {
        std::fs::write(path, recovery_key().wrap(&SECRET).unwrap()).unwrap();
    }
    std::fs::read(path).unwrap()
}

#[test]
fn wrapped_secret() {
    let test = concat!(module_path!(), "::wrapped_secret");
    fuzz(test, &[wrapped()], 3_000, |bytes| {
        let Ok(secret) = recovery_key().unwrap(bytes) else { return false };
        assert_eq!(*secret, SECRET);
        true
    });
}

#[test]
fn sealed_bytes() {
    let seeds = [golden("private.age")];
    fuzz(concat!(module_path!(), "::sealed_bytes"), &seeds, 500, |bytes| {
        let Ok(mut reader) = open(bytes, &identity()) else { return false };
        let mut plain = Vec::new();
        // What is read before an altered part is true as well; it is not all.
        let whole = reader.read_to_end(&mut plain).is_ok();
        assert!(plain.starts_with(b"veritrail-pack/1") || plain.is_empty() && !whole);
        assert!(!whole || plain.len() as u64 == PADDED_MIN);
        whole
    });
}
