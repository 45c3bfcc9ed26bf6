//! Proofs of our own making: for all small sizes against the definition and against tlog_tiles,
//! and refused when any bit of them differs.

use tlog_tiles::{Hash, HashReader as OtherReader, split_stored_hash_index};
use veritrail_provenance::hash::LogHash;
use veritrail_provenance::identity::Signer;
use veritrail_provenance::log::checkpoint::Checkpoint;
use veritrail_provenance::log::note::VKey;
use veritrail_provenance::log::proof::*;
use veritrail_provenance::log::tile::{TilePath, tiles_of};
use veritrail_provenance::log::tree::*;

use crate::trees::{leaf, leaves, reader, root};

const SIZES: u64 = 130;

struct Theirs<'a>(&'a [Vec<u8>]);

impl OtherReader for Theirs<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let mut ours = reader(self.0);
        let hash = |index: &u64| {
            let (level, n) = split_stored_hash_index(*index);
            Hash(*ours(level, n).unwrap().as_bytes())
        };
        Ok(indexes.iter().map(hash).collect())
    }
}

fn theirs(hashes: &[LogHash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(*hash.as_bytes())).collect()
}

#[test]
fn a_compact_range_has_the_root_of_the_definition_at_every_size() {
    let entries = leaves(SIZES);
    let mut range = CompactRange::new();
    let mut completed = std::collections::BTreeMap::new();
    for size in 0..=SIZES {
        assert_eq!(range.root(), root(&entries[..size as usize]), "size {size}");
        assert_eq!(range.size(), size);
        let again = CompactRange::from_parts(size, range.nodes().to_vec()).unwrap();
        assert_eq!(again, range);
        assert_eq!(frontier(size).len(), range.nodes().len());
        if size < SIZES {
            let hash = leaf_hash(&leaf(size));
            range
                .append_with(hash, |level, index, hash| {
                    assert!(completed.insert((level, index), *hash).is_none());
                })
                .unwrap();
        }
    }
    let mut expected = reader(&entries);
    for ((level, index), hash) in &completed {
        assert_eq!(*hash, expected(*level, *index).unwrap(), "level {level} index {index}");
    }
    let due: u64 = (0..8).map(|level| SIZES >> level).sum();
    assert_eq!(completed.len() as u64, due);
    assert_eq!(empty_root(), root(&[]));
}

#[test]
fn a_compact_range_refuses_a_frontier_of_another_size() {
    let hash = leaf_hash(b"x");
    assert!(CompactRange::from_parts(3, vec![hash]).is_err());
    assert!(CompactRange::from_parts(0, vec![hash]).is_err());
    assert!(CompactRange::from_parts(u64::MAX, vec![hash; 64]).is_err());
}

#[test]
fn inclusion_proofs_of_all_sizes_hold_here_and_elsewhere() {
    let entries = leaves(SIZES);
    let mut checked = 0;
    for size in 1..=SIZES {
        let entries = &entries[..size as usize];
        let root = root(entries);
        let mut ours = reader(entries);
        for index in 0..size {
            let proof = inclusion(&mut ours, index, size).unwrap();
            let leaf = leaf_hash(&entries[index as usize]);
            verify_inclusion(index, size, &leaf, &proof, &root).unwrap();
            let (their_root, their_leaf) = (Hash(*root.as_bytes()), Hash(*leaf.as_bytes()));
            tlog_tiles::check_record(&theirs(&proof), size, their_root, index, their_leaf).unwrap();
            checked += 1;
        }
    }
    assert_eq!(checked, SIZES * (SIZES + 1) / 2);
}

#[test]
fn proofs_are_those_that_tlog_tiles_makes() {
    let entries = leaves(SIZES);
    for size in (1..=SIZES).step_by(7) {
        let entries = &entries[..size as usize];
        let mut ours = reader(entries);
        for other in 0..size {
            let expected = tlog_tiles::prove_record(size, other, &Theirs(entries)).unwrap();
            assert_eq!(theirs(&inclusion(&mut ours, other, size).unwrap()), expected);
            if other > 0 {
                let expected = tlog_tiles::prove_tree(size, other, &Theirs(entries)).unwrap();
                assert_eq!(theirs(&consistency(&mut ours, other, size).unwrap()), expected);
            }
        }
    }
}

