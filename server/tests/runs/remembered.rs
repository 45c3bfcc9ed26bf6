//! A run that is known without a ticket is fetched anew from the nodes that it is known from.

use veritrail_provenance::{hash::ChunkId, identity::Did};
use veritrail_server::{
    error::Kind,
    node::{
        get::GetRequest,
        reproduce::{Bytes, ReproduceRequest, Reproduced, ReproducedOutcome},
        resolve::Resolved,
    },
    progress::Silent,
};
use veritrail_storage::{
    peer::{endpoint::node_did, serve::Serving},
    settings::Peer,
};

use crate::{
    get::liars::{evidence, lie},
    labs::{Lab, Told, rain},
};

const MEANS: &str = "SELECT town, avg(mm) AS mm FROM rain GROUP BY town";

fn again(run: &str) -> ReproduceRequest {
    ReproduceRequest { run: run.to_owned(), ..ReproduceRequest::default() }
}

fn held(run: &str) -> ReproduceRequest {
    ReproduceRequest { bytes: Bytes::Held, ..again(run) }
}

async fn get(lab: &Lab, reference: &str) {
    let request = GetRequest { reference: reference.to_owned(), ..GetRequest::default() };
    lab.node.get(request, &Silent).await.unwrap();
}

/// Ben, who ran an analysis of his own data, and Cyd, who fetched its receipt and output.
async fn ben_and_cyd() -> (Lab, Lab, String) {
    let (ben, cyd) = (Lab::new("Ben"), Lab::new("Cyd"));
    ben.publish("rain", &rain(3_000)).await;
    let ran = ben.run(MEANS, &["rain=rain"]).await;
    let serving = ben.serve().await;
    get(&cyd, &ben.ticket(&ran.reference)).await;
    serving.stop().await;
    (ben, cyd, ran.reference)
}

fn left_over(lab: &Lab) -> usize {
    std::fs::read_dir(lab.node.home().path().join("fresh")).map_or(0, Iterator::count)
}

fn manifest_of_input(lab: &Lab, run: &str) -> ChunkId {
    let Resolved::Run(run) = lab.node.resolve(run).unwrap() else { panic!("no run") };
    run.row.payload.inputs[0].manifest
}

