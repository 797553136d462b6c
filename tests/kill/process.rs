//! The gateway as a process that is killed.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{folder::Folder, gateway};

/// The process, its configuration and its log.
pub struct Gateway {
    child: Child,
    file: PathBuf,
    log: PathBuf,
    http: watch::Sender<SocketAddr>,
    admin: SocketAddr,
}

impl Gateway {
    /// Starts it over an empty store.
    pub async fn start(folder: &Folder, pcrf: SocketAddr) -> Self {
        let store = folder.path().join("data");
        let more = format!(
            "[notify]\nallow_networks = [\"127.0.0.0/8\"]\nretry_initial_ms = 20\nretry_max_ms = 100\n\
             [store]\nkind = \"embedded\"\npath = \"{}\"\nmin_free_mib = 0\n",
            store.display()
        );
        let text = gateway::config(pcrf, "reconnect_initial_ms = 20\nreconnect_max_ms = 100", &more);
        let (file, log) = (folder.path().join("gate.toml"), folder.path().join("log"));
        fs::write(&file, text).unwrap();
        let (child, http, admin) = spawn(&file, &log).await;
        Self { child, file, log, http: watch::Sender::new(http), admin }
    }

    /// Where it listens.
    pub fn http(&self) -> SocketAddr {
        *self.http.borrow()
    }

    /// The same, also after the next start.
    pub fn addresses(&self) -> watch::Receiver<SocketAddr> {
        self.http.subscribe()
    }

    /// Where the operator's interface listens.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Ends it in the midst of everything, and starts it again; how long that took until it listened.
    pub async fn kill_and_start(&mut self) -> Duration {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let began = Instant::now();
        let (child, http, admin) = spawn(&self.file, &self.log).await;
        (self.child, self.admin) = (child, admin);
        self.http.send_replace(http);
        began.elapsed()
    }

    /// The last of what all of them logged.
    pub fn log(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

async fn spawn(file: &PathBuf, log: &PathBuf) -> (Child, SocketAddr, SocketAddr) {
    let errors = File::options().create(true).append(true).open(log).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rxgate"))
        .args(["serve", "--config"])
        .arg(file)
        .env("RXGATE_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let listening = tokio::task::spawn_blocking(move || {
        ["http", "admin"].map(|what| {
            let line = lines.next()?.ok()?;
            line.strip_prefix(&format!("listening {what} "))?.parse::<SocketAddr>().ok()
        })
    });
    let [Some(http), Some(admin)] = listening.await.unwrap() else {
        panic!("it does not start: {}", fs::read_to_string(log).unwrap());
    };
    (child, http, admin)
}
