//! A log that is not what it was, blobs that are not for everybody, a fetch that was cut short.

use veritrail_server::{
    error::Kind,
    node::{
        Node,
        bundle::{
            BundleRequest, DataInside,
            verify::{BundleCheck, verify_bundle},
        },
        get::GetRequest,
        init::InitOptions,
        peering::Relay,
    },
    progress::Silent,
};
use veritrail_storage::peer::{
    endpoint::{EndpointOptions, PeerEndpoint},
    fetch::{FetchError, FetchOptions, Length, Wanted, fetch},
};

use crate::labs::{Lab, rain};

fn request(ticket: String) -> GetRequest {
    GetRequest { reference: ticket, relay: Relay::Off, ..GetRequest::default() }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

fn reopened(lab: &Lab, name: &str) -> Lab {
    let dir = tempfile::tempdir().unwrap();
    copy(lab.node.home().path(), &dir.path().join("home"));
    let node = Node::open(&dir.path().join("home")).unwrap();
    std::fs::write(dir.path().join(name), "").unwrap();
    Lab { node: node.into(), dir }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_tells_two_stories_is_convicted() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    ada.publish("rain", &rain(10)).await;
    let twin = reopened(&ada, "twin");
    // The same log, the same key, two continuations of one size.
    ada.publish("one", &rain(11)).await;
    twin.publish("two", &rain(12)).await;
    let serving = ada.serve().await;
    ben.node.get(request(ada.ticket("one")), &Silent).await.unwrap();
    serving.stop().await;
    let serving = twin.serve().await;
    let error = ben.node.get(request(twin.ticket("two")), &Silent).await.unwrap_err();
    serving.stop().await;
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
    assert!(error.to_string().contains("different heads"), "{error}");
    let pairs = ben.node.home().parts().trails.pairs(ada.node.origin()).unwrap();
    assert_eq!(pairs.len(), 1, "the proof against the log was not kept");
    assert!(ben.node.resolve(&twin.node.resolve("two").unwrap().portable()).is_err());
}

/// Without a proof that links the two heads, the entries themselves convict.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_kept_otherwise_convicts_in_a_bundle() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    ada.publish("rain", &rain(10)).await;
    let twin = reopened(&ada, "twin");
    ada.publish("one", &rain(11)).await;
    twin.publish("two", &rain(12)).await;
    twin.publish("three", &rain(13)).await;
    let serving = ada.serve().await;
    ben.node.get(request(ada.ticket("one")), &Silent).await.unwrap();
    serving.stop().await;
    let out = twin.path("two.veritrail");
    let data = DataInside::OutputsOnly;
    let bundle = BundleRequest { reference: "two".into(), out: out.clone(), data };
    twin.node.bundle(bundle, &Silent).await.unwrap();
    let check = BundleCheck { bundle: out, trust: vec![ada.did()], data: Vec::new() };
    let alone = verify_bundle(None, &check, &Silent).unwrap();
    assert_eq!(alone.exit_code(), 0, "nobody can tell from the file alone: {alone:?}");
    let done = verify_bundle(Some(&ben.node), &check, &Silent).unwrap();
    assert_eq!(done.exit_code(), 3, "{done:?}");
    let place = format!("{}#3", ada.node.origin());
    let told = done.findings.iter().any(|f| f.contains(&place) && f.contains("another entry"));
    assert!(told, "{:?}", done.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_log_of_the_same_name_is_refused() {
    let lab = |name: &str| {
        let dir = tempfile::tempdir().unwrap();
        let options = InitOptions {
            name: Some(name.to_owned()),
            origin: Some("lab.example/trail".to_owned()),
            ..InitOptions::default()
        };
        let (node, _) = Node::init(&dir.path().join("home"), options).unwrap();
        Lab { node: node.into(), dir }
    };
    let (ada, eve, ben) = (lab("Ada"), lab("Ada"), Lab::new("Ben"));
    ada.publish("rain", &rain(10)).await;
    eve.publish("rain", &rain(10)).await;
    let serving = ada.serve().await;
    ben.node.get(request(ada.ticket("rain")), &Silent).await.unwrap();
    serving.stop().await;
    let serving = eve.serve().await;
    let error = ben.node.get(request(eve.ticket("rain")), &Silent).await.unwrap_err();
    serving.stop().await;
    assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_public_exists_for_peers() {
    let ada = Lab::new("Ada");
    let published = ada.publish("rain", &rain(1_000)).await;
    let secret = ada.node.blobs().put(bytes::Bytes::from_static(b"draft")).await.unwrap();
    let serving = ada.serve().await;
    let seed = zeroize::Zeroizing::new([9; 32]);
    let endpoint = PeerEndpoint::bind(&seed, EndpointOptions::default()).await.unwrap();
    let blobs: std::sync::Arc<dyn veritrail_storage::blob::Blobs> =
        std::sync::Arc::new(veritrail_storage::blob::MemoryBlobs::default());
    let address = serving.address();
    let ask = |id| {
        let (endpoint, address, blobs) = (endpoint.clone(), address.clone(), blobs.clone());
        async move {
            let wanted = [Wanted { id, length: Length::AtMost(1 << 20) }];
            let options = FetchOptions::default();
            fetch(&endpoint, &address, &wanted, &blobs, &options, &mut |_| ()).await
        }
    };
    ask(published.manifest).await.unwrap();
    let refused = ask(secret).await.unwrap_err();
    assert!(matches!(refused, FetchError::Missing { .. }), "{refused}");
    endpoint.close().await;
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_goes_on_where_it_was_cut() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    ada.publish("rain", &rain(400_000)).await;
    let serving = ada.serve().await;
    let whole = ben.node.get(request(ada.ticket("rain")), &Silent).await.unwrap();
    let bytes = ben.node.resolve(&whole.subject).unwrap().bytes().unwrap();
    let manifest = ben.node.manifest(&bytes.manifest).await.unwrap().unwrap();
    let layout = ben.node.layout(&manifest).await.unwrap().unwrap();
    assert!(layout.chunks().len() > 2, "{}", layout.chunks().len());
    let lost = layout.chunks().last().unwrap();
    assert!(ben.node.blobs().remove(&lost.id).await.unwrap());
    let rest = ben.node.get(request(ada.ticket("rain")), &Silent).await.unwrap();
    assert_eq!((rest.fetched_blobs, rest.fetched_bytes), (1, u64::from(lost.length)));
    serving.stop().await;
}
