//! The programs: a gateway here, a PCRF at the other end of the paths.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
};

use serde_json::Value;

use crate::{
    http::{Client, Reply},
    network::{at_the_pcrf, soon},
    peers::{Peer, scratch_file, script},
};

/// `rxgate serve` as `af.rx.test`.
pub struct Gateway {
    process: Peer,
    /// Where applications connect.
    pub http: SocketAddr,
    admin: SocketAddr,
}

/// A path as `/peers` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenPath {
    pub address: String,
    pub state: String,
    pub primary: bool,
}

impl Gateway {
    /// Starts it with these settings of `[diameter]`, its peers among them; waits until one is open.
    pub fn start(name: &str, diameter: &str) -> Self {
        let gateway = Self::start_alone(name, diameter);
        soon("a peer is open", || gateway.admin("GET", "/ready").status == 200);
        gateway
    }

    /// Starts it, and waits for no peer.
    pub fn start_alone(name: &str, diameter: &str) -> Self {
        let (process, http, admin) = start(name, diameter);
        Self { process, http, admin }
    }

    /// The next line of its log with this.
    pub fn expect(&mut self, text: &str) -> String {
        self.process.expect(text)
    }

    /// Waits until its only peer is not connected.
    pub fn await_lost(&self) {
        soon("the peer is lost", || self.admin("GET", "/peers").body[0]["connected"] == false);
    }

    /// A call of the operator's interface.
    pub fn admin(&self, method: &str, path: &str) -> Reply {
        Client::connect(self.admin).call(method, path, "")
    }

    /// The paths to its only peer.
    pub fn paths(&self) -> Vec<SeenPath> {
        let peers = self.admin("GET", "/peers").body;
        let paths = peers[0]["paths"].as_array().unwrap_or_else(|| panic!("no paths: {peers}"));
        let seen = paths.iter().map(|path| SeenPath {
            address: path["address"].as_str().unwrap().to_owned(),
            state: path["state"].as_str().unwrap().to_owned(),
            primary: path["primary"].as_bool().unwrap(),
        });
        seen.collect()
    }

    /// A figure of `/metrics`, by its name with the labels.
    pub fn figure(&self, name: &str) -> u64 {
        let page = self.admin("GET", "/metrics").body;
        let page = page.as_str().unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in\n{page}"))
    }

    /// Sessions that it has.
    pub fn sessions(&self) -> usize {
        let listed = self.admin("GET", "/sessions").body;
        listed.as_array().unwrap_or_else(|| panic!("no sessions: {listed}")).len()
    }

    /// Ends it in order.
    pub fn stop(self) {
        assert!(self.process.stop(), "the gateway does not end well");
    }
}

fn start(name: &str, diameter: &str) -> (Peer, SocketAddr, SocketAddr) {
    let file = scratch_file(&format!("sctp-{name}.toml"));
    std::fs::write(&file, config(diameter)).unwrap();
    let mut process = Peer::start(
        "gateway",
        Path::new(env!("CARGO_BIN_EXE_rxgate")),
        &["serve", "--config", file.to_str().unwrap()],
    );
    let mut address = |listener: &str| {
        let line = process.expect(&format!("listening {listener} 127.0.0.1:"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let (http, admin) = (address("http"), address("admin"));
    (process, http, admin)
}

fn config(diameter: &str) -> String {
    format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[store]\nkind = \"memory\"\n\
         [diameter]\norigin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\ndestination_realm = \"rx.test\"\n\
         reconnect_initial_ms = 200\nreconnect_max_ms = 1000\n{diameter}\n"
    )
}

/// `rxgate pcrf`, in the namespace of the PCRF.
pub struct Pcrf {
    process: Peer,
}

/// Where its control API listens, in that namespace.
const CONTROL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8868);

impl Pcrf {
    /// Starts it with these arguments.
    pub fn start(arguments: &[&str]) -> Self {
        let program = env!("CARGO_BIN_EXE_rxgate");
        let all =
            [&["netns", "exec", "pcrf", program, "pcrf", "--control", "127.0.0.1:8868"], arguments].concat();
        let mut process = Peer::start("pcrf", Path::new("ip"), &all);
        process.expect("control API");
        Self { process }
    }

    /// What it counted.
    pub fn stats(&self) -> Value {
        at_the_pcrf(|| Client::connect(CONTROL).call("GET", "/stats", "").body)
    }

    /// Sessions that it has.
    pub fn sessions(&self) -> u64 {
        self.stats()["sessions"].as_u64().unwrap()
    }

    /// Ends it in order.
    pub fn stop(self) {
        assert!(self.process.stop(), "the PCRF does not end well");
    }
}

/// What the program says where there is no SCTP: of a listener, and of a peer.
pub fn without_sctp() -> Vec<String> {
    let peer =
        "[[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"127.0.0.1:3868\"\ntransport = \"sctp\"";
    let file = scratch_file("sctp-listen.toml");
    std::fs::write(&file, config(&format!("listen_sctp = [\"127.0.0.1:3869\"]\n{peer}"))).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_rxgate"));
    let mut listening = Peer::start("gateway", program, &["serve", "--config", file.to_str().unwrap()]);
    let refused = listening.expect("cannot listen");
    assert!(!listening.finish(), "it goes on without its listener");
    let (process, _, admin) = start("dial", peer);
    let mut said = String::new();
    soon("a dial failed", || {
        let peers = Client::connect(admin).call("GET", "/peers", "").body;
        said = format!("reason: {}", peers[0]["reason"]);
        said.contains("SCTP")
    });
    assert!(process.stop());
    vec![refused, said]
}

/// freeDiameter in the namespace of the PCRF, in front of one on this port.
pub fn relay(pcrf: u16) -> Peer {
    let script = script("../sctp/relay");
    let relay = Peer::start(
        "relay",
        Path::new("ip"),
        &["netns", "exec", "pcrf", script.to_str().unwrap(), &pcrf.to_string()],
    );
    // It dials the PCRF, and is of use once that is there.
    soon("the relay is connected to the PCRF", || {
        let stats = at_the_pcrf(|| Client::connect(CONTROL).call("GET", "/stats", "").body);
        stats["peers"].as_array().unwrap().iter().any(|peer| peer["host"] == "relay.rx.test")
    });
    relay
}
