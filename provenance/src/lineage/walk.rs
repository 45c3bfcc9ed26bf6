//! The walk itself: breadth first, each fact once.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use super::{
    BlobKind, Contradiction, DEPTH_MAX, Edge, LayoutClaim, Lineage, LineageError, Node, Pick,
    Relation, Subject, Why,
};
use crate::hash::{DatasetRoot, StatementId};
use crate::identity::Did;
use crate::ledger::rows::{At, DatasetRow, EntryRow, RootRow, RunRow, Standing, VersionRow};
use crate::ledger::{View, queries};
use crate::statement::{DatasetVersion, Origin, RunReceipt, RunVerdict, StatementRef};

mod needs;
mod releases;

type Found<T> = Result<T, LineageError>;

pub(super) fn walk(view: &dyn View, subject: &Subject) -> Found<Lineage> {
    let mut walk = Walk {
        view,
        lineage: Lineage::default(),
        seen: BTreeMap::new(),
        numbers: RefCell::default(),
        queue: VecDeque::new(),
    };
    let start = walk.resolve(subject)?;
    walk.visit(start, 0)?;
    while let Some((fact, depth)) = walk.queue.pop_front() {
        if depth > DEPTH_MAX {
            return Err(LineageError::TooDeep);
        }
        walk.expand(&fact, depth)?;
    }
    Ok(walk.lineage)
}

/// A fact to expand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Version { origin: Origin, dataset: Did, number: u64 },
    Run { id: StatementId },
    Release { origin: Origin, dataset: Did, version: u64, number: u64 },
    Unlogged { root: DatasetRoot },
    Other { origin: Origin, index: u64 },
}

struct Walk<'v> {
    view: &'v dyn View,
    lineage: Lineage,
    seen: BTreeMap<Fact, usize>,
    /// Numbers of a dataset's versions by their index, read once per dataset: many facts may name
    /// versions of one.
    numbers: RefCell<BTreeMap<(Origin, Did), BTreeMap<u64, u64>>>,
    queue: VecDeque<(Fact, u64)>,
}

