//! A gateway before a PCRF of fixed capacity, at one, two and ten times the load that this can take.
//!
//! Gateway, simulated PCRF and callers are in this process and talk over loopback sockets. Each caller creates a
//! session and removes it at once, so that the PCRF has two requests for it; callers come at a steady rate whether
//! or not those before them were served. `cargo bench --bench overload -- [CAPACITY] [SECONDS]` prints the table:
//! CAPACITY is what the PCRF does in a second (default 200), SECONDS how long each load lasts (default 15, of which
//! the first 5 are not counted). All of it shares the machine: where that cannot carry ten times the load, it is the
//! machine that is measured.

use std::{
    env,
    error::Error,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
    header,
};
use hyper_util::rt::TokioIo;
use rxgate::{
    app::App,
    config::Loaded,
    pcrf::{Capacity, Pcrf, PcrfConfig},
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinSet, time::sleep_until};

type Failed = Box<dyn Error + Send + Sync>;

/// Time in which the gateway has to answer: its `request_timeout_ms`.
const DEADLINE: Duration = Duration::from_secs(10);

/// At the beginning of a load, not counted.
const WARM_UP: Duration = Duration::from_secs(5);

/// How long after the load drops it is watched for the recovery.
const WATCHED: Duration = Duration::from_secs(15);

/// A create that takes longer than this has waited for others.
const SLOW: Duration = Duration::from_millis(500);

/// What became of a create.
#[derive(Clone, Copy)]
struct Create {
    began: Instant,
    took: Duration,
    status: StatusCode,
}

/// Connections to the gateway that nobody uses at the moment.
struct Callers {
    gateway: SocketAddr,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    body: Bytes,
}

