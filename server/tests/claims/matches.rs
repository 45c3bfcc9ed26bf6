//! Claims over random small tables against the engine over the same rows, to the last bit.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema as ArrowSchema};
use veritrail_proof::columns::Role;
use veritrail_proof::columns::build::{Cell, ColumnBuilder};
use veritrail_proof::policy;
use veritrail_proof::statement::Measure;
use veritrail_proof::statement::plan::plan;
use veritrail_server::claims::answers::{Value, rows_of};
use veritrail_server::claims::{Claim, Key};

use super::engine::{Told, ask, told};
use super::fixture::*;

const CONDITIONS: &[&str] = &[
    "smoker",
    "NOT smoker",
    "smoker = false",
    "(smoker IS NOT FALSE)",
    "treated",
    "NOT (treated)",
    "treated = true",
    "treated <> true",
    "treated IS FALSE",
    "NOT NOT treated",
    "sex = 'f'",
    "sex <> 'f'",
    "'m' = t.sex",
    "NOT sex IN ('f')",
    "grp = 'b'",
    "grp IN ('a')",
    "(\"grp\" = 'c')",
    "diff_kg IS NOT NULL",
    "treated IS NOT NULL",
    "age >= 40",
    "NOT age >= 65",
    "65 > age",
    "diff_kg < -2.5",
    "(diff_kg >= 0.0)",
    "20 <= diff_kg",
];

const NUMBERS: &[&str] = &[
    "age",
    "diff_kg",
    "CAST(smoker AS BIGINT)",
    "CAST(treated AS BIGINT)",
    "CAST(grp = 'a' AS BIGINT)",
    "CAST(sex = 'm' AS BIGINT)",
];

const OF_ONE: &[&str] =
    &["sum", "avg", "mean", "var_samp", "var_pop", "stddev", "stddev_samp", "stddev_pop", "var"];

const OF_TWO: &[&str] = &[
    "covar_samp",
    "covar_pop",
    "corr",
    "regr_slope",
    "regr_intercept",
    "regr_count",
    "regr_r2",
    "regr_avgx",
    "regr_avgy",
    "regr_sxx",
    "regr_syy",
    "regr_sxy",
];

const CHANGES: &[&str] = &["diff_kg >= -2.5", "diff_kg >= 0", "diff_kg >= 20"];

const GROUPS: &[&[&str]] = &[
    &[],
    &[],
    &[],
    &["sex"],
    &["grp"],
    &["grp", "sex"],
    &["age >= 40", "age >= 65"],
    &["age >= 65", "sex", "age >= 40"],
    CHANGES,
    &["sex", CHANGES[2], CHANGES[0], CHANGES[1]],
];

/// Which groups are told, in all forms that claims take.
fn having(groups: &[&str]) -> &'static [&'static str] {
    match groups {
        ["grp"] => &[
            "grp NOT IN ('a', 'c')",
            "'b' = t.grp",
            "grp <> 'a' AND (NOT grp = 'b')",
            "NOT (grp = 'c' OR grp IN ('a'))",
        ],
        ["grp", "sex"] => &[
            "sex = 'f'",
            "NOT (grp = 'a' AND sex = 'f') AND NOT (sex = 'm' AND grp = 'b')",
            "grp NOT IN ('a', 'c') OR sex <> 'f'",
            "grp = 'b'",
        ],
        ["age >= 40", "age >= 65"] => &["age >= 65", "NOT age >= 40", "age >= 65 OR NOT age >= 40"],
        ["age >= 65", "sex", "age >= 40"] => &[
            "NOT (sex = 'f' AND age >= 65) AND NOT (NOT age >= 40 AND sex = 'm')",
            "age >= 40",
            "(age >= 40) AND NOT (age >= 65)",
        ],
        ["diff_kg >= -2.5", ..] => &[
            "diff_kg >= 0",
            "NOT (diff_kg >= -2.5 AND NOT diff_kg >= 20)",
            "NOT diff_kg >= 0 OR diff_kg >= 20.0",
        ],
        _ => &[],
    }
}

