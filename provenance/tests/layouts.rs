//! Layouts: lists that fit each other, spans, and every way in which they can lie.

use veritrail_provenance::layout::*;

use crate::fixtures::*;

fn error(files: Vec<FileEntry>, chunks: Vec<ChunkEntry>) -> LayoutError {
    Layout::new(files, chunks).unwrap_err()
}

fn path(text: &str) -> FilePath {
    text.parse().unwrap()
}

/// Three files of 10, 0 and 5 bytes in chunks of 4, 4, 6 and 1.
fn small() -> Layout {
    let files = files(&[("a.csv", 10), ("b/empty", 0), ("b/x.csv", 5)]);
    Layout::new(files, chunks(&[4, 4, 6, 1])).unwrap()
}

#[test]
fn a_layout_says_what_it_was_made_of() {
    let layout = small();
    assert_eq!((layout.bytes(), layout.files().len(), layout.chunks().len()), (15, 3, 4));
    let head = layout.head();
    head.check_root().unwrap();
    assert_eq!((head.files, head.chunks, head.bytes, head.encoding), (3, 4, 15, 0));
    assert_eq!(&head.root, layout.root());
    assert_eq!(layout.file(&path("b/x.csv")).unwrap().offset, 10);
    assert_eq!(layout.file(&path("b/y.csv")), None);
    let json = serde_json::to_string(head).unwrap();
    assert_eq!(serde_json::from_str::<LayoutHead>(&json).unwrap(), *head);
}

#[test]
fn an_empty_file_is_a_dataset_and_nothing_is_not() {
    let layout = Layout::new(files(&[("empty", 0)]), Vec::new()).unwrap();
    assert_eq!(layout.bytes(), 0);
    assert!(layout.head().chunk_pages.is_empty());
    layout.head().check_root().unwrap();
    assert_eq!(layout.spans(&path("empty"), 0..0).unwrap(), []);
    assert_eq!(error(Vec::new(), Vec::new()), LayoutError::NoFiles);
}

#[test]
fn the_root_changes_with_everything_and_the_content_with_files_alone() {
    let base = small();
    let list = [("a.csv", 10), ("b/empty", 0), ("b/x.csv", 5)];
    let rechunked = Layout::new(files(&list), chunks(&[15])).unwrap();
    assert_ne!(rechunked.root(), base.root());
    assert_eq!(rechunked.content(), base.content());
    let renamed =
        Layout::new(files(&[("a.csv", 10), ("b/empty", 0), ("b/y.csv", 5)]), chunks(&[15]));
    assert_ne!(renamed.unwrap().content(), base.content());
    let mut edited = files(&list);
    edited[0].sha256 = veritrail_provenance::hash::FileDigest::of(b"other");
    let edited = Layout::new(edited, chunks(&[4, 4, 6, 1])).unwrap();
    assert_ne!((edited.root(), edited.content()), (base.root(), base.content()));
    let mut other = chunks(&[4, 4, 6, 1]);
    other[3].id = other[2].id;
    let other = Layout::new(files(&list), other).unwrap();
    assert_ne!(other.root(), base.root());
    assert_eq!(other.content(), base.content());
}

#[test]
fn gaps_overlaps_and_wrong_lengths_are_refused() {
    let good = || files(&[("a", 10), ("b", 5)]);
    let mut gap = good();
    gap[1].offset = 11;
    let expected = LayoutError::FileOffset { path: path("b"), expected: 10, found: 11 };
    assert_eq!(error(gap, chunks(&[15])), expected);
    let mut overlap = chunks(&[10, 5]);
    overlap[1].offset = 9;
    let expected = LayoutError::ChunkOffset { index: 1, expected: 10, found: 9 };
    assert_eq!(error(good(), overlap), expected);
    assert_eq!(error(good(), chunks(&[14])), LayoutError::Lengths { files: 15, chunks: 14 });
    assert_eq!(error(good(), chunks(&[15, 1])), LayoutError::Lengths { files: 15, chunks: 16 });
    let empty = LayoutError::ChunkLength { index: 1, length: 0 };
    assert_eq!(error(good(), chunks(&[15, 0])), empty);
    let large = LayoutError::ChunkLength { index: 0, length: CHUNK_BYTES_MAX + 1 };
    assert_eq!(error(good(), chunks(&[CHUNK_BYTES_MAX + 1])), large);
    let mut shifted = chunks(&[15]);
    shifted[0].offset = 1;
    let expected = LayoutError::ChunkOffset { index: 0, expected: 0, found: 1 };
    assert_eq!(error(good(), shifted), expected);
}

