//! One kinded error at the edge: what went wrong, where, and what to do about it.

use std::fmt;

/// What kind of failure this is. The command line turns it into an exit code, an HTTP face
/// would turn it into a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The work failed for a reason outside the data: a full disk, a peer that does not answer.
    Failed,
    /// A check could not be completed: something needed is missing or newer than this program.
    CouldNotCheck,
    /// The request makes no sense as it was written.
    Usage,
    /// A hash, a signature, a proof or a result is not what it must be.
    VerificationFailed,
    /// The asker may not have this.
    NotAuthorised,
    /// There is no such thing.
    NotFound,
    /// It stands in the way of something that exists, or names more than one thing.
    Conflict,
    /// The person asked for it to stop.
    Interrupted,
}

impl Kind {
    /// The exit code of the command line: 0 is never an error's.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed | Self::CouldNotCheck => 1,
            Self::Usage => 2,
            Self::VerificationFailed => 3,
            Self::NotAuthorised => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Interrupted => 130,
        }
    }

    /// The kind as it stands in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::CouldNotCheck => "could-not-check",
            Self::Usage => "usage",
            Self::VerificationFailed => "verification-failed",
            Self::NotAuthorised => "not-authorised",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A failure of a use case: kind, message, the place it is about and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct NodeError {
    /// What kind of failure.
    pub kind: Kind,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// The file, entry, column or address that it is about.
    pub place: Option<String>,
    /// What the person can do about it, as a command where there is one.
    pub hint: Option<String>,
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl NodeError {
    /// An error of `kind` that says `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None, hint: None }
    }

    /// The work failed for a reason outside the data.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// A check could not be completed.
    pub fn could_not_check(message: impl Into<String>) -> Self {
        Self::new(Kind::CouldNotCheck, message)
    }

    /// The request makes no sense as it was written.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Something is not what it must be.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::VerificationFailed, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// It collides with something that exists, or names several things.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// The same error, about `place`.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string());
        self
    }

    /// The same error, with the remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What a use case returns.
pub type Result<T, E = NodeError> = std::result::Result<T, E>;

/// Turns a lower module's error into one of a kind, keeping its words and its sources' words.
pub trait OrKind<T> {
    /// Any failure becomes an error of `kind`.
    fn or_kind(self, kind: Kind) -> Result<T>;
    /// Any failure becomes [`Kind::Failed`].
    fn or_failed(self) -> Result<T>;
    /// Any failure becomes [`Kind::VerificationFailed`].
    fn or_refused(self) -> Result<T>;
}

impl<T, E: std::error::Error> OrKind<T> for std::result::Result<T, E> {
    fn or_kind(self, kind: Kind) -> Result<T> {
        self.map_err(|e| NodeError::new(kind, with_sources(&e)))
    }

    fn or_failed(self) -> Result<T> {
        self.or_kind(Kind::Failed)
    }

    fn or_refused(self) -> Result<T> {
        self.or_kind(Kind::VerificationFailed)
    }
}

/// An error's words, then those of its sources that add something.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        next = source.source();
    }
    words
}