/// A random claim whose grouping columns, if any, come first.
fn random_claim(numbers: &mut Numbers) -> String {
    let groups = *numbers.of(GROUPS);
    let mut conditions: Vec<&str> =
        (0..numbers.below(3)).map(|_| *numbers.of(CONDITIONS)).collect();
    let mut items: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
    let open = ["grp", "diff_kg"].iter().find(|name| groups.iter().any(|by| by.contains(**name)));
    let alone = groups == ["grp"] || groups == CHANGES;
    let only_rows = alone && conditions.is_empty() && numbers.below(3) == 0;
    match open {
        Some(&"grp") if !only_rows => conditions.insert(0, "grp IS NOT NULL"),
        Some(_) if !only_rows => conditions.insert(0, "diff_kg IS NOT NULL"),
        _ => {}
    }
    let count = 1 + numbers.below(4);
    for _ in 0..count {
        let kind = match only_rows {
            true => 0,
            // Counts alone leave out the nulls of any column.
            false
                if conditions
                    .iter()
                    .skip(usize::from(open.is_some()))
                    .any(|one| one.ends_with("IS NOT NULL")) =>
            {
                *numbers.of(&[0, 1, 2, 1, 2, 4, 6])
            }
            false => numbers.below(8),
        };
        let of = *numbers.of(NUMBERS);
        items.push(match kind {
            0 => "count(*)".to_owned(),
            1 => format!("count({})", numbers.of(&["age", "sex", "smoker", "grp"])),
            2 => format!("count({})", numbers.of(&["diff_kg", "treated", "diff_kg"])),
            3..=5 => format!("{}({of})", numbers.of(OF_ONE)),
            _ => format!("{}({of}, {})", numbers.of(OF_TWO), numbers.of(NUMBERS)),
        });
    }
    let mut sql = format!("SELECT {} FROM t", items.join(", "));
    if !conditions.is_empty() {
        sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
    }
    if !groups.is_empty() {
        sql.push_str(&format!(" GROUP BY {}", groups.join(", ")));
    }
    let told = having(groups);
    if !told.is_empty() && numbers.below(2) == 0 {
        sql.push_str(&format!(" HAVING {}", numbers.of(told)));
    }
    sql
}

fn same(ours: &[Told], engine: &[Told]) -> bool {
    let bits = |one: &Told| match one {
        Told::Number(Value::Float(float)) => format!("{:016x}", float.to_bits()),
        other => format!("{other:?}"),
    };
    ours.len() == engine.len() && ours.iter().zip(engine).all(|(a, b)| bits(a) == bits(b))
}

