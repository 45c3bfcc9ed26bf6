//! Fetching from an honest node: what arrives, what is counted, what is not fetched again.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::{
    blob::{BLOB_LEN_MAX, Blobs, DiskBlobs},
    disk::{DiskPath, OsDisk},
    peer::{
        connect::ConnectError,
        endpoint::{ADDRESSES_MAX, EndpointOptions, NodeAddress, PeerEndpoint, Relay, node_did},
        fetch::{FetchError, FetchOptions, Fetched, Length, Progress, Wanted, fetch},
        limits::Limits,
    },
};

use super::net::{MIB, Node, Open, Reader, Seen, data, endpoint, fresh_seed, quick_to_give_up};

async fn publish(node: &Node, lens: &[usize]) -> Vec<(Wanted, Bytes)> {
    let mut all = Vec::new();
    for (n, len) in lens.iter().enumerate() {
        let bytes = data(&format!("blob {n}"), *len);
        all.push((node.put(&bytes).await, bytes));
    }
    all
}

fn wanted(all: &[(Wanted, Bytes)]) -> Vec<Wanted> {
    all.iter().map(|(wanted, _)| *wanted).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_of_all_sizes_arrive_and_bytes_are_counted() {
    let node = Node::start(Arc::new(Open), Limits::default()).await;
    let lens = [0, 1, 1024, 16 * 1024, 16 * 1024 + 1, 100_001, MIB, 3 * MIB + 5, 20 * MIB];
    let all = publish(&node, &lens).await;
    let reader = Reader::start(Limits::default()).await;
    let seen = Seen::new();
    let fetched = fetch(
        &reader.endpoint,
        &node.address(),
        &wanted(&all),
        &reader.blobs,
        &FetchOptions { batch_bytes: 2 << 20, bytes_in_flight: 4 << 20, ..Default::default() },
        &mut |progress| seen.push(*progress),
    )
    .await
    .unwrap();
    for (wanted, bytes) in &all {
        assert_eq!(reader.blobs.read_all(&wanted.id).await.unwrap(), bytes);
    }
    let content: u64 = lens.iter().map(|len| *len as u64).sum();
    // 8 bytes of length a blob, and a pair of hashes for every group but one.
    let pairs = |len: &usize| (len.div_ceil(16 * 1024).max(1) - 1) as u64;
    let hashes = lens.iter().map(|len| 8 + 64 * pairs(len)).sum();
    let Fetched { received_bytes, .. } = fetched;
    assert_eq!(
        fetched,
        Fetched {
            blobs: lens.len() as u64,
            present: 0,
            content_bytes: content,
            hash_bytes: hashes,
            received_bytes
        }
    );
    assert!(received_bytes > content + hashes, "{received_bytes}");
    assert!(received_bytes < (content + hashes) * 5 / 4, "{received_bytes}");
    let seen = seen.all();
    assert_eq!(seen.len(), lens.len() + 1);
    let blobs = lens.len() as u64;
    let first = Progress { blobs_done: 0, blobs, bytes_done: 0, bytes_max: content };
    assert_eq!(seen[0], first);
    assert_eq!(seen[lens.len()], Progress { blobs_done: blobs, bytes_done: content, ..first });
    assert!(seen.windows(2).all(|pair| pair[0].blobs_done < pair[1].blobs_done));
    // The endpoint has counted the same, once the connection is gone.
    assert!(reader.endpoint.received_bytes() >= received_bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_not_fetched_again() {
    let node = Node::start(Arc::new(Open), Limits::default()).await;
    let all = publish(&node, &[MIB, 2 * MIB, 3 * MIB]).await;
    let reader = Reader::start(Limits::default()).await;
    reader.blobs.put(all[1].1.clone()).await.unwrap();
    let twice = [wanted(&all), wanted(&all)].concat();
    let fetched = reader.fetch(&node.address(), &twice).await.unwrap();
    assert_eq!((fetched.blobs, fetched.present), (2, 1));
    assert_eq!(fetched.content_bytes, 4 * MIB as u64);
    let again = reader.fetch(&node.address(), &twice).await.unwrap();
    assert_eq!(again, Fetched { present: 3, ..Fetched::default() });
    // Nothing missing: nobody is called, so that nobody has to answer.
    node.serving.stop().await;
    let nobody = NodeAddress { sockets: vec![], ..node_address_of(&reader) };
    assert_eq!(reader.fetch(&nobody, &twice).await.unwrap(), again);
}

/// The same with files: a fetch into a folder, and a file that changed after it was published.
#[tokio::test(flavor = "multi_thread")]
async fn files_are_served_and_fetched_and_a_changed_one_is_noticed() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let open = |folder: &tempfile::TempDir| -> Arc<dyn Blobs> {
        let disk = Arc::new(OsDisk::open(folder.path()).unwrap());
        Arc::new(DiskBlobs::create(disk, DiskPath::new("blobs").unwrap()).unwrap())
    };
    let node = Node::over(open(&folders[0]), Arc::new(Open), Limits::default()).await;
    let all = publish(&node, &[0, 1000, 20_000, MIB, 9 * MIB + 7]).await;
    let mut reader = Reader::start(Limits::default()).await;
    reader.blobs = open(&folders[1]);
    let list = wanted(&all);
    reader.fetch(&node.address(), &list[..4]).await.unwrap();
    // One bit, far into the last one.
    let path = folders[0].path().join("blobs").join(list[4].id.to_hex());
    let mut stored = std::fs::read(&path).unwrap();
    stored[7 * MIB] ^= 4;
    std::fs::write(&path, &stored).unwrap();
    let e = reader.fetch(&node.address(), &list).await.unwrap_err();
    assert!(matches!(&e, FetchError::Failed { id, .. } if *id == list[4].id), "{e}");
    // Cut short.
    std::fs::write(&path, &stored[..stored.len() / 2]).unwrap();
    let e = reader.fetch(&node.address(), &list).await.unwrap_err();
    assert!(e.to_string().contains(&list[4].id.to_hex()), "{e}");
    assert_eq!(reader.blobs.list().await.unwrap().len(), 4);
    // Mended.
    stored[7 * MIB] ^= 4;
    std::fs::write(&path, &stored).unwrap();
    let fetched = reader.fetch(&node.address(), &list).await.unwrap();
    assert_eq!((fetched.blobs, fetched.present), (1, 4));
    for (wanted, bytes) in &all {
        assert_eq!(reader.blobs.read_all(&wanted.id).await.unwrap(), bytes);
    }
}

fn node_address_of(reader: &Reader) -> NodeAddress {
    reader.endpoint.address()
}

/// All that the node has is fetched, the rest is named.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_does_not_have_is_named() {
    let node = Node::start(Arc::new(Open), Limits::default()).await;
    let all = publish(&node, &[MIB, MIB, MIB]).await;
    let absent = |n: u8| Wanted { id: ChunkId::of(&[n]), length: Length::AtMost(1000) };
    let mut list = wanted(&all);
    list.insert(1, absent(1));
    list.push(absent(2));
    let reader = Reader::start(Limits::default()).await;
    let e = reader.fetch(&node.address(), &list).await.unwrap_err();
    let FetchError::Missing { mut ids, .. } = e else { panic!("{e}") };
    ids.sort();
    let mut expected = vec![absent(1).id, absent(2).id];
    expected.sort();
    assert_eq!(ids, expected);
    assert_eq!(reader.blobs.list().await.unwrap().len(), 3);
}

/// A fetch that is dropped leaves whole blobs or nothing, and the next one goes on from there.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_fetch_leaves_whole_blobs_and_is_resumed() {
    let node = Node::start(Arc::new(Open), Limits::default()).await;
    let all = publish(&node, &[MIB; 24]).await;
    let reader = Reader::start(Limits::default()).await;
    let options = FetchOptions { batch_bytes: MIB as u64, ..FetchOptions::default() };
    let (tx, rx) = tokio::sync::oneshot::channel();
    let mut tx = Some(tx);
    let (address, list) = (node.address(), wanted(&all));
    let mut progress = |progress: &Progress| {
        if progress.blobs_done == 5 {
            tx.take().unwrap().send(()).unwrap();
        }
    };
    let endpoint = &reader.endpoint;
    tokio::select! {
        biased;
        _ = rx => {}
        done = fetch(endpoint, &address, &list, &reader.blobs, &options, &mut progress) => {
            panic!("not dropped: {done:?}")
        }
    }
    let kept = reader.blobs.list().await.unwrap();
    assert!(kept.len() >= 4 && kept.len() < 24, "{}", kept.len());
    for id in &kept {
        assert_eq!(ChunkId::of(&reader.blobs.read_all(id).await.unwrap()), *id);
    }
    let rest = reader.fetch(&address, &list).await.unwrap();
    assert_eq!(rest.present, kept.len() as u64);
    assert_eq!(rest.blobs + rest.present, 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_beyond_any_blob_is_refused_before_anybody_is_called() {
    let reader = Reader::start(Limits::default()).await;
    let wanted = Wanted { id: ChunkId::of(b"x"), length: Length::AtMost(BLOB_LEN_MAX + 1) };
    let nobody = NodeAddress { sockets: vec![], ..node_address_of(&reader) };
    let e = reader.fetch(&nobody, &[wanted]).await.unwrap_err();
    assert!(matches!(e, FetchError::Store(_)), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_names_the_remedy() {
    // A port that was free a moment ago, under a key that nobody else has.
    let gone = endpoint(Limits::default()).await;
    let address = gone.address();
    gone.close().await;
    let reader = Reader::start(quick_to_give_up()).await;
    let wanted = Wanted { id: ChunkId::of(b"x"), length: Length::AtMost(10) };
    let e = reader.fetch(&address, &[wanted]).await.unwrap_err();
    assert!(matches!(e, FetchError::Connect(ConnectError::NobodyAnswers { .. })), "{e:?}");
    let text = e.to_string();
    assert!(text.contains("nobody answers at 127.0.0.1:"), "{text}");
    // And without any address.
    let nowhere = NodeAddress { sockets: vec![], ..address };
    let e = reader.fetch(&nowhere, &[wanted]).await.unwrap_err();
    assert!(matches!(e, FetchError::Connect(ConnectError::NoAddress { .. })), "{e:?}");
}

/// Somebody else answers at the address: the key decides, not the place.
#[tokio::test(flavor = "multi_thread")]
async fn another_node_at_the_address_is_not_taken_for_the_one_called() {
    let node = Node::start(Arc::new(Open), Limits::default()).await;
    let wanted = node.put(&data("impostor", 1000)).await;
    let other = endpoint(Limits::default()).await;
    let sockets: Vec<SocketAddr> = node.address().sockets;
    let address = NodeAddress { node: other.id(), sockets, relay: None };
    let reader = Reader::start(quick_to_give_up()).await;
    let e = reader.fetch(&address, &[wanted]).await.unwrap_err();
    assert!(matches!(e, FetchError::Connect(_)), "{e:?}");
    assert!(reader.blobs.list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_not_call_itself() {
    let reader = Reader::start(Limits::default()).await;
    let wanted = Wanted { id: ChunkId::of(b"x"), length: Length::AtMost(10) };
    let e = reader.fetch(&node_address_of(&reader), &[wanted]).await.unwrap_err();
    assert!(matches!(e, FetchError::Connect(ConnectError::Ourselves { .. })), "{e:?}");
}

/// Loopback only, unless told otherwise, and the DID is the endpoint's own key.
#[tokio::test]
async fn an_endpoint_is_on_loopback_and_has_a_did() {
    let endpoint = endpoint(Limits::default()).await;
    let address = endpoint.address();
    assert_eq!(address.sockets.len(), 1);
    assert!(address.sockets[0].ip().is_loopback());
    assert_eq!(address.relay, None);
    assert_eq!(Relay::default(), Relay::Off);
    let did = node_did(&endpoint.id()).unwrap();
    assert_eq!(did.public_key().unwrap().as_bytes(), endpoint.id().as_bytes());
}

/// Bound to all interfaces, a node names addresses that others can dial.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_on_all_interfaces_names_some_of_them() {
    let bind = "0.0.0.0:0".parse().unwrap();
    let options = EndpointOptions { bind, ..EndpointOptions::default() };
    let endpoint = PeerEndpoint::bind(&fresh_seed(), options).await.unwrap();
    let address = endpoint.address();
    assert!(!address.sockets.is_empty(), "{address}");
    assert!(address.sockets.len() <= ADDRESSES_MAX);
    assert!(address.sockets.iter().all(|at| !at.ip().is_unspecified() && at.port() != 0));
    // The port is taken, and the error says so.
    let bind = SocketAddr::new("127.0.0.1".parse().unwrap(), address.sockets[0].port());
    let options = EndpointOptions { bind, ..EndpointOptions::default() };
    let e = PeerEndpoint::bind(&fresh_seed(), options).await.unwrap_err();
    assert!(e.to_string().contains(&bind.to_string()), "{e}");
}
