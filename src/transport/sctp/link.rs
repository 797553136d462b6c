//! Diameter over one association (RFC 6733 §2.1.1): whole messages in and out, and how its paths are doing.
//!
//! Streams: what belongs to a session stays on one of those above 0, everything else is on 0 ([`Lane`]).

use std::{
    io,
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use tokio::io::{Interest, unix::AsyncFd};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    super::{Link, PathStatus, Paths, RecvError, RecvMessage, SendMessage},
    layout::PPID_DIAMETER,
    notifications::{AssociationChange, Counters, Notification},
    socket::Socket,
};
use crate::{
    BoxFuture,
    peer::Lane,
    wire::{Header, MAX_MESSAGE, MessageBuf, WireError},
};

/// Room for one call: most messages are far shorter, and longer ones come in parts. Octets.
const ROOM: usize = 64 * 1024;

/// What both halves of a link share.
#[derive(Debug)]
struct Association {
    socket: AsyncFd<Socket>,
    /// Messages that came in, as far as that matters.
    received: AtomicU32,
}

impl Association {
    fn count(&self) {
        if self.received.load(Ordering::Relaxed) < Lane::COUNTED {
            self.received.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// An association that is up, as a link. `remote`: whose, for the log.
pub(super) fn link(
    socket: AsyncFd<Socket>,
    lane: Lane,
    remote: String,
    counters: &Arc<Counters>,
) -> io::Result<Link> {
    let streams = socket.get_ref().status()?.streams;
    let local = socket.get_ref().local_addresses()?;
    let association = Arc::new(Association { socket, received: AtomicU32::new(0) });
    let paths = LivePaths(Arc::downgrade(&association));
    let rx = Receiver {
        association: association.clone(),
        remote,
        counters: counters.clone(),
        room: vec![0; ROOM].into(),
        message: BytesMut::new(),
        in_notification: false,
        lost: false,
        odd_ppid: false,
    };
    let tx = Sender { association, streams, lane };
    Ok(Link { rx: Box::new(rx), tx: Box::new(tx), local, certified: None, paths: Some(Arc::new(paths)) })
}

struct Receiver {
    association: Arc<Association>,
    remote: String,
    counters: Arc<Counters>,
    room: Box<[u8]>,
    /// What came of a message so far.
    message: BytesMut,
    /// Whether a notification goes on, of which only the beginning is of interest.
    in_notification: bool,
    /// Something came in that is no message: nothing that follows is of interest.
    lost: bool,
    /// Whether it was said that another PPID comes in.
    odd_ppid: bool,
}

impl RecvMessage for Receiver {
    fn recv<'a>(&'a mut self, into: &'a mut Vec<MessageBuf>) -> BoxFuture<'a, Result<(), RecvError>> {
        Box::pin(async move {
            loop {
                let room = &mut self.room;
                let socket = &self.association.socket;
                let received = socket.async_io(Interest::READABLE, |socket| socket.receive(room));
                let (part, ppid) = received.await?;
                if part.is_notification {
                    let begins = !std::mem::replace(&mut self.in_notification, !part.is_last);
                    if begins {
                        self.notified(part.octets)?;
                    }
                    continue;
                }
                if part.octets == 0 {
                    return Err(RecvError::Ended);
                }
                if self.lost {
                    continue;
                }
                if self.message.is_empty() {
                    self.look_at(ppid);
                }
                self.message.extend_from_slice(self.room.get(..part.octets).unwrap_or_default());
                if self.message.len() > MAX_MESSAGE {
                    let found = u32::try_from(self.message.len()).unwrap_or(u32::MAX);
                    let begun = self.message.split();
                    return Err(self.bad(WireError::MessageLength { found }, &begun));
                }
                if part.is_last {
                    let whole = self.message.split().freeze();
                    match MessageBuf::from_bytes(whole.clone()) {
                        Ok(message) => into.push(message),
                        Err(error) => return Err(self.bad(error, &whole)),
                    }
                    self.association.count();
                    return Ok(());
                }
            }
        })
    }
}

impl Receiver {
    /// Takes note of what the kernel tells, and of what is over with it.
    fn notified(&mut self, octets: usize) -> Result<(), RecvError> {
        let notification = Notification::read(self.room.get(..octets).unwrap_or_default());
        notification.note(&self.counters, &self.remote);
        match notification {
            // The rest of it does not come.
            Notification::PartialDeliveryAborted => self.message.clear(),
            // Whoever ended it in order sees nothing else of its end.
            Notification::Association(AssociationChange::ShutDown) => return Err(RecvError::Ended),
            // Nor does a reader when a writer was told first.
            Notification::Association(AssociationChange::Lost) => {
                let told = self.association.socket.get_ref().take_error();
                let lost = || io::Error::new(io::ErrorKind::ConnectionReset, "the association is lost");
                return Err(told.err().unwrap_or_else(lost).into());
            }
            // Whoever is there now has never seen our CER or CEA.
            Notification::Association(AssociationChange::Restarted) => {
                let text = "the other side forgot the association and began it anew";
                return Err(io::Error::new(io::ErrorKind::ConnectionReset, text).into());
            }
            _ => {}
        }
        Ok(())
    }

    /// What is well formed is taken under any PPID; the first that is not Diameter's is told.
    fn look_at(&mut self, ppid: Option<u32>) {
        let Some(ppid) = ppid.filter(|ppid| *ppid != PPID_DIAMETER) else { return };
        if !std::mem::replace(&mut self.odd_ppid, true) {
            let remote = &self.remote;
            tracing::warn!(
                %remote, ppid,
                "messages do not have the PPID of Diameter, {PPID_DIAMETER}; taken as Diameter nevertheless"
            );
        }
    }

    /// Gives up; the header goes into the answer that says why.
    fn bad(&mut self, error: WireError, found: &[u8]) -> RecvError {
        self.lost = true;
        RecvError::Bad { error, header: Header::parse(found).ok() }
    }
}

struct Sender {
    association: Arc<Association>,
    /// Streams that we may send on.
    streams: u16,
    lane: Lane,
}

impl SendMessage for Sender {
    fn send<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            for message in messages {
                let stream = self.stream(message);
                let socket = &self.association.socket;
                socket.async_io(Interest::WRITABLE, |socket| socket.send(message, stream)).await?;
            }
            Ok(())
        })
    }

