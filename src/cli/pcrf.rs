//! `rxgate pcrf`: the simulated PCRF as a program, one line for each message exchange.

use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::{
    Failure, check_config,
    log::{self, LogArguments},
    process,
};
use crate::{
    dict::{
        Dictionary,
        enums::{IpCanType, RatType},
    },
    pcrf::{Exchange, Pcrf, PcrfConfig, PcrfError, Rule, Ue},
    tls::{FileError, Identity, Trust},
    transport::{ListenOn, Tcp, Tls, TlsEnds, Transport, Transports},
};

/// Lines that wait for a slow terminal; more are left out and counted.
const MAX_WAITING: usize = 10_000;

/// Runs a simulated PCRF, for integrators without a real one.
///
/// It grants whatever is well formed and about an attached user, keeps the sessions, and prints one line for each
/// request and its answer. Over its control API it sends RAR and ASR, and is told to misbehave. It decides nothing
/// about bearers, and nobody should use it in a network.
#[derive(Args)]
#[command(after_help = "\
Examples:
  rxgate pcrf
  rxgate pcrf --listen 127.0.0.1:3868 --control 127.0.0.1:8868 \\
    --origin-host pcrf.rx.test --origin-realm rx.test
  rxgate pcrf --listen-sctp 10.0.1.2:3868,10.0.2.2:3868
  rxgate pcrf --ue 10.0.0.1 --ue 2001:db8:1::/64 --strict
  rxgate pcrf --listen-tls 127.0.0.1:5658 --certificate pcrf.pem --key pcrf.key --ca ca.pem

Then, in another window:
  curl 127.0.0.1:8868/sessions
  curl '127.0.0.1:8868/sessions/SESSION-ID/rar' -d '{\"specificActions\": [\"INDICATION_OF_LOSS_OF_BEARER\"]}'
  curl '127.0.0.1:8868/sessions/SESSION-ID/asr' -d '{\"abortCause\": \"BEARER_RELEASED\"}'
  curl 127.0.0.1:8868/rules -d '{\"times\": 1, \"action\": \"result\", \"resultCode\": 5012}'
  curl 127.0.0.1:8868/rules -d '{\"ue\": \"10.0.0.1\", \"action\": \"silence\"}'
  curl -X DELETE 127.0.0.1:8868/rules
  curl -X PUT 127.0.0.1:8868/capacity -d '{\"perSecond\": 100, \"queue\": 50, \"beyond\": \"busy\"}'   # or silence
  curl -X PUT 127.0.0.1:8868/overload-report -d '{\"reductionPercentage\": 50, \"validityDuration\": 60}'
  curl 127.0.0.1:8868/dpr -d '{\"cause\": \"BUSY\"}'
  curl -X POST 127.0.0.1:8868/restart        # also /hang and /wake

A rule has \"command\" (AAR, STR), \"ue\", \"session\", \"times\", \"delayMs\" and an \"action\": accept, result,
experimental-result, busy, silence, duplicate, disconnect-before, disconnect-after. The first that matches decides.

