//! Specs of several steps: how they are written, put in order, and refused.

use veritrail_compute::run::kernel::{Kernel, KernelCall};
use veritrail_compute::run::{ResolvedInput, ResolvedSpec, Spec, SpecError, Step, Work};
use veritrail_provenance::hash::{DatasetRoot, TextHash};

pub const GOLDEN: &str = include_str!("../../../docs/formats/golden/run-spec-2.toml");

/// A spec whose inputs are all of one root.
pub fn resolved(text: &str) -> ResolvedSpec {
    let spec = Spec::from_toml(text).unwrap_or_else(|error| panic!("{error}"));
    let roots = spec.inputs.keys().map(|name| {
        let root = DatasetRoot::from_bytes([7; 32]);
        (name.clone(), ResolvedInput { root, select: None })
    });
    spec.resolve(roots.collect()).unwrap()
}

fn golden(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/formats/golden");
    std::fs::read_to_string(format!("{folder}/{name}")).unwrap().trim_end().to_owned()
}

#[test]
fn a_spec_of_steps_is_read_and_written() {
    let spec = Spec::from_toml(GOLDEN).unwrap();
    let Work::Steps(work) = &spec.work else { panic!("{spec:?}") };
    let call = KernelCall {
        kernel: Kernel::Products,
        table: "cohort".to_owned(),
        columns: vec!["wt71".to_owned(), "wt82_71".to_owned()],
        group: Some("qsmk".to_owned()),
    };
    assert_eq!(work.steps["together"], Step::Kernel(call));
    assert_eq!(work.outputs["table_12_1"].from, "means");
    assert_eq!(work.outputs["table_12_1"].columns.as_ref().unwrap()["n"].to_string(), "int64");
    assert_eq!(work.outputs["table_12_1"].tolerance["change"].relative, Some(1e-12));
    assert_eq!(Spec::from_toml(&spec.to_toml().unwrap()).unwrap(), spec);
}

#[test]
fn golden_bytes_and_hashes() {
    let spec = resolved(GOLDEN);
    let bytes = golden("resolved-spec-2.json");
    assert_eq!(String::from_utf8(spec.to_bytes()).unwrap(), bytes);
    assert_eq!(ResolvedSpec::from_bytes(bytes.as_bytes()).unwrap(), spec);
    let hashes = format!("{}\n{}", spec.text_hash(), spec.sql_hash());
    assert_eq!(hashes, golden("resolved-spec-2.sha256"));
    // The receipt's `sql` is the hash of the member `steps`, as it stands in these bytes.
    let start = bytes.find("\"steps\":").unwrap() + "\"steps\":".len();
    let end = bytes.find(",\"v\":2}").unwrap();
    assert_eq!(TextHash::of(&bytes.as_bytes()[start..end]), spec.sql_hash());
}

