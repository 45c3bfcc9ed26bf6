//! The wish that a use case end before it is done (Ctrl-C), and who must be waited for then:
//! whoever writes takes away first what nothing will name.

use tokio::sync::watch;

use crate::{
    count::{Count, Entered},
    error::{Kind, NodeError, Result},
};

/// The wish. Clones are one.
#[derive(Debug, Clone)]
pub struct Stop {
    asked: watch::Sender<bool>,
    holders: Count,
}

impl Default for Stop {
    fn default() -> Self {
        Self { asked: watch::Sender::new(false), holders: Count::default() }
    }
}

/// While it is held, the process should not end: something is to be put in order first.
#[derive(Debug)]
pub struct Held {
    _entered: Entered,
}

impl Stop {
    /// Asks for it. Heard where [`Stop::check`] or [`Stop::or`] stands.
    pub fn ask(&self) {
        self.asked.send_replace(true);
    }

    /// Returns once nobody holds the process any more.
    pub async fn released(&self) {
        self.holders.none().await;
    }

    /// Keeps the process until what is returned is dropped.
    ///
    /// # Errors
    /// It was asked for: nothing is begun any more.
    pub fn hold(&self) -> Result<Held> {
        // Counted before looked: whoever asks first and counts then misses nobody.
        let held = Held { _entered: self.holders.enter() };
        self.check()?;
        Ok(held)
    }

    /// # Errors
    /// It was asked for.
    pub fn check(&self) -> Result<()> {
        if *self.asked.borrow() { Err(interrupted()) } else { Ok(()) }
    }

    /// `work`, or the error as soon as it is asked for; then the work is dropped.
    pub async fn or<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut asked = self.asked.subscribe();
        tokio::select! {
            done = work => done,
            Ok(_) = asked.wait_for(|asked| *asked) => Err(interrupted()),
        }
    }
}

/// What whoever was interrupted says.
pub fn interrupted() -> NodeError {
    NodeError::new(Kind::Interrupted, "interrupted")
        .at("the command")
        .hint("run it again: nothing half-done is left, and what was done before is used")
}
