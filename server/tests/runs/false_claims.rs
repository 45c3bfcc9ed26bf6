//! Receipts that are signed and false: a reproduction tells, and a bundle tells.

use veritrail_provenance::{
    hash::{TableHash, TextHash},
    ledger::queries,
    statement::{Payload, RunReceipt},
};
use veritrail_server::{
    node::{
        bundle::{
            BundleRequest, DataInside,
            verify::{BundleCheck, verify_bundle},
        },
        get::GetRequest,
        reproduce::{ReproduceRequest, ReproducedOutcome},
        resolve::Resolved,
    },
    progress::Silent,
};

use crate::labs::{Lab, rain};

pub(super) fn receipt(lab: &Lab, reference: &str) -> RunReceipt {
    match lab.node.resolve(reference).unwrap() {
        Resolved::Run(run) => run.row.payload,
        other => panic!("{other:?}"),
    }
}

/// Signs and logs a receipt as it is handed in.
pub(super) fn claim(lab: &Lab, receipt: RunReceipt) -> String {
    let signer = lab.node.signer(None).unwrap();
    let subject = RunReceipt::subject(&receipt.output.root);
    let statement = lab.node.sign(&signer, subject, Payload::RunReceipt(receipt)).unwrap();
    let id = *statement.id();
    lab.node.append(|_| Ok(Some(vec![statement.clone()]))).unwrap();
    assert!(queries::run(lab.node.state(), &id).unwrap().is_some());
    format!("run:{id}")
}

