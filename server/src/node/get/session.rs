//! A conversation with one node: its evidence, then blobs into a store of ours, each verified while
//! it arrives.

use std::sync::Arc;

use bytes::Bytes;
use veritrail_datasets::manifest::{CommitmentsRef, MAX_HEAD_BYTES, Manifest};
use veritrail_provenance::{
    evidence::{Evidence, EvidenceError, EvidenceRequest},
    hash::ChunkId,
    layout::Layout,
    statement::Origin,
};
use veritrail_storage::{
    blob::Blobs,
    peer::{
        connect::ConnectError,
        endpoint::{NodeAddress, PeerEndpoint},
        fetch::{
            FetchError, FetchOptions, Fetched, Length, Progress as FetchProgress, Wanted, fetch,
        },
        trail::{RefusalCode, TrailError, ask},
    },
};

use crate::{
    error::{Kind, NodeError, OrKind as _, Result},
    node::{Node, peering::Relay, private, shelf::Shelf},
    progress::Progress,
};

/// Bytes of one dataset's lists of files and chunks: some 20 million chunks, or 20 TB. They are
/// held in memory while a dataset is read.
const LISTS_BYTES_MAX: u64 = 1 << 30;

/// What everybody can do when nobody serves.
const SERVE: &str = "somebody must be serving there: `veritrail serve`, or `--share` on the command \
                     that printed the ticket; then ask for a fresh ticket if the address changed";

/// An open conversation. Blobs that arrive go into `shelf`.
#[derive(Debug)]
pub(in crate::node) struct Session {
    endpoint: PeerEndpoint,
    at: NodeAddress,
    pub(in crate::node) shelf: Shelf,
    /// What arrived so far.
    pub(in crate::node) total: Fetched,
}

impl Session {
    /// Prepares to talk to the node at `at`; nothing is sent yet.
    pub(in crate::node) async fn open(
        node: &Node,
        at: &NodeAddress,
        relay: Relay,
        blobs: Arc<dyn Blobs>,
    ) -> Result<Self> {
        let endpoint = node.dialler(at, relay).await?;
        Ok(Self { endpoint, at: at.clone(), shelf: Shelf(blobs), total: Fetched::default() })
    }

    /// The node that is talked to.
    pub(in crate::node) fn at(&self) -> &NodeAddress {
        &self.at
    }

    /// Asks for evidence about `reference`. Its form is checked, nothing else.
    pub(in crate::node) async fn evidence(
        &self,
        reference: String,
        known: Vec<(Origin, u64)>,
    ) -> Result<Evidence> {
        let request = EvidenceRequest { reference, known };
        let question = Bytes::from(request.encode().or_failed()?);
        let answer = ask(&self.endpoint, &self.at, question).await.map_err(|e| trail_error(&e))?;
        Evidence::decode(&answer).map_err(|e| {
            let kind = match e {
                EvidenceError::Version(_) => Kind::CouldNotCheck,
                _ => Kind::VerificationFailed,
            };
            NodeError::new(kind, format!("the answer is no evidence: {e}")).at(&self.at)
        })
    }

    /// Fetches what is missing of `wanted`.
    pub(in crate::node) async fn fetch(
        &mut self,
        step: &str,
        wanted: &[Wanted],
        progress: &dyn Progress,
    ) -> Result<()> {
        let mut told = 0;
        let mut begun = false;
        let mut tell = |now: &FetchProgress| {
            if !begun {
                progress.begin(step, Some(now.bytes_max));
                begun = true;
            }
            progress.advance(now.bytes_done.saturating_sub(told));
            told = now.bytes_done;
        };
        let options = FetchOptions::default();
        let blobs = &self.shelf.0;
        let fetched = fetch(&self.endpoint, &self.at, wanted, blobs, &options, &mut tell).await;
        progress.end();
        let fetched = fetched.map_err(|e| fetch_error(&e))?;
        self.total.blobs += fetched.blobs;
        self.total.present += fetched.present;
        self.total.content_bytes += fetched.content_bytes;
        self.total.hash_bytes += fetched.hash_bytes;
        self.total.received_bytes += fetched.received_bytes;
        Ok(())
    }

    /// Fetches blobs that statements name and that did not come with the evidence.
    pub(in crate::node) async fn named(
        &mut self,
        ids: impl IntoIterator<Item = ChunkId>,
        progress: &dyn Progress,
    ) -> Result<()> {
        let most = Length::AtMost(MAX_HEAD_BYTES as u64);
        let wanted: Vec<Wanted> = ids.into_iter().map(|id| Wanted { id, length: most }).collect();
        self.fetch("fetch manifests", &wanted, progress).await
    }

