//! A disk that fills up under the gateway: what exists goes on, nothing is added, nothing acknowledged is lost.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rxgate::pcrf::{Pcrf, PcrfConfig};

use crate::{exchange, folder::Folder, gateway, tally::skip};

const BODY: &str = r#"{"qoSFeatureProperties": {"framedIPAddress": "10.0.0.1",
    "mediaComponentDescription": [{"mediaComponentNumber": 1, "mediaType": "VIDEO"}]}}"#;

/// Far above what anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of the small disk; [`FREE`] of it are kept for the sessions that exist.
const SIZE: usize = 24 << 20;
const FREE: usize = 12 << 20;

/// A small disk of its own, which only this process and its children see.
struct Small {
    holder: Child,
    place: PathBuf,
}

impl Small {
    fn mount(place: &Path) -> Result<Self, String> {
        let script = format!("mount -t tmpfs -o size={SIZE} none \"$0\" && echo mounted && exec cat");
        let mut holder = Command::new("unshare");
        holder.args(["-m", "sh", "-c", &script]).arg(place);
        // It ends with its standard input.
        holder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut holder = holder.spawn().map_err(|error| format!("unshare: {error}"))?;
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let place = PathBuf::from(format!("/proc/{}/root{}", holder.id(), place.display()));
        let small = Self { holder, place };
        if line == "mounted\n" { Ok(small) } else { Err("it takes root to mount a small disk".into()) }
    }

    /// Puts so many octets on it, or as many as there is room for.
    fn fill(&self, octets: usize) {
        let mut file = File::create(self.place.join("ballast")).unwrap();
        for _ in 0..octets / 4096 {
            if file.write_all(&[1; 4096]).is_err() {
                return;
            }
        }
    }

    fn empty(&self) {
        fs::remove_file(self.place.join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        _ = self.holder.kill();
        _ = self.holder.wait();
    }
}

/// The gateway over that disk.
struct Gateway {
    child: Child,
    http: SocketAddr,
}

impl Gateway {
    fn start(small: &Small, file: &Path) -> Self {
        let mut child = Command::new("nsenter")
            .args([
                "-m",
                "-t",
                &small.holder.id().to_string(),
                env!("CARGO_BIN_EXE_rxgate"),
                "serve",
                "--config",
            ])
            .arg(file)
            .env("RXGATE_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let [http, admin] = ["http", "admin"].map(|what| {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix(&format!("listening {what} ")).unwrap().parse().unwrap()
        });
        let gateway = Self { child, http };
        gateway.until(|| gateway.call(admin, "GET", "/ready", "").0 == 200);
        gateway
    }

    fn call(&self, to: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
        let answer = exchange::answer(to, method, path, "", body);
        (exchange::read(&answer).0, answer)
    }

    /// Asks for a session; its path if there is one now.
    fn create(&self, user: u32) -> Result<String, (u16, String)> {
        let (status, answer) =
            self.call(self.http, "POST", &format!("/ApplicationQoSService/tel:+49{user}/qos"), BODY);
        if status != 201 {
            return Err((status, answer));
        }
        let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        Ok(location[location.find("/ApplicationQoSService").unwrap()..].trim().to_owned())
    }

    fn status(&self, method: &str, path: &str) -> u16 {
        self.call(self.http, method, path, if method == "PUT" { BODY } else { "" }).0
    }

    fn until(&self, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < PATIENCE);
            std::thread::yield_now();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // As if the machine had failed.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_sessions_go_on_and_nothing_acknowledged_is_lost() {
    let folder = Folder::new();
    let place = folder.path().join("disk");
    fs::create_dir(&place).unwrap();
    let small = match Small::mount(&place) {
        Ok(small) => small,
        Err(why) => {
            skip("a full disk", &why);
            return;
        }
    };
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let store = format!(
        "[store]\nkind = \"embedded\"\npath = \"{}/data\"\nmin_free_mib = {}\n",
        place.display(),
        FREE >> 20
    );
    let file = folder.path().join("gate.toml");
    fs::write(&file, gateway::config(pcrf.address(), "", &store)).unwrap();
    tokio::task::spawn_blocking(move || fills_up(&small, &file)).await.unwrap();
    pcrf.stop().await;
}

fn fills_up(small: &Small, file: &Path) {
    let gateway = Gateway::start(small, file);
    let mut live: Vec<_> = (0..8).map(|user| gateway.create(user).unwrap()).collect();

    // Less room than is kept free: no new sessions, everything else as ever.
    small.fill(SIZE - FREE);
    let began = Instant::now();
    let (status, answer) = loop {
        match gateway.create(100 + live.len() as u32) {
            Ok(path) => live.push(path),
            Err(refusal) => break refusal,
        }
        assert!(began.elapsed() < PATIENCE);
    };
    assert_eq!(status, 503, "{answer}");
    assert!(answer.contains("\r\nretry-after: "), "{answer}");
    assert_eq!(gateway.status("GET", &live[0]), 200);
    assert_eq!(gateway.status("PUT", &live[1]), 200);
    let removed = live.remove(2);
    assert!([200, 204].contains(&gateway.status("DELETE", &removed)));

    // No room at all: whatever is acknowledged holds.
    small.fill(SIZE);
    let (mut gone, mut unknown) = (vec![removed], Vec::new());
    let before = live.len();
    for path in live.split_off(4) {
        match gateway.status("DELETE", &path) {
            200 | 204 => gone.push(path),
            status => {
                assert!(status >= 500, "{status}");
                unknown.push(path);
            }
        }
    }
    drop(gateway);

    small.empty();
    let gateway = Gateway::start(small, file);
    for path in &live {
        assert_eq!(gateway.status("GET", path), 200, "{path}");
    }
    for path in &gone {
        gateway.until(|| gateway.status("GET", path) == 404);
    }
    gateway.create(999).unwrap();
    println!(
        "disk: full: {before} sessions there, new ones 503 with Retry-After, one modified, {} removed and {} refused \
         with not an octet free; after the next start 0 acknowledged lost",
        gone.len(),
        unknown.len()
    );
}
