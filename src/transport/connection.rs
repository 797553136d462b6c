//! One task for each connection: what comes in goes to the driver, what the driver queued goes out.

use std::{
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::mpsc, time::timeout};

use super::{Link, RecvError, RecvMessage, SendMessage, driver::Input};
use crate::{Held, peer::ConnectionId};

/// Most messages that wait to be sent on one connection.
const MAX_QUEUED: usize = 8192;

/// Most octets that wait to be sent on one connection.
const MAX_QUEUED_OCTETS: usize = 8 << 20;

/// Most messages in one write.
const BATCH: usize = 64;

/// Longest wait for the other side to close too: closing before it has read what was sent last may destroy
/// that.
const LINGER: Duration = Duration::from_secs(1);

/// The driver's end of a connection. Dropped: what is queued is sent, then the connection ends.
pub(super) struct Outbox {
    queue: mpsc::Sender<Item>,
    octets: Arc<AtomicUsize>,
}

/// The connection's end of an [`Outbox`].
pub(super) struct Queue {
    queue: mpsc::Receiver<Item>,
    octets: Arc<AtomicUsize>,
}

/// What waits in the queue.
enum Item {
    Message(Bytes),
    /// To be dropped once everything before it is written.
    Held(Held),
}

/// The bounded queue of one connection.
pub(super) fn outbox() -> (Outbox, Queue) {
    let (sender, receiver) = mpsc::channel(MAX_QUEUED);
    let octets = Arc::new(AtomicUsize::new(0));
    (Outbox { queue: sender, octets: octets.clone() }, Queue { queue: receiver, octets })
}

impl Outbox {
    /// Queues a message. The error says why the connection should be given up.
    pub fn push(&self, message: Bytes) -> Result<(), String> {
        let length = message.len();
        let queued = self.octets.fetch_add(length, Ordering::Relaxed) + length;
        if queued > MAX_QUEUED_OCTETS {
            return Err(format!("it does not read what it is sent: {queued} octets wait"));
        }
        self.queue.try_send(Item::Message(message)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                format!("it does not read what it is sent: {MAX_QUEUED} messages wait")
            }
            mpsc::error::TrySendError::Closed(_) => "closed".into(),
        })
    }

    /// Drops it once everything that is queued is written, or cannot be.
    pub fn release(&self, held: Held) {
        // With no place for it, it is dropped now: the connection is about to be given up.
        _ = self.queue.try_send(Item::Held(held));
    }
}

/// Runs a connection until it ends; then tells the driver, unless it was the driver that wanted it.
pub(super) async fn run(
    id: ConnectionId,
    link: Link,
    queue: Queue,
    inputs: mpsc::Sender<Input>,
    write_timeout: Duration,
) {
    let Link { mut rx, mut tx, .. } = link;
    let mut writing = pin!(write(&mut *tx, queue, write_timeout));
    let written = tokio::select! {
        // Writing first: an answer should not wait for the next request.
        biased;
        written = &mut writing => written,
        input = read(id, &mut *rx, &inputs) => {
            let may_answer = matches!(input, Input::Bad { .. });
            // An error means that the driver is gone, and with it the need to tell it.
            if inputs.send(input).await.is_err() || !may_answer {
                return;
            }
            writing.await
        }
    };
    match written {
        Ok(()) => linger(&mut *rx).await,
        Err(error) => {
            _ = inputs.send(Input::Disconnected { connection: id, reason: error.to_string() }).await;
        }
    }
}

/// Sends what is queued, then that nothing more comes.
async fn write(tx: &mut dyn SendMessage, mut queue: Queue, write_timeout: Duration) -> io::Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    let late = |_| {
        let text = format!("it does not read what it is sent: nothing was taken in {write_timeout:?}");
        io::Error::new(io::ErrorKind::TimedOut, text)
    };
    let (mut messages, mut held) = (Vec::with_capacity(BATCH), Vec::new());
    while queue.queue.recv_many(&mut batch, BATCH).await > 0 {
        for item in batch.drain(..) {
            match item {
                Item::Message(message) => messages.push(message),
                Item::Held(this) => held.push(this),
            }
        }
        if !messages.is_empty() {
            timeout(write_timeout, tx.send(&messages)).await.map_err(late)??;
            let sent: usize = messages.iter().map(Bytes::len).sum();
            queue.octets.fetch_sub(sent, Ordering::Relaxed);
            messages.clear();
        }
        held.clear();
    }
    timeout(write_timeout, tx.finish()).await.map_err(late)?
}

/// Hands on what comes in; waits when the driver has too much to do already, and the peer then waits too.
async fn read(id: ConnectionId, rx: &mut dyn RecvMessage, inputs: &mpsc::Sender<Input>) -> Input {
    loop {
        let mut messages = Vec::new();
        match rx.recv(&mut messages).await {
            Ok(()) => {
                if inputs.send(Input::Received { connection: id, messages }).await.is_err() {
                    return Input::Disconnected { connection: id, reason: "the driver is gone".into() };
                }
            }
            Err(RecvError::Bad { error, header }) => return Input::Bad { connection: id, error, header },
            Err(error) => return Input::Disconnected { connection: id, reason: error.to_string() },
        }
    }
}

/// Reads what still comes, of no interest to anybody, until the other side closes.
pub(super) async fn linger(rx: &mut dyn RecvMessage) {
    let drain = async {
        let mut ignored = Vec::new();
        while rx.recv(&mut ignored).await.is_ok() {
            ignored.clear();
        }
    };
    _ = timeout(LINGER, drain).await;
}
