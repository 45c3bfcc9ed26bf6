//! Fetching all of a run anew, into an empty store: from the node of a ticket, or from those that
//! the run is known from, until one gave what the ones before did not.

use veritrail_provenance::{hash::ChunkId, ledger::rows::RunRow};
use veritrail_storage::peer::endpoint::NodeAddress;

use super::{ReproduceRequest, fresh::FreshStore};
use crate::{
    error::{Kind, NodeError, Result},
    node::{
        Node,
        get::session::Session,
        sources::{Asked, Sought, nobody_gave},
        ticket,
    },
    progress::Progress,
};

/// What came of asking for a run whose evidence was shown.
#[derive(Debug)]
pub(super) struct Gathered {
    /// Who was asked.
    pub(super) asked: Vec<Asked>,
    /// Why the spec or an input is not there, if one is not.
    pub(super) missing: Option<NodeError>,
}

/// What one node gave.
enum Gave {
    /// Evidence, spec, inputs and output.
    All,
    /// All that it takes to run again; not what was published.
    Inputs(NodeError),
    /// Evidence, and less than it takes to run again.
    Evidence(NodeError),
}

impl Node {
    /// Asks `peers` for the evidence of a run, its spec, its inputs and its output, one after the
    /// other until all of it is in `store`.
    ///
    /// # Errors
    /// None of them showed true evidence. From the node of a ticket that is its own error.
    pub(super) async fn gather(
        &self,
        sought: &Sought,
        peers: &[NodeAddress],
        request: &ReproduceRequest,
        store: &FreshStore,
        progress: &dyn Progress,
    ) -> Result<Gathered> {
        let (mut asked, mut errors) = (Vec::new(), Vec::new());
        let (mut shown, mut inputs) = (false, false);
        for at in peers {
            if peers.len() > 1 {
                progress.say(&format!("asking {at}"));
            }
            let error = match self.gather_from(sought, at, request, store, progress).await {
                Ok(Gave::All) => {
                    asked.push(Asked::gave_all(at)?);
                    return Ok(Gathered { asked, missing: None });
                }
                Ok(Gave::Inputs(e)) => {
                    (shown, inputs) = (true, true);
                    e
                }
                Ok(Gave::Evidence(e)) => {
                    shown = true;
                    e
                }
                Err(e) if e.kind == Kind::Interrupted => return Err(e),
                Err(e) => e,
            };
            asked.push(Asked::failed(at, &error)?);
            errors.push(error);
        }
        let error = match (errors.pop(), errors.is_empty()) {
            (Some(only), true) => only,
            _ => nobody_gave("nobody gave all of it", &asked),
        };
        match (shown, inputs) {
            (false, _) => Err(error),
            (true, false) => Ok(Gathered { asked, missing: Some(error) }),
            (true, true) => Ok(Gathered { asked, missing: None }),
        }
    }

    async fn gather_from(
        &self,
        sought: &Sought,
        at: &NodeAddress,
        request: &ReproduceRequest,
        store: &FreshStore,
        progress: &dyn Progress,
    ) -> Result<Gave> {
        let mut session = Session::open(self, at, request.relay, store.blobs()).await?;
        let gave = self.gather_in(&mut session, sought, progress).await;
        session.close().await;
        gave
    }

    async fn gather_in(
        &self,
        session: &mut Session,
        sought: &Sought,
        progress: &dyn Progress,
    ) -> Result<Gave> {
        self.meet(session, sought, progress).await?;
        let run = self.known_run(&ticket::written(&sought.reference))?;
        if let Err(e) = fetch_inputs(session, &run.row, progress).await {
            return Ok(Gave::Evidence(e));
        }
        Ok(match fetch_dataset(session, &run.row.payload.output.manifest, progress).await {
            Ok(()) => Gave::All,
            Err(e) => Gave::Inputs(e),
        })
    }
}

async fn fetch_inputs(session: &mut Session, run: &RunRow, progress: &dyn Progress) -> Result<()> {
    session.named([run.payload.spec_blob], progress).await?;
    for input in &run.payload.inputs {
        fetch_dataset(session, &input.manifest, progress).await?;
    }
    Ok(())
}

async fn fetch_dataset(
    session: &mut Session,
    head: &ChunkId,
    progress: &dyn Progress,
) -> Result<()> {
    let (_, layout) = session.dataset(head, progress).await?;
    session.chunks(&layout, progress).await
}
