//! How many rows the groups of one statement share with those of another, and whether what both
//! tell leaves few of them.
//!
//! Of each kind of count a statement tells *pieces*, which are all rows together: each group that it
//! does not withhold; those that it withholds, as one; and the rows that are in no group, as their
//! number is what the others leave. Few rows are told where two sets of pieces differ in few or share
//! all but few; where pieces of the other statement fill a set, or cover it, but for few; and where
//! pieces of both that overlap with one another alone differ in few (an age group in all wards is the
//! same people as the parts of that age group, so what one statement leaves out of it the other
//! tells).

use zeroize::Zeroizing;

/// Two kinds of count beside one another, by pieces.
pub(super) struct Table {
    new: Grid,
    /// The same with lines for columns.
    old: Grid,
}

impl Table {
    /// Counts the rows of two kinds, from the group of each row and which groups are told.
    pub(super) fn new((new, told): (&[u16], &[bool]), (old, old_told): (&[u16], &[bool])) -> Self {
        let (new_pieces, old_pieces) = (Pieces::of(told), Pieces::of(old_told));
        let new = Grid::new((new, &new_pieces), (old, &old_pieces));
        Self { old: new.turned(&old_pieces), new }
    }

    /// Whether both together tell a number of rows below the minimum, but for none.
    pub(super) fn tells_few(&self, minimum: u64) -> bool {
        let few = |count| few(count, minimum);
        let (new_sets, old_sets) = (self.new.sets(), self.old.sets());
        let sized = |grid: &Grid, sets: Vec<Set>| -> Vec<(Set, u64)> {
            let size = |set: Set| (grid.size(&set), set);
            sets.into_iter().map(size).map(|(size, set)| (set, size)).collect()
        };
        let (new_sets, old_sets) = (sized(&self.new, new_sets), sized(&self.old, old_sets));
        let near = |(new, size): &(Set, u64)| {
            old_sets.iter().any(|(old, other)| {
                let apart = size + other - 2 * self.new.shared(new, old);
                few(apart) || few(self.new.rows - apart)
            })
        };
        new_sets.iter().any(near)
            || new_sets.iter().any(|(set, size)| self.new.leaves_few(set, *size, few))
            || old_sets.iter().any(|(set, size)| self.old.leaves_few(set, *size, few))
            || self.islands_differ(few)
    }

    /// Looks at islands of all pieces but the last kinds of them, in turn: of all pieces together
    /// none differ, as either are all rows.
    fn islands_differ(&self, few: impl Fn(u64) -> bool) -> bool {
        let (news, olds) = (self.new.choices(), self.old.choices());
        let all = |new: &[bool], old: &[bool]| !new.contains(&false) && !old.contains(&false);
        news.iter().any(|new| {
            let mut olds = olds.iter().filter(|old| !all(new, old));
            olds.any(|old| {
                let mut islands = self.islands(new, old).into_iter();
                islands.any(|(lines, columns)| {
                    let (size, other) = (self.new.size(&lines), self.old.size(&columns));
                    let between = size + other - 2 * self.new.shared(&lines, &columns);
                    // Beside all rows it would be what the other leaves by itself.
                    size.max(other) < self.new.rows && few(between)
                })
            })
        })
    }

