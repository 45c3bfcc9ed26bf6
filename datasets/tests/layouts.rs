//! Small layouts for tests of what stands beside them.

use veritrail_provenance::hash::{ChunkId, FileBlake3, FileDigest};
use veritrail_provenance::layout::{ChunkEntry, FileEntry, Layout};

/// A layout of files with these paths, sorted, each holding its own path as text, in one chunk.
pub fn layout(paths: &[&str]) -> Layout {
    let mut paths = paths.to_vec();
    paths.sort_unstable();
    let mut offset = 0;
    let mut files = Vec::new();
    for path in &paths {
        let size = path.len() as u64;
        files.push(FileEntry {
            path: path.parse().unwrap(),
            size,
            offset,
            sha256: FileDigest::of(path.as_bytes()),
            blake3: FileBlake3::from_bytes([7; 32]),
        });
        offset += size;
    }
    let all = paths.concat();
    let length = u32::try_from(all.len()).unwrap();
    let chunk = ChunkEntry { offset: 0, length, id: ChunkId::of(all.as_bytes()) };
    Layout::new(files, vec![chunk]).unwrap()
}