    fn finish(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async { self.association.socket.get_ref().shut_down() })
    }
}

impl Sender {
    fn stream(&mut self, message: &[u8]) -> u16 {
        let received = self.association.received.load(Ordering::Relaxed);
        self.lane.of(message, received).map_or(0, |session| stream_of(session, self.streams))
    }
}

/// The stream of a session: one of those above 0, if there are any.
fn stream_of(session: &[u8], streams: u16) -> u16 {
    let Some(others) = streams.checked_sub(1).filter(|others| *others > 0) else { return 0 };
    let chosen = xxh3_64(session) % u64::from(others);
    // Less than a u16.
    1 + chosen as u16
}

/// The paths of an association, while it is there; does not keep it.
#[derive(Debug)]
struct LivePaths(Weak<Association>);

impl Paths for LivePaths {
    fn paths(&self) -> Vec<PathStatus> {
        let Some(association) = self.0.upgrade() else { return Vec::new() };
        let socket = association.socket.get_ref();
        // It may end at any moment.
        let primary = socket.status().map(|status| status.primary).ok();
        let addresses = socket.remote_addresses().unwrap_or_default();
        let paths = addresses.iter().filter_map(|address| {
            let path = socket.path(address).ok()?;
            Some(PathStatus {
                address: address.ip(),
                state: path.state,
                primary: primary == Some(*address),
                round_trip: path.round_trip,
                timeout: path.timeout,
            })
        });
        paths.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_stays_on_one_stream_above_0() {
        let mut seen = [false; 16];
        for number in 0..1000 {
            let session = format!("af.rx.test;1;{number}");
            let stream = stream_of(session.as_bytes(), 16);
            assert_eq!(stream, stream_of(session.as_bytes(), 16));
            seen[usize::from(stream)] = true;
        }
        assert!(!seen[0] && seen[1..].iter().all(|seen| *seen), "{seen:?}");
        assert_eq!(stream_of(b"af.rx.test;1;1", 2), 1);
        assert_eq!((stream_of(b"af.rx.test;1;1", 1), stream_of(b"af.rx.test;1;1", 0)), (0, 0));
    }
}
