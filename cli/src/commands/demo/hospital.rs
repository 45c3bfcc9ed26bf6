//! The demo's last chapter: a hospital that may show its rows to nobody proves what they say; a
//! collaborator who has none of them checks it, and a forged figure is refused.

use serde_json::Value;
use veritrail_server::{
    claims::ProofFile,
    error::{NodeError, OrKind as _, Result},
};

use super::{
    attacks::{Caught, named},
    stage::{Stage, text, words},
    table, tell,
};

/// What is declared before the rows are read; all else stays secret.
const COMMIT: &str = "qsmk:category(0|1),wt82_71:fixed(2)?[-60..60]";

/// The last line of Table 12.1, and how many it is of.
const BY_QSMK: &str = "select qsmk, avg(wt82_71), count(wt82_71) from t group by qsmk";

/// Program 12.1: what quitting explains.
const EFFECT: &str = "select ols(wt82_71, cast(qsmk = '1' as bigint)) from t";

/// Plays the chapter; what it returns is the lie.
pub(super) fn play(stage: &Stage) -> Result<Caught> {
    tell("\n7. A hospital may show its rows to nobody. It proves what they say.");
    let hospital = stage.actor("hospital");
    let person = hospital.run(&["init", "--name", "St. Anna, statistics"])?;
    let holder = text(&person, "/did")?.to_owned();
    stage.name("HOSPITAL", &holder);
    let publish = ["publish", "nhefs.csv", "--describe", "nhefs.toml", "--private"];
    let published =
        hospital.run(&[&publish[..], &["--name", "rows", "--commit", COMMIT]].concat())?;
    tell(&format!(
        "     public: {} rows, 2 declared columns, {} bytes of commitments and proofs; no row",
        words(&published, "/committed/rows"),
        words(&published, "/committed/bytes"),
    ));
    for (sql, out) in [(BY_QSMK, "table.proof"), (EFFECT, "effect.proof")] {
        let proved = hospital.run(&["prove", "--sql", sql, "--of", "rows", "-o", out])?;
        tell(&format!(
            "     {} bytes, released as entry {}",
            words(&proved, "/bytes"),
            words(&proved, "/log").rsplit('#').next().unwrap_or_default(),
        ));
    }
    let collaborator = stage.actor("collaborator");
    collaborator.run(&["init", "--name", "Kim, elsewhere"])?;
    let serving = hospital.serve()?;
    let shown = hospital.run(&["show", "rows", "--ticket"])?;
    stage.name("ROWS_TICKET", text(&shown, "/ticket")?);
    collaborator.run(&["get", text(&shown, "/ticket")?])?;
    drop(serving);
    let checked = collaborator.run(&["check", "table.proof", "--trust", &holder])?;
    tell(&table::lay_out(&["quit", "kg", "people"].map(str::to_owned), &rows(&checked)?));
    let checked = collaborator.run(&["check", "effect.proof", "--trust", &holder])?;
    tell(&effect(&checked)?);
    tell("     proven over exactly the committed rows, of which the collaborator has none");
    forged(stage, &holder)
}

/// A line for each group: level, mean, count.
fn rows(checked: &Value) -> Result<Vec<Vec<Value>>> {
    let groups = checked.pointer("/shown/results").and_then(Value::as_array);
    let groups = groups.ok_or_else(|| NodeError::failed("a check shows no results"))?;
    let at = |group: &Value, place: &str| group.pointer(place).cloned().unwrap_or_default();
    let row = |group: &Value| {
        vec![at(group, "/group/0/1"), at(group, "/answers/0/value"), at(group, "/answers/1/value")]
    };
    Ok(groups.iter().map(row).collect())
}

/// The coefficient with its interval.
fn effect(checked: &Value) -> Result<String> {
    let number = |member: &str| -> Result<f64> {
        let told = text(checked, &format!("/shown/results/0/answers/1/{member}"))?;
        told.parse().or_failed()
    };
    let (value, error) = (number("value")?, number("standard_error")?);
    let [low, high] = [value - 1.96 * error, value + 1.96 * error];
    Ok(format!(
        "     quitting explains {value:.1} kg, {low:.1} to {high:.1}; the book says 2.5, 1.7 to 3.4"
    ))
}

/// By somebody who knows the format: the file's digest fits what was written into it.
fn forged(stage: &Stage, holder: &str) -> Result<Caught> {
    let mut proof = ProofFile::decode(&stage.read("table.proof")?).or_refused()?;
    let last = proof.results.last_mut();
    *last.ok_or_else(|| NodeError::failed("a proof without results"))? -= 400_000;
    stage.write("forged.proof", &proof.encode())?;
    let check = ["check", "forged.proof", "--trust", holder];
    let caught = stage.actor("collaborator").must_end_with(3, &check)?;
    Ok(named("a figure in a proof", 3, &caught.value, &caught.error))
}
