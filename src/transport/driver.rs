//! The task that owns the [`Node`]: tells it what happened, does what it says. Decides nothing itself.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};

use tokio::{
    sync::{mpsc, oneshot},
    task::{AbortHandle, Id, JoinSet},
    time::{sleep_until, timeout},
};

use super::{
    Connect, Handled, Link, Paths, RequestHandler, advice,
    connection::{self, Outbox},
    control::Control,
    listener::Newcomer,
    now,
};
use crate::{
    peer::{
        Answered, Command, ConnectionId, LateKind, Node, NodeCommand, NodeEvent, NodeStatus, OutgoingRequest,
        PeerEvent, PeerIndex, Refusal, RequestError, RequestId, Ticket, abbreviation_of,
    },
    wire::{Header, MessageBuf, WireError},
};

/// Most inputs taken at once.
const BATCH: usize = 256;

/// Longest wait for the connections to send what is queued when everything ends.
const FLUSH: Duration = Duration::from_secs(2);

/// Where the outcome of a request goes.
pub(super) type Outcome = oneshot::Sender<Result<Answered, RequestError>>;

/// What happened.
pub(super) enum Input {
    /// A dial ended.
    Dialled { peer: PeerIndex, dial: u64, result: Result<Link, String> },
    /// Somebody connected and said something.
    Accepted(Newcomer),
    /// Messages came in.
    Received { connection: ConnectionId, messages: Vec<MessageBuf> },
    /// Something that is no message came in; nothing follows.
    Bad { connection: ConnectionId, error: WireError, header: Option<Header> },
    /// A connection is gone.
    Disconnected { connection: ConnectionId, reason: String },
    /// A request to be sent.
    Request { request: OutgoingRequest, outcome: Outcome },
}

/// A peer as it was when something last changed.
#[derive(Clone)]
pub(super) struct Known {
    pub status: NodeStatus,
    /// Of its connection, if that has some.
    pub paths: Option<Arc<dyn Paths>>,
}

/// All of them.
pub(super) type Snapshot = Arc<RwLock<Vec<Known>>>;

/// What a [`Driver`] is made of.
pub(super) struct Parts {
    pub node: Node,
    pub connect: Arc<dyn Connect>,
    pub handler: Arc<dyn RequestHandler>,
    pub inputs: mpsc::Receiver<Input>,
    /// For the tasks that report here.
    pub reports: mpsc::Sender<Input>,
    pub control: mpsc::UnboundedReceiver<Control>,
    pub listeners: JoinSet<()>,
    pub snapshot: Snapshot,
    pub write_timeout: Duration,
}

pub(super) struct Connection {
    pub peer: PeerIndex,
    pub outbox: Outbox,
    paths: Option<Arc<dyn Paths>>,
    task: AbortHandle,
}

pub(super) struct Driver {
    pub(super) parts: Parts,
    pub(super) connections: HashMap<ConnectionId, Connection>,
    next_connection: u64,
    /// The latest dial of each peer.
    dials: HashMap<PeerIndex, (u64, AbortHandle)>,
    next_dial: u64,
    outcomes: HashMap<RequestId, Outcome>,
    /// Connections and dials.
    pub(super) tasks: JoinSet<()>,
    pub(super) handlers: JoinSet<(Ticket, Handled)>,
    tickets: HashMap<Id, Ticket>,
    /// Who waits for the end, once it is wanted.
    pub(super) stopping: Option<Vec<oneshot::Sender<()>>>,
    /// Who waits for the end, once it is wanted at once.
    pub(super) breaking: Option<oneshot::Sender<()>>,
    pub(super) paused: bool,
}

