//! Reproducing a run: its evidence, spec, output and inputs are fetched anew, the query is executed
//! again, and what came out is signed as a verdict.

mod again;
mod fresh;

use std::sync::Arc;

use serde::Serialize;
use veritrail_provenance::{
    hash::{BinaryHash, StatementId, TableHash},
    identity::{Did, SeedSigner, Signer as _},
    ledger::{
        queries,
        rows::{InLog, RunRow},
    },
    statement::{Difference, Outcome, Payload, RunVerdict, StatementRef},
};
use veritrail_storage::{blob::Blobs, peer::ticket::PortableReference};

use self::{again::Judged, fresh::FreshStore};
use super::{
    Node,
    get::session::Session,
    peering::Relay,
    publish,
    resolve::Resolved,
    run::means::{Results, Setting, Work},
    shelf::Shelf,
    ticket,
};
use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    progress::Progress,
};

/// What to reproduce.
#[derive(Debug, Clone, Default)]
pub struct ReproduceRequest {
    /// `run:HEX` of a known run, or a ticket.
    pub run: String,
    /// The person of this home who signs; the operator by default.
    pub signer: Option<String>,
    /// Help in reaching the other node.
    pub relay: Relay,
    /// Bytes of memory that the query may hold; the default of a run where it is not said.
    pub memory_bytes: Option<u64>,
}

/// The verdict, as it was signed and logged.
#[derive(Debug, Clone, Serialize)]
pub struct Reproduced {
    /// `run:HEX`.
    pub run: String,
    /// identical, within tolerance, different, could not check.
    pub outcome: ReproducedOutcome,
    /// The receipt's table hash.
    pub expected: TableHash,
    /// The one that came out.
    pub found: Option<TableHash>,
    /// The first difference.
    pub difference: Option<Difference>,
    /// What was missing, where it could not be checked.
    pub missing: Option<String>,
    /// How the inputs were come by.
    pub inputs: String,
    /// True if all of it was fetched anew.
    pub fresh: bool,
    /// How to have it fetched anew, where it was not.
    pub remedy: Option<String>,
    /// Who signed the verdict.
    pub signer: Did,
    /// The node that repeated the run.
    pub node: Did,
    /// SHA-256 of the executable that repeated it.
    pub binary: BinaryHash,
    /// Where the verdict stands, `ORIGIN#N`.
    pub log: String,
    /// The verdict's statement.
    pub statement: StatementId,
}

/// The outcome, as it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReproducedOutcome {
    /// The same values to the last bit.
    Identical,
    /// Differences no larger than the run declared as tolerable.
    WithinTolerance,
    /// Other values.
    Different,
    /// It could not be repeated.
    CouldNotCheck,
}

impl ReproducedOutcome {
    /// As a person reads it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::WithinTolerance => "within the declared tolerance",
            Self::Different => "DIFFERENT",
            Self::CouldNotCheck => "could not check",
        }
    }
}

impl From<Outcome> for ReproducedOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Identical => Self::Identical,
            Outcome::WithinTolerance => Self::WithinTolerance,
            Outcome::Different => Self::Different,
            Outcome::CouldNotCheck => Self::CouldNotCheck,
        }
    }
}

impl Reproduced {
    /// 0 identical or within tolerance, 3 different, 1 could not check.
    pub fn exit_code(&self) -> u8 {
        match self.outcome {
            ReproducedOutcome::Identical | ReproducedOutcome::WithinTolerance => 0,
            ReproducedOutcome::Different => 3,
            ReproducedOutcome::CouldNotCheck => 1,
        }
    }
}

impl Node {
    /// Repeats a run and logs a verdict. A ticket is fetched into a store that holds nothing else,
    /// so that no cached byte or result can take part; a run that is known here is repeated from
    /// the home's own bytes, each checked against its hash.
    ///
    /// # Errors
    /// There is no verdict to sign: the run is not known and nobody shows its receipt; the
    /// evidence is false; the signer is not of this home.
    pub async fn reproduce(
        &self,
        request: ReproduceRequest,
        progress: &dyn Progress,
    ) -> Result<Reproduced> {
        let person = request.signer.as_deref().map(publish::did).transpose()?;
        let signer = self.signer(person.as_ref())?;
        // No kept result takes part: it would prove that a result was kept, and nothing else.
        let work = Work { memory_bytes: request.memory_bytes, results: Results::Computed };
        let setting = self.setting(&work)?;
        if ticket::is_ticket(&request.run) {
            return self.reproduce_remote(&request, &signer, &setting, progress).await;
        }
        let run = self.known_run(&request.run)?;
        let judged = again::run(&Shelf(self.blobs()), None, &run.row, &setting, progress).await;
        self.log_verdict(&signer, &run, judged, Fresh::Held)
    }

