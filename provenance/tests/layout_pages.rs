//! Pages: where they end, what they must be, and what a hostile head or page can try.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use veritrail_provenance::hash::*;
use veritrail_provenance::layout::*;

use crate::fixtures::*;

/// A layout's pages by blob id, as a store would have them.
fn stored(layout: &Layout) -> HashMap<ChunkId, Vec<u8>> {
    let pages = layout.pages().unwrap();
    pages.iter().map(|page| (ChunkId::of(&page.bytes), page.bytes.clone())).collect()
}

fn assemble(
    head: &LayoutHead,
    store: &HashMap<ChunkId, Vec<u8>>,
) -> Result<Layout, AssembleError<String>> {
    Layout::assemble(head, |page| {
        store.get(&page.blob).cloned().ok_or_else(|| format!("no blob {}", page.blob))
    })
}

fn layout_error(head: &LayoutHead, store: &HashMap<ChunkId, Vec<u8>>) -> LayoutError {
    match assemble(head, store) {
        Err(AssembleError::Layout(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The format, a second time: roots from pages, to make heads that are consistent and wrong.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

/// The tree over leaves, level by level, a lone node hashed on its own; one leaf has a level too.
pub fn tree_root(mut level: Vec<[u8; 32]>) -> [u8; 32] {
    loop {
        level = level
            .chunks(2)
            .map(|pair| sha256(&[b"veritrail/layout/1/node\n", &pair.concat()]))
            .collect();
        if level.len() == 1 {
            return level[0];
        }
    }
}

/// As documented: a tree of n leaves has floor(log2 n) + 1 levels above them.
fn documented_tree_root(leaves: Vec<[u8; 32]>) -> [u8; 32] {
    let levels = leaves.len().ilog2() + 1;
    let mut level = leaves;
    for _ in 0..levels {
        level = level
            .chunks(2)
            .map(|pair| sha256(&[b"veritrail/layout/1/node\n", &pair.concat()]))
            .collect();
    }
    assert_eq!(level.len(), 1);
    level[0]
}

fn page_root(list: u8, leaves: Vec<[u8; 32]>) -> PageRoot {
    let count = (leaves.len() as u64).to_be_bytes();
    let tree = documented_tree_root(leaves);
    PageRoot::from_bytes(sha256(&[b"veritrail/layout/1/page\n", &[list], &count, &tree]))
}

fn roots(pages: &[PageRef]) -> Vec<u8> {
    pages.iter().flat_map(|page| *page.root.as_bytes()).collect()
}

/// Makes a head name its own root and content again after it was changed.
fn reseal(head: &mut LayoutHead) {
    let number = |n: usize| (n as u64).to_be_bytes();
    head.content = ContentHash::from_bytes(sha256(&[
        b"veritrail/layout/1/content\n",
        &head.files.to_be_bytes(),
        &head.bytes.to_be_bytes(),
        &number(head.file_pages.len()),
        &roots(&head.file_pages),
    ]));
    head.root = DatasetRoot::from_bytes(sha256(&[
        b"veritrail/layout/1/root\n",
        &head.v.to_be_bytes(),
        &[head.encoding],
        &head.files.to_be_bytes(),
        &head.chunks.to_be_bytes(),
        &head.bytes.to_be_bytes(),
        &number(head.file_pages.len()),
        &number(head.chunk_pages.len()),
        &[0; 32],
        &roots(&head.file_pages),
        &roots(&head.chunk_pages),
    ]));
}

fn chunk_encoding(chunk: &ChunkEntry) -> Vec<u8> {
    use coset::cbor::Value;
    veritrail_provenance::cbor::encode(&Value::Array(vec![
        chunk.offset.into(),
        chunk.length.into(),
        Value::Bytes(chunk.id.as_bytes().to_vec()),
    ]))
}

/// A page of these chunks, cut wherever the caller likes.
fn chunk_page(chunks: &[ChunkEntry]) -> (PageRef, Vec<u8>) {
    let encodings: Vec<_> = chunks.iter().map(chunk_encoding).collect();
    let leaves = encodings
        .iter()
        .map(|encoding| sha256(&[b"veritrail/layout/1/chunk\n", encoding]))
        .collect();
    assert!(chunks.len() < 24, "the array's head is one byte here");
    let bytes = [&[0x80 | chunks.len() as u8][..], &encodings.concat()].concat();
    let root = page_root(1, leaves);
    (PageRef { blob: ChunkId::of(&bytes), size: bytes.len() as u64, root }, bytes)
}

#[test]
fn roots_are_what_the_format_says() {
    for count in 1..=23 {
        let layout =
            Layout::new(files(&[("f", count * 7)]), chunks(&vec![7; count as usize])).unwrap();
        let (page, bytes) = chunk_page(layout.chunks());
        assert_eq!(layout.head().chunk_pages, [page]);
        assert_eq!(layout.pages().unwrap().chunks[0].bytes, bytes);
        let mut head = layout.head().clone();
        reseal(&mut head);
        assert_eq!(head, *layout.head());
    }
    assert_eq!(tree_root(vec![[1; 32]; 3]), documented_tree_root(vec![[1; 32]; 3]));
}

#[test]
fn trees_of_every_size_agree_with_the_documented_one() {
    for count in (1..=140).chain([255, 256, 257, 1_000, 1_024]) {
        let layout = Layout::new(files(&[("f", count as u64)]), chunks(&vec![1; count])).unwrap();
        let leaves: Vec<_> = layout
            .chunks()
            .iter()
            .map(|chunk| sha256(&[b"veritrail/layout/1/chunk\n", &chunk_encoding(chunk)]))
            .collect();
        assert_eq!(layout.head().chunk_pages[0].root, page_root(1, leaves), "{count} leaves");
    }
}

#[test]
fn a_page_ends_after_65536_entries() {
    for (count, expected) in [(65_536, vec![65_536]), (65_537, vec![65_536, 1])] {
        let layout = many_files(count, 1, 1);
        let pages = layout.pages().unwrap();
        let entries = |pages: &[Page]| pages.iter().map(|page| page.entries).collect::<Vec<_>>();
        assert_eq!(entries(&pages.chunks), expected);
        assert_eq!(assemble(layout.head(), &stored(&layout)).unwrap(), layout);
    }
}

#[test]
fn a_page_ends_before_its_entries_exceed_4_mib() {
    // Every entry takes the same number of bytes, whatever its offset: sizes are 0.
    let names: Vec<String> =
        (0..1_100).map(|n| format!("{}/{n:04}", vec!["d".repeat(250); 15].join("/"))).collect();
    let list: Vec<_> = names.iter().map(|name| (name.as_str(), 0)).collect();
    let layout = Layout::new(files(&list), Vec::new()).unwrap();
    let pages = layout.pages().unwrap().files;
    let entry = 1 + 3 + names[0].len() + 1 + 1 + 34 + 34;
    let fit = PAGE_BYTES_MAX / entry;
    assert!(fit < 1_100);
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[0].entries, fit as u64);
    assert_eq!(pages[0].bytes.len(), 3 + fit * entry);
    assert_eq!(assemble(layout.head(), &stored(&layout)).unwrap(), layout);
}

#[test]
fn a_hundred_thousand_files_are_a_few_pages_and_each_is_found() {
    let layout = many_files(100_000, 10, 10_000);
    assert_eq!((layout.head().file_pages.len(), layout.head().chunk_pages.len()), (3, 1));
    assert_eq!(layout.chunks().len(), 100);
    let again = assemble(layout.head(), &stored(&layout)).unwrap();
    assert_eq!(again, layout);
    for file in layout.files() {
        let spans = again.spans(&file.path, 0..file.size).unwrap();
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].chunk as u64, file.offset / 10_000);
    }
}

#[test]
fn every_byte_of_a_page_counts() {
    let layout = many_files(5, 2, 5);
    let store = stored(&layout);
    for page in layout.pages().unwrap().iter() {
        let blob = ChunkId::of(&page.bytes);
        for at in 0..page.bytes.len() {
            let mut altered = store.clone();
            altered.get_mut(&blob).unwrap()[at] ^= 1;
            let error = layout_error(layout.head(), &altered);
            assert_eq!(error, LayoutError::PageBytes { page: 0, blob });
        }
        let mut missing = store.clone();
        missing.remove(&blob);
        let result = assemble(layout.head(), &missing);
        assert_eq!(result, Err(AssembleError::Fetch(format!("no blob {blob}"))));
    }
}

#[test]
fn every_member_of_a_head_counts() {
    let layout = many_files(5, 2, 5);
    let good = layout.head();
    let error = |change: fn(&mut LayoutHead)| {
        let mut head = good.clone();
        change(&mut head);
        head.check_root().unwrap_err()
    };
    assert_eq!(error(|head| head.v = 2), LayoutError::Version(2));
    assert_eq!(error(|head| head.encoding = 2), LayoutError::Encoding(2));
    assert_eq!(error(|head| head.files = 0), LayoutError::NoFiles);
    assert_eq!(error(|head| head.files = 6), LayoutError::Content);
    assert!(matches!(error(|head| head.chunks = 3), LayoutError::Root { .. }));
    assert_eq!(error(|head| head.bytes = 11), LayoutError::Content);
    assert_eq!(error(|head| head.bytes = u64::MAX), LayoutError::TooLong);
    assert!(matches!(error(|head| head.files = u64::MAX), LayoutError::TooMany(_)));
    assert!(matches!(error(|head| head.files = 65_537), LayoutError::PageCount { .. }));
    assert!(matches!(error(|head| head.file_pages.clear()), LayoutError::PageCount { .. }));
    let surplus = |head: &mut LayoutHead| head.chunk_pages = vec![head.chunk_pages[0]; 3];
    assert!(matches!(error(surplus), LayoutError::PageCount { list: "chunks", .. }));
    let huge = |head: &mut LayoutHead| head.chunk_pages[0].size = 5 << 20;
    assert!(matches!(error(huge), LayoutError::PageSize { page: 0, .. }));
    let other = |head: &mut LayoutHead| head.root = DatasetRoot::from_bytes([7; 32]);
    assert!(matches!(error(other), LayoutError::Root { .. }));
    let other = |head: &mut LayoutHead| head.content = ContentHash::from_bytes([7; 32]);
    assert_eq!(error(other), LayoutError::Content);
    // Where the blob is found is not bound by the root, but has to lead back to it.
    let mut moved = good.clone();
    moved.chunk_pages[0].size += 1;
    moved.check_root().unwrap();
    let error = layout_error(&moved, &stored(&layout));
    assert!(matches!(error, LayoutError::PageBytes { page: 0, .. }));
}

#[test]
fn pages_cut_elsewhere_are_refused_though_every_hash_is_right() {
    let layout = Layout::new(files(&[("f", 10)]), chunks(&[2; 5])).unwrap();
    let mut store = stored(&layout);
    let (left, left_bytes) = chunk_page(&layout.chunks()[..2]);
    let (right, right_bytes) = chunk_page(&layout.chunks()[2..]);
    store.insert(left.blob, left_bytes);
    store.insert(right.blob, right_bytes);
    let mut head = layout.head().clone();
    head.chunk_pages = vec![left, right];
    reseal(&mut head);
    head.check_root().unwrap();
    assert_eq!(layout_error(&head, &store), LayoutError::Head);
}

/// A head that names one page of chunks with these bytes, every hash right.
fn head_over(bytes: &[u8], chunks: u64) -> (LayoutHead, HashMap<ChunkId, Vec<u8>>) {
    let layout = Layout::new(files(&[("f", 10)]), crate::fixtures::chunks(&[10])).unwrap();
    let mut store = stored(&layout);
    store.insert(ChunkId::of(bytes), bytes.to_vec());
    let mut head = layout.head().clone();
    head.chunks = chunks;
    head.chunk_pages = vec![PageRef {
        blob: ChunkId::of(bytes),
        size: bytes.len() as u64,
        root: PageRoot::from_bytes([1; 32]),
    }];
    reseal(&mut head);
    (head, store)
}

#[test]
fn pages_in_another_encoding_are_refused() {
    let entry = chunk_encoding(&chunk(0, 10));
    let page = |prefix: &[u8], entries: &[&[u8]]| [prefix, &entries.concat()].concat();
    let error = |bytes: Vec<u8>| {
        let (head, store) = head_over(&bytes, 1);
        layout_error(&head, &store)
    };
    let cbor = |bytes| matches!(error(bytes), LayoutError::PageCbor { page: 0, .. });
    assert!(cbor(page(&[0x98, 1], &[&entry])), "a length that is not shortest");
    assert!(cbor(page(&[0x9f], &[&entry, &[0xff]])), "an indefinite length");
    assert!(cbor(page(&[0x81], &[&entry, &[0]])), "surplus bytes");
    assert!(cbor(page(&[0x82], &[&entry])), "a missing entry");
    assert!(cbor(page(&[0x81], &[&[0x82], &entry[1..3]])), "an entry of two elements");
    assert!(cbor(page(&[0xa1], &[&entry, &entry])), "a map");
    assert!(cbor(vec![]));
    let none = error(page(&[0x80], &[]));
    assert_eq!(none, LayoutError::PageEntries { page: 0, entries: 0 });
    // More entries than bytes: refused without allocating for them.
    assert!(cbor(page(&[0x9a, 0xff, 0xff, 0xff, 0xff], &[&entry])));
    let many = [&[0x9a, 0, 1, 0, 1][..], &[0; 70_000]].concat();
    assert_eq!(error(many), LayoutError::PageEntries { page: 0, entries: 65_537 });
    // A chunk longer than 32 bits.
    let mut long = entry.clone();
    long.splice(2..3, [0x1b, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert!(matches!(error(page(&[0x81], &[&long])), LayoutError::Entry { page: 0, entry: 0, .. }));
    // The right page, and a root that is not its own.
    assert_eq!(error(page(&[0x81], &[&entry])), LayoutError::Head);
}

#[test]
fn a_page_of_files_is_checked_for_paths() {
    use coset::cbor::Value;
    for odd in ["../x", "a\\b", "nul", "e\u{301}"] {
        let entry = Value::Array(vec![
            odd.into(),
            10.into(),
            0.into(),
            Value::Bytes(vec![0; 32]),
            Value::Bytes(vec![0; 32]),
        ]);
        let bytes = veritrail_provenance::cbor::encode(&Value::Array(vec![entry]));
        let (mut head, mut store) = head_over(&bytes, 1);
        head.file_pages = head.chunk_pages.clone();
        reseal(&mut head);
        store.insert(ChunkId::of(&bytes), bytes);
        let error = layout_error(&head, &store);
        assert!(matches!(error, LayoutError::Entry { page: 0, entry: 0, .. }), "{odd}");
    }
}
