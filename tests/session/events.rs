//! What the core tells of its sessions, as a channel to read from.

use std::sync::Arc;

use rxgate::{
    BoxFuture,
    session::{
        QosEvent, Sessions,
        ports::{EventSink, Letter},
    },
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct Channel(UnboundedSender<Arc<QosEvent>>);

impl EventSink for Channel {
    fn emit(&self, event: Arc<QosEvent>, _: Vec<Letter>, _release: BoxFuture<'static, ()>) {
        // A test that is over listens no more.
        let _ = self.0.send(event);
    }
}

/// Everything that happens to sessions from now on.
pub fn listen(sessions: &Sessions) -> UnboundedReceiver<Arc<QosEvent>> {
    let (sender, events) = unbounded_channel();
    sessions.deliver_to(Arc::new(Channel(sender)));
    events
}
