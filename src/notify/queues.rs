//! What waits: a queue per key, with a task while there is something in it.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use tokio::{sync::watch, task::AbortHandle, time::Instant};
use uuid::Uuid;

use super::{Notification, NotifyConfig, QueueFull};
use crate::counters::{count, count_all};

/// A notification in a queue.
pub(super) struct Item {
    /// When it was queued.
    pub since: Instant,
    pub notification: Notification,
}

impl Item {
    fn octets(&self) -> usize {
        self.notification.body.len()
    }

    fn age(&self) -> Duration {
        self.notification.age + self.since.elapsed()
    }
}

/// What is left to know of an item that a task has.
#[derive(Clone, Copy)]
struct InHand {
    id: Uuid,
    /// When it was queued.
    since: Instant,
    /// Its age then.
    age: Duration,
    octets: usize,
    attempts: u64,
}

impl From<&Item> for InHand {
    fn from(item: &Item) -> Self {
        let &Notification { id, age, .. } = &item.notification;
        Self { id, since: item.since, age, octets: item.octets(), attempts: 0 }
    }
}

/// All queues. Their lock is held for moments only, never while something is dropped or awaited.
pub(super) struct Queues {
    state: Mutex<State>,
    /// How many queues there are.
    running: watch::Sender<usize>,
    max_queue: usize,
    max_total: usize,
    max_octets: usize,
}

#[derive(Default)]
struct State {
    queues: HashMap<Arc<str>, Queue>,
    total: usize,
    /// Octets of the bodies in all queues.
    octets: usize,
    last: TaskId,
    closed: bool,
}

/// Tells the task of a queue from that of one with the same key which was forgotten.
pub(super) type TaskId = u64;

struct Queue {
    task: TaskId,
    abort: AbortHandle,
    waiting: VecDeque<Item>,
    /// What the task has taken out.
    in_hand: Option<InHand>,
}

impl Queue {
    fn len(&self) -> usize {
        self.waiting.len() + usize::from(self.in_hand.is_some())
    }

    fn octets(&self) -> usize {
        self.waiting.iter().map(Item::octets).sum::<usize>() + self.in_hand.map_or(0, |item| item.octets)
    }
}

impl Queues {
    pub fn new(config: &NotifyConfig) -> Self {
        let &NotifyConfig { max_queue, max_total, max_octets, .. } = config;
        Self { state: Mutex::default(), running: watch::Sender::new(0), max_queue, max_total, max_octets }
    }

    /// Notifications in all queues.
    pub fn total(&self) -> usize {
        self.state().total
    }

    /// Puts it at the end; `spawn` starts the task if there is none.
    pub fn push(
        &self,
        key: &str,
        item: Item,
        spawn: impl FnOnce(Arc<str>, TaskId) -> AbortHandle,
    ) -> Result<(), QueueFull> {
        let mut state = self.state();
        let length = state.queues.get(key).map_or(0, Queue::len);
        let octets = state.octets.saturating_add(item.octets());
        let refusal = match () {
            () if state.closed => Some(QueueFull::ShuttingDown),
            () if length >= self.max_queue => Some(QueueFull::Queue { most: self.max_queue }),
            () if state.total >= self.max_total => Some(QueueFull::Total { most: self.max_total }),
            () if octets > self.max_octets => Some(QueueFull::Octets { most: self.max_octets }),
            () => None,
        };
        if let Some(refusal) = refusal {
            drop(state);
            return Err(refusal);
        }
        state.total += 1;
        state.octets = octets;
        if let Some(queue) = state.queues.get_mut(key) {
            queue.waiting.push_back(item);
            return Ok(());
        }
        state.last += 1;
        let (key, task) = (Arc::<str>::from(key), state.last);
        // It cannot look before the lock is free.
        let abort = spawn(Arc::clone(&key), task);
        state.queues.insert(key, Queue { task, abort, waiting: VecDeque::from([item]), in_hand: None });
        self.changed(&state);
        Ok(())
    }

    /// Hands the first one to the task. The end of the queue is the end of the task.
    pub fn next(&self, key: &str, task: TaskId) -> Option<Item> {
        let mut state = self.state();
        let queue = state.queues.get_mut(key).filter(|queue| queue.task == task)?;
        let item = queue.waiting.pop_front();
        queue.in_hand = item.as_ref().map(InHand::from);
        if item.is_none() {
            state.queues.remove(key);
            self.changed(&state);
        }
        item
    }

