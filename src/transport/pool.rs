//! The handle through which everybody above talks to the peers.

use std::{
    hash::{BuildHasher, RandomState},
    io,
    net::SocketAddr,
    sync::{Arc, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::{
    Connect, Listen, ListenOn, PathStatus, Transports,
    control::Control,
    driver::{Driver, Input, Known, Parts, Snapshot, wall},
    listener::{self, Places},
    now,
};
use crate::{
    BoxFuture, Held,
    metrics::Gauge,
    peer::{
        Answered, DisconnectCause, LocalNode, Node, NodeConfig, NodePeer, NodeStatus, OutgoingRequest,
        PeerCounts, PeerEvent, RequestError, WatchdogState,
    },
    wire::MessageBuf,
};

/// Most inputs that wait for the driver; whoever has more waits.
const MAX_INPUTS: usize = 4096;

/// What a [`Pool`] needs to know.
#[derive(Clone)]
pub struct PoolConfig {
    /// This node, its peers, timers and limits.
    pub node: NodeConfig,
    /// Where to accept connections; port 0 takes a free one, see [`Pool::local_addresses`].
    pub listen: Vec<ListenOn>,
    /// How connections are made; by default whatever their addresses name.
    pub connect: Arc<dyn Connect>,
    /// How connections are accepted; by default whatever their addresses name.
    pub accept: Arc<dyn Listen>,
    /// Longest time in which a peer must take something of what it is sent; default 10 s.
    pub write_timeout: Duration,
    /// Longest wait for the first message on an accepted connection; default 10 s.
    pub first_message_timeout: Duration,
    /// Most accepted connections that nobody has a name for; default 64. With another one the oldest is closed.
    pub max_unidentified: usize,
    /// Decides about chance, such as jitter and first identifiers; default another one each time.
    pub seed: u64,
}

impl PoolConfig {
    /// A node without peers and listeners, with the defaults above.
    pub fn new(local: LocalNode) -> Self {
        Self {
            node: NodeConfig::new(local, SystemTime::now()),
            listen: Vec::new(),
            connect: Arc::new(Transports::default()),
            accept: Arc::new(Transports::default()),
            write_timeout: Duration::from_secs(10),
            first_message_timeout: Duration::from_secs(10),
            max_unidentified: 64,
            // The hasher of the standard library is seeded from the system's chance.
            seed: RandomState::new().hash_one(SystemTime::now()),
        }
    }
}

/// What a handler did with a request.
#[derive(Default)]
pub struct Handled {
    /// The answer; `None`: none is sent.
    pub answer: Option<MessageBuf>,
    /// Dropped once the answer stands before everything that is sent from then on.
    pub held: Option<Held>,
}

impl From<Option<MessageBuf>> for Handled {
    fn from(answer: Option<MessageBuf>) -> Self {
        Self { answer, held: None }
    }
}

/// What comes from the peers without having been asked for.
pub trait RequestHandler: Send + Sync + 'static {
    /// Handles a request of an application and a command that are ours; its identifiers are filled into the
    /// answer by the pool.
    ///
    /// Copies of a request that a failover brought are answered by the pool and do not come here.
    fn handle(&self, peer: Arc<str>, request: MessageBuf) -> BoxFuture<'_, Handled>;

    /// The turn of a request among those that are handled one after the other: it is awaited before
    /// [`handle`](Self::handle), and what it returns is dropped afterwards. `None`: it waits for no other.
    ///
    /// Asked in the order in which the requests came, by the task that runs all connections: must not block.
    fn turn(&self, _request: &MessageBuf) -> Option<BoxFuture<'static, Held>> {
        None
    }

    /// An answer that came after the outcome of its request, or that nobody waited for any more.
    ///
    /// Called by the task that runs all connections: must not block. So is [`peer_event`](Self::peer_event).
    fn late_answer(&self, peer: Arc<str>, answer: MessageBuf);

    /// News of a peer.
    fn peer_event(&self, event: PeerEvent);
}

