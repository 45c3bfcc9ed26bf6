//! The claim language: what is taken, what it means, and how the rest is refused.

use veritrail_proof::schema::Schema;
use veritrail_proof::statement::{Condition, Measure, Quantity, Statement};
use veritrail_server::claims::{CLAIM_BYTES_MAX, Claim, Refused};
use veritrail_server::error::{Kind, NodeError};

use super::fixture::*;

const AGE: Quantity = Quantity::Value(0);
const CHANGE: Quantity = Quantity::Value(1);

fn compiled(sql: &str) -> Claim {
    Claim::compile(sql, &schema()).unwrap_or_else(|refused| panic!("{sql}: {refused}"))
}

fn refused(sql: &str) -> Refused {
    match Claim::compile(sql, &schema()) {
        Ok(claim) => panic!("{sql}: compiles to {}", claim.text()),
        Err(refused) => refused,
    }
}

fn statement(conditions: &[Condition], groups: &[u16], measures: &[Measure]) -> Statement {
    Statement {
        conditions: conditions.to_vec(),
        groups: groups.to_vec(),
        measures: measures.to_vec(),
        withheld: Vec::new(),
    }
}

type Case = (&'static str, Statement, &'static str);

/// Texts, what they compile to, and how they are written out.
fn plain_cases() -> Vec<Case> {
    let (rows, sum) = (Measure::Count, Measure::Sum);
    let gram = |all: &[Quantity]| Measure::Gram(all.to_vec());
    vec![
        ("select avg(age) from t", statement(&[], &[], &[sum(AGE)]), "SELECT avg(age) FROM t"),
        (
            "SELECT Mean(AGE) AS deaths, sum(\"age\") FROM patients;",
            statement(&[], &[], &[sum(AGE)]),
            "SELECT avg(age), sum(age) FROM t",
        ),
        (
            "select count(*), avg(diff_kg), count(diff_kg) -- of women\nfrom t where sex <> 'm'",
            statement(&[Condition::Level(3, 0)], &[], &[rows.clone(), sum(CHANGE)]),
            "SELECT count(*), avg(diff_kg), count(diff_kg) FROM t WHERE sex = 'f'",
        ),
        (
            "select sex, stddev(diff_kg), avg(diff_kg) from t group by sex",
            statement(&[], &[3], &[rows.clone(), gram(&[CHANGE])]),
            "SELECT sex, stddev_samp(diff_kg), avg(diff_kg) FROM t GROUP BY sex",
        ),
        (
            "select grp, count(*) from t group by grp",
            statement(&[], &[2], std::slice::from_ref(&rows)),
            "SELECT grp, count(*) FROM t GROUP BY grp",
        ),
        (
            "select avg(age) from t where grp is not null and ((smoker)) group by grp",
            statement(&[Condition::True(4)], &[2], &[rows.clone(), sum(AGE)]),
            "SELECT avg(age) FROM t WHERE smoker AND grp IS NOT NULL GROUP BY grp",
        ),
        (
            "select corr(diff_kg, age), covar_pop(age, diff_kg), regr_count(age, age) from t",
            statement(&[], &[], &[gram(&[AGE, CHANGE]), gram(&[AGE])]),
            "SELECT corr(diff_kg, age), covar_pop(age, diff_kg), regr_count(age, age) FROM t",
        ),
    ]
}

/// The same, for conditions, nulls and least squares.
fn odd_cases() -> Vec<Case> {
    let (rows, sum) = (Measure::Count, Measure::Sum);
    let gram = |all: &[Quantity]| Measure::Gram(all.to_vec());
    vec![
        (
            "select ols(diff_kg, cast(treated as int), age, (sex = 'f')::integer) from t \
             where not smoker and smoker = false",
            statement(
                &[Condition::False(4)],
                &[],
                &[gram(&[AGE, CHANGE, Quantity::Level(3, 0), Quantity::True(5)])],
            ),
            "SELECT ols(diff_kg, CAST(treated AS BIGINT), age, CAST(sex = 'f' AS BIGINT)) \
             FROM t WHERE NOT smoker",
        ),
        (
            "select count(age), count(treated) from t where age is not null and treated is true",
            statement(&[Condition::True(5)], &[], std::slice::from_ref(&rows)),
            "SELECT count(age), count(treated) FROM t WHERE treated",
        ),
        (
            "select avg(diff_kg), count(diff_kg) from t where diff_kg is not null",
            statement(&[], &[], &[sum(CHANGE)]),
            "SELECT avg(diff_kg), count(diff_kg) FROM t",
        ),
        (
            "select count(grp) from t where grp = 'a' and treated",
            statement(
                &[Condition::Level(2, 0), Condition::True(5)],
                &[],
                std::slice::from_ref(&rows),
            ),
            "SELECT count(grp) FROM t WHERE grp = 'a' AND treated",
        ),
    ]
}

