//! A log whose key was lost goes on under a new one, and those who knew it follow.

use std::sync::Arc;

use veritrail_server::{
    error::Kind,
    node::{
        Node,
        audit::audit,
        bundle::{
            BundleRequest, DataInside,
            verify::{BundleCheck, verify_bundle},
        },
        get::GetRequest,
        init::{InitOptions, Phrase},
    },
    progress::Silent,
};

use crate::labs::{Lab, rain};

/// A lab and the words that its operator wrote down.
fn with_words(name: &str) -> (Lab, String) {
    let dir = tempfile::tempdir().unwrap();
    let options = InitOptions { name: Some(name.to_owned()), ..InitOptions::default() };
    let (node, made) = Node::init(&dir.path().join("home"), options).unwrap();
    let words = made.phrase.unwrap().words().join(" ");
    (Lab { node: Arc::new(node), dir }, words)
}

fn recover(lab: &Lab, words: &str) -> Result<Node, veritrail_server::error::NodeError> {
    let recover = Some(Phrase::new(words.to_owned()));
    let options = InitOptions { recover, ..InitOptions::default() };
    Node::init(&lab.path("home"), options).map(|(node, _)| node)
}

/// Loses keys, and brings the home back.
fn rotate(lab: Lab, words: &str, lost: &[&str]) -> Lab {
    for key in lost {
        std::fs::remove_file(lab.path("home/keys").join(format!("{key}.key"))).unwrap();
    }
    let node = Arc::new(recover(&lab, words).unwrap());
    Lab { node, dir: lab.dir }
}

async fn get(lab: &Lab, reference: &str) -> Result<(), veritrail_server::error::NodeError> {
    let request = GetRequest { reference: reference.to_owned(), ..GetRequest::default() };
    lab.node.get(request, &Silent).await.map(drop)
}

async fn verified(lab: &Lab, reference: &str, trust: &str) -> u8 {
    lab.node.verify(reference, &[trust.to_owned()], &Silent).await.unwrap().exit_code()
}

