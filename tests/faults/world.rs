//! The gateway between an application and two PCRFs, each of them behind a wire that can be tampered with.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use rxgate::{
    app::App,
    config::Loaded,
    dict::enums::SpecificAction,
    pcrf::{Action, AsrOrder, Command, Pcrf, PcrfConfig, Pushed, RarOrder, Rule},
    rx::Outcome,
};
use serde_json::{Value, json};

use crate::{
    client::{Client, user},
    folder::Folder,
    gateway,
    http::{call, exchange},
    patience::until,
    receiver::{Post, Receiver},
    row::{self, tally},
    wire::{Seen, Wire},
};

/// A PCRF and the wire to it.
pub struct Seat {
    pub host: &'static str,
    pub pcrf: Pcrf,
    pub wire: Wire,
}

/// All of them. The first PCRF is asked first.
pub struct World {
    pub app: App,
    pub one: Seat,
    pub two: Seat,
    pub client: Client,
    pub endpoint: Receiver,
    /// What it was told so far, each event once.
    told: Vec<Told>,
    /// How many of these it was told again.
    repeated: u32,
    folder: Folder,
}

/// An event as it arrived at the application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    pub user: String,
    pub event: u64,
    /// Why: the cause of the abort, or what the record of the session says.
    pub why: String,
    id: String,
}

/// Settings with which nothing ends a request but its answer or the end of its connection.
pub const PATIENT: &str = "request_timeout_ms = 60000\nattempt_timeout_ms = 60000";

/// The user of a session that is made to see whether everything works.
const LATER: u8 = 250;

impl Seat {
    async fn new(host: &'static str) -> Self {
        let free = PcrfConfig::on_free_ports();
        let config = PcrfConfig { origin_host: host.into(), origin_state_id: Some(1), control: None, ..free };
        let pcrf = Pcrf::start(config).await.unwrap();
        let wire = Wire::new(pcrf.address()).await;
        Self { host, pcrf, wire }
    }

    /// Session-Ids of the sessions that it has.
    pub fn held(&self) -> BTreeSet<String> {
        self.pcrf.sessions().into_iter().map(|session| session.session_id).collect()
    }

    /// The bandwidth that it has granted a session. Bits per second.
    #[track_caller]
    pub fn bandwidth(&self, rx_session: &str) -> u32 {
        let sessions = self.pcrf.sessions();
        let found = sessions.iter().find(|session| session.session_id == rx_session).unwrap();
        found.media_components[0].max_requested_bandwidth_dl.unwrap()
    }

    /// The requests of a command about a session, with their answers.
    pub fn about(&self, rx_session: &str, command: &str) -> Vec<Seen> {
        let seen = self.wire.seen().into_iter();
        seen.filter(|seen| seen.session() == rx_session && seen.command() == command).collect()
    }

    /// The same, each as one line.
    pub fn lines(&self, rx_session: &str) -> Vec<String> {
        let seen = self.wire.seen().into_iter().filter(|seen| seen.session() == rx_session);
        seen.map(|seen| seen.to_string()).collect()
    }

    /// Waits for these lines about a session. If it was asked once more to make sure, there are STRs for what it does
    /// not have any more behind them.
    pub async fn has_lines(&self, rx_session: &str, expected: &[&str]) {
        let has_them = || {
            let lines = self.lines(rx_session);
            lines.len() >= expected.len() && {
                let (first, more) = lines.split_at(expected.len());
                first == expected && more.iter().all(|line| line == "STR 5002")
            }
        };
        until(&format!("{} has {expected:?}", self.host), async || has_them()).await;
    }

    /// Waits until so many requests of a command have come by.
    pub async fn saw(&self, command: &str, times: usize) {
        let count = || self.wire.seen().iter().filter(|seen| seen.command() == command).count();
        until(&format!("{} saw {times} {command}", self.host), async || count() >= times).await;
    }

    /// Waits until so many requests of a command have been answered.
    pub async fn answered(&self, command: &str, times: usize) {
        let is_answered = |seen: &Seen| seen.command() == command && !seen.answers.is_empty();
        let count = || self.wire.seen().iter().filter(|seen| is_answered(seen)).count();
        until(&format!("{} answered {times} {command}", self.host), async || count() >= times).await;
    }