#[test]
fn consistency_proofs_of_all_sizes_hold() {
    let entries = leaves(SIZES);
    for new in 1..=SIZES {
        let mut ours = reader(&entries);
        let new_root = root(&entries[..new as usize]);
        for old in 1..=new {
            let old_root = root(&entries[..old as usize]);
            let proof = consistency(&mut ours, old, new).unwrap();
            verify_consistency(old, new, &old_root, &new_root, &proof).unwrap();
            if old < new {
                let swapped = verify_consistency(old, new, &new_root, &old_root, &proof);
                assert!(swapped.is_err(), "{old} {new}");
            }
        }
    }
}

/// Every way to change one bit of a list of hashes, to drop one or to add one.
fn damaged(proof: &[LogHash]) -> Vec<Vec<LogHash>> {
    let mut all = Vec::new();
    for at in 0..proof.len() {
        for bit in 0..256 {
            let mut bytes = *proof[at].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut changed = proof.to_vec();
            changed[at] = LogHash::from_bytes(bytes);
            all.push(changed);
        }
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        all.push(shorter);
        let mut doubled = proof.to_vec();
        doubled.insert(at, proof[at]);
        all.push(doubled);
    }
    all.push([proof, &[leaf_hash(b"more")]].concat());
    all
}

#[test]
fn any_flipped_bit_of_a_small_inclusion_proof_is_refused() {
    let mut refused = 0;
    for size in 1..=9 {
        let entries = leaves(size);
        let root = root(&entries);
        for index in 0..size {
            let leaf = leaf_hash(&entries[index as usize]);
            let proof = inclusion(&mut reader(&entries), index, size).unwrap();
            for wrong in damaged(&proof) {
                assert!(verify_inclusion(index, size, &leaf, &wrong, &root).is_err());
                refused += 1;
            }
            for bit in 0..256 {
                let mut bytes = *leaf.as_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                let wrong = LogHash::from_bytes(bytes);
                assert_eq!(
                    verify_inclusion(index, size, &wrong, &proof, &root),
                    Err(ProofError::Root)
                );
            }
            for other in (0..size).filter(|other| *other != index) {
                assert!(verify_inclusion(other, size, &leaf, &proof, &root).is_err());
            }
            assert_eq!(
                verify_inclusion(size, size, &leaf, &proof, &root),
                Err(ProofError::NoSuchEntry { index: size, size })
            );
        }
    }
    assert!(refused > 20_000, "{refused}");
}

#[test]
fn any_flipped_bit_of_a_small_consistency_proof_is_refused() {
    let entries = leaves(9);
    for new in 2..=9u64 {
        let new_root = root(&entries[..new as usize]);
        for old in 1..new {
            let old_root = root(&entries[..old as usize]);
            let proof = consistency(&mut reader(&entries), old, new).unwrap();
            for wrong in damaged(&proof) {
                assert!(verify_consistency(old, new, &old_root, &new_root, &wrong).is_err());
            }
        }
    }
}

#[test]
fn a_rewritten_log_is_told_from_a_bad_proof() {
    let entries = leaves(7);
    let mut rewritten = entries.clone();
    rewritten[1] = b"another".to_vec();
    let new_root = root(&rewritten);
    let proof = consistency(&mut reader(&rewritten), 6, 7).unwrap();
    let (old_root, their_old) = (root(&entries[..6]), root(&rewritten[..6]));
    verify_consistency(6, 7, &their_old, &new_root, &proof).unwrap();
    assert_eq!(verify_consistency(6, 7, &old_root, &new_root, &proof), Err(ProofError::OldRoot));
    assert_eq!(verify_consistency(7, 7, &root(&entries), &new_root, &[]), Err(ProofError::Forked));
}

#[test]
fn impossible_sizes_make_no_proof_and_cost_nothing() {
    let hash = leaf_hash(b"x");
    let mut none = |_: u8, _: u64| -> Result<LogHash, ()> { panic!("no hash may be read") };
    assert!(inclusion(&mut none, 5, 5).is_err());
    assert!(inclusion(&mut none, 0, u64::MAX).is_err());
    assert!(consistency(&mut none, 0, 5).is_err());
    assert!(consistency(&mut none, 6, 5).is_err());
    let huge = vec![hash; 100];
    assert!(verify_inclusion(u64::MAX - 1, u64::MAX, &hash, &huge, &hash).is_err());
    assert!(verify_inclusion(0, 1 << 62, &hash, &huge, &hash).is_err());
    assert!(verify_consistency(1, u64::MAX, &hash, &hash, &huge).is_err());
    assert!(verify_consistency((1 << 62) - 1, 1 << 62, &hash, &hash, &huge).is_err());
    assert!(verify_consistency(0, 1, &hash, &hash, &[]).is_err());
}

