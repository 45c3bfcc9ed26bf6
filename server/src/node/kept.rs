//! What others show of a foreign log against the entries of it that are kept here. Two entries of
//! one index, each proven to be in the log, convict whoever has the log's key.

use veritrail_provenance::evidence::{Evidence, LogEvidence};

use super::Node;
use crate::error::{OrKind as _, Result};

/// How shown entries compare with kept ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Every one is kept, byte for byte.
    All,
    /// Some are not kept; none is kept otherwise.
    Some,
    /// One of this index is kept with other bytes.
    Otherwise(u64),
}

impl Node {
    /// Places of entries that are kept here with other bytes than are shown, `ORIGIN#N` each.
    pub(super) fn contradictions(&self, shown: &Evidence) -> Result<Vec<String>> {
        let mut places = Vec::new();
        for log in shown.logs.iter().filter(|log| log.origin != *self.origin()) {
            if let Kept::Otherwise(index) = self.kept(log)? {
                places.push(format!("{}#{index}", log.origin));
            }
        }
        Ok(places)
    }

    /// Compares what is shown of a foreign log with what is kept of it.
    pub(super) fn kept(&self, shown: &LogEvidence) -> Result<Kept> {
        let kept = self.home().parts().trails.entries(&shown.origin).or_refused()?;
        let mut all = true;
        for entry in &shown.entries {
            let at = kept.binary_search_by_key(&entry.index, |(index, _)| *index).ok();
            match at.and_then(|at| kept.get(at)) {
                Some((_, bytes)) if *bytes == entry.bytes => {}
                Some(_) => return Ok(Kept::Otherwise(entry.index)),
                None => all = false,
            }
        }
        Ok(if all { Kept::All } else { Kept::Some })
    }
}