    /// The chosen pieces of both statements that overlap, directly or over others.
    fn islands(&self, new: &[bool], old: &[bool]) -> Vec<(Set, Set)> {
        let (mut seen, mut reached) = (vec![false; new.len()], vec![false; old.len()]);
        let mut islands = Vec::new();
        for first in places(new) {
            let mut island = (Vec::new(), Vec::new());
            let mut open = vec![first];
            while let Some(line) = open.pop() {
                if std::mem::replace(&mut seen[line], true) {
                    continue;
                }
                island.0.push(line);
                for column in places(old) {
                    if !reached[column] && self.new.at(line, column) > 0 {
                        reached[column] = true;
                        island.1.push(column);
                        open.extend(places(new).filter(|line| self.new.at(*line, column) > 0));
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

/// Pieces whose rows are told together.
type Set = Vec<usize>;

fn places(chosen: &[bool]) -> impl Iterator<Item = usize> {
    (0..chosen.len()).filter(|at| chosen[*at])
}

/// The piece of each group: told ones first, then what is withheld, then what is in no group.
struct Pieces {
    of_group: Vec<usize>,
    told: usize,
    withheld: bool,
}

impl Pieces {
    fn of(told: &[bool]) -> Self {
        let count = told.iter().filter(|told| **told).count();
        let mut next = 0..count;
        let piece = |told: &bool| if *told { next.next().unwrap_or(count) } else { count };
        let of_group = told.iter().map(piece).collect();
        Self { of_group, told: count, withheld: count < told.len() }
    }

    fn count(&self) -> usize {
        self.told + usize::from(self.withheld) + 1
    }

    fn of_label(&self, label: u16) -> usize {
        self.of_group.get(usize::from(label)).copied().unwrap_or(self.count() - 1)
    }
}

/// Rows by their pieces.
struct Grid {
    counts: Zeroizing<Vec<u64>>,
    /// All of a line, and of a column.
    lines: Zeroizing<Vec<u64>>,
    columns: Zeroizing<Vec<u64>>,
    rows: u64,
    /// How many lines are told groups; then come what is withheld, if something is, and what is in
    /// no group.
    told: usize,
}

impl Grid {
    fn new((line_of, lines): (&[u16], &Pieces), (column_of, columns): (&[u16], &Pieces)) -> Self {
        let mut grid = Self {
            counts: Zeroizing::new(vec![0; lines.count() * columns.count()]),
            lines: Zeroizing::new(vec![0; lines.count()]),
            columns: Zeroizing::new(vec![0; columns.count()]),
            rows: line_of.len() as u64,
            told: lines.told,
        };
        for (line, column) in line_of.iter().zip(column_of) {
            let (line, column) = (lines.of_label(*line), columns.of_label(*column));
            grid.counts[line * columns.count() + column] += 1;
            grid.lines[line] += 1;
            grid.columns[column] += 1;
        }
        grid
    }

    /// The same with columns for lines.
    fn turned(&self, columns: &Pieces) -> Self {
        let (lines, width) = (self.lines.len(), self.columns.len());
        let count = |at: usize| self.counts[at % lines * width + at / lines];
        Self {
            counts: Zeroizing::new((0..lines * width).map(count).collect()),
            lines: self.columns.clone(),
            columns: self.lines.clone(),
            rows: self.rows,
            told: columns.told,
        }
    }

    fn at(&self, line: usize, column: usize) -> u64 {
        self.counts[line * self.columns.len() + column]
    }

    fn size(&self, set: &[usize]) -> u64 {
        set.iter().map(|line| self.lines[*line]).sum()
    }

    fn shared(&self, set: &[usize], columns: &[usize]) -> u64 {
        let line = |line: &usize| columns.iter().map(|column| self.at(*line, *column)).sum::<u64>();
        set.iter().map(line).sum()
    }

    /// Each piece, all groups that are told, and all groups.
    fn sets(&self) -> Vec<Set> {
        let outside = self.lines.len() - 1;
        let mut sets: Vec<Set> = (0..=outside).map(|at| vec![at]).collect();
        sets.push((0..self.told).collect());
        sets.push((0..outside).collect());
        sets
    }

    /// The told groups; these with what is withheld, with what is in no group, with both.
    fn choices(&self) -> Vec<Vec<bool>> {
        let outside = self.lines.len() - 1;
        let with = |rest: bool, out: bool| -> Vec<bool> {
            (0..=outside)
                .map(|at| at < self.told || if at == outside { out } else { rest })
                .collect()
        };
        let mut choices = vec![with(false, false), with(false, true)];
        if outside > self.told {
            choices.extend([with(true, false), with(true, true)]);
        }
        choices
    }

    /// Whether the pieces that lie within the set leave few of its rows, or those that touch it have
    /// few others.
    fn leaves_few(&self, set: &[usize], size: u64, few: impl Fn(u64) -> bool) -> bool {
        let (mut within, mut touching) = (0, 0);
        for column in 0..self.columns.len() {
            let (shared, all) = (self.shared(set, &[column]), self.columns[column]);
            if shared > 0 {
                touching += all;
            }
            if shared == all {
                within += all;
            }
        }
        // Of none of the pieces, or of all, it would be what the set leaves by itself.
        within > 0 && few(size - within) || touching < self.rows && few(touching - size)
    }
}
