//! The whole point, on real data: a hospital proves what its rows say, a colleague who has not one
//! of them checks the published figures, and nothing of a row stands anywhere on her side.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::house::{House, files, text};

const COMMIT: &str = "qsmk:category(0|1),sex:bool,age:int[18..99],wt71:fixed(2)[30..200],\
                      wt82_71:fixed(2)?[-60..60]";

/// Table 12.1: 4.5 kg against 2.0 kg, of 403 and 1,163 people.
const BY_QSMK: &str = "select qsmk, avg(wt82_71), count(wt82_71), var_samp(wt82_71), count(*) \
                       from t group by qsmk";

/// Program 12.1: quitting explains 2.5 kg (95% interval 1.7 to 3.4).
const EFFECT: &str = "select ols(wt82_71, cast(qsmk = '1' as bigint)) from t";

/// Values that were planted in columns which are not committed.
const PLANTED: [&str; 3] = ["Kestrelwing", "9081726.354", "quokkafever"];

/// The quantile 0.975 of Student's t with 1,564 degrees of freedom.
const T_975: f64 = 1.961_46;

/// The study, with a name, a number and a diagnosis for everybody.
fn study() -> String {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/samples/nhefs/nhefs.csv");
    let [name, number, illness] = PLANTED;
    let mut out = String::new();
    for (at, line) in fs::read_to_string(sample).unwrap().lines().enumerate() {
        match at {
            0 => out += &format!("{line},name,number,illness\n"),
            at => out += &format!("{line},{name}{at},{number}{at},{illness}\n"),
        }
    }
    out
}

/// What must not be found: what was planted, and every weight change as the file writes it, which
/// with up to 14 decimals is as good as a name.
fn needles(study: &str) -> HashSet<Vec<u8>> {
    let column = study.lines().next().unwrap().split(',').position(|c| c == "wt82_71").unwrap();
    let changes = study.lines().skip(1).filter_map(|line| line.split(',').nth(column));
    let rare = changes.filter(|change| change.len() >= NEEDLE_BYTES);
    let planted = PLANTED.iter().copied();
    rare.chain(planted).map(|needle| needle.as_bytes()[..NEEDLE_BYTES].to_vec()).collect()
}

/// Enough of a value to know it again; the planted ones have 11.
const NEEDLE_BYTES: usize = 11;

fn found(needles: &HashSet<Vec<u8>>, bytes: &[u8]) -> Option<String> {
    let hit = bytes.windows(NEEDLE_BYTES).find(|window| needles.contains(*window));
    hit.map(|hit| String::from_utf8_lossy(hit).into_owned())
}

fn assert_nothing_of(needles: &HashSet<Vec<u8>>, folder: &Path) {
    let mut looked = 0;
    for file in files(folder) {
        let bytes = fs::read(&file).unwrap();
        assert_eq!(found(needles, &bytes), None, "{}", file.display());
        looked += 1;
    }
    assert!(looked >= 10, "only {looked} files below {}", folder.display());
}

/// A served home.
pub struct Serving(Child);

impl Serving {
    pub fn of(house: &House) -> Self {
        let mut serve = house.command(&["serve", "--json"]);
        let mut child = serve.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("veritrail.serve"), "{line}");
        Self(child)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Everything that a home's commands said, with traces on.
#[derive(Default)]
struct Said(Vec<u8>);

impl Said {
    fn run(&mut self, house: &House, args: &[&str], code: i32) -> String {
        let output = house.command(args).env("RUST_LOG", "trace").output().unwrap();
        let both =
            String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{both}");
        self.0.extend_from_slice(both.as_bytes());
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&mut self, house: &House, args: &[&str]) -> Value {
        let said = self.run(house, &[args, &["--json"]].concat(), 0);
        serde_json::from_str(said.trim()).unwrap()
    }
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

/// A result of a group by its name.
fn answer<'a>(group: &'a Value, name: &str) -> &'a Value {
    let answers = group["answers"].as_array().unwrap();
    let named = answers.iter().find(|answer| text(answer, "name").ends_with(name));
    named.unwrap_or_else(|| panic!("no {name} in {group}"))
}

