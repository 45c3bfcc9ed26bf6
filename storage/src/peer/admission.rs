//! Counts open connections, so that neither one peer nor all of them together can use us up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use iroh::EndpointId;

use super::limits::Limits;

/// Open connections by peer, over all protocols.
#[derive(Debug)]
pub(super) struct Admission {
    all: usize,
    per_peer: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_peer: HashMap<EndpointId, usize>,
}

/// One counted connection; dropping it gives its place back.
#[derive(Debug)]
pub(super) struct Place {
    admission: Arc<Admission>,
    peer: EndpointId,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            all: limits.connections,
            per_peer: limits.connections_per_peer,
            open: Mutex::default(),
        })
    }

    /// A place for one more connection of `peer`, if there is one.
    pub(super) fn admit(self: &Arc<Self>, peer: EndpointId) -> Option<Place> {
        let mut open = self.open();
        let of_peer = open.by_peer.get(&peer).copied().unwrap_or(0);
        if open.all >= self.all || of_peer >= self.per_peer {
            return None;
        }
        open.all += 1;
        open.by_peer.insert(peer, of_peer + 1);
        Some(Place { admission: self.clone(), peer })
    }

    /// Nothing here panics while it holds the lock, so a poisoned one is still right.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.admission.open();
        open.all -= 1;
        if let Some(of_peer) = open.by_peer.get_mut(&self.peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                open.by_peer.remove(&self.peer);
            }
        }
    }
}
