//! What keeping sessions on a disk costs: pairs of apply and remove against sessions in memory, in the same run,
//! how long a store of very many sessions takes to open, and how late sessions end of which very many are armed.
//!
//! `cargo bench --bench store`; `RXGATE_CALLERS` says how many ask at a time (64), `RXGATE_SESSIONS` how many
//! sessions are opened (1,000,000), `RXGATE_STORE` where (a directory of its own below the system's for temporary
//! files). The gateway and the PCRF share the process, so the ratio counts, not the rate.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use rxgate::{
    app::App,
    config::Loaded,
    pcrf::{Pcrf, PcrfConfig},
    rx::AaRequest,
    session::{QosRequest, Session, SessionError, SessionState, SessionStore, ports::Commit},
    store::{EmbeddedConfig, EmbeddedStore},
};
use tokio::task::JoinSet;

/// Callers at a time.
const CALLERS: u32 = 64;

/// Sessions that end while very many others are armed, ...
const ENDING: u32 = 10_000;

/// ... so far apart.
const BETWEEN_ENDS: Duration = Duration::from_millis(2);

/// How long pairs are counted.
const COUNTED: Duration = Duration::from_secs(5);

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = std::env::var_os("RXGATE_STORE").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("rxgate-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let callers = std::env::var("RXGATE_CALLERS").map_or(CALLERS, |text| text.parse().unwrap());
    println!("{callers} callers, {} s each", COUNTED.as_secs());
    println!("{:>10} {:>10} {:>14} {:>10} {:>10}", "store", "pairs/s", "CPU us/pair", "p50 ms", "p99 ms");
    let mut rates = [Vec::new(), Vec::new()];
    for round in 0..3 {
        for (kind, rates) in ["memory", "embedded"].into_iter().zip(&mut rates) {
            let directory = folder.join(format!("{kind}-{round}"));
            let store =
                format!("[store]\nkind = \"{kind}\"\npath = \"{}\"\nmin_free_mib = 0\n", directory.display());
            rates.push(runtime.block_on(pairs(kind, &store, callers)));
        }
    }
    let best =
        |rates: &[(f64, f64)], pick: fn(&(f64, f64)) -> f64| rates.iter().map(pick).fold(f64::NAN, f64::max);
    let least = |rates: &[(f64, f64)]| rates.iter().map(|it| it.1).fold(f64::NAN, f64::min);
    println!(
        "embedded : memory, best of three each: {:.2} of the rate, {:.2} times the CPU of a pair",
        best(&rates[1], |it| it.0) / best(&rates[0], |it| it.0),
        least(&rates[1]) / least(&rates[0]),
    );
    let sessions = std::env::var("RXGATE_SESSIONS").map_or(1_000_000, |text| text.parse().unwrap());
    runtime.block_on(many(&folder.join("many"), sessions));
    runtime.block_on(timers(&folder.join("many"), sessions));
    fs::remove_dir_all(&folder).unwrap();
}

/// Rate, and CPU of a pair in microseconds.
async fn pairs(kind: &str, store: &str, callers: u32) -> (f64, f64) {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let text = config(pcrf.address(), store);
    let app = App::start(Loaded::from_text(Path::new("bench"), &text).unwrap().config).await.unwrap();
    while !app.peers().iter().any(|peer| peer.open) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let (began, cpu) = (Instant::now(), cpu());
    let callers: Vec<_> = (0..callers)
        .map(|caller| {
            let (sessions, stop, done) = (app.sessions().clone(), stop.clone(), done.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let applied = match sessions.apply(request(caller)).await {
                        Ok(applied) => applied,
                        // All of them come at once, before it is known how fast the store is.
                        Err(SessionError::Shed(shed)) => {
                            tokio::time::sleep(shed.retry_after).await;
                            continue;
                        }
                        Err(error) => panic!("{error}"),
                    };
                    sessions.remove(&applied.id).await.unwrap();
                    times.push(began.elapsed());
                    done.fetch_add(1, Ordering::Relaxed);
                }
                times
            })
        })
        .collect();
    tokio::time::sleep(COUNTED).await;
    stop.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for caller in callers {
        times.extend(caller.await.unwrap());
    }
    let pairs = done.load(Ordering::Relaxed) as f64;
    let (rate, used) =
        (pairs / began.elapsed().as_secs_f64(), (self::cpu() - cpu).as_secs_f64() * 1e6 / pairs);
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{kind:>10} {rate:>10.0} {used:>14.0} {:>10.2} {:>10.2}", at(0.5), at(0.99));
    app.shut_down().await;
    pcrf.stop().await;
    (rate, used)
}

fn config(pcrf: SocketAddr, store: &str) -> String {
    format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[diameter]\norigin_host = \"af.rx.test\"\n\
         origin_realm = \"rx.test\"\ndestination_realm = \"rx.test\"\n[[diameter.peers]]\nhost = \"pcrf.rx.test\"\n\
         address = \"{pcrf}\"\n{store}"
    )
}

fn request(caller: u32) -> QosRequest {
    let address = [&[10, 0][..], &u16::try_from(caller).unwrap().to_be_bytes()].concat();
    QosRequest {
        owner: None,
        end_user: format!("tel:+4930{caller}"),
        duration: Some(Duration::from_secs(3600)),
        service: AaRequest { framed_ip_address: Some(address.into()), ..AaRequest::default() },
        view: VIEW.into(),
    }
}

