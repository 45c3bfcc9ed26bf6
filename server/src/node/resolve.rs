//! From what a person wrote to what it names. What names several things is an error that lists
//! them; what names nothing says what to try.

use std::fmt::Display;

use veritrail_provenance::{
    hash::{ChunkId, DatasetRoot},
    identity::Did,
    ledger::{
        View, queries,
        rows::{DatasetRow, InLog, RunRow, VersionRow},
    },
    reference::Reference,
    statement::{Origin, StatementRef},
};

use super::{Node, ticket};
use crate::error::{Kind, NodeError, OrKind as _, Result};

/// What a reference names.
#[derive(Debug, Clone)]
pub enum Resolved {
    /// A version of a dataset.
    Version(Box<FoundVersion>),
    /// A run.
    Run(Box<InLog<RunRow>>),
    /// The output of a run.
    Output(Box<InLog<RunRow>>),
    /// An entry of a log, whatever it is.
    Entry {
        /// The log.
        origin: Origin,
        /// Counted from 0.
        index: u64,
    },
}

/// A version and the dataset it belongs to, in one log.
#[derive(Debug, Clone)]
pub struct FoundVersion {
    /// The dataset.
    pub did: Did,
    /// The log that holds its statements.
    pub origin: Origin,
    /// The dataset as that log has it.
    pub dataset: DatasetRow,
    /// The version.
    pub row: VersionRow,
}

/// Bytes that a reference leads to: what `get`, `run` and `verify` read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes {
    /// The root over them.
    pub root: DatasetRoot,
    /// Their manifest's head.
    pub manifest: ChunkId,
    /// The statement that published them, where one did; an output of a run has none.
    pub version: Option<StatementRef>,
}

impl FoundVersion {
    /// The version's statement.
    pub fn statement(&self) -> StatementRef {
        StatementRef { origin: self.origin.clone(), index: self.row.at.index, id: self.row.at.id }
    }

    /// `DID@N`.
    pub fn portable(&self) -> String {
        format!("{}@{}", self.did, self.row.payload.number)
    }
}

impl Resolved {
    /// The reference in a form that means the same in every home.
    pub fn portable(&self) -> String {
        match self {
            Self::Version(version) => version.portable(),
            Self::Run(run) => format!("run:{}", run.row.at.id),
            Self::Output(run) => format!("run:{}/output", run.row.at.id),
            Self::Entry { origin, index } => format!("{origin}#{index}"),
        }
    }

    /// The log entry that says so, `ORIGIN#N`.
    pub fn entry(&self) -> String {
        match self {
            Self::Version(version) => format!("{}#{}", version.origin, version.row.at.index),
            Self::Run(run) | Self::Output(run) => format!("{}#{}", run.origin, run.row.at.index),
            Self::Entry { .. } => self.portable(),
        }
    }

    /// The bytes it leads to: a version's, or a run's output; none for a run or another entry.
    pub fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Version(version) => Some(Bytes {
                root: version.row.payload.root,
                manifest: version.row.payload.manifest,
                version: Some(version.statement()),
            }),
            Self::Output(run) => {
                let output = &run.row.payload.output;
                Some(Bytes { root: output.root, manifest: output.manifest, version: None })
            }
            Self::Run(_) | Self::Entry { .. } => None,
        }
    }
}

impl Node {
    /// What `text` names in this home: its own log and the trails it imported. Reads no bytes of
    /// data.
    pub fn resolve(&self, text: &str) -> Result<Resolved> {
        let reference = Reference::parse(text).map_err(|e| {
            NodeError::usage(format!("this is no reference: {e}")).at(text).hint(meant(text))
        })?;
        self.resolve_reference(&reference)
    }

