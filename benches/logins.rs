//! What wrong credentials cost those who have the right ones.
//!
//! Gateway and simulated PCRF are in this process, who guesses is in another one, and all talk over loopback sockets, so
//! that nobody has to wait for a guesser but the machine. One application makes and removes sessions at a steady rate:
//! alone; while others guess as fast as they are told to, each guess another one; and while the same guesses go to a
//! process that does nothing but refuse. The last is what guesser and network take of the machine, whatever the gateway
//! does. The application comes once with its secret (Basic), once with a token (Bearer), and the guesses are of the same
//! kind. The parts take turns, and what is compared is the median of the rounds: other work on the machine meets all.
//! What is not counted is the beginning of the valid traffic; from the first guess on everything is.
//!
//! `cargo bench --bench logins -- [VALID] [GUESSES] [SECONDS] [KIND]` prints how long valid requests took, and the
//! ratios: VALID requests a second (default 200), GUESSES a second (default 10,000), SECONDS that each of the 15 parts
//! lasts (default 10), KIND `basic` or `bearer` (default: both).

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64ct::{Base64, Encoding};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
    header, server,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rxgate::{
    access::{Scope, Secret, SecretHash, Terms},
    app::App,
    config::{Applications, Loaded},
    pcrf::{Pcrf, PcrfConfig},
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, sleep_until},
};

type Failed = Box<dyn Error + Send + Sync>;

/// Connections that guess.
const GUESSERS: u32 = 32;

/// Connections of the application.
const CALLERS: u32 = 8;

/// How often each part is measured.
const ROUNDS: usize = 5;

/// Valid traffic alone at the beginning, not counted: connections are made, and the secret is hashed.
const WARM_UP: Duration = Duration::from_secs(2);

struct Caller {
    connection: SendRequest<Full<Bytes>>,
    authorization: String,
}

impl Caller {
    async fn new(gateway: SocketAddr, authorization: &str) -> Result<Self, Failed> {
        let (connection, driver) = handshake(TokioIo::new(TcpStream::connect(gateway).await?)).await?;
        tokio::spawn(driver);
        Ok(Self { connection, authorization: authorization.to_owned() })
    }

    async fn call(&mut self, method: &str, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), Failed> {
        self.connection.ready().await?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "gateway")
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        let answer = self.connection.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}

fn basic(secret: &str) -> String {
    format!("Basic {}", Base64::encode_string(format!("video:{secret}").as_bytes()))
}

/// Makes and removes sessions, so many requests a second in all, and returns how long each took.
async fn valid(
    gateway: SocketAddr,
    authorization: &str,
    rate: u32,
    lasting: Duration,
) -> Result<Vec<Duration>, Failed> {
    let body = json!({ "qoSFeatureProperties": { "duration": 600, "framedIPAddress": "10.45.0.17",
        "mediaComponentDescription": [{ "mediaComponentNumber": 1, "mediaType": "VIDEO" }] } });
    let body = Bytes::from(body.to_string());
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let mut caller = Caller::new(gateway, authorization).await?;
        let body = body.clone();
        callers.spawn(async move {
            let (start, mut took) = (tokio::time::Instant::now(), Vec::new());
            // Each makes a pair of requests at a time.
            let apart = Duration::from_secs_f64(2.0 * f64::from(CALLERS) / f64::from(rate));
            let mut at = start + apart * number / CALLERS;
            while at < start + lasting {
                sleep_until(at).await;
                let began = Instant::now();
                let path = "/ApplicationQoSService/sip:anna@example.org/qos";
                let (status, answer) = caller.call("POST", path, body.clone()).await?;
                let applied = began.elapsed();
                let answer: Value = serde_json::from_slice(&answer)?;
                let id = answer["applyQoSFeatureResponse"]["requestId"].as_str();
                let id = id.ok_or_else(|| format!("{status}: {answer}"))?;
                let began = Instant::now();
                let path = format!("/ApplicationQoSService/qos/{id}");
                let (status, _) = caller.call("DELETE", &path, Bytes::new()).await?;
                if status != StatusCode::NO_CONTENT {
                    return Err(format!("removed with {status}").into());
                }
                took.extend([applied, began.elapsed()]);
                at += apart;
            }
            Ok::<_, Failed>(took)
        });
    }
    let mut all = Vec::new();
    while let Some(took) = callers.join_next().await {
        all.extend(took??);
    }
    all.sort_unstable();
    Ok(all)
}

