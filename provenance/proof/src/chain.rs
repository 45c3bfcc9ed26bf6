//! The chain of a version's releases: each names the one before it, in the bytes that its proof
//! absorbs, so a holder cannot leave one out.
//!
//! Several exact statistics of the same rows tell more together than each alone. Whoever judges a
//! release needs to know the others, so all releases of a version make one line. Of two that name
//! the same predecessor only the first in the log counts; whoever shows a later one shows with its
//! predecessor which one should have been there. What stands here is arithmetic over a list; to
//! read the list from a log, and to hold it against a checkpoint, is the caller's. Whether a
//! release's proof holds makes no difference: what was published was given away.

use thiserror::Error;
use veritrail_provenance::hash::StatementId;

/// A release as the log has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Where in the log.
    pub index: u64,
    /// The statement that publishes it.
    pub id: StatementId,
    /// The release that it names as the one before it; none for the first.
    pub predecessor: Option<StatementId>,
}

/// How much of the log a list of releases was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Every entry up to some size was looked at: what is not in the list does not exist.
    Whole,
    /// Some entries, as in a bundle: what is not in the list may exist.
    Parts,
}

/// Why a list says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ChainError {
    /// The indexes do not ascend.
    #[error("the releases are not in the log's order at index {0}")]
    Order(u64),
    /// Parts of a log lack a release that a later one names: none can be judged without it.
    #[error("the release at index {index} follows {predecessor}, which is not at hand")]
    Missing {
        /// Where the later release stands.
        index: u64,
        /// The release that it names.
        predecessor: StatementId,
    },
}

/// Why a release does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Uncounted {
    /// It skips a release: an earlier one has the same predecessor.
    #[error("{0} came before it and has the same predecessor")]
    Skips(StatementId),
    /// It follows a release that does not count.
    #[error("{0}, which it follows, does not count")]
    FollowsUncounted(StatementId),
    /// It follows something that was no release of this version before it.
    #[error("{0}, which it follows, is no earlier release of this version")]
    FollowsNothing(StatementId),
    /// The same statement stands in the log a second time.
    #[error("it was published before")]
    Repeated,
    /// It is not in the list.
    #[error("it is no release of this version")]
    Absent,
}

/// A version's releases, told apart into those that count and those that do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    counted: Vec<Release>,
    uncounted: Vec<(Release, Uncounted)>,
}

impl Chain {
    /// Reads the releases of one dataset version, in the log's order.
    ///
    /// # Errors
    /// When they are in another order, or one that is named is not at hand.
    pub fn read(releases: &[Release], coverage: Coverage) -> Result<Self, ChainError> {
        let mut chain = Self { counted: Vec::new(), uncounted: Vec::new() };
        let mut before = None;
        for release in releases {
            if before.is_some_and(|before| before >= release.index) {
                return Err(ChainError::Order(release.index));
            }
            before = Some(release.index);
            match (chain.judge(release), coverage) {
                (Ok(()), _) => chain.counted.push(*release),
                (Err(Uncounted::FollowsNothing(predecessor)), Coverage::Parts) => {
                    return Err(ChainError::Missing { index: release.index, predecessor });
                }
                (Err(why), _) => chain.uncounted.push((*release, why)),
            }
        }
        Ok(chain)
    }

    /// The releases that count, first to last.
    pub fn counted(&self) -> &[Release] {
        &self.counted
    }

    /// The others, and why they do not.
    pub fn uncounted(&self) -> &[(Release, Uncounted)] {
        &self.uncounted
    }

    /// What the next release has to name.
    pub fn last(&self) -> Option<StatementId> {
        self.counted.last().map(|release| release.id)
    }

    /// Releases that count before this one.
    ///
    /// # Errors
    /// When it does not count itself.
    pub fn place(&self, id: &StatementId) -> Result<usize, Uncounted> {
        if let Some(at) = self.counted.iter().position(|release| release.id == *id) {
            return Ok(at);
        }
        let found = self.uncounted.iter().find(|(release, _)| release.id == *id);
        Err(found.map_or(Uncounted::Absent, |(_, why)| *why))
    }

    fn judge(&self, release: &Release) -> Result<(), Uncounted> {
        match self.place(&release.id) {
            Err(Uncounted::Absent) => {}
            _ => return Err(Uncounted::Repeated),
        }
        if release.predecessor == self.last() {
            return Ok(());
        }
        // Whoever names none follows the beginning, where the first release stands already.
        let follower = match release.predecessor {
            None => self.counted.first(),
            Some(predecessor) => match self.place(&predecessor) {
                Ok(at) => self.counted.get(at + 1),
                Err(Uncounted::Absent) => return Err(Uncounted::FollowsNothing(predecessor)),
                Err(_) => return Err(Uncounted::FollowsUncounted(predecessor)),
            },
        };
        follower.map_or(Ok(()), |follower| Err(Uncounted::Skips(follower.id)))
    }
}
