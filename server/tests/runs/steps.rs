//! Runs of several steps with several outputs: run, shown, reproduced elsewhere, bundled, forged.

use std::path::PathBuf;

use veritrail_compute::run::{Spec, canonical::outputs_hash};
use veritrail_server::{
    error::Kind,
    node::{
        bundle::{
            BundleRequest, DataInside,
            verify::{BundleCheck, verify_bundle},
        },
        get::GetRequest,
        report::Verification,
        reproduce::{ReproduceRequest, Reproduced, ReproducedOutcome},
        run::{Ran, RunRequest, Task},
        show::Shown,
    },
    progress::Silent,
};

use super::false_claims::{claim, receipt};
use crate::labs::{Lab, rain};

/// Days with rain, their means by town, and an exact product, from two outputs' files.
const SPEC: &str = r#"
version = 2
seed = 7

[inputs]
rain = "rain/rain.csv"

[parameters]
least = 2.5

[steps.wet]
sql = "SELECT day, town, mm FROM rain WHERE mm > $least"

[steps.means]
sql = "SELECT town, avg(mm) AS mm, count(*) AS days FROM wet GROUP BY town"

[steps.energy]
kernel = "dot"
table = "wet"
columns = ["mm", "mm"]
group = "town"

[outputs.means]
from = "means"

[outputs.means.columns]
town = "text"
mm = "float64"
days = "int64"

[outputs.means.tolerance.mm]
absolute = 0.5

[outputs.energy]
from = "energy"
"#;

async fn run(lab: &Lab, text: &str) -> Ran {
    let file = lab.file("steps.toml", text);
    let request = RunRequest {
        task: Task::File(file),
        write_spec: None,
        signer: None,
        work: Default::default(),
    };
    lab.node.run(request, &Silent).await.unwrap()
}

async fn reproduce(lab: &Lab, run: &str) -> Reproduced {
    let request = ReproduceRequest { run: run.to_owned(), ..ReproduceRequest::default() };
    lab.node.reproduce(request, &Silent).await.unwrap()
}

async fn bundle(lab: &Lab, run: &str) -> PathBuf {
    let out = lab.path("run.veritrail");
    let _ = std::fs::remove_file(&out);
    let request = BundleRequest {
        reference: run.to_owned(),
        out: out.clone(),
        data: DataInside::OutputsOnly,
    };
    lab.node.bundle(request, &Silent).await.unwrap();
    out
}

