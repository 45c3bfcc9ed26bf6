//! Statements held against earlier ones by the holder, set of rows by set of rows.

use std::collections::BTreeSet;
use std::str::FromStr;

use veritrail_proof::columns::build::{Cell, ColumnBuilder};
use veritrail_proof::ingest::prove::OpenVersion;
use veritrail_proof::ingest::publish;
use veritrail_proof::policy::{Policy, Refusal};
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::*;

use crate::fixtures::*;
use crate::statements::statement;

/// Which of the earlier statements is in the way.
fn compare(open: &OpenVersion, new: &Statement, earlier: &[Statement]) -> Option<usize> {
    Comparison::new(open, new, earlier).unwrap().conflict(&new.withheld).unwrap()
}

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
        let expected = few.then_some(0);
        for earlier in [of_group(0), by_group()] {
            assert_eq!(
                compare(&open, &smokers(), std::slice::from_ref(&earlier)),
                expected,
                "{odd}"
            );
            assert_eq!(compare(&open, &earlier, &[smokers()]), expected, "{odd}");
            // Any of several.
            let several = [smokers(), earlier];
            assert_eq!(compare(&open, &smokers(), &several), few.then_some(1), "{odd}");
        }
        // Who is in neither, or in both.
        assert_eq!(compare(&open, &smokers(), &[of_group(1)]), expected, "{odd}");
        assert_eq!(compare(&open, &smokers(), &[]), None);
        assert_eq!(compare(&open, &smokers(), &[smokers()]), None);
    }
}

#[test]
fn what_does_not_fit_the_version_is_refused() {
    let open = published(&alike(20)).open;
    let unknown = statement(&[Condition::True(9)], &[], &[Measure::Count]);
    assert!(Comparison::new(&open, &unknown, &[smokers()]).is_err());
    let (known, unknown) = (smokers(), [unknown]);
    assert!(Comparison::new(&open, &known, &unknown).unwrap().conflict(&[]).is_err());
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

type Rows = Vec<bool>;

/// What one kind of count tells: groups that are told, those that are withheld, and who is in none.
struct Kind {
    told: Vec<Rows>,
    withheld: Option<Rows>,
}

impl Kind {
    fn all(&self) -> Rows {
        union(self.told[0].len(), self.told.iter().chain(&self.withheld))
    }

    fn outside(&self) -> Rows {
        self.all().into_iter().map(|row| !row).collect()
    }

    fn pieces(&self) -> Vec<Rows> {
        let outside = self.outside();
        self.told.iter().chain(&self.withheld).cloned().chain([outside]).collect()
    }

    /// All sets of which the size is told.
    fn sets(&self) -> Vec<Rows> {
        let told = union(self.told[0].len(), self.told.iter());
        [&self.pieces()[..], &[told, self.all()]].concat()
    }

    /// Told groups alone, and with what else is known.
    fn choices(&self) -> Vec<Vec<Rows>> {
        let outside = self.outside();
        let mut choices = vec![self.told.clone(), [&self.told[..], &[outside]].concat()];
        if let Some(withheld) = &self.withheld {
            choices.push([&self.told[..], std::slice::from_ref(withheld)].concat());
            choices.push(self.pieces());
        }
        choices
    }
}

/// What a statement tells, by its meaning.
fn kinds(statement: &Statement, people: &[Person]) -> Vec<Kind> {
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
    let grouped = !statement.groups.is_empty();
    let withheld: Vec<u8> = statement.withheld.iter().map(|group| *group as u8).collect();
    // Columns that a count asks for beyond what conditions and groups do.
    let asked = |measure: &Measure| {
        let columns = match measure {
            Measure::Count => vec![],
            Measure::Sum(quantity) => values(&[*quantity]),
            Measure::Present(columns) => columns.clone(),
            Measure::Gram(quantities) => values(quantities),
        };
        let implied = |column: u16| {
            let by_level = statement.conditions.contains(&Condition::Level(2, 1));
            column == 0 || column == 2 && (grouped || by_level)
        };
        columns.into_iter().filter(|column| !implied(*column)).collect::<BTreeSet<u16>>()
    };
    let kind = |columns: &BTreeSet<u16>| {
        let counted = |person: &Person| {
            selected(person) && columns.iter().all(|column| present(person, *column))
        };
        if !grouped {
            return Kind { told: vec![people.iter().map(counted).collect()], withheld: None };
        }
        let of = |groups: &[u8]| -> Rows {
            let of = |person: &Person| person.group.is_some_and(|group| groups.contains(&group));
            people.iter().map(|person| counted(person) && of(person)).collect()
        };
        let groups: Vec<u8> = (0..3).filter(|group| !withheld.contains(group)).collect();
        let told = groups.iter().map(|group| of(&[*group])).collect();
        Kind { told, withheld: (!withheld.is_empty()).then(|| of(&withheld)) }
    };
    let columns: BTreeSet<BTreeSet<u16>> = statement.measures.iter().map(asked).collect();
    let mut kinds: Vec<Kind> = columns.iter().map(kind).collect();
    for wide in &columns {
        for narrow in columns.iter().filter(|narrow| *narrow != wide && wide.is_subset(narrow)) {
            let (wide, narrow) = (kind(wide), kind(narrow));
            let left = |(wide, narrow): (&Rows, &Rows)| -> Rows {
                wide.iter().zip(narrow).map(|(wide, narrow)| *wide && !*narrow).collect()
            };
            let told = wide.told.iter().zip(&narrow.told).map(left).collect();
            let withheld = wide.withheld.iter().zip(&narrow.withheld).map(left).next();
            kinds.push(Kind { told, withheld });
        }
    }
    kinds
}

fn values(quantities: &[Quantity]) -> Vec<u16> {
    let value = |quantity: &Quantity| match quantity {
        Quantity::Value(column) => *column,
        other => panic!("{other:?}"),
    };
    quantities.iter().map(value).collect()
}

fn size(rows: &Rows) -> usize {
    rows.iter().filter(|row| **row).count()
}

fn both(first: &Rows, second: &Rows) -> Rows {
    first.iter().zip(second).map(|(first, second)| *first && *second).collect()
}

fn union<'a>(rows: usize, all: impl Iterator<Item = &'a Rows>) -> Rows {
    all.fold(vec![false; rows], |union, rows| {
        union.iter().zip(rows).map(|(first, second)| *first || *second).collect()
    })
}

