//! The gateway under test: the real program with a configuration file, and REST calls to it.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::peers::{PATIENCE, Peer, scratch_file};

/// `rxgate serve`, as `af.rx.test`.
pub struct Gateway {
    process: Peer,
    http: u16,
    admin: u16,
}

/// What came back from a REST call.
#[derive(Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; null if there is none.
    pub body: Value,
}

impl Reply {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or_else(|| panic!("no header {name}: {self:?}"), |(_, value)| value)
    }

    /// Fails unless the status is the one wanted.
    pub fn want(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

impl Gateway {
    /// Starts it with one peer and these further lines for `[diameter]`; `name` tells files of tests apart.
    pub fn start(name: &str, peer_host: &str, peer_address: &str, more: &str) -> Self {
        Self::start_over("tcp", name, peer_host, peer_address, more)
    }

    /// The same over this transport.
    pub fn start_over(transport: &str, name: &str, peer_host: &str, peer_address: &str, more: &str) -> Self {
        let config = format!(
            r#"
            [http]
            listen = "127.0.0.1:0"
            [admin]
            listen = "127.0.0.1:0"
            [diameter]
            origin_host = "af.rx.test"
            origin_realm = "rx.test"
            destination_realm = "rx.test"
            {more}
            reconnect_initial_ms = 200
            reconnect_max_ms = 1000
            [[diameter.peers]]
            host = "{peer_host}"
            address = "{peer_address}"
            transport = "{transport}"
            [store]
            kind = "memory"
            "#
        );
        let file = scratch_file(&format!("{name}.toml"));
        std::fs::write(&file, config).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_rxgate"));
        let mut process = Peer::start("gateway", program, &["serve", "--config", file.to_str().unwrap()]);
        let mut port = |listener: &str| {
            let line = process.expect(&format!("listening {listener} 127.0.0.1:"));
            line.rsplit(':').next().unwrap().parse().unwrap()
        };
        let (http, admin) = (port("http"), port("admin"));
        Gateway { process, http, admin }
    }

    /// Waits until `/ready` answers with `status`: 200 once a peer is open, 503 while none is.
    pub fn await_ready(&self, status: u16) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let reply = call(self.admin, "GET", "/ready", "");
            match reply {
                Ok(reply) if reply.status == status => return reply.body,
                _ => assert!(Instant::now() < deadline, "/ready is not {status}: {reply:?}"),
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The peers as `/peers` shows them.
    pub fn peers(&self) -> Value {
        call(self.admin, "GET", "/peers", "").unwrap().want(200).body
    }

    /// A call of the REST interface.
    pub fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        call(self.http, method, path, body).unwrap()
    }

    /// Applies QoS for `tel:` `number` and returns the reply.
    pub fn apply(&self, number: &str, body: &Value) -> Reply {
        let path = format!("/ApplicationQoSService/tel:{number}/qos");
        self.call("POST", &path, &body.to_string())
    }

    /// Ends it in order: DPR to its peer, then the end status 0.
    pub fn stop(self) {
        assert!(self.process.stop(), "the gateway does not end well");
    }
}

/// One HTTP/1.1 call on a connection of its own.
fn call(port: u16, method: &str, path: &str, body: &str) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(n, v)| (n.to_lowercase(), v.to_owned()))
        .collect();
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    assert!(!chunked, "this client does not read chunks: {text}");
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).unwrap() };
    Ok(Reply { status, headers, body })
}
