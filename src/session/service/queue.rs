//! Whose turn it is to modify a session: one caller at a time, in the order in which they came.

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::session::QosSessionId;

type Waiting = DashMap<QosSessionId, Arc<Mutex<()>>>;

/// The queues of the sessions that somebody wants to modify.
///
/// They are there for order and speed: what keeps two modifications apart is what is stored.
#[derive(Debug, Default)]
pub(super) struct Queues(Arc<Waiting>);

impl Queues {
    /// Waits for the turn.
    pub async fn wait(&self, id: &QosSessionId) -> Turn {
        let queue = Arc::clone(&self.0.entry(id.clone()).or_default());
        let mut turn = Turn { queues: Arc::clone(&self.0), id: id.clone(), held: None };
        turn.held = Some(queue.lock_owned().await);
        turn
    }

    /// Sessions with a queue.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.len()
    }
}

/// The turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    queues: Arc<Waiting>,
    id: QosSessionId,
    held: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.held = None;
        // Whoever waits has a share of it; who comes only now takes it under the same lock.
        self.queues.remove_if(&self.id, |_, queue| Arc::strong_count(queue) == 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_come_in_order_and_leave_nothing() {
        let queues = Queues::default();
        let (one, other) = (QosSessionId::from("one"), QosSessionId::from("other"));
        let first = queues.wait(&one).await;
        let _other = queues.wait(&other).await;
        let mut second = Box::pin(queues.wait(&one));
        let mut third = Box::pin(queues.wait(&one));
        let mut gone = Box::pin(queues.wait(&one));
        for waiting in [&mut second, &mut gone, &mut third] {
            assert!(poll(waiting).is_none());
        }
        drop((first, gone));
        assert!(poll(&mut third).is_none());
        let second = poll(&mut second).unwrap();
        drop(second);
        drop(poll(&mut third).unwrap());
        assert_eq!(queues.len(), 1);
    }

    fn poll<T>(waiting: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(waiting).poll(&mut context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }
}