    /// A manifest, fetched where it is not here: what it says of sizes is bound by its root.
    pub(in crate::node) async fn head(
        &mut self,
        head: &ChunkId,
        progress: &dyn Progress,
    ) -> Result<Manifest> {
        self.named([*head], progress).await?;
        let gone = || NodeError::failed("it was removed while it was being read").at(head);
        self.shelf.manifest(head).await?.ok_or_else(gone)
    }

    /// A manifest and its list of files, fetched where they are not here.
    pub(in crate::node) async fn dataset(
        &mut self,
        head: &ChunkId,
        progress: &dyn Progress,
    ) -> Result<(Manifest, Layout)> {
        let gone = || NodeError::failed("it was removed while it was being read").at(head);
        let manifest = self.head(head, progress).await?;
        private::refuse(&manifest, "its bytes are given to nobody", format!("manifest {head}"))?;
        let pages = manifest.layout().file_pages.iter().chain(&manifest.layout().chunk_pages);
        let listed = pages.clone().fold(0_u64, |sum, page| sum.saturating_add(page.size));
        if listed > LISTS_BYTES_MAX {
            return Err(NodeError::failed(format!(
                "its list of files takes {listed} bytes; this program takes {LISTS_BYTES_MAX}"
            ))
            .at(format!("manifest {head}")));
        }
        let wanted: Vec<Wanted> = pages
            .map(|page| Wanted { id: page.blob, length: Length::Exactly(page.size) })
            .collect();
        self.fetch("fetch the list of files", &wanted, progress).await?;
        let layout = self.shelf.layout(&manifest).await?.ok_or_else(gone)?;
        Ok((manifest, layout))
    }

    /// The commitments of a private version, put together from parts of stated lengths.
    pub(in crate::node) async fn commitments(
        &mut self,
        named: &CommitmentsRef,
        progress: &dyn Progress,
    ) -> Result<Vec<u8>> {
        let wanted: Vec<Wanted> = named
            .lengths()
            .map(|(id, length)| Wanted { id, length: Length::Exactly(length) })
            .collect();
        self.fetch("fetch commitments", &wanted, progress).await?;
        let gone = || NodeError::failed("they were removed while they were being read");
        self.shelf.commitments(named).await?.ok_or_else(|| gone().at("the commitments"))
    }

    /// Every chunk of a layout that is not here.
    pub(in crate::node) async fn chunks(
        &mut self,
        layout: &Layout,
        progress: &dyn Progress,
    ) -> Result<()> {
        let wanted: Vec<Wanted> = layout
            .chunks()
            .iter()
            .map(|chunk| Wanted { id: chunk.id, length: Length::Exactly(chunk.length.into()) })
            .collect();
        self.fetch("fetch", &wanted, progress).await
    }

    /// Ends the conversation.
    pub(in crate::node) async fn close(self) {
        self.endpoint.close().await;
    }
}

fn trail_error(error: &TrailError) -> NodeError {
    let message = error.to_string();
    let error = match error {
        TrailError::Connect(e) => connect_error(e),
        TrailError::Refused { refusal, .. } => match refusal.code() {
            RefusalCode::NotFound => {
                NodeError::not_found(message).hint("ask whoever made the ticket")
            }
            RefusalCode::NotAuthorised => {
                NodeError::new(Kind::NotAuthorised, message).hint("ask whoever made the ticket")
            }
            _ => NodeError::failed(message).hint("try again later"),
        },
        TrailError::BadAnswer { .. } => {
            NodeError::refused(message).hint("fetch it from somebody else")
        }
        _ => NodeError::failed(message).hint("try again later"),
    };
    placed(error)
}

fn connect_error(error: &ConnectError) -> NodeError {
    let hint = match error {
        ConnectError::Ourselves { .. } => "leave the ticket away: name the dataset or run itself",
        ConnectError::NoAddress { .. } | ConnectError::NobodyAnswers { .. } => SERVE,
        _ => "try again later",
    };
    placed(NodeError::failed(error.to_string()).hint(hint))
}

/// Every such error is about one node; which, stands in the message.
fn placed(error: NodeError) -> NodeError {
    error.at("the node that was asked")
}

fn fetch_error(error: &FetchError) -> NodeError {
    let message = error.to_string();
    let error = match error {
        FetchError::Connect(e) => connect_error(e),
        FetchError::Lied { .. } => {
            NodeError::refused(message).hint("fetch it from somebody else; what arrived is kept")
        }
        FetchError::Missing { .. } => NodeError::not_found(message)
            .hint("ask its maker whether it is still served; what arrived is kept"),
        _ => NodeError::failed(message).hint("run the same command again: what arrived is kept"),
    };
    placed(error)
}
