//! The first half of the demo: a lab publishes, a second node fetches and analyses, a third
//! reproduces.

use serde_json::Value;
use veritrail_server::error::{NodeError, Result};

use super::{
    stage::{Serving, Stage, short, text, words},
    table, tell,
};

/// The group means of Table 12.1 of Hernán and Robins, *Causal Inference: What If*.
pub(super) const TABLE_12_1: &str = "select qsmk as quit, count(*) as people, avg(age) as age, \
avg(case when sex = 0 then 100.0 else 0.0 end) as men_pct, \
avg(case when race = 0 then 100.0 else 0.0 end) as white_pct, \
avg(case when education = 5 then 100.0 else 0.0 end) as university_pct, \
avg(wt71) as weight_kg, avg(smokeintensity) as cigarettes, avg(smokeyrs) as years_smoking, \
avg(wt82_71) as weight_change_kg \
from nhefs where wt82 is not null group by qsmk order by qsmk";

/// Seattle's years, as a run that is written down.
const CLIMATE_SPEC: &str = r#"version = 1
sql = """
select extract(year from date) as year, count(*) as days, max(temp_max) as hottest,
       avg(temp_max) as mean_high, sum(precipitation) as rain_mm
from weather group by extract(year from date) order by year
"""

[inputs]
weather = "INPUT"
"#;

/// What the later chapters need.
pub(super) struct Story {
    /// The reviewer's run of Table 12.1.
    pub(super) run: String,
    /// Its digest.
    pub(super) table_hash: String,
    /// The lab's DID.
    pub(super) lab: String,
    /// The reviewer's DID.
    pub(super) reviewer: String,
}

/// Plays chapters 1 to 4.
pub(super) fn play(stage: &Stage) -> Result<Story> {
    let (lab, tickets, serving) = publish(stage)?;
    let datasets = fetch(stage, &tickets)?;
    drop(serving);
    let (reviewer, run, table_hash) = analyse(stage, &datasets)?;
    reproduce(stage, &run, &table_hash)?;
    Ok(Story { run, table_hash, lab, reviewer })
}

fn publish(stage: &Stage) -> Result<(String, Vec<String>, Serving)> {
    tell("1. A lab publishes a smoking study and four years of weather.");
    stage.write("nhefs.csv", include_bytes!("../../../../datasets/samples/nhefs/nhefs.csv"))?;
    stage
        .write("nhefs.toml", include_bytes!("../../../../datasets/samples/nhefs/describe.toml"))?;
    let weather = include_bytes!("../../../../datasets/samples/climate/seattle-weather.csv");
    stage.write("seattle-weather.csv", weather)?;
    let described = include_bytes!("../../../../datasets/samples/climate/describe.toml");
    stage.write("weather.toml", described)?;
    let lab = stage.actor("lab");
    let person = lab.run(&["init", "--name", "Ada, Lab North"])?;
    stage.name("LAB", text(&person, "/did")?);
    for (file, describe, name) in
        [("nhefs.csv", "nhefs.toml", "nhefs"), ("seattle-weather.csv", "weather.toml", "weather")]
    {
        let published = lab.run(&["publish", file, "--describe", describe, "--name", name])?;
        tell(&format!(
            "     \"{}\", version {}, {} bytes, is entry {} of the lab's log",
            words(&published, "/title"),
            words(&published, "/number"),
            words(&published, "/bytes"),
            words(&published, "/index"),
        ));
        tell(&format!("     root {}", short(text(&published, "/root")?)));
    }
    let serving = lab.serve()?;
    let mut tickets = Vec::new();
    for (name, variable) in [("nhefs", "NHEFS_TICKET"), ("weather", "WEATHER_TICKET")] {
        let shown = lab.run(&["show", name, "--ticket"])?;
        stage.name(variable, text(&shown, "/ticket")?);
        tickets.push(text(&shown, "/ticket")?.to_owned());
    }
    Ok((text(&person, "/did")?.to_owned(), tickets, serving))
}

fn fetch(stage: &Stage, tickets: &[String]) -> Result<Vec<String>> {
    tell("\n2. A reviewer, on a node of her own, fetches both and checks every byte.");
    let reviewer = stage.actor("reviewer");
    let person = reviewer.run(&["init", "--name", "Rosa, reviewer"])?;
    stage.name("REVIEWER", text(&person, "/did")?);
    let mut datasets = Vec::new();
    for (ticket, variable) in tickets.iter().zip(["NHEFS", "WEATHER"]) {
        let got = reviewer.run(&["get", ticket])?;
        let dataset = text(&got, "/dataset")?.to_owned();
        tell(&format!(
            "     {} blobs, {} bytes received, each checked",
            words(&got, "/fetched_blobs"),
            words(&got, "/received_bytes"),
        ));
        stage.name(variable, &dataset);
        datasets.push(dataset);
    }
    Ok(datasets)
}

fn analyse(stage: &Stage, datasets: &[String]) -> Result<(String, String, String)> {
    tell("\n3. She runs the published analysis: did those who quit smoking gain weight?");
    let reviewer = stage.actor("reviewer");
    let input = format!("nhefs={}", datasets[0]);
    let ran = reviewer.run(&["run", "--sql", TABLE_12_1, "--input", &input])?;
    let (columns, rows) = result(&ran)?;
    tell(&table::turned(&columns, &rows));
    tell("     Table 12.1 of the book says 4.5 kg against 2.0 kg, of 403 and 1,163 people.");
    tell(&format!("     table hash {}", short(text(&ran, "/table_hash")?)));
    stage.write("climate.toml", CLIMATE_SPEC.replace("INPUT", &datasets[1]).as_bytes())?;
    let climate = reviewer.run(&["run", "climate.toml"])?;
    let (columns, rows) = result(&climate)?;
    tell(&table::lay_out(&columns, &rows));
    let run = text(&ran, "/reference")?.to_owned();
    stage.name("RUN", &run);
    Ok((text(&ran, "/signer")?.to_owned(), run, text(&ran, "/table_hash")?.to_owned()))
}

fn reproduce(stage: &Stage, run: &str, table_hash: &str) -> Result<()> {
    tell("\n4. A third node, that trusts neither, fetches everything anew and runs it again.");
    let reviewer = stage.actor("reviewer");
    let _serving = reviewer.serve()?;
    let shown = reviewer.run(&["show", run, "--ticket"])?;
    stage.name("RUN_TICKET", text(&shown, "/ticket")?);
    let third = stage.actor("third");
    third.run(&["init", "--name", "Tomás, elsewhere"])?;
    let verdict = third.run(&["reproduce", text(&shown, "/ticket")?])?;
    if text(&verdict, "/found")? != table_hash {
        return Err(NodeError::refused("the third node found another table"));
    }
    tell(&format!(
        "     verdict: {}; both tables hash to {}",
        words(&verdict, "/outcome"),
        short(table_hash)
    ));
    Ok(())
}

/// Column names and rows of a run's object.
fn result(ran: &Value) -> Result<(Vec<String>, Vec<Vec<Value>>)> {
    let missing = || NodeError::failed(format!("a run's result has no rows: {ran}"));
    let columns = ran.pointer("/preview/columns").and_then(Value::as_array).ok_or_else(missing)?;
    let name = |column: &Value| {
        column.as_str().or_else(|| column.get("name")?.as_str()).map(str::to_owned)
    };
    let rows = ran.pointer("/preview/rows").and_then(Value::as_array).ok_or_else(missing)?;
    Ok((
        columns.iter().filter_map(name).collect(),
        rows.iter().filter_map(|row| row.as_array().cloned()).collect(),
    ))
}
