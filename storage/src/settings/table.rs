//! Tables of text by text in one SQLite file.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::SettingsError;

const VERSION: i64 = 1;

/// How long a process waits for another's transaction.
const BUSY_SECONDS_MAX: u64 = 30;

pub(super) type Database = Arc<Mutex<Connection>>;

/// Opens a database, making it where it is missing.
pub(super) fn open(path: &Path) -> Result<Database, SettingsError> {
    over(Connection::open(path)?)
}

/// A database that no file holds.
pub(super) fn in_memory() -> Result<Database, SettingsError> {
    over(Connection::open_in_memory()?)
}

fn over(mut connection: Connection) -> Result<Database, SettingsError> {
    connection.busy_timeout(Duration::from_secs(BUSY_SECONDS_MAX))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match change.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? {
        0 => {
            change.execute_batch(
                "CREATE TABLE settings (
                    kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
                    PRIMARY KEY (kind, key)
                ) WITHOUT ROWID",
            )?;
            change.pragma_update(None, "user_version", VERSION)?;
        }
        VERSION => {}
        other => return Err(SettingsError::OtherVersion(other)),
    }
    change.commit()?;
    Ok(Arc::new(Mutex::new(connection)))
}

/// The rows of one kind.
#[derive(Debug)]
pub(super) struct Table {
    database: Database,
    kind: &'static str,
}

impl Table {
    pub(super) fn new(database: Database, kind: &'static str) -> Self {
        Self { database, kind }
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<String>, SettingsError> {
        get(&self.connection(), self.kind, key)
    }

    /// All rows, by key.
    pub(super) fn all(&self) -> Result<Vec<(String, String)>, SettingsError> {
        let connection = self.connection();
        let query = "SELECT key, value FROM settings WHERE kind = ?1 ORDER BY key";
        let mut statement = connection.prepare(query)?;
        let rows = statement.query_map(params![self.kind], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes a row; returns what it was.
    pub(super) fn put(&self, key: &str, value: &str) -> Result<Option<String>, SettingsError> {
        let mut connection = self.connection();
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = get(&change, self.kind, key)?;
        change
            .execute("REPLACE INTO settings VALUES (?1, ?2, ?3)", params![self.kind, key, value])?;
        change.commit()?;
        Ok(before)
    }

    /// Writes a row where there is none; returns the one there is.
    pub(super) fn put_if_missing(
        &self,
        key: &str,
        value: &str,
    ) -> Result<Option<String>, SettingsError> {
        let mut connection = self.connection();
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = get(&change, self.kind, key)?;
        if before.is_none() {
            change.execute(
                "INSERT INTO settings VALUES (?1, ?2, ?3)",
                params![self.kind, key, value],
            )?;
        }
        change.commit()?;
        Ok(before)
    }

    /// Makes a row of what it was, with no other process in between.
    pub(super) fn update(
        &self,
        key: &str,
        change: impl FnOnce(Option<&str>) -> String,
    ) -> Result<(), SettingsError> {
        let mut connection = self.connection();
        let within = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = get(&within, self.kind, key)?;
        let after = change(before.as_deref());
        within
            .execute("REPLACE INTO settings VALUES (?1, ?2, ?3)", params![self.kind, key, after])?;
        within.commit()?;
        Ok(())
    }

    /// Removes a row; false if there was none.
    pub(super) fn remove(&self, key: &str) -> Result<bool, SettingsError> {
        let query = "DELETE FROM settings WHERE kind = ?1 AND key = ?2";
        Ok(self.connection().execute(query, params![self.kind, key])? > 0)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn get(connection: &Connection, kind: &str, key: &str) -> Result<Option<String>, SettingsError> {
    let query = "SELECT value FROM settings WHERE kind = ?1 AND key = ?2";
    Ok(connection.query_row(query, params![kind, key], |row| row.get(0)).optional()?)
}