fn few(count: usize) -> bool {
    (1..10).contains(&count)
}

fn apart(first: &Rows, second: &Rows) -> usize {
    first.iter().zip(second).filter(|(first, second)| first != second).count()
}

/// Whether pieces fill a set, or cover it, but for few.
fn leave_few(set: &Rows, pieces: &[Rows]) -> bool {
    let within = pieces.iter().filter(|piece| both(piece, set) == **piece);
    let touching = pieces.iter().filter(|piece| size(&both(piece, set)) > 0);
    let (within, touching) = (union(set.len(), within), union(set.len(), touching));
    let all = set.len();
    size(&within) > 0 && few(apart(set, &within))
        || size(&touching) < all && few(apart(set, &touching))
}

/// Whether a union of groups that overlap with no others of the other side differs in few.
fn islands_differ_in_few(new: &[Rows], old: &[Rows]) -> bool {
    new.iter().any(|first| {
        let rows = first.len();
        let (mut left, mut right) = (first.clone(), vec![false; rows]);
        loop {
            let touching = |of: &Rows, all: &[Rows]| {
                union(rows, all.iter().filter(|group| size(&both(group, of)) > 0))
            };
            let more = touching(&left, old);
            let back = touching(&more, new);
            let back = union(rows, [&left, &back].into_iter());
            if (&back, &more) == (&left, &right) {
                let some = size(&right) > 0 && size(&left).max(size(&right)) < rows;
                break some && few(apart(&left, &right));
            }
            (left, right) = (back, more);
        }
    })
}

fn tell_few(new: &Kind, old: &Kind) -> bool {
    let (news, olds) = (new.sets(), old.sets());
    let near = |new: &Rows| {
        olds.iter().any(|old| few(apart(new, old)) || few(new.len() - apart(new, old)))
    };
    news.iter().any(near)
        || news.iter().any(|set| leave_few(set, &old.pieces()))
        || olds.iter().any(|set| leave_few(set, &new.pieces()))
        || new
            .choices()
            .iter()
            .any(|new| old.choices().iter().any(|old| islands_differ_in_few(new, old)))
}

#[test]
fn random_tables_are_compared_as_their_sets_of_rows_are() {
    let (mut refused, mut allowed) = (0, 0);
    for seed in 0..4 {
        let (people, open) = village(seed);
        for new in &statements() {
            for old in &statements() {
                let (first, second) = (kinds(new, &people), kinds(old, &people));
                let few = first.iter().any(|a| second.iter().any(|b| tell_few(a, b)));
                // What a statement tells by itself, its policy decides.
                let few = few && new != old;
                let found = compare(&open, new, std::slice::from_ref(old));
                assert_eq!(found, few.then_some(0), "{new:?} {old:?}");
                *(if few { &mut refused } else { &mut allowed }) += 1;
            }
        }
    }
    assert!(refused > 100 && allowed > 100, "{refused} {allowed}");
}

/// Band of ages, group, flag, and how many people are so.
type Part = (i64, Option<u8>, bool, usize);

const AGES: u16 = 0;
const GROUP: u16 = 1;
const FLAG: u16 = 2;

fn made_of(parts: &[Part]) -> OpenVersion {
    let schema = "age:int[0..99]{30,60},grp:category(a|b|c)?,flag:bool";
    let schema = Schema::from_str(schema).unwrap();
    let mut builders: Vec<ColumnBuilder<'_>> =
        schema.columns().iter().map(ColumnBuilder::new).collect();
    for (band, group, flag, count) in parts {
        for at in 0..*count {
            builders[0].push(Cell::Integer(30 * band + at as i64 % 30)).unwrap();
            let group = group.map(|group| ["a", "b", "c"][usize::from(group)]);
            builders[1].push(group.map_or(Cell::Null, Cell::Text)).unwrap();
            builders[2].push(Cell::Boolean(*flag)).unwrap();
        }
    }
    let columns = builders.into_iter().map(ColumnBuilder::finish).collect();
    publish(&did(), 1, Policy::default(), columns, seed(), &ENTROPY).unwrap().open
}