/// Counts of what is not null, by themselves and beside what counts the same rows.
fn counts_of_some() -> Vec<Case> {
    let (rows, sum) = (Measure::Count, Measure::Sum);
    let present = |columns: &[u16]| Measure::Present(columns.to_vec());
    vec![
        (
            "select count(diff_kg) from t",
            statement(&[], &[], &[present(&[1])]),
            "SELECT count(diff_kg) FROM t",
        ),
        (
            "select count(grp), count(treated), count(*), count(age) from t where smoker",
            statement(&[Condition::True(4)], &[], &[rows.clone(), present(&[2]), present(&[5])]),
            "SELECT count(grp), count(treated), count(*), count(age) FROM t WHERE smoker",
        ),
        (
            "select count(diff_kg), corr(age, diff_kg), count(treated) from t",
            statement(&[], &[], &[Measure::Gram(vec![AGE, CHANGE]), present(&[5])]),
            "SELECT count(diff_kg), corr(age, diff_kg), count(treated) FROM t",
        ),
        (
            "select count(*) from t where treated is not null and diff_kg is not null",
            statement(&[], &[], &[present(&[1, 5])]),
            "SELECT count(*) FROM t WHERE treated IS NOT NULL AND diff_kg IS NOT NULL",
        ),
        (
            "select count(treated), count(diff_kg) from t where diff_kg is not null",
            statement(&[], &[], &[present(&[1, 5]), present(&[1])]),
            "SELECT count(treated), count(diff_kg) FROM t WHERE diff_kg IS NOT NULL",
        ),
        (
            "select count(treated) from t where treated is not null",
            statement(&[], &[], &[present(&[5])]),
            "SELECT count(treated) FROM t",
        ),
        (
            "select count(*), avg(diff_kg) from t where diff_kg is not null",
            statement(&[], &[], &[sum(CHANGE)]),
            "SELECT count(*), avg(diff_kg) FROM t WHERE diff_kg IS NOT NULL",
        ),
        (
            "select sex, avg(diff_kg) from t where diff_kg is not null group by sex",
            statement(&[], &[3], &[present(&[1]), sum(CHANGE)]),
            "SELECT sex, avg(diff_kg) FROM t WHERE diff_kg IS NOT NULL GROUP BY sex",
        ),
        (
            "select grp, count(treated), count(grp) from t \
             where grp is not null and treated is not null group by grp",
            statement(&[], &[2], &[present(&[5])]),
            "SELECT grp, count(treated), count(grp) FROM t \
             WHERE grp IS NOT NULL AND treated IS NOT NULL GROUP BY grp",
        ),
    ]
}

#[test]
fn claims_compile_to_statements_and_to_one_text() {
    let cases = [plain_cases(), odd_cases(), counts_of_some()].concat();
    assert!(cases.len() >= 20);
    for (sql, statement, text) in &cases {
        let claim = compiled(sql);
        assert_eq!(claim.statement(), statement, "{sql}");
        assert_eq!(claim.text(), *text);
        assert_eq!(compiled(text), claim);
    }
}

