//! Connections that peers make, up to the first message on them (RFC 6733 §5.6: R-Conn-CER).
//!
//! Whoever connects is nobody until that message says who: how many of them there are and how long each may
//! take is bounded. If there are too many, the one that came first makes room: a peer says who it is at once,
//! and connections that say nothing must not keep it out.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Accept, Arriving, Link, PeerAddress, RecvError, Transport, driver::Input};
use crate::{peer::Arrival, wire::MessageBuf};

/// Wait after the system refused to accept a connection, for want of file descriptors perhaps.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The places for connections without a name.
#[derive(Clone)]
pub(super) struct Places {
    most: usize,
    /// Oldest first; closed once their connection does not need them any more.
    taken: Arc<Mutex<VecDeque<oneshot::Sender<Infallible>>>>,
}

impl Places {
    /// So many of them, at least one.
    pub fn new(most: usize) -> Self {
        Self { most: most.max(1), taken: Arc::default() }
    }

    /// A place; without a free one, that of the connection that has had its own for longest.
    fn take(&self) -> Place {
        let (given, place) = oneshot::channel();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|place| !place.is_closed());
        if taken.len() >= self.most {
            tracing::warn!("too many connections without a CER: the oldest is closed");
            taken.pop_front();
        }
        taken.push_back(given);
        Place(place)
    }
}

/// A place for a connection without a name. Dropped: free for another one.
pub(super) struct Place(oneshot::Receiver<Infallible>);

impl Place {
    /// Waits until it is given to another connection.
    pub async fn lost(&mut self) {
        // Nothing is ever sent: what is waited for is that the sender goes.
        _ = (&mut self.0).await;
    }
}

/// A connection on which the first message came in.
pub(super) struct Newcomer {
    pub link: Link,
    /// Who made it, as far as that is known.
    pub arrival: Arrival,
    /// The first message.
    pub first: MessageBuf,
    /// What came along with it.
    pub rest: Vec<MessageBuf>,
    /// Its place among those without a name.
    pub place: Place,
}

/// Accepts connections for ever.
pub(super) async fn run(
    transport: Transport,
    mut listener: Box<dyn Accept>,
    inputs: mpsc::Sender<Input>,
    places: Places,
    patience: Duration,
) {
    let mut waiting = JoinSet::new();
    loop {
        let (arriving, remote) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        while waiting.try_join_next().is_some() {}
        let at = (transport, remote);
        waiting.spawn(first_message(arriving, at, inputs.clone(), places.take(), patience));
    }
}

async fn first_message(
    arriving: Arriving,
    (transport, remote): (Transport, SocketAddr),
    inputs: mpsc::Sender<Input>,
    mut place: Place,
    patience: Duration,
) {
    let first = async {
        let (mut link, mut messages) = (arriving.link().await?, Vec::new());
        link.rx.recv(&mut messages).await?;
        Ok::<_, RecvError>((link, messages))
    };
    let received = tokio::select! {
        biased;
        received = timeout(patience, first) => received,
        () = place.lost() => return tracing::debug!(%remote, "no CER so far: connection closed"),
    };
    let (link, messages) = match received {
        Ok(Ok(received)) => received,
        Ok(Err(error)) => return tracing::warn!(%remote, %error, "connection closed before a CER"),
        Err(_) => return tracing::warn!(%remote, "no CER in {patience:?}: connection closed"),
    };
    let mut messages = messages.into_iter();
    if let Some(first) = messages.next() {
        // An association has come from all of its addresses.
        let paths = link.paths.as_ref().map(|paths| paths.paths()).unwrap_or_default();
        let more = paths.into_iter().map(|path| path.address).filter(|ip| *ip != remote.ip()).collect();
        let from = PeerAddress { transport, at: remote.to_string(), more };
        let arrival = Arrival { from, certified: link.certified.clone() };
        let newcomer = Newcomer { link, arrival, first, rest: messages.collect(), place };
        // Refused only when the driver is gone.
        _ = inputs.send(Input::Accepted(newcomer)).await;
    }
}
