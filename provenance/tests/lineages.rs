//! Lineage: all that a version or a run rests on, and nothing else.

use veritrail_provenance::hash::{ChunkId, DatasetRoot, StatementId};
use veritrail_provenance::ledger::MemoryState;
use veritrail_provenance::lineage::*;
use veritrail_provenance::statement::*;

use crate::trails::{DETAILS, Data, Log, SPEC, did, folded, receipt, verdict};

struct Story {
    lab: Log,
    user: Log,
    reviewer: Log,
    data: Data,
    output: Data,
    version: StatementRef,
    run: StatementRef,
    made: StatementRef,
}

/// A lab publishes, a user runs and publishes the output, a reviewer judges.
fn story() -> Story {
    let mut lab = Log::new("lab", 1);
    let mut user = Log::new("user", 2);
    let mut reviewer = Log::new("reviewer", 3);
    let (data, output) = (Data::new(b"data"), Data::new(b"output"));
    lab.entries.push(b"opaque".to_vec());
    lab.genesis(4, &[1]);
    let old = lab.version(1, 4, Data::new(b"old").version(1, None));
    let version = lab.version(1, 4, data.version(2, Some(&old)));
    lab.genesis(6, &[1]);
    let run = user.receipt(2, receipt(2, &data, Some(version.clone()), &output));
    user.genesis(5, &[2]);
    let mut made = output.version(1, None);
    made.run = Some(run.clone());
    let made = user.version(2, 5, made);
    reviewer.verdict(3, verdict(3, &run));
    Story { lab, user, reviewer, data, output, version, run, made }
}

fn newest(dataset: u8) -> Subject {
    Subject::Dataset { dataset: did(dataset), version: Pick::Newest, genesis: None }
}

fn state(story: &Story) -> MemoryState {
    folded(&[&story.lab, &story.user, &story.reviewer])
}

fn needed(lineage: &Lineage, log: &Log) -> Vec<u64> {
    let mine = lineage.statements.keys().filter(|(origin, _)| *origin == log.origin);
    mine.map(|(_, index)| *index).collect()
}

#[test]
fn a_result_leads_back_to_the_data_and_to_whoever_judged_it() {
    let story = story();
    let lineage = walk(&state(&story), &newest(5)).unwrap();
    assert_eq!(lineage.nodes.len(), 4, "{:#?}", lineage.nodes);
    assert!(matches!(&lineage.nodes[0], Node::Version { at, .. } if at.id == story.made.id));
    assert!(matches!(&lineage.nodes[1], Node::Run { at, .. } if at.id == story.run.id));
    assert!(matches!(
        &lineage.nodes[2],
        Node::Verdict { outcome: Outcome::Identical, .. } | Node::Version { .. }
    ));
    let relations: Vec<_> = lineage.edges.iter().map(|edge| edge.relation.clone()).collect();
    assert!(relations.contains(&Relation::MadeBy));
    assert!(relations.contains(&Relation::Used("rain".to_owned())));
    assert!(relations.contains(&Relation::Judges));
    // Identity, genesis, both versions; not what is opaque or of another dataset.
    assert_eq!(needed(&lineage, &story.lab), [0, 2, 3, 4]);
    assert_eq!(needed(&lineage, &story.user), [0, 1, 2, 3]);
    assert_eq!(needed(&lineage, &story.reviewer), [0, 1]);
    let blobs: Vec<ChunkId> = lineage.blobs.keys().copied().collect();
    let mut due = vec![
        story.data.manifest_id(),
        story.output.manifest_id(),
        ChunkId::of(SPEC),
        ChunkId::of(DETAILS),
    ];
    due.sort();
    assert_eq!(blobs, due);
    assert!(lineage.missing.is_empty() && lineage.contradictions.is_empty());
    assert!(lineage.forks.is_empty() && lineage.newer.is_empty());
}

#[test]
fn every_name_of_a_subject_leads_to_it() {
    let story = story();
    let state = state(&story);
    let version = |version| Subject::Dataset { dataset: did(4), version, genesis: None };
    let entry = Subject::Entry { origin: story.lab.origin.clone(), index: story.version.index };
    let expected = walk(&state, &version(Pick::Newest)).unwrap();
    for same in [version(Pick::Number(2)), version(Pick::Root(story.data.root())), entry] {
        assert_eq!(walk(&state, &same).unwrap(), expected);
    }
    let run = Subject::Run(story.run.id);
    let entry = Subject::Entry { origin: story.user.origin.clone(), index: story.run.index };
    assert_eq!(walk(&state, &run).unwrap(), walk(&state, &entry).unwrap());
    let first = walk(&state, &version(Pick::Number(1))).unwrap();
    assert_eq!(needed(&first, &story.lab), [0, 2, 3], "later versions are not its past");
    let identity = Subject::Entry { origin: story.lab.origin.clone(), index: 0 };
    let other = walk(&state, &identity).unwrap();
    assert!(matches!(&other.nodes[0], Node::Other { kind, .. } if kind == "identity"));
}

