//! The memory twin of the disk, which can lose its power.
//!
//! Every file and folder keeps what is durable and, apart from it, what was done since its last
//! sync. A [`Crash`] decides, from a seed, which of the latter survives: any subset of the names
//! of a folder, any part of the bytes written to a file, each file and folder on its own. That is
//! weaker than any journalling file system, so what holds here holds there.

mod crash;
mod tree;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub use crash::Crash;
use tree::{Node, NodeId, Tree};

use super::{
    Access, Created, Disk, DiskError, DiskFile, DiskLock, DiskPath, Kind, LockMode, LockWait,
    Metadata, OpenFor,
};

/// A disk in memory. Clones share one content, as processes share a machine.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    machine: Mutex<Machine>,
    unlocked: Condvar,
}

#[derive(Debug)]
struct Machine {
    tree: Tree,
    /// Held locks: the path, the mode, the holder's number.
    locks: Vec<(DiskPath, LockMode, u64)>,
    next_lock: u64,
    /// Changing operations (writes, renames, syncs…) done so far.
    operations: u64,
    /// The power goes off before the operation of this number.
    power_off_at: u64,
    /// Bytes that fit.
    capacity: u64,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            tree: Tree::default(),
            locks: Vec::new(),
            next_lock: 0,
            operations: 0,
            power_off_at: u64::MAX,
            capacity: 1 << 40,
        }
    }
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits what fits to `bytes` from now on; beyond it, writes are [`DiskError::Full`].
    pub fn set_capacity(&self, bytes: u64) {
        self.machine().capacity = bytes;
    }

    /// Changing operations done so far: each is a point where the power may go.
    pub fn operations(&self) -> u64 {
        self.machine().operations
    }

    /// Lets `count` more changing operations happen; from then on every call, reading ones too,
    /// is [`DiskError::PowerOff`].
    pub fn power_off_after(&self, count: u64) {
        let mut machine = self.machine();
        machine.power_off_at = machine.operations.saturating_add(count);
    }

    /// What a new process finds after the power came back. The old disk is left as it is, so that
    /// one state can be crashed in many ways.
    pub fn crash(&self, crash: Crash) -> Self {
        let machine = self.machine();
        Self::of(Machine {
            tree: machine.tree.after(crash),
            capacity: machine.capacity,
            ..Machine::default()
        })
    }

    /// What a new process finds after only the old process was killed: everything done is there,
    /// but what was not synced is still not durable.
    pub fn kill(&self) -> Self {
        let machine = self.machine();
        Self::of(Machine {
            tree: machine.tree.clone(),
            capacity: machine.capacity,
            ..Machine::default()
        })
    }

    /// Flips one bit of a stored file, as a rotten disk would. For tests.
    pub fn flip_bit(&self, path: &DiskPath, bit: u64) -> Result<(), DiskError> {
        let mut machine = self.machine();
        let id = machine.tree.file(path)?;
        match machine.tree.flip_bit(id, bit) {
            true => Ok(()),
            false => Err(DiskError::Short { path: path.clone(), wanted: bit / 8 + 1 }),
        }
    }

    /// Puts a symbolic link at `path`: something that is neither file nor folder. For tests.
    pub fn put_link(&self, path: &DiskPath) -> Result<(), DiskError> {
        self.change()?.tree.insert(path, Node::Link)?;
        Ok(())
    }

    /// Lets others read what stands at `path`. For tests.
    pub fn open_to_others(&self, path: &DiskPath) -> Result<(), DiskError> {
        let mut machine = self.machine();
        let id = machine.tree.find(path)?;
        machine.tree.set_access(id, Access::Shared);
        Ok(())
    }

    fn of(machine: Machine) -> Self {
        let shared = Shared { machine: Mutex::new(machine), unlocked: Condvar::new() };
        Self { shared: Arc::new(shared) }
    }

    /// A poisoned lock means that a test's thread died; the tree itself is changed in one piece.
    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.shared.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) -> Result<MutexGuard<'_, Machine>, DiskError> {
        let machine = self.machine();
        match machine.operations > machine.power_off_at {
            true => Err(DiskError::PowerOff),
            false => Ok(machine),
        }
    }

    fn change(&self) -> Result<MutexGuard<'_, Machine>, DiskError> {
        let mut machine = self.machine();
        if machine.operations >= machine.power_off_at {
            machine.operations = machine.power_off_at.saturating_add(1);
            return Err(DiskError::PowerOff);
        }
        machine.operations += 1;
        Ok(machine)
    }
}

impl Disk for MemoryDisk {
    fn create_new(&self, path: &DiskPath, access: Access) -> Result<Box<dyn DiskFile>, DiskError> {
        let id = self.change()?.tree.insert(path, Node::file(access))?;
        Ok(Box::new(self.handle(id, path, OpenFor::Writing)))
    }

