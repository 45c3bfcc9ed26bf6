//! Running a query over published data: resolve inputs to roots, execute, store the output, sign a
//! receipt.

mod arguments;
pub mod details;
pub(super) mod execute;
mod inputs;
pub mod means;
pub(super) mod output;
pub mod plan;
mod preview;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use serde::Serialize;
use veritrail_compute::{
    run::{
        Finished, Made,
        spec::{SPEC_BYTES_MAX, Spec},
    },
    sql::unit::UnitSummary,
};
use veritrail_provenance::{
    hash::{DatasetRoot, StatementId, TableHash},
    identity::{Did, Signer as _},
    ledger::{queries, rows::InLog, rows::RunRow},
    statement::{Access, Origin, Payload, RunReceipt, Statement},
};

pub use self::preview::Preview;
use self::{
    details::{Details, Scanned},
    inputs::Input,
    means::Work,
    output::Written,
};
use super::{Node, clock, new_file::NewFile, publish, resolve::Resolved, text_file::read_text};
use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    progress::Progress,
};

/// What to run.
#[derive(Debug, Clone)]
pub enum Task {
    /// A SPEC.toml.
    File(PathBuf),
    /// The parts of one, as the command line has them.
    Query {
        /// The query.
        sql: String,
        /// `NAME=REF[/path-or-glob]` each.
        inputs: Vec<String>,
        /// `NAME=VALUE` each, the value as in TOML.
        parameters: Vec<String>,
        /// `COLUMN=BOUND` each.
        tolerance: Vec<String>,
    },
}

/// A request to run something.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// What.
    pub task: Task,
    /// Where to write the run down, as a SPEC.toml; a file that exists is kept.
    pub write_spec: Option<PathBuf>,
    /// The person of this home who signs; the operator by default.
    pub signer: Option<String>,
    /// How it is worked on.
    pub work: Work,
}

/// A run that was executed and logged.
#[derive(Debug, Clone, Serialize)]
pub struct Ran {
    /// The run's id: the statement id of its receipt.
    pub run: StatementId,
    /// `run:HEX`.
    pub reference: String,
    /// The log.
    pub origin: Origin,
    /// The receipt's entry.
    pub index: u64,
    /// `ORIGIN#N`.
    pub log: String,
    /// Who signed.
    pub signer: Did,
    /// `NAME = REF` each.
    pub inputs: Vec<String>,
    /// The digest of the result's values.
    pub table_hash: TableHash,
    /// The output's root.
    pub output_root: DatasetRoot,
    /// Bytes of the output's file.
    pub output_bytes: u64,
    /// Rows of all outputs together.
    pub rows: u64,
    /// Rows of the inputs that were read.
    pub rows_read: u64,
    /// Rows of the inputs that WHERE dropped, as far as counted.
    pub rows_dropped: u64,
    /// What each scan of a table read and dropped, and why, in the order of execution.
    pub scans: Vec<Scanned>,
    /// Each output by its name.
    pub outputs: Vec<RanOutput>,
    /// The first rows of the first output.
    pub preview: Preview,
    /// What was computed for it, and what was at hand.
    pub units: UnitsRan,
    /// A ticket for the run.
    pub ticket: String,
}

/// One output of a run.
#[derive(Debug, Clone, Serialize)]
pub struct RanOutput {
    /// Its name; its file is `NAME.parquet`.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// The digest of its values.
    pub table_hash: TableHash,
    /// The first rows.
    pub preview: Preview,
}

/// How the units of a run came by their results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UnitsRan {
    /// Units of the plan.
    pub planned: u64,
    /// Units that were computed.
    pub computed: u64,
    /// Units whose results were kept from an earlier run.
    pub kept: u64,
    /// Bytes that went to disk because memory was short.
    pub spilled_bytes: u64,
    /// The most memory that was accounted for at once.
    pub memory_bytes: u64,
}

impl From<UnitSummary> for UnitsRan {
    fn from(units: UnitSummary) -> Self {
        let UnitSummary { planned, computed, cached, spilled_bytes, memory_bytes, .. } = units;
        Self { planned, computed, kept: cached, spilled_bytes, memory_bytes }
    }
}

impl Node {
    /// Runs a query and logs its receipt. The result depends on the inputs' bytes, the query and
    /// its parameters alone.
    ///
    /// # Errors
    /// An input that is not known or not held here; a query that is refused, with the reason.
    pub async fn run(&self, request: RunRequest, progress: &dyn Progress) -> Result<Ran> {
        let spec = spec_of(&request.task)?;
        let person = request.signer.as_deref().map(publish::did).transpose()?;
        // Before the work: whoever may not sign need not wait for it.
        let signer = self.signer(person.as_ref())?;
        let inputs = self.inputs(&spec).await?;
        let written_down = request.write_spec.as_ref().map(|file| write_spec(file, &spec));
        let written_down = written_down.transpose()?;
        let resolved = spec.resolve(inputs::roots(&inputs)).or_kind(Kind::Usage)?;
        let setting = self.setting(&request.work)?;
        let (started, began) = (clock::now(), Instant::now());
        progress.begin("run", None);
        let done = execute::run(&resolved, &inputs::opened(&inputs), &setting, progress).await;
        progress.end();
        let done = done?;
        drop(setting);
        means::note_rate(self, &done.units(), began.elapsed());
        let details = Details::of(&done, self.node_did()?, started, clock::now());
        let outputs = outputs(&done)?;
        let node = self.node_did()?;
        let writing = self.writing(&progress.stop()).await?;
        let logged = tokio::task::block_in_place(|| {
            let written = self.write_output(&resolved, &done, &details, writing.batch())?;
            let receipt = RunReceipt {
                inputs: inputs.iter().map(Input::stated).collect(),
                spec: resolved.text_hash(),
                spec_blob: written.spec,
                sql: resolved.sql_hash(),
                output: written.stated(),
                details: written.details,
                signer: Did::of_key(signer.public_key()),
                executors: vec![node],
                access: Access::Public,
            };
            Ok((self.log_receipt(&signer, receipt)?, written))
        });
        let (run, written) = writing.end(logged).await?;
        written_down.into_iter().for_each(NewFile::keep);
        let scans = details.scanned();
        let (rows_read, rows_dropped) = (done.rows_read(), done.rows_dropped());
        let ran = Told { rows_read, rows_dropped, scans, units: done.units().into() };
        self.ran(run, &inputs, &written, ran, outputs)
    }