/// Guesses until the process ends; counts into `seen`. `right`: what of a right one stays as it is; a token is forged by
/// another signature, a secret is another one altogether.
async fn guess(
    gateway: SocketAddr,
    number: u32,
    rate: u32,
    right: Option<String>,
    seen: Arc<Answers>,
) -> Result<(), Failed> {
    let mut caller = Caller::new(gateway, "").await?;
    let apart = Duration::from_secs_f64(f64::from(GUESSERS) / f64::from(rate));
    let (start, mut guesses) = (tokio::time::Instant::now(), 0_u32);
    loop {
        // A timer has a millisecond: those that are due by then go one after the other.
        sleep_until(start + apart * guesses).await;
        caller.authorization = match &right {
            // 64 octets in Base64: an ES256 signature.
            Some(signed) => format!("Bearer {signed}.{:0>85}A", format!("{number}x{guesses}")),
            None => basic(&format!("guess {number} {guesses}")),
        };
        let path = "/ApplicationQoSNotification/registration";
        let (status, _) = caller.call("GET", path, Bytes::new()).await?;
        seen.add(status);
        guesses += 1;
    }
}

/// The arguments of a process that guesses, and of one that refuses.
const GUESS: &str = "guess";
const REFUSE: &str = "refuse";

/// Refuses every request until standard input ends, as a server would that knows without a look.
async fn refusing() -> Result<(), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let refuse = service_fn(|_| async {
        Response::builder().status(StatusCode::TOO_MANY_REQUESTS).body(Full::<Bytes>::default())
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), refuse));
        }
    });
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    std::process::exit(0);
}

/// A process that refuses; it ends with what holds its standard input.
struct Refuser(Child);

impl Refuser {
    fn start() -> Result<(Self, SocketAddr), Failed> {
        let mut command = Command::new(env::current_exe()?);
        let mut child = command.arg(REFUSE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().ok_or("who refuses has no standard output")?)
            .read_line(&mut line)?;
        Ok((Self(child), line.trim().parse()?))
    }
}

impl Drop for Refuser {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Guesses until standard input ends; then prints what came of it. The first line is what of a right token stays.
async fn guessers(gateway: SocketAddr, rate: u32) -> Result<(), Failed> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let right = Some(line.trim().to_owned()).filter(|right| !right.is_empty());
    let seen = Arc::new(Answers::default());
    let mut all = JoinSet::new();
    for number in 0..GUESSERS {
        all.spawn(guess(gateway, number, rate, right.clone(), seen.clone()));
    }
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    println!("{}", seen.shown());
    std::process::exit(0);
}

/// A process that guesses.
struct Guesser(Child);

impl Guesser {
    fn start(gateway: SocketAddr, rate: u32, right: &str) -> Result<Self, Failed> {
        let mut command = Command::new(env::current_exe()?);
        command.args([GUESS, &gateway.to_string(), &rate.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdin = child.stdin.as_mut().ok_or("who guesses has no standard input")?;
        writeln!(stdin, "{right}")?;
        Ok(Self(child))
    }

    /// How many answers of each status it got.
    fn end(mut self) -> Result<BTreeMap<u16, u64>, Failed> {
        drop(self.0.stdin.take());
        let output = String::from_utf8(self.0.wait_with_output()?.stdout)?;
        let pairs = output.split_whitespace().map(|pair| {
            let (status, count) = pair.split_once(':').ok_or("who guessed broke")?;
            Ok((status.parse()?, count.parse()?))
        });
        pairs.collect()
    }
}

/// Answers to guesses, by their status.
#[derive(Default)]
struct Answers(Mutex<BTreeMap<u16, u64>>);

impl Answers {
    fn add(&self, status: StatusCode) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.entry(status.as_u16()).or_default() += 1;
    }

    fn shown(&self) -> String {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(status, count)| format!("{status}:{count}")).collect::<Vec<_>>().join(" ")
    }
}