#[test]
fn proofs_from_tiles_are_those_from_entries() {
    let size = 66_000;
    let (entries, tiles) = tiles_in_memory(size);
    for published in [1, 255, 256, 257, 511, 65_536, 65_537, size] {
        let fetch = |tile: TilePath| {
            let bytes = tiles.get(&(tile.level, tile.index)).ok_or("no such tile")?;
            let known: Vec<TilePath> = tiles_of(published).collect();
            assert!(known.contains(&tile), "{} is not published at {published}", tile.path());
            Ok::<_, &str>(bytes[..tile.byte_len()].to_vec())
        };
        let mut hashes = TileHashes::new(published, fetch);
        let mut range = CompactRange::new();
        let published_entries = &entries[..published as usize];
        published_entries.iter().for_each(|leaf| range.append(*leaf).unwrap());
        let root = range.root();
        assert_eq!(veritrail_provenance::log::proof::root(&mut hashes, published).unwrap(), root);
        for index in [0, published / 3, published / 2, published - 1] {
            let proof = inclusion(&mut hashes, index, published).unwrap();
            let leaf = entries[index as usize];
            verify_inclusion(index, published, &leaf, &proof, &root).unwrap();
        }
        let mut old = CompactRange::new();
        let half = (published / 2).max(1);
        entries[..half as usize].iter().for_each(|leaf| old.append(*leaf).unwrap());
        let proof = consistency(&mut hashes, half, published).unwrap();
        verify_consistency(half, published, &old.root(), &root, &proof).unwrap();
    }
}

type Tiles = std::collections::BTreeMap<(u8, u64), Vec<u8>>;

/// Leaf hashes of a log, and its tiles filled as far as they go.
fn tiles_in_memory(size: u64) -> (Vec<LogHash>, Tiles) {
    let mut tiles = Tiles::new();
    let mut leaves = Vec::new();
    let mut range = CompactRange::new();
    for index in 0..size {
        let leaf = leaf_hash(&index.to_be_bytes());
        leaves.push(leaf);
        range
            .append_with(leaf, |level, index, hash| {
                if level % 8 == 0 {
                    let tile = tiles.entry((level / 8, index / 256)).or_default();
                    tile.extend_from_slice(hash.as_bytes());
                }
            })
            .unwrap();
    }
    (leaves, tiles)
}

#[test]
fn a_proof_travels_as_text() {
    let key = crate::trails::signer(3);
    let entries = leaves(5);
    let origin = "example.org/lab".parse().unwrap();
    let checkpoint = Checkpoint { origin, size: 5, root: root(&entries) };
    let vkey = VKey::ed25519("example.org/lab", key.public_key()).unwrap();
    let proof = inclusion(&mut reader(&entries), 3, 5).unwrap();
    let note = checkpoint.sign(&key).unwrap();
    let proof = TlogProof { extra: Some(b"why".to_vec()), index: 3, proof, checkpoint: note };
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra d2h5\nindex 3\n"), "{text}");
    let read: TlogProof = text.parse().unwrap();
    assert_eq!(read, proof);
    let keys = [vkey];
    assert_eq!(read.verify(&entries[3], &keys).unwrap(), checkpoint);
    assert!(read.verify(&entries[2], &keys).is_err());
    assert!(read.verify(&entries[3], &[]).is_err());
    for wrong in [
        text.replacen("@v1", "@v2", 1),
        text.replacen("index 3", "index 03", 1),
        text.replacen("index 3", "index +3", 1),
        text.replacen("index 3\n", "", 1),
        text.replacen("\n\n", "\n", 1),
        text.replacen("index 3\n", &format!("index 3\n{}", "AAAA\n".repeat(70)), 1),
    ] {
        assert!(wrong.parse::<TlogProof>().is_err(), "{wrong}");
    }
}
