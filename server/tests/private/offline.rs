//! Checking with a bundle alone: no home, nobody to ask.

use std::{collections::BTreeMap, io::Cursor, path::Path};

use veritrail_provenance::hash::FileDigest;
use veritrail_server::{
    error::{Kind, NodeError},
    node::{
        bundle::{
            BundleRequest, DataInside,
            container::{EntryKind, Listing, Reader, Writer},
            verify::{BundleCheck, is_meant, verify_bundle},
        },
        check::{CheckedProof, check_offline},
    },
    progress::Silent,
};

use super::{
    proofs::{BY_GROUP, check_of, forged, prove},
    wards::{CANARIES, leaks, patients, publish},
};
use crate::labs::{Lab, rain};

async fn bundle(lab: &Lab, reference: &str, name: &str) -> std::path::PathBuf {
    let (reference, out) = (reference.to_owned(), lab.path(name));
    let request = BundleRequest { reference, out: out.clone(), data: DataInside::OutputsOnly };
    lab.node.bundle(request, &Silent).await.unwrap();
    out
}

fn offline(proof: &Path, bundle: &Path, trust: &[&str]) -> Result<CheckedProof, NodeError> {
    check_offline(None, &check_of(proof, trust), bundle, &Silent)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_enough() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(400)).await;
    let before = bundle(&ada, "trial", "before.veritrail").await;
    let first = prove(&ada, BY_GROUP, "first.proof").await;
    let second = prove(&ada, "select avg(age) from t", "second.proof").await;
    let after = bundle(&ada, "trial", "after.veritrail").await;
    for proved in [&first, &second] {
        let done = offline(&proved.file, &after, &[&ada.did()]).unwrap();
        assert_eq!(done.exit_code(), 0, "{done:?}");
        assert!(done.headline().starts_with("the proof holds"), "{}", done.headline());
        assert_eq!(done.shown.unwrap().released.as_ref(), Some(&proved.log));
        assert_eq!(offline(&proved.file, &after, &[]).unwrap().exit_code(), 1);
        // An older bundle has the version and not the release.
        let done = offline(&proved.file, &before, &[&ada.did()]).unwrap();
        assert_eq!((done.exit_code(), done.shown.unwrap().released), (0, None));
    }
    // A reader with a home of her own, who never met this log, says the same.
    let eve = Lab::new("Eve");
    let request = check_of(&first.file, &[&ada.did()]);
    let done = check_offline(Some(&eve.node), &request, &after, &Silent).unwrap();
    assert_eq!(done.exit_code(), 0, "{done:?}");
    let only = ada.path("only");
    std::fs::create_dir(&only).unwrap();
    std::fs::copy(&after, only.join("after.veritrail")).unwrap();
    assert_eq!(leaks(&only, &CANARIES, &[]), [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_proofs_and_altered_bundles_are_refused() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(400)).await;
    let first = prove(&ada, BY_GROUP, "first.proof").await.file;
    let bundled = bundle(&ada, "trial", "trial.veritrail").await;
    let refused = |proof: &Path, bundle: &Path| {
        let kind = match offline(proof, bundle, &["any"]) {
            Err(error) => error.kind,
            Ok(done) => {
                assert_eq!(done.exit_code(), 3, "{done:?}");
                assert!(done.shown.is_none(), "{done:?}");
                Kind::VerificationFailed
            }
        };
        assert_eq!(kind, Kind::VerificationFailed);
    };
    refused(&forged(&ada, &first, |proof| proof.results[1] += 1), &bundled);
    refused(&forged(&ada, &first, |proof| proof.context.index += 1), &bundled);
    let bytes = std::fs::read(&bundled).unwrap();
    for at in [100, bytes.len() / 2, bytes.len() - 40] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        refused(&first, &ada.file("altered.veritrail", altered));
    }
    // By somebody who knows the container: every size and digest fits what is inside.
    let step = |bytes: &mut Vec<u8>, at: usize| bytes[at] ^= 1;
    let rotten = rebuilt(&bytes, |kind, bytes| {
        if *kind == EntryKind::Commitments {
            step(bytes, 900);
        }
        true
    });
    refused(&first, &ada.file("rotten.veritrail", rotten));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_of_something_else_could_not_check_it() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(400)).await;
    ada.publish("rain", &rain(30)).await;
    let first = prove(&ada, BY_GROUP, "first.proof").await.file;
    let other = bundle(&ada, "rain", "rain.veritrail").await;
    let error = offline(&first, &other, &["any"]).unwrap_err();
    assert_eq!(error.kind, Kind::CouldNotCheck, "{error}");
    assert!(error.hint.unwrap().contains("veritrail bundle did:key:"));
    let whole = std::fs::read(bundle(&ada, "trial", "trial.veritrail").await).unwrap();
    let without = rebuilt(&whole, |kind, _| *kind != EntryKind::Commitments);
    let error = offline(&first, &ada.file("without.veritrail", without), &["any"]).unwrap_err();
    assert_eq!(error.kind, Kind::CouldNotCheck, "{error}");
    let error = offline(&first, &first, &["any"]).unwrap_err();
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
}

/// The bundle with entries altered or, where `keep` says no, left out, and a listing that fits.
fn rebuilt(bundle: &[u8], keep: impl Fn(&EntryKind, &mut Vec<u8>) -> bool) -> Vec<u8> {
    let mut reader = Reader::open(Cursor::new(bundle)).unwrap();
    let (mut listed, mut parts) = (Vec::new(), BTreeMap::new());
    for entry in reader.entries().to_vec() {
        let mut bytes = reader.read(&entry).unwrap();
        let mut one = entry.listed;
        if keep(&one.kind, &mut bytes) {
            (one.size, one.sha256) = (bytes.len() as u64, FileDigest::of(&bytes));
            if one.kind == EntryKind::Commitments {
                one.name = format!("blobs/{}", veritrail_provenance::hash::ChunkId::of(&bytes));
            }
            parts.insert(one.name.clone(), bytes);
            listed.push(one);
        }
    }
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    let listing = Listing::new(reader.subject().to_owned(), listed).unwrap();
    let mut writer = Writer::begin(Cursor::new(Vec::new()), &listing).unwrap();
    for entry in &listing.entries {
        writer.entry(&entry.name).unwrap();
        writer.write(&parts[&entry.name]).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, sent) = (folder.path().join("pipe"), std::sync::mpsc::channel());
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
    // Nobody ever writes to it. On a thread, so that waiting for it fails instead of never ending.
    let (send, heard) = sent;
    std::thread::spawn(move || {
        let bundle = BundleCheck { bundle: pipe.clone(), trust: Vec::new(), data: Vec::new() };
        let told = [
            offline(&pipe, &pipe, &[]).unwrap_err(),
            verify_bundle(None, &bundle, &Silent).unwrap_err(),
        ];
        send.send((is_meant(&pipe), told)).unwrap();
    });
    let (meant, told) = heard.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    assert!(!meant);
    for error in told {
        assert!(error.to_string().contains("no plain file"), "{error:?}");
        assert!(error.place.is_some(), "{error:?}");
    }
}
