//! Proofs of files and chunks, and everything that a forger can do to them.

use veritrail_provenance::hash::*;
use veritrail_provenance::layout::*;

use crate::fixtures::*;

/// One file over `count` chunks of 10 bytes.
fn of_chunks(count: usize) -> Layout {
    Layout::new(files(&[("f", 10 * count as u64)]), chunks(&vec![10; count])).unwrap()
}

fn path(text: &str) -> FilePath {
    text.parse().unwrap()
}

#[test]
fn each_file_of_trees_of_many_sizes_is_proven() {
    for count in (1..=33).chain([100, 255, 257]) {
        let layout = many_files(count, 1, 1);
        for file in layout.files() {
            let proof = layout.prove_file(&file.path).unwrap();
            assert_eq!(proof.verify(layout.head(), layout.root()).unwrap(), file);
            let json = serde_json::to_string(&proof).unwrap();
            assert_eq!(serde_json::from_str::<FileProof>(&json).unwrap(), proof);
        }
    }
    let missing = of_chunks(1).prove_file(&path("g")).unwrap_err();
    assert_eq!(missing, ProofError::Layout(LayoutError::NoFile(path("g"))));
}

#[test]
fn files_of_a_second_page_are_proven() {
    let layout = many_files(65_540, 1, 20);
    // Entries of this length fill a page of 4 MiB before they are 65,536.
    let pages = layout.pages().unwrap().files;
    assert_eq!(pages.len(), 2);
    let first = usize::try_from(pages[0].entries).unwrap();
    for index in [0, first - 1, first, 65_539] {
        let file = &layout.files()[index];
        let proof = layout.prove_file(&file.path).unwrap();
        assert_eq!(proof.page, u32::from(index >= first));
        assert_eq!(proof.verify(layout.head(), layout.root()).unwrap(), file);
    }
}

#[test]
fn every_range_is_proven_with_the_chunks_that_hold_it() {
    for count in [1, 2, 3, 5, 8, 13] {
        let layout = of_chunks(count);
        for start in 0..layout.bytes() {
            for end in start + 1..=layout.bytes() {
                let proof = layout.prove_chunks(start..end).unwrap();
                let proven = proof.verify(layout.head(), layout.root(), start..end).unwrap();
                let first = (start / 10) as usize;
                let behind = end.div_ceil(10) as usize;
                assert_eq!(proven, layout.chunks()[first..behind]);
            }
        }
    }
    let layout = of_chunks(2);
    assert_eq!(layout.prove_chunks(5..5), Err(ProofError::Empty));
    assert!(matches!(layout.prove_chunks(0..21), Err(ProofError::Layout(_))));
}

#[test]
fn large_ranges_show_whole_pages_and_cross_them() {
    let layout = many_files(70_000, 1, 1);
    for range in [0..4_096, 0..4_097, 60_000..70_000, 65_535..65_537, 0..70_000, 69_999..70_000] {
        let proof = layout.prove_chunks(range.clone()).unwrap();
        let proven = proof.verify(layout.head(), layout.root(), range.clone()).unwrap();
        assert!(proven[0].offset <= range.start && proven.last().unwrap().end() >= range.end);
        for part in &proof.parts {
            assert!(part.chunks.len() <= 4_096 || part.chunks.len() == part.entries as usize);
        }
    }
    let crossing = layout.prove_chunks(65_535..65_537).unwrap();
    assert_eq!(crossing.parts.len(), 2);
}

#[test]
fn any_altered_part_of_a_file_proof_is_refused() {
    let layout = many_files(11, 1, 11);
    let good = layout.prove_file(&path("f/000004.csv")).unwrap();
    let refused = |change: &dyn Fn(&mut FileProof)| {
        let mut proof = good.clone();
        change(&mut proof);
        proof.verify(layout.head(), layout.root()).unwrap_err()
    };
    assert_eq!(refused(&|proof| proof.page = 1), ProofError::NoPage(1));
    assert_eq!(refused(&|proof| proof.page = u32::MAX), ProofError::NoPage(u32::MAX));
    for position in (0..11).filter(|position| *position != 4) {
        let error = refused(&|proof| proof.position = position);
        assert!(matches!(error, ProofError::PageRoot(0) | ProofError::Merkle(_)), "{position}");
    }
    for position in [11, 12, 16, u32::MAX] {
        let error = refused(&|proof| proof.position = position);
        assert_eq!(error, ProofError::Merkle(MerkleError::Positions));
    }
    for entries in (0..40).filter(|entries| *entries != 11) {
        refused(&|proof| proof.entries = entries);
    }
    assert!(matches!(
        refused(&|proof| proof.entries = 65_537),
        ProofError::Merkle(MerkleError::Leaves(65_537))
    ));
    refused(&|proof| proof.entries = u32::MAX);
    refused(&|proof| proof.file.size += 1);
    refused(&|proof| proof.file.offset += 1);
    refused(&|proof| proof.file.path = path("f/000005.csv"));
    refused(&|proof| proof.file.sha256 = FileDigest::of(b"x"));
    refused(&|proof| proof.file.blake3 = FileBlake3::of(b"x"));
    for index in 0..good.hashes.len() {
        let other = LayoutNode::from_bytes([7; 32]);
        assert_eq!(refused(&|proof| proof.hashes[index] = other), ProofError::PageRoot(0));
        let missing = refused(&|proof| {
            proof.hashes.remove(index);
        });
        assert!(matches!(missing, ProofError::Merkle(MerkleError::HashCount { .. })));
        let twice = refused(&|proof| proof.hashes.insert(index, proof.hashes[index]));
        assert!(matches!(twice, ProofError::Merkle(MerkleError::HashCount { .. })));
    }
    let many = refused(&|proof| proof.hashes = vec![LayoutNode::from_bytes([7; 32]); 1_000_000]);
    assert!(matches!(many, ProofError::Merkle(MerkleError::HashCount { .. })));
}

