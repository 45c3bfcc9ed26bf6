//! Nodes with homes of their own that reach each other over loopback.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use tempfile::TempDir;
use veritrail_server::{
    error::NodeError,
    node::{
        Node,
        fsck::{Fsck, Rebuild},
        init::InitOptions,
        publish::{PublishRequest, Published},
        run::{Ran, RunRequest, Task},
        serve::{ServeOptions, Serving},
    },
    progress::{Progress, Silent},
};

/// A node, its home and a folder for files.
pub struct Lab {
    pub node: Arc<Node>,
    pub dir: TempDir,
}

impl Lab {
    pub fn new(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = InitOptions { name: Some(name.to_owned()), ..InitOptions::default() };
        let (node, _) = Node::init(&dir.path().join("home"), options).unwrap();
        Self { node: Arc::new(node), dir }
    }

    pub fn did(&self) -> String {
        self.node.operator().unwrap().to_string()
    }

    /// A path beside the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Publishes one CSV under a name.
    pub async fn publish(&self, name: &str, csv: &str) -> Published {
        self.publish_as(name, &format!("{name}.csv"), csv).await
    }

    /// Publishes a file under a name.
    pub async fn publish_as(&self, name: &str, file: &str, content: &str) -> Published {
        let path = self.file(file, content);
        publish_path(&self.node, &path, name, &Silent).await.unwrap()
    }

    /// Looks over the home.
    pub async fn fsck(&self) -> Fsck {
        Node::fsck(&self.path("home"), Rebuild::Nothing, &Silent).await.unwrap()
    }

    pub async fn serve(&self) -> Serving {
        self.node.serve(ServeOptions::default()).await.unwrap()
    }

    pub fn ticket(&self, reference: &str) -> String {
        self.node.ticket(reference).unwrap().ticket
    }

    pub async fn run(&self, sql: &str, inputs: &[&str]) -> Ran {
        self.node.run(query(sql, inputs), &Silent).await.unwrap()
    }
}

/// Publishes a path as it stands, which may fail.
pub async fn publish_path(
    node: &Node,
    path: &Path,
    name: &str,
    progress: &dyn Progress,
) -> Result<Published, NodeError> {
    let request = PublishRequest {
        paths: vec![path.to_owned()],
        name: Some(name.to_owned()),
        licence: Some("CC0-1.0".to_owned()),
        ..PublishRequest::default()
    };
    node.publish(request, progress).await
}

/// A run as the command line describes it.
pub fn query(sql: &str, inputs: &[&str]) -> RunRequest {
    let task = Task::Query {
        sql: sql.to_owned(),
        inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
        parameters: Vec::new(),
        tolerance: Vec::new(),
    };
    RunRequest { task, write_spec: None, signer: None, work: Default::default() }
}

/// Remembers what a person would have been told.
#[derive(Default)]
pub struct Told(Mutex<Vec<String>>);

impl Told {
    pub fn all(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl Progress for Told {
    fn begin(&self, _step: &str, _total: Option<u64>) {}
    fn advance(&self, _amount: u64) {}
    fn end(&self) {}
    fn say(&self, sentence: &str) {
        self.0.lock().unwrap().push(sentence.to_owned());
    }
}

/// Daily rain of two towns, `rows` days.
pub fn rain(rows: u32) -> String {
    let mut csv = "day,town,mm\n".to_owned();
    for day in 0..rows {
        let town = if day % 3 == 0 { "Ahr" } else { "Bonn" };
        csv.push_str(&format!("{day},{town},{}.{}\n", day % 17, day % 10));
    }
    csv
}