fn check(bundle: PathBuf) -> Verification {
    let check = BundleCheck { bundle, trust: vec!["any".to_owned()], data: Vec::new() };
    verify_bundle(None, &check, &Silent).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn several_outputs_go_the_whole_way() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    ada.publish("rain", &rain(300)).await;
    let ran = run(&ada, SPEC).await;
    let names: Vec<&str> = ran.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["energy", "means"]);
    assert_eq!(ran.rows, 4);
    assert_eq!(ran.preview.columns, ["town", "n", "dot"]);
    assert_eq!(ran.outputs[1].preview.columns, ["town", "mm", "days"]);
    let hashes = ran.outputs.iter().map(|output| (output.name.as_str(), output.table_hash));
    assert_eq!(outputs_hash(&hashes.collect()), ran.table_hash);
    // The input's rows are counted once, with the reason why some are not there.
    assert_eq!(ran.rows_read, 300);
    assert!(ran.rows_dropped > 0, "{ran:?}");
    assert_eq!(ran.scans[0].step.as_deref(), Some("wet"));
    assert_eq!(ran.scans[0].reason.as_deref(), Some("not mm > 2.5"));
    let kept = 300 - ran.rows_dropped;
    assert!(ran.scans[1..].iter().all(|scan| scan.table == "wet" && scan.read == kept));

    let Shown::Run(shown) = ada.node.show(&ran.reference).await.unwrap() else { panic!() };
    let steps: Vec<&str> = shown.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!((steps, shown.sql_text), (vec!["wet", "energy", "means"], None));
    assert_eq!(shown.steps[1].kernel.as_deref(), Some("dot of mm, mm from wet by town"));
    assert_eq!(shown.outputs, ["energy = energy", "means = means"]);
    assert_eq!(shown.scans, ran.scans);
    let output = format!("{}/output", ran.reference);
    let Shown::Output(shown) = ada.node.show(&output).await.unwrap() else { panic!() };
    let tables: Vec<&str> = shown.tables.iter().map(|table| table.path.as_str()).collect();
    assert_eq!(tables, ["energy.parquet", "means.parquet"]);

    // Another node, from nothing but the ticket.
    let serving = ada.serve().await;
    let verdict = reproduce(&ben, &ada.ticket(&ran.reference)).await;
    let get = GetRequest { reference: ada.ticket(&output), ..GetRequest::default() };
    ben.node.get(get, &Silent).await.unwrap();
    serving.stop().await;
    assert_eq!(verdict.outcome, ReproducedOutcome::Identical, "{verdict:?}");
    assert_eq!((verdict.found, verdict.fresh), (Some(ran.table_hash), true));
    // An output is an input by its file's name.
    let input = format!("m={output}/means.parquet");
    let sum = ben.run("SELECT sum(days) AS days FROM m", &[&input]).await;
    assert_eq!(sum.preview.rows, [[kept.to_string()]]);

    let done = check(bundle(&ben, &ran.reference).await);
    assert_eq!(done.exit_code(), 0, "{done:?}");
    assert!(done.files.iter().any(|file| file.contains("the 2 files of")), "{:?}", done.files);
    assert_eq!(done.missing, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_name_the_output() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(300)).await;
    let honest = run(&ada, SPEC).await;
    let forged = |sql: &str| SPEC.replace("avg(mm) AS mm", sql);
    let near = run(&ada, &forged("avg(mm) + 0.25 AS mm")).await;
    let far = run(&ada, &forged("avg(mm) + 1 AS mm")).await;
    for (other, outcome) in
        [(near, ReproducedOutcome::WithinTolerance), (far, ReproducedOutcome::Different)]
    {
        let mut claimed = receipt(&ada, &honest.reference);
        claimed.output = receipt(&ada, &other.reference).output;
        let verdict = reproduce(&ada, &claim(&ada, claimed)).await;
        assert_eq!(verdict.outcome, outcome, "{verdict:?}");
        assert_eq!(verdict.difference.unwrap().column, "means.mm");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn false_receipts_of_several_outputs_are_told() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(300)).await;
    let ran = run(&ada, SPEC).await;
    // The hash of one output in place of that over both.
    let mut claimed = receipt(&ada, &ran.reference);
    claimed.output.table_hash = ran.outputs[0].table_hash;
    let run_id = claim(&ada, claimed);
    let done = check(bundle(&ada, &run_id).await);
    assert_eq!(done.exit_code(), 3, "{done:?}");
    assert!(done.findings[0].contains("have the table hash"), "{:?}", done.findings);
    // Another number of rows.
    let mut claimed = receipt(&ada, &ran.reference);
    claimed.output.rows += 1;
    let done = check(bundle(&ada, &claim(&ada, claimed)).await);
    assert_eq!(done.exit_code(), 3, "{done:?}");
    // Steps that are not the spec's.
    let mut claimed = receipt(&ada, &ran.reference);
    claimed.sql = claimed.spec;
    let done = check(bundle(&ada, &claim(&ada, claimed)).await);
    assert!(done.findings.iter().any(|one| one.contains("hash of the query")), "{done:?}");
    // Outputs of other names.
    let renamed = run(&ada, &SPEC.replace("[outputs.energy]", "[outputs.other]")).await;
    let mut claimed = receipt(&ada, &ran.reference);
    claimed.output = receipt(&ada, &renamed.reference).output;
    let done = check(bundle(&ada, &claim(&ada, claimed)).await);
    let told = "its files are means.parquet, other.parquet, and the spec's outputs are";
    assert!(done.findings.iter().any(|one| one.contains(told)), "{:?}", done.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spec_is_written_in_the_version_that_it_needs() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(20)).await;
    let file = ada.file("steps.toml", SPEC);
    let again = ada.path("again.toml");
    let task = Task::File(file);
    let request = RunRequest {
        task,
        write_spec: Some(again.clone()),
        signer: None,
        work: Default::default(),
    };
    let ran = ada.node.run(request, &Silent).await.unwrap();
    let text = std::fs::read_to_string(&again).unwrap();
    assert!(text.starts_with("version = 2\n"), "{text}");
    assert_eq!(Spec::from_toml(&text).unwrap(), Spec::from_toml(SPEC).unwrap());
    assert_eq!(run(&ada, &text).await.table_hash, ran.table_hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_steps_is_usage_and_leaves_nothing() {
    let ada = Lab::new("Ada");
    ada.publish("rain", &rain(10)).await;
    for (from, to, words) in [
        ("FROM rain WHERE", "FROM means WHERE", "wet → means → wet"),
        ("FROM wet GROUP", "FROM dry GROUP", "step means: it reads \"dry\""),
        ("SELECT day, town", "SELECT nope, town", "step wet"),
        ("columns = [\"mm\", \"mm\"]", "columns = [\"mm\", \"town\"]", "step energy"),
        ("mm = \"float64\"", "mm = \"int64\"", "declared as int64 and is float64"),
        ("from = \"energy\"", "from = \"nope\"", "output energy: it is from \"nope\""),
        ("version = 2", "version = 3", "versions 1 to 2"),
    ] {
        let text = SPEC.replacen(from, to, 1);
        assert_ne!(text, SPEC);
        let file = ada.file("bad.toml", text);
        let request = RunRequest {
            task: Task::File(file),
            write_spec: None,
            signer: None,
            work: Default::default(),
        };
        let error = ada.node.run(request, &Silent).await.unwrap_err();
        assert_eq!(error.kind, Kind::Usage, "{error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    assert_eq!(ada.node.log_head().unwrap().size, 3, "something was logged");
}