#[test]
fn another_writing_is_refused() {
    let bytes = resolved(GOLDEN).to_bytes();
    let mut refused = 0;
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        match ResolvedSpec::from_bytes(&bent) {
            Ok(other) => assert_eq!(other.to_bytes(), bent),
            Err(_) => refused += 1,
        }
        assert!(ResolvedSpec::from_bytes(&bytes[..at]).is_err());
    }
    assert!(refused > 300, "{refused}");
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [
        ("\"v\":2", "\"v\":1"),
        ("\"kernel\":\"products\"", "\"kernel\":\"magic\""),
        ("\"from\":\"means\"", "\"from\":\"nobody\""),
        ("\"int64\"", "\"int65\""),
        ("{\"sql\":", "{\"more\":1,\"sql\":"),
        ("\"columns\":[\"wt71\",", "\"columns\":["),
    ] {
        assert!(ResolvedSpec::from_bytes(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
}

#[test]
fn steps_are_ordered_by_what_they_read() {
    let plan = resolved(GOLDEN).plan().unwrap();
    let order: Vec<&str> = plan.steps.iter().map(|step| step.name.as_deref().unwrap()).collect();
    assert_eq!(order, ["cohort", "means", "together"]);
    let names = |names: &std::collections::BTreeSet<String>| -> Vec<String> {
        names.iter().cloned().collect()
    };
    assert_eq!(names(&plan.steps[0].tables), ["nhefs"]);
    assert_eq!(names(&plan.steps[0].parameters), ["oldest"]);
    assert_eq!(names(&plan.steps[1].tables), ["cohort"]);
    // Names do not decide where dependencies do, and what WITH defines is no table.
    let text = steps(&[
        ("a", "WITH m AS (SELECT x FROM z) SELECT m.x, Y.x AS w FROM m JOIN y ON m.x = y.x"),
        ("y", "SELECT x FROM t WHERE x IN (SELECT x FROM z)"),
        ("z", "SELECT x FROM t"),
    ]);
    let plan = Spec::from_toml(&text).unwrap().plan().unwrap();
    let order: Vec<&str> = plan.steps.iter().map(|step| step.name.as_deref().unwrap()).collect();
    assert_eq!(order, ["z", "y", "a"]);
}

/// A spec over an input `t`, whose output is from the first step.
pub fn steps(steps: &[(&str, &str)]) -> String {
    let mut text = "version = 2\n[inputs]\nt = \"x\"\n".to_owned();
    for (name, sql) in steps {
        text += &format!("[steps.{name}]\nsql = \"\"\"{sql}\"\"\"\n");
    }
    text + &format!("[outputs.out]\nfrom = \"{}\"\n", steps[0].0)
}

fn fault(text: &str) -> String {
    let error = match Spec::from_toml(text) {
        Ok(spec) => spec.plan().unwrap_err(),
        Err(error) => error,
    };
    error.to_string()
}

#[test]
fn circles_and_unknown_names_are_told() {
    let circle = [
        ("a", "SELECT * FROM b"),
        ("b", "SELECT * FROM c JOIN t ON c.x = t.x"),
        ("c", "SELECT * FROM b"),
    ];
    let error = Spec::from_toml(&steps(&circle)).unwrap().plan().unwrap_err();
    assert_eq!(error, SpecError::Cycle("b → c → b".to_owned()));
    assert!(error.to_string().contains("in a circle: b → c → b"), "{error}");
    let own = fault(&steps(&[("a", "SELECT * FROM a")]));
    assert!(own.contains("a → a"), "{own}");
    for (text, words) in [
        (steps(&[("a", "SELECT * FROM nope")]), "step a: it reads \"nope\", which is neither"),
        (steps(&[("a", "SELECT * FROM \"T\"")]), "it reads \"T\""),
        (steps(&[("a", "SELECT 1 AS x")]), "no step reads the input \"t\""),
        (
            steps(&[("a", "SELECT * FROM t"), ("idle", "SELECT * FROM t")]),
            "step idle: no step and no output uses it",
        ),
        (steps(&[("t", "SELECT 1 AS x")]), "\"t\" is both an input and a step"),
        (steps(&[("a", "SELEC 1")]), "step a: the query cannot be parsed"),
        (steps(&[("a", "SELECT now() AS x FROM t")]), "step a: function now is refused"),
        (steps(&[("a", "SELECT x FROM t WHERE x > $least")]), "step a: $least has no value"),
        (steps(&[("a", " ")]), "step a: its sql is empty"),
        (steps(&[("A", "SELECT 1 AS x")]), "\"A\" cannot name a step"),
        (
            steps(&[("a", "SELECT * FROM t")]) + "[parameters]\nleast = 1\n",
            "parameter \"least\": no step names it",
        ),
        (
            steps(&[("a", "SELECT * FROM t")]) + "[outputs.more]\nfrom = \"b\"\n",
            "output more: it is from \"b\", which is no step",
        ),
        (steps(&[("a", "SELECT * FROM t")]) + "[outputs.nul]\nfrom = \"a\"\n", "output nul:"),
        (
            steps(&[("a", "SELECT * FROM t")]) + "[outputs.out.columns]\nx = \"float\"\n",
            "column \"x\": \"float\" is no column type",
        ),
        (steps(&[("a", "SELECT * FROM t")]) + "[outputs.out.columns]\n", "none is named"),
        (
            steps(&[("a", "SELECT * FROM t")]) + "[outputs.out.tolerance.x]\nabsolute = -1.0\n",
            "the tolerance of column \"x\"",
        ),
        ("version = 2\n[outputs.a]\nfrom = \"b\"\n".to_owned(), "[steps.NAME] is missing"),
        ("version = 2\n[steps.a]\nsql = \"SELECT 1 AS x\"\n".to_owned(), "[outputs.NAME] is"),
        (steps(&[("a", "SELECT * FROM t")]) + "[more]\n", "unknown field `more`"),
    ] {
        let found = fault(&text);
        assert!(found.contains(words), "{words}: {found}");
    }
}

#[test]
fn kernels_have_typed_arguments() {
    let kernel = |lines: &str| {
        format!(
            "version = 2\n[inputs]\nt = \"x\"\n[steps.k]\n{lines}\n[outputs.out]\nfrom = \"k\"\n"
        )
    };
    for (lines, words) in [
        ("kernel = \"median\"", "there is no kernel \"median\"; the kernels are sum, moments"),
        ("kernel = \"sum\"", "needs table"),
        ("kernel = \"sum\"\ntable = \"t\"", "needs columns"),
        ("kernel = \"sum\"\ntable = \"t\"\ncolumns = [\"x\", \"y\"]", "takes 1 column, and 2"),
        ("kernel = \"dot\"\ntable = \"t\"\ncolumns = [\"x\"]", "takes 2 columns, and 1 are named"),
        ("kernel = \"dot\"\ntable = \"t\"\ncolumns = [\"x\", \"\"]", "1 to 1024 bytes"),
        (
            "kernel = \"sum\"\ntable = \"t\"\ncolumns = [\"x\"]\ngroup = \"n\"",
            "its group \"n\" has the name of a column of the result",
        ),
        ("sql = \"SELECT 1\"\nkernel = \"sum\"", "both sql and kernel"),
        ("sql = \"SELECT 1\"\ntable = \"t\"", "are a kernel's"),
        ("table = \"t\"", "it needs sql = "),
        ("kernel = \"sum\"\ntable = \"u\"\ncolumns = [\"x\"]", "it reads \"u\""),
    ] {
        let found = fault(&kernel(lines));
        assert!(found.contains(&format!("step k: {words}")) || found.contains(words), "{found}");
    }
}