impl Callers {
    async fn call(&self, method: &str, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), Failed> {
        let idle = self.idle.lock().expect("nobody panics with it").pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => {
                let (sender, connection) =
                    handshake(TokioIo::new(TcpStream::connect(self.gateway).await?)).await?;
                tokio::spawn(connection);
                sender
            }
        };
        connection.ready().await?;
        let request = Request::builder().method(method).uri(path).header(header::HOST, "gateway");
        let request = request.header(header::CONTENT_TYPE, "application/json").body(Full::new(body))?;
        let answer = connection.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        self.idle.lock().expect("nobody panics with it").push(connection);
        Ok((status, body))
    }

    /// Creates a session, and removes it.
    async fn pair(&self) -> Result<Create, Failed> {
        let began = Instant::now();
        let path = "/ApplicationQoSService/sip:anna@example.org/qos";
        let (status, body) = self.call("POST", path, self.body.clone()).await?;
        let took = began.elapsed();
        if status.is_success() {
            let applied: Value = serde_json::from_slice(&body)?;
            let id = applied["applyQoSFeatureResponse"]["requestId"].as_str().ok_or("no requestId")?;
            let path = format!("/ApplicationQoSService/qos/{id}");
            self.call("DELETE", &path, Bytes::new()).await?;
        }
        Ok(Create { began, took, status })
    }

    /// So many pairs a second for so long; returns what became of all of them.
    async fn load(self: &Arc<Self>, rate: f64, lasting: Duration) -> Result<Vec<Create>, Failed> {
        let (start, mut pairs) = (tokio::time::Instant::now(), JoinSet::new());
        let mut number = 0u32;
        loop {
            let at = Duration::from_secs_f64(f64::from(number) / rate);
            if at >= lasting {
                break;
            }
            sleep_until(start + at).await;
            let callers = Arc::clone(self);
            pairs.spawn(async move { callers.pair().await });
            number += 1;
        }
        pairs.join_all().await.into_iter().collect()
    }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut numbers = env::args().skip(1).filter(|argument| argument != "--bench");
    let capacity: u32 = numbers.next().map_or(Ok(200), |number| number.parse())?;
    let seconds: u64 = numbers.next().map_or(Ok(15), |number| number.parse())?;
    let lasting = Duration::from_secs(seconds).max(WARM_UP * 2);

    let pcrf = Pcrf::start(PcrfConfig { control: None, ..PcrfConfig::on_free_ports() }).await?;
    let text = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\nmax_connections_per_address = 0\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         [store]\nkind = \"memory\"\n\
         [diameter]\norigin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\ndestination_realm = \"rx.test\"\n\
         request_timeout_ms = {}\n[[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"{}\"\n",
        DEADLINE.as_millis(),
        pcrf.address()
    );
    let app = App::start(Loaded::from_text(Path::new("overload"), &text)?.config).await?;
    while !app.peers().iter().any(|peer| peer.open) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let body = json!({ "qoSFeatureProperties": {
        "duration": 600,
        "framedIPAddress": "10.45.0.17",
        "mediaComponentDescription": [{
            "mediaComponentNumber": 1,
            "mediaSubComponent": [{
                "flowNumber": 1,
                "flowDescription": ["permit out 6 from 192.0.2.10 443 to 10.45.0.17"],
            }],
        }],
    }});
    let callers = Arc::new(Callers {
        gateway: app.http_address(),
        idle: Mutex::default(),
        body: Bytes::from(body.to_string()),
    });
    pcrf.set_capacity(Some(Capacity { per_second: capacity, queue: u32::MAX, beyond: Default::default() }));

    let pairs = f64::from(capacity) / 2.0;
    println!("a PCRF that does {capacity} requests a second: {pairs} pairs of create and remove\n");
    println!("load   offered/s  goodput/s  of peak   503/s  other  p50 ms  p99 ms  resends");
    let mut peak = 0.0f64;
    for times in [1.0, 2.0, 10.0] {
        let before = pcrf.stats().counts;
        let began = Instant::now();
        let creates = callers.load(pairs * times, lasting).await?;
        let after = pcrf.stats().counts;
        let requests: u64 = after.received.values().sum::<u64>() - before.received.values().sum::<u64>();
        let resends = (after.retransmissions - before.retransmissions) as f64 / requests.max(1) as f64;
        let counted: Vec<_> = creates.iter().filter(|create| create.began >= began + WARM_UP).collect();
        let window = (lasting - WARM_UP).as_secs_f64();
        let a_second = |wanted: &dyn Fn(&Create) -> bool| {
            counted.iter().filter(|create| wanted(create)).count() as f64 / window
        };
        let goodput = a_second(&|create| create.status.is_success() && create.took <= DEADLINE);
        let shed = a_second(&|create| create.status == StatusCode::SERVICE_UNAVAILABLE);
        let other = counted.len() as f64 / window - goodput - shed;
        peak = peak.max(goodput);
        let mut took: Vec<_> =
            counted.iter().filter(|create| create.status.is_success()).map(|create| create.took).collect();
        took.sort_unstable();
        let at = |share: f64| {
            let place = (took.len() as f64 * share) as usize;
            took.get(place).or(took.last()).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
        };
        println!(
            "{times:>3}x  {:>10.0} {goodput:>10.1} {:>7.1}% {shed:>7.1} {other:>6.1} {:>7.0} {:>7.0} {:>7.2}%",
            pairs * times,
            100.0 * goodput / peak,
            at(0.5),
            at(0.99),
            100.0 * resends,
        );
    }

    // Straight from ten times the load to half of it.
    let overload = {
        let callers = callers.clone();
        tokio::spawn(async move { callers.load(pairs * 10.0, WARM_UP).await })
    };
    tokio::time::sleep(WARM_UP).await;
    let dropped = Instant::now();
    let creates = callers.load(pairs / 2.0, WATCHED).await?;
    overload.await??;
    let troubled = creates.iter().filter(|create| !create.status.is_success() || create.took > SLOW);
    let last =
        troubled.map(|create| create.began.saturating_duration_since(dropped)).max().unwrap_or_default();
    println!(
        "\nfrom 10x to 0.5x: after {:.1} s every create is granted in less than {} ms",
        last.as_secs_f64(),
        SLOW.as_millis()
    );
    println!("sessions left at the PCRF: {}", pcrf.sessions().len());
    app.shut_down().await;
    Ok(())
}