impl Walk<'_> {
    fn resolve(&self, subject: &Subject) -> Found<Fact> {
        match subject {
            Subject::Run(id) => {
                let known = queries::run(self.view, id)?.is_some();
                if known { Ok(Fact::Run { id: *id }) } else { Err(not_found(format!("run:{id}"))) }
            }
            Subject::Entry { origin, index } => self.fact_at(origin, *index),
            Subject::Dataset { dataset, version, genesis } => {
                let (origin, row) = self.dataset(dataset, genesis.as_ref())?;
                let number = self.pick(&origin, dataset, &row, *version)?;
                Ok(Fact::Version { origin, dataset: dataset.clone(), number })
            }
        }
    }

    fn dataset(&self, did: &Did, pin: Option<&StatementId>) -> Found<(Origin, DatasetRow)> {
        let mut found = queries::datasets(self.view, did)?;
        if let Some(pin) = pin {
            found.retain(|dataset| dataset.row.genesis.id == *pin);
        }
        if found.len() > 1 {
            let logs = found.into_iter().map(|dataset| dataset.origin).collect();
            return Err(LineageError::Forked { dataset: did.clone(), logs });
        }
        let found = found.pop().ok_or_else(|| not_found(did.to_string()))?;
        Ok((found.origin, found.row))
    }

    fn pick(&self, origin: &Origin, did: &Did, row: &DatasetRow, pick: Pick) -> Found<u64> {
        let versions = || queries::versions(self.view, origin, did);
        let number = match pick {
            Pick::Newest => row.newest.map(|newest| newest.number),
            Pick::Number(number) => {
                queries::version(self.view, origin, did, number)?.map(|v| v.payload.number)
            }
            Pick::Root(root) => {
                versions()?.iter().rfind(|v| v.payload.root == root).map(|v| v.payload.number)
            }
        };
        number.ok_or_else(|| {
            not_found(match pick {
                Pick::Newest => format!("a version of {did}"),
                Pick::Number(number) => format!("{did}@{number}"),
                Pick::Root(root) => format!("{did}@r:{root}"),
            })
        })
    }

    /// The fact that stands at a place of a log.
    fn fact_at(&self, origin: &Origin, index: u64) -> Found<Fact> {
        let place = || not_found(format!("{origin}#{index}"));
        let row = queries::entry(self.view, origin, index)?.ok_or_else(place)?;
        if row.standing != Standing::Folded {
            let (origin, standing) = (origin.clone(), row.standing);
            return Err(LineageError::NotFolded { origin, index, standing });
        }
        let other = Fact::Other { origin: origin.clone(), index };
        let Some(claims) = row.claims else { return Ok(other) };
        match claims.kind.as_str() {
            "run.receipt" => Ok(Fact::Run { id: claims.id }),
            "dataset.version" => {
                let dataset = claims.sub.parse::<Did>().map_err(|_| place())?;
                let number = self.number_at(origin, &dataset, index)?.ok_or_else(place)?;
                Ok(Fact::Version { origin: origin.clone(), dataset, number })
            }
            "proof.release" => {
                let dataset = claims.sub.parse::<Did>().map_err(|_| place())?;
                let (version, number) =
                    self.release_at(origin, &dataset, index)?.ok_or_else(place)?;
                Ok(Fact::Release { origin: origin.clone(), dataset, version, number })
            }
            _ => Ok(other),
        }
    }

    fn number_at(&self, origin: &Origin, dataset: &Did, index: u64) -> Found<Option<u64>> {
        let key = (origin.clone(), dataset.clone());
        let mut numbers = self.numbers.borrow_mut();
        if !numbers.contains_key(&key) {
            let versions = queries::versions(self.view, origin, dataset)?;
            let by_index = versions.iter().map(|v| (v.at.index, v.payload.number)).collect();
            numbers.insert(key.clone(), by_index);
        }
        Ok(numbers.get(&key).and_then(|by_index| by_index.get(&index).copied()))
    }

    /// Puts a fact into the graph, once, and queues what it rests on.
    fn visit(&mut self, fact: Fact, depth: u64) -> Found<usize> {
        if let Some(node) = self.seen.get(&fact) {
            return Ok(*node);
        }
        let node = self.node(&fact)?;
        let position = self.lineage.nodes.len();
        self.lineage.nodes.push(node);
        self.seen.insert(fact.clone(), position);
        self.queue.push_back((fact, depth));
        Ok(position)
    }

    fn node(&self, fact: &Fact) -> Found<Node> {
        Ok(match fact {
            Fact::Unlogged { root } => Node::Unlogged { root: *root },
            Fact::Version { origin, dataset, number } => {
                let row = self.version(origin, dataset, *number)?;
                Node::Version {
                    origin: origin.clone(),
                    at: row.at,
                    dataset: dataset.clone(),
                    number: *number,
                    root: row.payload.root,
                    title: row.payload.title,
                    signer: row.iss,
                }
            }
            Fact::Run { id } => {
                let (origin, row) = self.run(id)?;
                Node::Run { origin, at: row.at, output: row.payload.output.root, signer: row.iss }
            }
            Fact::Release { origin, dataset, version, number } => {
                let row = self.release(origin, dataset, *version, *number)?;
                Node::Release {
                    origin: origin.clone(),
                    at: row.at,
                    number: *number,
                    proof: row.payload.proof,
                    signer: row.iss,
                }
            }
            Fact::Other { origin, index } => {
                let claims = self.entry(origin, *index)?.claims;
                let claims = claims.ok_or_else(|| not_found(format!("{origin}#{index}")))?;
                let at = At { index: *index, id: claims.id };
                Node::Other { origin: origin.clone(), at, kind: claims.kind, signer: claims.iss }
            }
        })
    }

    fn expand(&mut self, fact: &Fact, depth: u64) -> Found<()> {
        let position = self.seen.get(fact).copied().unwrap_or_default();
        match fact {
            Fact::Unlogged { .. } => Ok(()),
            Fact::Version { origin, dataset, number } => {
                self.expand_version(position, depth, origin, dataset, *number)
            }
            Fact::Run { id } => self.expand_run(position, depth, id),
            Fact::Release { origin, dataset, version, number } => {
                let row = self.release(origin, dataset, *version, *number)?;
                self.need_release(origin, &row, position == 0)?;
                let (origin, dataset) = (origin.clone(), dataset.clone());
                let of = Fact::Version { origin, dataset, number: *version };
                self.link(position, of, Relation::Releases, depth)
            }
            Fact::Other { origin, index } => {
                let Some(claims) = self.entry(origin, *index)?.claims else { return Ok(()) };
                self.need(origin, At { index: *index, id: claims.id }, Why::Fact)?;
                self.need_binding(origin, &claims.iss)
            }
        }
    }

    fn expand_version(
        &mut self,
        position: usize,
        depth: u64,
        origin: &Origin,
        dataset: &Did,
        number: u64,
    ) -> Found<()> {
        let row = self.version(origin, dataset, number)?;
        self.need(origin, row.at, Why::Fact)?;
        self.need_binding(origin, &row.iss)?;
        self.need_dataset(origin, dataset)?;
        for earlier in number.saturating_sub(DEPTH_MAX).max(1)..number {
            if let Some(earlier) = queries::version(self.view, origin, dataset, earlier)? {
                self.need(origin, earlier.at, Why::Earlier)?;
                self.need_binding(origin, &earlier.iss)?;
            }
        }
        let named_by = (origin.clone(), row.at.index);
        let root = row.payload.root;
        let DatasetVersion { content, files, bytes, manifest, .. } = row.payload;
        let claim = Some(LayoutClaim { content, files, bytes });
        self.need_blob(manifest, BlobKind::Manifest { root, claim }, &named_by);
        self.visit_releases(depth, origin, dataset, number)?;
        let Some(run) = &row.payload.run else { return Ok(()) };
        let Some(made_by) = self.follow(run, &named_by)? else { return Ok(()) };
        if !self.has_root(&made_by, &root)? {
            let reason = format!("it claims to be the output of {run}, which has another root");
            self.contradict(&named_by, reason);
        }
        self.link(position, made_by, Relation::MadeBy, depth)
    }

    fn expand_run(&mut self, position: usize, depth: u64, id: &StatementId) -> Found<()> {
        let (origin, row) = self.run(id)?;
        self.need(&origin, row.at, Why::Fact)?;
        self.need_binding(&origin, &row.iss)?;
        let RunReceipt { inputs, output, spec, spec_blob, details, .. } = &row.payload;
        self.need_newer(&origin, &RunVerdict::subject(id))?;
        self.need_newer(&origin, &RunReceipt::subject(&output.root))?;
        let named_by = (origin.clone(), row.at.index);
        self.need_blob(*spec_blob, BlobKind::Spec { text: *spec }, &named_by);
        self.need_blob(*details, BlobKind::Details, &named_by);
        let manifest = |root| BlobKind::Manifest { root, claim: None };
        self.need_blob(output.manifest, manifest(output.root), &named_by);
        for input in inputs {
            self.need_blob(input.manifest, manifest(input.root), &named_by);
            let fact = match &input.version {
                Some(version) => match self.follow(version, &named_by)? {
                    Some(fact) if self.has_root(&fact, &input.root)? => fact,
                    Some(_) => {
                        let name = &input.name;
                        let reason = format!("its input {name} has another root than {version}");
                        self.contradict(&named_by, reason);
                        continue;
                    }
                    None => continue,
                },
                None => self.output_with(&input.root)?,
            };
            self.link(position, fact, Relation::Used(input.name.clone()), depth)?;
        }
        self.need_verdicts(position, id)
    }

    /// An input without a place in a log: the output of a run known here, or nothing known.
    fn output_with(&self, root: &DatasetRoot) -> Found<Fact> {
        let known = queries::find_root(self.view, root)?;
        let run = known.into_iter().find_map(|found| match found.row {
            RootRow::Output { run } => Some(Fact::Run { id: run }),
            RootRow::Version { .. } => None,
        });
        Ok(run.unwrap_or(Fact::Unlogged { root: *root }))
    }

    fn link(&mut self, from: usize, to: Fact, relation: Relation, depth: u64) -> Found<()> {
        let to = self.visit(to, depth + 1)?;
        self.lineage.edges.push(Edge { from, to, relation });
        Ok(())
    }

    /// The fact that a statement names by its place, or none where it is not known (then it is
    /// listed as missing), cannot be judged yet, or is another than the one named.
    fn follow(&mut self, named: &StatementRef, named_by: &(Origin, u64)) -> Found<Option<Fact>> {
        let Some(row) = queries::entry(self.view, &named.origin, named.index)? else {
            self.lineage.missing.insert(named.clone());
            return Ok(None);
        };
        let unsettled = match &row.standing {
            Standing::Waiting { reason } | Standing::Newer { reason } => Some(reason.clone()),
            _ => None,
        };
        if row.claims.as_ref().map(|claims| claims.id) != Some(named.id) {
            let reason = format!("it names {named}, where another statement stands");
            self.contradict(named_by, reason);
            return Ok(None);
        }
        if let Some(reason) = unsettled {
            self.lineage.unsettled.insert((named.origin.clone(), named.index), reason);
            return Ok(None);
        }
        match self.fact_at(&named.origin, named.index) {
            Ok(fact) => Ok(Some(fact)),
            Err(LineageError::NotFolded { standing, .. }) => {
                self.contradict(named_by, format!("it rests on {named}: {standing}"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn has_root(&self, fact: &Fact, root: &DatasetRoot) -> Found<bool> {
        Ok(match fact {
            Fact::Version { origin, dataset, number } => {
                self.version(origin, dataset, *number)?.payload.root == *root
            }
            Fact::Run { id } => self.run(id)?.1.payload.output.root == *root,
            Fact::Unlogged { root: other } => other == root,
            Fact::Release { .. } | Fact::Other { .. } => false,
        })
    }

    fn contradict(&mut self, (origin, index): &(Origin, u64), reason: String) {
        let contradiction = Contradiction { origin: origin.clone(), index: *index, reason };
        self.lineage.contradictions.push(contradiction);
    }

    fn version(&self, origin: &Origin, dataset: &Did, number: u64) -> Found<VersionRow> {
        queries::version(self.view, origin, dataset, number)?
            .ok_or_else(|| not_found(format!("{dataset}@{number}")))
    }

    fn run(&self, id: &StatementId) -> Found<(Origin, RunRow)> {
        let found = queries::run(self.view, id)?;
        found.map(|run| (run.origin, run.row)).ok_or_else(|| not_found(format!("run:{id}")))
    }

    fn entry(&self, origin: &Origin, index: u64) -> Found<EntryRow> {
        queries::entry(self.view, origin, index)?
            .ok_or_else(|| not_found(format!("{origin}#{index}")))
    }
}

fn not_found(what: String) -> LineageError {
    LineageError::NotFound(what)
}
