//! Released proofs on the walk: from a version to them, so that whoever gets the version learns what
//! was given away of it, and from one of them to its version.

use super::{Fact, Found, Walk, not_found};
use crate::identity::Did;
use crate::ledger::queries;
use crate::ledger::rows::ReleaseRow;
use crate::lineage::{RELEASES_MAX, Why};
use crate::statement::Origin;

impl Walk<'_> {
    /// Puts the newest releases of a version into the graph. They are no step further down: a
    /// version rests on none of them.
    pub(super) fn visit_releases(
        &mut self,
        depth: u64,
        origin: &Origin,
        dataset: &Did,
        version: u64,
    ) -> Found<()> {
        let Some(last) = queries::last_release(self.view, origin, dataset, version)? else {
            return Ok(());
        };
        for number in last.number.saturating_sub(RELEASES_MAX - 1).max(1)..=last.number {
            // What is known of a log may have gaps.
            if queries::release(self.view, origin, dataset, version, number)?.is_some() {
                let (origin, dataset) = (origin.clone(), dataset.clone());
                self.visit(Fact::Release { origin, dataset, version, number }, depth)?;
            }
        }
        Ok(())
    }

    /// The statement of a release, and what binds who signed it. Only where it was asked for itself
    /// does the answer rest on it.
    pub(super) fn need_release(
        &mut self,
        origin: &Origin,
        row: &ReleaseRow,
        asked_for: bool,
    ) -> Found<()> {
        if asked_for {
            self.need(origin, row.at, Why::Fact)?;
            return self.need_binding(origin, &row.iss);
        }
        self.need(origin, row.at, Why::Release)?;
        self.need_identity(origin, &row.iss)
    }

    /// Which release of which version stands at a place of a log.
    pub(super) fn release_at(
        &self,
        origin: &Origin,
        dataset: &Did,
        index: u64,
    ) -> Found<Option<(u64, u64)>> {
        for version in queries::versions(self.view, origin, dataset)? {
            let version = version.payload.number;
            let releases = queries::releases(self.view, origin, dataset, version)?;
            if let Some(row) = releases.iter().find(|row| row.at.index == index) {
                return Ok(Some((version, row.payload.number)));
            }
        }
        Ok(None)
    }

    pub(super) fn release(
        &self,
        origin: &Origin,
        dataset: &Did,
        version: u64,
        number: u64,
    ) -> Found<ReleaseRow> {
        queries::release(self.view, origin, dataset, version, number)?
            .ok_or_else(|| not_found(format!("release {number} of {dataset}@{version}")))
    }
}
