//! `rxgate serve` as a child process, and a client of it.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{exchange, gateway};

/// The program and its configuration file; both go with the test.
pub struct Gateway {
    pub child: Child,
    pub file: PathBuf,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    log: BufReader<std::process::ChildStderr>,
}

impl Gateway {
    pub fn spawn(name: &str, config: &str) -> Self {
        Self::spawn_logging(name, config, "info")
    }

    pub fn spawn_logging(name: &str, config: &str, log: &str) -> Self {
        Self::spawn_with(name, config, &[("RXGATE_LOG", log)])
    }

    pub fn spawn_with(name: &str, config: &str, environment: &[(&str, &str)]) -> Self {
        Self::spawn_as(name, config, environment, &[])
    }

    /// `arguments`: further ones.
    pub fn spawn_as(name: &str, config: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let file = std::env::temp_dir().join(format!("rxgate-serve-{}-{name}.toml", std::process::id()));
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rxgate"))
            .args(["serve", "--config"])
            .arg(&file)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, file, lines, log }
    }

    /// The address of the next line, which must be about this listener.
    pub fn listening(&mut self, what: &str) -> SocketAddr {
        let line = self.lines.next().unwrap().unwrap();
        let address = line.strip_prefix(&format!("listening {what} "));
        address.unwrap_or_else(|| panic!("{line}")).parse().unwrap()
    }

    /// Puts another text into its configuration file.
    pub fn rewrite(&self, config: &str) {
        std::fs::write(&self.file, config).unwrap();
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// The log up to the next line that has this.
    pub fn log_until(&mut self, what: &str) -> String {
        let mut log = String::new();
        loop {
            let begin = log.len();
            assert_ne!(self.log.read_line(&mut log).unwrap(), 0, "ended without {what}: {log}");
            if log[begin..].contains(what) {
                return log;
            }
        }
    }

    /// Exit code and what else went to standard error.
    pub fn end(&mut self) -> (Option<i32>, String) {
        let mut errors = String::new();
        self.log.read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), errors)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
        _ = std::fs::remove_file(&self.file);
    }
}

/// A directory of this test, which is removed at its end.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rxgate-serve-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// The configuration of a gateway whose store is in this directory.
pub fn durable(pcrf: SocketAddr, directory: &Directory) -> String {
    let store = format!("[store]\nkind = \"embedded\"\npath = '{}'\n", directory.0.join("store").display());
    gateway::config(pcrf, "", &store)
}

/// Status and body of the answer.
pub fn call(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let answer = answer(address, method, path, body);
    let (status, _, body) = exchange::read(&answer);
    (status, body.to_owned())
}

/// The whole answer.
pub fn answer(address: SocketAddr, method: &str, path: &str, body: &str) -> String {
    exchange::answer(address, method, path, "", body)
}

/// Far above what any wait takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Looks again and again until it is so; `shown` is for the failure.
pub fn until(mut is_so: impl FnMut() -> bool, shown: impl Fn() -> String) {
    let patience = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < patience, "{}", shown());
        thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until a peer is open.
pub fn ready(admin: SocketAddr) {
    until(|| call(admin, "GET", "/ready", "").0 == 200, || call(admin, "GET", "/peers", "").1);
}

pub fn config(pcrf: SocketAddr) -> String {
    gateway::config(pcrf, "listen = [\"127.0.0.1:0\"]", "")
}

/// The same; nothing ends a request but its answer or the end of its connection.
pub fn patient(pcrf: SocketAddr) -> String {
    gateway::config(pcrf, "request_timeout_ms = 300000\nattempt_timeout_ms = 300000", "")
}

pub const BODY: &str = r#"{"qoSFeatureProperties": {"framedIPAddress": "10.0.0.1",
    "mediaComponentDescription": [{"mediaComponentNumber": 1, "mediaType": "VIDEO"}]}}"#;

/// A template that asks for this bandwidth.
pub fn template(id: &str, bandwidth: &str) -> String {
    format!(
        r#"<QoSTemplate xmlns="http://oracle/ocsg/rest/qos/template" templateId="{id}">
  <mediaComponentDescription>
    <mediaComponentNumber>1</mediaComponentNumber>
    <maxRequestedBandwidthDL>{bandwidth}</maxRequestedBandwidthDL>
  </mediaComponentDescription>
</QoSTemplate>
"#
    )
}
