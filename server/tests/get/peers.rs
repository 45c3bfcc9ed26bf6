//! One node fetches from another over loopback.

use veritrail_server::{error::Kind, node::get::GetRequest, progress::Silent};

use crate::labs::{Lab, Told, rain};

fn request(ticket: &str) -> GetRequest {
    GetRequest { reference: ticket.to_owned(), ..GetRequest::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_gets_and_verifies_a_dataset() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    let csv = rain(2_000);
    let published = ada.publish("rain", &csv).await;
    let serving = ada.serve().await;
    let ticket = ada.ticket("rain");

    let told = Told::default();
    let out = ben.path("out");
    let get = GetRequest { out: Some(out.clone()), ..request(&ticket) };
    let got = ben.node.get(get, &told).await.unwrap();
    assert_eq!(got.root, published.root);
    assert_eq!(got.dataset.as_ref(), Some(&published.dataset));
    assert_eq!((got.files, got.written, got.kept), (1, 1, 0));
    assert!(got.fetched_bytes >= csv.len() as u64);
    assert!(got.received_bytes > got.fetched_bytes, "no bytes came over the network");
    assert_eq!(std::fs::read_to_string(out.join("rain.csv")).unwrap(), csv);
    assert!(told.all().contains("first contact, not confirmed"), "{}", told.all());
    assert!(told.all().contains("fingerprint"), "{}", told.all());
    assert!(told.all().contains("1 file, "), "{}", told.all());
    assert_eq!(got.first_contacts.len(), 1);
    assert_eq!(got.first_contacts[0].fingerprint, ada.node.fingerprint().unwrap());
    assert_eq!(serving.started().fingerprint, ada.node.fingerprint().unwrap());

    // Again: nothing is fetched, no first contact, the file is kept.
    let told = Told::default();
    let get = GetRequest { out: Some(out.clone()), ..request(&ticket) };
    let again = ben.node.get(get, &told).await.unwrap();
    assert_eq!((again.fetched_bytes, again.written, again.kept), (0, 0, 1));
    assert!(!told.all().contains("first contact"), "{}", told.all());
    serving.stop().await;

    // What is held needs nobody.
    let held = ben.node.get(request(published.dataset.as_str()), &Silent).await.unwrap();
    assert_eq!(held.bytes, csv.len() as u64);
    // And the evidence is enough for a verification as if a stranger had sent it.
    let verified =
        ben.node.verify(published.dataset.as_str(), &[ada.did()], &Silent).await.unwrap();
    assert_eq!(verified.exit_code(), 0, "{verified:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_meanwhile_is_served() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    ada.publish("one", &rain(10)).await;
    let serving = ada.serve().await;
    ben.node.get(request(&ada.ticket("one")), &Silent).await.unwrap();
    // Another process on the same home.
    let other = veritrail_server::node::Node::open(ada.node.home().path()).unwrap();
    let path = ada.file("two.csv", rain(20));
    let published = other
        .publish(
            veritrail_server::node::publish::PublishRequest {
                paths: vec![path],
                name: Some("two".to_owned()),
                licence: Some("CC0-1.0".to_owned()),
                ..Default::default()
            },
            &Silent,
        )
        .await
        .unwrap();
    let ticket = other.ticket("two").unwrap().ticket;
    let got = ben.node.get(request(&ticket), &Silent).await.unwrap();
    assert_eq!(got.root, published.root);
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_kept_over_time_stays_one() {
    let (ada, ben, cyd) = (Lab::new("Ada"), Lab::new("Ben"), Lab::new("Cyd"));
    ada.publish("one", &rain(10)).await;
    let serving = ada.serve().await;
    ben.node.get(request(&ada.ticket("one")), &Silent).await.unwrap();
    for n in 0..5 {
        ada.publish(&format!("more{n}"), &rain(20 + n)).await;
    }
    ben.node.get(request(&ada.ticket("more3")), &Silent).await.unwrap();
    ada.publish("last", &rain(40)).await;
    ben.node.get(request(&ada.ticket("last")), &Silent).await.unwrap();
    serving.stop().await;
    // Ben now serves all of it, though Ada is gone; Cyd gets what Ben met first.
    let one = ada.node.resolve("one").unwrap().portable();
    let serving = ben.serve().await;
    let ticket = ben.ticket(&one);
    let got = cyd.node.get(request(&ticket), &Silent).await.unwrap();
    assert_eq!(got.subject, one);
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_to_nobody_names_the_remedy() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    ada.publish("rain", &rain(10)).await;
    // Never served: there is no address at all.
    let error = ben.node.get(request(&ada.ticket("rain")), &Silent).await.unwrap_err();
    assert_eq!(error.kind.exit_code(), 1);
    assert!(error.hint.unwrap().contains("veritrail serve"));
    // Served once, and no more.
    ada.serve().await.stop().await;
    let error = ben.node.get(request(&ada.ticket("rain")), &Silent).await.unwrap_err();
    assert!(error.to_string().contains("nobody answers"), "{error}");
    assert!(error.hint.unwrap().contains("veritrail serve"));
    assert!(ben.node.home().parts().trails.origins().unwrap().is_empty(), "something was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_kept_before_anything_is_written() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    ada.publish("rain", &rain(1_000)).await;
    let serving = ada.serve().await;
    let get = GetRequest { max_bytes: Some(100), ..request(&ada.ticket("rain")) };
    let error = ben.node.get(get, &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::Usage);
    assert!(error.to_string().contains("--max-size"), "{error}");
    // A symlink beneath the folder is not followed.
    let outside = tempfile::tempdir().unwrap();
    let out = ben.path("out");
    std::fs::create_dir(&out).unwrap();
    std::os::unix::fs::symlink(outside.path().join("x"), out.join("rain.csv")).unwrap();
    let get = GetRequest { out: Some(out), ..request(&ada.ticket("rain")) };
    let error = ben.node.get(get, &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict, "{error}");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0, "written outside");
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_with_another_key_is_refused() {
    let (ada, eve, ben) = (Lab::new("Ada"), Lab::new("Eve"), Lab::new("Ben"));
    ada.publish("rain", &rain(10)).await;
    let serving = ada.serve().await;
    let ticket: veritrail_storage::peer::ticket::Ticket = ada.ticket("rain").parse().unwrap();
    // Ada's log by name, but Eve's key.
    let forged = veritrail_provenance::log::note::VKey::ed25519(
        ticket.origin().as_str(),
        eve.node.vkey().public_key().unwrap(),
    )
    .unwrap();
    let forged = veritrail_storage::peer::ticket::Ticket::new(
        ticket.node().clone(),
        ticket.reference().clone(),
        ticket.origin().clone(),
        vec![forged],
    )
    .unwrap();
    let error = ben.node.get(request(&forged.to_string()), &Silent).await.unwrap_err();
    assert_eq!(error.kind.exit_code(), 3, "{error}");
    assert!(ben.node.home().parts().trails.origins().unwrap().is_empty(), "it was taken in");
    serving.stop().await;
}
