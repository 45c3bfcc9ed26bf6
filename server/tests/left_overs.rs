//! What interrupted, failed and killed writers leave: nothing, at the latest once somebody writes
//! again, and never at the cost of somebody who writes meanwhile.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use veritrail_provenance::hash::ChunkId;
use veritrail_server::{
    error::Kind,
    node::{
        Node,
        fsck::{Fsck, Rebuild},
        get::GetRequest,
        publish::{Outcome, PublishRequest},
    },
    progress::{Progress, Silent},
    stop::Stop,
};

use crate::labs::{Lab, publish_path as publish, rain};

/// Bytes of a publication: several chunks, so that there is a middle.
const BYTES: usize = 24 << 20;

/// Does something once, when so many bytes of the step of this name are done; carries a wish to
/// stop.
struct Midway<'a> {
    step: &'a str,
    at: u64,
    seen: Mutex<(bool, u64)>,
    act: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
    stop: Stop,
}

impl<'a> Midway<'a> {
    fn new(step: &'a str, act: impl FnOnce() + Send + 'a) -> Self {
        Self {
            step,
            at: BYTES as u64 / 2,
            seen: Mutex::default(),
            act: Mutex::new(Some(Box::new(act))),
            stop: Stop::default(),
        }
    }

    /// Asks to stop in the middle.
    fn stopping(step: &'a str) -> Self {
        let stop = Stop::default();
        let asked = stop.clone();
        Self { stop, ..Self::new(step, move || asked.ask()) }
    }

    fn happened(&self) -> bool {
        self.act.lock().unwrap().is_none()
    }
}

impl Progress for Midway<'_> {
    fn begin(&self, step: &str, _total: Option<u64>) {
        *self.seen.lock().unwrap() = (step == self.step, 0);
    }
    fn advance(&self, amount: u64) {
        let mut seen = self.seen.lock().unwrap();
        seen.1 += amount;
        let now = seen.0 && seen.1 >= self.at;
        drop(seen);
        if now && let Some(act) = self.act.lock().unwrap().take() {
            act();
        }
    }
    fn end(&self) {}
    fn say(&self, _sentence: &str) {}
    fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

/// Bytes that no two chunks share.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes()
    });
    words.flatten().take(len).collect()
}

/// Files of blobs, of temporary blobs and of marks, as names.
fn files(home: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["blobs", "blobs/tmp", "writing"] {
        for entry in fs::read_dir(home.join(folder)).into_iter().flatten().flatten() {
            if entry.file_type().unwrap().is_file() && entry.file_name() != "lock" {
                names.push(format!("{folder}/{}", entry.file_name().to_str().unwrap()));
            }
        }
    }
    names.sort();
    names
}

/// The disk as a kill would leave it now.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            // A temporary blob may be renamed meanwhile.
            false => drop(fs::copy(entry.path(), to)),
        }
    }
}

async fn fsck(home: &Path) -> Fsck {
    let found = Node::fsck(home, Rebuild::Nothing, &Silent).await.unwrap();
    assert!(found.findings.is_empty(), "{found:?}");
    found
}