#[test]
fn random_claims_have_the_engines_answers() {
    let (mut compared, mut withheld, mut null_groups, mut counts) = (0, 0, 0, 0);
    let (mut bands, mut left_out) = (0, 0);
    for seed in 0..3000 {
        let mut numbers = Numbers::new(seed);
        let rows = 20 + numbers.below(400) as usize;
        let people = people(rows, seed);
        let body = body(&people);
        let sql = random_claim(&mut numbers);
        let claim = match Claim::compile(&sql, &body.schema) {
            Ok(claim) => claim,
            Err(refused) => {
                // What the generator makes and no statement says.
                let known = refused.why.contains("the nulls of its own columns")
                    || refused.why.contains("no statement has")
                    || refused.why.contains("at most 2 conditions")
                    || refused.why.contains("totals of all groups")
                    || refused.why.contains("follows from what all hold");
                assert!(known, "{seed}: {sql}: {refused}");
                continue;
            }
        };
        // The engine wants results of different names.
        let items = claim.items();
        if (1..items.len()).any(|at| items[..at].contains(&items[at])) {
            continue;
        }
        let again = Claim::compile(claim.text(), &body.schema).unwrap();
        assert_eq!(again, claim, "{seed}: {sql}");
        let Ok(plan) = plan(claim.statement(), &body) else {
            assert!(claim.check_against(&body).is_err(), "{seed}: {sql}");
            continue;
        };
        assert!(claim.check_against(&body).is_ok());
        let integers: Vec<u128> =
            plan.claims.iter().map(|counted| direct(&people, counted)).collect();
        if policy::check(&body, claim.statement(), &plan, &integers).is_err() {
            withheld += 1;
            continue;
        }
        let ours = rows_of(&claim, &body, &integers).unwrap();
        // The text as it was written, and as it is written out: the same question.
        for text in [&sql[..], claim.text()] {
            let mut engine = ask(text, batch(&people));
            let told: Vec<Vec<Told>> = ours.iter().map(|row| told(&claim, row)).collect();
            assert_eq!(told.len(), engine.len(), "{seed}: {text}: {told:?} {engine:?}");
            for row in &told {
                let found = engine.iter().position(|other| same(row, other));
                let found = found.unwrap_or_else(|| panic!("{seed}: {text}: {row:?} {engine:?}"));
                engine.swap_remove(found);
            }
        }
        compared += 1;
        null_groups += usize::from(ours.iter().any(|row| row.group.contains(&None)));
        bands += usize::from(claim.keys().iter().any(|key| matches!(key, Key::AtLeast(..))));
        left_out += usize::from(!claim.statement().withheld.is_empty());
        let measures = &claim.statement().measures;
        counts += usize::from(measures.iter().any(|one| matches!(one, Measure::Present(_))));
    }
    assert!(compared >= 500, "{compared} compared, {withheld} withheld");
    assert!(withheld > 50 && null_groups > 2, "{withheld} withheld, {null_groups} of nulls");
    assert!(left_out > 100, "{left_out} leave groups out");
    assert!(counts > 100 && bands > 100, "{counts} count what is not null, {bands} by bands");
}

#[test]
fn least_squares_with_one_regressor_are_the_engines_line() {
    let people = people(300, 7);
    let body = body(&people);
    let claim = Claim::compile("select ols(diff_kg, age) from t", &body.schema).unwrap();
    let plan = plan(claim.statement(), &body).unwrap();
    let integers: Vec<u128> = plan.claims.iter().map(|counted| direct(&people, counted)).collect();
    let rows = rows_of(&claim, &body, &integers).unwrap();
    let values: Vec<Value> = rows[0].answers.iter().map(|answer| answer.value).collect();
    let line = "select regr_intercept(diff_kg, age), regr_slope(diff_kg, age), \
                regr_count(diff_kg, age) from t";
    let engine = ask(line, batch(&people));
    assert_eq!(engine[0][0], Told::Number(values[0]));
    assert_eq!(engine[0][1], Told::Number(values[1]));
    assert_eq!(engine[0][2], Told::Number(values[4]));
    let names: Vec<&str> = rows[0].answers.iter().map(|answer| &answer.name[..]).collect();
    let expected = [
        "ols(diff_kg, age) intercept",
        "ols(diff_kg, age) age",
        "ols(diff_kg, age) residual variance",
        "ols(diff_kg, age) residual degrees of freedom",
        "ols(diff_kg, age) rows",
    ];
    assert_eq!(names, expected);
    // s² = (Syy − slope·Sxy)/(n − 2), and the slope's error is √(s²/Sxx).
    let engine = ask(
        "select regr_syy(diff_kg, age), regr_sxy(diff_kg, age), regr_sxx(diff_kg, age) from t",
        batch(&people),
    );
    let number = |told: &Told| match told {
        Told::Number(Value::Float(float)) => *float,
        other => panic!("{other:?}"),
    };
    let (syy, sxy, sxx) = (number(&engine[0][0]), number(&engine[0][1]), number(&engine[0][2]));
    let Value::Whole(freedom) = values[3] else { panic!() };
    let variance = (syy - sxy * sxy / sxx) / freedom as f64;
    let error = (variance / sxx).sqrt();
    let found = rows[0].answers[1].standard_error.unwrap();
    assert!((found - error).abs() < 1e-9 * error, "{found} {error}");
}

