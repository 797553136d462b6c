//! The gateway as a process that is killed.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::sleep};

use crate::{folder::Folder, gateway};

/// The process, its configuration and its log.
pub struct Gateway {
    child: Child,
    file: PathBuf,
    log: PathBuf,
    /// Where it listens, while it does: another program may get the port that it had.
    http: watch::Sender<Option<SocketAddr>>,
    admin: SocketAddr,
}

impl Gateway {
    /// Starts it over an empty store.
    pub async fn start(folder: &Folder, pcrf: SocketAddr) -> Self {
        let store = folder.path().join("data");
        let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        let more = format!(
            "[templates]\ndirectory = \"{templates}\"\n\
             [notify]\nallow_networks = [\"127.0.0.0/8\"]\nretry_initial_ms = 20\nretry_max_ms = 100\n\
             [store]\nkind = \"embedded\"\npath = \"{}\"\nmin_free_mib = 0\n",
            store.display()
        );
        let text = gateway::config(pcrf, "reconnect_initial_ms = 20\nreconnect_max_ms = 100", &more);
        let (file, log) = (folder.path().join("gate.toml"), folder.path().join("log"));
        fs::write(&file, text).unwrap();
        let mut child = spawn(&file, &log);
        let (http, admin) = listening(&mut child, &log).await;
        Self { child, file, log, http: watch::Sender::new(Some(http)), admin }
    }

    /// Where it listens for HTTP, if it is there; also after the next start.
    pub fn addresses(&self) -> watch::Receiver<Option<SocketAddr>> {
        self.http.subscribe()
    }

    /// Where the operator's interface listens.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Ends it in the midst of everything.
    pub fn kill(&mut self) {
        self.http.send_replace(None);
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it, and kills it after this time, wherever it is then.
    pub async fn start_and_kill(&mut self, after: Duration) {
        self.child = spawn(&self.file, &self.log);
        sleep(after).await;
        self.kill();
    }

    /// Starts it again; how long that took until it listened.
    pub async fn start_again(&mut self) -> Duration {
        let began = Instant::now();
        self.child = spawn(&self.file, &self.log);
        let (http, admin) = listening(&mut self.child, &self.log).await;
        let took = began.elapsed();
        self.admin = admin;
        self.http.send_replace(Some(http));
        took
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

fn spawn(file: &Path, log: &Path) -> Child {
    let errors = File::options().create(true).append(true).open(log).unwrap();
    Command::new(env!("CARGO_BIN_EXE_rxgate"))
        .args(["serve", "--config"])
        .arg(file)
        .env("RXGATE_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        .spawn()
        .unwrap()
}

/// Where it listens, for HTTP and for the operator, once it does.
async fn listening(child: &mut Child, log: &Path) -> (SocketAddr, SocketAddr) {
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
    (http, admin)
}