    /// As [`Node::resolve`], for a reference that is parsed already.
    pub fn resolve_reference(&self, reference: &Reference) -> Result<Resolved> {
        match reference {
            Reference::Dataset(did) => self.newest(did),
            Reference::DatasetNumber(did, number) => self.numbered(did, *number),
            Reference::DatasetRoot(did, prefix) => self.rooted(did, &prefix.to_string()),
            Reference::Run(prefix) => {
                Ok(Resolved::Run(Box::new(self.run_by_prefix(&prefix.to_string())?)))
            }
            Reference::RunOutput(prefix) => {
                Ok(Resolved::Output(Box::new(self.run_by_prefix(&prefix.to_string())?)))
            }
            Reference::OwnLog(index) => self.entry(self.origin(), *index),
            Reference::Log(origin, index) => self.entry(origin, *index),
            Reference::Ticket(ticket) => self.resolve_ticket(ticket),
            Reference::Name(name) => self.newest(&self.named(name.as_str())?),
            Reference::NameNumber(name, number) => {
                self.numbered(&self.named(name.as_str())?, *number)
            }
        }
    }

    /// The one dataset of this DID.
    fn dataset(&self, did: &Did) -> Result<InLog<DatasetRow>> {
        let mut found = queries::datasets(self.view(), did).or_failed()?;
        match (found.pop(), found.is_empty()) {
            (Some(dataset), true) => Ok(dataset),
            (Some(last), false) => {
                found.push(last);
                let geneses = found.iter().map(|d| format!("{}#{}", d.origin, d.row.genesis.index));
                Err(NodeError::refused("a fork: the dataset's key made more than one genesis")
                    .at(did)
                    .hint(listed("its geneses are", geneses)))
            }
            (None, _) => Err(NodeError::not_found("no such dataset is known here")
                .at(did)
                .hint("fetch it from whoever has it: veritrail get TICKET")),
        }
    }

    fn newest(&self, did: &Did) -> Result<Resolved> {
        let dataset = self.dataset(did)?;
        match dataset.row.newest {
            Some(newest) => self.version_of(did, dataset, newest.number),
            None => Err(NodeError::not_found("no version of this dataset is known here")
                .at(did)
                .hint("fetch one from whoever has it: veritrail get TICKET")),
        }
    }

    fn numbered(&self, did: &Did, number: u64) -> Result<Resolved> {
        let dataset = self.dataset(did)?;
        self.version_of(did, dataset, number)
    }

    fn version_of(&self, did: &Did, dataset: InLog<DatasetRow>, number: u64) -> Result<Resolved> {
        let view = self.view();
        let InLog { origin, row: dataset } = dataset;
        match queries::version(view, &origin, did, number).or_failed()? {
            Some(row) => {
                let did = did.clone();
                Ok(Resolved::Version(Box::new(FoundVersion { did, origin, dataset, row })))
            }
            None => {
                let known = queries::versions(view, &origin, did).or_failed()?;
                let known = known.iter().map(|row| format!("{did}@{}", row.payload.number));
                Err(NodeError::not_found(format!("no version {number} is known here"))
                    .at(did)
                    .hint(listed("known are", known)))
            }
        }
    }

    fn rooted(&self, did: &Did, prefix: &str) -> Result<Resolved> {
        let InLog { origin, row: dataset } = self.dataset(did)?;
        let mut versions = queries::versions(self.view(), &origin, did).or_failed()?;
        versions.retain(|row| row.payload.root.to_hex().starts_with(prefix));
        let choices: Vec<String> =
            versions.iter().map(|row| format!("{did}@{}", row.payload.number)).collect();
        match (versions.pop(), versions.is_empty()) {
            (Some(row), true) => {
                let did = did.clone();
                Ok(Resolved::Version(Box::new(FoundVersion { did, origin, dataset, row })))
            }
            (Some(_), false) => Err(ambiguous(&format!("{did}@r:{prefix}"), choices)),
            (None, _) => Err(NodeError::not_found("no version with this root is known here")
                .at(format!("{did}@r:{prefix}"))
                .hint(format!("see its versions: veritrail show {did}"))),
        }
    }