    async fn reproduce_remote(
        &self,
        request: &ReproduceRequest,
        signer: &SeedSigner,
        setting: &Setting,
        progress: &dyn Progress,
    ) -> Result<Reproduced> {
        let ticket = ticket::read(&request.run)?;
        let PortableReference::Statement { .. } = ticket.reference() else {
            return Err(NodeError::usage("this ticket leads to a dataset, not to a run")
                .hint("fetch it with: veritrail get TICKET"));
        };
        let store = FreshStore::create(self)?;
        let blobs = store.blobs();
        let mut session =
            Session::open(self, ticket.node(), request.relay, Arc::clone(&blobs)).await?;
        let met = self.meet(&mut session, &ticket, progress).await;
        let accepted = match met {
            Ok(accepted) => accepted,
            Err(e) => {
                session.close().await;
                return Err(e);
            }
        };
        drop(accepted);
        let run = self.known_run(&ticket::written(ticket.reference()))?;
        let shelf = Shelf(Arc::clone(&blobs));
        let judged = again::run(&shelf, Some(&mut session), &run.row, setting, progress).await;
        session.close().await;
        self.remember(ticket.node())?;
        let writing = self.writing(&progress.stop()).await?;
        let kept = self.keep_small(&shelf, &run.row, &*writing.blobs()).await;
        let logged = kept.and_then(|()| self.log_verdict(signer, &run, judged, Fresh::Fetched));
        writing.end(logged).await
    }

    fn known_run(&self, reference: &str) -> Result<InLog<RunRow>> {
        match self.resolve(reference)? {
            Resolved::Run(run) | Resolved::Output(run) => Ok(*run),
            other => Err(NodeError::usage("this is no run")
                .at(other.portable())
                .hint("a run is run:HEX, or a ticket of one")),
        }
    }

    /// Takes spec, details and manifests into the home, so that the verdict's lineage can be shown
    /// and bundled here; inputs and outputs go with the fresh store.
    async fn keep_small(&self, fresh: &Shelf, run: &RunRow, to: &dyn Blobs) -> Result<()> {
        let receipt = &run.payload;
        let mut ids = vec![receipt.spec_blob, receipt.details, receipt.output.manifest];
        ids.extend(receipt.inputs.iter().map(|input| input.manifest));
        for id in ids.clone() {
            if let Ok(Some(manifest)) = fresh.manifest(&id).await {
                let pages = manifest.layout().file_pages.iter();
                ids.extend(pages.chain(&manifest.layout().chunk_pages).map(|page| page.blob));
            }
        }
        if let Ok(Some(output)) = fresh.open(&receipt.output.manifest).await
            && output.layout.bytes() <= super::bundle::OUTPUT_BYTES_MAX
        {
            ids.extend(output.layout.chunks().iter().map(|chunk| chunk.id));
        }
        for id in ids {
            if let Some(bytes) = fresh.held(&id).await? {
                to.put(bytes.into()).await.or_failed()?;
            }
        }
        Ok(())
    }

    fn log_verdict(
        &self,
        signer: &SeedSigner,
        run: &InLog<RunRow>,
        judged: Judged,
        fresh: Fresh,
    ) -> Result<Reproduced> {
        let Judged { outcome, found, difference, missing } = judged;
        let expected = run.row.payload.output.table_hash;
        let receipt =
            StatementRef { origin: run.origin.clone(), index: run.row.at.index, id: run.row.at.id };
        let verdict = RunVerdict {
            receipt,
            outcome,
            expected,
            found,
            difference: difference.clone(),
            missing: missing.clone(),
            signer: Did::of_key(signer.public_key()),
            node: self.node_did()?,
            binary: binary()?,
            engine: veritrail_compute::run::engine::Engine::current().line(),
            fresh: fresh == Fresh::Fetched,
        };
        let (node, binary, by) = (verdict.node.clone(), verdict.binary, verdict.signer.clone());
        let subject = RunVerdict::subject(&run.row.at.id);
        let statement = self.sign(signer, subject, Payload::RunVerdict(verdict))?;
        let id = *statement.id();
        self.append_once(statement)?;
        let Some((origin, index)) = queries::statement(self.view(), &id).or_failed()? else {
            return Err(NodeError::new(Kind::NotAuthorised, "the ledger did not take the verdict")
                .hint("only persons bound to this log may sign in it: veritrail id show"));
        };
        Ok(Reproduced {
            run: format!("run:{}", run.row.at.id),
            outcome: outcome.into(),
            expected,
            found,
            difference,
            missing,
            inputs: fresh.words().to_owned(),
            fresh: fresh == Fresh::Fetched,
            remedy: fresh.remedy(),
            signer: by,
            node,
            binary,
            log: format!("{origin}#{index}"),
            statement: id,
        })
    }
}

/// How the bytes were come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fresh {
    Fetched,
    Held,
}

impl Fresh {
    fn words(self) -> &'static str {
        match self {
            Self::Fetched => "fetched anew, into an empty store",
            Self::Held => "held here, every byte checked against its hash; not fetched anew",
        }
    }

    fn remedy(self) -> Option<String> {
        let told = "to have them fetched anew: veritrail reproduce TICKET, with the ticket that \
                    veritrail show RUN --ticket prints where the run is served";
        (self == Self::Held).then(|| told.to_owned())
    }
}

/// SHA-256 of the program that runs.
fn binary() -> Result<BinaryHash> {
    let failed =
        |e: std::io::Error| NodeError::failed(format!("cannot read the program that runs: {e}"));
    // Not its path: the file there may have been replaced since it was started.
    #[cfg(target_os = "linux")]
    let program = std::path::PathBuf::from("/proc/self/exe");
    #[cfg(not(target_os = "linux"))]
    let program = std::env::current_exe().map_err(failed)?;
    Ok(BinaryHash::of(&std::fs::read(program).map_err(failed)?))
}
