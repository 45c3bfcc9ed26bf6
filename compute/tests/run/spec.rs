//! SPEC.toml is strict, and a resolved spec has one byte form.

use std::collections::BTreeMap;

use veritrail_compute::run::{
    Parameter, Query, ResolvedInput, ResolvedSpec, Spec, SpecError, Tolerance, Work,
};
use veritrail_provenance::hash::DatasetRoot;

const FULL: &str = r#"
version = 1
sql = "SELECT g, avg(x) AS m FROM t WHERE x > $least AND day >= $from GROUP BY g"
output = "means"
seed = 18446744073709551615

[inputs]
t = "did:key:z6Mkf5rGMoatrSj1f4CyvuHBeXJELe9RPdzo2PKGNCKVtZxP@2/data/*.parquet"

[parameters]
least = -0.5
from = 2024-02-29
name = "é \" x"
many = 9007199254740993
yes = true

[tolerance.m]
relative = 1e-12
absolute = 0.0
"#;

fn resolved(spec: &Spec) -> ResolvedSpec {
    let input = ResolvedInput {
        root: DatasetRoot::from_bytes([7; 32]),
        select: Some("data/*.parquet".to_owned()),
    };
    spec.resolve(BTreeMap::from([("t".to_owned(), input)])).unwrap()
}

/// Seeds above 2^63 are no TOML integers.
fn full() -> Spec {
    Spec::from_toml(&FULL.replace("18446744073709551615", "42")).unwrap()
}

fn query(spec: &Spec) -> &Query {
    let Work::Query(query) = &spec.work else { panic!("{spec:?}") };
    query
}

#[test]
fn a_full_spec_is_read() {
    let spec = full();
    assert_eq!(query(&spec).output, "means");
    assert_eq!(spec.seed, Some(42));
    assert_eq!(spec.parameters["least"], Parameter::Float64(-0.5));
    assert_eq!(spec.parameters["from"], Parameter::Date(19_782));
    assert_eq!(spec.parameters["many"], Parameter::Int64(9_007_199_254_740_993));
    let tolerance = Tolerance { absolute: Some(0.0), relative: Some(1e-12) };
    assert_eq!(query(&spec).tolerance["m"], tolerance);
    assert_eq!(Spec::from_toml(&spec.to_toml().unwrap()).unwrap(), spec);
}

#[test]
fn the_command_line_and_its_file_are_one_spec() {
    let inputs = BTreeMap::from([("t".to_owned(), "rain/a.csv".to_owned())]);
    let spec = Spec::new("SELECT sum(x) AS s FROM t".to_owned(), inputs).unwrap();
    assert_eq!(query(&spec).output, "result");
    assert!(spec.to_toml().unwrap().contains("version = 1\n"));
    assert_eq!(Spec::from_toml(&spec.to_toml().unwrap()).unwrap(), spec);
}

#[test]
fn golden_bytes_and_hashes() {
    let golden = include_str!("../../../docs/formats/golden/resolved-spec.json").trim_end();
    let spec = resolved(&full());
    assert_eq!(String::from_utf8(spec.to_bytes()).unwrap(), golden);
    assert_eq!(ResolvedSpec::from_bytes(golden.as_bytes()).unwrap(), spec);
    let hash = include_str!("../../../docs/formats/golden/resolved-spec.sha256").trim_end();
    assert_eq!(spec.text_hash().to_hex(), hash);
    assert_ne!(spec.sql_hash(), spec.text_hash());
}