#[test]
fn a_colleague_without_a_row_checks_the_published_figures() {
    let (hospital, colleague) = (House::new(), House::empty());
    colleague.ok(&["init", "--name", "Rosa"]);
    let study = study();
    hospital.file("kestrelwing.csv", &study);
    let publish = ["publish", "kestrelwing.csv", "--private", "--commit", COMMIT];
    let described = ["--title", "NHEFS", "--licence", "CC0-1.0", "--name", "nhefs"];
    let published = hospital.json(&[&publish[..], &described].concat());
    assert_eq!(published["committed"]["rows"], 1629);
    for (sql, out) in [(BY_QSMK, "table.proof"), (EFFECT, "effect.proof")] {
        hospital.ok(&["prove", "--sql", sql, "--of", "nhefs", "-o", out]);
    }
    let serving = Serving::of(&hospital);
    let ticket = hospital.json(&["show", "nhefs", "--ticket"]);
    let mut said = Said::default();
    said.run(&colleague, &["get", text(&ticket, "ticket")], 0);
    drop(serving);
    for proof in ["table.proof", "effect.proof"] {
        fs::copy(hospital.path().join(proof), colleague.path().join(proof)).unwrap();
    }
    said.run(&colleague, &["check", "table.proof"], 1);
    let holder = text(&hospital.json(&["id", "show"])["persons"][0], "did").to_owned();
    said.run(&colleague, &["id", "trust", &holder], 0);

    table(&said.json(&colleague, &["check", "table.proof"])["shown"]);
    effect(&said.json(&colleague, &["check", "effect.proof"])["shown"]);
    let words = said.run(&colleague, &["check", "effect.proof"], 0);
    assert!(words.contains("within 1.96 of it"), "{words}");
    assert!(words.contains("residual degrees of freedom = 1564"), "{words}");

    // A forged number, with every digest right, and what she may not have.
    forge(&colleague, "table.proof");
    said.run(&colleague, &["check", "forged.proof"], 3);
    let dataset = text(&published, "dataset");
    let mine = ["prove", "--sql", EFFECT, "--of", dataset, "-o", "mine.proof"];
    said.run(&colleague, &mine, 4);
    said.run(&colleague, &["show", dataset], 0);
    said.run(&colleague, &["lineage", dataset], 0);
    said.run(&colleague, &["bundle", dataset, "-o", "nhefs.veritrail"], 0);
    said.run(&colleague, &["check", "table.proof", "--offline", "nhefs.veritrail"], 0);

    // Her home, the proofs, the bundle, all that was said and traced; then the hospital's log and
    // whatever else of its home is not locked away.
    let needles = needles(&study);
    assert!(needles.len() > 1_000, "{}", needles.len());
    assert_nothing_of(&needles, colleague.path());
    assert_eq!(found(&needles, &said.0), None);
    assert_nothing_of(&needles, &hospital.home());
    // The search finds what is there.
    assert!(found(&needles, study.as_bytes()).is_some());
}

/// Table 12.1 of Hernán and Robins, over weights that were rounded to 10 g.
fn table(shown: &Value) {
    for (group, people, known, mean, published, variance) in [
        (&shown["results"][0], "1201", "1163", 1.984_497_5, "2.0", 55.488_73),
        (&shown["results"][1], "428", "403", 4.525_079_0, "4.5", 76.532_07),
    ] {
        assert_eq!(answer(group, "count(*)")["value"], people, "{group}");
        assert_eq!(answer(group, "count(wt82_71)")["value"], known, "{group}");
        let proven = answer(group, "avg(wt82_71)");
        let value = number(&proven["value"]);
        assert_eq!(format!("{value:.1}"), published);
        // Rounding moves a mean by no more than is told.
        assert_eq!(proven["within"], "0.005");
        assert!((value - mean).abs() <= 0.005, "{value}");
        let found = number(&answer(group, "var_samp(wt82_71)")["value"]);
        assert!((found - variance).abs() < 0.01, "{found}");
    }
    let rounding = shown["rounding"].as_array().unwrap();
    assert!(rounding.iter().any(|line| line.as_str().unwrap().contains("0.005 a row")), "{shown}");
}

/// The effect of quitting, with its interval.
fn effect(shown: &Value) {
    let group = &shown["results"][0];
    let coefficient = answer(group, "CAST(qsmk = '1' AS BIGINT)");
    let (value, error) = (number(&coefficient["value"]), number(&coefficient["standard_error"]));
    assert!((value - 2.540_58).abs() < 0.01, "{value}");
    assert!((error - 0.451_08).abs() < 0.001, "{error}");
    assert_eq!(answer(group, "degrees of freedom")["value"], "1564");
    let ends = [value - T_975 * error, value + T_975 * error].map(|end| format!("{end:.1}"));
    assert_eq!(ends, ["1.7", "3.4"]);
    assert_eq!(format!("{value:.1}"), "2.5");
}

/// A copy in which the quitters gained more.
fn forge(house: &House, proof: &str) {
    let bytes = fs::read(house.path().join(proof)).unwrap();
    let mut file = veritrail_server::claims::ProofFile::decode(&bytes).unwrap();
    let sum = file.results.len() - 2;
    file.results[sum] += 100_000;
    house.file("forged.proof", file.encode());
}
