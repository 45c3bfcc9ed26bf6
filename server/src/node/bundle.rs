//! Bundles: everything that a result rests on, in one file that is checked without a network.

pub mod container;
mod contents;
mod file;
pub mod verify;

use std::path::PathBuf;

use serde::Serialize;
use veritrail_provenance::{hash::FileDigest, statement::Origin};

use self::{container::Listing, contents::Contents, file::write};
use super::{
    Node,
    evidence::{BlobsInside, Collected},
};
use crate::{
    error::{NodeError, OrKind as _, Result},
    progress::Progress,
};

/// Outputs up to this many bytes, all files of one output together, are put in.
pub const OUTPUT_BYTES_MAX: u64 = 1 << 20;

/// What to bundle.
#[derive(Debug, Clone)]
pub struct BundleRequest {
    /// A dataset, a run or an output.
    pub reference: String,
    /// The file to write; one that exists is kept.
    pub out: PathBuf,
    /// Which bytes are put in.
    pub data: DataInside,
}

/// Which bytes a bundle holds beside statements, manifests, specs and details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataInside {
    /// Outputs of up to [`OUTPUT_BYTES_MAX`] bytes.
    OutputsOnly,
    /// The files of every version in the lineage, and every output, whatever their size.
    Whole,
}

/// A bundle that was written.
#[derive(Debug, Clone, Serialize)]
pub struct Bundled {
    /// The file.
    pub file: PathBuf,
    /// What it is about, in portable form.
    pub subject: String,
    /// Statements inside.
    pub statements: u64,
    /// The logs they stand in.
    pub logs: Vec<Origin>,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file, as `sha256sum` prints it.
    pub sha256: FileDigest,
    /// Files of outputs and datasets that are inside.
    pub files: Vec<String>,
    /// Files that are not, each with the reason.
    pub left_out: Vec<String>,
}

impl Node {
    /// Writes the bundle of what a reference names. Everything is read from this home; what is
    /// read is checked against its hash.
    ///
    /// # Errors
    /// Something of the lineage is not known or not held here; it exists; a limit.
    pub async fn bundle(&self, request: BundleRequest, progress: &dyn Progress) -> Result<Bundled> {
        let exists = request.out.symlink_metadata().is_ok();
        if exists {
            return Err(NodeError::conflict("there is a file of this name, which is kept")
                .at(request.out.display())
                .hint("name another file, or remove it first"));
        }
        let resolved = self.resolve(&request.reference)?;
        let (portable, _) = self.portable(&resolved)?;
        let subject = super::ticket::written(&portable);
        let Collected { evidence, lineage } =
            self.collect(&resolved, &[], BlobsInside::None).await?;
        complete(&lineage, &subject)?;
        if request.data == DataInside::Whole {
            self.refuse_lineage(&lineage, "its bytes are in no bundle; leave --data out")?;
        }
        let contents = Contents::gather(self, &lineage, &evidence, request.data).await?;
        let listing = Listing::new(subject.clone(), contents.listed()).map_err(unmade)?;
        let sizes = listing.entries.iter().map(|entry| entry.size);
        progress.begin("write the bundle", Some(sizes.sum()));
        let written = write(&request.out, &listing, &contents, self.blobs(), progress).await;
        progress.end();
        let (bytes, sha256) = written?;
        Ok(Bundled {
            file: request.out,
            subject,
            statements: evidence.logs.iter().map(|log| log.entries.len() as u64).sum(),
            logs: evidence.logs.iter().map(|log| log.origin.clone()).collect(),
            bytes,
            sha256,
            files: contents.files(),
            left_out: contents.left_out,
        })
    }
}

/// A bundle with a gap would be of no use to anybody.
fn complete(lineage: &veritrail_provenance::lineage::Lineage, subject: &str) -> Result<()> {
    if let Some(wrong) = lineage.contradictions.first() {
        return Err(NodeError::refused(wrong.reason.clone())
            .at(format!("{}#{}", wrong.origin, wrong.index))
            .hint("a statement of the lineage contradicts another: no bundle is made of it"));
    }
    if let Some(missing) = lineage.missing.first() {
        return Err(NodeError::could_not_check("the lineage names a statement not known here")
            .at(missing)
            .hint("fetch what it is about: veritrail get TICKET"));
    }
    if let Some(((origin, index), reason)) = lineage.unsettled.first_key_value() {
        return Err(NodeError::could_not_check(reason.clone())
            .at(format!("{origin}#{index}"))
            .hint(format!("{subject} cannot be judged here yet: update this program")));
    }
    Ok(())
}

fn unmade(error: container::ContainerError) -> NodeError {
    Err::<(), _>(error).or_failed().err().unwrap_or_else(|| NodeError::failed("no bundle")).hint(
        "a bundle without --data holds 64 MiB, with it 4 GiB; hand larger files over beside it, \
         and check them with verify BUNDLE --data PATH",
    )
}