#[test]
fn another_writing_of_a_resolved_spec_is_refused() {
    let bytes = resolved(&full()).to_bytes();
    let text = String::from_utf8(bytes.clone()).unwrap();
    for (from, to) in [
        ("{\"inputs\"", "{ \"inputs\""),
        ("\"v\":1", "\"v\":2"),
        ("\"v\":1", "\"v\":1,\"x\":1"),
        ("\"1e-12\"", "\"0.000000000001\""),
        ("\"-0.5\"", "\"-5e-1\""),
        ("\"42\"", "\"042\""),
        ("0707", "07"),
        ("\"v\":1", "\"v\":1,\"v\":1"),
        ("{\"date32\":\"19782\"}", "{\"date32\":\"2147483647\"}"),
        ("{\"bool\":true}", "{\"bool\":true,\"int64\":\"1\"}"),
    ] {
        let bent = text.replacen(from, to, 1);
        assert_ne!(bent, text, "{from} does not occur");
        assert!(ResolvedSpec::from_bytes(bent.as_bytes()).is_err(), "{to}");
    }
    for end in 0..bytes.len() {
        assert!(ResolvedSpec::from_bytes(&bytes[..end]).is_err());
    }
    let mut refused = 0;
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        match ResolvedSpec::from_bytes(&bent) {
            Ok(other) => assert_eq!(other.to_bytes(), bent),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 100);
}

#[test]
fn unknown_keys_versions_and_values_are_refused() {
    let base = "version = 1\nsql = \"SELECT 1 AS a\"\n";
    assert!(Spec::from_toml(base).is_ok());
    let refused = |text: String| Spec::from_toml(&text).unwrap_err();
    let added = |line: &str| refused(format!("{base}{line}\n"));
    assert!(matches!(added("extra = 1"), SpecError::Toml(m) if m.contains("extra")));
    assert!(matches!(added("[units]\nrows = 1"), SpecError::Toml(_)));
    assert!(
        matches!(added("[tolerance.a]\nabsolut = 1"), SpecError::Toml(m) if m.contains("absolut"))
    );
    assert!(matches!(added("[tolerance.a]\nabsolute = -1.0"), SpecError::Tolerance(_)));
    assert!(matches!(added("[tolerance.a]\nabsolute = nan"), SpecError::Tolerance(_)));
    assert!(
        matches!(added("[tolerance]\na = 0.1"), SpecError::Toml(m) if m.contains("absolute = "))
    );
    assert!(matches!(added("[tolerance.a]"), SpecError::Tolerance(_)));
    assert!(matches!(added("[parameters]\na = [1]"), SpecError::Parameter(..)));
    assert!(matches!(added("[parameters]\na = 2024-01-01T00:00:00Z"), SpecError::Parameter(..)));
    assert!(matches!(added("[inputs]\n\"A b\" = \"x\""), SpecError::Name(..)));
    assert!(matches!(added("output = \"../x\""), SpecError::Name(..)));
    assert!(matches!(added("seed = -1"), SpecError::Toml(_)));
    let newer = refused(base.replace('1', "3"));
    assert_eq!(newer, SpecError::Version(3));
    // A query has no place in version 2.
    assert!(matches!(refused(base.replace('1', "2")), SpecError::Toml(m) if m.contains("sql")));
    assert!(matches!(refused("sql = \"SELECT 1\"".to_owned()), SpecError::Missing(_)));
    assert!(matches!(refused("version = 1\nsql = \" \"".to_owned()), SpecError::Missing(_)));
    assert!(matches!(refused("x".repeat(2 << 20)), SpecError::Limit { .. }));
}

#[test]
fn every_input_is_resolved_to_one_root() {
    let spec = full();
    let input = ResolvedInput { root: DatasetRoot::from_bytes([1; 32]), select: None };
    assert_eq!(spec.resolve(BTreeMap::new()).unwrap_err(), SpecError::Unresolved("t".into()));
    let surplus = BTreeMap::from([("t".to_owned(), input.clone()), ("u".to_owned(), input)]);
    assert_eq!(spec.resolve(surplus).unwrap_err(), SpecError::Unresolved("u".into()));
}

#[test]
fn dates_are_the_calendars() {
    for (text, days) in [
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("2000-02-29", 11_016),
        ("0001-01-01", -719_162),
        ("9999-12-31", 2_932_896),
    ] {
        let toml = format!("version = 1\nsql = \"x\"\n[parameters]\nd = {text}\n");
        let spec = Spec::from_toml(&toml).unwrap();
        assert_eq!(spec.parameters["d"], Parameter::Date(days), "{text}");
        assert!(spec.to_toml().unwrap().contains(text));
    }
}
