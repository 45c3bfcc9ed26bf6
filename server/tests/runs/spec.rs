//! What a run is asked to do, and what is refused.

use veritrail_server::{
    error::Kind,
    node::run::{RunRequest, Task},
    progress::Silent,
};

use crate::labs::{Lab, query, rain};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_run_written_down() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(100)).await;
    let file = ada.path("wet.toml");
    let task = Task::Query {
        sql: "SELECT count(*) AS days FROM rain WHERE mm > $least AND town = $town".to_owned(),
        inputs: vec!["rain=rain/rain.csv".to_owned()],
        parameters: vec!["least=2.5".to_owned(), "town=\"Bonn\"".to_owned()],
        tolerance: vec!["days=1%".to_owned()],
    };
    let request =
        RunRequest { task, write_spec: Some(file.clone()), signer: None, work: Default::default() };
    let told = ada.node.run(request.clone(), &Silent).await.unwrap();
    assert!(told.rows_dropped > 0 && told.rows_read == 100, "{told:?}");
    let spec = RunRequest {
        task: Task::File(file.clone()),
        write_spec: None,
        signer: None,
        work: Default::default(),
    };
    let read = ada.node.run(spec, &Silent).await.unwrap();
    assert_eq!(read.table_hash, told.table_hash);
    assert_eq!(read.output_root, told.output_root);
    // A file that exists is kept.
    assert!(ada.node.run(request, &Silent).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_usage() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(10)).await;
    for (sql, inputs, names) in [
        ("SELECT now()", vec!["rain=rain"], "now"),
        ("SELECT nope FROM rain", vec!["rain=rain"], "nope"),
        ("SELECT 1", vec!["rain"], "--input rain"),
        ("SELECT 1", vec!["rain=rain", "rain=rain"], "twice"),
        ("SELECT 1", vec!["rain=rain/nope.csv"], "nope.csv"),
        ("", vec!["rain=rain"], "sql"),
    ] {
        let error = ada.node.run(query(sql, &inputs), &Silent).await.unwrap_err();
        assert_eq!(error.kind, Kind::Usage, "{sql}: {error}");
        let words = format!("{error} {:?}", error.hint);
        assert!(words.contains(names), "{sql}: {words}");
    }
    let error = ada.node.run(query("SELECT 1", &["x=unknown"]), &Silent).await.unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
    assert_eq!(ada.node.log_head().unwrap().size, 3, "something was logged");
}
