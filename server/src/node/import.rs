//! Taking evidence in that a peer sent: verified first, against what this home remembers; then
//! blobs, trails and state, in that order, so that the state names nothing that is not kept.

use bytes::Bytes;
use veritrail_provenance::{
    evidence::{self, Consistency, Evidence, KnownHead, LogEvidence, LogReport, Report},
    ledger::queries,
    lineage::{Node as Fact, Subject},
    log::note::VKey,
    statement::{Origin, Payload, Statement},
};
use veritrail_storage::{
    blob::Blobs,
    settings::Pinned,
    state::refold,
    trails::{Imported, TrailError},
};

use super::{Node, fingerprint::fingerprint, kept::Kept};
use crate::{
    error::{NodeError, OrKind as _, Result},
    progress::Progress,
};

/// Evidence that was verified and is kept.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) report: Report,
    /// Logs that were met for the first time, each with its fingerprint.
    pub(super) first_contacts: Vec<(Origin, String)>,
}

impl Node {
    /// The sizes of the heads that this home remembers: what a request for evidence states.
    pub(super) fn known_sizes(&self) -> Result<Vec<(Origin, u64)>> {
        let heads = self.home().parts().trails.known().or_refused()?;
        let own = self.snapshot()?;
        let mut known: Vec<(Origin, u64)> = heads
            .into_iter()
            .map(|head| (head.checkpoint.origin, head.checkpoint.size))
            .chain([(self.origin().clone(), own.size())])
            .collect();
        known.sort();
        known.truncate(evidence::LOGS_MAX);
        Ok(known)
    }

    /// Verifies evidence about `subject`, pins what is new, and takes it in. `named` is the log
    /// that a ticket names, with its keys.
    ///
    /// # Errors
    /// Something is not what it must be, or not what it was (then nothing is taken in but the proof
    /// of it); something is newer than this program.
    pub(super) async fn accept(
        &self,
        evidence: &Evidence,
        subject: &Subject,
        named: (&Origin, &[VKey]),
        progress: &dyn Progress,
    ) -> Result<Accepted> {
        let report = self.judge(evidence, subject)?;
        check_named(evidence, &report, named)?;
        self.check_own(evidence)?;
        let first_contacts = self.pin(&report)?;
        let writing = self.writing(&progress.stop()).await?;
        let taken = self.take_all(evidence, &report, &*writing.blobs()).await;
        writing.end(taken).await?;
        for (origin, words) in &first_contacts {
            let log = report.logs.iter().find(|log| log.origin == *origin);
            let owner = log.and_then(|log| log.operator.as_ref());
            let owner = owner.map_or_else(|| "DID".to_owned(), ToString::to_string);
            progress.say(&format!(
                "first contact, not confirmed: log {origin}\n  fingerprint {words}\n  compare it \
                 with the log's owner (who reads it from veritrail id show); then: veritrail id \
                 trust {owner}"
            ));
        }
        Ok(Accepted { report, first_contacts })
    }

    /// Blobs first: the state names nothing that is not kept.
    async fn take_all(
        &self,
        evidence: &Evidence,
        report: &Report,
        blobs: &dyn Blobs,
    ) -> Result<()> {
        for blob in &evidence.blobs {
            blobs.put(Bytes::from(blob.bytes.clone())).await.or_failed()?;
        }
        for log in evidence.logs.iter().filter(|log| log.origin != *self.origin()) {
            self.take_in(log, report)?;
        }
        Ok(())
    }

    fn judge(&self, evidence: &Evidence, subject: &Subject) -> Result<Report> {
        let mut known: Vec<KnownHead> = Vec::new();
        for log in &evidence.logs {
            known.extend(self.known_head(&log.origin)?);
        }
        let report = evidence::verify(evidence, &self.trust_roots(&[])?, &known, subject);
        for pair in &report.inconsistent {
            self.home().parts().trails.keep_pair(pair).or_failed()?;
        }
        if let Some(failure) = report.failures.first() {
            return Err(NodeError::refused(failure.reason.clone())
                .at(&failure.place)
                .hint("nothing of it was taken in; ask its owner, or somebody else who has it"));
        }
        if let Some(open) = report.open.first() {
            let error = NodeError::could_not_check(open.reason.clone())
                .hint("a newer version of this program, or a fuller answer, may settle it");
            return Err(match &open.place {
                Some(place) => error.at(place),
                None => error,
            });
        }
        check_asked(evidence, &report)?;
        Ok(report)
    }

    /// Our own log in another's mouth must be our own log.
    fn check_own(&self, evidence: &Evidence) -> Result<()> {
        let Some(shown) = evidence.log(self.origin()) else { return Ok(()) };
        let own = self.snapshot()?;
        for entry in &shown.entries {
            let same = entry.index < own.size()
                && own.entry(entry.index).is_ok_and(|bytes| bytes == entry.bytes);
            if !same {
                return Err(NodeError::refused("this home's log has another entry there")
                    .at(format!("{}#{}", shown.origin, entry.index))
                    .hint("somebody has this log's key, or its name: veritrail log audit"));
            }
        }
        Ok(())
    }

