//! Which values were seen in which group: columns of keys and groups, and a table of places in
//! them. One table for all groups: a million groups of one value each cost twenty-odd bytes a
//! value, where a set for each of them would cost ten times that.

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};

use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::EmitTo;

/// A column of keys.
pub(super) trait Keys: Debug + Default + Send + Sync + 'static {
    /// One of them.
    type Key: ?Sized + Ord;

    fn get(&self, at: usize) -> &Self::Key;
    fn push(&mut self, key: &Self::Key);
    /// A hash of a key, from a start.
    fn hash(key: &Self::Key, start: u64, factor: u64) -> u64;
    /// The keys at some places.
    fn pick(&self, places: &[u32]) -> Self;
    /// Takes the first keys out.
    fn split_first(&mut self, count: usize) -> Self;
    /// Bytes held beyond the struct itself.
    fn size(&self) -> usize;
}

/// No entry lies here.
const FREE: u32 = u32::MAX;

/// Different keys of all groups.
#[derive(Debug)]
pub(super) struct Seen<K> {
    groups: Vec<u32>,
    keys: K,
    /// Places of entries, where their hashes say or behind; empty until an insertion needs them.
    slots: Vec<u32>,
    /// Drawn for each table, so that nobody can prepare keys that all lie in one place.
    start: u64,
    factor: u64,
}

impl<K: Keys> Default for Seen<K> {
    fn default() -> Self {
        let random = RandomState::new();
        Self {
            groups: Vec::new(),
            keys: K::default(),
            slots: Vec::new(),
            start: random.hash_one(0),
            factor: random.hash_one(1) | 1,
        }
    }
}

impl<K: Keys> Seen<K> {
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    pub(super) fn keys(&self) -> &K {
        &self.keys
    }

    /// Adds a key to a group, unless it is there.
    #[inline]
    pub(super) fn insert(&mut self, group: usize, key: &K::Key) -> Result<()> {
        if 4 * self.len() >= 3 * self.slots.len() {
            self.index()?;
        }
        // There are fewer groups than rows in memory.
        let group = group as u32;
        let mask = self.slots.len() - 1;
        let mut slot = self.hash(group, key) as usize & mask;
        loop {
            let place = self.slots[slot];
            if place == FREE {
                break;
            }
            if self.groups[place as usize] == group && self.keys.get(place as usize) == key {
                return Ok(());
            }
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = self.len() as u32;
        grow(&mut self.groups);
        self.groups.push(group);
        self.keys.push(key);
        Ok(())
    }

    /// The places of all entries in order of their groups, then of their keys.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut places: Vec<u32> = (0..self.len() as u32).collect();
        let entry = |place: u32| (self.groups[place as usize], self.keys.get(place as usize));
        if !places.is_sorted_by_key(|&place| entry(place)) {
            places.sort_unstable_by(|&a, &b| entry(a).cmp(&entry(b)));
        }
        places
    }

    /// Puts the entries in that order.
    pub(super) fn sort(&mut self) {
        let order = self.order();
        if order.is_sorted() {
            return;
        }
        self.groups = order.iter().map(|&place| self.groups[place as usize]).collect();
        self.keys = self.keys.pick(&order);
        self.slots.clear();
    }

    /// Takes out the entries of the groups to emit, and counts the others' groups from 0 on.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> (Vec<u32>, K) {
        let EmitTo::First(groups) = emit_to else {
            self.slots.clear();
            return (std::mem::take(&mut self.groups), std::mem::take(&mut self.keys));
        };
        self.sort();
        self.slots.clear();
        let first = self.groups.partition_point(|&group| (group as usize) < groups);
        let taken = self.groups.drain(..first).collect();
        self.groups.iter_mut().for_each(|group| *group -= groups as u32);
        (taken, self.keys.split_first(first))
    }

    /// Bytes held beyond the struct itself.
    pub(super) fn size(&self) -> usize {
        (self.groups.capacity() + self.slots.capacity()) * size_of::<u32>() + self.keys.size()
    }

    fn hash(&self, group: u32, key: &K::Key) -> u64 {
        K::hash(key, fold(u64::from(group) ^ self.start, self.factor), self.factor)
    }

    /// Makes the table anew, with room for as many entries again.
    #[cold]
    fn index(&mut self) -> Result<()> {
        let slots = (2 * self.len()).next_power_of_two().max(16);
        if slots > FREE as usize {
            let message = "a DISTINCT aggregate of more than 1,600,000,000 different values";
            return Err(DataFusionError::Execution(message.to_owned()));
        }
        self.slots.clear();
        self.slots.resize(slots, FREE);
        for place in 0..self.len() {
            let hash = self.hash(self.groups[place], self.keys.get(place));
            let mut slot = hash as usize & (slots - 1);
            while self.slots[slot] != FREE {
                slot = (slot + 1) & (slots - 1);
            }
            self.slots[slot] = place as u32;
        }
        Ok(())
    }
}

/// Both halves of a product: each bit of it depends on many of the factors'.
#[inline(always)]
pub(super) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// Makes room for one more: by half and not to the double, since at many million values the rest
/// is memory.
#[inline(always)]
pub(super) fn grow<T>(values: &mut Vec<T>) {
    if values.len() == values.capacity() {
        values.reserve_exact((values.len() / 2).max(4));
    }
}

macro_rules! keys {
    ($word:ty, |$key:ident, $start:ident, $factor:ident| $hash:expr) => {
        impl Keys for Vec<$word> {
            type Key = $word;

            #[inline(always)]
            fn get(&self, at: usize) -> &$word {
                &self[at]
            }
            #[inline(always)]
            fn push(&mut self, key: &$word) {
                grow(self);
                Vec::push(self, *key);
            }
            #[inline(always)]
            fn hash($key: &$word, $start: u64, $factor: u64) -> u64 {
                $hash
            }
            fn pick(&self, places: &[u32]) -> Self {
                places.iter().map(|&place| self[place as usize]).collect()
            }
            fn split_first(&mut self, count: usize) -> Self {
                self.drain(..count).collect()
            }
            fn size(&self) -> usize {
                self.capacity() * size_of::<$word>()
            }
        }
    };
}

keys!(u64, |key, start, factor| fold(key ^ start, factor));
keys!(u128, |key, start, factor| fold(
    fold(*key as u64 ^ start, factor) ^ (key >> 64) as u64,
    factor
));