/// Text, the refused part, and a word each of why and what instead.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    ("select age from t", "age", "rows do not leave", "aggregate of it"),
    ("select grp from t", "grp", "rows do not leave", "GROUP BY grp"),
    ("select * from t", "*", "rows do not leave", "aggregates"),
    ("select sex from t group by sex", "the claim", "no aggregate", "count(*)"),
    ("select min(age) from t", "min", "value of one row", "avg"),
    ("select median(age) from t", "median", "order of rows", "avg"),
    ("select nonsense(age) from t", "nonsense", "no statement", "count"),
    ("select avg(weight) from t", "weight", "no commitment", "age, diff_kg"),
    ("select avg(\"Age\") from t", "\"Age\"", "no commitment", "\"age\""),
    ("select avg(grp) from t", "grp", "no number", "GROUP BY grp"),
    ("select avg(smoker) from t", "smoker", "no number", "CAST(smoker AS BIGINT)"),
    ("select avg(age + 1) from t", "age + 1", "as it is", "name a column"),
    ("select avg(age) + 1 from t", "avg(age) + 1", "SELECT lists", "alone"),
    ("select avg(age), 1 from t", "1", "SELECT lists", "alone"),
    ("select avg(cast(age as bigint)) from t", "CAST(age AS BIGINT)", "committed", "age"),
    ("select sum(cast(not smoker as bigint)) from t", "CAST(NOT smoker", "added up", "1 less"),
    ("select avg(cast(treated is true as int)) from t", "CAST(", "of a null", "without IS"),
    ("select count(diff_kg + 1) from t", "count(diff_kg + 1)", "not null", "count(column)"),
    ("select count(distinct sex) from t", "DISTINCT", "count alike", "GROUP BY"),
    ("select count(*) filter (where smoker) from t", "FILTER", "count alike", "WHERE smoker"),
    ("select avg(age) over () from t", "OVER", "count alike", "GROUP BY"),
    ("select sum(age, diff_kg) from t", "sum(age, diff_kg)", "arguments", "sum(column)"),
    ("select corr(age) from t", "corr(age)", "arguments", "corr(y, x)"),
    ("select ols(age) from t", "ols(age)", "arguments", "ols(outcome"),
    ("select ols(diff_kg, age, age) from t", "ols(", "twice", "once"),
    ("select avg(age) from t where age > 65", "age > 65", "declared", "threshold"),
    ("select avg(age) from t where age between 1 and 2", "age BETWEEN", "declared", "threshold"),
    ("select avg(age) from t where smoker or treated", "smoker OR treated", "never several", "add"),
    ("select avg(age) from t where grp <> 'a'", "grp <> 'a'", "never several", "group by"),
    ("select avg(age) from t where grp in ('a', 'b')", "grp IN", "never several", "group by"),
    ("select avg(age) from t where grp = 'd'", "grp = 'd'", "without the level", "a, b, c"),
    ("select avg(age) from t where treated is not false", "treated IS", "also selects", "= true"),
    ("select avg(age) from t where treated is null", "treated IS NULL", "no condition", "count(*)"),
    ("select avg(age) from t where diff_kg is not null", "diff_kg IS", "no condition", "leave its"),
    ("select count(*), avg(age) from t where diff_kg is not null", "diff_kg IS", "own", "counts"),
    (
        "select count(*) from t where smoker and treated and sex = 'f'",
        "sex = 'f'",
        "at most 2",
        "group by",
    ),
    ("select avg(age) from t where true", "true", "condition compares", "NOT boolean"),
    ("select avg(age) from t where sex like 'f'", "sex LIKE", "condition compares", "'level'"),
    ("select avg(age) from t group by smoker", "smoker", "levels of a category", "WHERE NOT"),
    ("select avg(age) from t group by age", "age", "levels of a category", "a category"),
    ("select avg(age) from t group by 1", "1", "committed columns", "name"),
    ("select avg(age) from t group by all", "GROUP BY", "all of their", "a category"),
    ("select grp, avg(age) from t group by grp", "GROUP BY grp", "own", "WHERE grp IS NOT NULL"),
    ("select count(*) from t where smoker group by grp", "GROUP BY grp", "own", "IS NOT NULL"),
    ("select count(grp) from t group by grp", "GROUP BY grp", "own", "IS NOT NULL"),
    ("select avg(age) from t order by 1", "ORDER BY", "no part", "leave it out"),
    ("select avg(age) from t limit 1", "LIMIT", "no part", "every group"),
    (
        "select sex, avg(age) from t group by sex having count(*) > 9",
        "count(*)",
        "by name",
        "NOT IN",
    ),
    (
        "select sex, avg(age) from t group by sex having avg(age) = 9",
        "avg(age)",
        "by name",
        "NOT IN",
    ),
    ("select avg(age) from t having count(*) >= 10", "count(*)", "there are none", "GROUP BY"),
    ("select avg(age) from t having smoker", "HAVING smoker", "there are none", "WHERE"),
    ("select avg(age) from t having grp = 'a'", "HAVING grp = 'a'", "there are none", "WHERE"),
    ("select distinct avg(age) from t", "DISTINCT", "no part", "leave it out"),
    ("with u as (select 1) select avg(age) from t", "WITH", "no part", "alone"),
    ("select avg(age) from t union select avg(age) from t", "combination", "one SELECT", "each"),
    ("select avg(t.age) from t, u", "FROM", "one version", "FROM t"),
    ("select avg(age) from t join u on true", "JOIN", "one version", "FROM t"),
    ("select avg(age) from (select * from t)", "(SELECT", "one version", "FROM t"),
    ("select avg(u.age) from t", "u.age", "one table", "column's name"),
    ("select avg(age) from a.t", "a.t", "one version", "FROM t"),
    ("select avg(age) from t as u", "t AS u", "one version", "FROM t"),
    ("from t select avg(age)", "FROM", "no part", "SELECT … FROM"),
    ("delete from t", "the claim", "refused", "one SELECT"),
    ("select avg(age) from t; select avg(age) from t", "the claim", "refused", "one SELECT"),
    ("select avg(age from t", "the claim", "parsed", "one SELECT"),
    ("", "the claim", "refused", "one SELECT"),
];

