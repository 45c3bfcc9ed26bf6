//! Files and folders of the memory disk, each with what is durable and what is pending.

use std::collections::{BTreeMap, BTreeSet};

use super::{Crash, crash::Dice};
use crate::disk::{Access, DiskError, DiskPath, Kind, Metadata};

/// The number of a file or folder; names point to it.
pub(super) type NodeId = u64;

const ROOT: NodeId = 0;

#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: BTreeMap<NodeId, Node>,
    next: NodeId,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    File(File),
    Folder(Folder),
    Link,
}

#[derive(Clone, Debug)]
pub(super) struct File {
    access: Access,
    /// As every process sees it.
    seen: Vec<u8>,
    /// As of the last sync.
    durable: Vec<u8>,
    /// Writes since then, in order.
    pending: Vec<Write>,
}

/// Bytes written at an offset.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) offset: usize,
    pub(super) bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Folder {
    access: Access,
    seen: BTreeMap<String, NodeId>,
    durable: BTreeMap<String, NodeId>,
    /// Changes of names since the last sync, in order; None removes.
    pending: Vec<(String, Option<NodeId>)>,
}

impl Node {
    pub(super) fn file(access: Access) -> Self {
        Self::File(File { access, seen: Vec::new(), durable: Vec::new(), pending: Vec::new() })
    }

    pub(super) fn folder(access: Access) -> Self {
        let (seen, durable) = (BTreeMap::new(), BTreeMap::new());
        Self::Folder(Folder { access, seen, durable, pending: Vec::new() })
    }
}

impl Default for Tree {
    fn default() -> Self {
        let root = Node::folder(Access::Private);
        Self { nodes: BTreeMap::from([(ROOT, root)]), next: ROOT + 1 }
    }
}

impl Folder {
    fn set(&mut self, name: &str, node: Option<NodeId>) {
        match node {
            Some(id) => self.seen.insert(name.to_owned(), id),
            None => self.seen.remove(name),
        };
        self.pending.push((name.to_owned(), node));
    }
}

impl Tree {
    /// What stands at a path; links on the way, or files, are [`DiskError::NotPlain`].
    pub(super) fn find(&self, path: &DiskPath) -> Result<NodeId, DiskError> {
        let mut id = ROOT;
        for part in path.parts() {
            let folder = match self.nodes.get(&id) {
                Some(Node::Folder(folder)) => folder,
                _ => return Err(DiskError::NotPlain { path: path.clone() }),
            };
            id = match folder.seen.get(part) {
                Some(id) => *id,
                None => return Err(DiskError::NotFound { path: path.clone() }),
            };
        }
        Ok(id)
    }

    pub(super) fn file(&self, path: &DiskPath) -> Result<NodeId, DiskError> {
        let id = self.find(path)?;
        match self.nodes.get(&id) {
            Some(Node::File(_)) => Ok(id),
            _ => Err(DiskError::NotPlain { path: path.clone() }),
        }
    }

    pub(super) fn folder(&self, path: &DiskPath) -> Result<NodeId, DiskError> {
        let id = self.find(path)?;
        match self.nodes.get(&id) {
            Some(Node::Folder(_)) => Ok(id),
            _ => Err(DiskError::NotPlain { path: path.clone() }),
        }
    }

    pub(super) fn insert(&mut self, path: &DiskPath, node: Node) -> Result<NodeId, DiskError> {
        let id = self.next;
        let folder = self.folder_mut(&path.parent())?;
        if folder.seen.contains_key(path.name()) || path.name().is_empty() {
            return Err(DiskError::Exists { path: path.clone() });
        }
        folder.set(path.name(), Some(id));
        self.next += 1;
        self.nodes.insert(id, node);
        Ok(id)
    }

    /// One change in each folder: a crash may keep either without the other.
    pub(super) fn rename(&mut self, from: &DiskPath, to: &DiskPath) -> Result<(), DiskError> {
        let id = self.file(from)?;
        if matches!(self.file(to), Err(DiskError::NotPlain { .. })) {
            return Err(DiskError::NotPlain { path: to.clone() });
        }
        self.folder_mut(&to.parent())?.set(to.name(), Some(id));
        self.folder_mut(&from.parent())?.set(from.name(), None);
        Ok(())
    }

    pub(super) fn unlink(&mut self, path: &DiskPath) -> Result<(), DiskError> {
        let id = self.find(path)?;
        if matches!(self.nodes.get(&id), Some(Node::Folder(_))) {
            return Err(DiskError::NotPlain { path: path.clone() });
        }
        self.folder_mut(&path.parent())?.set(path.name(), None);
        Ok(())
    }

    pub(super) fn list(&self, path: &DiskPath) -> Result<Vec<String>, DiskError> {
        let id = self.folder(path)?;
        match self.nodes.get(&id) {
            Some(Node::Folder(folder)) => Ok(folder.seen.keys().cloned().collect()),
            _ => Ok(Vec::new()),
        }
    }

