//! Statements held against earlier ones by the holder, set of rows by set of rows.

use veritrail_proof::ingest::prove::OpenVersion;
use veritrail_proof::policy::Refusal;
use veritrail_proof::statement::*;

use crate::fixtures::*;
use crate::statements::statement;

const EARLIER: Result<(), StatementError> = Err(StatementError::Policy(Refusal::Earlier));

/// Smokers are those of group a, but for `odd` people.
fn alike(odd: usize) -> Vec<Person> {
    let person = |row: usize| Person {
        age: 30 + (row % 40) as i64,
        change: Some(row as i64 % 90),
        group: Some(u8::from(row % 2 == 1)),
        smoker: row.is_multiple_of(2) ^ (row < odd),
    };
    (0..200).map(person).collect()
}

fn smokers() -> Statement {
    statement(&[Condition::True(3)], &[], &[Measure::Count])
}

fn of_group(level: u8) -> Statement {
    statement(&[Condition::Level(2, level)], &[], &[Measure::Sum(Quantity::Value(0))])
}

fn by_group() -> Statement {
    statement(&[], &[2], &[Measure::Count])
}

#[test]
fn releases_that_differ_in_few_rows_are_refused() {
    for (odd, few) in [(0, false), (1, true), (9, true), (10, false), (30, false)] {
        let open = published(&alike(odd)).open;
        let expected = if few { EARLIER } else { Ok(()) };
        for earlier in [of_group(0), by_group()] {
            assert_eq!(
                compare(&open, &smokers(), std::slice::from_ref(&earlier)),
                expected,
                "{odd}"
            );
            assert_eq!(compare(&open, &earlier, &[smokers()]), expected, "{odd}");
            // Any of several.
            let several = [smokers(), of_group(1), earlier];
            assert_eq!(compare(&open, &smokers(), &several), expected, "{odd}");
        }
        // Who is in neither, or in both.
        assert_eq!(compare(&open, &smokers(), &[of_group(1)]), expected, "{odd}");
        assert_eq!(compare(&open, &smokers(), &[]), Ok(()));
        assert_eq!(compare(&open, &smokers(), &[smokers()]), Ok(()));
    }
}

#[test]
fn what_does_not_fit_the_version_is_refused() {
    let open = published(&alike(20)).open;
    let unknown = statement(&[Condition::True(9)], &[], &[Measure::Count]);
    assert!(compare(&open, &unknown, &[smokers()]).is_err());
    assert!(compare(&open, &smokers(), &[unknown]).is_err());
}

/// Few rows, so that many sets differ in few.
fn village(seed: u64) -> (Vec<Person>, OpenVersion) {
    let people = people(60, seed);
    let open = published(&people).open;
    (people, open)
}

fn statements() -> Vec<Statement> {
    let value = |column| Quantity::Value(column);
    let measures = [
        vec![Measure::Count],
        vec![Measure::Sum(value(1))],
        vec![Measure::Present(vec![1, 2]), Measure::Count],
        vec![Measure::Gram(vec![value(0), value(1)])],
    ];
    let conditions = [vec![], vec![Condition::True(3)], vec![Condition::Level(2, 1)]];
    let mut all = Vec::new();
    for measures in &measures {
        for conditions in &conditions {
            let plain = statement(conditions, &[], measures);
            // The number of all rows needs no proof.
            if !conditions.is_empty() || *measures != [Measure::Count] {
                all.push(plain.clone());
            }
            if !conditions.contains(&Condition::Level(2, 1)) {
                let grouped = Statement { groups: vec![2], ..plain };
                // Where groups are withheld, no other presence of the grouping column is told.
                if !matches!(measures[0], Measure::Present(_)) {
                    all.push(Statement { withheld: vec![0, 2], ..grouped.clone() });
                }
                all.push(grouped);
            }
        }
    }
    all
}

/// The sets of rows that a statement tells, by its meaning.
fn sets(statement: &Statement, people: &[Person]) -> Vec<Vec<bool>> {
    let present = |person: &Person, column: u16| match column {
        1 => person.change.is_some(),
        2 => person.group.is_some(),
        _ => true,
    };
    let selected = |person: &Person| {
        statement.conditions.iter().all(|condition| match condition {
            Condition::True(3) => person.smoker,
            Condition::Level(2, level) => person.group == Some(*level),
            other => panic!("{other:?}"),
        })
    };
    let mut all = Vec::new();
    for measure in &statement.measures {
        let columns: Vec<u16> = match measure {
            Measure::Count => vec![],
            Measure::Sum(Quantity::Value(column)) => vec![*column],
            Measure::Present(columns) => columns.clone(),
            Measure::Gram(quantities) => quantities
                .iter()
                .map(|quantity| match quantity {
                    Quantity::Value(column) => *column,
                    other => panic!("{other:?}"),
                })
                .collect(),
            other => panic!("{other:?}"),
        };
        let counted = |person: &Person| {
            selected(person) && columns.iter().all(|column| present(person, *column))
        };
        let mut tell = |groups: &[u8]| {
            all.push(
                people
                    .iter()
                    .map(|person| {
                        counted(person) && person.group.is_some_and(|group| groups.contains(&group))
                    })
                    .collect(),
            );
        };
        if statement.groups.is_empty() {
            all.push(people.iter().map(counted).collect());
            continue;
        }
        tell(&[0, 1, 2]);
        let withheld: Vec<u8> = statement.withheld.iter().map(|group| *group as u8).collect();
        (0..3).filter(|group| !withheld.contains(group)).for_each(|group| tell(&[group]));
        if !withheld.is_empty() {
            tell(&withheld);
        }
    }
    all
}

fn few_differ(first: &[bool], second: &[bool]) -> bool {
    let apart = first.iter().zip(second).filter(|(first, second)| first != second).count();
    (1..10).contains(&apart) || (1..10).contains(&(first.len() - apart))
}

#[test]
fn random_tables_are_compared_as_their_sets_of_rows_are() {
    let (mut refused, mut allowed) = (0, 0);
    for seed in 0..4 {
        let (people, open) = village(seed);
        for new in &statements() {
            for old in &statements() {
                let (first, second) = (sets(new, &people), sets(old, &people));
                let few = first.iter().any(|a| second.iter().any(|b| few_differ(a, b)));
                let expected = if few { EARLIER } else { Ok(()) };
                assert_eq!(
                    compare(&open, new, std::slice::from_ref(old)),
                    expected,
                    "{new:?} {old:?}"
                );
                *(if few { &mut refused } else { &mut allowed }) += 1;
            }
        }
    }
    assert!(refused > 100 && allowed > 100, "{refused} {allowed}");
}