#[test]
fn everything_else_is_refused_with_a_reason_a_place_and_a_way_out() {
    for (sql, what, why, instead) in REFUSED {
        let refused = refused(sql);
        assert!(refused.what.contains(what), "{sql}: {refused:?}");
        assert!(refused.why.contains(why), "{sql}: {refused:?}");
        assert!(refused.instead.contains(instead), "{sql}: {refused:?}");
    }
    let placed = REFUSED.iter().filter(|(sql, ..)| refused(sql).at.is_some()).count();
    assert!(placed + 3 >= REFUSED.len(), "{placed} of {} have a place", REFUSED.len());
    assert!(REFUSED.len() >= 50);
}

#[test]
fn a_refusal_names_line_and_column() {
    let error = NodeError::from(refused("select count(*),\n  avg(age)\nfrom t\nwhere age > 65"));
    assert_eq!(error.kind, Kind::Usage);
    assert_eq!(error.place.as_deref(), Some("line 4, column 7 of the claim"));
    assert!(error.message.starts_with("age > 65: "), "{}", error.message);
    assert!(error.hint.is_some());
}

#[test]
fn a_count_of_all_rows_is_no_claim() {
    let people = people(50, 1);
    let refused = compiled("select count(*) from t").check_against(&body(&people)).unwrap_err();
    assert!(refused.why.contains("50") && refused.instead.contains("WHERE"), "{refused:?}");
    assert!(compiled("select count(*) from t where smoker").check_against(&body(&people)).is_ok());
}

#[test]
fn long_and_deep_claims_are_refused() {
    let long = format!("select avg(age) from t where {}smoker", " ".repeat(CLAIM_BYTES_MAX));
    assert!(refused(&long).why.contains("bytes"));
    let chain = format!("select avg(age) from t where {}smoker", "smoker and ".repeat(1200));
    assert_eq!(compiled(&chain).text(), "SELECT avg(age) FROM t WHERE smoker");
    let many = format!("select {}avg(age) from t", "avg(age), ".repeat(64));
    assert!(refused(&many).why.contains("64"));
    for deep in [
        format!("select avg(age) from t where {}smoker{}", "(".repeat(5000), ")".repeat(5000)),
        format!("select avg(age) from t where {}smoker", "not ".repeat(3000)),
        format!("select avg({}age{}) from t", "(".repeat(4000), ")".repeat(4000)),
    ] {
        // Refused or taken, but never more than the stack.
        let _ = Claim::compile(&deep, &schema());
    }
}