async fn reproduce(lab: &Lab, run: &str) -> veritrail_server::node::reproduce::Reproduced {
    let request = ReproduceRequest { run: run.to_owned(), ..ReproduceRequest::default() };
    lab.node.reproduce(request, &Silent).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_output_is_told_with_its_first_value() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    ada.publish("rain", &rain(300)).await;
    let honest =
        ada.run("SELECT town, count(*) AS days FROM rain GROUP BY town", &["rain=rain"]).await;
    let other = "SELECT town, count(*) + CASE WHEN town = 'Bonn' THEN 1 ELSE 0 END AS days \
                 FROM rain GROUP BY town";
    let other = ada.run(other, &["rain=rain"]).await;
    let mut claimed = receipt(&ada, &honest.reference);
    claimed.output = receipt(&ada, &other.reference).output;
    let run = claim(&ada, claimed);
    let serving = ada.serve().await;
    let verdict = reproduce(&ben, &ada.ticket(&run)).await;
    serving.stop().await;
    assert_eq!(verdict.outcome, ReproducedOutcome::Different, "{verdict:?}");
    assert_eq!(verdict.exit_code(), 3);
    assert_eq!(verdict.found, Some(honest.table_hash));
    let difference = verdict.difference.unwrap();
    assert_eq!((difference.column.as_str(), difference.row), ("days", 1));
    assert_eq!((difference.expected.as_str(), difference.found.as_str()), ("201", "200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tolerance_bears_small_differences() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(300)).await;
    let task = |sql: &str| veritrail_server::node::run::RunRequest {
        task: veritrail_server::node::run::Task::Query {
            sql: sql.to_owned(),
            inputs: vec!["rain=rain".to_owned()],
            parameters: Vec::new(),
            tolerance: vec!["mm=0.5".to_owned()],
        },
        write_spec: None,
        signer: None,
        work: Default::default(),
    };
    let honest = ada.node.run(task("SELECT sum(mm) AS mm FROM rain"), &Silent).await.unwrap();
    let near = ada.node.run(task("SELECT sum(mm) + 0.25 AS mm FROM rain"), &Silent).await.unwrap();
    let mut claimed = receipt(&ada, &honest.reference);
    claimed.output = receipt(&ada, &near.reference).output;
    let verdict = reproduce(&ada, &claim(&ada, claimed)).await;
    assert_eq!(verdict.outcome, ReproducedOutcome::WithinTolerance, "{verdict:?}");
    assert_eq!(verdict.exit_code(), 0);
    assert_eq!(verdict.difference.unwrap().column, "mm");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_hash_of_nothing() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(300)).await;
    let honest = ada.run("SELECT count(*) AS days FROM rain", &["rain=rain"]).await;
    let mut claimed = receipt(&ada, &honest.reference);
    claimed.output.table_hash = TableHash::from_bytes([7; 32]);
    let run = claim(&ada, claimed);
    let verdict = reproduce(&ada, &run).await;
    assert_eq!(verdict.outcome, ReproducedOutcome::Different, "{verdict:?}");
    assert!(verdict.difference.unwrap().column.contains("published rows"));
    // A bundle of it holds the rows, so nobody needs to run anything.
    let out = ada.path("false.veritrail");
    let request = BundleRequest { reference: run, out: out.clone(), data: DataInside::OutputsOnly };
    ada.node.bundle(request, &Silent).await.unwrap();
    let check = BundleCheck { bundle: out, trust: vec![ada.did()], data: Vec::new() };
    let done = verify_bundle(None, &check, &Silent).unwrap();
    assert_eq!(done.exit_code(), 3, "{done:?}");
    assert!(done.findings[0].contains("table hash"), "{:?}", done.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spec_that_is_not_the_receipts() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(300)).await;
    let one = ada.run("SELECT count(*) AS days FROM rain", &["rain=rain"]).await;
    let two = ada.run("SELECT count(town) AS days FROM rain", &["rain=rain"]).await;
    let mut claimed = receipt(&ada, &one.reference);
    claimed.spec_blob = receipt(&ada, &two.reference).spec_blob;
    let run = claim(&ada, claimed);
    let verdict = reproduce(&ada, &run).await;
    assert_eq!(verdict.outcome, ReproducedOutcome::CouldNotCheck, "{verdict:?}");
    assert!(verdict.missing.unwrap().contains("spec"));
    let verified = ada.node.verify(&run, &[], &Silent).await.unwrap();
    assert_eq!(verified.exit_code(), 3, "{verified:?}");
}

/// What a bundle of `run` and the home itself find wrong with it, by those who trust its signer.
async fn findings(lab: &Lab, run: &str, name: &str) -> Vec<String> {
    let out = lab.path(name);
    let (reference, data) = (run.to_owned(), DataInside::OutputsOnly);
    let request = BundleRequest { reference, out: out.clone(), data };
    lab.node.bundle(request, &Silent).await.unwrap();
    let check = BundleCheck { bundle: out, trust: vec![lab.did()], data: Vec::new() };
    let done = verify_bundle(None, &check, &Silent).unwrap();
    assert_eq!(done.exit_code(), 3, "{done:?}");
    done.findings
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_that_their_own_specs_contradict() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(300)).await;
    let honest = ada.run("SELECT count(*) AS days FROM rain", &["rain=rain"]).await;
    let honest = receipt(&ada, &honest.reference);
    let mut query = honest.clone();
    query.sql = TextHash::of(b"SELECT 1");
    let mut name = honest.clone();
    name.inputs[0].name = "snow".to_owned();
    let mut select = honest.clone();
    select.inputs[0].select = Some("other.csv".to_owned());
    for (claimed, what) in [(query, "hash of the query"), (name, "inputs"), (select, "inputs")] {
        let run = claim(&ada, claimed);
        let found = findings(&ada, &run, &format!("{run}.veritrail")).await;
        assert!(found[0].contains(what) && found[0].contains(&run), "{found:?}");
        let verified = ada.node.verify(&run, &[], &Silent).await.unwrap();
        assert_eq!(verified.exit_code(), 3, "{verified:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_of_rows_that_is_not_the_outputs() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(300)).await;
    let honest = ada.run("SELECT count(*) AS days FROM rain", &["rain=rain"]).await;
    let mut claimed = receipt(&ada, &honest.reference);
    claimed.output.rows = 7;
    let run = claim(&ada, claimed);
    let found = findings(&ada, &run, "rows.veritrail").await;
    assert!(found[0].contains("1 rows") && found[0].contains("says 7"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_met_a_log_at_different_times() {
    let (ada, ben, cyd) = (Lab::new("Ada"), Lab::new("Ben"), Lab::new("Cyd"));
    ada.publish("rain", &rain(300)).await;
    let serving = ada.serve().await;
    let get = |ticket: String| GetRequest { reference: ticket, ..GetRequest::default() };
    ben.node.get(get(ada.ticket("rain")), &Silent).await.unwrap();
    ada.publish("more", &rain(20)).await;
    cyd.node.get(get(ada.ticket("more")), &Silent).await.unwrap();
    serving.stop().await;
    // Ben's evidence of Ada's log is older than what Cyd knows of it, and fits all the same.
    let dataset = ada.node.resolve("rain").unwrap().portable();
    let ran = ben.run("SELECT count(*) AS n FROM rain", &[&format!("rain={dataset}")]).await;
    let serving = ben.serve().await;
    let verdict = reproduce(&cyd, &ben.ticket(&ran.reference)).await;
    assert_eq!(verdict.outcome, ReproducedOutcome::Identical, "{verdict:?}");
    // Ada reproduces what Ben made of her own data: her log is not taken in from him.
    let verdict = reproduce(&ada, &ben.ticket(&ran.reference)).await;
    assert_eq!(verdict.outcome, ReproducedOutcome::Identical, "{verdict:?}");
    assert!(!ada.node.home().parts().trails.origins().unwrap().contains(ada.node.origin()));
    serving.stop().await;
}