/// How a peer is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// Origin-Host.
    pub host: String,
    /// `host:port`; of a peer that is not configured, where it connected from.
    pub address: String,
    /// What carries Diameter: `tcp`, `tls`, `sctp`.
    pub transport: &'static str,
    /// State of RFC 6733 §5.6, with that of the watchdog (RFC 3539) while it is open: `I-Open (OKAY)`.
    pub state: String,
    /// Whether it is connected, and capabilities were exchanged.
    pub connected: bool,
    /// Whether requests can be sent: connected, and the watchdog trusts it.
    pub open: bool,
    /// Whether it was [disconnected](Pool::disconnect) and stays so until somebody connects it.
    pub held: bool,
    /// Whether it is an agent: takes requests for other hosts. Known once it has been open.
    pub relay: bool,
    /// Since when it is in this state.
    pub since: SystemTime,
    /// Why it cannot be used, and what to do about it; `None` while it can.
    pub reason: Option<String>,
    /// What went over its connections.
    pub counts: PeerCounts,
    /// The paths of its association, if it is connected over SCTP.
    pub paths: Vec<PathStatus>,
}

/// The peers: requests go out, outcomes come back. Cheap to clone.
///
/// When the last clone is dropped every connection breaks off; [`shut_down`](Self::shut_down) says goodbye.
#[derive(Clone)]
pub struct Pool {
    inputs: mpsc::Sender<Input>,
    control: mpsc::UnboundedSender<Control>,
    snapshot: Snapshot,
    /// Requests without an outcome.
    pub(super) pending: Arc<Gauge>,
    listening: Arc<[SocketAddr]>,
}

impl Pool {
    /// Starts to listen and to dial. Fails only if an address cannot be listened on.
    pub async fn start(config: PoolConfig, handler: Arc<dyn RequestHandler>) -> io::Result<Self> {
        let PoolConfig {
            node,
            listen,
            connect,
            accept,
            write_timeout,
            first_message_timeout,
            max_unidentified,
            seed,
        } = config;
        let mut bound = Vec::new();
        for on in listen {
            let listener = accept.listen(&on).await;
            let listener = listener
                .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {on}: {error}")))?;
            bound.push((on.transport, listener));
        }
        let listening = bound.iter().map(|(_, listener)| listener.local_addr()).collect::<io::Result<_>>()?;
        let (inputs, input) = mpsc::channel(MAX_INPUTS);
        let (control, controlled) = mpsc::unbounded_channel();
        let places = Places::new(max_unidentified);
        let mut listeners = JoinSet::new();
        for (transport, listener) in bound {
            let (inputs, places) = (inputs.clone(), places.clone());
            listeners.spawn(listener::run(transport, listener, inputs, places, first_message_timeout));
        }
        let node = Node::new(node, seed, now());
        let snapshot = Snapshot::default();
        let pool = Self {
            inputs: inputs.clone(),
            control,
            snapshot: snapshot.clone(),
            pending: Arc::default(),
            listening,
        };
        let driver = Driver::new(Parts {
            node,
            connect,
            handler,
            inputs: input,
            reports: inputs,
            control: controlled,
            listeners,
            snapshot,
            write_timeout,
        });
        driver.show();
        tokio::spawn(driver.run());
        Ok(pool)
    }

    /// Sends a request to whichever peer can take it. One outcome, within the time it was given.
    ///
    /// The request goes on if this future is dropped; its answer is then reported as a late one.
    pub async fn request(&self, request: OutgoingRequest) -> Result<Answered, RequestError> {
        let (outcome, result) = oneshot::channel();
        let _pending = Pending::new(&self.pending);
        let input = Input::Request { request, outcome };
        self.inputs.send(input).await.map_err(|_| RequestError::ShuttingDown)?;
        result.await.unwrap_or(Err(RequestError::ShuttingDown))
    }

    /// How every peer is doing.
    pub fn peers(&self) -> Vec<PeerStatus> {
        // Asking for the paths asks the system: not while others wait.
        self.known().iter().map(PeerStatus::from).collect()
    }

    /// The peers as they are shown, and what is counted of them.
    pub(super) fn known(&self) -> Vec<Known> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<&Known> for PeerStatus {
    fn from(Known { status, paths }: &Known) -> Self {
        let NodeStatus { peer: _, host, address, is_relay, status, counters } = status;
        let open = status.state.is_open() && status.watchdog == WatchdogState::Okay;
        Self {
            host: host.to_string(),
            address: address.at.clone(),
            transport: address.transport.name(),
            state: match status.state.is_open() {
                true => format!("{} ({})", status.state, status.watchdog),
                false => status.state.to_string(),
            },
            connected: status.state.is_open(),
            open,
            held: status.held,
            relay: *is_relay,
            since: wall(status.since),
            reason: (!open).then(|| status.reason.clone()),
            counts: counters.read(),
            paths: paths.as_ref().map(|paths| paths.paths()).unwrap_or_default(),
        }
    }
}

impl Pool {
    /// Where connections are accepted.
    pub fn local_addresses(&self) -> Vec<SocketAddr> {
        self.listening.to_vec()
    }