fn home_of(lab: &Lab) -> PathBuf {
    lab.path("home")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_publication_leaves_nothing() {
    let lab = Lab::new("Ada");
    lab.publish("small", &rain(9)).await;
    let before = files(&home_of(&lab));
    let path = lab.file("big.bin", noise(1, BYTES));
    let midway = Midway::stopping("storing");
    let error = publish(&lab.node, &path, "big", &midway).await.unwrap_err();
    assert!(midway.happened());
    assert_eq!(error.kind, Kind::Interrupted, "{error}");
    assert_eq!(files(&home_of(&lab)), before);
    assert_eq!(fsck(&home_of(&lab)).await.taken_away, 0);
    // And nothing new begins.
    let error = publish(&lab.node, &path, "big", &midway).await.unwrap_err();
    assert_eq!(error.kind, Kind::Interrupted, "{error}");
    publish(&lab.node, &path, "big", &Silent).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_publication_left_is_taken_away_by_the_next() {
    let lab = Lab::new("Ada");
    lab.publish("small", &rain(9)).await;
    let before = files(&home_of(&lab));
    let path = lab.file("big.bin", noise(1, BYTES));
    let (killed, looked_at) = (lab.path("killed"), lab.path("looked-at"));
    let midway = Midway::new("storing", || {
        // The writers of the batch are threads: some blobs stand when half of it is put.
        while files(&home_of(&lab)).len() < before.len() + 3 {
            std::thread::yield_now();
        }
        copy(&home_of(&lab), &killed);
        copy(&killed, &looked_at);
    });
    publish(&lab.node, &path, "big", &midway).await.unwrap();
    assert!(midway.happened());
    assert!(files(&killed).len() > before.len());

    let found = fsck(&looked_at).await;
    assert!(found.taken_away > 0 && found.unreferenced == 0, "{found:?}");
    assert_eq!(files(&looked_at), before);

    let node = Node::open(&killed).unwrap();
    let tiny = lab.file("tiny.bin", "tiny");
    publish(&node, &tiny, "tiny", &Silent).await.unwrap();
    let mut after = files(&killed);
    after.retain(|name| !before.contains(name));
    assert_eq!(after.len(), 4, "a chunk, two pages, a manifest: {after:?}");
    let found = fsck(&killed).await;
    assert_eq!((found.versions, found.unreferenced, found.taken_away), (2, 0, 0), "{found:?}");
}

/// Killed when the log had decided and not finished, while another process has the home open: the
/// statement will stand, so what it names must stay.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_decided_statement_names_stays() {
    let lab = Lab::new("Ada");
    lab.publish("small", &rain(9)).await;
    let killed = lab.path("killed");
    copy(&home_of(&lab), &killed);
    let open = Node::open(&killed).unwrap();
    let path = lab.file("big.bin", noise(3, BYTES));
    let published = publish(&lab.node, &path, "big", &Silent).await.unwrap();
    // All of the publication but its checkpoint and its fold, and the mark of its blobs.
    let before = files(&killed);
    let new: Vec<String> =
        files(&home_of(&lab)).into_iter().filter(|name| !before.contains(name)).collect();
    let mut mark = Vec::new();
    for name in &new {
        fs::copy(home_of(&lab).join(name), killed.join(name)).unwrap();
        let id: ChunkId = name.strip_prefix("blobs/").unwrap().parse().unwrap();
        mark.extend(id.as_bytes());
    }
    fs::create_dir_all(killed.join("writing")).unwrap();
    fs::write(killed.join("writing/1.0"), mark).unwrap();
    fs::copy(home_of(&lab).join("log.intent"), killed.join("log.intent")).unwrap();

    let tiny = lab.file("tiny.bin", "tiny");
    publish(&open, &tiny, "tiny", &Silent).await.unwrap();
    assert!(new.iter().all(|name| killed.join(name).exists()), "{:?}", files(&killed));
    let done = open.verify(published.dataset.as_str(), &[], &Silent).await.unwrap();
    assert_eq!(done.data.unwrap().checked_bytes, BYTES as u64);
    assert_eq!(fsck(&killed).await.unreferenced, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_away_what_another_is_writing() {
    let lab = Lab::new("Ada");
    let path = lab.file("big.bin", noise(1, BYTES));
    let changing = lab.file("changing.bin", noise(1, BYTES));
    let home = home_of(&lab);
    let runtime = tokio::runtime::Handle::current();
    let midway = Midway::new("storing", || {
        runtime.block_on(async {
            // Another process publishes the same bytes and fails: what it made must stay, as the
            // first may rely on it.
            let other = Node::open(&home).unwrap();
            let grow = Midway::new("storing", || {
                fs::OpenOptions::new().append(true).open(&changing).unwrap().set_len(9).unwrap();
            });
            publish(&other, &changing, "changing", &grow).await.unwrap_err();
            assert!(grow.happened());
            // A third one finds the marks of both.
            let tiny = lab.file("tiny.bin", "tiny");
            publish(&Node::open(&home).unwrap(), &tiny, "tiny", &Silent).await.unwrap();
            assert_eq!(fsck(&home).await.taken_away, 0);
        });
    });
    publish(&lab.node, &path, "big", &midway).await.unwrap();
    assert!(midway.happened());
    let done = lab.node.verify("big", &[], &Silent).await.unwrap();
    assert_eq!(done.exit_code(), 0, "{done:?}");
    assert_eq!(done.data.unwrap().checked_bytes, BYTES as u64);
    assert_eq!(fsck(&home).await.unreferenced, 0);
    assert!(!files(&home).iter().any(|name| name.starts_with("writing/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_is_published_already_leaves_no_second_manifest() {
    let lab = Lab::new("Ada");
    lab.publish("rain", &rain(9)).await;
    let before = files(&home_of(&lab));
    let request = PublishRequest {
        paths: vec![lab.path("rain.csv")],
        name: Some("rain".into()),
        title: Some("Another title, so another manifest".into()),
        licence: Some("CC0-1.0".into()),
        ..PublishRequest::default()
    };
    let again = lab.node.publish(request, &Silent).await.unwrap();
    assert_eq!(again.outcome, Outcome::Existing);
    assert_eq!(files(&home_of(&lab)), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_get_keeps_whole_chunks_and_goes_on_with_them() {
    let (ada, ben) = (Lab::new("Ada"), Lab::new("Ben"));
    let path = ada.file("big.bin", noise(2, BYTES));
    let published = publish(&ada.node, &path, "big", &Silent).await.unwrap();
    let serving = ada.serve().await;
    let reference = ada.ticket(&format!("{}@r:{}", published.dataset, published.root));
    let request = GetRequest { reference, ..GetRequest::default() };
    let midway = Midway::stopping("fetch");
    let error = ben.node.get(request.clone(), &midway).await.unwrap_err();
    assert!(midway.happened());
    assert_eq!(error.kind, Kind::Interrupted, "{error}");
    let left = files(&home_of(&ben));
    assert!(
        !left.iter().any(|name| !name.starts_with("blobs/") || name.contains("tmp")),
        "{left:?}"
    );
    let found = fsck(&home_of(&ben)).await;
    assert_eq!((found.unreferenced, found.taken_away), (0, 0), "{found:?}");
    let got = ben.node.get(request, &Silent).await.unwrap();
    assert_eq!(got.bytes, BYTES as u64);
    assert_eq!(fsck(&home_of(&ben)).await.unreferenced, 0);
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_takes_away_all_that_nothing_names() {
    let lab = Lab::new("Ada");
    lab.publish("rain", &rain(9)).await;
    let before = files(&home_of(&lab));
    // Of a writer whose mark was lost with the power.
    lab.node.blobs().put("of nothing".into()).await.unwrap();
    let found = fsck(&home_of(&lab)).await;
    assert_eq!((found.unreferenced, found.taken_away), (1, 0), "{found:?}");
    let rebuilt = Node::fsck(&home_of(&lab), Rebuild::State, &Silent).await.unwrap();
    assert_eq!((rebuilt.unreferenced, rebuilt.taken_away), (0, 1), "{rebuilt:?}");
    assert_eq!(files(&home_of(&lab)), before);
    assert_eq!(lab.node.verify("rain", &[], &Silent).await.unwrap().exit_code(), 0);
}

/// The power fails in the middle: the mark has its name, which is synced, and perhaps nothing in it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_power_loss_left_is_taken_away_though_the_mark_is_torn() {
    let lab = Lab::new("Ada");
    lab.publish("small", &rain(9)).await;
    let before = files(&home_of(&lab));
    let path = lab.file("big.bin", noise(1, BYTES));
    let (lost, looked_at, newer) = (lab.path("lost"), lab.path("looked-at"), lab.path("newer"));
    let midway = Midway::new("storing", || {
        while files(&home_of(&lab)).len() < before.len() + 3 {
            std::thread::yield_now();
        }
        copy(&home_of(&lab), &lost);
        let mark = files(&lost).into_iter().find(|name| name.starts_with("writing/")).unwrap();
        fs::remove_file(lost.join(&mark)).unwrap();
        fs::write(lost.join("writing/77.0.0123456789abcdef"), [7; 40]).unwrap();
        copy(&lost, &looked_at);
        copy(&lost, &newer);
    });
    publish(&lab.node, &path, "big", &midway).await.unwrap();
    assert!(midway.happened());

    let found = fsck(&looked_at).await;
    assert!(found.taken_away > 0 && found.unreferenced == 0, "{found:?}");
    assert_eq!(files(&looked_at), before);

    let node = Node::open(&lost).unwrap();
    let tiny = lab.file("tiny.bin", "tiny");
    publish(&node, &tiny, "tiny", &Silent).await.unwrap();
    let mut after = files(&lost);
    after.retain(|name| !before.contains(name));
    assert_eq!(after.len(), 4, "a chunk, two pages, a manifest: {after:?}");

    // An entry that is not understood may name any of them.
    let node = Node::open(&newer).unwrap();
    // How many of the writer's blobs were whole by then is a matter of timing: this one is.
    node.blobs().put("whole when the power failed".into()).await.unwrap();
    let unknown = vec![b"of a newer program".to_vec()];
    node.log().append(unknown, veritrail_storage::log::Expect::AnySize).unwrap();
    drop(node);
    let whole = |name: &&String| !name.contains("tmp") && !name.starts_with("writing/");
    let blobs = |home: &Path| files(home).iter().filter(whole).count();
    let there = blobs(&newer);
    let found = Node::fsck(&newer, Rebuild::Nothing, &Silent).await.unwrap();
    assert!(found.unreferenced > 0, "{found:?}");
    assert!(there > before.len());
    assert_eq!(blobs(&newer), there, "nothing whole is taken away");
}

/// The same run of the system: the mark tells all, and nothing else is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_only_what_was_marked_is_looked_at() {
    let lab = Lab::new("Ada");
    lab.publish("small", &rain(9)).await;
    lab.node.blobs().put("of nothing, and of no mark".into()).await.unwrap();
    let home = home_of(&lab);
    let mut made = None;
    let path = lab.file("big.bin", noise(1, BYTES));
    let midway = Midway::new("storing", || {
        while !files(&home).iter().any(|name| name.starts_with("writing/")) {
            std::thread::yield_now();
        }
        made = files(&home).into_iter().find(|name| name.starts_with("writing/"));
    });
    publish(&lab.node, &path, "big", &midway).await.unwrap();
    drop(midway);
    // A dead writer's mark of this run of the system, with nothing in it.
    fs::write(home.join(made.unwrap()), b"").unwrap();
    let found = fsck(&home).await;
    assert_eq!((found.unreferenced, found.taken_away), (1, 0), "{found:?}");
}
