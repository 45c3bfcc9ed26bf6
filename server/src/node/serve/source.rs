//! Answers peers' questions about evidence.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use veritrail_provenance::{
    evidence::{EvidenceError, EvidenceRequest},
    reference::Reference,
    statement::Access,
};
use veritrail_storage::peer::{
    EndpointId,
    trail::{Refusal, RefusalCode, TrailSource},
};

use crate::{
    error::{Kind, NodeError},
    node::{
        Node,
        evidence::{BlobsInside, Collected},
        resolve::Resolved,
        serve::gate::is_public,
    },
};

/// Collects evidence from this home's log and the trails it imported.
#[derive(Debug)]
pub(super) struct Evidences {
    node: Arc<Node>,
}

impl Evidences {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Self { node }
    }

    async fn answer(&self, question: &[u8]) -> Result<Bytes, Refusal> {
        let not_understood = |e: EvidenceError| refusal(RefusalCode::NotUnderstood, &e.to_string());
        let request = EvidenceRequest::decode(question).map_err(not_understood)?;
        let not_portable =
            || refusal(RefusalCode::NotUnderstood, "only DID@r:ROOT and run:ID are answered here");
        match Reference::parse(&request.reference) {
            Ok(Reference::DatasetRoot(_, prefix) | Reference::Run(prefix))
                if prefix.as_str().len() == 64 => {}
            _ => return Err(not_portable()),
        }
        self.node.catch_up().map_err(|e| failed(&e))?;
        let resolved = self.node.resolve(&request.reference).map_err(|e| failed(&e))?;
        if !self.is_open(&resolved).map_err(|e| failed(&e))? {
            return Err(refusal(RefusalCode::NotFound, "nothing of this name is known here"));
        }
        let collected = self
            .node
            .collect(&resolved, &request.known, BlobsInside::All)
            .await
            .map_err(|e| failed(&e))?;
        let Collected { mut evidence, .. } = collected;
        self.node.add_links(&mut evidence).map_err(|e| failed(&e))?;
        let too_large = |e: EvidenceError| refusal(RefusalCode::TooLarge, &e.to_string());
        evidence.encode().map(Bytes::from).map_err(too_large)
    }

    /// What is not public is not even named.
    fn is_open(&self, resolved: &Resolved) -> Result<bool, NodeError> {
        Ok(match resolved {
            // Of a private version everybody may have what was logged and its commitments.
            Resolved::Version(version) => {
                matches!(version.row.payload.access, Access::Public | Access::Private)
            }
            Resolved::Run(run) | Resolved::Output(run) => is_public(self.node.view(), &run.row)?,
            Resolved::Entry { .. } => false,
        })
    }
}

#[async_trait]
impl TrailSource for Evidences {
    async fn evidence(&self, _peer: &EndpointId, question: Bytes) -> Result<Bytes, Refusal> {
        self.answer(&question).await
    }
}

fn refusal(code: RefusalCode, reason: &str) -> Refusal {
    Refusal::new(code, reason)
}

/// What went wrong inside is for this node's person: a stranger learns the kind and no path.
fn failed(error: &NodeError) -> Refusal {
    match error.kind {
        Kind::NotFound | Kind::Usage => {
            refusal(RefusalCode::NotFound, "nothing of this name is known here")
        }
        _ => refusal(RefusalCode::Failed, "the answering node could not collect the evidence"),
    }
}
