//! The reader's side: a second node that has no row checks what it was handed.

use veritrail_proof::statement::Audience;
use veritrail_provenance::hash::StatementId;
use veritrail_server::{
    claims::{ProofFile, answers::Value},
    error::Kind,
    node::report::Conclusion,
    progress::Silent,
};

use super::{
    proofs::{BY_GROUP, asked, check, check_of, forged, get, prove, redigested},
    wards::{CANARIES, leaks, patients, publish, version},
};
use crate::labs::Lab;

/// A holder with two versions and two proofs of the first, and a reader who fetched it.
async fn wards() -> (Lab, Lab) {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    publish(&ada, &patients(400)).await;
    prove(&ada, BY_GROUP, "first.proof").await;
    prove(&ada, "select avg(age), var_samp(age) from t", "second.proof").await;
    let serving = ada.serve().await;
    get(&ben, &ada.ticket("trial")).await;
    serving.stop().await;
    (ada, ben)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_checks_without_a_row() {
    let (ada, ben) = wards().await;
    let me = ada.did();
    for (number, name) in [(1, "first.proof"), (2, "second.proof")] {
        // With nobody named, with anybody, and with Ada.
        let done = check(&ben, &ada.path(name), &[]).await.unwrap();
        assert_eq!(done.exit_code(), 1, "{done:?}");
        assert_eq!(done.version.conclusion, Conclusion::ConsistentButUnnamed);
        let done = check(&ben, &ada.path(name), &["any"]).await.unwrap();
        assert!(done.version.trusts_any && done.headline().contains("any signer trusted"));
        let done = check(&ben, &ada.path(name), &[&me]).await.unwrap();
        assert_eq!(done.exit_code(), 0, "{done:?}");
        assert_eq!(done.version.signed_by[0].name.as_deref(), Some("Ada"));
        let shown = done.shown.unwrap();
        assert_eq!(shown.dataset, version(&ada, "trial").did.to_string());
        let place = format!("{}#{}", shown.origin, shown.index);
        assert_eq!(place, version(&ada, "trial").statement().to_string());
        let released = ada.node.show("trial").await.unwrap();
        let veritrail_server::node::show::Shown::Dataset(released) = released else { panic!() };
        let index = released.version.releases[number - 1].index;
        assert_eq!(shown.released, Some(format!("{}#{index}", shown.origin)));
        assert_eq!(shown.predecessor.is_some(), number == 2);
        let text = veritrail_server::claims::words(
            &check(&ben, &ada.path(name), &[]).await.unwrap().shown.unwrap(),
        );
        for part in ["PROVEN", "0 or at least 10", "PROMISED", "NOT PROVEN", "experimental"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let shown = check(&ben, &ada.path("first.proof"), &[&me]).await.unwrap().shown.unwrap();
    let counts: Vec<Value> = shown.results.iter().map(|group| group.answers[2].value).collect();
    assert_eq!(counts, [Value::Whole(200), Value::Whole(200)]);
    assert!(shown.results[0].answers[0].within.is_some(), "{shown:?}");

    assert_eq!(leaks(&ben.path("home"), &CANARIES, &[]), [] as [&str; 0]);
    let given = ben.path("given");
    std::fs::create_dir(&given).unwrap();
    for name in ["first.proof", "second.proof"] {
        std::fs::copy(ada.path(name), given.join(name)).unwrap();
    }
    assert_eq!(leaks(&given, &CANARIES, &[]), [] as [&str; 0]);
    assert_eq!(leaks(&ada.path("home").join("log"), &CANARIES, &[]), [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_forged_file_is_refused() {
    let (ada, ben) = wards().await;
    // A second version, of which Ben learns as well.
    publish(&ada, &patients(401)).await;
    let serving = ada.serve().await;
    get(&ben, &ada.ticket("trial")).await;
    serving.stop().await;
    let real = ada.path("first.proof");
    let refused = async |what: &str, change: &dyn Fn(&mut ProofFile)| {
        let file = forged(&ben, &real, |proof| change(proof));
        let error = check(&ben, &file, &["any"]).await.unwrap_err();
        assert_eq!(error.kind, Kind::VerificationFailed, "{what}: {error}");
        assert_eq!(error.place, Some(file.display().to_string()), "{what}");
        assert!(error.hint.unwrap().contains("do not rely on it"));
        error.message
    };
    for at in 0..6 {
        refused("a number", &|proof| proof.results[at] += 1).await;
    }
    let text = |proof: &mut ProofFile| proof.claim = proof.claim.replace("avg", "sum");
    refused("another text of the statement", &|proof| proof.claim.push(' ')).await;
    refused("another function, with a clause", &|proof| {
        text(proof);
        proof.claim.push_str(" LIMIT 1");
    })
    .await;
    let words = refused("another claim", &|proof| {
        proof.claim = "SELECT avg(age) FROM t".to_owned();
    })
    .await;
    assert!(words.contains("something else than its statement"), "{words}");
    let words = refused("another version", &|proof| proof.version = 2).await;
    assert!(words.contains("another version"), "{words}");
    refused("another body", &|proof| proof.body[3] ^= 1).await;
    refused("another entry", &|proof| proof.context.index += 1).await;
    let id = StatementId::from_bytes([1; 32]);
    refused("another predecessor", &|proof| proof.context.predecessor = Some(id)).await;
    let somebody = Audience { did: ben.did().parse().unwrap(), nonce: [7; 32] };
    refused("made for somebody", &|proof| proof.context.audience = Some(somebody.clone())).await;
    refused("shorter", &|proof| proof.argument.truncate(64)).await;
    let second = ProofFile::decode(&std::fs::read(ada.path("second.proof")).unwrap()).unwrap();
    refused("another proof's argument", &|proof| proof.argument = second.argument.clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_byte_is_noticed() {
    let (ada, ben) = wards().await;
    let bytes = std::fs::read(ada.path("second.proof")).unwrap();
    let content = &bytes[..bytes.len() - 32];
    let of_text = |at: usize| {
        let text = b"SELECT avg(age)";
        let start = content.windows(text.len()).position(|window| window == text).unwrap();
        (start..start + 60).contains(&at)
    };
    let (mut tried, step) = (0, content.len() / 90);
    for at in (0..bytes.len()).step_by(step).chain([16, 17, bytes.len() - 1]) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let file = ben.file("flipped.proof", &flipped);
        let error = check(&ben, &file, &["any"]).await.unwrap_err();
        // The last byte of what it begins with says which version of the file it is.
        let kind = if at == 16 { Kind::CouldNotCheck } else { Kind::VerificationFailed };
        assert_eq!(error.kind, kind, "byte {at}: {error}");
        if at < content.len() && !of_text(at) {
            let file = ben.file("flipped.proof", redigested(flipped[..content.len()].to_vec()));
            let error = check(&ben, &file, &["any"]).await.unwrap_err();
            // A dataset that nobody here knows is no fault of the proof.
            let kinds = [Kind::VerificationFailed, Kind::CouldNotCheck];
            assert!(kinds.contains(&error.kind), "byte {at}: {error}");
        }
        tried += 1;
    }
    assert!(tried > 90);
    let bundle = ben.file("empty", "");
    assert_eq!(check(&ben, &bundle, &[]).await.unwrap_err().kind, Kind::VerificationFailed);
    assert_eq!(check(&ben, &ben.path("none"), &[]).await.unwrap_err().kind, Kind::NotFound);
    assert_eq!(check(&ben, &ben.path("home"), &[]).await.unwrap_err().kind, Kind::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_here_could_not_be_checked() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(400)).await;
    let proof = prove(&ada, BY_GROUP, "first.proof").await.file;
    let eve = Lab::new("Eve");
    let error = check(&eve, &proof, &["any"]).await.unwrap_err();
    assert_eq!(error.kind, Kind::CouldNotCheck, "{error}");
    let hint = error.hint.unwrap();
    assert!(hint.contains("veritrail get TICKET") && hint.contains("--offline"), "{hint}");
    // And `verify` of the file says what to type.
    let error = eve.node.verify_file(&proof, &[], &Silent).await.unwrap_err();
    assert!(error.hint.unwrap().contains("veritrail check"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_known_once_the_log_is() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    publish(&ada, &patients(400)).await;
    let serving = ada.serve().await;
    get(&ben, &ada.ticket("trial")).await;
    let proof = prove(&ada, BY_GROUP, "first.proof").await;
    let done = check(&ben, &proof.file, &[&ada.did()]).await.unwrap();
    assert_eq!(done.exit_code(), 0, "{done:?}");
    let shown = done.shown.unwrap();
    assert_eq!(shown.released, None);
    assert!(veritrail_server::claims::words(&shown).contains("NOT known to be released"));
    get(&ben, &ada.ticket("trial")).await;
    let shown = check(&ben, &proof.file, &[]).await.unwrap().shown.unwrap();
    assert_eq!(shown.released, Some(proof.log));
    serving.stop().await;
}

/// Ada proves twice as the first release, and hands out the one that the log does not name.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_beside_the_log_is_refused_where_another_took_its_place() {
    let (ada, twin, ben) = (Lab::new("Ada"), Lab::new("Twin"), Lab::new("Ben"));
    publish(&ada, &patients(400)).await;
    let copy = twin.path("copy");
    copy_folder(&ada.path("home"), &copy);
    let other = veritrail_server::node::Node::open(&copy).unwrap();
    let mut request = asked(&twin, "select avg(age) from t", "beside.proof");
    request.of = Some("trial".to_owned());
    let beside = other.prove(&request, &Silent).await.unwrap();
    prove(&ada, BY_GROUP, "first.proof").await;
    let serving = ada.serve().await;
    get(&ben, &ada.ticket("trial")).await;
    serving.stop().await;
    let error = check(&ben, &beside.file, &[&ada.did()]).await.unwrap_err();
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
    assert!(error.message.contains("another proof in its place"), "{error}");
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    let mode = std::fs::metadata(from).unwrap().permissions();
    std::fs::set_permissions(to, mode).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &to.join(entry.file_name())),
            false => {
                std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_that_was_sent_must_be_the_proofs() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(400)).await;
    let (nonce, other) = ("5a".repeat(32), "5b".repeat(32));
    let mut request = asked(&ada, "select avg(age) from t", "asked.proof");
    request.audience = Some((ada.did(), nonce.clone()));
    let file = ada.node.prove(&request, &Silent).await.unwrap().file;
    let plain = prove(&ada, "select avg(age) from t", "plain.proof").await.file;
    let with = async |file: &std::path::Path, nonce: &str| {
        let mut request = check_of(file, &[]);
        request.nonce = Some(nonce.to_owned());
        ada.node.check(&request, &Silent).await
    };
    assert_eq!(with(&file, &nonce).await.unwrap().exit_code(), 0);
    assert_eq!(with(&file, &other).await.unwrap_err().kind, Kind::VerificationFailed);
    assert_eq!(with(&plain, &nonce).await.unwrap_err().kind, Kind::VerificationFailed);
    assert_eq!(with(&file, "5a").await.unwrap_err().kind, Kind::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn commitments_that_rot_show_nothing() {
    let (ada, ben) = wards().await;
    let found = version(&ben, version(&ada, "trial").did.as_str());
    let manifest = ben.node.manifest(&found.row.payload.manifest).await.unwrap().unwrap();
    let part = manifest.private().unwrap().commitments.parts[0];
    let blob = ben.path("home").join("blobs").join(part.to_string());
    let mut bytes = std::fs::read(&blob).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&blob, bytes).unwrap();
    let error = check(&ben, &ada.path("first.proof"), &["any"]).await.unwrap_err();
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
}
