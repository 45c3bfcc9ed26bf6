//! What the tests of proofs share: claims about a ward, proof files and forged ones.

use std::path::{Path, PathBuf};

use veritrail_provenance::hash::ChunkId;
use veritrail_server::{
    claims::ProofFile,
    error::NodeError,
    node::{
        check::{CheckRequest, CheckedProof},
        get::GetRequest,
        prove::{ClaimSource, ProveRequest, Proved},
    },
    progress::{Progress, Silent},
};

use crate::labs::Lab;

/// The mean change by group.
pub const BY_GROUP: &str =
    r#"select "group", avg(change), count(change), count(*) from t group by "group""#;

/// A claim about `trial`, to be written to `out` beside the home.
pub fn asked(lab: &Lab, sql: &str, out: &str) -> ProveRequest {
    ProveRequest {
        claim: ClaimSource::Sql(sql.to_owned()),
        of: Some("trial".to_owned()),
        audience: None,
        out: lab.path(out),
        withhold: false,
        signer: None,
    }
}

pub async fn prove(lab: &Lab, sql: &str, out: &str) -> Proved {
    lab.node.prove(&asked(lab, sql, out), &Silent).await.unwrap()
}

/// Tries to prove; whatever fails must leave neither file nor statement.
pub async fn refused(lab: &Lab, request: &ProveRequest, progress: &dyn Progress) -> NodeError {
    let (size, there) = (lab.node.log_head().unwrap().size, request.out.exists());
    let error = lab.node.prove(request, progress).await.unwrap_err();
    assert_eq!(request.out.exists(), there, "{error}");
    assert_eq!(lab.node.log_head().unwrap().size, size, "{error}");
    error
}

/// Fetches what is public of a version from whoever serves it.
pub async fn get(lab: &Lab, ticket: &str) {
    let request = GetRequest { reference: ticket.to_owned(), ..GetRequest::default() };
    lab.node.get(request, &Silent).await.unwrap();
}

pub fn check_of(file: &Path, trust: &[&str]) -> CheckRequest {
    let trust = trust.iter().map(|name| (*name).to_owned()).collect();
    CheckRequest { file: file.to_owned(), trust, nonce: None }
}

pub async fn check(lab: &Lab, file: &Path, trust: &[&str]) -> Result<CheckedProof, NodeError> {
    lab.node.check(&check_of(file, trust), &Silent).await
}

/// A copy of a proof file that was changed, under the digest that it then has.
pub fn forged(lab: &Lab, file: &Path, change: impl FnOnce(&mut ProofFile)) -> PathBuf {
    let mut proof = ProofFile::decode(&std::fs::read(file).unwrap()).unwrap();
    change(&mut proof);
    lab.file("forged.proof", proof.encode())
}

/// Bytes under a digest that fits them.
pub fn redigested(mut content: Vec<u8>) -> Vec<u8> {
    let digest = ChunkId::of(&content);
    content.extend_from_slice(digest.as_bytes());
    content
}
