//! Changes not yet stored, seen as if they were: what lets a batch of entries be folded before
//! one transaction takes them all.

use std::collections::BTreeMap;

use super::view::{Change, Table, View, ViewError};

/// A view with changes on top of it.
pub struct Overlay<'v> {
    below: &'v dyn View,
    rows: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
}

impl<'v> Overlay<'v> {
    /// A view equal to the one below.
    pub fn new(below: &'v dyn View) -> Self {
        Self { below, rows: BTreeMap::new() }
    }

    /// Lays changes on top.
    pub fn push(&mut self, changes: Vec<Change>) {
        for Change { table, key, value } in changes {
            self.rows.insert((table, key), value);
        }
    }

    /// All changes, at most one a row, ascending by table and key.
    pub fn into_changes(self) -> Vec<Change> {
        let change = |((table, key), value)| Change { table, key, value };
        self.rows.into_iter().map(change).collect()
    }
}

impl View for Overlay<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        match self.rows.get(&(table, key.to_vec())) {
            Some(value) => Ok(value.clone()),
            None => self.below.get(table, key),
        }
    }

    fn scan(&self, table: Table, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, ViewError> {
        let mut rows: BTreeMap<_, _> = self.below.scan(table, prefix)?.into_iter().collect();
        let from = (table, prefix.to_vec());
        let on_top = self.rows.range(from..);
        for ((_, key), value) in
            on_top.take_while(|((of, key), _)| *of == table && key.starts_with(prefix))
        {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(rows.into_iter().collect())
    }
}