    /// What the task had in hand is done with, and counted before anybody can see that it is gone. False when the
    /// queue was forgotten meanwhile.
    pub fn done(&self, key: &str, task: TaskId, counter: &AtomicU64) -> bool {
        let mut state = self.state();
        let Some(queue) = state.queues.get_mut(key).filter(|queue| queue.task == task) else {
            return false;
        };
        let octets = queue.in_hand.take().map_or(0, |item| item.octets);
        count(counter);
        state.total -= 1;
        state.octets -= octets;
        true
    }

    /// Drops a queue and cuts off its task; of `task` only, if that is given. What was in it is counted before
    /// anybody can see that it is gone. Returns what that was.
    pub fn remove(&self, key: &str, task: Option<TaskId>, counter: &AtomicU64) -> Vec<Uuid> {
        let queue = {
            let mut state = self.state();
            let queue = state.queues.get(key);
            if queue.is_none_or(|queue| task.is_some_and(|task| task != queue.task)) {
                return Vec::new();
            }
            let queue = state.queues.remove(key);
            count_all(counter, queue.as_ref().map_or(0, Queue::len));
            state.total -= queue.as_ref().map_or(0, Queue::len);
            state.octets -= queue.as_ref().map_or(0, Queue::octets);
            self.changed(&state);
            queue
        };
        let Some(queue) = queue else { return Vec::new() };
        queue.abort.abort();
        let in_hand = queue.in_hand.iter().map(|item| item.id);
        in_hand.chain(queue.waiting.iter().map(|item| item.notification.id)).collect()
    }

    /// Drops one of a queue. If the task has it in hand it is cut off, and `spawn` starts another one for the rest.
    pub fn take(
        &self,
        key: &str,
        id: Uuid,
        counter: &AtomicU64,
        spawn: impl FnOnce(Arc<str>, TaskId) -> AbortHandle,
    ) -> bool {
        let mut state = self.state();
        let task = state.last + 1;
        let Some(queue) = state.queues.get_mut(key) else { return false };
        let (mut cut_off, mut dropped) = (None, None);
        let octets = if let Some(item) = queue.in_hand.take_if(|item| item.id == id) {
            queue.task = task;
            // Where nothing waits it ends at once, and the queue with it.
            cut_off = Some(mem::replace(&mut queue.abort, spawn(Arc::from(key), task)));
            state.last = task;
            item.octets
        } else {
            let at = queue.waiting.iter().position(|item| item.notification.id == id);
            dropped = at.and_then(|at| queue.waiting.remove(at));
            let Some(item) = &dropped else { return false };
            item.octets()
        };
        state.total -= 1;
        state.octets -= octets;
        count(counter);
        drop(state);
        drop(dropped);
        if let Some(task) = cut_off {
            task.abort();
        }
        true
    }

    /// An attempt begins.
    pub fn attempted(&self, key: &str, task: TaskId) {
        let mut state = self.state();
        let queue = state.queues.get_mut(key).filter(|queue| queue.task == task);
        if let Some(item) = queue.and_then(|queue| queue.in_hand.as_mut()) {
            item.attempts += 1;
        }
    }

    /// Attempts at one of a queue.
    pub fn attempts(&self, key: &str, id: Uuid) -> Option<u64> {
        let state = self.state();
        let queue = state.queues.get(key)?;
        match queue.in_hand.filter(|item| item.id == id) {
            Some(item) => Some(item.attempts),
            None => queue.waiting.iter().any(|item| item.notification.id == id).then_some(0),
        }
    }

    /// Age of the oldest one. The first of a queue is its oldest, but for what was put there anew.
    pub fn oldest(&self) -> Option<Duration> {
        let state = self.state();
        let first = |queue: &Queue| match queue.in_hand {
            Some(item) => Some(item.age + item.since.elapsed()),
            None => queue.waiting.front().map(Item::age),
        };
        state.queues.values().filter_map(first).max()
    }

    /// Takes no more.
    pub fn close(&self) {
        self.state().closed = true;
    }

    /// Done when there is no queue.
    pub async fn idle(&self) {
        // The sender is this struct: waiting cannot fail.
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }

    /// Drops every queue and cuts off every task; what was in them is counted.
    pub fn clear(&self, counter: &AtomicU64) {
        let keys: Vec<_> = self.state().queues.keys().cloned().collect();
        for key in keys {
            self.remove(&key, None, counter);
        }
    }

    fn changed(&self, state: &State) {
        self.running.send_replace(state.queues.len());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