    pub(super) fn metadata(&self, id: NodeId) -> Metadata {
        let (kind, len, access) = match self.nodes.get(&id) {
            Some(Node::File(file)) => (Kind::File, file.seen.len() as u64, file.access),
            Some(Node::Folder(folder)) => (Kind::Folder, 0, folder.access),
            Some(Node::Link) | None => (Kind::Other, 0, Access::Shared),
        };
        Metadata { kind, len, open_to_others: access == Access::Shared, ours: true }
    }

    pub(super) fn set_access(&mut self, id: NodeId, to: Access) {
        match self.nodes.get_mut(&id) {
            Some(Node::File(file)) => file.access = to,
            Some(Node::Folder(folder)) => folder.access = to,
            Some(Node::Link) | None => {}
        }
    }

    /// False if the file ends before the end of `buf`.
    pub(super) fn read(&self, id: NodeId, offset: u64, buf: &mut [u8]) -> bool {
        let Some(Node::File(file)) = self.nodes.get(&id) else { return false };
        let Ok(start) = usize::try_from(offset) else { return false };
        let end = start.saturating_add(buf.len());
        match file.seen.get(start..end) {
            Some(bytes) => {
                buf.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    pub(super) fn write(&mut self, id: NodeId, offset: u64, bytes: &[u8]) {
        let Some(Node::File(file)) = self.nodes.get_mut(&id) else { return };
        let Ok(offset) = usize::try_from(offset) else { return };
        let write = Write { offset, bytes: bytes.to_vec() };
        write.apply(&mut file.seen);
        file.pending.push(write);
    }

    pub(super) fn sync_file(&mut self, id: NodeId) {
        if let Some(Node::File(file)) = self.nodes.get_mut(&id) {
            file.durable.clone_from(&file.seen);
            file.pending.clear();
        }
    }

    pub(super) fn sync_folder(&mut self, path: &DiskPath) -> Result<(), DiskError> {
        let folder = self.folder_mut(path)?;
        folder.durable.clone_from(&folder.seen);
        folder.pending.clear();
        Ok(())
    }

    /// False if the file ends before that bit.
    pub(super) fn flip_bit(&mut self, id: NodeId, bit: u64) -> bool {
        let Some(Node::File(file)) = self.nodes.get_mut(&id) else { return false };
        let at = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let Some(byte) = file.seen.get_mut(at) else { return false };
        *byte ^= 1 << (bit % 8);
        file.durable.clone_from(&file.seen);
        true
    }

    /// Bytes of all files that a name reaches.
    pub(super) fn bytes(&self) -> u64 {
        let mut reached = BTreeSet::new();
        for node in self.nodes.values() {
            if let Node::Folder(folder) = node {
                reached.extend(folder.seen.values().copied());
            }
        }
        reached.into_iter().map(|id| self.metadata(id).len).sum()
    }

    /// The tree after a power loss: everything that survived is durable, nothing is pending.
    pub(super) fn after(&self, crash: Crash) -> Self {
        let mut dice = Dice::new(crash);
        let nodes = self.nodes.iter().map(|(id, node)| (*id, node.after(&mut dice))).collect();
        Self { nodes, next: self.next }
    }

    fn folder_mut(&mut self, path: &DiskPath) -> Result<&mut Folder, DiskError> {
        let id = self.find(path)?;
        match self.nodes.get_mut(&id) {
            Some(Node::Folder(folder)) => Ok(folder),
            _ => Err(DiskError::NotPlain { path: path.clone() }),
        }
    }
}

impl Node {
    fn after(&self, dice: &mut Dice) -> Self {
        match self {
            Self::Link => Self::Link,
            Self::File(file) => {
                let mut bytes = file.durable.clone();
                file.pending.iter().for_each(|write| dice.tear(write, &mut bytes));
                let (seen, durable) = (bytes.clone(), bytes);
                Self::File(File { access: file.access, seen, durable, pending: Vec::new() })
            }
            Self::Folder(folder) => {
                let mut names = folder.durable.clone();
                for (name, node) in &folder.pending {
                    match (dice.keeps_name(), node) {
                        (false, _) => {}
                        (true, Some(id)) => drop(names.insert(name.clone(), *id)),
                        (true, None) => drop(names.remove(name)),
                    }
                }
                let (seen, durable) = (names.clone(), names);
                Self::Folder(Folder { access: folder.access, seen, durable, pending: Vec::new() })
            }
        }
    }
}

impl Write {
    /// Writes it whole.
    pub(super) fn apply(&self, file: &mut Vec<u8>) {
        let end = self.offset + self.bytes.len();
        if file.len() < end {
            file.resize(end, 0);
        }
        if let Some(place) = file.get_mut(self.offset..end) {
            place.copy_from_slice(&self.bytes);
        }
    }
}