    /// Waits until the results of the STRs about a session are like this.
    pub async fn ends(&self, rx_session: &str, is_so: impl Fn(&[u32]) -> bool) {
        let results = || -> Vec<_> { self.about(rx_session, "STR").iter().flat_map(Seen::results).collect() };
        until(&format!("{} has ended {rx_session}", self.host), async || is_so(&results())).await;
    }

    /// The next so many requests of a command are treated like this.
    pub fn rule(&self, command: Command, times: u32, action: Action) {
        self.pcrf.add_rule(Rule { command: Some(command), times: Some(times), action, ..Rule::default() });
    }

    /// Reports a loss of bearer about a session; what was answered.
    pub async fn report(&self, rx_session: &str) -> Option<u32> {
        let actions = vec![SpecificAction::INDICATION_OF_LOSS_OF_BEARER];
        let mut order = RarOrder { specific_actions: actions, ..RarOrder::default() };
        order.to.host = Some("af.rx.test".into());
        code(&self.pcrf.rar(rx_session, &order).await.unwrap())
    }

    /// Aborts a session, whether it has it or not; what was answered.
    pub async fn abort(&self, rx_session: &str) -> Option<u32> {
        let mut order = AsrOrder::default();
        order.to.host = Some("af.rx.test".into());
        code(&self.pcrf.asr(rx_session, &order).await.unwrap())
    }

    fn row(&self) -> String {
        let seen = self.wire.seen();
        let seen = tally(seen.iter().map(ToString::to_string));
        format!("{}: {seen}; holds {}", self.host.split('.').next().unwrap(), self.held().len())
    }
}

fn code(pushed: &Pushed) -> Option<u32> {
    pushed.outcome.map(|Outcome { code, .. }| code)
}

impl World {
    /// `diameter` is settings of [diameter].
    pub async fn new(diameter: &str) -> Self {
        let world = Self::before(diameter, async |_| {}).await;
        world.both_open().await;
        world
    }

    /// The same; something is done to the first PCRF before the gateway starts, and nothing is waited for.
    pub async fn before(diameter: &str, prepare: impl AsyncFnOnce(&Seat)) -> Self {
        let (folder, endpoint) = (Folder::new(), Receiver::start().await);
        let (one, two) = (Seat::new("pcrf.rx.test").await, Seat::new("pcrf2.rx.test").await);
        prepare(&one).await;
        let (host, address, folder_path) = (two.host, two.wire.address(), folder.path().display());
        let more = format!(
            "[[diameter.peers]]\nhost = \"{host}\"\naddress = \"{address}\"\npriority = 2\n\
             [notify]\nallow_networks = [\"127.0.0.0/8\"]\nretry_initial_ms = 20\nretry_max_ms = 100\n\
             [store]\nkind = \"embedded\"\npath = '{folder_path}/data'\nmin_free_mib = 0\n\
             [records]\nfile = '{folder_path}/records.jsonl'\nend_user = true\n"
        );
        let diameter = format!("reconnect_initial_ms = 20\nreconnect_max_ms = 200\n{diameter}");
        let text = gateway::config(one.wire.address(), &diameter, &more);
        let app = App::start(Loaded::from_text(Path::new("test"), &text).unwrap().config).await.unwrap();
        let client = Client::new(app.http_address());
        let world = Self { app, one, two, client, endpoint, told: Vec::new(), repeated: 0, folder };
        world.register().await;
        world
    }