#[test]
fn odd_names_and_levels_are_found_again() {
    let schema: Schema =
        "select:int[0..9],a\"b:bool,Größe:fixed(2)?[0..3],x y:category(it's|'|\\|--)"
            .parse()
            .unwrap();
    let sql = "select \"x y\", avg(\"select\"), avg(cast(\"a\"\"b\" as bigint)), sum(\"Größe\") \
               from t where \"x y\" = 'it''s' group by \"x y\"";
    let claim = Claim::compile(sql, &schema).unwrap();
    assert_eq!(claim.statement().conditions, [Condition::Level(3, 0)]);
    assert_eq!(Claim::compile(claim.text(), &schema).unwrap(), claim);
    for (at, level) in ["it''s", "''", "\\", "--"].iter().enumerate() {
        let sql = format!("select count(*) from t where \"x y\" = '{level}'");
        let claim = Claim::compile(&sql, &schema).unwrap();
        assert_eq!(claim.statement().conditions, [Condition::Level(3, at as u8)]);
        assert_eq!(Claim::compile(claim.text(), &schema).unwrap(), claim);
    }
}

#[test]
fn a_number_is_compared_with_thresholds_that_were_declared_and_with_no_others() {
    let schema: Schema = "age:int[18..90]{40,65},kg:fixed(1)?[-50..50]{-2.5,0}".parse().unwrap();
    for (condition, reads, written) in [
        ("age >= 40", Condition::AtLeast(0, 0), "age >= 40"),
        ("65 > AGE", Condition::Below(0, 1), "age < 65"),
        ("40 <= age", Condition::AtLeast(0, 0), "age >= 40"),
        ("not (age >= 65)", Condition::Below(0, 1), "age < 65"),
        ("NOT age < 65", Condition::AtLeast(0, 1), "age >= 65"),
        ("kg >= -2.50", Condition::AtLeast(1, 0), "kg >= -2.5"),
        ("kg < 0.0", Condition::Below(1, 1), "kg < 0"),
    ] {
        let claim = format!("select count(*) from t where {condition}");
        let claim = Claim::compile(&claim, &schema).unwrap_or_else(|e| panic!("{condition}: {e}"));
        let expected = statement(&[reads], &[], &[Measure::Count]);
        assert_eq!(claim.statement(), &expected, "{condition}");
        let text = format!("SELECT count(*) FROM t WHERE {written}");
        assert_eq!(claim.text(), text);
        assert_eq!(Claim::compile(&text, &schema).unwrap().statement(), &expected);
    }
    for condition in [
        "age > 40",
        "age <= 40",
        "age >= 41",
        "age >= 40.5",
        "age = 40",
        "age between 40 and 65",
        "kg < 2",
        "kg >= 2.5",
        "age >= kg",
        "age >= 'x'",
    ] {
        let claim = format!("select count(*) from t where {condition}");
        let error = Claim::compile(&claim, &schema).unwrap_err();
        assert!(error.why.contains("declared"), "{condition}: {error}");
    }
    let error = Claim::compile("select count(*) from t where age >= 41", &schema).unwrap_err();
    assert!(error.instead.contains("40, 65"), "{error}");
}

