//! Old proofs brought up to newer heads, from nothing but proofs.

use std::convert::Infallible;

use veritrail_provenance::{
    evidence::{ConsistencyEvidence, EntryEvidence, LogEvidence},
    hash::LogHash,
    identity::SeedSigner,
    log::{
        checkpoint::Checkpoint,
        known::KnownRanges,
        proof::{self, HashReader, verify_consistency, verify_inclusion},
        tree::{leaf_hash, node_hash},
    },
};

/// A whole tree, as the log's owner has it.
struct Tree(Vec<Vec<u8>>);

impl Tree {
    fn of(size: u64) -> Self {
        Self((0..size).map(|n| format!("entry {n}").into_bytes()).collect())
    }

    fn leaf(&self, index: u64) -> LogHash {
        leaf_hash(&self.0[index as usize])
    }
}

impl HashReader for &Tree {
    type Error = Infallible;

    fn hash(&mut self, level: u8, index: u64) -> Result<LogHash, Infallible> {
        if level == 0 {
            return Ok(self.leaf(index));
        }
        let left = self.hash(level - 1, 2 * index)?;
        let right = self.hash(level - 1, 2 * index + 1)?;
        Ok(node_hash(&left, &right))
    }
}

fn root(mut tree: &Tree, size: u64) -> LogHash {
    proof::root(&mut tree, size).unwrap()
}

#[test]
fn an_old_inclusion_and_a_consistency_proof_give_the_new_inclusion() {
    let whole = Tree::of(40);
    let mut tried = 0;
    for old in 1..=40 {
        for new in old..=40 {
            let (old_root, new_root) = (root(&whole, old), root(&whole, new));
            for index in 0..old {
                let mut known = KnownRanges::new();
                let inclusion = proof::inclusion(&mut &whole, index, old).unwrap();
                let leaf = whole.leaf(index);
                known.learn_inclusion(index, old, &leaf, &inclusion, &old_root).unwrap();
                let link = proof::consistency(&mut &whole, old, new).unwrap();
                known.learn_consistency(old, new, &old_root, &new_root, &link).unwrap();
                let brought = known.inclusion(index, new).unwrap();
                assert_eq!(brought, proof::inclusion(&mut &whole, index, new).unwrap());
                verify_inclusion(index, new, &leaf, &brought, &new_root).unwrap();
                tried += 1;
            }
        }
    }
    assert!(tried > 10_000);
}

#[test]
fn links_in_a_row_give_the_long_link() {
    let whole = Tree::of(40);
    for first in 1..=20 {
        for second in first..=30 {
            for third in [second, second + 1, second + 5, 40] {
                let roots = [first, second, third].map(|size| root(&whole, size));
                let mut known = KnownRanges::new();
                let one = proof::consistency(&mut &whole, first, second).unwrap();
                known.learn_consistency(first, second, &roots[0], &roots[1], &one).unwrap();
                let two = proof::consistency(&mut &whole, second, third).unwrap();
                known.learn_consistency(second, third, &roots[1], &roots[2], &two).unwrap();
                let both = known.consistency(first, third).unwrap();
                verify_consistency(first, third, &roots[0], &roots[2], &both).unwrap();
            }
        }
    }
}

#[test]
fn nothing_is_made_up() {
    let whole = Tree::of(40);
    let mut known = KnownRanges::new();
    let proof = proof::inclusion(&mut &whole, 3, 17).unwrap();
    known.learn_inclusion(3, 17, &whole.leaf(3), &proof, &root(&whole, 17)).unwrap();
    assert_eq!(known.inclusion(3, 17).unwrap(), proof);
    assert_eq!(known.inclusion(3, 18), None);
    assert_eq!(known.inclusion(9, 17), None);
    assert_eq!(known.inclusion(17, 17), None);
    assert_eq!(known.consistency(5, 17), None);
    assert_eq!(known.consistency(0, 17), None);
    let mut wrong = proof.clone();
    wrong[1] = whole.leaf(0);
    assert!(known.learn_inclusion(3, 17, &whole.leaf(3), &wrong, &root(&whole, 17)).is_err());
    assert_eq!(known.inclusion(3, 17).unwrap(), proof, "a refused proof changed what is known");
}

fn signer() -> SeedSigner {
    SeedSigner::from_seed([7; 32].into())
}

fn evidence(whole: &Tree, size: u64, indices: &[u64], earlier: &[u64]) -> LogEvidence {
    let origin: veritrail_provenance::statement::Origin = "example.org/log".parse().unwrap();
    let head = Checkpoint { origin: origin.clone(), size, root: root(whole, size) };
    let entry = |index: &u64| EntryEvidence {
        index: *index,
        bytes: whole.0[*index as usize].clone(),
        proof: proof::inclusion(&mut &*whole, *index, size).unwrap(),
    };
    let link = |old: &u64| ConsistencyEvidence {
        old_size: *old,
        old_root: root(whole, *old),
        proof: proof::consistency(&mut &*whole, *old, size).unwrap(),
    };
    LogEvidence {
        checkpoint: head.sign(&signer()).unwrap().to_bytes(),
        origin,
        entries: indices.iter().map(entry).collect(),
        consistency: earlier.iter().map(link).collect(),
    }
}

#[test]
fn kept_and_new_evidence_become_one() {
    let whole = Tree::of(300);
    let mut kept = evidence(&whole, 5, &[0, 2], &[]);
    for (size, indices, before) in
        [(5, vec![0, 3], 5), (6, vec![0], 5), (130, vec![0, 7, 99], 6), (300, vec![0, 256], 130)]
    {
        let earlier = if before < size { vec![before] } else { Vec::new() };
        let arrived = evidence(&whole, size, &indices, &earlier);
        let one = kept.merge(&arrived).unwrap();
        assert_eq!(one, arrived.merge(&kept).unwrap(), "the order matters");
        kept = one;
    }
    let indices: Vec<u64> = kept.entries.iter().map(|entry| entry.index).collect();
    assert_eq!(indices, [0, 2, 3, 7, 99, 256]);
    let sizes: Vec<u64> = kept.consistency.iter().map(|link| link.old_size).collect();
    assert_eq!(sizes, [5, 6, 130]);
    // What came of it is what the log's owner would have said.
    assert_eq!(kept, evidence(&whole, 300, &indices, &sizes));
}

#[test]
fn evidence_that_does_not_fit_is_not_joined() {
    let whole = Tree::of(50);
    let kept = evidence(&whole, 5, &[0, 2], &[]);
    let unlinked = evidence(&whole, 9, &[0], &[]);
    assert!(kept.merge(&unlinked).unwrap_err().to_string().contains("nothing shows"));
    let mut rewritten = Tree::of(50);
    rewritten.0[4] = b"another".to_vec();
    let other = evidence(&rewritten, 9, &[0], &[5]);
    assert!(kept.merge(&other).is_err(), "a rewritten log was joined");
    let forked = evidence(&rewritten, 5, &[0], &[]);
    assert!(kept.merge(&forked).unwrap_err().to_string().contains("not the same"));
    let mut altered = evidence(&whole, 9, &[0], &[5]);
    altered.entries[0].proof[0] = whole.leaf(3);
    assert!(kept.merge(&altered).unwrap_err().to_string().contains("#0, proof"));
    let mut elsewhere = evidence(&whole, 9, &[0], &[5]);
    elsewhere.origin = "example.org/other".parse().unwrap();
    assert!(kept.merge(&elsewhere).is_err());
}