Exit codes: 0 stopped by a signal; 1 failed; 2 wrong arguments or files.")]
pub(super) struct Arguments {
    /// Where AFs connect.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3868")]
    listen: SocketAddr,
    /// Where AFs connect over TLS, with certificates of both sides.
    #[arg(long, value_name = "ADDR", requires_all = ["certificate", "key", "ca"])]
    listen_tls: Option<SocketAddr>,
    /// What it shows there: a PEM chain; the first certificate is for the Origin-Host.
    #[arg(long, value_name = "FILE", requires = "listen_tls")]
    certificate: Option<PathBuf>,
    /// The key of that certificate: PEM without a passphrase.
    #[arg(long, value_name = "FILE", requires = "listen_tls")]
    key: Option<PathBuf>,
    /// The authorities whose certificates AFs show: PEM.
    #[arg(long, value_name = "FILE", requires = "listen_tls")]
    ca: Option<PathBuf>,
    /// Where AFs connect over SCTP: the addresses of one endpoint, with the same port.
    #[arg(long, value_name = "ADDR,ADDR", value_delimiter = ',')]
    listen_sctp: Vec<SocketAddr>,
    /// Where the control API listens; loopback only, as it has no access control.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8868")]
    control: SocketAddr,
    /// Origin-Host.
    #[arg(long, value_name = "HOST", default_value = "pcrf.rx.test")]
    origin_host: String,
    /// Origin-Realm.
    #[arg(long, value_name = "REALM", default_value = "rx.test")]
    origin_realm: String,
    /// An attached user: an address, or a prefix as 2001:db8:1::/64. Without any, everybody is attached.
    #[arg(long, value_name = "ADDR")]
    ue: Vec<Ue>,
    /// Refuse what real PCRFs let pass: free text in filters (5062), wrong M bits (3009), unknown values (5004).
    #[arg(long)]
    strict: bool,
    /// IP-CAN-Type in every AAA.
    #[arg(long, value_name = "NAME", default_value = "3GPP-EPS", value_parser = ip_can_type)]
    ip_can_type: IpCanType,
    /// RAT-Type in every AAA.
    #[arg(long, value_name = "NAME", default_value = "EUTRAN", value_parser = rat_type)]
    rat_type: RatType,
    /// Class in every AAA, to come back in the STR.
    #[arg(long, value_name = "TEXT")]
    class: Option<String>,
    /// Rules in force from the start: a file with a JSON array.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Further dictionary files (XML), for AVPs that are not built in.
    #[arg(long, value_name = "DIR")]
    dictionary: Option<PathBuf>,
    #[command(flatten)]
    log: LogArguments,
}

fn ip_can_type(name: &str) -> Result<IpCanType, String> {
    IpCanType::from_name(name).ok_or_else(|| accepted(IpCanType::NAMED))
}

fn rat_type(name: &str) -> Result<RatType, String> {
    RatType::from_name(name).ok_or_else(|| accepted(RatType::NAMED))
}

fn accepted<T>(named: &[(T, &str)]) -> String {
    let names: Vec<_> = named.iter().map(|(_, name)| *name).collect();
    format!("accepted are {}", names.join(", "))
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    log::start(arguments.log.log_format, "warn")?;
    let dictionary = match &arguments.dictionary {
        // It is needed until the process ends.
        Some(directory) => Box::leak(Box::new(check_config::dictionary(directory)?)),
        None => Dictionary::builtin(),
    };
    let (lines, printed) = sync_channel(MAX_WAITING);
    let tls = over_tls(arguments)?;
    let config = PcrfConfig {
        listen: arguments.listen,
        also: tls.iter().map(|(on, _)| on.clone()).chain(over_sctp(arguments)).collect(),
        accept: Arc::new(Transports { tls: tls.map(|(_, tls)| tls), ..Transports::default() }),
        control: Some(arguments.control),
        origin_host: arguments.origin_host.clone(),
        origin_realm: arguments.origin_realm.clone(),
        ues: arguments.ue.clone(),
        strict: arguments.strict,
        ip_can_type: arguments.ip_can_type,
        rat_type: arguments.rat_type,
        class: arguments.class.clone().map(String::into_bytes),
        rules: arguments.rules.as_deref().map(rules).transpose()?.unwrap_or_default(),
        dictionary,
        observer: Some(observer(lines)),
        ..PcrfConfig::default()
    };
    let runtime = Runtime::new().map_err(cannot_start)?;
    runtime.block_on(serve(config, printed))
}

/// Where it listens for SCTP.
fn over_sctp(arguments: &Arguments) -> Option<ListenOn> {
    let addresses = arguments.listen_sctp.clone();
    (!addresses.is_empty()).then_some(ListenOn { transport: Transport::Sctp, addresses })
}

