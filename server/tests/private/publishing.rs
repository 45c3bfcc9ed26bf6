//! Publishing privately: all of it or nothing, and no more said than was declared.

use veritrail_provenance::statement::Access;
use veritrail_server::{
    error::Kind,
    node::{
        Node,
        publish::{Outcome, PrivateRequest, PublishRequest, suggest},
    },
    progress::Silent,
};
use veritrail_storage::private::padded_len;

use super::wards::{CANARIES, leaks, patients, publish, request, try_publish, version};
use crate::labs::{Lab, Told};

/// Names of the files below a folder of the home.
fn listed(lab: &Lab, folder: &str) -> Vec<String> {
    let Ok(read) = std::fs::read_dir(lab.path("home").join(folder)) else { return Vec::new() };
    let mut names: Vec<String> = read
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_version_says_what_was_declared_and_no_more() {
    let ada = Lab::new("Ada");
    let told = Told::default();
    let published = try_publish(&ada, &patients(100), &told).await.unwrap();
    assert_eq!((published.outcome, published.number), (Outcome::Published, 1));
    let committed = published.committed.clone().unwrap();
    assert_eq!((committed.rows, committed.columns.len(), committed.minimum_cell), (100, 3, 10));
    assert!(published.tables.is_empty());
    assert!(told.all().contains("24 words"), "{}", told.all());

    let found = version(&ada, "trial");
    assert_eq!(found.row.payload.access, Access::Private);
    assert_eq!(found.row.payload.files, 1);
    let padded = padded_len(1).unwrap();
    assert!(found.row.payload.bytes > padded, "{}", found.row.payload.bytes);
    let manifest = ada.node.manifest(&published.manifest).await.unwrap().unwrap();
    assert!(manifest.layout().is_private() && manifest.tables().is_empty());
    let head = String::from_utf8(manifest.encode().unwrap()).unwrap();
    assert!(!head.contains("csv") && !head.contains("rows") && !head.contains("born"), "{head}");

    // The holder's own home, outside its keys: ciphertext and node.db alone speak of it.
    let skipped = ["keys", "node.db"];
    assert_eq!(leaks(&ada.path("home"), &CANARIES, &skipped), [] as [&str; 0]);
    // The search itself finds what is there.
    let dir = ada.dir.path();
    assert!(!leaks(dir, &CANARIES, &["home"]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_version_and_the_same_content_again() {
    let ada = Lab::new("Ada");
    let first = publish(&ada, &patients(50)).await;
    let keys = (listed(&ada, "keys"), listed(&ada, "recovery"), listed(&ada, "blobs"));
    let again = publish(&ada, &patients(50)).await;
    assert_eq!((again.outcome, again.root), (Outcome::Existing, first.root));
    let after = (listed(&ada, "keys"), listed(&ada, "recovery"), listed(&ada, "blobs"));
    assert_eq!(after, keys, "the same again leaves nothing");
    let second = publish(&ada, &patients(51)).await;
    assert_eq!((second.number, &second.dataset), (2, &first.dataset));
    assert_ne!(second.root, first.root);
    // The same rows under other declarations are another version.
    let path = ada.file("kestrelwing-ward.csv", patients(51));
    let mut other = request(path, "trial");
    other.private =
        Some(PrivateRequest { commit: Some("age:int[0..255]".to_owned()), minimum_cell: Some(20) });
    let third = ada.node.publish(other, &Silent).await.unwrap();
    assert_eq!((third.outcome, third.number), (Outcome::Published, 3));
    assert_eq!(third.committed.unwrap().minimum_cell, 20);
    assert_eq!(ada.fsck().await.findings, [] as [String; 0]);
    assert_eq!(ada.fsck().await.unreferenced, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_leaves_nothing_and_names_the_row_to_the_holder_alone() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(20)).await;
    let before = (listed(&ada, "keys"), listed(&ada, "recovery"), listed(&ada, "blobs"));
    let size = ada.node.log_head().unwrap().size;
    let bad = patients(30).replace(
        "\nKestrelwing7,1931-07-19,90817263,quokkafever,27,",
        "\nKestrelwing7,1931-07-19,90817263,quokkafever,777,",
    );
    let error = try_publish(&ada, &bad, &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::Usage);
    assert!(error.message.contains("row 8, column \"age\""), "{error}");
    assert!(!error.to_string().contains("777"), "{error}");
    let after = (listed(&ada, "keys"), listed(&ada, "recovery"), listed(&ada, "blobs"));
    assert_eq!(after, before);
    assert_eq!(ada.node.log_head().unwrap().size, size);

    let refused = async |change: fn(&mut PublishRequest)| {
        let path = ada.file("kestrelwing-ward.csv", patients(20));
        let mut wanted = request(path, "other");
        change(&mut wanted);
        let error = ada.node.publish(wanted, &Silent).await.unwrap_err();
        assert_eq!(error.kind, Kind::Usage, "{error}");
        error
    };
    refused(|r| r.private = Some(PrivateRequest::default())).await;
    refused(|r| r.title = None).await;
    refused(|r| r.private.as_mut().unwrap().minimum_cell = Some(2)).await;
    refused(|r| r.private.as_mut().unwrap().commit = Some("age:int[0..".to_owned())).await;
    refused(|r| r.private.as_mut().unwrap().commit = Some("weight:bool".to_owned())).await;
    // Without a licence the command is shown again, and it is still a private one.
    let hint = refused(|r| r.licence = None).await.hint.unwrap();
    assert!(hint.contains("--private") && hint.contains("--commit"), "{hint}");
    assert_eq!(ada.node.log_head().unwrap().size, size);
    assert_eq!((listed(&ada, "keys"), listed(&ada, "blobs")), (before.0, before.2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_with_commitments_is_never_published_in_plain() {
    let ada = Lab::new("Ada");
    let path = ada.file("ward.csv", patients(20));
    let describe = ada.file(
        "describe.toml",
        "title = \"A trial\"\nlicence = \"CC0-1.0\"\ncommit = \"age:int[0..127]\"\nminimum_cell = 12\n\
         [file.\"ward.csv\".column.age]\nunit = \"years\"\n",
    );
    let mut wanted =
        PublishRequest { paths: vec![path], describe: Some(describe), ..PublishRequest::default() };
    let error = ada.node.publish(wanted.clone(), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::Usage, "{error}");
    wanted.private = Some(PrivateRequest::default());
    let published = ada.node.publish(wanted, &Silent).await.unwrap();
    assert_eq!(published.committed.unwrap().minimum_cell, 12);
    let manifest = ada.node.manifest(&published.manifest).await.unwrap().unwrap();
    let [column] = &manifest.private().unwrap().columns[..] else { panic!() };
    assert_eq!((column.name.as_str(), column.unit.as_deref()), ("age", Some("years")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guess_is_made_and_nothing_is_written() {
    let ada = Lab::new("Ada");
    let path = ada.file("ward.csv", patients(60));
    let before = listed(&ada, "blobs");
    let found = suggest(std::slice::from_ref(&path), None, &Silent).await.unwrap();
    assert_eq!(listed(&ada, "blobs"), before);
    let commit = found[0].commit.clone().unwrap();
    assert!(commit.contains("age:int[0..100]"), "{commit}");
    let mut wanted = request(path, "guessed");
    wanted.private = Some(PrivateRequest { commit: Some(commit), minimum_cell: None });
    ada.node.publish(wanted, &Silent).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_tables_and_bytes_is_one_private_file() {
    let ada = Lab::new("Ada");
    ada.file("ward/a.csv", "age,x\n1,2\n2,3\n");
    ada.file("ward/b.csv", "x,age\n5,3\n");
    ada.file("ward/notes.txt", [7_u8; 300_000]);
    let mut wanted = request(ada.path("ward"), "wards");
    wanted.private =
        Some(PrivateRequest { commit: Some("age:int[0..9]".to_owned()), minimum_cell: None });
    let published = ada.node.publish(wanted, &Silent).await.unwrap();
    assert_eq!((published.files, published.committed.unwrap().rows), (1, 3));
    // Another process opens it.
    let other = Node::open(ada.node.home().path()).unwrap();
    let opened = other.open_version(&version(&ada, "wards"), &Silent).await.unwrap();
    let cells = opened.columns[0].cells(veritrail_proof::columns::Role::Value);
    assert_eq!((0..3).map(|row| cells.word(row)).collect::<Vec<_>>(), [1, 2, 3]);
}
