//! Reproducing a run: its evidence, spec, output and inputs are fetched anew, the query is executed
//! again, and what came out is signed as a verdict.

mod again;
mod fresh;
mod gather;
mod how;

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
use veritrail_storage::{
    blob::Blobs,
    peer::ticket::{PortableReference, Ticket},
};

use self::{again::Judged, fresh::FreshStore, gather::Gathered, how::How};
use super::{
    Node,
    peering::Relay,
    publish,
    resolve::Resolved,
    run::means::{Results, Setting, Work},
    shelf::Shelf,
    sources::{Asked, Sought},
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
    /// Where spec, inputs and output of a known run come from.
    pub bytes: Bytes,
    /// The person of this home who signs; the operator by default.
    pub signer: Option<String>,
    /// Help in reaching the other node.
    pub relay: Relay,
    /// Bytes of memory that the query may hold; the default of a run where it is not said.
    pub memory_bytes: Option<u64>,
}

/// Where the bytes of a reproduction come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bytes {
    /// Other nodes: that of the ticket, or those that the run is known from.
    #[default]
    Fetched,
    /// This home, each checked against its hash. The verdict says so.
    Held,
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
    /// The nodes that were asked for them.
    pub asked: Vec<Asked>,
    /// True if all of it was fetched anew.
    pub fresh: bool,
    /// How to have all of it fetched anew, where it was not.
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
    /// Repeats a run and logs a verdict. Evidence, spec, inputs and output are fetched into a store
    /// that holds nothing else, so that no cached byte or result can take part: from the node of a
    /// ticket, or from those that the run is known from. A run of this home's own log is nowhere
    /// else to be had, and is repeated from the home's bytes, as [`Bytes::Held`] asks for others.
    ///
    /// # Errors
    /// There is no verdict to sign: the run is not known; nobody shows its receipt, or only false
    /// evidence; the signer is not of this home.
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
            let ticket = ticket_of_run(&request)?;
            let (sought, peers) = (Sought::from(&ticket), [ticket.node().clone()]);
            let store = FreshStore::create(self)?;
            let gathered = self.gather(&sought, &peers, &request, &store, progress).await?;
            return self
                .judge_gathered((&sought, gathered, &store), &signer, &setting, progress)
                .await;
        }
        let run = self.known_run(&request.run)?;
        self.refuse_inputs(&run.row)?;
        if run.origin == *self.origin() || request.bytes == Bytes::Held {
            let judged = again::run(&Shelf(self.blobs()), &run.row, &setting, progress).await;
            let how = if run.origin == *self.origin() { How::Own } else { How::Held };
            return self.log_verdict(&signer, &run, judged, how, Vec::new());
        }
        let run = Resolved::Run(Box::new(run));
        let (sought, peers) = (self.sought(&run)?, self.sources_of(&run)?);
        let store = FreshStore::create(self)?;
        let gathered = self.gather(&sought, &peers, &request, &store, progress).await;
        let gathered = gathered.map_err(|e| nobody_answers(e, &run))?;
        self.judge_gathered((&sought, gathered, &store), &signer, &setting, progress).await
    }

    /// Repeats what was gathered, as far as it was.
    async fn judge_gathered(
        &self,
        (sought, gathered, store): (&Sought, Gathered, &FreshStore),
        signer: &SeedSigner,
        setting: &Setting,
        progress: &dyn Progress,
    ) -> Result<Reproduced> {
        let run = self.known_run(&ticket::written(&sought.reference))?;
        self.refuse_inputs(&run.row)?;
        let shelf = Shelf(store.blobs());
        let (judged, how) = match gathered.missing {
            Some(missing) => (Judged::could_not_check(&missing), How::InPart),
            None => (again::run(&shelf, &run.row, setting, progress).await, How::Fetched),
        };
        let writing = self.writing(&progress.stop()).await?;
        let kept = self.keep_small(&shelf, &run.row, &*writing.blobs()).await;
        let logged =
            kept.and_then(|()| self.log_verdict(signer, &run, judged, how, gathered.asked));
        writing.end(logged).await
    }

    /// A run over private bytes is nobody's to repeat.
    fn refuse_inputs(&self, run: &RunRow) -> Result<()> {
        let mut inputs = run.payload.inputs.iter();
        inputs.try_for_each(|input| self.refuse_root(&input.root, "no run reads its rows"))
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
        how: How,
        asked: Vec<Asked>,
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
            fresh: how == How::Fetched,
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
            inputs: how.words().to_owned(),
            asked,
            fresh: how == How::Fetched,
            remedy: how.remedy(),
            signer: by,
            node,
            binary,
            log: format!("{origin}#{index}"),
            statement: id,
        })
    }
}

/// The ticket that the request holds, which must lead to a run.
fn ticket_of_run(request: &ReproduceRequest) -> Result<Ticket> {
    let ticket = ticket::read(&request.run)?;
    if request.bytes == Bytes::Held {
        return Err(NodeError::usage("a ticket leads to another node, and that one is asked")
            .at("--held")
            .hint("name the run itself, if it is known here: veritrail reproduce run:HEX --held"));
    }
    match ticket.reference() {
        PortableReference::Statement { .. } => Ok(ticket),
        PortableReference::Version { .. } => {
            Err(NodeError::usage("this ticket leads to a dataset, not to a run")
                .at("the ticket")
                .hint("fetch it with: veritrail get TICKET"))
        }
    }
}

/// Without evidence from anybody there is nothing to sign: the run is known, and what to do is too.
fn nobody_answers(error: NodeError, run: &Resolved) -> NodeError {
    if !matches!(
        error.kind,
        Kind::Failed | Kind::CouldNotCheck | Kind::NotFound | Kind::NotAuthorised
    ) {
        return error;
    }
    let run = run.portable();
    let words = format!("nothing was fetched anew, so no verdict was signed: {}", error.message);
    NodeError::could_not_check(words).at(&run).hint(format!(
        "ask whoever has it to serve it (veritrail serve), or for a fresh ticket: veritrail \
         reproduce TICKET; or repeat it from the bytes held here, which the verdict will say: \
         veritrail reproduce {run} --held"
    ))
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
