//! What a second node gets of a private version, and what it does not, however it asks.

use std::sync::Arc;

use veritrail_provenance::{
    hash::ChunkId,
    statement::{Access, DatasetGenesis, DatasetVersion, Payload, RunInput, RunReceipt, Statement},
};
use veritrail_server::{
    error::Kind,
    node::{
        Node,
        bundle::{
            BundleRequest, DataInside,
            verify::{BundleCheck, verify_bundle},
        },
        get::GetRequest,
        publish::{PrivateRequest, PublishRequest},
        reproduce::{Bytes, ReproduceRequest},
        show::Shown,
    },
    progress::Silent,
};
use veritrail_storage::{
    blob::{Blobs, MemoryBlobs},
    keys::Seed,
    peer::{
        endpoint::{EndpointOptions, PeerEndpoint},
        fetch::{FetchError, FetchOptions, Length, Wanted, fetch},
    },
};

use super::wards::{CANARIES, leaks, patients, publish, version};
use crate::labs::{Lab, Told, query, rain};

fn request(reference: &str) -> GetRequest {
    GetRequest { reference: reference.to_owned(), ..GetRequest::default() }
}

/// Every blob that the private version of `ada` lists: its pages and its chunks.
async fn hidden(ada: &Lab, head: &ChunkId) -> Vec<ChunkId> {
    let manifest = ada.node.manifest(head).await.unwrap().unwrap();
    let layout = ada.node.layout(&manifest).await.unwrap().unwrap();
    let head = manifest.layout();
    let pages = head.file_pages.iter().chain(&head.chunk_pages).map(|page| page.blob);
    pages.chain(layout.chunks().iter().map(|chunk| chunk.id)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn commitments_arrive_checked_and_nothing_else_does() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    let published = publish(&ada, &patients(2_500)).await;
    let serving = ada.serve().await;
    let ticket = ada.ticket("trial");
    let told = Told::default();
    let got = ben.node.get(request(&ticket), &told).await.unwrap();
    let committed = got.committed.clone().unwrap();
    assert_eq!((committed.rows, got.root, got.bytes), (2_500, published.root, 0));
    assert!(told.all().contains("no bytes were fetched"), "{}", told.all());
    let out = GetRequest { out: Some(ben.path("out")), ..request(&ticket) };
    let error = ben.node.get(out, &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    assert!(!ben.path("out").exists());
    serving.stop().await;

    // Held now, with nobody to ask.
    let again = ben.node.get(request(published.dataset.as_str()), &Silent).await.unwrap();
    assert_eq!(again.committed, got.committed);
    let did = published.dataset.as_str();
    let (theirs, ours) = (version(&ben, did), version(&ada, did));
    let commitments = ben.node.commitments(&theirs).await.unwrap();
    assert_eq!(commitments, ada.node.commitments(&ours).await.unwrap());
    assert_eq!((&commitments.origin, commitments.index), (ada.node.origin(), published.index));
    commitments.check().unwrap();
    assert_eq!(
        ben.node.open_version(&theirs, &Silent).await.err().unwrap().kind,
        Kind::NotAuthorised
    );
    let verified = ben.node.verify(did, &[ada.did()], &Silent).await.unwrap();
    assert_eq!(verified.exit_code(), 0, "{verified:?}");
    assert!(verified.data.unwrap().words.contains("every ingest proof was checked"));
    let Shown::Dataset(shown) = ben.node.show(did).await.unwrap() else { panic!() };
    assert!(shown.version.access.starts_with("private"), "{}", shown.version.access);
    assert_eq!((shown.version.can_open, shown.version.held_bytes), (Some(false), 0));
    assert!(shown.version.file_list.is_empty());

    // Not one list, chunk or canary reached the second home, nor the first one's log.
    for id in hidden(&ada, &published.manifest).await {
        assert!(!ben.node.blobs().has(&id).await.unwrap());
    }
    assert_eq!(leaks(&ben.path("home"), &CANARIES, &[]), [] as [&str; 0]);
    assert_eq!(leaks(&ada.path("home").join("log"), &CANARIES, &[]), [] as [&str; 0]);
    assert_eq!(ben.fsck().await.findings, [] as [String; 0]);
    assert_eq!(ben.fsck().await.unreferenced, 0);
}

/// Asks the node of `serving` for a blob, as anybody can who knows its hash.
async fn asked(serving: &veritrail_server::node::serve::Serving, id: ChunkId) -> bool {
    let seed = zeroize::Zeroizing::new([9; 32]);
    let endpoint = PeerEndpoint::bind(&seed, EndpointOptions::default()).await.unwrap();
    let blobs: Arc<dyn Blobs> = Arc::new(MemoryBlobs::default());
    let wanted = [Wanted { id, length: Length::AtMost(64 << 20) }];
    let options = FetchOptions::default();
    let fetched =
        fetch(&endpoint, &serving.address(), &wanted, &blobs, &options, &mut |_| {}).await;
    endpoint.close().await;
    match fetched {
        Ok(_) => true,
        Err(FetchError::Missing { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Mallory learned every hash, and logs a public version that lists the ciphertext. The holder even
/// takes her trail in: still nothing of it is served.
#[tokio::test(flavor = "multi_thread")]
async fn no_list_and_no_chunk_is_served_whoever_else_lists_them() {
    let (ada, mallory) = (Lab::new("Ada"), Lab::new("Mallory"));
    let published = publish(&ada, &patients(300)).await;
    let head = ada.node.manifest(&published.manifest).await.unwrap().unwrap();
    let hidden = hidden(&ada, &published.manifest).await;
    assert!(hidden.len() >= 3);
    // With all of the ciphertext she could list it; the holder has it as well, so her own get of
    // it fetches nothing and would open the gate.
    let runtime_blobs = mallory.node.blobs();
    for id in &hidden {
        let bytes = ada.node.blobs().read_all(id).await.unwrap();
        runtime_blobs.put(bytes).await.unwrap();
    }
    let layout = ada.node.layout(&head).await.unwrap().unwrap();
    let plain = veritrail_provenance::layout::Layout::new(
        layout.files().to_vec(),
        layout.chunks().to_vec(),
    )
    .unwrap();
    for page in plain.pages().unwrap().iter() {
        runtime_blobs.put(page.bytes.clone().into()).await.unwrap();
    }
    let about = veritrail_datasets::manifest::About::default();
    let manifest =
        veritrail_datasets::manifest::Manifest::new(plain.head().clone(), Vec::new(), about)
            .unwrap();
    let manifest = runtime_blobs.put(manifest.encode().unwrap().into()).await.unwrap();
    let did = log_version(&mallory, |version| {
        version.root = *plain.root();
        version.content = *plain.content();
        version.manifest = manifest;
        version.bytes = plain.bytes();
        version.access = Access::Public;
    });
    let hers = mallory.serve().await;
    ada.node.get(request(&mallory.ticket(&did)), &Silent).await.unwrap();
    hers.stop().await;

    let serving = ada.serve().await;
    for id in hidden {
        assert!(!asked(&serving, id).await, "{id} is served");
    }
    // Head and commitments are.
    assert!(asked(&serving, published.manifest).await);
    for part in &head.private().unwrap().commitments.parts {
        assert!(asked(&serving, *part).await);
    }
    serving.stop().await;
}

/// Logs the first version of a new dataset, as `change` has it.
fn log_version(lab: &Lab, change: impl Fn(&mut DatasetVersion)) -> String {
    let key = Seed::generate().unwrap().signer();
    let person = lab.node.signer(None).unwrap();
    let did = veritrail_provenance::identity::Did::of_key(
        veritrail_provenance::identity::Signer::public_key(&key),
    );
    let controllers = vec![lab.node.operator().unwrap()];
    let genesis = Payload::DatasetGenesis(DatasetGenesis { controllers });
    let mut version = DatasetVersion {
        number: 1,
        previous: None,
        root: veritrail_provenance::hash::DatasetRoot::from_bytes([1; 32]),
        content: veritrail_provenance::hash::ContentHash::from_bytes([1; 32]),
        manifest: ChunkId::from_bytes([1; 32]),
        files: 1,
        bytes: 1,
        title: "Mine".to_owned(),
        creators: Vec::new(),
        licence: "CC0-1.0".to_owned(),
        keywords: Vec::new(),
        access: Access::Public,
        run: None,
    };
    change(&mut version);
    let statements: Vec<Statement> = vec![
        lab.node.sign(&key, did.to_string(), genesis).unwrap(),
        lab.node.sign(&person, did.to_string(), Payload::DatasetVersion(version)).unwrap(),
    ];
    lab.node.append(|_| Ok(Some(statements.clone()))).unwrap();
    did.to_string()
}

/// A statement that calls encrypted bytes public, or plain ones private, and one that takes the
/// commitments of another dataset for its own.
#[tokio::test(flavor = "multi_thread")]
async fn false_statements_about_private_bytes_are_refused() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    let published = publish(&ada, &patients(60)).await;
    let open = ada.publish("rain", &rain(30)).await;
    let (private, public) = (version(&ada, "trial"), version(&ada, "rain"));
    let (private, public) = (private.row.payload, public.row.payload);
    let as_public = log_version(&ada, |v| {
        *v = DatasetVersion { access: Access::Public, ..private.clone() };
    });
    let as_private = log_version(&ada, |v| {
        *v = DatasetVersion { access: Access::Private, ..public.clone() };
    });
    let copied = log_version(&ada, |v| *v = private.clone());
    let serving = ada.serve().await;
    for (did, words) in [
        (&as_public, "says public, and its bytes are encrypted"),
        (&as_private, "says private, and its bytes are not encrypted"),
        (&copied, "its commitments are those of"),
    ] {
        let error = ben.node.get(request(&ada.ticket(did)), &Silent).await.unwrap_err();
        assert_eq!(error.kind, Kind::VerificationFailed, "{error}");
        assert!(error.message.contains(words), "{error}");
        let verified = ada.node.verify(did, &[], &Silent).await.unwrap();
        assert_eq!(verified.exit_code(), 3, "{verified:?}");
    }
    // Nothing of the ciphertext is served for it, and the public version still is.
    for id in hidden(&ada, &published.manifest).await {
        assert!(!asked(&serving, id).await);
    }
    assert_eq!(ben.node.get(request(&ada.ticket("rain")), &Silent).await.unwrap().root, open.root);
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_commitments_are_refused_by_who_gets_and_who_verifies() {
    let ada = Lab::new("Ada");
    publish(&ada, &patients(100)).await;
    let found = version(&ada, "trial");
    let held = ada.node.commitments(&found).await.unwrap();
    let step = held.manifest.len() / 60;
    let mut tried = 0;
    for at in (0..held.manifest.len()).step_by(step) {
        let mut altered = held.clone();
        altered.manifest[at] ^= 1;
        assert!(altered.check().is_err(), "byte {at}");
        tried += 1;
    }
    assert!(tried >= 60);
    let mut other = held.clone();
    other.number = 2;
    assert!(other.check().is_err() && other.body().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_reproductions_publications_and_bundles_are_refused() {
    let ada = Lab::new("Ada");
    let published = publish(&ada, &patients(60)).await;
    ada.publish("rain", &rain(30)).await;
    let error =
        ada.node.run(query("SELECT count(*) FROM t", &["t=trial"]), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    assert!(error.hint.unwrap().contains("veritrail prove"));

    // A receipt that claims a run over it, signed and logged.
    let honest = ada.run("SELECT town FROM rain", &["rain=rain"]).await;
    let veritrail_server::node::resolve::Resolved::Run(run) =
        ada.node.resolve(&honest.reference).unwrap()
    else {
        panic!()
    };
    let mut receipt: RunReceipt = run.row.payload;
    receipt.inputs = vec![RunInput {
        name: "rain".to_owned(),
        root: published.root,
        version: Some(version(&ada, "trial").statement()),
        select: None,
        manifest: published.manifest,
    }];
    let signer = ada.node.signer(None).unwrap();
    let subject = RunReceipt::subject(&receipt.output.root);
    let claimed = ada.node.sign(&signer, subject, Payload::RunReceipt(receipt)).unwrap();
    let reference = format!("run:{}", claimed.id());
    ada.node.append(|_| Ok(Some(vec![claimed.clone()]))).unwrap();
    let again = ReproduceRequest {
        run: reference.clone(),
        bytes: Bytes::Held,
        ..ReproduceRequest::default()
    };
    let error = ada.node.reproduce(again, &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    let publish = PublishRequest {
        paths: vec![reference.clone().into()],
        licence: Some("CC0-1.0".to_owned()),
        ..PublishRequest::default()
    };
    let error = ada.node.publish(publish.clone(), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotAuthorised, "{error}");
    let private = Some(PrivateRequest::default());
    let error = ada.node.publish(PublishRequest { private, ..publish }, &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::Usage, "{error}");
    for subject in ["trial", &reference] {
        let out = ada.path("data.veritrail");
        let whole = BundleRequest { reference: subject.to_owned(), out, data: DataInside::Whole };
        let error = ada.node.bundle(whole, &Silent).await.unwrap_err();
        assert_eq!(error.kind, Kind::NotAuthorised, "{subject}: {error}");
        assert!(!ada.path("data.veritrail").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_holds_the_commitments_and_is_checked_offline() {
    let ada = Lab::new("Ada");
    let published = publish(&ada, &patients(60)).await;
    let out = ada.path("trial.veritrail");
    let request = BundleRequest {
        reference: "trial".to_owned(),
        out: out.clone(),
        data: DataInside::OutputsOnly,
    };
    let bundled = ada.node.bundle(request, &Silent).await.unwrap();
    assert!(bundled.left_out.iter().any(|left| left.contains("private")), "{bundled:?}");
    let bytes = std::fs::read(&out).unwrap();
    for id in hidden(&ada, &published.manifest).await {
        let name = id.to_string();
        let listed = bytes.windows(name.len()).filter(|window| *window == name.as_bytes()).count();
        // The head names the pages; nothing is listed under these names, and no chunk is named.
        assert!(!bytes.windows(name.len() + 6).any(|w| w == format!("blobs/{name}").as_bytes()));
        assert!(listed <= 1, "{name}: {listed}");
    }
    let folder = ada.path("only");
    std::fs::create_dir_all(folder.join("a/b/c/d/e/f/g/h/i")).unwrap();
    std::fs::copy(&out, folder.join("trial.veritrail")).unwrap();
    assert_eq!(leaks(&folder, &CANARIES, &[]), [] as [&str; 0]);
    let check = |bundle| BundleCheck { bundle, trust: vec![ada.did()], data: Vec::new() };
    let verified = verify_bundle(None, &check(out), &Silent).unwrap();
    assert_eq!(verified.exit_code(), 0, "{verified:?}");
    // A reader with a home that never met this log says the same.
    let ben = Lab::new("Ben");
    let home: &Node = &ben.node;
    let verified = verify_bundle(Some(home), &check(ada.path("trial.veritrail")), &Silent).unwrap();
    assert_eq!(verified.exit_code(), 0, "{verified:?}");
}
