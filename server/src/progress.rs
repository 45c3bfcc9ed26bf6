//! Progress of long work, told through a callback: the use cases know no terminal.

use crate::stop::Stop;

/// Hears how far a use case has come. Calls come from any thread and must not block.
pub trait Progress: Send + Sync {
    /// A step begins; `total` bytes (or items) where that is known.
    fn begin(&self, step: &str, total: Option<u64>);
    /// `amount` more of the running step is done.
    fn advance(&self, amount: u64);
    /// The running step ended.
    fn end(&self);
    /// A sentence for the person that belongs to no result, such as "first contact".
    fn say(&self, sentence: &str);
    /// The wish that it end early; nobody has it, by default.
    fn stop(&self) -> Stop {
        Stop::default()
    }
}

/// Hears nothing; for tests and for callers who show nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _step: &str, _total: Option<u64>) {}
    fn advance(&self, _amount: u64) {}
    fn end(&self) {}
    fn say(&self, _sentence: &str) {}
}
