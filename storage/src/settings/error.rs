//! Why the settings could not be read or changed.

/// Why the settings could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A row is not what was written, or the file is no database.
    #[error("node.db is damaged: {0}")]
    Damaged(String),
    /// Made by a newer version.
    #[error("node.db has version {0}, which this version does not read")]
    OtherVersion(i64),
    /// The database failed: a full disk, a missing right, a lock held too long.
    #[error("node.db: {0}")]
    Database(String),
}

impl From<rusqlite::Error> for SettingsError {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match e.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged(e.to_string()),
            _ => Self::Database(e.to_string()),
        }
    }
}
