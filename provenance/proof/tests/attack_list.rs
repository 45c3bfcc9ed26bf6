//! The list of attacks in docs/security.md names tests and mutants that exist.

use std::collections::HashSet;
use std::path::PathBuf;

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_attack_has_a_test_that_exists() {
    let page = read("../../docs/security.md");
    let list = read("tests/mutants.txt");
    let known: HashSet<&str> = list
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter_map(|line| line.split('|').next())
        .map(str::trim)
        .collect();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .skip_while(|line| !line.starts_with("| attack |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 40, "{} attacks", rows.len());
    let names = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let mut mutants = HashSet::new();
    for row in rows {
        let [attack, tests, removed] = row[..] else { panic!("{row:?}") };
        let tests = names(tests);
        assert!(!tests.is_empty(), "{attack}: no test");
        for test in tests {
            let (module, function) = test.split_once("::").expect("module::test");
            let source = read(&format!("tests/{module}.rs"));
            assert!(source.contains(&format!("fn {function}(")), "{attack}: no test {test}");
        }
        for mutant in names(removed) {
            assert!(known.contains(&mutant[..]), "{attack}: no mutant {mutant}");
            mutants.insert(mutant);
        }
    }
    // No check is listed for removal without an attack that it stops.
    let unnamed: Vec<&&str> = known.iter().filter(|name| !mutants.contains(**name)).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}