#[test]
fn groups_of_numbers_are_said_with_all_their_thresholds() {
    let compiled = |sql: &str| {
        Claim::compile(sql, &banded()).unwrap_or_else(|refused| panic!("{sql}: {refused}"))
    };
    let sum = Measure::Sum;
    for (sql, expected, text) in [
        (
            "select age >= 40, age >= 65, count(*) from t group by age >= 40, age >= 65",
            statement(&[], &[0], &[Measure::Count]),
            "SELECT age >= 40, age >= 65, count(*) FROM t GROUP BY age >= 40, age >= 65",
        ),
        (
            "select avg(diff_kg), 65 <= t.AGE, sex from t \
             group by age >= 65, sex, not (age < 40), age >= 65.0",
            statement(&[], &[0, 3], &[Measure::Count, sum(CHANGE)]),
            "SELECT avg(diff_kg), age >= 65, sex FROM t GROUP BY age >= 40, age >= 65, sex",
        ),
        (
            "select count(*) from t group by diff_kg >= 0, diff_kg >= 20, diff_kg >= -2.5",
            statement(&[], &[1], &[Measure::Count]),
            "SELECT count(*) FROM t GROUP BY diff_kg >= -2.5, diff_kg >= 0, diff_kg >= 20",
        ),
    ] {
        let claim = compiled(sql);
        assert_eq!(claim.statement(), &expected, "{sql}");
        assert_eq!(claim.text(), text);
        assert_eq!(compiled(text), claim);
    }
    let all = "GROUP BY age >= 40, age >= 65";
    let changes = "diff_kg >= -2.5, diff_kg >= 0, diff_kg >= 20";
    for (sql, what, why, instead) in [
        ("select count(*) from t group by age", "age", "bands", all),
        ("select count(*) from t group by age >= 40", "GROUP BY age >= 40", "all thresholds", all),
        (
            "select count(*) from t group by age < 40, age >= 65",
            "age < 40",
            "which thresholds",
            all,
        ),
        ("select count(*) from t group by age >= 41, age >= 65", "age >= 41", "declared", "40, 65"),
        ("select count(*) from t group by (age >= 40) is true", "IS TRUE", "committed", "name"),
        ("select age >= 40, count(*) from t", "age >= 40", "not grouped by", "GROUP BY"),
        ("select age >= 66, count(*) from t", "age >= 66", "declared", "40, 65"),
        ("select age, count(*) from t group by age >= 40, age >= 65", "age", "grouped by", "age"),
        (
            &format!("select avg(age) from t group by {changes}"),
            "GROUP BY diff_kg",
            "own",
            "WHERE diff_kg IS NOT NULL",
        ),
        (
            &format!("select grp, count(*) from t where grp = 'a' group by grp, sex, {changes}"),
            "diff_kg >= -2.5",
            "at most 2",
            "each level",
        ),
    ] {
        let refused = Claim::compile(sql, &banded()).unwrap_err();
        assert!(refused.what.contains(what), "{sql}: {refused:?}");
        assert!(refused.why.contains(why), "{sql}: {refused:?}");
        assert!(refused.instead.contains(instead), "{sql}: {refused:?}");
        assert!(refused.at.is_some(), "{sql}");
    }
}

/// GROUP BY, HAVING, the groups that are left out, and HAVING as it is written out.
const HAVING: &[(&str, &str, &[u16], &str)] = &[
    ("grp", "grp not in ('c', 'b', 'c')", &[1, 2], "grp NOT IN ('b', 'c')"),
    ("grp", "grp = 'a'", &[1, 2], "grp NOT IN ('b', 'c')"),
    ("grp", "'a' <> t.grp and not grp in ('b')", &[0, 1], "grp NOT IN ('a', 'b')"),
    (
        "grp, sex",
        "not (sex = 'f' and grp = 'c') and (grp = 'b' or sex = 'f' or grp = 'c')",
        &[1, 4],
        "NOT (grp = 'a' AND sex = 'm') AND NOT (grp = 'c' AND sex = 'f')",
    ),
    (AGES, "age >= 65", &[0, 1], "age >= 40 AND NOT (age >= 40 AND NOT age >= 65)"),
    (AGES, "age < 40", &[1, 2], "NOT (age >= 40 AND NOT age >= 65) AND NOT age >= 65"),
    (AGES, "not 40 > age and age < 65", &[0, 2], "age >= 40 AND NOT age >= 65"),
    (
        "sex, age >= 40, age >= 65",
        "sex = 'm' or (age >= 40 and age < 65)",
        &[0, 2],
        "NOT (sex = 'f' AND NOT age >= 40) AND NOT (sex = 'f' AND age >= 65)",
    ),
];

const AGES: &str = "age >= 40, age >= 65";