/// Has `lab` remember a node as one that showed the log of `run`.
fn remember(lab: &Lab, serving: &Serving, run: &str) -> Did {
    let at = serving.address();
    let node = node_did(&at.node).unwrap();
    let addresses = at.sockets.iter().map(ToString::to_string).collect();
    let settings = lab.node.settings();
    settings.remember_peer(&Peer { node: node.clone(), addresses, seen: 1 }).unwrap();
    let Resolved::Run(run) = lab.node.resolve(run).unwrap() else { panic!("no run") };
    settings.add_source(&run.origin, &node).unwrap();
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_that_it_is_known_from_is_asked() {
    let (ben, cyd, run) = ben_and_cyd().await;
    // What is held here is of no account: were it read, the result could not be made.
    let manifest = manifest_of_input(&cyd, &run);
    assert!(cyd.node.blobs().remove(&manifest).await.unwrap());
    let serving = ben.serve().await;
    let done: Reproduced = cyd.node.reproduce(again(&run), &Silent).await.unwrap();
    serving.stop().await;
    assert_eq!(done.outcome, ReproducedOutcome::Identical, "{done:?}");
    assert!(done.fresh && done.remedy.is_none(), "{done:?}");
    let asked: Vec<_> = done.asked.iter().map(|asked| asked.node.clone()).collect();
    assert_eq!(asked, [ben.node.node_did().unwrap()]);
    assert_eq!(done.asked[0].answer, "gave all of it");
    assert_eq!(left_over(&cyd), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_gone_is_named_and_nothing_is_signed() {
    let (ben, cyd, run) = ben_and_cyd().await;
    let size = cyd.node.log_head().unwrap().size;
    let error = cyd.node.reproduce(again(&run), &Silent).await.unwrap_err();
    assert_eq!((error.kind, error.kind.exit_code()), (Kind::CouldNotCheck, 1), "{error}");
    assert!(error.message.contains("nobody answers"), "{error}");
    assert_eq!(error.place.as_deref(), Some(run.as_str()));
    assert!(error.hint.unwrap().contains("--held"));
    assert_eq!(cyd.node.log_head().unwrap().size, size, "a verdict was signed");
    assert_eq!(left_over(&cyd), 0);
    // From what is held, if that is asked for, and then the verdict says so.
    let serving = ben.serve().await;
    get(&cyd, &ben.ticket("rain")).await;
    serving.stop().await;
    let done = cyd.node.reproduce(held(&run), &Silent).await.unwrap();
    assert_eq!(done.outcome, ReproducedOutcome::Identical, "{done:?}");
    assert!(!done.fresh && done.asked.is_empty(), "{done:?}");
    assert!(done.remedy.unwrap().contains("without --held"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_remembers_nobody_says_so() {
    let (_ben, cyd, run) = ben_and_cyd().await;
    let home = cyd.node.home().path().to_owned();
    for file in ["node.db", "node.db-wal", "node.db-shm"] {
        drop(std::fs::remove_file(home.join(file)));
    }
    let node = veritrail_server::node::Node::open(&home).unwrap();
    let error = node.reproduce(again(&run), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::CouldNotCheck, "{error}");
    assert!(error.message.contains("no node is remembered"), "{error}");
    // A ticket asks its node, whatever is held.
    let ticket = cyd.ticket(&run);
    let both = ReproduceRequest { bytes: Bytes::Held, ..again(&ticket) };
    assert_eq!(node.reproduce(both, &Silent).await.unwrap_err().kind, Kind::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_node_is_asked_for_what_one_did_not_give() {
    let (ben, cyd, run) = ben_and_cyd().await;
    let dan = Lab::new("Dan");
    // Dan has the run and its input too, and Cyd meets the log through him as well.
    let serving = ben.serve().await;
    get(&dan, &ben.ticket(&run)).await;
    get(&dan, &ben.ticket("rain")).await;
    serving.stop().await;
    let dan_serves = dan.serve().await;
    get(&cyd, &dan.ticket(&run)).await;

    // Dan was met last and is asked first; he has lost the input by now.
    let version = ben.node.resolve("rain").unwrap().bytes().unwrap();
    let manifest = dan.node.manifest(&version.manifest).await.unwrap().unwrap();
    let layout = dan.node.layout(&manifest).await.unwrap().unwrap();
    for chunk in layout.chunks() {
        assert!(dan.node.blobs().remove(&chunk.id).await.unwrap());
    }
    let told = Told::default();
    let done = cyd.node.reproduce(again(&run), &told).await.unwrap();
    assert_eq!(done.outcome, ReproducedOutcome::CouldNotCheck, "{done:?}");
    assert!(!done.fresh, "not all was fetched anew");
    let missing = done.missing.unwrap();
    assert!(missing.contains("does not have") && missing.contains("nobody answers"), "{missing}");
    assert_eq!(done.asked.len(), 2);
    assert!(told.all().contains("asking "), "{}", told.all());

    // With Ben there, each gives what he has.
    let ben_serves = ben.serve().await;
    let done = cyd.node.reproduce(again(&run), &Silent).await.unwrap();
    assert_eq!(done.outcome, ReproducedOutcome::Identical, "{done:?}");
    assert!(done.fresh, "{done:?}");
    assert!(done.asked[0].answer.contains("does not have"), "{done:?}");
    assert_eq!(done.asked[1].answer, "gave all of it");
    ben_serves.stop().await;
    dan_serves.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lies_is_passed_over_and_named() {
    let (ben, cyd, run) = ben_and_cyd().await;
    let mut altered = evidence(&ben, &run).await;
    let last = altered.logs[0].entries.len() - 1;
    let byte = altered.logs[0].entries[last].bytes.len() - 1;
    altered.logs[0].entries[last].bytes[byte] ^= 1;
    let liar = lie(&ben, altered.encode().unwrap()).await;
    let liar_node = remember(&cyd, &liar, &run);

    // The liar alone: convicted, and no verdict about the run.
    let size = cyd.node.log_head().unwrap().size;
    let error = cyd.node.reproduce(again(&run), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
    assert!(error.message.contains(liar_node.as_str()), "{error}");
    assert_eq!(cyd.node.log_head().unwrap().size, size, "a verdict was signed");

    let serving = ben.serve().await;
    let done = cyd.node.reproduce(again(&run), &Silent).await.unwrap();
    serving.stop().await;
    liar.stop().await;
    assert_eq!(done.outcome, ReproducedOutcome::Identical, "{done:?}");
    assert!(done.fresh, "{done:?}");
    assert_eq!(done.asked[0].node, liar_node);
    assert_ne!(done.asked[0].answer, "gave all of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_and_not_whole_is_fetched_from_where_it_is_known() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    let published = ada.publish("rain", &rain(2_000)).await;
    let dataset = published.dataset.to_string();
    let serving = ada.serve().await;
    get(&ben, &ada.ticket("rain")).await;
    serving.stop().await;
    let lose = async || {
        let bytes = ben.node.resolve(&dataset).unwrap().bytes().unwrap();
        let manifest = ben.node.manifest(&bytes.manifest).await.unwrap().unwrap();
        let layout = ben.node.layout(&manifest).await.unwrap().unwrap();
        assert!(ben.node.blobs().remove(&layout.chunks()[0].id).await.unwrap());
    };
    lose().await;
    let request = || GetRequest { reference: dataset.clone(), ..GetRequest::default() };
    let error = ben.node.get(request(), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::CouldNotCheck, "{error}");
    assert!(error.message.contains(ada.node.node_did().unwrap().as_str()), "{error}");
    assert!(error.hint.unwrap().contains("veritrail get TICKET"));
    let serving = ada.serve().await;
    let got = ben.node.get(request(), &Silent).await.unwrap();
    assert_eq!(got.fetched_blobs, 1, "more was asked for than was missing");
    assert!(got.first_contacts.is_empty());
    serving.stop().await;

    // Ada loses it. She is asked by nobody, and remembers nobody: that is said too.
    let bytes = ada.node.resolve("rain").unwrap().bytes().unwrap();
    assert!(ada.node.blobs().remove(&bytes.manifest).await.unwrap());
    let request = GetRequest { reference: "rain".to_owned(), ..GetRequest::default() };
    let error = ada.node.get(request, &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound, "{error}");
    assert!(error.message.contains("no node is remembered"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn own_bytes_that_are_lost_come_back_from_who_showed_our_log() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    let published = ada.publish("rain", &rain(500)).await;
    let serving = ada.serve().await;
    get(&ben, &ada.ticket("rain")).await;
    serving.stop().await;
    let ran = ben.run(MEANS, &[&format!("rain={}", published.dataset)]).await;
    let serving = ben.serve().await;
    let done = ada.node.reproduce(again(&ben.ticket(&ran.reference)), &Silent).await.unwrap();
    assert_eq!(done.outcome, ReproducedOutcome::Identical);
    let bytes = ada.node.resolve("rain").unwrap().bytes().unwrap();
    assert!(ada.node.blobs().remove(&bytes.manifest).await.unwrap());
    let request = GetRequest { reference: "rain".to_owned(), ..GetRequest::default() };
    let got = ada.node.get(request, &Silent).await.unwrap();
    assert_eq!(got.root, published.root);
    serving.stop().await;
}
