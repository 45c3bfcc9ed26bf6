//! Publishing through the node, where a test can stand in the middle of a pass.

use std::{fs, io::Write as _, path::Path, sync::Mutex};

use veritrail_server::{
    error::{Kind, NodeError},
    node::{
        Node,
        publish::{Outcome, PublishRequest, Published},
    },
    progress::{Progress, Silent},
};

use crate::labs::{Lab, publish_path};

const RAIN: &str = "day,rain_mm\n2024-01-01,3.5\n2024-01-02,0.0\n";

async fn publish(lab: &Lab, path: &Path, progress: &dyn Progress) -> Result<Published, NodeError> {
    publish_path(&lab.node, path, "rain", progress).await
}

/// Does something once, when the step of this name begins.
struct At<'a> {
    step: &'a str,
    act: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
}

impl<'a> At<'a> {
    fn step(step: &'a str, act: impl FnOnce() + Send + 'a) -> Self {
        Self { step, act: Mutex::new(Some(Box::new(act))) }
    }

    fn happened(&self) -> bool {
        self.act.lock().unwrap().is_none()
    }
}

impl Progress for At<'_> {
    fn begin(&self, step: &str, _total: Option<u64>) {
        if step == self.step
            && let Some(act) = self.act.lock().unwrap().take()
        {
            act();
        }
    }
    fn advance(&self, _amount: u64) {}
    fn end(&self) {}
    fn say(&self, _sentence: &str) {}
}

fn append(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_being_read_is_refused_and_nothing_is_kept() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("grows", |path| append(path, b"2024-01-03,1.0\n")),
        ("shrinks", |path| fs::write(path, &RAIN[..20]).unwrap()),
        ("keeps its length", |path| fs::write(path, RAIN.replace("3.5", "9.9")).unwrap()),
        ("is replaced", |path| {
            let other = path.with_extension("new");
            fs::write(&other, RAIN.replace("3.5", "8.8")).unwrap();
            fs::rename(&other, path).unwrap();
        }),
    ];
    for (what, change) in changes {
        let lab = Lab::new("Ada");
        let path = lab.file("rain.csv", RAIN);
        let at = At::step("storing", || change(&path));
        let error = publish(&lab, &path, &at).await.unwrap_err();
        assert!(at.happened());
        assert_eq!(error.kind, Kind::Failed, "{what}: {error}");
        assert!(error.message.contains("changed while being read"), "{what}: {error}");
        assert!(error.place.unwrap().contains("rain.csv"), "{what}");
        assert!(error.hint.is_some(), "{what}");
        let fsck = lab.fsck().await;
        assert_eq!((fsck.blobs, fsck.log_entries), (0, 1), "{what}: {fsck:?}");
        assert!(fsck.findings.is_empty(), "{fsck:?}");
        // Nothing writes to it any more.
        fs::write(&path, RAIN).unwrap();
        publish(&lab, &path, &Silent).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_that_grows_leaves_none_of_its_chunks() {
    let lab = Lab::new("Ada");
    let path = lab.file("rain.bin", vec![7_u8; 9 << 20]);
    let at = At::step("storing", || append(&path, b"more"));
    publish(&lab, &path, &at).await.unwrap_err();
    assert!(at.happened());
    assert_eq!(lab.fsck().await.blobs, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_another_version_names_are_never_taken_away() {
    let lab = Lab::new("Ada");
    let path = lab.file("rain.bin", vec![7_u8; 9 << 20]);
    let first = publish(&lab, &path, &Silent).await.unwrap();
    let before = lab.fsck().await.blobs;
    let at = At::step("storing", || append(&path, b"more"));
    publish(&lab, &path, &at).await.unwrap_err();
    let fsck = lab.fsck().await;
    assert_eq!((fsck.blobs, fsck.versions), (before, 1), "{fsck:?}");
    assert!(fsck.findings.is_empty(), "{fsck:?}");
    assert_eq!(first.outcome, Outcome::Published);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_appends_meanwhile_is_counted() {
    let lab = Lab::new("Ada");
    let path = lab.file("rain.csv", RAIN);
    let home = lab.path("home");
    // Between the pass and the statements another process makes a person.
    let at = At::step("storing", || {
        Node::open(&home).unwrap().new_person(Some("Grace".into())).unwrap();
    });
    let published = publish(&lab, &path, &at).await.unwrap();
    assert!(at.happened());
    assert_eq!((published.number, published.index), (1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_of_many_files_is_few_chunks() {
    let lab = Lab::new("Ada");
    let folder = lab.path("many");
    fs::create_dir(&folder).unwrap();
    for i in 0..500 {
        fs::write(folder.join(format!("{i:03}.txt")), format!("file {i}")).unwrap();
    }
    let published = publish(&lab, &folder, &Silent).await.unwrap();
    assert_eq!((published.files, published.chunks), (500, 1));
    let done = lab.node.verify("rain", &[], &Silent).await.unwrap();
    assert_eq!(done.exit_code(), 0, "{done:?}");
    assert_eq!(done.data.unwrap().checked_bytes, published.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_rules_over_what_is_inferred() {
    let lab = Lab::new("Ada");
    let path = lab.file("rain.csv", "id;mm\n007;1,5\n008;-\n");
    let describe = lab.file(
        "d.toml",
        r#"
version = 1
title = "Rain"
licence = "CC-BY-4.0"
keywords = ["rain"]
[[creator]]
name = "Ada"
[file."rain.csv"]
delimiter = ";"
decimal = ","
nulls = ["-"]
[file."rain.csv".column."mm"]
unit = "mm"
description = "what fell"
"#,
    );
    let request =
        PublishRequest { paths: vec![path], describe: Some(describe), ..PublishRequest::default() };
    let published = lab.node.publish(request, &Silent).await.unwrap();
    assert_eq!((published.title.as_str(), published.licence.as_str()), ("Rain", "CC-BY-4.0"));
    let columns = &published.tables[0].columns;
    let types: Vec<_> = columns.iter().map(|c| (c.name.as_str(), c.kind.as_str())).collect();
    assert_eq!(types, [("id", "text"), ("mm", "float64")]);
    assert_eq!(columns[1].unit.as_deref(), Some("mm"));
    assert_eq!(published.tables[0].rows, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_template_declares_what_was_inferred() {
    let lab = Lab::new("Ada");
    let path = lab.file("rain.csv", RAIN);
    let template = veritrail_server::node::publish::template(std::slice::from_ref(&path), &Silent)
        .await
        .unwrap();
    let describe = lab.file("d.toml", template.replace("title = \"\"", "title = \"T\""));
    let with = PublishRequest {
        paths: vec![path.clone()],
        licence: Some("CC0-1.0".into()),
        describe: Some(describe),
        ..PublishRequest::default()
    };
    let with = lab.node.publish(with, &Silent).await.unwrap();
    let without = publish(&lab, &path, &Silent).await.unwrap();
    assert_eq!(with.root, without.root);
    let columns = |p: &Published| {
        p.tables[0].columns.iter().map(|c| (c.name.clone(), c.kind.clone())).collect::<Vec<_>>()
    };
    assert_eq!(columns(&with), columns(&without));
}
