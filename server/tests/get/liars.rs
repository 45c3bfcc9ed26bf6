//! Nodes that answer with something else than what they were asked for.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use veritrail_provenance::{evidence::Evidence, hash::ChunkId};
use veritrail_server::{
    error::NodeError,
    node::{evidence::BlobsInside, get::GetRequest},
    progress::Silent,
};
use veritrail_storage::peer::{
    EndpointId,
    endpoint::{EndpointOptions, PeerEndpoint},
    serve::{Offer, Serving, serve},
    ticket::{PortableReference, Ticket},
    trail::{Refusal, TrailSource},
    view::Gate,
};

use crate::labs::{Lab, rain};

/// Answers every question with the same bytes.
#[derive(Debug)]
struct Liar(Bytes);

#[async_trait]
impl TrailSource for Liar {
    async fn evidence(&self, _: &EndpointId, _: Bytes) -> Result<Bytes, Refusal> {
        Ok(self.0.clone())
    }
}

#[derive(Debug)]
struct Open;

#[async_trait]
impl Gate for Open {
    async fn may_read(&self, _: &EndpointId, _: &ChunkId) -> bool {
        true
    }
}

/// Serves all blobs of a home, and the same answer to every question.
pub async fn lie(lab: &Lab, answer: Vec<u8>) -> Serving {
    let seed = zeroize::Zeroizing::new([3; 32]);
    let endpoint = PeerEndpoint::bind(&seed, EndpointOptions::default()).await.unwrap();
    let trails = Arc::new(Liar(Bytes::from(answer)));
    serve(&endpoint, Offer { gate: Arc::new(Open), blobs: lab.node.blobs(), trails })
}

/// A ticket for Ada's dataset that leads to the liar.
fn ticket(ada: &Lab, liar: &Serving) -> String {
    let honest: Ticket = ada.ticket("rain").parse().unwrap();
    let reference: PortableReference = honest.reference().clone();
    Ticket::new(liar.address(), reference, honest.origin().clone(), honest.vkeys().to_vec())
        .unwrap()
        .to_string()
}

/// What a home would honestly show.
pub async fn evidence(lab: &Lab, reference: &str) -> Evidence {
    let resolved = lab.node.resolve(reference).unwrap();
    lab.node.collect(&resolved, &[], BlobsInside::All).await.unwrap().evidence
}

async fn get(ada: &Lab, ben: &Lab, answer: Vec<u8>) -> NodeError {
    let liar = lie(ada, answer).await;
    let request = GetRequest { reference: ticket(ada, &liar), ..GetRequest::default() };
    let error = ben.node.get(request, &Silent).await.unwrap_err();
    liar.stop().await;
    let trails = &ben.node.home().parts().trails;
    assert!(trails.origins().unwrap().is_empty(), "something was taken in: {error}");
    assert!(ben.node.resolve(&ada.node.resolve("rain").unwrap().portable()).is_err());
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_judged_by_what_was_asked() {
    let (ada, eve, ben) = (Lab::new("Ada"), Lab::new("Eve"), Lab::new("Ben"));
    ada.publish("rain", &rain(10)).await;
    eve.publish("rain", &rain(10)).await;
    let honest = evidence(&ada, "rain").await;
    let others = evidence(&eve, "rain").await;

    let error = get(&ada, &ben, b"no evidence".to_vec()).await;
    assert_eq!(error.kind.exit_code(), 3, "{error}");
    // Somebody else's dataset, true in itself.
    let error = get(&ada, &ben, others.encode().unwrap()).await;
    assert_eq!(error.kind.exit_code(), 1, "{error}");
    // The right one, and a log that nobody asked for: its keys would be pinned.
    let mut both = honest.clone();
    both.logs.extend(others.logs.clone());
    both.logs.sort_by(|a, b| a.origin.cmp(&b.origin));
    let error = get(&ada, &ben, both.encode().unwrap()).await;
    assert_eq!(error.kind.exit_code(), 3, "{error}");
    assert!(error.to_string().contains("nobody asked for"), "{error}");
    // A statement altered.
    let mut altered = honest.clone();
    let at = altered.logs[0].entries[2].bytes.len() - 1;
    altered.logs[0].entries[2].bytes[at] ^= 1;
    let error = get(&ada, &ben, altered.encode().unwrap()).await;
    assert_eq!(error.kind.exit_code(), 3, "{error}");
    assert!(error.place.unwrap().contains("#2"));
    // The version left out.
    let mut less = honest.clone();
    less.logs[0].entries.pop();
    let error = get(&ada, &ben, less.encode().unwrap()).await;
    assert_ne!(error.kind.exit_code(), 0, "{error}");
    // A blob that no statement names.
    let mut more = honest.clone();
    more.blobs.push(veritrail_provenance::evidence::Blob::new(b"gift".to_vec()));
    more.blobs.sort_by_key(|blob| blob.id);
    let error = get(&ada, &ben, more.encode().unwrap()).await;
    assert_eq!(error.kind.exit_code(), 3, "{error}");
    let gift = ChunkId::of(b"gift");
    assert!(!ben.node.blobs().has(&gift).await.unwrap());
}
