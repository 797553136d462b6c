//! What a server says about one session, in the order in which it said it.
//!
//! Each request is handled by a task of its own, and tasks overtake each other: a bearer that was lost and came
//! back would be lost in the end.

use std::sync::Arc;

use dashmap::DashMap;
use tokio::sync::watch;

use crate::{BoxFuture, Held};

/// The last request in hand of each session: its sender goes when it has been handled.
#[derive(Debug, Default)]
pub(super) struct Turns(Arc<DashMap<String, watch::Receiver<()>>>);

/// A request in hand, or one that waits for that.
struct Turn {
    last: Arc<DashMap<String, watch::Receiver<()>>>,
    session: String,
    mine: watch::Receiver<()>,
    _hold: watch::Sender<()>,
}

impl Turns {
    /// Takes the next turn of a session, at once. It has come when the future is done, and is over when what that
    /// returns is dropped; a future that is dropped gives it up.
    pub fn next(&self, session: &str) -> BoxFuture<'static, Held> {
        let (hold, mine) = watch::channel(());
        let before = self.0.insert(session.to_owned(), mine.clone());
        let turn = Turn { last: Arc::clone(&self.0), session: session.to_owned(), mine, _hold: hold };
        Box::pin(async move {
            if let Some(mut before) = before {
                // Nothing is ever sent: what is waited for is that the sender goes.
                _ = before.changed().await;
            }
            Box::new(turn) as Held
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.last.remove_if(&self.session, |_, last| last.same_channel(&self.mine));
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    fn has_come(turn: &mut BoxFuture<'static, Held>) -> Option<Held> {
        match turn.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(held) => Some(held),
            std::task::Poll::Pending => None,
        }
    }

    #[test]
    fn turns_come_in_the_order_in_which_they_were_taken() {
        let turns = Turns::default();
        let [mut first, mut second, mut third] = [(); 3].map(|()| turns.next("a"));
        let mut other = turns.next("b");
        assert!(has_come(&mut third).is_none() && has_come(&mut second).is_none());
        assert!(has_come(&mut other).is_some());
        let held = has_come(&mut first).unwrap();
        assert!(has_come(&mut second).is_none());
        drop(held);
        assert!(has_come(&mut third).is_none());
        drop(has_come(&mut second).unwrap());
        assert_eq!(turns.0.len(), 1, "that of b is over");
        drop(has_come(&mut third).unwrap());
        assert_eq!(turns.0.len(), 0);
    }

    #[test]
    fn a_turn_that_is_given_up_holds_nobody() {
        let turns = Turns::default();
        let [first, mut second] = [(); 2].map(|()| turns.next("a"));
        drop(first);
        drop(has_come(&mut second).unwrap());
        assert_eq!(turns.0.len(), 0);
    }
}
