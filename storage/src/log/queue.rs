//! Group commit: appends that arrive while one is being written are written together next.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use super::{
    LogError,
    intent::{BYTES_MAX, ENTRIES_MAX, bytes_of},
    writer::{Appended, Expect},
};

/// One append that waits for its turn.
pub(super) struct Waiting {
    ticket: u64,
    pub(super) expect: Expect,
    pub(super) entries: Vec<Vec<u8>>,
}

/// What became of one append.
pub(super) type Outcome = Result<Appended, LogError>;

/// The appends of one process. Whoever finds nobody writing writes for all that wait.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    written: Condvar,
}

#[derive(Default)]
struct State {
    next_ticket: u64,
    waiting: Vec<Waiting>,
    outcomes: BTreeMap<u64, Outcome>,
    writing: bool,
}

impl Queue {
    /// Queues one append and returns its outcome; `write` is called with a group, to return the
    /// outcome of each of it in order.
    pub(super) fn append(
        &self,
        expect: Expect,
        entries: Vec<Vec<u8>>,
        write: impl Fn(&[Waiting]) -> Vec<Outcome>,
    ) -> Outcome {
        let mut state = self.state();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push(Waiting { ticket, expect, entries });
        loop {
            if let Some(outcome) = state.outcomes.remove(&ticket) {
                return outcome;
            }
            if state.writing {
                state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.writing = true;
            let group = state.take_group();
            drop(state);
            // Also if `write` unwinds, those who wait must not wait for ever.
            let turn = Turn(self);
            let outcomes = write(&group);
            let tickets = group.iter().map(|waiting| waiting.ticket);
            self.state().outcomes.extend(tickets.zip(outcomes));
            drop(turn);
            state = self.state();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to write, given back when dropped.
struct Turn<'a>(&'a Queue);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().writing = false;
        self.0.written.notify_all();
    }
}

impl State {
    /// The first of those that wait, as many as one batch may hold; at least one.
    fn take_group(&mut self) -> Vec<Waiting> {
        let (mut entries, mut bytes, mut count) = (0, 0, 0);
        for waiting in &self.waiting {
            entries += waiting.entries.len();
            bytes += bytes_of(&waiting.entries);
            if count > 0 && (entries > ENTRIES_MAX || bytes > BYTES_MAX) {
                break;
            }
            count += 1;
        }
        self.waiting.drain(..count).collect()
    }
}

/// The same failure for each of a group.
pub(super) fn all_failed(error: LogError, count: usize) -> Vec<Outcome> {
    if count == 1 {
        return vec![Err(error)];
    }
    let error = Arc::new(error);
    (0..count).map(|_| Err(LogError::Group(error.clone()))).collect()
}
