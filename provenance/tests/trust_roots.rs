//! What a reader may write into trust.toml, and what it then means.

use serde_json::{Value, json};
use veritrail_provenance::hash::StatementId;
use veritrail_provenance::identity::Signer;
use veritrail_provenance::log::note::VKey;
use veritrail_provenance::trust::*;

use crate::trails::{did, signer};

fn vkey(name: &str) -> VKey {
    VKey::ed25519(name, signer(3).public_key()).unwrap()
}

fn read(file: Value) -> Result<TrustFile, serde_json::Error> {
    serde_json::from_value(file)
}

fn good() -> Value {
    json!({
        "version": 1,
        "signer": [
            {"did": did(1), "genesis": "11".repeat(32)},
            {"did": "did:web:example.org"},
        ],
        "log": [{"origin": "lab", "vkeys": [vkey("lab")]}],
    })
}

#[test]
fn a_trust_file_names_signers_and_logs() {
    let roots = read(good()).unwrap().roots(TrustSource::TrustFile).unwrap();
    assert!(!roots.any);
    let ada = did(1);
    let found: Vec<_> = roots.signers(&ada).collect();
    assert_eq!(found[0].genesis, Some(StatementId::from_bytes([0x11; 32])));
    assert_eq!(roots.signers(&did(2)).count(), 0);
    let lab = "lab".parse().unwrap();
    let keys: Vec<_> = roots.log_keys(&lab).collect();
    assert_eq!(keys, [(&vkey("lab"), TrustSource::TrustFile)]);
    let empty = read(json!({"version": 1})).unwrap();
    assert_eq!(empty, TrustFile::default());
    assert_eq!(empty.roots(TrustSource::TrustFile).unwrap(), TrustRoots::none());
}

#[test]
fn anything_unknown_is_refused() {
    let with = |place: &str, name: &str| {
        let mut file = good();
        let target = file.pointer_mut(place).unwrap();
        target.as_object_mut().unwrap().insert(name.to_owned(), json!(1));
        file
    };
    for (place, name) in
        [("", "quorum"), ("", "witness"), ("/signer/0", "until"), ("/log/0", "revoked")]
    {
        let error = read(with(place, name)).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
    for wrong in [
        json!({}),
        json!({"version": "1"}),
        json!({"version": 1, "signer": [{"genesis": "11".repeat(32)}]}),
        json!({"version": 1, "signer": [{"did": "ada"}]}),
        json!({"version": 1, "signer": [{"did": did(1), "genesis": "11"}]}),
        json!({"version": 1, "log": [{"origin": "lab"}]}),
        json!({"version": 1, "log": [{"origin": "a b", "vkeys": []}]}),
        json!({"version": 1, "log": [{"origin": "lab", "vkeys": ["lab+00000000+AQ=="]}]}),
    ] {
        assert!(read(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn what_could_never_mean_anything_is_refused() {
    let roots = |file: Value| read(file).unwrap().roots(TrustSource::TrustFile);
    assert_eq!(roots(json!({"version": 2})), Err(TrustFileError::Version(2)));
    let no_keys = roots(json!({"version": 1, "log": [{"origin": "lab", "vkeys": []}]}));
    assert!(matches!(no_keys, Err(TrustFileError::NoKeys(_))));
    let other = json!({"version": 1, "log": [{"origin": "lab", "vkeys": [vkey("other")]}]});
    assert!(matches!(roots(other), Err(TrustFileError::Name { .. })));
}

#[test]
fn roots_add_up() {
    let file = TrustRoots::none().with_signer(did(1), None, TrustSource::TrustFile);
    let own = TrustRoots::none().with_vkey(vkey("lab"), TrustSource::OwnKey).unwrap();
    let any = TrustRoots { any: true, ..TrustRoots::none() };
    let all = file.with(own).with(any);
    assert!(all.any);
    assert_eq!((all.signers.len(), all.logs.len()), (1, 1));
    assert_eq!(all.logs[0].origin.as_str(), "lab");
    let odd = VKey::ed25519("a#b", signer(3).public_key()).unwrap();
    assert!(TrustRoots::none().with_vkey(odd, TrustSource::CommandLine).is_err());
}
