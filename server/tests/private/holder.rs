//! What the holder alone can do: open, recover, and be audited.

use std::fs;

use veritrail_proof::{body::manifest::Manifest as ProofManifest, columns::Role};
use veritrail_server::{
    error::Kind,
    node::{
        Node,
        get::GetRequest,
        init::{InitOptions, Phrase},
        private::AuditRequest,
    },
    progress::Silent,
};
use veritrail_storage::keys::{KeyFiles, KeyName, phrase};

use super::wards::{patients, publish, version};
use crate::labs::Lab;

fn audit(reference: &str) -> AuditRequest {
    AuditRequest { reference: reference.to_owned(), ..AuditRequest::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_holder_opens_what_was_committed() {
    let ada = Lab::new("Ada");
    let csv = patients(2_100);
    publish(&ada, &csv).await;
    let opened = ada.node.open_version(&version(&ada, "trial"), &Silent).await.unwrap();
    assert_eq!(opened.columns.len(), 3);
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let (ages, changes) =
        (opened.columns[0].cells(Role::Value), opened.columns[1].cells(Role::Value));
    let valid = opened.columns[1].cells(Role::Valid);
    for (row, fields) in rows.iter().enumerate() {
        assert_eq!(ages.word(row), fields[4].parse::<u32>().unwrap());
        let change: Option<f64> = fields[5].parse().ok();
        assert_eq!(valid.word(row), u32::from(change.is_some()));
        let hundredths = change.map_or(0, |change| (change * 100.0 + 20_000.0).round() as u32);
        assert_eq!(changes.word(row), hundredths);
    }
    let manifest = ProofManifest::parse(&opened.commitments.manifest).unwrap();
    assert_eq!(manifest.body.rows, 2_100);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_bring_everything_back_though_all_keys_are_lost() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(40)).await;
    let keys: &KeyFiles = &ada.node.home().parts().keys;
    let words = phrase(&keys.read(&KeyName::Person).unwrap()).unwrap().to_string();
    let home = ada.path("home");
    fs::remove_dir_all(home.join("keys")).unwrap();
    let error = ada.node.open_version(&version(&ada, "trial"), &Silent).await.err().unwrap();
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    let options = InitOptions { recover: Some(Phrase::new(words)), ..InitOptions::default() };
    let (node, _) = Node::init(&home, options).unwrap();
    let found = version(&ada, "trial");
    let opened = node.open_version(&found, &Silent).await.unwrap();
    assert_eq!(opened.columns[0].rows(), 40);
    assert_eq!(node.audit_commitments(&audit("trial"), &Silent).await.unwrap().exit_code(), 0);
    // And they lie in keys/ again, so that the copies may go.
    fs::remove_dir_all(home.join("recovery")).unwrap();
    node.open_version(&found, &Silent).await.unwrap();

    // Without either folder's secret nobody opens it, and it is said.
    for entry in fs::read_dir(home.join("keys")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "age") {
            fs::remove_file(path).unwrap();
        }
    }
    let error = node.open_version(&found, &Silent).await.err().unwrap();
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    assert!(error.hint.unwrap().contains("recovery/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_ciphertext_is_never_rows() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(40)).await;
    let found = version(&ada, "trial");
    let manifest = ada.node.manifest(&found.row.payload.manifest).await.unwrap().unwrap();
    let layout = ada.node.layout(&manifest).await.unwrap().unwrap();
    let blob = ada.path("home").join("blobs").join(layout.chunks()[0].id.to_string());
    let mut bytes = fs::read(&blob).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&blob, bytes).unwrap();
    assert!(ada.node.open_version(&found, &Silent).await.is_err());
    let verified = ada.node.verify("trial", &[], &Silent).await.unwrap();
    assert_eq!(verified.exit_code(), 3, "{verified:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_with_seed_and_files_computes_every_commitment_again() {
    let (ada, eve) = (Lab::new("Ada"), Lab::new("Eve"));
    let csv = patients(2_100);
    publish(&ada, &csv).await;
    publish(&ada, &patients(2_101)).await;
    let own = ada.node.audit_commitments(&audit("trial@1"), &Silent).await.unwrap();
    // age: value and 6 bits; change: value, valid, 15 bits and as many of the complement; group: 1
    // level. Two chunks each.
    assert_eq!((own.exit_code(), own.rows, own.commitments), (0, 2_100, 2 * (7 + 32 + 1)));

    let serving = ada.serve().await;
    let first =
        format!("{}@r:{}", version(&ada, "trial@1").did, version(&ada, "trial@1").row.payload.root);
    let request = GetRequest { reference: ada.ticket(&first), ..GetRequest::default() };
    eve.node.get(request, &Silent).await.unwrap();
    serving.stop().await;
    let seed = eve.path("seed");
    ada.node.export_seed("trial@1", &seed).unwrap();
    assert!(ada.node.export_seed("trial@1", &seed).is_err(), "never over a file");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&seed).unwrap().permissions());
    assert_eq!(mode & 0o077, 0);
    let files = eve.file("as-published.csv", &csv);
    let with = |seed: &std::path::Path, file: &std::path::Path| AuditRequest {
        seed: Some(seed.to_owned()),
        data: vec![file.to_owned()],
        ..audit(&first)
    };
    let audited = eve.node.audit_commitments(&with(&seed, &files), &Silent).await.unwrap();
    assert_eq!((audited.exit_code(), audited.commitments), (0, own.commitments));

    // One value changed in the second chunk, one row more, the seed of another version.
    let mut lines: Vec<String> = csv.lines().map(str::to_owned).collect();
    let row = &mut lines[2_060];
    *row = match row.strip_suffix("drug") {
        Some(before) => format!("{before}placebo"),
        None => row.replace("placebo", "drug"),
    };
    let changed = lines.join("\n") + "\n";
    assert_ne!(changed, csv);
    let audited = eve
        .node
        .audit_commitments(&with(&seed, &eve.file("b.csv", &changed)), &Silent)
        .await
        .unwrap();
    assert_eq!(audited.exit_code(), 3);
    assert_eq!(audited.differences.len(), 1, "{audited:?}");
    assert!(audited.differences[0].contains("rows 2049 to 2100"), "{audited:?}");
    let more = eve.file("c.csv", patients(2_101));
    let audited = eve.node.audit_commitments(&with(&seed, &more), &Silent).await.unwrap();
    assert!(audited.differences[0].contains("2101 rows"), "{audited:?}");
    let other = eve.path("other");
    ada.node.export_seed("trial@2", &other).unwrap();
    let error = eve.node.audit_commitments(&with(&other, &files), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::Usage, "{error}");
    // Its digits under the right header open nothing.
    let (header, digits) =
        (fs::read_to_string(&seed).unwrap(), fs::read_to_string(&other).unwrap());
    let forged =
        format!("{}\n{}\n", header.lines().next().unwrap(), digits.lines().nth(1).unwrap());
    let forged = eve.file("forged", forged);
    let audited = eve.node.audit_commitments(&with(&forged, &files), &Silent).await.unwrap();
    assert_eq!(audited.exit_code(), 3);
}
