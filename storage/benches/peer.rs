//! 64 MiB from one node to another over loopback, both in this process: our store over files and
//! in memory beside iroh-blobs' own memory store, in turns, because shared machines drift. Prints
//! one line a figure and never judges.
//!
//! `make bench-peer`

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use iroh::{Endpoint, RelayMode, endpoint::presets, protocol::Router};
use iroh_blobs::{BlobsProtocol, store::mem::MemStore};
use veritrail_provenance::hash::ChunkId;
use veritrail_storage::{
    blob::{Blobs, DiskBlobs, MemoryBlobs},
    disk::{DiskPath, OsDisk},
    peer::{
        EndpointId,
        endpoint::{EndpointOptions, NodeAddress, PeerEndpoint},
        fetch::{FetchOptions, Length, Wanted, fetch},
        serve::{Offer, Serving, serve},
        trail::{Refusal, RefusalCode, TrailSource},
        view::Gate,
    },
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const BLOBS: usize = 64;
const BLOB_LEN: usize = 1 << 20;
const ROUNDS: usize = 11;

#[derive(Debug)]
struct Open;

#[async_trait]
impl Gate for Open {
    async fn may_read(&self, _peer: &EndpointId, _id: &ChunkId) -> bool {
        true
    }
}

#[async_trait]
impl TrailSource for Open {
    async fn evidence(
        &self,
        _peer: &EndpointId,
        _question: Bytes,
    ) -> std::result::Result<Bytes, Refusal> {
        Err(Refusal::new(RefusalCode::NotFound, "none"))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    // `cargo test --benches` runs this too; there is nothing to test.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let blobs: Vec<Bytes> = (0..BLOBS).map(|n| data(n as u8)).collect();
    let known = Length::Exactly(BLOB_LEN as u64);
    let wanted: Vec<Wanted> =
        blobs.iter().map(|bytes| Wanted { id: ChunkId::of(bytes), length: known }).collect();

    let folder = tempfile::tempdir()?;
    let files = node(Arc::new(on_disk(&folder, "from")?), &blobs, 1).await?;
    let memory = node(Arc::new(MemoryBlobs::new()), &blobs, 2).await?;
    let (_stock, stock) = stock_node(&blobs).await?;
    let reader = PeerEndpoint::bind(&[3; 32], EndpointOptions::default()).await?;
    let nodes =
        [("files", files.address()), ("memory", memory.address()), ("iroh_memstore", stock)];
    for in_flight in [8, 1, 4] {
        let mut speeds = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            for ((_, address), speeds) in nodes.iter().zip(&mut speeds) {
                let into: Arc<dyn Blobs> = Arc::new(MemoryBlobs::new());
                let took = timed(&reader, address, &wanted, &into, in_flight).await?;
                speeds.push((BLOBS * BLOB_LEN) as f64 / 1e6 / took.as_secs_f64());
            }
        }
        for ((name, _), speeds) in nodes.iter().zip(&mut speeds) {
            println!("fetch_64mib_from_{name}_{in_flight}_in_flight {}", spread(speeds));
        }
    }
    let mut speeds = Vec::new();
    for round in 0..ROUNDS {
        let into: Arc<dyn Blobs> = Arc::new(on_disk(&folder, &format!("to-{round}"))?);
        let took = timed(&reader, &files.address(), &wanted, &into, 8).await?;
        speeds.push((BLOBS * BLOB_LEN) as f64 / 1e6 / took.as_secs_f64());
    }
    println!("fetch_64mib_from_files_into_files_durably {}", spread(&mut speeds));
    files.stop().await;
    memory.stop().await;
    Ok(())
}

fn data(seed: u8) -> Bytes {
    let mut bytes = vec![0; BLOB_LEN];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes.into()
}

fn on_disk(folder: &tempfile::TempDir, name: &str) -> Result<DiskBlobs> {
    let disk = Arc::new(OsDisk::open(folder.path())?);
    Ok(DiskBlobs::create(disk, DiskPath::new(name)?)?)
}

async fn node(store: Arc<dyn Blobs>, blobs: &[Bytes], seed: u8) -> Result<Serving> {
    let mut batch = store.batch();
    for bytes in blobs {
        batch.put(bytes.clone())?;
    }
    batch.commit().await?;
    let endpoint = PeerEndpoint::bind(&[seed; 32], EndpointOptions::default()).await?;
    let offer = Offer { gate: Arc::new(Open), blobs: store, trails: Arc::new(Open) };
    Ok(serve(&endpoint, offer))
}

async fn stock_node(blobs: &[Bytes]) -> Result<(Router, NodeAddress)> {
    let store = MemStore::new();
    for bytes in blobs {
        store.add_bytes(bytes.clone()).await?;
    }
    let endpoint = Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .clear_address_lookup()
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")?
        .bind()
        .await?;
    let address =
        NodeAddress { node: endpoint.id(), sockets: endpoint.bound_sockets(), relay: None };
    let router = Router::builder(endpoint)
        .accept(iroh_blobs::ALPN, BlobsProtocol::new(&store, None))
        .spawn();
    Ok((router, address))
}

async fn timed(
    reader: &PeerEndpoint,
    from: &NodeAddress,
    wanted: &[Wanted],
    into: &Arc<dyn Blobs>,
    blobs_in_flight: usize,
) -> Result<Duration> {
    let options = FetchOptions { blobs_in_flight, ..FetchOptions::default() };
    let began = Instant::now();
    fetch(reader, from, wanted, into, &options, &mut |_| {}).await?;
    Ok(began.elapsed())
}

/// Median, least and most of at least one.
fn spread(speeds: &mut [f64]) -> String {
    speeds.sort_by(f64::total_cmp);
    let (least, most) = (speeds[0], speeds[speeds.len() - 1]);
    format!("{:.0} MB/s ({least:.0} to {most:.0})", speeds[speeds.len() / 2])
}