    /// Appends the receipt. The same run in the same second is the same statement: it stands once.
    fn log_receipt(
        &self,
        signer: &veritrail_provenance::identity::SeedSigner,
        receipt: RunReceipt,
    ) -> Result<InLog<RunRow>> {
        let subject = RunReceipt::subject(&receipt.output.root);
        let statement = self.sign(signer, subject, Payload::RunReceipt(receipt))?;
        let id = *statement.id();
        self.append_once(statement)?;
        match queries::run(self.view(), &id).or_failed()? {
            Some(run) => Ok(run),
            None => Err(NodeError::refused("the ledger did not take the receipt")
                .at(format!("statement {id}"))
                .hint("only persons bound to this log may sign in it: veritrail id show")),
        }
    }

    /// Appends a statement unless it stands in the log already.
    pub(super) fn append_once(&self, statement: Statement) -> Result<()> {
        self.append(|node| {
            let known = queries::statement(node.view(), statement.id()).or_failed()?;
            Ok(known.is_none().then(|| vec![statement.clone()]))
        })
        .map(|_| ())
    }

    fn ran(
        &self,
        run: InLog<RunRow>,
        inputs: &[Input],
        written: &Written,
        told: Told,
        outputs: Vec<RanOutput>,
    ) -> Result<Ran> {
        let Told { rows_read, rows_dropped, scans, units } = told;
        let first = outputs.first().map(|output| output.preview.clone());
        let id = run.row.at.id;
        let ticket = self.ticket_of(&Resolved::Run(Box::new(run.clone())))?.ticket;
        Ok(Ran {
            run: id,
            reference: format!("run:{id}"),
            index: run.row.at.index,
            log: format!("{}#{}", run.origin, run.row.at.index),
            origin: run.origin,
            signer: run.row.iss,
            inputs: inputs.iter().map(Input::shown).collect(),
            table_hash: written.table_hash,
            output_root: written.root,
            output_bytes: written.bytes,
            rows: written.rows,
            rows_read,
            rows_dropped,
            scans,
            preview: first.unwrap_or_default(),
            units,
            outputs,
            ticket,
        })
    }
}

/// What was counted.
struct Told {
    rows_read: u64,
    rows_dropped: u64,
    scans: Vec<Scanned>,
    units: UnitsRan,
}

fn outputs(done: &Finished) -> Result<Vec<RanOutput>> {
    let output = |(name, made): (&String, &Made)| {
        Ok(RanOutput {
            name: name.clone(),
            rows: made.table.num_rows() as u64,
            table_hash: made.table_hash,
            preview: Preview::of(&made.table)?,
        })
    };
    done.outputs.iter().map(output).collect()
}

fn spec_of(task: &Task) -> Result<Spec> {
    match task {
        Task::Query { sql, inputs, parameters, tolerance } => {
            arguments::spec(sql, inputs, parameters, tolerance)
        }
        Task::File(file) => {
            let failed = |kind, why: String| {
                NodeError::new(kind, format!("cannot read the spec: {why}"))
                    .at(file.display())
                    .hint("name a TOML file; --write-spec makes one of a query")
            };
            let text = read_text(file, SPEC_BYTES_MAX as u64)
                .map_err(|e| failed(Kind::Failed, e.to_string()))?
                .ok_or_else(|| failed(Kind::NotFound, "no such file".to_owned()))?;
            // The order of steps too: what is wrong with it needs no input to be told.
            let read = Spec::from_toml(&text).and_then(|spec| spec.plan().map(|_| spec));
            read.map_err(|e| {
                NodeError::usage(e.to_string()).at(file.display()).hint(
                    "a spec holds version = 1, sql, [inputs], and as wanted output, seed, \
                     [parameters], [tolerance.COLUMN]; or version = 2, [inputs], [steps.NAME], \
                     [outputs.NAME]",
                )
            })
        }
    }
}

fn write_spec(file: &Path, spec: &Spec) -> Result<NewFile> {
    let text = spec.to_toml().or_kind(Kind::Usage)?;
    NewFile::create(file, text.as_bytes()).map_err(|e| {
        NodeError::failed(format!("cannot write the spec: {e}"))
            .at(file.display())
            .hint("name a file that does not exist yet")
    })
}
