//! One publishes, another runs, a third reproduces.

use veritrail_server::{
    error::Kind,
    node::{
        get::GetRequest,
        reproduce::{ReproduceRequest, ReproducedOutcome},
        show::Shown,
    },
    progress::Silent,
};

use crate::labs::{Lab, query, rain};

const MEANS: &str = "SELECT town, avg(mm) AS mm, count(*) AS days FROM rain GROUP BY town";

fn again(run: &str) -> ReproduceRequest {
    ReproduceRequest { run: run.to_owned(), ..ReproduceRequest::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_node_gets_the_same_bits() {
    let (ada, ben, cyd) = (Lab::new("Ada"), Lab::new("Ben"), Lab::new("Cyd"));
    let published = ada.publish("rain", &rain(3_000)).await;
    let ada_serves = ada.serve().await;
    let get = GetRequest { reference: ada.ticket("rain"), ..GetRequest::default() };
    ben.node.get(get, &Silent).await.unwrap();
    ada_serves.stop().await;

    let input = format!("rain={}", published.dataset);
    let ran = ben.run(MEANS, &[&input]).await;
    assert_eq!(ran.rows, 2);
    assert_eq!((ran.rows_read, ran.rows_dropped), (3_000, 0));
    assert_eq!(ran.preview.columns, ["town", "mm", "days"]);
    assert_eq!(ran.preview.rows[0][0], "Ahr");
    assert_eq!(ran.preview.rows[1][2], "2000");

    let ben_serves = ben.serve().await;
    let ticket = ben.ticket(&ran.reference);
    let verdict = cyd.node.reproduce(again(&ticket), &Silent).await.unwrap();
    ben_serves.stop().await;
    assert_eq!(verdict.outcome, ReproducedOutcome::Identical, "{verdict:?}");
    assert_eq!(verdict.exit_code(), 0);
    assert_eq!(verdict.found, Some(ran.table_hash));
    assert!(verdict.fresh, "inputs were not fetched anew");
    assert_eq!(verdict.signer.to_string(), cyd.did());
    let left: Vec<_> = std::fs::read_dir(cyd.node.home().path().join("fresh")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");

    // It is an independent verdict in Cyd's log, and Ben's own is not.
    let Shown::Run(shown) = cyd.node.show(&ran.reference).await.unwrap() else { panic!() };
    assert_eq!((shown.verdicts.len(), shown.independent), (1, 1));
    assert_eq!(shown.sql_text.as_deref(), Some(MEANS));
    let own = ben.node.reproduce(again(&ran.reference), &Silent).await.unwrap();
    assert_eq!(own.outcome, ReproducedOutcome::Identical, "{own:?}");
    assert!(!own.fresh);
    let Shown::Run(shown) = ben.node.show(&ran.reference).await.unwrap() else { panic!() };
    assert_eq!((shown.verdicts.len(), shown.independent), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_are_inputs() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(300)).await;
    let first = ada.run(MEANS, &["rain=rain"]).await;
    let input = format!("means={}/output", first.reference);
    let second = ada.run("SELECT sum(days) AS days FROM means", &[&input]).await;
    assert_eq!(second.preview.rows, [["300"]]);
    let verdict = ada.node.reproduce(again(&second.reference), &Silent).await.unwrap();
    assert_eq!(verdict.outcome, ReproducedOutcome::Identical, "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_that_are_not_there_cannot_be_checked() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    ada.publish("rain", &rain(300)).await;
    let ran = ada.run(MEANS, &["rain=rain"]).await;
    // Ada loses every blob of the input; the run's own are kept.
    let version = ada.node.resolve("rain").unwrap().bytes().unwrap();
    let manifest = ada.node.manifest(&version.manifest).await.unwrap().unwrap();
    let layout = ada.node.layout(&manifest).await.unwrap().unwrap();
    for chunk in layout.chunks() {
        assert!(ada.node.blobs().remove(&chunk.id).await.unwrap());
    }
    let serving = ada.serve().await;
    let verdict = ben.node.reproduce(again(&ada.ticket(&ran.reference)), &Silent).await.unwrap();
    serving.stop().await;
    assert_eq!(verdict.outcome, ReproducedOutcome::CouldNotCheck, "{verdict:?}");
    assert_eq!(verdict.exit_code(), 1);
    assert!(verdict.missing.unwrap().contains("does not have"));
    assert_eq!(verdict.found, None);
    // Without the bytes, no further run either.
    let error = ada.node.run(query(MEANS, &["rain=rain"]), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_of_a_dataset_is_no_run() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(10)).await;
    let error = ada.node.reproduce(again(&ada.ticket("rain")), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::Usage);
    let error = ada.node.reproduce(again("run:00000000"), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}
