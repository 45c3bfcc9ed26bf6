//! Logs that hold what they should not: forks, conflicts, statements of other logs. Each is told
//! with its place, and changes no answer that it should not change.

use veritrail_provenance::{
    identity::{Did, SeedSigner, Signer as _},
    ledger::{queries, rows::Standing},
    statement::{DatasetGenesis, DatasetVersion, Payload, Statement},
};
use veritrail_server::{
    error::Kind,
    node::{
        report::Conclusion,
        resolve::{FoundVersion, Resolved},
        show::Shown,
    },
    progress::Silent,
};
use veritrail_storage::keys::Seed;

use crate::labs::Lab;

async fn publish(lab: &Lab, name: &str, content: &str) {
    lab.publish_as(name, "data.bin", content).await;
}

fn version(lab: &Lab, reference: &str) -> FoundVersion {
    match lab.node.resolve(reference).unwrap() {
        Resolved::Version(version) => *version,
        other => panic!("{other:?}"),
    }
}

fn append(lab: &Lab, statement: &Statement) -> u64 {
    let appended = lab.node.append(|_| Ok(Some(vec![statement.clone()]))).unwrap();
    appended.unwrap().0.indices[0]
}

fn operator(lab: &Lab) -> SeedSigner {
    lab.node.signer(None).unwrap()
}

fn warnings(shown: Shown) -> Vec<String> {
    match shown {
        Shown::Dataset(dataset) => dataset.warnings,
        other => panic!("{other:?}"),
    }
}

