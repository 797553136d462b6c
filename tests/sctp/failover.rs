//! A gateway and a PCRF over two paths, one of which fails while applications go on: nobody notices.

use std::{
    env,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    http::Client,
    network::{Network, run, soon},
    peers::say,
    programs::{Gateway, Pcrf},
};

/// Applications that call at the same time.
const APPLICATIONS: usize = 4;

/// How the gateway notices a lost path as soon as it can.
const SCTP: &str = "
[diameter.sctp]
local = [\"10.0.1.1\", \"10.0.2.1\"]
heartbeat_interval_ms = 500
rto_initial_ms = 300
rto_min_ms = 200
rto_max_ms = 500
path_max_retransmissions = 1
";

fn peer(host: &str) -> String {
    format!(
        "{SCTP}[[diameter.peers]]\nhost = \"{host}\"\naddress = \"10.0.1.2:3868\"\ntransport = \"sctp\"\n\
         more_addresses = [\"10.0.2.2\"]\n"
    )
}

/// Pairs of apply and remove, in all.
fn pairs() -> usize {
    env::var("RXGATE_SCTP_PAIRS").map_or(100, |pairs| pairs.parse().expect("RXGATE_SCTP_PAIRS is a number"))
}

#[test]
#[ignore = "runs in tests/sctp/guest"]
fn the_primary_path_fails_five_times_and_no_call_does() {
    let network = Network::up();
    let pcrf = Pcrf::start(&["--listen-sctp", "10.0.1.2:3868,10.0.2.2:3868"]);
    let gateway = Gateway::start("failover", &peer("pcrf.rx.test"));
    five_failures("direct", &network, &gateway, &pcrf);
    gateway.stop();
    pcrf.stop();
}

#[test]
#[ignore = "runs in tests/sctp/guest"]
fn the_primary_path_to_a_freediameter_relay_fails_five_times_and_no_call_does() {
    if !crate::peers::installed("SCTP to a freeDiameter relay", &["freeDiameterd"]) {
        return;
    }
    let network = Network::up();
    let pcrf = Pcrf::start(&["--listen", "127.0.0.1:3869"]);
    let _relay = crate::programs::relay(3869);
    let gateway = Gateway::start("relayed", &peer("relay.rx.test"));
    five_failures("through freeDiameter", &network, &gateway, &pcrf);
    gateway.stop();
    pcrf.stop();
}

fn five_failures(run: &str, network: &Network, gateway: &Gateway, pcrf: &Pcrf) {
    let load = Load::new();
    let waits = thread::scope(|scope| {
        let ended = load.start(scope, gateway);
        let mut waits = Vec::new();
        for failure in 0..5 {
            // The failures are spread over the whole run.
            load.wait_for_pairs(pairs() * (2 * failure + 1) / 11);
            soon("the primary path is used again", || on_primary(gateway));
            let cut = Instant::now();
            network.cut(1);
            soon("the path is known to be lost", || !on_primary(gateway));
            load.wait_for_pairs(pairs() * (2 * failure + 2) / 11);
            let mended = Instant::now();
            network.mend(1);
            waits.push(load.longest_wait(cut, mended));
        }
        load.wait_for_pairs(pairs());
        load.stop();
        ended()
            .into_iter()
            .for_each(|failed| assert_eq!(failed, Vec::<String>::new(), "calls that failed: {run}"));
        waits
    });
    let waits: Vec<String> = waits.iter().map(|wait| format!("{} ms", wait.as_millis())).collect();
    let seconds = load.began.elapsed().as_secs_f64();
    say(&format!(
        "sctp: {run}: {} pairs of apply and remove in {seconds:.0} s, the primary path lost five times: 0 failed; \
         longest waits for an answer {}",
        load.pairs(),
        waits.join(", ")
    ));
    nothing_is_left(gateway, pcrf);
    let figure = |event| gateway.figure(&format!("rxgate_sctp_events_total{{event=\"{event}\"}}"));
    assert_eq!((figure("association_up"), figure("association_lost")), (1, 0));
    // The last path is back when a heartbeat on it was answered, which may be after the last call.
    soon("every failure is counted, and its end", || {
        figure("path_unreachable") >= 5 && figure("path_available") >= 5
    });
}

#[test]
#[ignore = "runs in tests/sctp/guest"]
fn a_path_that_flaps_ten_times_a_second_disturbs_nobody() {
    let network = Network::up();
    let pcrf = Pcrf::start(&["--listen-sctp", "10.0.1.2:3868,10.0.2.2:3868"]);
    let gateway = Gateway::start("flapping", &peer("pcrf.rx.test"));
    let load = Load::new();
    let pairs = thread::scope(|scope| {
        let ended = load.start(scope, &gateway);
        // One process for all of it: starting one for each change takes longer than the change.
        run("for change in {1..50}; do
                 ip link set path1 down; sleep 0.05; ip link set path1 up; sleep 0.05
             done");
        let during = load.pairs();
        // And it goes on afterwards.
        load.wait_for_pairs(during + 20);
        load.stop();
        ended().into_iter().for_each(|failed| {
            assert_eq!(failed, Vec::<String>::new(), "calls that failed while a path flapped")
        });
        during
    });
    assert!(pairs > 0, "nothing came through while the path flapped");
    say(&format!(
        "sctp: a path that flapped ten times a second for 5 s: {pairs} pairs of apply and remove, 0 failed"
    ));
    soon("both paths work again", || gateway.paths().iter().all(|path| path.state == "active"));
    nothing_is_left(&gateway, &pcrf);
    drop(network);
    gateway.stop();
    pcrf.stop();
}

fn on_primary(gateway: &Gateway) -> bool {
    let paths = gateway.paths();
    assert_eq!(paths.len(), 2, "{paths:?}");
    let primary = paths.iter().find(|path| path.primary).unwrap_or_else(|| panic!("{paths:?}"));
    assert_eq!(primary.address, "10.0.1.2");
    primary.state == "active"
}

/// Neither side has a session any more.
fn nothing_is_left(gateway: &Gateway, pcrf: &Pcrf) {
    assert_eq!((gateway.sessions(), pcrf.sessions()), (0, 0));
}

/// Applications that apply and remove, one after the other each.
struct Load {
    done: AtomicUsize,
    stopped: AtomicBool,
    began: Instant,
    /// When each call began and ended.
    calls: Mutex<Vec<(Instant, Instant)>>,
}

impl Load {
    fn new() -> Self {
        Self {
            done: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            began: Instant::now(),
            calls: Mutex::default(),
        }
    }

    /// Starts them; what is returned waits for their end and says which calls failed.
    fn start<'s>(
        &'s self,
        scope: &'s thread::Scope<'s, '_>,
        gateway: &Gateway,
    ) -> impl FnOnce() -> Vec<Vec<String>> + use<'s> {
        let http = gateway.http;
        let applications: Vec<_> = (0..APPLICATIONS)
            .map(|number| scope.spawn(move || self.application(number, &mut Client::connect(http))))
            .collect();
        move || applications.into_iter().map(|one| one.join().unwrap()).collect()
    }

    fn application(&self, number: usize, client: &mut Client) -> Vec<String> {
        let path = format!("/ApplicationQoSService/tel:+49301234{number}/qos");
        let body = format!(
            "{{\"qoSFeatureProperties\":{{\"framedIPAddress\":\"0A00000{number}\",\"mediaComponentDescription\":\
             [{{\"mediaComponentNumber\":1,\"maxRequestedBandwidthDL\":64000}}]}}}}"
        );
        let mut failed = Vec::new();
        while !self.stopped.load(Ordering::SeqCst) {
            let applied = self.timed(|| client.call("POST", &path, &body));
            let location =
                applied.location.as_deref().and_then(|to| Some(&to[to.find("/ApplicationQoSService")?..]));
            let Some(location) = location.filter(|_| applied.status == 201) else {
                failed.push(format!("{applied:?}"));
                continue;
            };
            let removed = self.timed(|| client.call("DELETE", location, ""));
            if removed.status != 204 {
                failed.push(format!("{removed:?}"));
            }
            self.done.fetch_add(1, Ordering::SeqCst);
        }
        failed
    }

    fn timed<T>(&self, call: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = call();
        self.calls.lock().unwrap().push((began, Instant::now()));
        result
    }

    fn pairs(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    fn wait_for_pairs(&self, pairs: usize) {
        soon(&format!("{pairs} pairs are done"), || self.pairs() >= pairs);
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    /// The longest wait for an answer among the calls that were under way at some time between the two.
    fn longest_wait(&self, from: Instant, to: Instant) -> Duration {
        let calls = self.calls.lock().unwrap();
        let within = calls.iter().filter(|(began, ended)| *began < to && *ended > from);
        within.map(|(began, ended)| *ended - *began).max().unwrap_or_default()
    }
}
