//! Connections that peers make, up to the first message on them (RFC 6733 §5.6: R-Conn-CER).
//!
//! Whoever connects is nobody until that message says who: how many of them there are and how long each may
//! take is bounded.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{Link, driver::Input, tcp};
use crate::wire::MessageBuf;

/// Wait after the system refused to accept a connection, for want of file descriptors perhaps.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A connection on which the first message came in.
pub(super) struct Newcomer {
    pub link: Link,
    pub remote: SocketAddr,
    /// The first message.
    pub first: MessageBuf,
    /// What came along with it.
    pub rest: Vec<MessageBuf>,
    /// Its place among those without a name.
    pub place: OwnedSemaphorePermit,
}

/// Accepts connections for ever.
pub(super) async fn run(
    listener: TcpListener,
    inputs: mpsc::Sender<Input>,
    places: Arc<Semaphore>,
    patience: Duration,
) {
    let mut waiting = JoinSet::new();
    loop {
        let (stream, remote) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        while waiting.try_join_next().is_some() {}
        match places.clone().try_acquire_owned() {
            Ok(place) => _ = waiting.spawn(first_message(stream, remote, inputs.clone(), place, patience)),
            Err(_) => tracing::warn!(%remote, "too many connections without a CER: closed"),
        }
    }
}

async fn first_message(
    stream: TcpStream,
    remote: SocketAddr,
    inputs: mpsc::Sender<Input>,
    place: OwnedSemaphorePermit,
    patience: Duration,
) {
    let mut link = match tcp::link(stream) {
        Ok(link) => link,
        Err(error) => return tracing::warn!(%remote, %error, "connection closed"),
    };
    let mut messages = Vec::new();
    match timeout(patience, link.rx.recv(&mut messages)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return tracing::warn!(%remote, %error, "connection closed before a CER"),
        Err(_) => return tracing::warn!(%remote, "no CER in {patience:?}: connection closed"),
    }
    let mut messages = messages.into_iter();
    if let Some(first) = messages.next() {
        let newcomer = Newcomer { link, remote, first, rest: messages.collect(), place };
        // Refused only when the driver is gone.
        _ = inputs.send(Input::Accepted(newcomer)).await;
    }
}