    /// Connects a peer now, also one that was disconnected on purpose; returns when the dial has begun.
    /// `false`: there is no such peer, or everything is over.
    pub async fn connect(&self, host: &str) -> bool {
        let (done, known) = oneshot::channel();
        // Refused only after the end, as is the answer.
        _ = self.control.send(Control::Connect { host: host.to_owned(), done });
        known.await.unwrap_or(false)
    }

    /// Says goodbye to a peer and leaves it disconnected until [`connect`](Self::connect), whoever dials; returns
    /// when the DPR is on its way. `false`: there is no such peer, or everything is over.
    ///
    /// Requests that wait there go to other peers. `reason` is what whoever misses the peer is told.
    pub async fn disconnect(&self, host: &str, cause: DisconnectCause, reason: &str) -> bool {
        let (done, known) = oneshot::channel();
        let (host, reason) = (host.to_owned(), reason.to_owned());
        _ = self.control.send(Control::Disconnect { host, cause, reason, done });
        known.await.unwrap_or(false)
    }

    /// Waits until the task that runs all connections has dealt with everything before this. `false`: it is gone.
    pub async fn answers(&self) -> bool {
        let (done, answered) = oneshot::channel();
        _ = self.control.send(Control::Ask { done });
        answered.await.unwrap_or(false)
    }

    /// Makes these the configured peers; returns when that is so, and the DPRs to those that are not wanted any
    /// more are on their way. See [`Node::reconfigure`]. `false`: everything is over.
    pub async fn reconfigure(&self, peers: Vec<NodePeer>) -> bool {
        let (done, known) = oneshot::channel();
        _ = self.control.send(Control::Reconfigure { peers, done });
        known.await.unwrap_or(false)
    }

    /// Says goodbye to all peers and waits until that is done, a few seconds at most.
    ///
    /// Requests that wait have their outcome before; later ones are told that this node is shutting down.
    pub async fn shut_down(&self, cause: DisconnectCause) {
        let (done, ended) = oneshot::channel();
        if self.control.send(Control::ShutDown { cause, done }).is_ok() {
            // An error means that it has ended already.
            _ = ended.await;
        }
    }

    // ---- For simulators of nodes that misbehave

    /// Sends a message to a connected peer as it is: nothing is checked, filled in or waited for.
    ///
    /// What a handler does with this and [`drop_connection`](Self::drop_connection) before it returns is done
    /// before its answer is sent.
    pub fn send_as_is(&self, host: &str, message: MessageBuf) {
        _ = self.control.send(Control::Send { host: host.to_owned(), message });
    }

    /// Says goodbye to a peer and lets it come back.
    pub fn say_goodbye(&self, host: &str, cause: DisconnectCause) {
        _ = self.control.send(Control::Goodbye { host: host.to_owned(), cause });
    }

    /// Closes the connection of a peer without a DPR, after what is queued for it was sent.
    pub fn drop_connection(&self, host: &str) {
        _ = self.control.send(Control::Drop { host: host.to_owned() });
    }

    /// Stops reading, answering and keeping time until [`resume`](Self::resume): a process that hangs, while the
    /// system keeps its connections.
    pub fn pause(&self) {
        _ = self.control.send(Control::Pause { paused: true });
    }

    /// Goes on after [`pause`](Self::pause), beginning with what has come in since.
    pub fn resume(&self) {
        _ = self.control.send(Control::Pause { paused: false });
    }

    /// Closes all connections and stops listening, at once and without a DPR; waits until that is done.
    pub async fn break_off(&self) {
        let (done, ended) = oneshot::channel();
        if self.control.send(Control::BreakOff { done }).is_ok() {
            _ = ended.await;
        }
    }
}

/// A request without an outcome, or one that nobody waits for any more.
struct Pending<'p>(&'p Gauge);

impl<'p> Pending<'p> {
    fn new(all: &'p Gauge) -> Self {
        all.up();
        Self(all)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.down();
    }
}