#[test]
fn groups_are_left_out_by_name() {
    let compile = |sql: &str| {
        let schema = "age:int[18..90]{40,65},grp:category(a|b|c),sex:category(f|m),smoker:bool";
        Claim::compile(sql, &schema.parse().unwrap())
    };
    let compiled = |sql: &str| compile(sql).unwrap_or_else(|refused| panic!("{sql}: {refused}"));
    for (by, told, places, written) in HAVING {
        let claim = compiled(&format!("select count(*) from t group by {by} having {told}"));
        assert_eq!(claim.statement().withheld, *places, "{told}");
        let text = format!("SELECT count(*) FROM t GROUP BY {by} HAVING {written}");
        assert_eq!(claim.text(), text);
        assert_eq!(compiled(&text), claim);
    }
    let one = "follows from what all hold";
    for (rest, what, why) in [
        ("group by grp having grp <> 'b'", "HAVING grp <> 'b'", one),
        ("group by grp having not (grp = 'b' and grp = 'c')", "HAVING NOT", "no group out"),
        ("group by grp having grp = 'b' and grp = 'c'", "HAVING grp", "all groups out"),
        ("group by grp having sex = 'f'", "sex = 'f'", "sex is not grouped by"),
        ("group by grp having smoker", "smoker", "by name"),
        ("group by grp having grp not in ('d', 'b')", "grp NOT IN", "without the level"),
        ("group by grp having grp in (select 'a')", "grp IN (SELECT", "by name"),
        ("group by grp having grp is not null", "grp IS NOT NULL", "by name"),
        ("group by grp having count(*) >= 10", "count(*) >= 10", "only that one is"),
        ("group by grp having 10 <= count(*) and grp = 'a'", "10 <= count(*)", "only that one is"),
        ("group by age >= 40, age >= 65 having age >= 41", "age >= 41", "declared"),
        ("where grp = 'b' group by grp having grp = 'b'", "HAVING beside grp", "totals"),
    ] {
        let refused = compile(&format!("select count(*) from t {rest}")).unwrap_err();
        assert!(refused.what.contains(what), "{rest}: {refused:?}");
        assert!(refused.why.contains(why), "{rest}: {refused:?}");
        assert!(refused.at.is_some(), "{rest}");
    }
    let level = "select avg(cast(grp = 'a' as bigint)) from t group by grp having grp = 'a'";
    assert!(compile(level).unwrap_err().why.contains("totals"));
    // The null group is none that HAVING could tell.
    let open = "select count(*) from t group by grp having grp = 'a'";
    let refused = Claim::compile(open, &schema()).unwrap_err();
    assert!(refused.instead.contains("WHERE grp IS NOT NULL"), "{refused:?}");
}

#[test]
fn a_text_that_grows_beyond_the_limit_is_refused() {
    let levels: Vec<String> = (0..64).map(|at| format!("{}{at}", "x".repeat(200))).collect();
    let levels = levels.join("|");
    let schema: Schema = format!("a:category({levels}),b:category({levels})").parse().unwrap();
    let told = format!("a = '{}7' and b = '{}8'", "x".repeat(200), "x".repeat(200));
    let sql = format!("select count(*) from t group by a, b having {told}");
    assert!(sql.len() < CLAIM_BYTES_MAX);
    let refused = Claim::compile(&sql, &schema).unwrap_err();
    assert!(refused.why.contains("bytes"), "{refused:?}");
}

#[test]
fn claims_that_a_parser_would_never_be_done_with_are_refused() {
    // Each level doubled its work. On threads, so that one without an end fails.
    let words = ["cast(", "interval ", "interval cast(", "case when cast("];
    let mut texts = words.map(|word| format!("SELECT {}", word.repeat(200))).to_vec();
    texts.push(format!("SELECT {}a{} %", "CAST(".repeat(12), ".a".repeat(7000)));
    for text in texts {
        let (send, heard) = std::sync::mpsc::channel();
        let asked = text.clone();
        std::thread::spawn(move || send.send(refused(&asked)));
        let told = heard.recv_timeout(std::time::Duration::from_secs(60));
        assert!(told.is_ok(), "{text}");
    }
}