    fn open(&self, path: &DiskPath, purpose: OpenFor) -> Result<Box<dyn DiskFile>, DiskError> {
        let id = self.look()?.tree.file(path)?;
        Ok(Box::new(self.handle(id, path, purpose)))
    }

    fn rename(&self, from: &DiskPath, to: &DiskPath) -> Result<(), DiskError> {
        self.change()?.tree.rename(from, to)
    }

    fn unlink(&self, path: &DiskPath) -> Result<(), DiskError> {
        self.change()?.tree.unlink(path)
    }

    fn create_dir(&self, path: &DiskPath, access: Access) -> Result<Created, DiskError> {
        let mut machine = self.change()?;
        match machine.tree.insert(path, Node::folder(access)) {
            Ok(_) => Ok(Created::New),
            Err(DiskError::Exists { .. }) => machine.tree.folder(path).map(|_| Created::Existed),
            Err(e) => Err(e),
        }
    }

    fn fsync_dir(&self, path: &DiskPath) -> Result<(), DiskError> {
        self.change()?.tree.sync_folder(path)
    }

    fn list(&self, path: &DiskPath) -> Result<Vec<String>, DiskError> {
        self.look()?.tree.list(path)
    }

    fn metadata(&self, path: &DiskPath) -> Result<Option<Metadata>, DiskError> {
        let machine = self.look()?;
        let id = match machine.tree.find(path) {
            Ok(id) => id,
            Err(DiskError::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(e),
        };
        Ok(Some(machine.tree.metadata(id)))
    }

    fn lock(
        &self,
        path: &DiskPath,
        mode: LockMode,
        wait: LockWait,
    ) -> Result<Option<Box<dyn DiskLock>>, DiskError> {
        let mut machine = match self.metadata(path)? {
            Some(Metadata { kind: Kind::File, .. }) => self.look()?,
            Some(_) => return Err(DiskError::NotPlain { path: path.clone() }),
            None => {
                let mut machine = self.change()?;
                match machine.tree.insert(path, Node::file(Access::Private)) {
                    Ok(_) | Err(DiskError::Exists { .. }) => machine,
                    Err(e) => return Err(e),
                }
            }
        };
        loop {
            let exclusive = mode == LockMode::Exclusive;
            let held = |l: &(DiskPath, LockMode, u64)| {
                l.0 == *path && (exclusive || l.1 == LockMode::Exclusive)
            };
            if !machine.locks.iter().any(held) {
                machine.next_lock += 1;
                let number = machine.next_lock;
                machine.locks.push((path.clone(), mode, number));
                return Ok(Some(Box::new(MemoryLock { shared: self.shared.clone(), number })));
            }
            if wait == LockWait::Try {
                return Ok(None);
            }
            machine = self.shared.unlocked.wait(machine).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn free_space(&self) -> Result<u64, DiskError> {
        let machine = self.look()?;
        Ok(machine.capacity.saturating_sub(machine.tree.bytes()))
    }
}

impl MemoryDisk {
    fn handle(&self, id: NodeId, path: &DiskPath, purpose: OpenFor) -> MemoryFile {
        MemoryFile { disk: self.clone(), id, path: path.clone(), purpose }
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    id: NodeId,
    /// As it was when opened, for messages.
    path: DiskPath,
    purpose: OpenFor,
}

impl DiskFile for MemoryFile {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DiskError> {
        let wanted = offset.saturating_add(buf.len() as u64);
        match self.disk.look()?.tree.read(self.id, offset, buf) {
            true => Ok(()),
            false => Err(DiskError::Short { path: self.path.clone(), wanted }),
        }
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        if self.purpose == OpenFor::Reading {
            return Err(DiskError::Denied { path: self.path.clone() });
        }
        let mut machine = self.disk.change()?;
        let end = offset.saturating_add(bytes.len() as u64);
        let grows = end.saturating_sub(machine.tree.metadata(self.id).len);
        if grows > machine.capacity.saturating_sub(machine.tree.bytes()) {
            return Err(DiskError::Full { path: self.path.clone() });
        }
        machine.tree.write(self.id, offset, bytes);
        Ok(())
    }

    fn len(&self) -> Result<u64, DiskError> {
        Ok(self.disk.look()?.tree.metadata(self.id).len)
    }

    fn fsync(&self) -> Result<(), DiskError> {
        self.disk.change()?.tree.sync_file(self.id);
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryLock {
    shared: Arc<Shared>,
    number: u64,
}

impl DiskLock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        let mut machine = self.shared.machine.lock().unwrap_or_else(PoisonError::into_inner);
        machine.locks.retain(|(_, _, number)| *number != self.number);
        drop(machine);
        self.shared.unlocked.notify_all();
    }
}