    fn run_by_prefix(&self, prefix: &str) -> Result<InLog<RunRow>> {
        let mut runs = queries::runs_by_prefix(self.view(), prefix).or_failed()?;
        let choices: Vec<String> =
            runs.iter().map(|run| format!("run:{}", run.row.at.id)).collect();
        match (runs.pop(), runs.is_empty()) {
            (Some(run), true) => Ok(run),
            (Some(_), false) => Err(ambiguous(&format!("run:{prefix}"), choices)),
            (None, _) => Err(NodeError::not_found("no such run is known here")
                .at(format!("run:{prefix}"))
                .hint("fetch it from whoever has it: veritrail get TICKET; own runs: veritrail log show")),
        }
    }

    fn entry(&self, origin: &Origin, index: u64) -> Result<Resolved> {
        let own = origin == self.origin();
        let known = match own {
            true => index < self.log_size()?,
            false => queries::entry(self.view(), origin, index).or_failed()?.is_some(),
        };
        if known {
            return Ok(Resolved::Entry { origin: origin.clone(), index });
        }
        let place = format!("{origin}#{index}");
        if own {
            let size = self.log_size()?;
            let missing = NodeError::not_found(format!(
                "the log's size is {size}; entries are counted from 0"
            ));
            return Err(missing.at(place).hint("see them all: veritrail log show"));
        }
        let logs = queries::logs(self.view()).or_failed()?;
        let logs = logs.iter().map(|log| log.origin.to_string());
        Err(NodeError::not_found("no such entry is known here")
            .at(place)
            .hint(listed("known logs are", logs)))
    }

    /// What a ticket leads to, if its evidence was imported.
    fn resolve_ticket(&self, text: &str) -> Result<Resolved> {
        let ticket = ticket::read(text)?;
        self.resolve_portable(ticket.reference()).map_err(|e| match e.kind {
            Kind::NotFound => NodeError::not_found("what this ticket leads to is not known here")
                .at("the ticket")
                .hint(format!("fetch it first: veritrail get {text}")),
            _ => e,
        })
    }

    /// The dataset that a local name stands for.
    pub(super) fn named(&self, name: &str) -> Result<Did> {
        if let Some(did) = self.own_name(name)? {
            return Ok(did);
        }
        let names = self.names()?;
        if std::path::Path::new(name).is_file() {
            return Err(NodeError::not_found("no dataset has this name here; it is a file")
                .at(name)
                .hint(format!(
                    "publish it first: veritrail publish {name} --name NAME; or ask what it is \
                     known as: veritrail verify {name}"
                )));
        }
        Err(NodeError::not_found("no dataset has this name here").at(name).hint(
            match names.is_empty() {
                true => "names are given by publish --name NAME; what was fetched goes by its DID"
                    .to_owned(),
                false => listed("known names are", names),
            },
        ))
    }

    /// The rows of all known logs.
    pub(super) fn view(&self) -> &dyn View {
        self.state()
    }
}

/// An error that lists what is meant, perhaps.
fn ambiguous(place: &str, choices: Vec<String>) -> NodeError {
    NodeError::conflict(format!("this names {} things", choices.len()))
        .at(place)
        .hint(listed("write one of", choices))
}

/// `words a, b, c`, at most 20 of them.
fn listed<T: Display>(words: &str, items: impl IntoIterator<Item = T>) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    let more = items.len().saturating_sub(20);
    items.truncate(20);
    if more > 0 {
        items.push(format!("and {more} more"));
    }
    format!("{words} {}", items.join(", "))
}

/// What to write instead of something that is no reference.
fn meant(text: &str) -> &'static str {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return "the id of a run is written run:HEX, and a dataset's root DID@r:HEX";
    }
    "a reference is a DID, DID@N, DID@r:HEX, run:HEX, run:HEX/output, log:N, ORIGIN#N, a ticket or a \
     local name"
}
