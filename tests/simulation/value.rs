//! A value that is waited for. Those who wait go on in the order in which they came: with tokio's `watch` that is
//! chance.

use std::sync::Mutex;

use tokio::sync::Notify;

#[derive(Debug)]
pub struct Value<T> {
    now: Mutex<T>,
    changed: Notify,
}

impl<T: Copy + PartialEq> Value<T> {
    pub fn new(value: T) -> Self {
        Self { now: Mutex::new(value), changed: Notify::new() }
    }

    pub fn get(&self) -> T {
        *self.now.lock().unwrap()
    }

    /// Returns what it was before.
    pub fn set(&self, value: T) -> T {
        let before = std::mem::replace(&mut *self.now.lock().unwrap(), value);
        self.changed.notify_waiters();
        before
    }

    /// Waits until it is this.
    pub async fn becomes(&self, value: T) {
        loop {
            let changed = self.changed.notified();
            if self.get() == value {
                return;
            }
            changed.await;
        }
    }
}
