//! The audience's use cases: ask for noise that nobody chose, and tell the nonce once it is logged.

mod reveal;
mod standing;

use std::path::{Path, PathBuf};

use serde::Serialize;
use veritrail_storage::keys::Seed;

pub use self::reveal::{RevealRequest, Revealed};
pub(super) use self::{
    reveal::read_noise,
    standing::{account, committed_as, loss_so_far},
};
use super::{
    Node,
    new_file::{NewFile, write_private},
    prove::public,
    publish::did,
    resolve::Resolved,
};
use crate::{
    claims::noise::Question,
    error::{NodeError, OrKind as _, Result},
};

/// Which version to ask about, and where to write the question.
#[derive(Debug, Clone)]
pub struct AskRequest {
    /// The version, as a reference.
    pub of: String,
    /// The file to send; what is kept meanwhile is written beside it, with `.nonce` behind its name.
    pub out: PathBuf,
    /// Who asks, as a DID; the operator by default.
    pub signer: Option<String>,
}

/// A question that was written.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    /// The file to send.
    pub question: PathBuf,
    /// The file to keep.
    pub nonce: PathBuf,
    /// The version that it is about.
    pub version: String,
    /// Who asks.
    pub audience: String,
}

impl Node {
    /// Draws a nonce, and writes its signed hash to send and itself to keep.
    ///
    /// # Errors
    /// Nothing is known here of the version's commitments, or a file exists.
    pub async fn ask_for_noise(&self, request: &AskRequest) -> Result<Asked> {
        let found = match self.resolve(&request.of)? {
            Resolved::Version(found) => *found,
            other => {
                return Err(NodeError::usage("a question is about a version of a dataset")
                    .at(other.portable())
                    .hint("name it by its DID, DID@N or local name"));
            }
        };
        let body = self.commitments(&found).await.map_err(public)?.body()?;
        let person = request.signer.as_deref().map(did).transpose()?;
        let signer = self.signer(person.as_ref())?;
        let nonce = Seed::generate().or_failed()?;
        let question = Question::ask(&signer, &body, &found.origin, nonce.expose());
        let kept = toml::to_string(&question.kept(nonce.expose())).or_failed()?;
        let text = toml::to_string(&question).or_failed()?;
        let nonce_file = beside(&request.out);
        write_private(&nonce_file, kept.as_bytes()).map_err(|e| unwritten(&e, &nonce_file))?;
        match NewFile::durable(&request.out, text.as_bytes()) {
            Ok(written) => written.keep(),
            Err(e) => {
                // Nothing is left of a question that nobody can send.
                let _ = std::fs::remove_file(&nonce_file);
                return Err(unwritten(&e, &request.out));
            }
        }
        Ok(Asked {
            question: request.out.clone(),
            nonce: nonce_file,
            version: found.portable(),
            audience: question.audience.to_string(),
        })
    }
}

/// Where the nonce of a question is kept.
fn beside(question: &Path) -> PathBuf {
    let mut name = question.as_os_str().to_owned();
    name.push(".nonce");
    PathBuf::from(name)
}

fn unwritten(error: &std::io::Error, path: &Path) -> NodeError {
    match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            NodeError::conflict("there is a file of this name, which is kept")
                .at(path.display())
                .hint("name another file, or remove it first")
        }
        _ => NodeError::failed(format!("cannot write the question: {error}"))
            .at(path.display())
            .hint("name a file in a folder that is there and may be written to"),
    }
}
