//! From a file's header to names that queries can use, by fixed rules that are told to the
//! publisher.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::schema::{MAX_NAME_BYTES, is_hidden};

/// A name that is not what stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// Which column, from 1.
    pub position: usize,
    /// What stands in the file, shortened.
    pub from: String,
    /// What the column is called.
    pub to: String,
}

impl fmt::Display for Renamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Renamed { position, from, to } = self;
        write!(f, "column {position}, {from:?} in the file, is called {to:?}")
    }
}

/// Names for `width` columns from their header rows (none: all by position), and what was changed:
/// spaces around are dropped, control characters and line separators become spaces, other
/// characters that nobody can see are dropped, an empty name becomes `column_N`, a name that
/// stands twice gets `_2`, `_3`, …
pub(super) fn names(rows: &[Vec<String>], width: usize) -> (Vec<String>, Vec<Renamed>) {
    let raw: Vec<String> = (0..width).map(|index| joined(rows, index)).collect();
    // A name that stands in the file is never given to another column.
    let mut taken: BTreeSet<String> = raw.iter().map(|name| clean(name)).collect();
    let mut given = BTreeSet::new();
    let mut numbers = BTreeMap::new();
    let mut names = Vec::with_capacity(width);
    let mut renamed = Vec::new();
    for (index, from) in raw.into_iter().enumerate() {
        let position = index + 1;
        let mut to = clean(&from);
        if to.is_empty() {
            to = format!("column_{position}");
            if taken.contains(&to) {
                to = free(&to, &taken, &mut numbers);
            }
        } else if given.contains(&to) {
            to = free(&to, &taken, &mut numbers);
        }
        taken.insert(to.clone());
        given.insert(to.clone());
        if to != from && !rows.is_empty() {
            let from = from.chars().take(60).collect();
            renamed.push(Renamed { position, from, to: to.clone() });
        }
        names.push(to);
    }
    (names, renamed)
}

/// The parts of one column's name, one per header row, joined by a space.
fn joined(rows: &[Vec<String>], index: usize) -> String {
    match rows {
        [only] => only.get(index).cloned().unwrap_or_default(),
        rows => {
            let parts = rows.iter().filter_map(|row| row.get(index)).map(|part| part.trim());
            parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
    }
}

fn clean(name: &str) -> String {
    let seen = name.chars().filter_map(|c| match c {
        '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() => Some(' '),
        c => Some(c).filter(|c| !is_hidden(*c)),
    });
    let seen: String = seen.collect();
    let trimmed = seen.trim();
    let mut end = trimmed.len().min(MAX_NAME_BYTES - 24);
    while !trimmed.is_char_boundary(end) {
        end -= 1;
    }
    trimmed.get(..end).unwrap_or_default().trim_end().to_owned()
}

/// `name` with the first number from 2 on that makes it new. `numbers` holds where the last search
/// for a name ended: a header of one name 16,384 times would else be searched quadratically.
fn free(name: &str, taken: &BTreeSet<String>, numbers: &mut BTreeMap<String, u64>) -> String {
    let number = numbers.entry(name.to_owned()).or_insert(1);
    loop {
        *number += 1;
        let candidate = format!("{name}_{number}");
        if !taken.contains(&candidate) {
            return candidate;
        }
    }
}