#[test]
fn what_is_not_known_is_an_error_or_listed_as_missing() {
    let story = story();
    let without_lab = folded(&[&story.user]);
    let lineage = walk(&without_lab, &newest(5)).unwrap();
    assert_eq!(lineage.missing.iter().collect::<Vec<_>>(), [&story.version]);
    let unknown = [
        newest(8),
        newest(6),
        Subject::Run(StatementId::from_bytes([0; 32])),
        Subject::Entry { origin: story.lab.origin.clone(), index: 99 },
        Subject::Dataset { dataset: did(4), version: Pick::Number(3), genesis: None },
        Subject::Dataset {
            dataset: did(4),
            version: Pick::Root(DatasetRoot::from_bytes([0; 32])),
            genesis: None,
        },
        Subject::Dataset {
            dataset: did(4),
            version: Pick::Newest,
            genesis: Some(StatementId::from_bytes([0; 32])),
        },
    ];
    for subject in unknown {
        let error = walk(&state(&story), &subject).unwrap_err();
        assert!(matches!(error, LineageError::NotFound(_)), "{error}");
    }
    let opaque = Subject::Entry { origin: story.lab.origin.clone(), index: 1 };
    let error = walk(&state(&story), &opaque).unwrap_err();
    assert!(matches!(error, LineageError::NotFolded { index: 1, .. }), "{error}");
}

#[test]
fn false_claims_about_other_statements_are_contradictions() {
    let mut story = story();
    let other = Data::new(b"another");
    // A run that names a version which has another root than the input it claims.
    let run = story.user.receipt(2, receipt(2, &other, Some(story.version.clone()), &story.output));
    // A version that claims to be the output of a run which made something else.
    story.user.genesis(7, &[2]);
    let mut made = other.version(1, None);
    made.run = Some(story.run.clone());
    let made = story.user.version(2, 7, made);
    // A run that names a place where another statement stands.
    let elsewhere = StatementRef { index: 0, ..story.version.clone() };
    let misplaced = story.user.receipt(2, receipt(2, &story.data, Some(elsewhere), &other));
    // A run over a version that lost to another.
    let lost = story.lab.version(1, 4, other.version(2, Some(&story.version)));
    let on_lost = story.user.receipt(2, receipt(2, &other, Some(lost), &story.data));
    let state = state(&story);
    for (subject, index) in [
        (Subject::Run(run.id), run.index),
        (newest(7), made.index),
        (Subject::Run(misplaced.id), misplaced.index),
        (Subject::Run(on_lost.id), on_lost.index),
    ] {
        let lineage = walk(&state, &subject).unwrap();
        let [contradiction] = &lineage.contradictions[..] else { panic!("{lineage:#?}") };
        assert_eq!((&contradiction.origin, contradiction.index), (&story.user.origin, index));
    }
}

#[test]
fn an_input_without_a_place_is_an_output_or_unlogged() {
    let mut story = story();
    let result = Data::new(b"result");
    let from_output = story.user.receipt(2, receipt(2, &story.output, None, &result));
    let unlogged = story.user.receipt(2, receipt(2, &Data::new(b"??"), None, &result));
    let state = state(&story);
    let lineage = walk(&state, &Subject::Run(from_output.id)).unwrap();
    assert!(
        lineage.nodes.iter().any(|n| matches!(n, Node::Run { at, .. } if at.id == story.run.id))
    );
    let lineage = walk(&state, &Subject::Run(unlogged.id)).unwrap();
    assert!(lineage.nodes.iter().any(|node| matches!(node, Node::Unlogged { .. })));
}

#[test]
fn forks_are_told_and_a_pin_chooses() {
    let mut story = story();
    let fork = story.lab.genesis(4, &[2]);
    let lineage = walk(&state(&story), &newest(4)).unwrap();
    assert_eq!(lineage.forks.iter().collect::<Vec<_>>(), [&(story.lab.origin.clone(), fork.index)]);
    let elsewhere = story.user.genesis(4, &[2]);
    story.user.version(2, 4, story.data.version(1, None));
    let state = state(&story);
    assert!(matches!(walk(&state, &newest(4)), Err(LineageError::Forked { .. })));
    let pinned =
        Subject::Dataset { dataset: did(4), version: Pick::Newest, genesis: Some(elsewhere.id) };
    let lineage = walk(&state, &pinned).unwrap();
    assert!(
        matches!(&lineage.nodes[0], Node::Version { origin, .. } if *origin == story.user.origin)
    );
    assert!(!lineage.forks.is_empty(), "the other genesis is still told");
}

/// A row of runs, each reading the output of the one before.
fn chain(length: u64) -> (MemoryState, StatementId) {
    let mut log = Log::new("lab", 1);
    let data = |n: u64| Data::new(format!("step {n}").as_bytes());
    let mut before: Option<StatementRef> = None;
    for n in 0..length {
        before = Some(log.receipt(1, receipt(1, &data(n), before, &data(n + 1))));
    }
    (folded(&[&log]), before.unwrap().id)
}

#[test]
fn a_lineage_has_a_deepest_level() {
    let (state, last) = chain(DEPTH_MAX);
    let lineage = walk(&state, &Subject::Run(last)).unwrap();
    assert_eq!(lineage.nodes.len() as u64, DEPTH_MAX + 1);
    let (state, last) = chain(DEPTH_MAX + 2);
    assert!(matches!(walk(&state, &Subject::Run(last)), Err(LineageError::TooDeep)));
}