/// A dataset whose key is kept, which an honest node never does, and one version of it.
fn dataset_with_key(lab: &Lab, like: &DatasetVersion) -> (SeedSigner, Did) {
    let key = Seed::generate().unwrap().signer();
    let did = Did::of_key(key.public_key());
    let controllers = vec![Did::of_key(operator(lab).public_key())];
    let genesis = Payload::DatasetGenesis(DatasetGenesis { controllers });
    append(lab, &lab.node.sign(&key, did.to_string(), genesis).unwrap());
    let version = Payload::DatasetVersion(like.clone());
    append(lab, &lab.node.sign(&operator(lab), did.to_string(), version).unwrap());
    (key, did)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_genesis_is_a_fork_and_fails_verification() {
    let lab = Lab::new("Ada");
    publish(&lab, "rain", "3.5").await;
    let like = version(&lab, "rain").row.payload;
    let (key, did) = dataset_with_key(&lab, &like);
    let before = lab.node.verify(did.as_str(), &[], &Silent).await.unwrap();
    assert_eq!(before.conclusion, Conclusion::Verified, "{before:?}");

    let controllers = vec![Did::of_key(Seed::generate().unwrap().signer().public_key())];
    let second = Payload::DatasetGenesis(DatasetGenesis { controllers });
    let index = append(&lab, &lab.node.sign(&key, did.to_string(), second).unwrap());
    let after = lab.node.verify(did.as_str(), &[], &Silent).await.unwrap();
    assert_eq!(after.exit_code(), 3, "{after:?}");
    let place = format!("#{index}");
    assert!(after.findings.iter().any(|f| f.contains("fork") && f.contains(&place)), "{after:?}");
    let warnings = warnings(lab.node.show(did.as_str()).await.unwrap());
    assert!(warnings.iter().any(|w| w.contains("fork") && w.contains(&place)), "{warnings:?}");
    // The other dataset is nobody's business.
    let other = lab.node.verify("rain", &[], &Silent).await.unwrap();
    assert_eq!(other.exit_code(), 0, "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_versions_of_one_number_the_first_counts() {
    let lab = Lab::new("Ada");
    publish(&lab, "rain", "3.5").await;
    let first = version(&lab, "rain");
    let mut payload = first.row.payload.clone();
    payload.title = "another one".into();
    let payload = Payload::DatasetVersion(payload);
    let statement = lab.node.sign(&operator(&lab), first.did.to_string(), payload).unwrap();
    let index = append(&lab, &statement);
    assert_eq!(version(&lab, "rain").row.at, first.row.at);
    let told = warnings(lab.node.show("rain").await.unwrap());
    assert!(told.iter().any(|w| w.contains(&format!("#{index}"))), "{told:?}");
    // The next version follows the one that counts.
    publish(&lab, "rain", "4.5").await;
    let next = version(&lab, "rain").row.payload;
    assert_eq!((next.number, next.previous), (2, Some(first.row.at.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_copied_from_another_log_says_nothing() {
    let (lab, other) = (Lab::new("Ada"), Lab::new("Ada"));
    publish(&other, "rain", "3.5").await;
    let theirs = version(&other, "rain");
    for index in [theirs.dataset.genesis.index, theirs.row.at.index] {
        let copied = Statement::decode(&other.node.log_bytes(index).unwrap()).unwrap();
        let at = append(&lab, &copied);
        let row = queries::entry(lab.node.state(), lab.node.origin(), at).unwrap().unwrap();
        assert!(matches!(row.standing, Standing::Refused { .. }), "{row:?}");
        let shown = lab.node.log_entry(at).unwrap();
        assert!(shown.standing.contains("refused"), "{}", shown.standing);
        assert!(shown.standing.contains(other.node.origin().as_str()), "{}", shown.standing);
        let done = lab.node.verify(&format!("log:{at}"), &[], &Silent).await;
        assert_ne!(done.map_or(1, |done| done.exit_code()), 0);
    }
    let error = lab.node.resolve(theirs.did.as_str()).unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_by_a_stranger_is_refused_and_nobody_is_misled() {
    let lab = Lab::new("Ada");
    publish(&lab, "rain", "3.5").await;
    let first = version(&lab, "rain");
    let stranger = lab.node.new_person(Some("Mallory".into())).unwrap();
    let signer = lab.node.signer(Some(&stranger.did)).unwrap();
    let mut payload = first.row.payload.clone();
    (payload.number, payload.previous) = (2, Some(first.row.at.id));
    let payload = Payload::DatasetVersion(payload);
    let index = append(&lab, &lab.node.sign(&signer, first.did.to_string(), payload).unwrap());
    assert_eq!(version(&lab, "rain").row.payload.number, 1);
    let shown = lab.node.log_entry(index).unwrap();
    assert!(shown.standing.contains("refused"), "{}", shown.standing);
    assert_eq!(lab.node.verify("rain", &[], &Silent).await.unwrap().exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_copies_of_one_statement_count_once() {
    let lab = Lab::new("Ada");
    publish(&lab, "rain", "3.5").await;
    let first = version(&lab, "rain");
    let bytes = lab.node.log_bytes(first.row.at.index).unwrap();
    let copy = Statement::decode(&bytes).unwrap();
    for _ in 0..10 {
        let batch = vec![copy.clone(); 100];
        lab.node.append(|_| Ok(Some(batch.clone()))).unwrap();
    }
    assert_eq!(version(&lab, "rain").row.at, first.row.at);
    let found = queries::statement(lab.node.state(), copy.id()).unwrap().unwrap();
    assert_eq!(found.1, first.row.at.index);
    assert_eq!(lab.node.verify("rain", &[], &Silent).await.unwrap().exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_that_did_not_begin_as_pinned_is_a_fork() {
    let (lab, other) = (Lab::new("Ada"), Lab::new("Ada"));
    publish(&lab, "rain", "3.5").await;
    let did = version(&lab, "rain").did;
    let wrong = other.node.log_entry(0).unwrap().statement.unwrap().id;
    lab.node.trust(did.as_str(), Some(&wrong.to_hex())).unwrap();
    let done = lab.node.verify("rain", &[], &Silent).await.unwrap();
    assert_eq!(done.exit_code(), 3, "{done:?}");
    assert!(done.findings.iter().any(|finding| finding.contains("pinned")), "{done:?}");
}
