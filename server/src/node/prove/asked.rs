//! What is asked for: a claim's file or its text, with what the command line adds.

use std::path::PathBuf;

use veritrail_proof::statement::Audience;

use crate::{
    claims::WrittenClaim,
    error::{Kind, NodeError, OrKind as _, Result},
    node::text_file::read_text,
};

/// The longest CLAIM.toml.
const CLAIM_FILE_BYTES_MAX: u64 = 64 << 10;

/// Where a claim is written.
#[derive(Debug, Clone)]
pub enum ClaimSource {
    /// In a CLAIM.toml.
    File(PathBuf),
    /// Here, as SQL.
    Sql(String),
}

/// A claim that is not compiled yet.
pub(super) struct Asked {
    pub(super) sql: String,
    pub(super) of: String,
    pub(super) audience: Option<Audience>,
}

/// The claim of `source`, about `of` or what its file names, for `audience` or whom its file names.
pub(super) fn read(
    source: &ClaimSource,
    of: Option<&str>,
    audience: Option<&(String, String)>,
) -> Result<Asked> {
    let written = match source {
        ClaimSource::Sql(sql) => WrittenClaim { dataset: None, sql: sql.clone(), audience: None },
        ClaimSource::File(path) => {
            let unread = |e: NodeError| e.at(path.display());
            let text = read_text(path, CLAIM_FILE_BYTES_MAX)
                .map_err(|e| {
                    NodeError::usage(e.to_string()).hint("name a CLAIM.toml: a small text file")
                })
                .map_err(unread)?;
            let text = text.ok_or_else(|| {
                unread(NodeError::not_found("no such file")).hint("name a CLAIM.toml that exists")
            })?;
            let written = WrittenClaim::parse(&text).or_kind(Kind::Usage);
            written.map_err(|e| unread(e).hint("how one is written: docs/formats/claim.md"))?
        }
    };
    let of = match (of, written.dataset) {
        (Some(of), _) => of.to_owned(),
        (None, Some(dataset)) => dataset,
        (None, None) => {
            return Err(NodeError::usage("nobody says which version it is about")
                .at("the claim")
                .hint("name it: --of REF, or dataset = \"REF\" in the file"));
        }
    };
    let audience = match (audience, written.audience) {
        (None, written) => written,
        (Some((did, nonce)), None) => {
            let audience = WrittenClaim::audience(did, nonce).or_kind(Kind::Usage);
            let hint = "the DID, and the 64 hex digits, as they were sent";
            Some(audience.map_err(|e| e.at("--for, --nonce").hint(hint))?)
        }
        (Some(_), Some(_)) => {
            return Err(NodeError::usage("the file names for whom it is already")
                .at("--for")
                .hint("leave --for and --nonce out, or audience and nonce in the file"));
        }
    };
    Ok(Asked { sql: written.sql, of, audience })
}
