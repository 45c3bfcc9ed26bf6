//! The chain of a version's releases: forks, skipped ones, and what is missing.

use proptest::prelude::*;
use veritrail_proof::chain::*;
use veritrail_proof::statement::{prove, verify};
use veritrail_provenance::hash::StatementId;

use crate::fixtures::*;
use crate::statements;

fn id(number: u8) -> StatementId {
    StatementId::from_bytes([number; 32])
}

fn release(index: u64, number: u8, predecessor: Option<u8>) -> Release {
    Release { index, id: id(number), predecessor: predecessor.map(id) }
}

fn whole(releases: &[Release]) -> Chain {
    Chain::read(releases, Coverage::Whole).unwrap()
}

#[test]
fn a_line_counts_from_its_first_to_its_last() {
    assert_eq!(whole(&[]).last(), None);
    let line = [release(4, 1, None), release(5, 2, Some(1)), release(90, 3, Some(2))];
    for coverage in [Coverage::Whole, Coverage::Parts] {
        let chain = Chain::read(&line, coverage).unwrap();
        assert_eq!(chain.counted(), line);
        assert!(chain.uncounted().is_empty());
        assert_eq!(chain.last(), Some(id(3)));
        assert_eq!(
            (0..3).map(|n| chain.place(&id(n + 1))).collect::<Vec<_>>(),
            [Ok(0), Ok(1), Ok(2)]
        );
        assert_eq!(chain.place(&id(9)), Err(Uncounted::Absent));
    }
}

#[test]
fn of_two_with_one_predecessor_only_the_first_counts() {
    let forked = [
        release(1, 1, None),
        release(2, 2, Some(1)),
        release(3, 3, Some(1)),
        release(4, 4, Some(3)),
        release(5, 5, Some(2)),
    ];
    let chain = whole(&forked);
    assert_eq!(chain.counted(), [forked[0], forked[1], forked[4]]);
    assert_eq!(chain.place(&id(3)), Err(Uncounted::Skips(id(2))));
    assert_eq!(chain.place(&id(4)), Err(Uncounted::FollowsUncounted(id(3))));
    // A second beginning is a fork as well.
    let begun = [release(1, 1, None), release(2, 2, None)];
    assert_eq!(whole(&begun).place(&id(2)), Err(Uncounted::Skips(id(1))));
}

#[test]
fn a_skipped_release_is_found() {
    // 3 names 1 and keeps silent about 2, which the log has.
    let skipping = [release(1, 1, None), release(2, 2, Some(1)), release(3, 3, Some(1))];
    assert_eq!(whole(&skipping).uncounted(), [(skipping[2], Uncounted::Skips(id(2)))]);
    // A bundle that leaves 2 out, though 3 names it.
    let cut = [release(1, 1, None), release(3, 3, Some(2))];
    let missing = ChainError::Missing { index: 3, predecessor: id(2) };
    assert_eq!(Chain::read(&cut, Coverage::Parts), Err(missing));
    // In a log that was read whole there is no such release.
    assert_eq!(whole(&cut).place(&id(3)), Err(Uncounted::FollowsNothing(id(2))));
    assert_eq!(whole(&cut).last(), Some(id(1)));
}

#[test]
fn releases_twice_or_out_of_order_are_told() {
    let twice =
        [release(1, 1, None), release(2, 2, Some(1)), release(3, 1, None), release(4, 2, Some(1))];
    let chain = whole(&twice);
    assert_eq!(chain.counted(), &twice[..2]);
    assert!(chain.uncounted().iter().all(|(_, why)| *why == Uncounted::Repeated));
    assert_eq!(chain.uncounted().len(), 2);
    // Its own predecessor, or one that comes later.
    assert_eq!(
        whole(&[release(1, 1, Some(1))]).place(&id(1)),
        Err(Uncounted::FollowsNothing(id(1)))
    );
    let later = [release(1, 1, Some(2)), release(2, 2, None)];
    assert_eq!(whole(&later).place(&id(1)), Err(Uncounted::FollowsNothing(id(2))));
    assert_eq!(whole(&later).place(&id(2)), Ok(0));
    for unordered in [
        [release(2, 1, None), release(2, 2, Some(1))],
        [release(3, 1, None), release(2, 2, Some(1))],
    ] {
        assert_eq!(Chain::read(&unordered, Coverage::Whole), Err(ChainError::Order(2)));
    }
}

#[test]
fn a_proof_names_its_predecessor_and_none_other() {
    // The chain is in the bytes that are absorbed: a proof cannot be put elsewhere into it.
    let (_, published) = hospital();
    let chain = whole(&[release(1, 1, None), release(2, 2, Some(1))]);
    let statement = &statements::examples()[0];
    let mut third = context();
    third.predecessor = chain.last();
    let proven = prove(&published.open, statement, &third, &ENTROPY).unwrap();
    let checks = |predecessor| {
        let context = veritrail_proof::statement::Context { predecessor, ..third.clone() };
        verify(statements::checked(), statement, &context, &proven.results, &proven.proof).is_ok()
    };
    assert!(checks(Some(id(2))));
    assert!(!checks(Some(id(1))));
    assert!(!checks(None));
}

proptest! {
    /// By definition: the counted ones are the longest walk from the beginning that always takes
    /// the first follower in the log.
    #[test]
    fn any_list_counts_the_walk_of_first_followers(
        predecessors in prop::collection::vec(prop::option::of(0u8..12), 0..12),
    ) {
        let releases: Vec<Release> = predecessors
            .iter()
            .enumerate()
            .map(|(at, predecessor)| release(at as u64, at as u8, *predecessor))
            .collect();
        let chain = whole(&releases);
        let mut walk: Vec<Release> = Vec::new();
        loop {
            let last = walk.last().map(|release| (release.index, release.id));
            let after = |release: &&Release| last.is_none_or(|(index, _)| release.index > index);
            let next = releases.iter().filter(after).find(|release| release.predecessor == last.map(|(_, id)| id));
            match next {
                Some(release) => walk.push(*release),
                None => break,
            }
        }
        prop_assert_eq!(chain.counted(), walk);
        prop_assert_eq!(chain.counted().len() + chain.uncounted().len(), releases.len());
    }
}