#[test]
fn coefficients_stand_in_the_order_of_the_text() {
    let people = people(300, 9);
    let body = body(&people);
    let answer = |sql: &str| {
        let claim = Claim::compile(sql, &body.schema).unwrap();
        let plan = plan(claim.statement(), &body).unwrap();
        let integers: Vec<u128> =
            plan.claims.iter().map(|counted| direct(&people, counted)).collect();
        rows_of(&claim, &body, &integers).unwrap().remove(0).answers
    };
    let one = answer("select ols(diff_kg, age, CAST(smoker AS BIGINT)) from t");
    let other = answer("select ols(diff_kg, CAST(smoker AS BIGINT), age) from t");
    assert_eq!(one[1].value, other[2].value);
    assert_eq!(one[2].value, other[1].value);
    assert_ne!(one[1].value, one[2].value);
    assert_eq!(one[1].standard_error, other[2].standard_error);
}

#[test]
fn rounded_columns_are_within_the_printed_bound() {
    let (mut sums, mut means) = (0, 0);
    for seed in 0..200 {
        let mut numbers = Numbers::new(seed);
        let rows = 20 + numbers.below(200) as usize;
        let thousandths: Vec<Option<i128>> = (0..rows)
            .map(|_| (numbers.below(9) != 0).then(|| numbers.below(100_000) as i128 - 50_000))
            .collect();
        let schema = "x:fixed(1)?[-60..60]".parse::<veritrail_proof::schema::Schema>().unwrap();
        let mut builder = ColumnBuilder::new(&schema.columns()[0]);
        for cell in &thousandths {
            let text = cell.map(|number| format!("{number}e-3"));
            builder.push(text.as_deref().map_or(Cell::Null, Cell::Text)).unwrap();
        }
        let column = builder.finish();
        let words = column.cells(Role::Value);
        let sum: u128 = (0..rows).map(|row| u128::from(words.word(row))).sum();
        let n = thousandths.iter().flatten().count() as u128;
        let claim = Claim::compile("select sum(x), avg(x) from t", &schema).unwrap();
        let body = veritrail_proof::body::Body { schema, rows: rows as u64, ..body(&[]) };
        let rows = rows_of(&claim, &body, &[n, sum]).unwrap();
        let field = Field::new("x", DataType::Decimal128(8, 3), true);
        let exact: Decimal128Array = thousandths.iter().copied().collect();
        let exact: ArrayRef = Arc::new(exact.with_precision_and_scale(8, 3).unwrap());
        let table =
            RecordBatch::try_new(Arc::new(ArrowSchema::new(vec![field])), vec![exact]).unwrap();
        let engine = ask("select sum(x), avg(x) from t", table);
        let [sum, mean] = &rows[0].answers[..] else { panic!() };
        let (Value::Decimal(ours, 1), Some(Value::Decimal(within, 2))) = (sum.value, sum.within)
        else {
            panic!("{sum:?}")
        };
        let Told::Number(Value::Decimal(exact, 3)) = engine[0][0] else { panic!() };
        assert!((ours * 100 - exact).abs() <= within * 10, "{seed}");
        sums += usize::from(ours * 100 != exact);
        let (Value::Float(ours), Some(Value::Decimal(5, 2))) = (mean.value, mean.within) else {
            panic!("{mean:?}")
        };
        let Told::Number(Value::Float(exact)) = engine[0][1] else { panic!() };
        assert!((ours - exact).abs() <= 0.05, "{seed}");
        means += usize::from(ours != exact);
    }
    // The bound is there for a reason.
    assert!(sums > 150 && means > 150, "{sums} {means}");
}
