//! How many are inside, and waiting until nobody is.

use tokio::sync::watch;

/// A count that goes up while somebody is inside. Clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Count(watch::Sender<usize>);

impl Default for Count {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

/// Inside until dropped.
#[derive(Debug)]
pub(crate) struct Entered(Count);

impl Count {
    pub(crate) fn enter(&self) -> Entered {
        self.0.send_modify(|inside| *inside += 1);
        Entered(self.clone())
    }

    /// Returns once nobody is inside.
    pub(crate) async fn none(&self) {
        // Fails only once every sender is gone, and one is here.
        drop(self.0.subscribe().wait_for(|inside| *inside == 0).await);
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.send_modify(|inside| *inside = inside.saturating_sub(1));
    }
}
