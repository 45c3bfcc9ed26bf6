//! The gate: what one peer may read now. All else does not exist for it.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use iroh::EndpointId;
use veritrail_provenance::hash::ChunkId;

use crate::blob::{BlobError, Blobs};

/// Decides, for every single request, whether a peer may read a blob.
///
/// It is asked anew each time and never cached, so what is published while serving is served
/// without a restart, and what is withdrawn ends with the request under way.
#[async_trait]
pub trait Gate: Debug + Send + Sync + 'static {
    /// Whether `peer` may read `id` now. On doubt, no: a gate that cannot tell says `false`.
    async fn may_read(&self, peer: &EndpointId, id: &ChunkId) -> bool;

    /// Whether `peer` may connect at all. A peer that may not is told so and nothing else.
    async fn admits(&self, _peer: &EndpointId) -> bool {
        true
    }
}

/// One peer's view of a blob store: the blobs that are both there and open to it.
///
/// "Not there" and "not for you" are the same answer everywhere, since the difference would tell
/// a stranger what this node holds.
#[derive(Debug, Clone)]
pub struct View {
    peer: EndpointId,
    gate: Arc<dyn Gate>,
    blobs: Arc<dyn Blobs>,
}

impl View {
    /// The view that `gate` gives `peer` of `blobs`.
    pub fn new(peer: EndpointId, gate: Arc<dyn Gate>, blobs: Arc<dyn Blobs>) -> Self {
        Self { peer, gate, blobs }
    }

    /// Length in bytes of a blob, or `None` if it does not exist for this peer.
    ///
    /// The gate is asked first, so that the time taken says nothing about blobs behind it.
    pub async fn find(&self, id: &ChunkId) -> Result<Option<u64>, BlobError> {
        if !self.gate.may_read(&self.peer, id).await {
            return Ok(None);
        }
        self.blobs.len(id).await
    }

    pub(super) fn blobs(&self) -> &Arc<dyn Blobs> {
        &self.blobs
    }
}