fn grouped(conditions: &[Condition], group: u16, withheld: &[u16]) -> Statement {
    let withheld = withheld.to_vec();
    Statement { withheld, ..statement(conditions, &[group], &[Measure::Count]) }
}

fn both_ways(open: &OpenVersion, first: &Statement, second: &Statement) -> Option<usize> {
    let found = compare(open, first, std::slice::from_ref(second));
    assert_eq!(found, compare(open, second, std::slice::from_ref(first)));
    found
}

/// Of tables that differ in how many people are odd, those are refused in which they are few.
fn few_are_refused(made: impl Fn(usize) -> Vec<Part>, first: &Statement, second: &Statement) {
    for (odd, few) in [(0, false), (3, true), (9, true), (10, false), (20, false)] {
        let found = both_ways(&made_of(&made(odd)), first, second);
        assert_eq!(found, few.then_some(0), "{odd}");
    }
}

fn flagged() -> Statement {
    statement(&[Condition::True(FLAG)], &[], &[Measure::Count])
}

#[test]
fn the_groups_that_fill_a_set_are_taken_from_it() {
    // Groups a and b have the flag, and some of c; 40 are of no group.
    let made = |odd| {
        vec![
            (0, Some(0), true, 40),
            (0, Some(1), true, 40),
            (0, Some(2), true, odd),
            (0, Some(2), false, 40 - odd),
            (0, None, false, 40),
        ]
    };
    few_are_refused(made, &flagged(), &grouped(&[], GROUP, &[]));
}

#[test]
fn a_set_is_taken_from_the_groups_that_cover_it() {
    // With the flag: half of group a, all of c, and all of b but some. Told are a of these, and all
    // three of all; 40 are of no group.
    let made = |odd| {
        vec![
            (0, Some(0), true, 20),
            (0, Some(0), false, 20),
            (0, Some(1), true, 40 - odd),
            (0, Some(1), false, odd),
            (0, Some(2), true, 40),
            (0, None, false, 40),
        ]
    };
    let flagged = grouped(&[Condition::True(FLAG)], GROUP, &[1, 2]);
    few_are_refused(made, &flagged, &grouped(&[], GROUP, &[]));
}

#[test]
fn groups_that_overlap_among_themselves_are_taken_from_one_another() {
    // Groups a and b are the two lower bands of ages, but for some of no group.
    let made = |odd| {
        vec![
            (0, Some(0), true, 20),
            (1, Some(0), true, 20),
            (0, Some(1), true, 20),
            (1, Some(1), true, 20),
            (1, None, true, odd),
            (2, Some(2), true, 40),
            (2, None, true, 40),
        ]
    };
    few_are_refused(made, &grouped(&[], GROUP, &[]), &grouped(&[], AGES, &[]));
}

#[test]
fn who_is_in_no_group_is_taken_with_the_told() {
    // With the flag: all of group a, and those of no group but some.
    let made = |odd| {
        vec![
            (0, None, true, 12),
            (0, None, false, odd),
            (0, Some(0), true, 30),
            (0, Some(1), false, 40),
        ]
    };
    few_are_refused(made, &flagged(), &grouped(&[], GROUP, &[]));
}

#[test]
fn what_is_withheld_is_taken_with_the_told() {
    // With the flag: all of group a, and those of b and c, which are withheld, but some.
    let made = |odd| {
        vec![
            (0, Some(0), true, 30),
            (0, Some(1), true, 15),
            (0, Some(2), true, 12),
            (0, Some(2), false, odd),
            (0, None, false, 40),
        ]
    };
    few_are_refused(made, &flagged(), &grouped(&[], GROUP, &[1, 2]));
}

#[test]
fn a_holder_withholds_what_earlier_releases_would_tell() {
    let open = three_groups();
    let by_group = statement(&[], &[2], &[Measure::Count]);
    let alone = withhold(&open, &by_group, &[]).unwrap();
    assert_eq!(alone.withheld, [1, 2]);
    // Who is of group a or b is told already: what is withheld of these is c's as well.
    let told = statement(&[Condition::True(3)], &[], &[Measure::Count]);
    assert_eq!(compare(&open, &alone, std::slice::from_ref(&told)), Some(0));
    let refused = withhold(&open, &by_group, &[told]);
    assert_eq!(refused, Err(StatementError::Policy(Refusal::Earlier)));
    assert_eq!(withhold(&open, &by_group, std::slice::from_ref(&alone)), Ok(alone));
}

/// Of 200 people five are of group c and do not smoke, with five others; 60 of group b do.
fn three_groups() -> OpenVersion {
    let person = |row: usize| Person {
        age: 30 + (row % 40) as i64,
        change: None,
        group: Some(match row {
            0..5 => 2,
            5..65 => 1,
            _ => 0,
        }),
        smoker: (5..65).contains(&row),
    };
    published(&(0..200).map(person).collect::<Vec<_>>()).open
}