    async fn register(&self) {
        let body = json!({ "startQoSNotification": {
            "reference": { "endpoint": self.endpoint.url(), "interfaceName": "any", "correlator": "1" },
            "endUserIdentities": (0..=u8::MAX).map(user).collect::<Vec<_>>(),
            "eventCriteria": ["1", "2", "3", "4", "6", "7", "8", "9", "10", "11", "12"],
        }});
        let path = "/ApplicationQoSNotification/registration";
        let (status, answer) = call(self.app.http_address(), "POST", path, &body.to_string()).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Waits until requests can be sent to so many PCRFs.
    pub async fn open(&self, number: usize) {
        let open = async || self.app.peers().iter().filter(|peer| peer.open).count() == number;
        until(&format!("{number} peers are open"), open).await;
    }

    pub async fn both_open(&self) {
        self.open(2).await;
    }

    /// A session of this user; its name and its Session-Id.
    pub async fn session(&self, number: u8) -> (String, String) {
        let id = self.client.create(number).await.created();
        let rx_session = self.rx_session(&id).await;
        (id, rx_session)
    }

    /// The Session-Id of a session.
    pub async fn rx_session(&self, id: &str) -> String {
        let (status, shown) = call(self.app.admin_address(), "GET", &format!("/sessions/{id}"), "").await;
        assert_eq!(status, 200, "{shown}");
        shown["rxSessionId"].as_str().unwrap().to_owned()
    }

    /// Waits until the PCRFs have what the gateway shows, and nothing else, each its own.
    pub async fn agree(&self) {
        until("both sides have the same sessions", async || {
            let ours = self.ours().await;
            let empty = BTreeSet::new();
            [&self.one, &self.two].iter().all(|seat| *ours.get(seat.host).unwrap_or(&empty) == seat.held())
        })
        .await;
    }

    /// Session-Ids of the gateway's sessions that are open, by PCRF.
    async fn ours(&self) -> BTreeMap<String, BTreeSet<String>> {
        let (status, shown) =
            call(self.app.admin_address(), "GET", "/sessions?state=open&limit=1000", "").await;
        assert_eq!(status, 200, "{shown}");
        let mut ours = BTreeMap::<_, BTreeSet<_>>::new();
        for session in shown.as_array().unwrap() {
            let text = |name: &str| session[name].as_str().unwrap().to_owned();
            ours.entry(text("peer")).or_default().insert(text("rxSessionId"));
        }
        ours
    }

    /// A number of the gateway's `/metrics`.
    pub async fn metric(&self, series: &str) -> u64 {
        let page = exchange(self.app.admin_address(), "GET", "/metrics", "").await;
        let page = std::str::from_utf8(page.body()).unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series} in {page}")).parse().unwrap()
    }

    /// Waits for so many events more.
    pub async fn told(&mut self, number: usize) -> Vec<Told> {
        let before = self.told.len();
        for _ in 0..number {
            let post = self.endpoint.next().await;
            let told = self.event(&post).await;
            self.told.push(told);
        }
        self.told[before..].to_vec()
    }

    /// Waits for an event that was told before.
    pub async fn repeated(&mut self) -> Told {
        let post = self.endpoint.next().await;
        let told = self.event(&post).await;
        assert!(self.told.contains(&told), "{told:?}");
        self.repeated += 1;
        told
    }

    async fn event(&self, post: &Post) -> Told {
        let body: Value = serde_json::from_str(&post.body).unwrap();
        let event = &body["notifyQoSEvent"];
        let user = event["endUserIdentities"][0].as_str().unwrap().to_owned();
        let number = event["eventType"].as_u64().unwrap();
        let why = match event["abortCause"].as_str() {
            Some(cause) => cause.to_owned(),
            None if number == 12 => self.ended(&user).await,
            None => String::new(),
        };
        Told { user, event: number, why, id: post.headers["x-event-id"].to_str().unwrap().to_owned() }
    }

    /// Why the session of a user ended, once there is a record of it.
    pub async fn ended(&self, user: &str) -> String {
        let file = self.folder.path().join("records.jsonl");
        let reason = || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            let mut records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let found = records.find(|record| record["end_user"] == user)?;
            Some(found["reason"].as_str().unwrap().to_owned())
        };
        until(&format!("there is a record of {user}"), async || reason().is_some()).await;
        reason().unwrap()
    }

    /// Everything works again: a session more, whose report is the next and the last thing that the application
    /// hears. Shows the row of what came before.
    pub async fn end(mut self, fault: &str) {
        self.agree().await;
        let [one, two] = [&self.one, &self.two].map(Seat::row);
        let events = self.told.iter().map(|told| match told.why.is_empty() {
            true => format!("event {}", told.event),
            false => format!("event {} ({})", told.event, told.why),
        });
        let again = match self.repeated {
            0 => String::new(),
            times => format!(", {times} again with the same X-Event-Id"),
        };
        let row = format!(
            "{fault} | client: {} | {one} | {two} | endpoint: {}{again}",
            self.client.got(),
            tally(events)
        );
        self.both_open().await;
        let (id, rx_session) = self.session(LATER).await;
        assert_eq!(self.one.report(&rx_session).await, Some(2001));
        let last = self.told(1).await.remove(0);
        assert_eq!((last.user, last.event), (user(LATER), 2));
        assert_eq!(self.client.remove(&id).await.status, 204);
        let ids: BTreeSet<_> = self.told.iter().map(|told| &told.id).collect();
        assert_eq!(ids.len(), self.told.len(), "each event once");
        row::print(&row);
    }
}