impl Driver {
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            connections: HashMap::new(),
            next_connection: 0,
            dials: HashMap::new(),
            next_dial: 0,
            outcomes: HashMap::new(),
            tasks: JoinSet::new(),
            handlers: JoinSet::new(),
            tickets: HashMap::new(),
            stopping: None,
            breaking: None,
            paused: false,
        }
    }

    /// Runs until it is shut down, or nobody is left who could want something.
    pub async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            self.settle();
            if let Some(done) = self.breaking.take() {
                return self.break_off(done).await;
            }
            if self.stopping.is_some() && self.parts.node.is_closed() {
                break;
            }
            if self.paused {
                match self.parts.control.recv().await {
                    Some(control) => self.control(control),
                    None => return,
                }
                continue;
            }
            while self.tasks.try_join_next().is_some() {}
            let wake = self.parts.node.poll_timeout();
            let wake = async {
                match wake {
                    Some(wake) => sleep_until(wake.into()).await,
                    None => std::future::pending().await,
                }
            };
            // What is done makes room for what comes in, and never the other way round.
            tokio::select! {
                biased;
                control = self.parts.control.recv() => match control {
                    Some(control) => self.control(control),
                    None => return,
                },
                Some(handled) = self.handlers.join_next_with_id() => {
                    let now = now();
                    self.handled(now, handled);
                    while let Some(handled) = self.handlers.try_join_next_with_id() {
                        self.handled(now, handled);
                    }
                    self.parts.node.handle_timeout(now);
                }
                _ = self.parts.inputs.recv_many(&mut batch, BATCH) => {
                    let now = now();
                    batch.drain(..).for_each(|input| self.input(now, input));
                    self.parts.node.handle_timeout(now);
                }
                () = wake => self.parts.node.handle_timeout(now()),
            }
        }
        self.end().await;
    }

    /// Every connection was told to end: lets them send what is queued.
    async fn end(mut self) {
        self.parts.listeners.abort_all();
        self.connections.clear();
        let flush = async { while self.tasks.join_next().await.is_some() {} };
        _ = timeout(FLUSH, flush).await;
        for done in self.stopping.into_iter().flatten() {
            // Whoever asked may not want to know any more.
            _ = done.send(());
        }
    }

    // ---- Inputs

    fn input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Dialled { peer, dial, result } => self.dialled(now, peer, dial, result),
            Input::Accepted(newcomer) => self.accepted(now, newcomer),
            Input::Received { connection, messages } => {
                let Some(peer) = self.connections.get(&connection).map(|it| it.peer) else { return };
                for message in messages {
                    self.parts.node.handle_message(now, peer, connection, message);
                }
            }
            Input::Bad { connection, error, header } => {
                let Some(peer) = self.connections.get(&connection).map(|it| it.peer) else { return };
                self.parts.node.handle_bad_octets(now, peer, connection, &error, header);
                // Its answer goes out first; then the connection ends, whatever the node thinks of it.
                self.commands(now);
                self.connections.remove(&connection);
            }
            Input::Disconnected { connection, reason } => {
                if let Some(Connection { peer, .. }) = self.connections.remove(&connection) {
                    self.parts.node.handle_disconnected(now, peer, connection, reason);
                }
            }
            Input::Request { request, outcome } => {
                let id = self.parts.node.request(now, request);
                self.outcomes.insert(id, outcome);
            }
        }
    }

    fn dialled(&mut self, now: Instant, peer: PeerIndex, dial: u64, result: Result<Link, String>) {
        if self.dials.get(&peer).is_none_or(|(latest, _)| *latest != dial) {
            // Given up in the meantime.
            return;
        }
        self.dials.remove(&peer);
        match result {
            Ok(link) => {
                let local = link.local.clone();
                let id = self.open(peer, link);
                self.parts.node.handle_connected(now, peer, id, &local);
            }
            Err(reason) => self.parts.node.handle_connect_failed(now, peer, reason),
        }
    }

    fn accepted(&mut self, now: Instant, newcomer: Newcomer) {
        let Newcomer { link, arrival, first, rest, mut place } = newcomer;
        let local: Vec<IpAddr> = link.local.clone();
        let id = self.next_id();
        match self.parts.node.handle_first_message(now, id, &local, &arrival, first) {
            Ok(peer) => {
                self.open_as(id, peer, link);
                for message in rest {
                    self.parts.node.handle_message(now, peer, id, message);
                }
            }
            Err(Refusal { answer, reason }) => {
                tracing::warn!(remote = arrival.from.at, %reason, "connection refused");
                let write_timeout = self.parts.write_timeout;
                self.tasks.spawn(async move {
                    let Link { mut rx, mut tx, .. } = link;
                    let say_why = async {
                        if let Some(answer) = answer {
                            tx.send(&[answer.into_bytes()]).await?;
                        }
                        tx.finish().await
                    };
                    let farewell = async {
                        if let Ok(Ok(())) = timeout(write_timeout, say_why).await {
                            connection::linger(&mut *rx).await;
                        }
                    };
                    tokio::select! {
                        biased;
                        () = farewell => {}
                        () = place.lost() => {}
                    }
                });
            }
        }
    }

    fn next_id(&mut self) -> ConnectionId {
        self.next_connection += 1;
        ConnectionId(self.next_connection)
    }

    fn open(&mut self, peer: PeerIndex, link: Link) -> ConnectionId {
        let id = self.next_id();
        self.open_as(id, peer, link);
        id
    }

    fn open_as(&mut self, id: ConnectionId, peer: PeerIndex, link: Link) {
        let (outbox, queue) = connection::outbox();
        let reports = self.parts.reports.clone();
        let paths = link.paths.clone();
        let task = self.tasks.spawn(connection::run(id, link, queue, reports, self.parts.write_timeout));
        self.connections.insert(id, Connection { peer, outbox, paths, task });
    }

    fn handled(&mut self, now: Instant, handled: Result<(Id, (Ticket, Handled)), tokio::task::JoinError>) {
        // What the handler wanted done before it answered comes before its answer.
        while let Ok(control) = self.parts.control.try_recv() {
            self.control(control);
        }
        match handled {
            Ok((task, (ticket, Handled { answer, held }))) => {
                self.tickets.remove(&task);
                let connection = self.parts.node.answer(now, ticket, answer);
                self.commands(now);
                // Whoever waits for the answer to leave sees that when it is written, not before.
                if let (Some(held), Some(connection)) =
                    (held, connection.and_then(|id| self.connections.get(&id)))
                {
                    connection.outbox.release(held);
                }
            }
            Err(error) => {
                tracing::error!(%error, "the handling of a request broke down");
                if let Some(ticket) = self.tickets.remove(&error.id()) {
                    self.parts.node.cannot_answer(now, ticket);
                }
            }
        }
    }

    // ---- Outputs

    /// Does what the node says, then tells what it has to tell.
    pub(super) fn settle(&mut self) {
        self.commands(now());
        if self.parts.node.take_changed() {
            self.show();
        }
        while let Some(event) = self.parts.node.poll_event() {
            self.event(event);
        }
    }

    /// Renews the picture of the peers that others look at.
    pub(super) fn show(&self) {
        let mut paths = BTreeMap::new();
        for (id, Connection { peer, paths: has, .. }) in &self.connections {
            if let Some(has) = has {
                paths.insert((*peer, *id), has);
            }
        }
        let statuses = self.parts.node.statuses().into_iter();
        let known = statuses.map(|status| {
            // Of two, during an election, the later one.
            let all = (status.peer, ConnectionId(0))..=(status.peer, ConnectionId(u64::MAX));
            Known { paths: paths.range(all).next_back().map(|(_, it)| Arc::clone(it)), status }
        });
        *self.parts.snapshot.write().unwrap_or_else(PoisonError::into_inner) = known.collect();
    }

    fn commands(&mut self, now: Instant) {
        while let Some(NodeCommand { peer, command }) = self.parts.node.poll_command() {
            match command {
                Command::Connect => self.dial(peer),
                Command::Send { connection, octets } => {
                    let pushed = self.connections.get(&connection).map(|it| it.outbox.push(octets));
                    if let Some(Err(reason)) = pushed
                        && let Some(Connection { task, .. }) = self.connections.remove(&connection)
                    {
                        task.abort();
                        self.parts.node.handle_disconnected(now, peer, connection, reason);
                    }
                }
                Command::Close { connection } => _ = self.connections.remove(&connection),
            }
        }
    }

    fn dial(&mut self, peer: PeerIndex) {
        let node = &self.parts.node;
        let (Some(address), Some(host)) = (node.address(peer).cloned(), node.host(peer).cloned()) else {
            return;
        };
        self.next_dial += 1;
        let dial = self.next_dial;
        let (connect, reports) = (self.parts.connect.clone(), self.parts.reports.clone());
        let task = self.tasks.spawn(async move {
            let result = connect.connect(&host, &address).await.map_err(|error| advice::on(&error));
            // Refused only when the driver is gone.
            _ = reports.send(Input::Dialled { peer, dial, result }).await;
        });
        if let Some((_, earlier)) = self.dials.insert(peer, (dial, task)) {
            earlier.abort();
        }
    }

    fn event(&mut self, event: NodeEvent) {
        match event {
            NodeEvent::Outcome { id, result } => {
                let outcome = self.outcomes.remove(&id);
                let unwanted = match outcome.map(|outcome| outcome.send(result)) {
                    Some(Err(Ok(answered))) => answered,
                    Some(Err(Err(_)) | Ok(())) | None => return,
                };
                // Whoever asked has gone away: the answer is as good as a late one.
                self.parts.handler.late_answer(unwanted.peer.into(), unwanted.message);
            }
            NodeEvent::LateAnswer { peer, message, kind: LateKind::Unused } => {
                self.parts.handler.late_answer(peer, message);
            }
            NodeEvent::LateAnswer { peer, message, kind } => {
                let command = abbreviation_of(message.header());
                tracing::info!(%peer, command, ?kind, "answer dropped");
            }
            NodeEvent::Request { peer, ticket, message } => {
                let handler = self.parts.handler.clone();
                let turn = handler.turn(&message);
                let handling = async move {
                    let _turn = match turn {
                        Some(turn) => Some(turn.await),
                        None => None,
                    };
                    (ticket, handler.handle(peer, message).await)
                };
                let task = self.handlers.spawn(handling);
                self.tickets.insert(task.id(), ticket);
            }
            NodeEvent::Peer(event) => {
                log(&event);
                self.parts.handler.peer_event(event);
            }
        }
    }
}

/// What the peer's own lines about its states do not say.
fn log(event: &PeerEvent) {
    match event {
        PeerEvent::Up { host, realm, origin_state_id, address } => {
            tracing::info!(peer = %host, %realm, origin_state_id, %address, "peer up");
        }
        PeerEvent::StateLost { host, origin_state_id } => {
            tracing::warn!(peer = %host, origin_state_id, "peer lost its state");
        }
        PeerEvent::Suspect { .. } | PeerEvent::Recovered { .. } | PeerEvent::Down { .. } => {}
    }
}

/// When something happened, on the wall clock.
pub(super) fn wall(instant: Instant) -> SystemTime {
    let wall = SystemTime::now();
    wall.checked_sub(now().saturating_duration_since(instant)).unwrap_or(wall)
}
