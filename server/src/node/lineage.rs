//! What a version or a run rests on: the walk over statements, told as steps.

use std::collections::BTreeSet;

use serde::Serialize;
use veritrail_provenance::{
    lineage::{self, Edge, LineageError, Node as Fact, Pick, Relation, Subject},
    statement::{Origin, Outcome},
};

use super::{Node, resolve::Resolved};
use crate::error::{Kind, NodeError, Result};

/// Everything that the subject rests on, as far as this home knows it.
#[derive(Debug, Clone, Serialize)]
pub struct Lineage {
    /// The subject in portable form.
    pub subject: String,
    /// The tree, depth first; what was told before is named and not told again.
    pub steps: Vec<Step>,
    /// Every statement that a proof of it needs, `ORIGIN#N`.
    pub statements: Vec<String>,
    /// The logs that hold them.
    pub logs: Vec<Origin>,
    /// What is named but not known in this home, or known and not to be judged yet.
    pub missing: Vec<String>,
    /// Forks, contradictions, and statements newer than this program.
    pub warnings: Vec<String>,
}

/// One step of the tree.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// 0 for the subject.
    pub depth: u32,
    /// How it relates to the step above: `subject`, `made by`, `used as NAME`, `judged by`,
    /// `released as`, `a statistic of`.
    pub relation: String,
    /// What it is.
    pub what: String,
    /// Where its statement stands, `ORIGIN#N`.
    pub place: Option<String>,
}

impl Resolved {
    /// The same as the subject of a lineage.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Version(version) => Subject::Dataset {
                dataset: version.did.clone(),
                version: Pick::Number(version.row.payload.number),
                genesis: None,
            },
            Self::Run(run) | Self::Output(run) => Subject::Run(run.row.at.id),
            Self::Entry { origin, index } => {
                Subject::Entry { origin: origin.clone(), index: *index }
            }
        }
    }
}

impl Node {
    /// The lineage of what `reference` names. Reads rows alone.
    pub fn lineage(&self, reference: &str) -> Result<Lineage> {
        let resolved = self.resolve(reference)?;
        let walked = self.walk(&resolved)?;
        let mut logs: Vec<Origin> = walked.statements.keys().map(|(o, _)| o.clone()).collect();
        logs.dedup();
        let missing = walked.missing.iter().map(|statement| statement.to_string());
        let unsettled = walked
            .unsettled
            .iter()
            .map(|((origin, index), why)| format!("{origin}#{index}: {why}"));
        Ok(Lineage {
            subject: resolved.portable(),
            steps: Tree::of(&walked),
            statements: walked.statements.keys().map(|(o, i)| format!("{o}#{i}")).collect(),
            logs,
            missing: missing.chain(unsettled).collect(),
            warnings: warnings(&walked),
        })
    }

    /// The walk over what `resolved` rests on.
    pub fn walk(&self, resolved: &Resolved) -> Result<lineage::Lineage> {
        lineage::walk(self.view(), &resolved.subject()).map_err(|e| {
            let kind = match e {
                LineageError::NotFound(_) => Kind::NotFound,
                LineageError::Forked { .. } => Kind::VerificationFailed,
                LineageError::View(_) => Kind::Failed,
                _ => Kind::CouldNotCheck,
            };
            NodeError::new(kind, e.to_string()).at(resolved.portable())
        })
    }
}

fn warnings(walked: &lineage::Lineage) -> Vec<String> {
    let forks = walked.forks.iter().map(|(o, i)| format!("{o}#{i} is a second genesis: a fork"));
    let newer = walked.newer.iter().map(|(o, i)| format!("{o}#{i} is newer than this program"));
    let false_claims = walked
        .contradictions
        .iter()
        .map(|found| format!("{}#{}: {}", found.origin, found.index, found.reason));
    forks.chain(newer).chain(false_claims).collect()
}

/// The graph on its way to being a list.
struct Tree<'a> {
    walked: &'a lineage::Lineage,
    told: BTreeSet<usize>,
    steps: Vec<Step>,
}

impl<'a> Tree<'a> {
    fn of(walked: &'a lineage::Lineage) -> Vec<Step> {
        let mut tree = Self { walked, told: BTreeSet::new(), steps: Vec::new() };
        // A stack and no recursion: a lineage may be a thousand steps deep.
        let mut open = vec![(0_u32, "subject".to_owned(), 0_usize)];
        while let Some((depth, relation, at)) = open.pop() {
            let Some(fact) = walked.nodes.get(at) else { continue };
            let again = !tree.told.insert(at);
            tree.steps.push(step(depth, relation, fact, again));
            if !again {
                open.extend(tree.below(at).rev().map(|(word, next)| (depth + 1, word, next)));
            }
        }
        tree.steps
    }

    /// What `at` rests on, then who judges it.
    fn below(&self, at: usize) -> impl DoubleEndedIterator<Item = (String, usize)> + use<'a> {
        let walked = self.walked;
        let down = walked.edges.iter().filter_map(move |edge| rests_on(edge, at));
        let judged = walked.edges.iter().filter_map(move |edge| match edge.relation {
            Relation::Judges if edge.to == at => Some(("judged by".to_owned(), edge.from)),
            Relation::Releases if edge.to == at => Some(("released as".to_owned(), edge.from)),
            _ => None,
        });
        down.chain(judged)
    }
}

fn rests_on(edge: &Edge, at: usize) -> Option<(String, usize)> {
    let word = match &edge.relation {
        Relation::Used(name) => format!("used as {name}"),
        Relation::MadeBy => "made by".to_owned(),
        // Elsewhere it was reached from its version, which is told already.
        Relation::Releases if at == 0 => "a statistic of".to_owned(),
        Relation::Releases | Relation::Judges => return None,
    };
    (edge.from == at).then_some((word, edge.to))
}

fn step(depth: u32, relation: String, fact: &Fact, again: bool) -> Step {
    let (mut what, place) = match fact {
        Fact::Version { origin, at, dataset, number, title, signer, .. } => (
            format!("{title:?} {dataset}@{number}, signed by {signer}"),
            Some(format!("{origin}#{}", at.index)),
        ),
        Fact::Run { origin, at, signer, .. } => {
            (format!("run:{}, signed by {signer}", at.id), Some(format!("{origin}#{}", at.index)))
        }
        Fact::Verdict { origin, at, outcome, signer } => (
            format!("{}, signed by {signer}", outcome_word(*outcome)),
            Some(format!("{origin}#{}", at.index)),
        ),
        Fact::Release { origin, at, number, proof, signer } => (
            format!("proof {number}, BLAKE3 {proof}, signed by {signer}"),
            Some(format!("{origin}#{}", at.index)),
        ),
        Fact::Unlogged { root } => (format!("r:{root}, which no log names"), None),
        Fact::Other { origin, at, kind, signer } => {
            (format!("{kind}, signed by {signer}"), Some(format!("{origin}#{}", at.index)))
        }
    };
    if again {
        what.push_str(" (told above)");
    }
    Step { depth, relation, what, place }
}

/// A verdict's outcome in words.
pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Identical => "identical",
        Outcome::WithinTolerance => "within tolerance",
        Outcome::Different => "different",
        Outcome::CouldNotCheck => "could not check",
    }
}
