//! Groups that are too small to be told: left out by name, with a proof that one of them is small.

use veritrail_proof::policy::Refusal;
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::{Statement, StatementError};
use veritrail_server::claims::{
    CheckError, Claim, Level, ProofFile, ProofReport, ProveError, left_out, prove, withhold, words,
};

use super::engine::{Told, ask, told};
use super::fixture::*;
use super::hospital::*;

fn compiled(sql: &str) -> Claim {
    Claim::compile(sql, &banded()).unwrap_or_else(|refused| panic!("{sql}: {refused}"))
}

/// The claim with the groups left out that are too small.
fn chosen(sql: &str) -> Claim {
    withhold(&village().published.open, &compiled(sql), &[])
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// What is asked, and HAVING of what can be told.
const CLAIMS: &[(&str, &str)] = &[
    ("select grp, count(*) from t group by grp", "grp NOT IN ('b', 'c')"),
    (
        "select grp, avg(age), stddev_pop(age) from t where grp is not null group by grp",
        "grp NOT IN ('b', 'c')",
    ),
    (
        "select age >= 65, age >= 40, count(*) from t group by age >= 40, age >= 65",
        "NOT (age >= 40 AND NOT age >= 65) AND NOT age >= 65",
    ),
    (
        "select sex, grp, count(*) from t where grp is not null group by sex, grp",
        "NOT (sex = 'f' AND grp = 'b') AND NOT (sex = 'f' AND grp = 'c') \
         AND NOT (sex = 'm' AND grp = 'c')",
    ),
];

#[test]
fn small_groups_are_left_out_and_the_rest_is_what_the_engine_says() {
    for (sql, having) in CLAIMS {
        let asked = compiled(sql);
        let refused = prove(&village().published.open, &place(), &asked, None, None, &ENTROPY);
        assert_eq!(refused, Err(ProveError::Policy(Refusal::Cell)), "{sql}");
        let claim = chosen(sql);
        assert!(claim.text().contains(&format!(" HAVING {having}")), "{}", claim.text());
        // The choice is made anew, and is the same.
        assert_eq!(withhold(&village().published.open, &claim, &[]).unwrap(), claim);
        let bytes = village().proof(claim.text()).encode();
        let proven = village().check(&bytes).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let engine = ask(claim.text(), batch(&village().people));
        assert!(!engine.is_empty() && engine.len() == proven.rows().len(), "{sql}: {engine:?}");
        for row in proven.rows() {
            let ours: Vec<Told> = told(proven.claim(), row);
            assert!(engine.contains(&ours), "{sql}: {ours:?} {engine:?}");
        }
    }
    // Nothing is left out where nothing is small.
    let open = &clinic().published.open;
    let asked = compiled("select sex, count(*) from t group by sex");
    assert_eq!(withhold(open, &asked, &[]).unwrap(), asked);
}

#[test]
fn what_is_told_of_the_groups_that_are_left_out_is_true() {
    let claim =
        chosen("select grp, count(*), avg(diff_kg) from t where grp is not null group by grp");
    let body = &village().published.open.body;
    let integers: Vec<u128> = plan(claim.statement(), body)
        .unwrap()
        .claims
        .iter()
        .map(|counted| direct(&village().people, counted))
        .collect();
    let withheld = left_out(&claim, body, &integers).unwrap();
    let named = |level: &str| vec![Level::Named(level.to_owned())];
    assert_eq!(withheld.groups, [named("b"), named("c")]);
    assert_eq!(withheld.below, 10);
    let count = |keep: &dyn Fn(&&Person) -> bool| {
        village().people.iter().filter(|person| person.grp > Some(0)).filter(keep).count() as u128
    };
    let known = ("rows where diff_kg IS NOT NULL".to_owned(), count(&|p| p.diff_kg.is_some()));
    assert_eq!(withheld.together, [("rows".to_owned(), count(&|_| true)), known]);
    assert!(left_out(&claim, body, &integers[1..]).is_none());
    let all = compiled("select avg(age) from t");
    assert_eq!(left_out(&all, body, &[400, 9000]), None);
}

#[test]
fn a_group_that_is_not_small_is_no_reason_to_leave_groups_out() {
    // Both are large: nobody can pretend that one is not.
    let open = &clinic().published.open;
    let pretended = "select age >= 65, count(*) from t group by age >= 40, age >= 65 \
                     having age >= 65";
    let refused = prove(open, &place(), &compiled(pretended), None, None, &ENTROPY);
    assert_eq!(refused, Err(ProveError::Statement(StatementError::NoneSmall)));
}

#[test]
fn the_groups_that_are_left_out_are_part_of_what_is_proven() {
    let file = village().proof(chosen(CLAIMS[2].0).text());
    let check = |file: &ProofFile| village().check(&file.encode());
    assert!(check(&file).is_ok());
    let all = "SELECT age >= 65, age >= 40, count(*) FROM t GROUP BY age >= 40, age >= 65";
    for other in [
        all.to_owned(),
        format!("{all} HAVING age >= 65"),
        format!("{all} HAVING age >= 40 AND NOT age >= 65"),
    ] {
        let claim = compiled(&other);
        let text = ProofFile { claim: claim.text().to_owned(), ..file.clone() };
        assert_eq!(check(&text).unwrap_err(), CheckError::OtherStatement, "{other}");
        let both = ProofFile { statement: claim.statement().encode(), ..text };
        assert!(matches!(check(&both).unwrap_err(), CheckError::Refused(_)), "{other}");
    }
    let mut more = Statement::decode(&file.statement).unwrap();
    more.withheld = vec![0, 1, 2];
    let more = ProofFile { statement: more.encode(), ..file.clone() };
    assert_eq!(check(&more).unwrap_err(), CheckError::OtherStatement);
    // The total, and so what the others hold together.
    for at in 0..file.results.len() {
        let mut other = file.clone();
        other.results[at] += 1;
        let error = check(&other).unwrap_err();
        assert!(matches!(error, CheckError::Refused(_)), "{error}");
    }
}

#[test]
fn every_flipped_byte_of_a_proof_that_leaves_groups_out_is_refused() {
    super::proofs::flipped_bytes_are_refused(
        village(),
        &village().proof(chosen(CLAIMS[0].0).text()),
    );
}

#[test]
fn a_reader_is_told_which_groups_are_left_out_and_what_that_does_not_say() {
    let sql = "select age >= 40, age >= 65, count(*), avg(age), count(diff_kg) from t \
               group by age >= 40, age >= 65";
    let proven = village().check(&village().proof(chosen(sql).text()).encode()).unwrap();
    let report = ProofReport::new(&proven, None);
    super::told::golden("proof-withheld-words.txt", &words(&report));
    let json = serde_json::to_string_pretty(&report.withheld).unwrap() + "\n";
    super::told::golden("proof-withheld-report.json", &json);
    let one = village().proof(chosen(CLAIMS[0].0).text());
    let report = ProofReport::new(&village().check(&one.encode()).unwrap(), None);
    let text = words(&report);
    assert!(text.contains("  proven: one of these groups at least has 1 to 9 rows\n"), "{text}");
    assert!(text.contains("  which withheld group is small, and that the others are: "), "{text}");
}