/// As large as that of a template with ten parameters.
const VIEW: &str = concat!(
    r#"{"properties":{"framedIPAddress":"10.0.0.1","mediaComponentDescription":[{"mediaComponentNumber":1,"#,
    r#""mediaType":"VIDEO","maxRequestedBandwidthDL":8000000,"maxRequestedBandwidthUL":1000000,"flowStatus":"ENABLED","#,
    r#""mediaSubComponent":[{"flowNumber":1,"flowDescription":["permit out 17 from 10.0.0.1 5000 to 10.0.0.2 6000"]}]}],"#,
    r#""serviceInfoStatus":"FINAL SERVICE INFORMATION","subscriptionId":[{"subscriptionIdType":"END_USER_E164","#,
    r#""subscriptionIdData":"88888888"}]}}"#
);

/// Fills a store, closes it, and opens it again.
async fn many(directory: &Path, sessions: u32) {
    let config = EmbeddedConfig { min_free: 0, ..EmbeddedConfig::new(directory) };
    let store = Arc::new(EmbeddedStore::open(&config).unwrap().0);
    let (began, now) = (Instant::now(), SystemTime::now());
    let fillers = (0..CALLERS).map(|filler| {
        let store = store.clone();
        async move {
            for number in (filler..sessions).step_by(CALLERS as usize) {
                let expires = now + Duration::from_secs(3600) + Duration::from_millis(number.into());
                store.commit(Commit::insert(open(number, 0, now, expires))).await.unwrap();
            }
        }
    });
    all(fillers).await;
    let filled = began.elapsed();
    drop(store);
    let (octets, before) = (size(directory), resident());
    let began = Instant::now();
    let store = EmbeddedStore::open(&config).unwrap().0;
    let opened = began.elapsed();
    let due = store.expiring(None, now + Duration::from_secs(3660), 1000).await.unwrap().len();
    let found = store.claim_sessions(1000).await.unwrap().len();
    let ready = began.elapsed();
    let count = store.count().await.unwrap();
    println!(
        "{count} sessions: written in {:.1} s, {:.0} octets on the disk each; open again after {:.2} s, ready after \
         {:.2} s ({due} due, {found} owed), {:.1} octets of memory each",
        filled.as_secs_f64(),
        octets as f64 / f64::from(sessions),
        opened.as_secs_f64(),
        ready.as_secs_f64(),
        resident().saturating_sub(before) as f64 / f64::from(sessions),
    );
}

/// An open session of this number in this series.
fn open(number: u32, series: u32, created: SystemTime, expires: SystemTime) -> Session {
    let id = format!("{number:08x}-0000-7000-8000-{series:012x}").into();
    let rx_session = format!("af.rx.test;1700000000;{number};{series:08x}").into();
    let mut session = Session::pending(id, rx_session, created, &request(number % 65_536));
    session.state = SessionState::Open;
    session.expires = Some(expires);
    session
}

/// Starts a gateway on that store, in which some more sessions end soon.
async fn timers(directory: &Path, sessions: u32) {
    let config = EmbeddedConfig { min_free: 0, ..EmbeddedConfig::new(directory) };
    let store = Arc::new(EmbeddedStore::open(&config).unwrap().0);
    let first = SystemTime::now() + Duration::from_secs(20);
    let inserts = (0..ENDING).map(|number| {
        let (store, session) = (store.clone(), open(number, 1, first, first + BETWEEN_ENDS * number));
        async move { store.commit(Commit::insert(session)).await.unwrap() }
    });
    all(inserts).await;
    drop(store);
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let store = format!("[store]\npath = \"{}\"\nmin_free_mib = 0\n", directory.display());
    let text = self::config(pcrf.address(), &store);
    let app = App::start(Loaded::from_text(Path::new("bench"), &text).unwrap().config).await.unwrap();
    tokio::time::sleep(BETWEEN_ENDS * ENDING + Duration::from_secs(25)).await;
    let admin = app.admin_address();
    let page = tokio::task::spawn_blocking(move || scrape(admin)).await.unwrap();
    let counts: Vec<(f64, u64)> = page
        .lines()
        .filter_map(|line| {
            line.strip_prefix("rxgate_timer_lateness_seconds_bucket{le=\"")?.split_once("\"} ")
        })
        .map(|(bound, count)| (bound.parse().unwrap_or(f64::INFINITY), count.parse().unwrap()))
        .collect();
    let ended = counts.last().unwrap().1;
    assert_eq!(ended, u64::from(ENDING), "sessions that ended");
    let at = |share: f64| counts.iter().find(|(_, count)| *count as f64 >= ended as f64 * share).unwrap().0;
    println!(
        "{sessions} armed, {ended} ended in {} s: half at most {} ms late, 99 of 100 at most {} ms",
        (BETWEEN_ENDS * ENDING).as_secs(),
        at(0.5) * 1e3,
        at(0.99) * 1e3,
    );
    app.shut_down().await;
    pcrf.stop().await;
}

/// What `/metrics` shows.
fn scrape(admin: SocketAddr) -> String {
    let mut stream = TcpStream::connect(admin).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

/// Does all of them at once.
async fn all(futures: impl Iterator<Item = impl Future<Output = ()> + Send + 'static>) {
    let mut tasks: JoinSet<()> = JoinSet::new();
    futures.for_each(|one| _ = tasks.spawn(one));
    tasks.join_all().await;
}

/// Processor time of this process so far.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // utime and stime, in hundredths of a second (proc(5)).
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// Memory that is in use. Octets.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}

fn size(path: &Path) -> u64 {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { size(&path) } else { fs::metadata(path).unwrap().len() }).sum()
}