    /// Pins logs and datasets that are met for the first time; refuses those that changed.
    fn pin(&self, report: &Report) -> Result<Vec<(Origin, String)>> {
        let mut first = Vec::new();
        for log in report.logs.iter().filter(|log| log.origin != *self.origin()) {
            let keys = keys_of(report, &log.origin)?;
            match self.settings().pin_log(&log.origin, &keys).or_failed()? {
                Pinned::Same => {}
                Pinned::First => {
                    first.push((log.origin.clone(), fingerprint(&log.origin, &keys)));
                }
                Pinned::Changed { before } => {
                    check_rotation(log, &before, &keys)?;
                    self.settings().add_log_keys(&log.origin, &keys).or_failed()?;
                }
            }
        }
        for fact in report.lineage.iter().flat_map(|lineage| &lineage.nodes) {
            let Fact::Version { origin, dataset, .. } = fact else { continue };
            let row = queries::dataset(&report.state, origin, dataset).or_failed()?;
            let Some(genesis) = row.map(|row| row.genesis.id) else { continue };
            let pinned = self.settings().pin_dataset(dataset, &genesis).or_failed()?;
            if let Pinned::Changed { before } = pinned {
                return Err(NodeError::refused(format!(
                    "its genesis is {genesis}, and was {before} before: a fork"
                ))
                .at(dataset)
                .hint("nothing of it was taken in; ask the dataset's owner"));
            }
        }
        Ok(first)
    }

    fn take_in(&self, log: &LogEvidence, report: &Report) -> Result<()> {
        let keys = keys_of(report, &log.origin)?;
        let trails = &self.home().parts().trails;
        let imported = trails.import(log, &keys).map_err(|e| {
            let refused = NodeError::refused(e.to_string()).at(&log.origin);
            match e {
                TrailError::Disk(_) => NodeError::failed(e.to_string()).at(&log.origin),
                _ => refused,
            }
        })?;
        if imported == Imported::Apart {
            return match self.kept(log)? {
                // An older head with nothing new behind it: what is kept says the same.
                Kept::All => Ok(()),
                Kept::Some => Err(NodeError::could_not_check(
                    "its head is not shown to extend the one seen before, so it is kept apart",
                )
                .at(&log.origin)
                .hint("ask again: whoever answers must prove that the log only grew")),
                Kept::Otherwise(index) => Err(NodeError::refused(
                    "this home keeps another entry of this index: the log has shown different \
                     people different things, and both are kept as proof",
                )
                .at(format!("{}#{index}", log.origin))
                .hint("trust nothing of this log before its owner has explained it")),
            };
        }
        let entries = trails.entries(&log.origin).or_refused()?;
        refold(self.state(), &log.origin, &entries).or_failed()
    }
}

/// The keys that may sign a log's checkpoints, as its own statements say.
fn keys_of(report: &Report, origin: &Origin) -> Result<Vec<VKey>> {
    let log = queries::log(&report.state, origin).or_failed()?;
    let mut keys: Vec<VKey> =
        log.into_iter().flat_map(|log| log.keys).map(|key| key.vkey).collect();
    keys.sort();
    keys.dedup();
    Ok(keys)
}

/// A log that the subject does not rest on would be pinned all the same: whoever answers could have
/// his own keys taken for those of any log that is not known here yet.
fn check_asked(evidence: &Evidence, report: &Report) -> Result<()> {
    let needed = report.lineage.iter().flat_map(|lineage| lineage.statements.keys());
    for log in &evidence.logs {
        if !needed.clone().any(|(origin, _)| *origin == log.origin) {
            return Err(NodeError::refused("the answer shows a log that nobody asked for")
                .at(&log.origin)
                .hint("nothing of it was taken in; ask somebody else who has it"));
        }
    }
    Ok(())
}

/// A ticket names the keys that its maker meant; another log of the same name has others. Since then
/// the log's operator may have bound new ones, by a statement of the same hand that bound those.
fn check_named(
    evidence: &Evidence,
    report: &Report,
    (origin, vkeys): (&Origin, &[VKey]),
) -> Result<()> {
    let (Some(log), Some(shown)) =
        (report.logs.iter().find(|log| log.origin == *origin), evidence.log(origin))
    else {
        return Err(NodeError::could_not_check(
            "the answer shows nothing of the log that was asked for",
        )
        .at(origin));
    };
    let signed = log.signed_by.iter().any(|key| vkeys.contains(key));
    if signed || bound_by_operator(shown, report).iter().any(|key| vkeys.contains(key)) {
        return Ok(());
    }
    Err(NodeError::refused("its checkpoint is not signed by a key that was named for this log")
        .at(origin)
        .hint("ask whoever gave you the ticket for a new one"))
}

/// Every checkpoint key that an identity of the log's operator, of those that are shown, binds. The
/// statements were folded before: each is signed, and each key proved that it agrees.
fn bound_by_operator(shown: &LogEvidence, report: &Report) -> Vec<VKey> {
    let Ok(Some(log)) = queries::log(&report.state, &shown.origin) else { return Vec::new() };
    let mut keys = Vec::new();
    for entry in &shown.entries {
        let Ok(statement) = Statement::decode(&entry.bytes) else { continue };
        let Payload::Identity(identity) = statement.payload() else { continue };
        if *statement.iss() == log.operator && statement.aud() == &shown.origin {
            keys.extend(identity.vkeys.iter().filter_map(|vkey| vkey.parse::<VKey>().ok()));
        }
    }
    keys
}

/// New keys are taken from a log that is shown to be the same log, grown.
fn check_rotation(log: &LogReport, before: &[VKey], now: &[VKey]) -> Result<()> {
    let grown = matches!(log.consistency, Consistency::Extends { .. } | Consistency::Same);
    if grown || now.iter().any(|key| before.contains(key)) {
        return Ok(());
    }
    let words = |keys: &[VKey]| fingerprint(&log.origin, keys);
    Err(NodeError::refused(format!(
        "its keys are not those of the first contact: fingerprint {}, was {}",
        words(now),
        words(before)
    ))
    .at(&log.origin)
    .hint("nothing of it was taken in; ask the log's owner"))
}