#[test]
fn sizes_that_overflow_are_refused() {
    assert_eq!(error(files(&[("a", 1 << 53)]), Vec::new()), LayoutError::TooLong);
    let mut wrap = files(&[("a", 5), ("b", 0)]);
    wrap[1].size = u64::MAX - 4;
    assert_eq!(error(wrap, chunks(&[1])), LayoutError::TooLong);
}

#[test]
fn files_stand_in_the_order_of_their_bytes() {
    let order = |a: &str, b: &str| error(files(&[(a, 1), (b, 1)]), chunks(&[2]));
    assert!(matches!(order("b", "a"), LayoutError::FileOrder { .. }));
    assert!(matches!(order("a", "B"), LayoutError::FileOrder { .. }));
    assert!(matches!(order("a/b", "a-b"), LayoutError::FileOrder { .. }), "'-' before '/'");
    assert!(Layout::new(files(&[("a-b", 1), ("a/b", 1)]), chunks(&[2])).is_ok());
    assert!(matches!(order("a", "a"), LayoutError::SamePath { .. }));
}

#[test]
fn paths_that_some_file_systems_cannot_keep_apart_are_refused() {
    let same = |list: &[&str]| {
        let list: Vec<_> = list.iter().map(|path| (*path, 0)).collect();
        matches!(Layout::new(files(&list), Vec::new()), Err(LayoutError::SamePath { .. }))
    };
    assert!(same(&["A.csv", "a.csv"]));
    assert!(same(&["A/x", "B/x", "a/X"]));
    assert!(same(&["STRASSE", "straße"]), "full folding");
    assert!(same(&["Σ", "ς"]), "final sigma");
    assert!(same(&["É", "é"]));
    assert!(same(&["K", "\u{6b}"]));
    assert!(!same(&["a", "b"]));
    // Folders that differ in case hold different files: they are merged, and nothing is lost.
    assert!(!same(&["A/x", "a/y"]));
}

#[test]
fn no_file_is_a_folder_of_another() {
    let inside = |list: &[&str]| {
        let list: Vec<_> = list.iter().map(|path| (*path, 0)).collect();
        match Layout::new(files(&list), Vec::new()) {
            Err(LayoutError::FolderIsFile { file, inside }) => format!("{file} {inside}"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(inside(&["a", "a/b"]), "a a/b");
    assert_eq!(inside(&["a", "a-b", "a.b", "a/b"]), "a a/b");
    assert_eq!(inside(&["A/b/c", "a"]), "a A/b/c");
    assert_eq!(inside(&["x/y", "x/y/z/w"]), "x/y x/y/z/w");
    assert!(Layout::new(files(&[("a/b", 0), ("ab", 0)]), Vec::new()).is_ok());
}

#[test]
fn spans_are_the_bytes_that_were_asked_for() {
    // The sequence is 15 bytes; byte n holds n.
    let layout = small();
    let sequence: Vec<u8> = (0..15).collect();
    for file in layout.files() {
        for start in 0..=file.size {
            for end in start..=file.size {
                let spans = layout.spans(&file.path, start..end).unwrap();
                let read: Vec<u8> = spans
                    .iter()
                    .flat_map(|span| {
                        let chunk = layout.chunks()[span.chunk];
                        assert_eq!(chunk.id, span.id);
                        assert!(!span.is_empty() && span.to <= chunk.length);
                        let from = chunk.offset as usize;
                        sequence[from + span.from as usize..from + span.to as usize].to_vec()
                    })
                    .collect();
                let from = file.offset as usize;
                assert_eq!(read, sequence[from + start as usize..from + end as usize]);
            }
        }
    }
    let all = layout.sequence_spans(0..15).unwrap();
    assert_eq!(all.len(), 4);
    assert!(layout.sequence_spans(0..16).is_err());
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn ranges_beyond_a_file_are_refused() {
    let layout = small();
    for range in [0..11, 11..11, 5..4, 0..u64::MAX, u64::MAX..u64::MAX] {
        assert!(matches!(layout.spans(&path("a.csv"), range), Err(LayoutError::Range { .. })));
    }
    assert_eq!(layout.spans(&path("c"), 0..0), Err(LayoutError::NoFile(path("c"))));
}
