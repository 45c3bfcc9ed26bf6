//! Numbers of rows that nobody claims, and that the claimed counts tell: by what one leaves of
//! another, of two others, or of all levels of a category.

use std::collections::{BTreeMap, BTreeSet};

use crate::statement::plan::Fact;

/// Sums of counts, each of which is a number of rows whatever the rows are.
pub(super) struct Remainders(Vec<Terms>);

/// Kinds of count, by their places, and what each is taken by. The place after the last kind is the
/// number of all rows.
type Terms = Vec<(usize, i128)>;

impl Remainders {
    /// What counts of these kinds leave of one another.
    pub(super) fn of(kinds: &[Vec<Fact>]) -> Self {
        let all: Vec<&[Fact]> = kinds.iter().map(Vec::as_slice).chain([&[][..]]).collect();
        let known: BTreeMap<&[Fact], usize> =
            all.iter().enumerate().map(|(at, facts)| (*facts, at)).collect();
        let wider: Vec<BTreeSet<usize>> = kinds.iter().map(|kind| wider(kind, &all)).collect();
        let mut remainders = Vec::new();
        for (narrow, wider) in wider.iter().enumerate() {
            let rest = |wide: &usize| vec![(*wide, 1), (narrow, -1)];
            remainders.extend(wider.iter().filter(|wide| **wide != narrow).map(rest));
        }
        remainders.extend(neithers(kinds, &known, &wider));
        remainders.extend(other_levels(&all, &known));
        Self(remainders)
    }

    /// The numbers of rows that these counts tell; the last is that of all rows. Where the counts are
    /// false, a number may be below 0.
    pub(super) fn numbers(&self, counts: &[i128]) -> impl Iterator<Item = i128> {
        self.0.iter().map(|terms| terms.iter().map(|(at, by)| by * counts[*at]).sum())
    }
}

/// Kinds that count all rows of this one.
fn wider(kind: &[Fact], all: &[&[Fact]]) -> BTreeSet<usize> {
    let counts_all = |at: &usize| all[*at].iter().all(|fact| fact.follows_from(kind));
    (0..all.len()).filter(counts_all).collect()
}

/// Rows of a wide kind that are in neither of two others, where those in both are counted too.
fn neithers(
    kinds: &[Vec<Fact>],
    known: &BTreeMap<&[Fact], usize>,
    wider: &[BTreeSet<usize>],
) -> Vec<Terms> {
    let mut found = Vec::new();
    for (a, first) in kinds.iter().enumerate() {
        for (b, second) in kinds.iter().enumerate().skip(a + 1) {
            let nested = wider[a].contains(&b) || wider[b].contains(&a);
            let Some(both) = known.get(&joined(first, second)[..]).filter(|_| !nested) else {
                continue;
            };
            let wide = wider[a].intersection(&wider[b]);
            found.extend(wide.map(|wide| vec![(*wide, 1), (a, -1), (b, -1), (*both, 1)]));
        }
    }
    found
}

/// Rows of a kind that have none of a category's counted levels: no row has two of them.
fn other_levels(all: &[&[Fact]], known: &BTreeMap<&[Fact], usize>) -> Vec<Terms> {
    let mut levels: BTreeMap<u16, BTreeSet<Fact>> = BTreeMap::new();
    for fact in all.iter().copied().flatten() {
        if let Fact::Level(column, _) = fact {
            levels.entry(*column).or_default().insert(*fact);
        }
    }
    let mut found = Vec::new();
    for (wide, facts) in all.iter().enumerate() {
        for (column, levels) in &levels {
            if facts.iter().any(|fact| fact.says_more_of() == Some(*column)) {
                continue;
            }
            let with = |level: &Fact| known.get(&joined(facts, &[*level])[..]);
            let counted: Vec<usize> = levels.iter().filter_map(with).copied().collect();
            if counted.len() > 1 {
                let less = counted.iter().map(|level| (*level, -1));
                found.push([(wide, 1)].into_iter().chain(less).collect());
            }
        }
    }
    found
}

/// Both lists of facts as one, in the shortest form.
fn joined(first: &[Fact], second: &[Fact]) -> Vec<Fact> {
    let all: BTreeSet<Fact> = first.iter().chain(second).copied().collect();
    let said = |column: u16| all.iter().any(|fact| fact.says_more_of() == Some(column));
    let needed = |fact: &&Fact| !matches!(fact, Fact::Valid(column) if said(*column));
    all.iter().filter(needed).copied().collect()
}
