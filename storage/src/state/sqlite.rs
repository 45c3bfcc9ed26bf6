//! The state in SQLite: rows as bytes, one transaction a fold, WAL with synchronous FULL.

use std::{
    fmt,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};
use veritrail_provenance::{
    ledger::{Change, LedgerDigest, RowDigest, Table, View, ViewError, log_of},
    statement::Origin,
};

use super::{StateError, StateStore};

/// Changes with the tables below.
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE rows (
        number INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (number, key)
    ) WITHOUT ROWID;
    CREATE TABLE positions (origin TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
";

/// How long a process waits for another's transaction.
pub(crate) const BUSY_SECONDS_MAX: u64 = 30;

/// The state in a file that several processes may have open.
pub struct SqliteState {
    connection: Mutex<Connection>,
}

impl SqliteState {
    /// Opens the database, making it where it is missing.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        Self::over(Connection::open(path)?)
    }

    /// A database that lives as long as this value. For tests.
    pub fn in_memory() -> Result<Self, StateError> {
        Self::over(Connection::open_in_memory()?)
    }

    fn over(mut connection: Connection) -> Result<Self, StateError> {
        connection.busy_timeout(Duration::from_secs(BUSY_SECONDS_MAX))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match change.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? {
            0 => {
                change.execute_batch(TABLES)?;
                change.pragma_update(None, "user_version", VERSION)?;
            }
            VERSION => {}
            other => return Err(StateError::Damaged(format!("its version is {other}"))),
        }
        change.commit()?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View for SqliteState {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ViewError> {
        let connection = self.connection();
        let query = "SELECT value FROM rows WHERE number = ?1 AND key = ?2";
        let row = connection.query_row(query, params![table.number(), key], |row| row.get(0));
        row.optional().map_err(unread)
    }

    fn scan(&self, table: Table, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, ViewError> {
        let connection = self.connection();
        let number = table.number();
        let rows = match successor(prefix) {
            Some(end) => {
                let query = "SELECT key, value FROM rows
                    WHERE number = ?1 AND key >= ?2 AND key < ?3 ORDER BY key";
                pairs(&connection, query, params![number, prefix, end])
            }
            None => {
                let query = "SELECT key, value FROM rows
                    WHERE number = ?1 AND key >= ?2 ORDER BY key";
                pairs(&connection, query, params![number, prefix])
            }
        };
        rows.map_err(unread)
    }
}

impl StateStore for SqliteState {
    fn position(&self, origin: &Origin) -> Result<u64, StateError> {
        position(&self.connection(), origin)
    }

    fn apply(
        &self,
        origin: &Origin,
        from: u64,
        to: u64,
        changes: Vec<Change>,
    ) -> Result<(), StateError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = position(&transaction, origin)?;
        if found != from {
            return Err(StateError::Moved { expected: from, found });
        }
        store(&transaction, changes)?;
        set_position(&transaction, origin, to)?;
        Ok(transaction.commit()?)
    }

    fn replace(&self, origin: &Origin, to: u64, changes: Vec<Change>) -> Result<(), StateError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        clear(&transaction, origin)?;
        store(&transaction, changes)?;
        set_position(&transaction, origin, to)?;
        Ok(transaction.commit()?)
    }

    fn clear(&self, origin: &Origin) -> Result<(), StateError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        clear(&transaction, origin)?;
        Ok(transaction.commit()?)
    }

    fn clear_all(&self) -> Result<(), StateError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch("DELETE FROM rows; DELETE FROM positions")?;
        Ok(transaction.commit()?)
    }

    fn digest(&self) -> Result<LedgerDigest, StateError> {
        let connection = self.connection();
        let mut digest = RowDigest::new();
        let query = "SELECT key, value FROM rows WHERE number = ?1 ORDER BY key";
        let mut statement = connection.prepare(query)?;
        for table in Table::ALL {
            let mut rows = statement.query(params![table.number()])?;
            while let Some(row) = rows.next()? {
                let (key, value): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
                digest.row(table, &key, &value);
            }
        }
        Ok(digest.finish())
    }
}

impl fmt::Debug for SqliteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteState")
    }
}

impl From<rusqlite::Error> for StateError {
    fn from(e: rusqlite::Error) -> Self {
        match e.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(e.to_string())
            }
            _ => Self::Database(e.to_string()),
        }
    }
}

fn unread(e: rusqlite::Error) -> ViewError {
    ViewError::Read(Box::new(StateError::from(e)))
}

fn position(connection: &Connection, origin: &Origin) -> Result<u64, StateError> {
    let query = "SELECT position FROM positions WHERE origin = ?1";
    let row = connection.query_row(query, params![origin.as_str()], |row| row.get::<_, i64>(0));
    let position = row.optional()?.unwrap_or(0);
    u64::try_from(position).map_err(|e| StateError::Damaged(e.to_string()))
}

fn set_position(change: &Connection, origin: &Origin, to: u64) -> Result<(), StateError> {
    let to = i64::try_from(to).map_err(|e| StateError::Damaged(e.to_string()))?;
    change.execute("REPLACE INTO positions VALUES (?1, ?2)", params![origin.as_str(), to])?;
    Ok(())
}

fn store(transaction: &Connection, changes: Vec<Change>) -> Result<(), StateError> {
    let mut put = transaction.prepare("REPLACE INTO rows VALUES (?1, ?2, ?3)")?;
    let mut remove = transaction.prepare("DELETE FROM rows WHERE number = ?1 AND key = ?2")?;
    for Change { table, key, value } in changes {
        match value {
            Some(value) => put.execute(params![table.number(), key, value])?,
            None => remove.execute(params![table.number(), key])?,
        };
    }
    Ok(())
}

fn clear(transaction: &Connection, origin: &Origin) -> Result<(), StateError> {
    for table in Table::ALL {
        let query = "SELECT key, value FROM rows WHERE number = ?1";
        let rows = pairs(transaction, query, params![table.number()])?;
        let mut remove = transaction.prepare("DELETE FROM rows WHERE number = ?1 AND key = ?2")?;
        for (key, _) in rows {
            if log_of(table, &key).as_ref() == Some(origin) {
                remove.execute(params![table.number(), key])?;
            }
        }
    }
    transaction.execute("DELETE FROM positions WHERE origin = ?1", params![origin.as_str()])?;
    Ok(())
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn pairs(
    connection: &Connection,
    query: &str,
    params: impl rusqlite::Params,
) -> Result<Rows, rusqlite::Error> {
    let mut statement = connection.prepare(query)?;
    statement.query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The least key that is greater than every key with this prefix; None if there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}