#[test]
fn a_proof_is_for_one_root() {
    let (layout, other) = (many_files(11, 1, 11), many_files(12, 1, 12));
    let proof = layout.prove_file(&path("f/000004.csv")).unwrap();
    let expected = *other.root();
    let found = *layout.root();
    let error = proof.verify(layout.head(), other.root()).unwrap_err();
    assert_eq!(error, ProofError::OtherRoot { expected, found });
    assert!(proof.verify(other.head(), other.root()).is_err());
    // A head that was made to name the other root does not check out itself.
    let mut forged = layout.head().clone();
    forged.root = expected;
    assert!(matches!(proof.verify(&forged, other.root()), Err(ProofError::Layout(_))));
}

#[test]
fn a_chunk_never_passes_for_a_file_nor_a_node_for_a_leaf() {
    // The same tree shape on both lists: the proofs' hashes differ by their tags alone.
    let layout = many_files(8, 1, 1);
    let file = layout.prove_file(&path("f/000003.csv")).unwrap();
    let chunk = layout.prove_chunks(3..4).unwrap();
    let mut crossed = file.clone();
    crossed.hashes = chunk.parts[0].hashes.clone();
    assert_eq!(crossed.verify(layout.head(), layout.root()), Err(ProofError::PageRoot(0)));
    // A tree of 4 whose leaves are the nodes of the tree of 8 has one level less: its count is
    // bound into the page root, and its leaves would have to be entries.
    let mut shallow = file;
    shallow.entries = 4;
    shallow.position = 1;
    shallow.hashes.remove(0);
    assert_eq!(shallow.verify(layout.head(), layout.root()), Err(ProofError::PageRoot(0)));
}

#[test]
fn any_altered_part_of_a_chunks_proof_is_refused() {
    let layout = of_chunks(13);
    let range = 35..75;
    let good = layout.prove_chunks(range.clone()).unwrap();
    assert_eq!(good.parts[0].chunks.len(), 5);
    let refused = |change: &dyn Fn(&mut ChunksProof)| {
        let mut proof = good.clone();
        change(&mut proof);
        proof.verify(layout.head(), layout.root(), range.clone()).unwrap_err()
    };
    assert_eq!(refused(&|proof| proof.parts.clear()), ProofError::NotCovered);
    assert_eq!(refused(&|proof| proof.parts.push(proof.parts[0].clone())), ProofError::Gap);
    refused(&|proof| proof.parts[0].chunks.swap(0, 1));
    refused(&|proof| {
        proof.parts[0].chunks.pop();
    });
    refused(&|proof| {
        proof.parts[0].chunks.remove(0);
    });
    let twice = |proof: &mut ChunksProof| {
        let first = proof.parts[0].chunks[0];
        proof.parts[0].chunks.insert(0, first);
    };
    refused(&twice);
    assert_eq!(
        refused(&|proof| proof.parts[0].chunks.clear()),
        ProofError::Merkle(MerkleError::Proven { proven: 0, leaves: 13 })
    );
    refused(&|proof| proof.parts[0].first += 1);
    refused(&|proof| proof.parts[0].first = u32::MAX);
    refused(&|proof| proof.parts[0].entries = 12);
    refused(&|proof| proof.parts[0].entries = 0);
    for index in 0..5 {
        refused(&|proof| proof.parts[0].chunks[index].length += 1);
        refused(&|proof| proof.parts[0].chunks[index].offset += 1);
        refused(&|proof| proof.parts[0].chunks[index].id = ChunkId::of(b"x"));
    }
    for index in 0..good.parts[0].hashes.len() {
        refused(&|proof| {
            proof.parts[0].hashes.remove(index);
        });
        refused(&|proof| proof.parts[0].hashes[index] = LayoutNode::from_bytes([0; 32]));
    }
    refused(&|proof| proof.parts[0].hashes.push(LayoutNode::from_bytes([0; 32])));
    // Right in itself, but of another range.
    for other in [25..75, 35..95, 0..130] {
        let error = good.verify(layout.head(), layout.root(), other).unwrap_err();
        assert_eq!(error, ProofError::NotCovered);
    }
    assert!(good.verify(layout.head(), layout.root(), 0..131).is_err());
}

#[test]
fn a_proof_of_too_many_parts_is_refused_before_it_is_computed() {
    let layout = many_files(10_000, 1, 1);
    let mut proof = layout.prove_chunks(0..4_096).unwrap();
    let more = layout.chunks()[4_096];
    proof.parts[0].chunks.push(more);
    let error = proof.verify(layout.head(), layout.root(), 0..4_097).unwrap_err();
    let expected = MerkleError::Proven { proven: 4_097, leaves: 10_000 };
    assert_eq!(error, ProofError::Merkle(expected));
}