/// Where it listens for TLS, and with what.
fn over_tls(arguments: &Arguments) -> Result<Option<(ListenOn, Tls)>, Failure> {
    let Arguments {
        listen_tls: Some(address),
        certificate: Some(certificate),
        key: Some(key),
        ca: Some(ca),
        ..
    } = arguments
    else {
        return Ok(None);
    };
    let wrong = |error: FileError| {
        Failure::usage(
            error.to_string(),
            "--certificate, --key and --ca are PEM files that this user may read",
        )
    };
    let identity = Identity::read(certificate, key).map_err(wrong)?;
    let trust = Trust::read(ca, &[]).map_err(wrong)?;
    let ends = TlsEnds::new(&identity, &trust);
    let on = ListenOn { transport: Transport::Tls, addresses: vec![*address] };
    Ok(Some((on, Tls::new(Tcp::default(), ends.into()))))
}

async fn serve(config: PcrfConfig, printed: Receiver<String>) -> Result<(), Failure> {
    let (host, realm) = (config.origin_host.clone(), config.origin_realm.clone());
    let pcrf = Pcrf::start(config).await?;
    {
        let mut out = io::stdout().lock();
        writeln!(out, "simulated PCRF {host} of realm {realm}: AFs connect to {}", pcrf.address())?;
        for ListenOn { transport, addresses } in pcrf.also() {
            let addresses: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
            writeln!(out, "over {transport} they connect to {}", addresses.join(", "))?;
        }
        if let Some(control) = pcrf.control_address() {
            writeln!(out, "control API: curl http://{control}/sessions (rxgate pcrf --help shows more)")?;
        }
        out.flush()?;
    }
    let (gone, output_gone) = tokio::sync::oneshot::channel();
    thread::spawn(move || _ = gone.send(print(&printed)));
    let mut terminated = signal(SignalKind::terminate()).map_err(cannot_start)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(cannot_start)?;
    let result = tokio::select! {
        _ = interrupted.recv() => Ok(()),
        _ = terminated.recv() => Ok(()),
        Ok(Err(error)) = output_gone => Err(error.into()),
    };
    pcrf.stop().await;
    result
}

fn cannot_start(error: io::Error) -> Failure {
    Failure::failed(format!("cannot start: {error}"), "look at the limits that this system sets")
}

/// Hands lines to the one who prints; the PCRF never waits for the terminal.
fn observer(lines: SyncSender<String>) -> crate::pcrf::Observer {
    let left_out = AtomicU64::new(0);
    Arc::new(move |exchange: &Exchange| {
        let missing = left_out.swap(0, Ordering::Relaxed);
        let note =
            if missing == 0 { String::new() } else { format!(" ({missing} lines before were left out)") };
        if let Err(TrySendError::Full(_)) = lines.try_send(format!("{} {exchange}{note}", clock())) {
            left_out.fetch_add(missing + 1, Ordering::Relaxed);
        }
    })
}

fn print(lines: &Receiver<String>) -> io::Result<()> {
    let mut out = io::stdout();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Time of day, UTC.
fn clock() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = now.as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, now.subsec_millis())
}

fn rules(file: &Path) -> Result<Vec<Rule>, Failure> {
    let read = fs::read(file).map_err(|error| {
        let hint = "--rules names a file with a JSON array of rules";
        Failure::usage(format!("{}: cannot be read: {error}", file.display()), hint)
    })?;
    serde_json::from_slice(&read).map_err(|error| {
        let hint = "rxgate pcrf --help shows what a rule has";
        Failure::usage(format!("{}: {error}", file.display()), hint)
    })
}

impl From<PcrfError> for Failure {
    fn from(error: PcrfError) -> Self {
        const LISTEN: &str = "--listen, --listen-tls or --listen-sctp";
        let text = error.to_string();
        match error {
            PcrfError::Listen(error) => {
                let busy = format!("give another address to {LISTEN}, or end who has it");
                Self::failed(text, process::about_an_address(&error, LISTEN, &busy))
            }
            PcrfError::Control { error, .. } => {
                let busy = "give another address to --control, or end who has it";
                Self::failed(text, process::about_an_address(&error, "--control", busy))
            }
            PcrfError::NotLoopback(_) => {
                Self::usage(text, "give --control a loopback address such as 127.0.0.1:8868")
            }
        }
    }
}
