//! The gateway's process as the world sees it: what it does through its ports, until it is killed.
//!
//! Tasks cannot be killed between two of their steps from outside, and need not be: a dead process is one whose
//! stores, sockets and clients never answer any more. What its tasks still compute reaches nobody.

use crate::value::Value;

/// One life of the gateway.
#[derive(Debug)]
pub struct Process {
    /// Counts the lives.
    pub number: u64,
    dead: Value<bool>,
}

impl Process {
    pub fn new(number: u64) -> Self {
        Self { number, dead: Value::new(false) }
    }

    pub fn is_dead(&self) -> bool {
        self.dead.get()
    }

    /// Returns whether it was alive.
    pub fn kill(&self) -> bool {
        !self.dead.set(true)
    }

    pub async fn died(&self) {
        self.dead.becomes(true).await;
    }

    /// Where a dead process stops.
    pub async fn alive(&self) {
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }
}
