//! How many rows the groups of one statement share with those of another, and whether what both
//! tell leaves few of them.
//!
//! A statement tells *sets* of rows: each group that it does not withhold, all of them, all groups,
//! and all that are withheld. Few rows are told where two sets differ in few, or share all but few; where told
//! groups of the other statement fill a set, or cover it, but for few; and where told groups of both
//! overlap among themselves alone and differ in few (an age group in all wards is the same people
//! as the parts of that age group, so what one statement leaves out of it the other tells).

use zeroize::Zeroizing;

/// Two kinds of count beside one another.
pub(super) struct Table {
    new: Grid,
    /// The same with lines for columns.
    old: Grid,
    /// Which groups of the earlier statement are told.
    told: Vec<bool>,
}

impl Table {
    /// Counts the rows of two kinds, from the group of each row and the number of groups.
    pub(super) fn new(
        (new, lines): (&[u16], usize),
        (old, columns): (&[u16], usize),
        told: Vec<bool>,
    ) -> Self {
        let turned = Grid::new((old, columns), (new, lines));
        Self { new: Grid::new((new, lines), (old, columns)), old: turned, told }
    }

    /// Whether the statement, of which these groups are told, and the earlier one tell a number of
    /// rows below the minimum, but for none.
    pub(super) fn tells_few(&self, told: &[bool], minimum: u64) -> bool {
        let few = |count| few(count, minimum);
        let (new_sets, old_sets) = (sets(told), sets(&self.told));
        let few_apart = |new: &[usize], old: &[usize]| {
            let apart = self.new.size(new) + self.old.size(old) - 2 * self.new.shared(new, old);
            (few(apart), few(self.new.rows() - apart))
        };
        let near = |new: &Set| {
            old_sets.iter().any(|old| {
                let (apart, opposite) = few_apart(new, old);
                apart || opposite
            })
        };
        new_sets.iter().any(near)
            || new_sets.iter().any(|set| self.new.leaves_few(set, &self.told, few))
            || old_sets.iter().any(|set| self.old.leaves_few(set, told, few))
            || self.islands(told).iter().any(|(new, old)| few_apart(new, old).0)
    }

    /// The told groups of both statements that overlap, directly or over others.
    fn islands(&self, told: &[bool]) -> Vec<(Set, Set)> {
        let mut seen = vec![false; told.len()];
        let mut islands = Vec::new();
        for first in places(told) {
            let mut island = (Vec::new(), Vec::new());
            let mut open = vec![first];
            let mut reached = vec![false; self.told.len()];
            while let Some(line) = open.pop() {
                if std::mem::replace(&mut seen[line], true) {
                    continue;
                }
                island.0.push(line);
                for column in places(&self.told) {
                    if !reached[column] && self.new.at(line, column) > 0 {
                        reached[column] = true;
                        island.1.push(column);
                        open.extend(places(told).filter(|line| self.new.at(*line, column) > 0));
                    }
                }
            }
            if !island.1.is_empty() {
                islands.push(island);
            }
        }
        islands
    }
}

/// Whether a number of rows may not be told.
pub(super) fn few(count: u64, minimum: u64) -> bool {
    count > 0 && count < minimum
}

/// Groups of one statement whose rows are told together.
type Set = Vec<usize>;

fn sets(told: &[bool]) -> Vec<Set> {
    let rest: Set = (0..told.len()).filter(|at| !told[*at]).collect();
    let mut sets: Vec<Set> = places(told).map(|at| vec![at]).collect();
    sets.push((0..told.len()).collect());
    if !rest.is_empty() {
        sets.push(rest);
        sets.push(places(told).collect());
    }
    sets
}

fn places(told: &[bool]) -> impl Iterator<Item = usize> {
    (0..told.len()).filter(|at| told[*at])
}

/// Rows by their groups; the last line and column hold those that are in no group.
struct Grid {
    counts: Zeroizing<Vec<u64>>,
    /// All of a line, and of a column.
    lines: Zeroizing<Vec<u64>>,
    columns: Zeroizing<Vec<u64>>,
}

impl Grid {
    fn new((line_of, lines): (&[u16], usize), (column_of, columns): (&[u16], usize)) -> Self {
        let mut grid = Self {
            counts: Zeroizing::new(vec![0; (lines + 1) * (columns + 1)]),
            lines: Zeroizing::new(vec![0; lines + 1]),
            columns: Zeroizing::new(vec![0; columns + 1]),
        };
        for (line, column) in line_of.iter().zip(column_of) {
            let (line, column) = (usize::from(*line).min(lines), usize::from(*column).min(columns));
            grid.counts[line * (columns + 1) + column] += 1;
            grid.lines[line] += 1;
            grid.columns[column] += 1;
        }
        grid
    }

    fn at(&self, line: usize, column: usize) -> u64 {
        self.counts[line * self.columns.len() + column]
    }

    fn rows(&self) -> u64 {
        self.lines.iter().sum()
    }

    fn size(&self, set: &[usize]) -> u64 {
        set.iter().map(|line| self.lines[*line]).sum()
    }

    fn shared(&self, set: &[usize], columns: &[usize]) -> u64 {
        let line = |line: &usize| columns.iter().map(|column| self.at(*line, *column)).sum::<u64>();
        set.iter().map(line).sum()
    }

    /// Whether the told columns that lie within the set leave few of its rows; or those that touch
    /// it hold few others, where they hold all of it.
    fn leaves_few(&self, set: &[usize], told: &[bool], few: impl Fn(u64) -> bool) -> bool {
        let size = self.size(set);
        let (mut within, mut touching, mut held) = (0, 0, 0);
        for column in places(told) {
            let (shared, all) = (self.shared(set, &[column]), self.columns[column]);
            held += shared;
            if shared > 0 {
                touching += all;
            }
            if shared == all {
                within += all;
            }
        }
        within > 0 && few(size - within) || held == size && few(touching - size)
    }
}