async fn bundle(lab: &Lab, reference: &str, file: &str) -> std::path::PathBuf {
    let out = lab.path(file);
    let (reference, data) = (reference.to_owned(), DataInside::OutputsOnly);
    let request = BundleRequest { reference, out: out.clone(), data };
    lab.node.bundle(request, &Silent).await.unwrap();
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_knew_a_log_follow_it_to_its_new_key() {
    let (ada, words) = with_words("Ada");
    let ben = Lab::new("Ben");
    let rain_did = ada.publish("rain", &rain(300)).await.dataset.to_string();
    let serving = ada.serve().await;
    let old_ticket = ada.ticket("rain");
    get(&ben, &old_ticket).await.unwrap();
    serving.stop().await;
    let (old_key, origin) = (ada.node.vkey().clone(), ada.node.origin().clone());
    let old_bundle = bundle(&ada, "rain", "old.veritrail").await;

    let ada = rotate(ada, &words, &["log"]);
    assert_eq!(*ada.node.origin(), origin, "the name survives");
    assert_ne!(*ada.node.vkey(), old_key);
    let snow_did = ada.publish("snow", &rain(40)).await.dataset.to_string();
    assert!(ada.fsck().await.findings.is_empty());
    let folder = ada.path("home/log");
    let audited = audit(&folder, &[], Some(&ada.node), &Silent).unwrap();
    assert_eq!((audited.exit_code(), audited.signed_by.len()), (0, 1), "{audited:?}");

    // The node is the same, so the old ticket leads there, and names the old key.
    let serving = ada.serve().await;
    get(&ben, &old_ticket).await.unwrap();
    let pinned = ben.node.settings().log_pin(&origin).unwrap();
    assert_eq!(pinned, [old_key.clone(), ada.node.vkey().clone()]);
    get(&ben, &ada.ticket("snow")).await.unwrap();
    for dataset in [&rain_did, &snow_did] {
        assert_eq!(verified(&ben, dataset, &ada.did()).await, 0, "{dataset}");
    }
    // Whoever meets it now takes the old ticket too, and hands all of it on.
    let cyd = Lab::new("Cyd");
    get(&cyd, &old_ticket).await.unwrap();
    serving.stop().await;
    let serving = ben.serve().await;
    let dan = Lab::new("Dan");
    get(&dan, &ben.ticket(&snow_did)).await.unwrap();
    get(&cyd, &ben.ticket(&snow_did)).await.unwrap();
    serving.stop().await;

    // Bundles from before and after.
    let new_bundle = bundle(&ada, "rain", "new.veritrail").await;
    for file in [old_bundle, new_bundle] {
        let trust = vec![ada.did()];
        let check = BundleCheck { bundle: file.clone(), trust, data: Vec::new() };
        let done = verify_bundle(None, &check, &Silent).unwrap();
        assert_eq!(done.exit_code(), 0, "{}: {done:?}", file.display());
        let done = verify_bundle(Some(&ada.node), &check, &Silent).unwrap();
        assert_eq!(done.exit_code(), 0, "{}: {done:?}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_node_key_makes_new_tickets() {
    let (ada, words) = with_words("Ada");
    let ben = Lab::new("Ben");
    ada.publish("rain", &rain(30)).await;
    let serving = ada.serve().await;
    let old_ticket = ada.ticket("rain");
    get(&ben, &old_ticket).await.unwrap();
    serving.stop().await;
    let (old_node, did) = (ada.node.node_did().unwrap(), ada.did());
    let ada = rotate(ada, &words, &["person", "node", "log"]);
    assert_ne!(ada.node.node_did().unwrap(), old_node);
    assert_eq!(ada.did(), did, "the words are the person");
    let persons = ada.node.persons().unwrap();
    assert_eq!(persons.persons[0].name.as_deref(), Some("Ada"), "the name is kept");
    assert_eq!(persons.vkeys, [ada.node.vkey().to_string()]);
    ada.publish("snow", &rain(40)).await;
    let serving = ada.serve().await;
    get(&ben, &ada.ticket("snow")).await.unwrap();
    let error = get(&Lab::new("Cyd"), &old_ticket).await.unwrap_err();
    assert_eq!(error.kind.exit_code(), 1, "{error}");
    serving.stop().await;
}

#[test]
fn only_the_operators_words_bring_a_home_back_and_only_what_is_lost() {
    let (ada, words) = with_words("Ada");
    let (_, others) = with_words("Eve");
    let refused = recover(&ada, &words).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict, "{refused}");
    assert!(refused.hint.unwrap().contains("keys/log.key"));
    let keys = ada.path("home/keys");
    std::fs::remove_file(keys.join("log.key")).unwrap();
    let error = Node::open(&ada.path("home")).unwrap_err();
    assert!(error.hint.unwrap().contains("init --recover"), "{}", error.message);
    let refused = recover(&ada, &others).unwrap_err();
    assert_eq!(refused.kind, Kind::NotAuthorised, "{refused}");
    assert!(refused.message.contains(&ada.did()), "{refused}");
    assert!(!keys.join("log.key").exists() && keys.join("node.key").exists());
    // The whole folder is gone; a wrong try leaves none.
    std::fs::remove_dir_all(&keys).unwrap();
    recover(&ada, &others).unwrap_err();
    assert!(!keys.exists());
    // A part of the log from elsewhere: nobody knows what was signed since.
    let intent = std::fs::read(ada.path("home/log.intent")).unwrap();
    std::fs::remove_file(ada.path("home/log.intent")).unwrap();
    let refused = recover(&ada, &words).unwrap_err();
    assert!(refused.hint.unwrap().contains("begin another log"), "{}", refused.message);
    std::fs::write(ada.path("home/log.intent"), intent).unwrap();
    let node = recover(&ada, &words).unwrap();
    assert_eq!(node.log_head().unwrap().size, 2);
}