fn at(took: &[Duration], share: f64) -> f64 {
    let place = (took.len() as f64 * share) as usize;
    took.get(place).or(took.last()).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// A token of the application.
async fn token(gateway: SocketAddr, basic: &str) -> Result<String, Failed> {
    let (mut connection, driver) = handshake(TokioIo::new(TcpStream::connect(gateway).await?)).await?;
    tokio::spawn(driver);
    let request = Request::post("/oauth2/token")
        .header(header::HOST, "gateway")
        .header(header::AUTHORIZATION, basic)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::<Bytes>::from("grant_type=client_credentials"))?;
    let answer = connection.send_request(request).await?.into_body().collect().await?.to_bytes();
    let answer: Value = serde_json::from_slice(&answer)?;
    let token = answer["access_token"].as_str().ok_or_else(|| format!("no token: {answer}"))?;
    Ok(token.to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    match &*env::args().collect::<Vec<_>>() {
        [_, word, server, rate] if word == GUESS => return guessers(server.parse()?, rate.parse()?).await,
        [_, word] if word == REFUSE => return refusing().await,
        _ => {}
    }
    let mut numbers = env::args().skip(1).filter(|argument| argument != "--bench");
    let rate: u32 = numbers.next().map_or(Ok(200), |number| number.parse())?;
    let guesses: u32 = numbers.next().map_or(Ok(10_000), |number| number.parse())?;
    let seconds: u64 = numbers.next().map_or(Ok(10), |number| number.parse())?;
    let lasting = Duration::from_secs(seconds.max(1));
    let kinds = match numbers.next().as_deref() {
        None => vec!["basic", "bearer"],
        Some("basic") => vec!["basic"],
        Some("bearer") => vec!["bearer"],
        Some(other) => return Err(format!("accepted are basic and bearer, found {other}").into()),
    };

    let directory = env::temp_dir().join(format!("rxgate-logins-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let secret = Secret::generate()?;
    let secrets = vec![SecretHash::of(&secret)?];
    let terms = Terms { secrets, ..Terms::new("video", [Scope::Apply, Scope::Remove]) };
    Applications::from(vec![terms]).write(&directory.join("applications.toml"))?;
    let pcrf = Pcrf::start(PcrfConfig { control: None, ..PcrfConfig::on_free_ports() }).await?;
    let text = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[store]\nkind = \"memory\"\n\
         [diameter]\norigin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\ndestination_realm = \"rx.test\"\n\
         [[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"{}\"\n\
         [access]\napplications = \"applications.toml\"\n[access.token]\n",
        pcrf.address()
    );
    let app = App::start(Loaded::from_text(Path::new(&directory.join("gate.toml")), &text)?.config).await?;
    while !app.peers().iter().any(|peer| peer.open) {
        sleep(Duration::from_millis(10)).await;
    }
    let gateway = app.http_address();

    let (refuser, elsewhere) = Refuser::start()?;
    println!("{rate} valid requests a second, {ROUNDS} rounds, each part {} s\n", lasting.as_secs());
    println!("kind    guesses at  guesses/s  p50 ms  p99 ms  max ms  answers to guesses");
    for kind in kinds {
        let basic = basic(secret.reveal());
        let (authorization, right) = match kind {
            "bearer" => {
                let token = token(gateway, &basic).await?;
                let signed = token.rsplit_once('.').ok_or("a token without a signature")?.0.to_owned();
                (format!("Bearer {token}"), signed)
            }
            _ => (basic, String::new()),
        };
        let run = async |lasting| {
            let authorization = authorization.clone();
            // On a runtime of its own: what is measured is the gateway, and not whom its tasks share a queue with.
            let valid = move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(valid(gateway, &authorization, rate, lasting))
            };
            tokio::task::spawn_blocking(valid).await?
        };
        run(WARM_UP).await?;
        let mut parts =
            [("nobody", None, vec![]), ("others", Some(elsewhere), vec![]), ("us", Some(gateway), vec![])];
        for _ in 0..ROUNDS {
            for (name, server, p99s) in &mut parts {
                let guesser = server.map(|server| Guesser::start(server, guesses, &right)).transpose()?;
                let began = Instant::now();
                let took = run(lasting).await?;
                let seen = guesser.map_or(Ok(BTreeMap::new()), Guesser::end)?;
                let rate = seen.values().sum::<u64>() as f64 / began.elapsed().as_secs_f64();
                let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| at(&took, share));
                println!("{kind:<7} {name:<10} {rate:>9.0} {p50:>7.2} {p99:>7.2} {max:>7.2}  {seen:?}");
                p99s.push(p99);
            }
        }
        let [alone, others, us] = parts.map(|(.., p99s)| median(p99s));
        println!(
            "{kind}: median p99 {alone:.2} ms alone; with guesses {us:.2} ms, {:.2} times that; \
             with guesses at another server {others:.2} ms, {:.2} times\n",
            us / alone,
            others / alone
        );
    }
    drop(refuser);
    app.shut_down().await;
    std::fs::remove_dir_all(directory)?;
    Ok(())
}
