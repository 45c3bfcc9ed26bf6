//! Holding the bytes of this home against a layout: every chunk against its id, every file against
//! both its hashes.

use sha2::{Digest as _, Sha256};
use veritrail_provenance::{
    hash::FileDigest,
    layout::{ChunkEntry, Layout},
};
use veritrail_storage::blob::BlobError;

use crate::{
    error::{OrKind as _, Result},
    node::{
        Node,
        report::{DataCheck, Verification},
        resolve::Bytes,
    },
    progress::Progress,
};

/// Damaged places that are told; the rest is counted.
const DAMAGE_TOLD_MAX: u64 = 100;

impl Node {
    /// Checks every byte of `bytes` that is held here, and tells it in `done`. Bytes that are not
    /// held are no failure: statements can be verified without them.
    pub(super) async fn verify_data(
        &self,
        bytes: &Bytes,
        done: &mut Verification,
        progress: &dyn Progress,
    ) -> Result<()> {
        let layout = match self.manifest(&bytes.manifest).await? {
            Some(manifest) => {
                if manifest.layout().root != bytes.root {
                    let root = manifest.layout().root;
                    done.add_finding(format!(
                        "manifest {}: its root is {root}, the statement says {}",
                        bytes.manifest, bytes.root
                    ));
                    return Ok(());
                }
                self.layout(&manifest).await?
            }
            None => None,
        };
        let Some(layout) = layout else {
            let words = "its list of files is not held here, so no bytes were checked".to_owned();
            done.data = Some(DataCheck { checked_bytes: 0, bytes: 0, words });
            return Ok(());
        };
        progress.begin("checking", Some(layout.bytes()));
        let checked = self.check_bytes(&layout, done, progress).await;
        progress.end();
        let checked_bytes = checked?;
        let whole = layout.bytes();
        let words = match checked_bytes == whole {
            true => format!("all {whole} bytes are here and right"),
            false => format!("{checked_bytes} of {whole} bytes are here and right"),
        };
        done.data = Some(DataCheck { checked_bytes, bytes: whole, words });
        Ok(())
    }

    /// How many bytes are here and right.
    async fn check_bytes(
        &self,
        layout: &Layout,
        done: &mut Verification,
        progress: &dyn Progress,
    ) -> Result<u64> {
        let mut files = Files::of(layout);
        let (mut right, mut damaged) = (0, 0);
        for chunk in layout.chunks() {
            match self.blobs().read_all(&chunk.id).await {
                Ok(bytes) if bytes.len() == chunk.length as usize => {
                    right += bytes.len() as u64;
                    progress.advance(bytes.len() as u64);
                    files.feed(&bytes, done);
                }
                Ok(_) | Err(BlobError::Corrupt { .. }) => {
                    damaged += 1;
                    if damaged <= DAMAGE_TOLD_MAX {
                        done.add_finding(damage(layout, chunk));
                    }
                    files.skip(chunk.length);
                }
                Err(BlobError::NotFound { .. }) => files.skip(chunk.length),
                Err(e) => return Err(e).or_failed(),
            }
        }
        if damaged > DAMAGE_TOLD_MAX {
            done.add_finding(format!("{damaged} damaged chunks in all"));
        }
        Ok(right)
    }
}

/// Which chunk, and which file it begins in.
fn damage(layout: &Layout, chunk: &ChunkEntry) -> String {
    let at = layout.files().partition_point(|file| file.offset + file.size <= chunk.offset);
    let place = layout.files().get(at).map_or_else(String::new, |file| {
        format!(", {} from byte {}", file.path, chunk.offset.saturating_sub(file.offset))
    });
    format!("chunk {}{place}: its bytes do not have its hash", chunk.id)
}

/// The files of a layout, hashed while its chunks pass in order.
struct Files<'a> {
    layout: &'a Layout,
    /// The file at hand.
    at: usize,
    /// Bytes of the sequence that passed.
    passed: u64,
    hasher: Sha256,
    /// False once bytes of the file at hand were missing.
    whole: bool,
}

impl<'a> Files<'a> {
    fn of(layout: &'a Layout) -> Self {
        let mut files = Self { layout, at: 0, passed: 0, hasher: Sha256::new(), whole: true };
        files.end_empty();
        files
    }

    fn feed(&mut self, mut bytes: &[u8], done: &mut Verification) {
        while let (Some(file), false) = (self.layout.files().get(self.at), bytes.is_empty()) {
            let left = (file.offset + file.size).saturating_sub(self.passed);
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            let (part, rest) = bytes.split_at(take);
            self.hasher.update(part);
            self.passed += take as u64;
            bytes = rest;
            if self.passed == file.offset + file.size {
                let found = FileDigest::from_bytes(self.hasher.finalize_reset().into());
                if self.whole && found != file.sha256 {
                    let (path, listed) = (&file.path, file.sha256);
                    done.add_finding(format!("{path}: its SHA-256 is {found}, listed is {listed}"));
                }
                self.next();
            }
        }
    }

    /// Bytes that are not here: files that they belong to cannot be hashed.
    fn skip(&mut self, length: u32) {
        self.passed += u64::from(length);
        self.whole = false;
        while let Some(file) = self.layout.files().get(self.at) {
            let end = file.offset + file.size;
            if end > self.passed {
                break;
            }
            let cut = end < self.passed;
            self.hasher.reset();
            self.at += 1;
            self.whole = !cut;
        }
        // The file at hand began within what was skipped, unless it begins exactly here.
        let begins = self.layout.files().get(self.at).map(|file| file.offset);
        self.whole = begins == Some(self.passed);
        self.end_empty();
    }

    fn next(&mut self) {
        self.at += 1;
        self.whole = true;
        self.end_empty();
    }

    /// Files of no bytes have nothing to pass.
    fn end_empty(&mut self) {
        while self.layout.files().get(self.at).is_some_and(|file| file.size == 0) {
            self.at += 1;
        }
    }
}
